"""The shop of ``shops.py`` on httpx2: in Starlette, awaited and not, and with the clients of one user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from oauth1_catalog.clients.httpx_client import AsyncOAuth1Client, OAuth1Client
from oauth1_catalog.integrations import starlette_client
from tests.tools.shops import CALLBACK, PROVIDER, Shop


class StarletteShop(Shop):
    def close(self) -> None:
        """Each visit's event loop closes its connections."""

    def registry(self) -> Any:
        routes = [Route("/login", self.login), Route("/callback", self.callback)]
        session = Middleware(SessionMiddleware, secret_key="a secret key of the tests, and long enough")
        self.app = Starlette(routes=routes, middleware=[session])
        return starlette_client.OAuth()

    async def login(self, request: Request) -> Any:
        return await self.client.authorize_redirect(request, "https://shop.example/callback")

    async def callback(self, request: Request) -> Any:
        token = await self.client.authorize_access_token(request)
        profile = await self.client.userinfo(token)
        orders = (await self.client.get("orders", token=token)).json()
        return JSONResponse({"sub": profile["sub"], "name": profile["name"], **orders})

    def visit(self) -> dict[str, Any]:
        with TestClient(self.app, base_url="https://shop.example", follow_redirects=False) as browser:
            assert browser.get("/login").status_code == 302
            shown: dict[str, Any] = browser.get(CALLBACK).json()
            return shown


class BlockingShop(StarletteShop):
    def login(self, request: Request) -> Any:
        return self.client.blocking.authorize_redirect(request, "https://shop.example/callback")

    def callback(self, request: Request) -> Any:
        twitter = self.client.blocking
        token = twitter.authorize_access_token(request)
        profile = twitter.userinfo(token)
        return JSONResponse(
            {"sub": profile["sub"], "name": profile["name"], **twitter.get("orders", token=token).json()}
        )


class ClientShop:
    """A script: the three steps by ``OAuth1Client``."""

    def __init__(self, provider: str = PROVIDER, *, client_kwargs: dict[str, Any] | None = None) -> None:
        self.provider = provider
        self.options = {"redirect_uri": "https://shop.example/callback", **(client_kwargs or {})}

    def close(self) -> None:
        """Each visit closes its connections."""

    def visit(self) -> dict[str, Any]:
        with OAuth1Client("key", "ConsumerSecret", **self.options) as client:
            client.fetch_request_token(f"{self.provider}/oauth/request_token")
            client.fetch_access_token(f"{self.provider}/oauth/access_token", verifier="v")
            me, orders = (client.get(f"{self.provider}/api/{name}").json() for name in ("me", "orders"))
            return {"sub": str(me["id"]), "name": me["name"], **orders}


class AsyncClientShop(ClientShop):
    def visit(self) -> dict[str, Any]:
        return asyncio.run(self.avisit())

    async def avisit(self) -> dict[str, Any]:
        async with AsyncOAuth1Client("key", "ConsumerSecret", **self.options) as client:
            await client.fetch_request_token(f"{self.provider}/oauth/request_token")
            await client.fetch_access_token(f"{self.provider}/oauth/access_token", verifier="v")
            me = (await client.get(f"{self.provider}/api/me")).json()
            orders = (await client.get(f"{self.provider}/api/orders")).json()
            return {"sub": str(me["id"]), "name": me["name"], **orders}


HTTPX2_SHOPS: dict[str, Callable[..., Any]] = {
    "starlette": StarletteShop,
    "blocking": BlockingShop,
    "client": ClientShop,
    "async client": AsyncClientShop,
}
