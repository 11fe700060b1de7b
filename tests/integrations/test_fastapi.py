"""FastAPI: endpoints with and without async, dependencies, a redirect URI as Starlette's URL."""

# ruff: noqa: B008 - Depends() as a default is the way of FastAPI

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, OAuthError
from oauth1_catalog.integrations.starlette_client import OAuth
from tests.integrations.applications import local

ME = "account/verify_credentials.json"


@pytest.fixture
def oauth(emulator: Emulator, trusted: None) -> OAuth:
    twitter = emulator.client("twitter")
    oauth = OAuth(catalog=emulator.catalog)
    oauth.register_from_catalog("twitter", client_id=twitter.client_id, client_secret=twitter.client_secret)
    return oauth


@pytest.fixture
def app(oauth: OAuth) -> FastAPI:
    app = FastAPI(lifespan=oauth.lifespan)
    app.add_middleware(SessionMiddleware, secret_key="a secret key of the tests")

    @app.exception_handler(OAuthError)
    async def failed(request: Request, error: OAuthError) -> JSONResponse:
        return JSONResponse({"error": error.error}, 400)

    @app.get("/somebody")
    def somebody() -> Any:
        return oauth.twitter.blocking.get(ME).json()

    return app


def add_async_endpoints(app: FastAPI, oauth: OAuth) -> None:
    def client() -> Any:
        return oauth.twitter

    async def ended(request: Request, twitter: Any = Depends(client)) -> Any:
        return await twitter.authorize_access_token(request)

    @app.get("/login")
    async def login(request: Request, twitter: Any = Depends(client)) -> Any:
        return await twitter.authorize_redirect(request, request.url_for("authorize"))

    @app.get("/authorize")
    async def authorize(token: Any = Depends(ended), twitter: Any = Depends(client)) -> Any:
        return {"user": (await twitter.get(ME)).json()["screen_name"], "same": token["screen_name"]}


def add_sync_endpoints(app: FastAPI, oauth: OAuth) -> None:
    @app.get("/login")
    def login(request: Request) -> Any:
        return oauth.twitter.blocking.authorize_redirect(request, request.url_for("authorize"))

    @app.get("/authorize")
    def authorize(request: Request) -> Any:
        twitter = oauth.twitter.blocking
        token = twitter.authorize_access_token(request)
        posted = twitter.post("statuses/update.json", data={"status": "hi"})
        assert posted.json()["form"] == [["status", "hi"]]
        assert twitter.userinfo(token)["preferred_username"] == token["screen_name"]
        return {"user": twitter.get(ME).json()["screen_name"], "same": token["screen_name"]}


@pytest.mark.parametrize("add_endpoints", [add_async_endpoints, add_sync_endpoints])
def test_a_user_logs_in_with_async_and_sync_endpoints(
    app: FastAPI, oauth: OAuth, emulator: Emulator, add_endpoints: Any
) -> None:
    add_endpoints(app, oauth)
    with TestClient(app, base_url="https://shop.example", follow_redirects=False) as browser:
        back = emulator.approve(browser.get("/login").headers["Location"], user="grace")
        assert back.startswith("https://shop.example/authorize?")
        assert browser.get(local(back)).json() == {"user": "grace", "same": "grace"}
        assert browser.get("/somebody").json() == {"error": "missing_token"}
        assert browser.get(local(back)).json() == {"error": "invalid_state"}


def test_the_thread_keeps_no_token(app: FastAPI, oauth: OAuth, emulator: Emulator) -> None:
    """One worker thread serves all; many requests, and each asks after another's login has ended."""
    add_sync_endpoints(app, oauth)
    with TestClient(app, base_url="https://shop.example", follow_redirects=False) as browser:
        for n in range(5):
            back = emulator.approve(browser.get("/login").headers["Location"], user=f"user{n}")
            assert browser.get(local(back)).json()["user"] == f"user{n}"
            assert browser.get("/somebody").status_code == 400


def test_blocking_calls_where_there_is_nothing_to_block(oauth: OAuth) -> None:
    token = {"oauth_token": "t", "oauth_token_secret": "s"}
    with pytest.raises(ConfigurationError, match="twitter: blocking calls wait for the application's event loop"):
        oauth.twitter.blocking.get(ME, token=token)

    async def in_the_loop() -> None:
        with pytest.raises(ConfigurationError, match="elsewhere await the client's own methods"):
            oauth.twitter.blocking.get(ME, token=token)

    asyncio.run(in_the_loop())


def test_an_error_of_the_call_is_its_own(app: FastAPI, oauth: OAuth, monkeypatch: pytest.MonkeyPatch) -> None:
    @app.get("/fails")
    def fails() -> Any:
        with pytest.raises(MissingTokenError):
            oauth.twitter.blocking.get(ME)
        with pytest.raises(RuntimeError, match="of the application's own"):
            oauth.twitter.blocking.close()
        return {}

    async def own() -> None:
        raise RuntimeError("of the application's own")

    monkeypatch.setattr(oauth.twitter, "aclose", own)
    assert TestClient(app).get("/fails").json() == {}
