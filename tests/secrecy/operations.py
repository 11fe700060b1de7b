"""Every operation of every face that takes a secret or gets one, each called with canaries."""

from __future__ import annotations

import asyncio
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import anyio
import anyio.to_thread
import flask
import httpx2
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import RequestFactory
from starlette.requests import Request

import tests.django_settings  # noqa: F401 - before what needs settings
from oauth1_catalog.catalog.provider import Endpoint, Successor
from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.integrations import django_client, flask_client, starlette_client
from oauth1_catalog.registry.token import Token
from tests.secrecy.reporters import CANARY

METHODS = ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"]
PLACES = ["HEADER", "QUERY", "BODY"]
VERBS = ["get", "post", "put", "patch", "delete", "head", "options"]

FORM = "application/x-www-form-urlencoded"
TOKEN = {
    "oauth_token": "t",
    "oauth_token_secret": f"{CANARY}Token+/",
    "oauth_session_handle": f"{CANARY}Handle",
    "screen_name": "ada",
}
REQUEST_TOKEN = {"oauth_token": "temporary", "oauth_token_secret": f"{CANARY}Temporary"}
CALLBACK = f"/callback?oauth_token=temporary&oauth_verifier={CANARY}Verifier"
BACK = "https://shop.example/callback"
EXCHANGE = {
    "oauth2_client_id": "oauth2",
    "oauth2_client_secret": f"{CANARY}OAuth2",
    "scope": f"{CANARY}Scope",
}
CALL = {
    "data": {"password": f"{CANARY}Body"},
    "headers": {"X-Api-Key": f"{CANARY}Header"},
    "oauth_params": {"oauth_extra": f"{CANARY}Extra"},
}


@functools.cache
def private_key() -> str:
    """A key's PEM, with a canary in the only place for one: before it, where RFC 7468 lets a text stand."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(f"{CANARY}Passphrase".encode()),
    )
    return f"{CANARY}Key\n{pem.decode()}"


class Row:
    """A row of the application's own table."""

    def to_token(self) -> dict[str, str]:
        return dict(TOKEN)


class BrokenStore:
    """A token store whose database is away."""

    def current_user(self, request: Any) -> object:
        return None

    def _fail(self, *args: Any) -> Any:
        raise RuntimeError("the database is away")

    find = save_token = delete_token = claim_renewal = release_renewal = _fail


class Face(ABC):
    """One face of the package.

    Args:
        url: the provider's origin.
        method: the signature method.
        place: where the signature travels.
        api_auth: how the provider's calls show the token.
    """

    def __init__(self, url: str, method: str, place: str, *, api_auth: str = "signature", store: object = None) -> None:
        self.url = url
        self.api_auth = api_auth
        self.store = store
        self.keys: dict[str, Any] = {"client_secret": f"{CANARY}Client+/"}
        if method.startswith("RSA"):
            self.keys |= {"rsa_key": private_key(), "rsa_key_passphrase": f"{CANARY}Passphrase"}
        self.options = {"signature_method": method, "signature_type": place}

    @abstractmethod
    def operations(self) -> dict[str, Callable[[], object]]:
        """Each operation by its name."""

    def running(self) -> AbstractContextManager[object]:
        """Around the operations."""
        return nullcontext()


class Registered(Face):
    """A registered client."""

    prefix = ""

    @abstractmethod
    def registry(self) -> Any: ...

    def client_of(self, registry: Any) -> Any:
        client = registry.register(
            "provider",
            client_id="key",
            **self.keys,
            request_token_url=f"{self.url}/request",
            request_token_params={"x_secret": f"{CANARY}Parameter"},
            access_token_url=f"{self.url}/access",
            authorize_url=f"{self.url}/authorize",
            api_base_url=f"{self.url}/api/",
            userinfo_endpoint="me",
            userinfo_claims={"sub": "$.id"},
            client_kwargs=self.options,
        )
        client.provider = replace(
            client.provider,
            flows=("redirect", "xauth", "two_legged"),
            renew=Endpoint(url=f"{self.url}/renew", session_handle=True),
            revoke=Endpoint(url=f"{self.url}/revoke", params={"token": "{oauth_token}"}),
            successor=Successor(
                url=f"{self.url}/exchange",
                auth="client",
                params={"t": "{oauth_token}", "oauth_token_secret": "{oauth_token_secret}"},
            ),
            api_auth=self.api_auth,
        )
        return client

    @contextmanager
    def running(self) -> Iterator[object]:
        self.client = self.client_of(self.registry())
        yield
        self.close()

    def close(self) -> None:
        self.client.close()

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.client, f"{self.prefix}{name}")(*args, **kwargs)

    def login(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """A call that takes the request."""
        return self.call(name, self.request, *args, **kwargs)

    def begin_login(self) -> None:
        """Serve a request, whose browser has begun a login."""
        self.request = self.new_request()
        self.login("save_authorize_data", request_token=REQUEST_TOKEN, redirect_uri=BACK)

    def new_request(self) -> Any:
        raise NotImplementedError

    def _authorize_redirect(self) -> object:
        self.request = self.new_request()
        return self.login("authorize_redirect", BACK, x_secret=f"{CANARY}Parameter")

    def _authorize_access_token(self) -> object:
        self.begin_login()
        return self.login("authorize_access_token", x_secret=f"{CANARY}Parameter")

    def _handed_callback(self) -> object:
        self.begin_login()
        callback = {"oauth_token": "temporary", "oauth_verifier": f"{CANARY}Verifier"}
        return self.login("authorize_access_token", callback=callback)

    def operations(self) -> dict[str, Callable[[], object]]:
        def calling(name: str, *args: Any, **kwargs: Any) -> Callable[[], object]:
            return lambda: self.call(name, *args, **kwargs)

        return {
            "create_authorization_url": calling("create_authorization_url", BACK, x_secret=f"{CANARY}Parameter"),
            "authorize_redirect": self._authorize_redirect,
            "authorize_access_token": self._authorize_access_token,
            "callback=": self._handed_callback,
            "fetch_access_token": calling("fetch_access_token", REQUEST_TOKEN, oauth_verifier=f"{CANARY}Verifier"),
            "fetch_password_token": calling("fetch_password_token", "ada", f"{CANARY}Password"),
            "fetch_client_token": calling("fetch_client_token", f"{CANARY}Verifier"),
            "renew_token": calling("renew_token", TOKEN),
            "revoke_token": calling("revoke_token", TOKEN),
            "exchange_token": calling("exchange_token", TOKEN, **EXCHANGE),
            "userinfo": calling("userinfo", TOKEN),
            **{verb: calling(verb, "orders", token=TOKEN, **CALL) for verb in VERBS},
            "a Token": calling("get", "orders", token=Token(TOKEN)),
            "a row": calling("get", "orders", token=Row()),
            "json": calling("post", "orders", token=TOKEN, json={"password": f"{CANARY}Body"}),
            "a file": calling("post", "orders", token=TOKEN, files={"f": ("name", f"{CANARY}Body".encode())}),
        }

    def storing(self) -> dict[str, Callable[[], object]]:
        """The operations on a token store, which fail."""
        return {
            "find_token": lambda: self.call("find_token", user=7),
            "save_token": lambda: self.call("save_token", TOKEN, user=7),
            "forget_token": lambda: self.call("forget_token", user=7),
            "renew_token": lambda: self.call("renew_token", TOKEN, user=7),
            "revoke_token": lambda: self.call("revoke_token", TOKEN, user=7),
            "exchange_token": lambda: self.call("exchange_token", user=7, **EXCHANGE),
        }


class FlaskFace(Registered):
    def registry(self) -> Any:
        self.app = flask.Flask(__name__)
        self.app.secret_key = f"{CANARY}SecretKey"
        return flask_client.OAuth(self.app, token_store=self.store)

    @contextmanager
    def running(self) -> Iterator[object]:
        with super().running(), self.app.test_request_context(CALLBACK):
            yield

    def new_request(self) -> Any:
        return None

    def login(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.call(name, *args, **kwargs)


class DjangoFace(Registered):
    def registry(self) -> Any:
        return django_client.OAuth(token_store=self.store)

    def new_request(self) -> Any:
        request = RequestFactory().get(CALLBACK)
        request.session = SessionStore()
        return request


class AsyncFace(Registered):
    """Calls that are awaited, in one event loop."""

    @contextmanager
    def running(self) -> Iterator[object]:
        with asyncio.Runner() as self.runner, super().running():
            yield

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        async def awaited() -> Any:
            return await getattr(self.client, f"{self.prefix}{name}")(*args, **kwargs)

        return self.runner.run(awaited())


class AsyncDjangoFace(AsyncFace, DjangoFace):
    prefix = "a"


class StarletteFace(AsyncFace):
    def registry(self) -> Any:
        return starlette_client.OAuth(token_store=self.store)

    def new_request(self) -> Any:
        path, _, query = CALLBACK.partition("?")
        scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": [], "session": {}}
        return Request(scope)

    def close(self) -> None:
        self.runner.run(self.client.aclose())


class BlockingFace(StarletteFace):
    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        def function() -> Any:
            return getattr(self.client.blocking, name)(*args, **kwargs)

        return self.runner.run(anyio.to_thread.run_sync(function))


class Steps(Face):
    """A client of one user: its own token, and the three steps."""

    verbs = VERBS

    def arguments(self) -> dict[str, Any]:
        return {**self.keys, **self.options, "token": "t", "token_secret": f"{CANARY}Token+/"}

    @abstractmethod
    def client(self) -> Any: ...

    def run(self, client: Any, name: str, *args: Any, **kwargs: Any) -> object:
        with client:
            return getattr(client, name)(*args, **kwargs)

    def operations(self) -> dict[str, Callable[[], object]]:
        token = {"data": {"x_secret": f"{CANARY}Body"}, "headers": {"X-Key": f"{CANARY}Header"}}
        call = {name: value for name, value in CALL.items() if name != "oauth_params"}
        twice = [("a", f"{CANARY}A"), ("a", f"{CANARY}B")]

        def calling(name: str, *args: Any, **kwargs: Any) -> Callable[[], object]:
            return lambda: self.run(self.client(), name, *args, **kwargs)

        def body(verb: str) -> dict[str, Any]:
            takes_one = self.verbs_with_a_body is None or verb in self.verbs_with_a_body
            return call if takes_one else {name: value for name, value in call.items() if name != "data"}

        return {
            "fetch_request_token": calling("fetch_request_token", f"{self.url}/request", **token),
            "fetch_access_token": calling("fetch_access_token", f"{self.url}/access", f"{CANARY}Verifier", **token),
            "constructor": self._misspelt,
            "twice": calling("fetch_request_token", f"{self.url}/request", data=twice),
            **{verb: calling(verb, f"{self.url}/api", **body(verb)) for verb in self.verbs},
        }

    verbs_with_a_body: tuple[str, ...] | None = None

    def _misspelt(self) -> object:
        self.keys["signature_methood"] = "x"
        try:
            return self.client()
        finally:
            del self.keys["signature_methood"]


class SessionFace(Steps):
    def client(self) -> Any:
        return requests_client.OAuth1Session("key", **self.arguments())


class ClientFace(Steps):
    verbs_with_a_body = ("post", "put", "patch")

    def client(self) -> Any:
        return httpx_client.OAuth1Client("key", **self.arguments())


class AsyncClientFace(Steps):
    verbs_with_a_body = ("post", "put", "patch")

    def client(self) -> Any:
        return httpx_client.AsyncOAuth1Client("key", **self.arguments())

    @contextmanager
    def running(self) -> Iterator[object]:
        with asyncio.Runner() as self.runner:
            yield

    def run(self, client: Any, name: str, *args: Any, **kwargs: Any) -> object:
        async def awaited() -> object:
            async with client:
                return await getattr(client, name)(*args, **kwargs)

        return self.runner.run(awaited())


class AuthFace(Steps):
    """``OAuth1Auth`` in somebody's session."""

    def client(self) -> Any:
        session = requests.Session()
        session.auth = requests_client.OAuth1Auth("key", **self.arguments(), verifier=f"{CANARY}Verifier")
        return session

    def operations(self) -> dict[str, Callable[[], object]]:
        return {name: call for name, call in super().operations().items() if not name.startswith(("fetch", "twice"))}


class HttpxAuthFace(AuthFace):
    verbs_with_a_body = ("post", "put", "patch")

    def client(self) -> Any:
        auth = httpx_client.OAuth1Auth("key", **self.arguments(), verifier=f"{CANARY}Verifier")
        return httpx2.Client(auth=auth)


FACES: dict[str, type[Face]] = {
    "flask": FlaskFace,
    "django": DjangoFace,
    "django async": AsyncDjangoFace,
    "starlette": StarletteFace,
    "blocking": BlockingFace,
    "OAuth1Session": SessionFace,
    "OAuth1Client": ClientFace,
    "AsyncOAuth1Client": AsyncClientFace,
    "OAuth1Auth, requests": AuthFace,
    "OAuth1Auth, httpx2": HttpxAuthFace,
}
