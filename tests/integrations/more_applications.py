"""The application of ``applications.py`` in Litestar and Quart, each driven by its own test client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import quart
from anyio.from_thread import start_blocking_portal
from litestar import Litestar, Request, Response, route
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.testing import TestClient

from oauth1_catalog.integrations import litestar_client, quart_client
from tests.integrations.applications import (
    SECRET_KEY,
    Answer,
    Application,
    Browser,
    FlaskApplication,
    StarletteBrowser,
    content_type,
    encoded,
    local,
    prefixed,
    told,
)

LITESTAR_KEY = SECRET_KEY[:32].encode()


class LitestarApplication(Application):
    integration: Any = litestar_client
    place = "TWITTER_{} in the configuration"

    def set_up(self, config: Mapping[str, Mapping[str, object]], options: dict[str, Any]) -> None:
        middleware = options.pop("middleware", [CookieBackendConfig(secret=LITESTAR_KEY).middleware])
        self.oauth = self.integration.OAuth(prefixed(config) | options.pop("settings", {}), **options)

        @route("/{path:path}", http_method=["GET", "POST"], status_code=200)
        async def serve(request: Request[Any, Any, Any]) -> Any:
            result = await self.views[request.path_params["path"]](self, request)
            if isinstance(result, Response):
                return result
            return Response(json.dumps(result), status_code=200, media_type="application/json")

        self.app = Litestar(
            [serve],
            middleware=middleware,
            on_app_init=[self.oauth.on_app_init],
            exception_handlers={self.integration.OAuthError: lambda _, error: Response(told(error), status_code=400)},
            openapi_config=None,
            debug=True,
        )

    def browser(self) -> Browser:
        client = TestClient(self.app)
        client.follow_redirects = False
        return LitestarBrowser(client)


class LitestarBrowser(StarletteBrowser):
    def put_back(self, cookies: Mapping[str, str]) -> None:
        self.client.cookies.clear()
        for name, value in cookies.items():
            self.client.cookies.set(name, value, domain="testserver.local")


class QuartApplication(FlaskApplication):
    framework: Any = quart
    application_class: Any = quart.Quart
    integration: Any = quart_client

    async def serve(self, path: str) -> Any:
        result = await self.views[f"/{path}"](self)
        return result if isinstance(result, quart.Response) else quart.Response(json.dumps(result))

    def browser(self) -> Browser:
        return QuartBrowser(self.app)


class QuartBrowser(Browser):
    """Quart's test client, each request in an event loop of its own thread: a view may have a browser, too."""

    def __init__(self, app: quart.Quart) -> None:
        self.app = app
        self.client = app.test_client()

    def send(self, method: str, url: str, **options: Any) -> Answer:
        async def ask() -> Answer:
            got = await self.client.open(local(url), method=method, **options)
            return Answer(got.status_code, got.headers, await got.get_data(as_text=True))

        with start_blocking_portal() as portal:
            return portal.call(ask)

    def get(self, url: str) -> Answer:
        return self.send("GET", url)

    def post(self, url: str, *, json: Any = None, form: Any = None) -> Answer:
        return self.send("POST", url, data=encoded(json, form), headers={"Content-Type": content_type(form)})

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: str(cookie.value) for cookie in self.client.cookie_jar or ()}

    def put_back(self, cookies: Mapping[str, str]) -> None:
        for name, value in cookies.items():
            self.client.set_cookie("localhost", name, value)


APPLICATIONS = {"litestar": LitestarApplication, "quart": QuartApplication}
