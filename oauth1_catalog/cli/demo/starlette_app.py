"""The demo's application in Starlette."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from oauth1_catalog.cli.demo import pages
from oauth1_catalog.cli.demo.providers import Demo
from oauth1_catalog.cli.loopback import listen
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.starlette_client import OAuth
from oauth1_catalog.integrations.starlette_client.client import StarletteOAuth1App


def create_app(demo: Demo) -> Starlette:
    """The application, with every provider of the demo registered."""
    oauth = OAuth(demo.flat_settings(), catalog=demo.emulator.catalog)
    for name in demo.names:
        oauth.register_from_catalog(name)

    async def picker(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
        return HTMLResponse(pages.picker(demo))

    async def login(request: Request) -> Response:
        name = request.path_params["name"]
        redirect_uri = str(request.url_for("callback", name=name))
        return await _client(oauth, name).authorize_redirect(request, demo.expect_callback(name, redirect_uri))

    async def callback(request: Request) -> Response:
        name = request.path_params["name"]
        client = _client(oauth, name)
        token = await client.authorize_access_token(request)
        claims = await client.userinfo(token=token) if client.provider.userinfo else {}
        request.session[name] = pages.login_record(token, claims)
        return RedirectResponse(request.url_for("profile", name=name), status_code=303)

    async def profile(request: Request) -> Response:
        offer = demo.offer(request.path_params["name"])
        if offer is None:
            raise HTTPException(404)
        if offer.name not in request.session:
            return RedirectResponse(request.url_for("picker"))
        return HTMLResponse(pages.profile(offer, request.session[offer.name]))

    async def failure(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
        assert isinstance(error, OAuthError)  # noqa: S101 - it is registered for these
        text, status = pages.failure(demo, error)
        return HTMLResponse(text, status_code=status)

    return Starlette(
        routes=[
            Route("/", picker, name="picker"),
            Route("/login/{name}", login, name="login"),
            Route("/callback/{name}", callback, name="callback"),
            Route("/profile/{name}", profile, name="profile"),
        ],
        middleware=[
            Middleware(SessionMiddleware, secret_key=secrets.token_hex(), session_cookie="demo_starlette"),
        ],
        exception_handlers={OAuthError: failure},
        lifespan=oauth.lifespan,
    )


def _client(oauth: OAuth, name: str) -> StarletteOAuth1App:
    client = oauth.create_client(name)
    if client is None:
        raise HTTPException(404)
    return client


@contextmanager
def serve(demo: Demo, port: int) -> Iterator[str]:
    """Serve it on loopback; gives its origin.

    Raises:
        OSError: the port is taken.
    """
    with listen(port) as listening:
        config = uvicorn.Config(create_app(demo), log_level="error", access_log=False, timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
