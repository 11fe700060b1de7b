"""A foreign client for the emulator's tests: oauthlib signs, so that both sides are somebody else's code."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from oauthlib import oauth1

from oauth1_catalog.catalog.provider import Provider, TokenResponseRules, UserinfoRules
from oauth1_catalog.emulator import Origins
from oauth1_catalog.emulator.endpoints import Server
from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.rfc5849.messages import Request, Response

ORIGINS = Origins("https://127.0.0.1:8443", "http://127.0.0.1:8080")
CALLBACK = "https://app.example/callback?from=here"


def plain_provider(**changes: Any) -> Provider:
    """A provider without peculiarities, changed as a test needs it."""
    fields: dict[str, Any] = {
        "name": "photos",
        "display_name": "Photos",
        "from_catalog": True,
        "request_token_url": "https://photos.example/initiate",
        "authorize_url": "https://photos.example/authorize",
        "access_token_url": "https://photos.example/token",
        "api_base_url": "https://api.photos.example/v1/",
        "token_response": TokenResponseRules(extra=("user_id", "screen_name")),
        "userinfo": UserinfoRules(endpoint="me", claims={"sub": "$.id", "preferred_username": "$.login"}),
    }
    return Provider(**{**fields, **changes})


def _sign_rsa(algorithm: hashes.HashAlgorithm) -> Callable[[str, oauth1.Client], str]:
    # oauthlib would need PyJWT to do the same
    def sign(base_string: str, client: oauth1.Client) -> str:
        key = serialization.load_pem_private_key(client.rsa_key.encode(), None)
        return base64.b64encode(key.sign(base_string.encode(), PKCS1v15(), algorithm)).decode()

    return sign


class ForeignClient(oauth1.Client):
    SIGNATURE_METHODS = {  # noqa: RUF012 - oauthlib's attribute
        **oauth1.Client.SIGNATURE_METHODS,
        "RSA-SHA1": _sign_rsa(hashes.SHA1()),
        "RSA-SHA256": _sign_rsa(hashes.SHA256()),
        "RSA-SHA512": _sign_rsa(hashes.SHA512()),
    }

    def __init__(self, *args: Any, protocol: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.protocol = protocol or {}

    def get_oauth_params(self, request: Any) -> list[tuple[str, str]]:
        return [*super().get_oauth_params(request), *self.protocol.items()]


@dataclass
class Dance:
    """One provider in a server without sockets, and a foreign client of it."""

    server: Server
    registration: Registration

    @property
    def provider(self) -> Provider:
        return self.registration.provider

    @property
    def store(self) -> Any:
        return self.registration.store

    def signed(
        self,
        url: str,
        method: str = "POST",
        *,
        token: tuple[str, str] | None = None,
        body: str | None = None,
        headers: dict[str, str] | None = None,
        realm: str | None = None,
        client_id: str | None = None,
        **options: Any,
    ) -> Request:
        """A request that oauthlib has signed; ``options`` go to its client."""
        application = self.store.client_of("photos")
        options.setdefault("signature_method", self.registration.signature_method)
        options.setdefault("client_secret", application.client_secret)
        if token:
            options |= {"resource_owner_key": token[0], "resource_owner_secret": token[1]}
        options.setdefault("rsa_key", application.rsa_key)
        client = ForeignClient(client_id or application.client_id, **options)
        url, sent, body = client.sign(url, method, body, headers or {}, realm)
        return Request(method, url, sent, body.encode() if body else None)

    def send(self, *args: Any, **kwargs: Any) -> Response:
        return self.server.handle(self.signed(*args, **kwargs))

    def request_token(self, callback: str = CALLBACK, **options: Any) -> dict[str, str]:
        response = self.send(self.provider.request_token_url, callback_uri=callback, **options)
        assert response.status == 200, response.text
        return dict(parse_qsl(response.text))

    def decide(self, token: str, decision: str = "authorize", *, query: str = "", **form: str) -> Response:
        """What a browser does at the consent page."""
        url = f"{self.provider.authorize_url}?{self.provider.authorize_token_param}={quote(token)}{query}"
        shown = self.server.handle(Request("GET", url))
        assert shown.status == 200, shown.text
        body = "&".join(f"{k}={quote(v)}" for k, v in {"decision": decision, **form}.items())
        return self.server.handle(
            Request("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, body.encode())
        )

    def access_token(self, *, user: str = "ada", **options: Any) -> dict[str, str]:
        temporary = self.request_token(**options)
        location = self.decide(temporary["oauth_token"], user=user).header("Location")
        verifier = parse_qs(urlsplit(location).query).get("oauth_verifier", [""])[0]
        response = self.exchange(temporary, verifier, **options)
        assert response.status == 200, response.text
        return dict(parse_qsl(response.text))

    def exchange(self, temporary: dict[str, str], verifier: str, **options: Any) -> Response:
        pair = (temporary["oauth_token"], temporary.get("oauth_token_secret", ""))
        return self.send(self.provider.access_token_url, token=pair, verifier=verifier or None, **options)


@pytest.fixture
def problem() -> Callable[[Response], str | None]:
    """Reads the ``oauth_problem`` of an answer, which must be in its body and its header alike."""

    def read(response: Response) -> str | None:
        found = dict(parse_qsl(response.text)).get("oauth_problem")
        assert found is None or f'oauth_problem="{found}"' in response.header("WWW-Authenticate")
        return found

    return read


@pytest.fixture
def dance() -> Callable[..., Dance]:
    """Makes a provider, changed as the test says, in a server of its own."""

    def make(*, limited: bool = False, **changes: Any) -> Dance:
        server = Server(rate_limits=limited)
        registration = Registration("photos", plain_provider(**changes), ORIGINS)
        server.add(registration)
        return Dance(server, registration)

    return make
