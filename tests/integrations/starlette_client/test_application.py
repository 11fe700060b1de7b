"""What Starlette's and FastAPI's people do: a lifespan, also within their own, and endpoints that are not async."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from anyio import from_thread
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.serving import HTTPServer
from oauth1_catalog.integrations.starlette_client import OAuth


@pytest.fixture
def oauth(new_emulator: Emulator) -> OAuth:
    twitter = new_emulator.client("twitter")
    keys = {"TWITTER_CLIENT_ID": twitter.client_id, "TWITTER_CLIENT_SECRET": twitter.client_secret}
    registry = OAuth(keys, catalog=new_emulator.catalog)
    registry.register_from_catalog("twitter", client_kwargs={"verify": new_emulator.ca_file})
    return registry


BACKENDS = ["asyncio", *(["trio"] if importlib.util.find_spec("trio") else [])]


def connections(new_emulator: Emulator) -> int:
    """How many connections the emulator is serving: it gives each a thread."""
    serving = [getattr(thread, "_target", None) for thread in threading.enumerate()]
    servers = [t.__self__ for t in serving if getattr(t, "__name__", "") == "process_request_thread"]
    return [s.origin for s in servers if isinstance(s, HTTPServer)].count(new_emulator.origins.secure)


def starlette_routes(oauth: OAuth) -> list[Route]:
    async def login(request: Request) -> Response:
        return await oauth.twitter.authorize_redirect(request, request.url_for("authorize"))

    async def authorize(request: Request) -> Response:
        await oauth.twitter.authorize_access_token(request)
        return JSONResponse(await oauth.twitter.userinfo())

    return [Route("/login", login), Route("/authorize", authorize, name="authorize")]


def log_in(browser: TestClient, new_emulator: Emulator, user: str = "ada") -> Any:
    sent = browser.get("/login", follow_redirects=False)
    assert sent.status_code == 302
    return browser.get(new_emulator.approve(sent.headers["location"], user=user)).json()


def until_no_connection_is_left(new_emulator: Emulator) -> None:
    """The emulator notices in its own threads that a connection was closed."""
    deadline = time.monotonic() + 30
    while connections(new_emulator) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert connections(new_emulator) == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_lifespan_closes_the_connections(oauth: OAuth, new_emulator: Emulator, backend: Any) -> None:
    session = Middleware(SessionMiddleware, secret_key="a secret key")
    app = Starlette(routes=starlette_routes(oauth), middleware=[session], lifespan=oauth.lifespan)
    with TestClient(app, backend=backend) as browser:
        assert log_in(browser, new_emulator)["preferred_username"] == "ada"
        assert connections(new_emulator) == 1
    until_no_connection_is_left(new_emulator)
    with TestClient(app, backend=backend) as browser:
        assert log_in(browser, new_emulator, "grace")["preferred_username"] == "grace"


def test_the_lifespan_within_one_of_the_application(oauth: OAuth, new_emulator: Emulator) -> None:
    events = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
        async with oauth.lifespan(app):
            events.append("begin")
            yield {"database": "connected"}
            events.append("end")

    async def state(request: Request) -> Response:
        return JSONResponse(request.state.database)

    session = Middleware(SessionMiddleware, secret_key="a secret key")
    routes = [*starlette_routes(oauth), Route("/state", state)]
    with TestClient(Starlette(routes=routes, middleware=[session], lifespan=lifespan)) as browser:
        assert log_in(browser, new_emulator)["preferred_username"] == "ada"
        assert browser.get("/state").json() == "connected"
    assert events == ["begin", "end"]
    until_no_connection_is_left(new_emulator)


def test_endpoints_that_are_not_async(oauth: OAuth, new_emulator: Emulator) -> None:
    app = FastAPI(lifespan=oauth.lifespan)
    app.add_middleware(SessionMiddleware, secret_key="a secret key")

    @app.get("/login")
    def login(request: Request) -> Response:
        redirect = partial(oauth.twitter.authorize_redirect, state_data={"next": "/cart"})
        return from_thread.run(redirect, request, request.url_for("authorize"))

    @app.get("/authorize")
    def authorize(request: Request) -> dict[str, Any]:
        token = from_thread.run(oauth.twitter.authorize_access_token, request)
        profile = from_thread.run(oauth.twitter.userinfo, token)
        return {**profile, **token.state_data}

    with TestClient(app) as browser:
        profile = log_in(browser, new_emulator, "grace")
    assert (profile["preferred_username"], profile["next"]) == ("grace", "/cart")
    until_no_connection_is_left(new_emulator)
