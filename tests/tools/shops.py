"""A shop whose visitors log in at a provider, in each framework on requests: what an application's own suite drives.

``visit`` sends a browser through the login; the callback asks for the profile and the orders, and shows both.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from typing import Any

import flask
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from oauth1_catalog.integrations import django_client, flask_client

PROVIDER = "https://provider.invalid"
"""A host that is nowhere: a request that passes a tool by fails."""

CALLBACK = "/callback?oauth_token=temporary&oauth_verifier=v"
FORM = "application/x-www-form-urlencoded"
ANSWERS = {
    ("POST", "/oauth/request_token"): (
        FORM,
        "oauth_token=temporary&oauth_token_secret=TemporarySecret&oauth_callback_confirmed=true",
    ),
    ("POST", "/oauth/access_token"): (FORM, "oauth_token=access&oauth_token_secret=AccessSecret"),
    ("GET", "/api/me"): ("application/json", '{"id": 42, "name": "Ada"}'),
    ("GET", "/api/orders"): ("application/json", '{"orders": [1, 2]}'),
}
"""What the provider answers, by method and path; a visit asks for each once, in this order."""

VISITED = {"sub": "42", "name": "Ada", "orders": [1, 2]}
"""What a visit gives."""


class Shop(ABC):
    """A shop and its registry.

    Args:
        provider: the provider's origin.
        options: further parameters of ``register``.
    """

    def __init__(self, provider: str = PROVIDER, **options: Any) -> None:
        self.open()
        self.client = self.registry().register(
            "provider",
            client_id="key",
            client_secret="ConsumerSecret",
            request_token_url=f"{provider}/oauth/request_token",
            authorize_url=f"{provider}/oauth/authorize",
            access_token_url=f"{provider}/oauth/access_token",
            api_base_url=f"{provider}/api/",
            userinfo_endpoint="me",
            userinfo_claims={"sub": "$.id", "name": "$.name"},
            **options,
        )

    def open(self) -> None:  # noqa: B027 - Flask has nothing to set up
        """Set the framework up."""

    def close(self) -> None:
        """Close the shop's connections."""
        self.client.close()

    @abstractmethod
    def registry(self) -> Any:
        """The framework's ``OAuth``."""

    @abstractmethod
    def visit(self) -> dict[str, Any]:
        """Log in, and give what the callback's page shows."""


class FlaskShop(Shop):
    def registry(self) -> Any:
        self.app = flask.Flask(__name__)
        self.app.secret_key = "a secret key of the tests, and long enough"
        self.app.testing = True  # an error reaches the test
        self.app.add_url_rule("/login", view_func=self.login)
        self.app.add_url_rule("/callback", view_func=self.callback)
        return flask_client.OAuth(self.app)

    def login(self) -> Any:
        return self.client.authorize_redirect("https://shop.example/callback")

    def callback(self) -> Any:
        self.client.authorize_access_token()
        profile = self.client.userinfo()
        return {"sub": profile["sub"], "name": profile["name"], **self.client.get("orders").json()}

    def visit(self) -> dict[str, Any]:
        browser = self.app.test_client()
        assert browser.get("/login").status_code == 302
        shown: dict[str, Any] = browser.get(CALLBACK).json
        return shown


class DjangoShop(Shop):
    def open(self) -> None:
        urls = type("urls", (), {"urlpatterns": [path("login", self.login), path("callback", self.callback)]})
        self.settings = override_settings(ROOT_URLCONF=urls)
        self.settings.enable()

    def close(self) -> None:
        self.settings.disable()
        super().close()

    def registry(self) -> Any:
        return django_client.OAuth()

    def login(self, request: HttpRequest) -> Any:
        return self.client.authorize_redirect(request, "https://shop.example/callback")

    def callback(self, request: HttpRequest) -> Any:
        token = self.client.authorize_access_token(request)
        profile = self.client.userinfo(token)
        orders = self.client.get("orders", token=token).json()
        return JsonResponse({"sub": profile["sub"], "name": profile["name"], **orders})

    def visit(self) -> dict[str, Any]:
        browser = Client()
        assert browser.get("/login").status_code == 302
        return shown(browser.get(CALLBACK))


class AsyncDjangoShop(DjangoShop):
    async def login(self, request: HttpRequest) -> Any:
        return await self.client.aauthorize_redirect(request, "https://shop.example/callback")

    async def callback(self, request: HttpRequest) -> Any:
        token = await self.client.aauthorize_access_token(request)
        profile = await self.client.auserinfo(token)
        orders = (await self.client.aget("orders", token=token)).json()
        return JsonResponse({"sub": profile["sub"], "name": profile["name"], **orders})

    def visit(self) -> dict[str, Any]:
        return asyncio.run(self.avisit())

    async def avisit(self) -> dict[str, Any]:
        browser = AsyncClient()
        assert (await browser.get("/login")).status_code == 302
        return shown(await browser.get(CALLBACK))


def shown(answer: HttpResponse) -> dict[str, Any]:
    """The callback's page."""
    page: dict[str, Any] = json.loads(answer.content)
    return page


SHOPS = {"flask": FlaskShop, "django": DjangoShop, "django async": AsyncDjangoShop}
