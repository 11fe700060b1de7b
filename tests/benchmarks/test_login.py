"""What one login costs the application in CPU: redirect, callback, one profile call, over HTTPS on loopback.

The provider runs in a process of its own, so that the CPU time of this process is the application's alone. The registry
is the only difference between the contenders.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import certifi
import pytest
import trustme

from tests.benchmarks.conftest import OURS, TABLE, Row
from tests.benchmarks.tls_server import serving

LOGINS = {OURS: 120, "Authlib": 12}
"""How many logins are measured: about half a second of each contender."""
SECRET_KEY = "a secret key of the benchmark"
CALLBACK = "oauth_token=temporary&oauth_verifier=v"
ROWS = {
    framework: Row(f"CPU of a whole login, {framework}", ("Authlib",), faster=20)
    for framework in ("Flask", "Django", "Starlette")
}
PACKAGES = {OURS: "oauth1_catalog", "Authlib": "authlib"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """A provider, and a CA bundle as an application has it: certifi's and the provider's own."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    bundle = Path(certifi.where()).read_bytes() + authority.cert_pem.bytes()
    (folder / "bundle.pem").write_bytes(bundle)
    with serving(str(folder / "server.pem")) as server:
        yield server.url, str(folder / "bundle.pem")


def registered(oauth, url: str, bundle: str):
    return oauth.register(
        "example",
        client_id="key",
        client_secret="secret",
        request_token_url=f"{url}/request_token",
        access_token_url=f"{url}/access_token",
        authorize_url=f"{url}/authorize",
        api_base_url=f"{url}/1.1/",
        client_kwargs={"verify": bundle},
    )


def wsgi_login(app: Callable[..., Any]) -> Callable[[], None]:
    """A browser of a few lines: a test client would cost as much as the login."""

    def get(path: str, query: str, cookie: str) -> tuple[str, dict[str, str], bytes]:
        environ = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_COOKIE": cookie, "REQUEST_METHOD": "GET"}
        setup_testing_defaults(environ)
        seen: list[Any] = []
        body = app(environ, lambda status, headers, error=None: seen.extend((status, dict(headers))))
        try:
            return seen[0], seen[1], b"".join(body)
        finally:
            getattr(body, "close", bool)()

    def log_in() -> None:
        status, headers, _ = get("/login", "", "")
        assert status.startswith("302")
        status, _, profile = get("/authorize", CALLBACK, headers["Set-Cookie"].partition(";")[0])
        assert json.loads(profile) == {"id": "42"}

    return log_in


def flask_login(package: str, url: str, bundle: str, stack: ExitStack) -> Callable[[], None]:
    import flask

    app = flask.Flask("benchmark")
    app.secret_key = SECRET_KEY
    client = registered(import_module(f"{package}.integrations.flask_client").OAuth(app), url, bundle)
    stack.callback(getattr(client, "close", bool))

    @app.get("/login")
    def login():
        return client.authorize_redirect("http://localhost/authorize")

    @app.get("/authorize")
    def authorize():
        client.authorize_access_token()
        return client.get("me").json()

    return wsgi_login(app)


def django_login(package: str, url: str, bundle: str, stack: ExitStack) -> Callable[[], None]:
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            SECRET_KEY=SECRET_KEY,
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF="",
            MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
            SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        )
        django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import JsonResponse
    from django.test import override_settings
    from django.urls import path

    client = registered(import_module(f"{package}.integrations.django_client").OAuth(), url, bundle)
    stack.callback(getattr(client, "close", bool))

    def login(request):
        return client.authorize_redirect(request, "http://localhost/authorize")

    def authorize(request):
        token = client.authorize_access_token(request)
        return JsonResponse(client.get("me", token=token).json())

    urls = type("urls", (), {"urlpatterns": [path("login", login), path("authorize", authorize)]})
    stack.enter_context(override_settings(ROOT_URLCONF=urls))
    return wsgi_login(WSGIHandler())


def starlette_login(package: str, url: str, bundle: str, stack: ExitStack) -> Callable[[], None]:
    from starlette.applications import Starlette
    from starlette.middleware.sessions import SessionMiddleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    client = registered(import_module(f"{package}.integrations.starlette_client").OAuth(), url, bundle)

    async def login(request):
        return await client.authorize_redirect(request, "http://localhost/authorize")

    async def authorize(request):
        token = await client.authorize_access_token(request)
        return JSONResponse((await client.get("me", token=token)).json())

    app = Starlette(routes=[Route("/login", login), Route("/authorize", authorize)])
    app.add_middleware(SessionMiddleware, secret_key=SECRET_KEY)
    loop = asyncio.new_event_loop()
    stack.callback(loop.close)
    if hasattr(client, "aclose"):
        stack.callback(lambda: loop.run_until_complete(client.aclose()))

    async def get(path: str, query: str, cookie: str) -> tuple[int, dict[bytes, bytes], bytes]:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), (b"cookie", cookie.encode())],
        }
        sent: list[dict[str, Any]] = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent)

    async def logged_in() -> None:
        status, headers, _ = await get("/login", "", "")
        assert status == 302
        _, _, profile = await get("/authorize", CALLBACK, headers[b"set-cookie"].decode().partition(";")[0])
        assert json.loads(profile) == {"id": "42"}

    return lambda: loop.run_until_complete(logged_in())


FRAMEWORKS = {"Flask": flask_login, "Django": django_login, "Starlette": starlette_login}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Authlib's use of httpx2
@pytest.mark.parametrize("contender", [OURS, "Authlib"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_login(turn, framework, contender, provider, request, monkeypatch):
    # In a session of requests, which Authlib's is, the environment's bundle overrides the session's own.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", provider[1])
    with ExitStack() as stack:
        log_in = FRAMEWORKS[framework](PACKAGES[contender], *provider, stack)
        for _ in range(12):  # the first ones import, connect, and have the interpreter specialize its bytecode
            log_in()
        began = time.process_time()
        for _ in range(LOGINS[contender]):
            log_in()
        seconds = (time.process_time() - began) / LOGINS[contender]
    request.config.stash[TABLE].add(ROWS[framework], contender, seconds)
