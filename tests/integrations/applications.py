"""The same application in three frameworks, each driven by its own test client.

A view's body is written once, as a coroutine over the framework's own calls: ``await now(...)`` awaits where the client
is async. In Flask and Django nothing of it waits, so the body runs through in one go.
"""

from __future__ import annotations

import inspect
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import flask
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client as DjangoBrowser
from django.test import override_settings
from django.urls import path as django_path
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from oauth1_catalog.errors import ConfigurationError, UnknownProviderError
from oauth1_catalog.integrations import django_client, flask_client, starlette_client

Body = Callable[..., Coroutine[Any, Any, Any]]
"""Takes the application and the request (Flask: nothing), gives a redirect or JSON."""

REDIRECT_URI = "https://example.com/authorize"
SECRET_KEY = "a secret key of the tests, and long enough"

HERE = {
    "flask": lambda client, key: f"{client}_{key}".upper() + " in app.config",
    "django": lambda client, key: f"OAUTH1_CATALOG[{client!r}][{key!r}] in the settings",
    "starlette": lambda client, key: f"{client}_{key}".upper() + " in the configuration",
    "litestar": lambda client, key: f"{client}_{key}".upper() + " in the configuration",
    "quart": lambda client, key: f"{client}_{key}".upper() + " in app.config",
}
"""Where each framework looks a client's parameter up, as its messages say it."""

ADDRESSES = {
    "request_token_url": "https://p.example/request",
    "authorize_url": "https://p.example/authorize",
    "access_token_url": "https://p.example/access",
    "api_base_url": "https://p.example/1/",
}


async def now(result: Any) -> Any:
    """What a client's method returned, awaited where it is to be."""
    return await result if inspect.isawaitable(result) else result


def through(body: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in which nothing waits."""
    try:
        body.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the body waited for something")


@dataclass
class Answer:
    """What a browser got."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def location(self) -> str:
        assert self.status == 302, (self.status, self.text[:500])
        return self.headers["Location"]


class Browser(ABC):
    """A browser with a cookie jar of its own."""

    @abstractmethod
    def get(self, url: str) -> Answer: ...

    @abstractmethod
    def post(self, url: str, *, json: Any = None, form: Any = None) -> Answer:
        """Send ``json`` as JSON, or the pairs of ``form`` as a form."""

    @property
    @abstractmethod
    def cookies(self) -> dict[str, str]: ...

    @abstractmethod
    def put_back(self, cookies: Mapping[str, str]) -> None: ...

    def log_in(self, emulator: Any, *, path: str = "/login", **approval: Any) -> Answer:
        """Click through a whole login."""
        return self.get(emulator.approve(self.get(path).location, **approval))


def told(error: Any) -> dict[str, Any]:
    """An error, ours or Authlib's, as an application would show it."""
    return {
        "error": error.error,
        "description": error.description,
        "type": type(error).__name__,
        "step": getattr(error, "step", None),
        "status": getattr(error, "status", None),
        "excerpt": getattr(error, "excerpt", None),
        "provider": getattr(error, "provider", None),
    }


async def login(app: Application, *request: Any) -> Any:
    return await now(app.client.authorize_redirect(*request, REDIRECT_URI))


async def authorize(app: Application, *request: Any) -> Any:
    """The seed page's callback: the profile is asked for without a ``token=``."""
    token = await now(app.client.authorize_access_token(*request))
    response = await now(app.client.get("account/verify_credentials.json"))
    response.raise_for_status()
    return {"token": dict(token), "profile": response.json(), "state_data": getattr(token, "state_data", None)}


class Application(ABC):
    """Views under paths: ``/login``, ``/authorize`` and what a test adds."""

    oauth: Any
    name = "twitter"

    def __init__(self, *, config: Mapping[str, Mapping[str, object]], register: bool = True, **options: Any) -> None:
        self.views: dict[str, Body] = {"/login": login, "/authorize": authorize}
        self.set_up(config, options)
        if register:
            self.oauth.register_from_catalog("twitter")

    @property
    def client(self) -> Any:
        return self.oauth.create_client(self.name)

    def view(self, path: str) -> Callable[[Body], Body]:
        def add(body: Body) -> Body:
            self.views[path] = body
            return body

        return add

    def request(self, *given: Any) -> Any:
        """The request of a view's body, to which some frameworks give none."""
        return given[0]

    def session(self, *given: Any) -> Any:
        """The session of a view's body."""
        return self.request(*given).session

    @abstractmethod
    def set_up(self, config: Mapping[str, Mapping[str, object]], options: dict[str, Any]) -> None: ...

    @abstractmethod
    def browser(self) -> Browser: ...

    def close(self) -> None:  # noqa: B027 - most have nothing to undo
        """Undo what the application changed around it."""


def prefixed(config: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    return {f"{name}_{key}".upper(): value for name, values in config.items() for key, value in values.items()}


class FlaskApplication(Application):
    framework: Any = flask
    application_class: Any = flask.Flask
    integration: Any = flask_client
    place = "TWITTER_{} in app.config"

    def set_up(self, config: Mapping[str, Mapping[str, object]], options: dict[str, Any]) -> None:
        self.app = self.application_class(__name__)
        self.app.config.update(prefixed(config) | {"SECRET_KEY": SECRET_KEY} | options.pop("settings", {}))
        self.oauth = self.integration.OAuth(self.app, **options)
        self.app.add_url_rule("/<path:path>", view_func=self.serve, methods=["GET", "POST"])
        self.app.register_error_handler(self.integration.OAuthError, lambda error: (told(error), 400))

    def request(self, *given: Any) -> Any:
        return self.framework.request

    def session(self, *given: Any) -> Any:
        return self.framework.session

    def serve(self, path: str) -> Any:
        result = through(self.views[f"/{path}"](self))
        return result if isinstance(result, flask.wrappers.Response) else flask.jsonify(result)

    def browser(self) -> Browser:
        return FlaskBrowser(self.app.test_client())


class FlaskBrowser(Browser):
    def __init__(self, client: Any) -> None:
        self.client = client

    def get(self, url: str) -> Answer:
        got = self.client.get(local(url))
        return Answer(got.status_code, got.headers, got.text)

    def post(self, url: str, *, json: Any = None, form: Any = None) -> Answer:
        got = self.client.post(local(url), data=encoded(json, form), content_type=content_type(form))
        return Answer(got.status_code, got.headers, got.text)

    @property
    def cookies(self) -> dict[str, str]:
        # private: Werkzeug's client gives a cookie only by its name
        return {cookie.key: cookie.value for cookie in self.client._cookies.values()}

    def put_back(self, cookies: Mapping[str, str]) -> None:
        for name, value in cookies.items():
            self.client.set_cookie(name, value)


class DjangoApplication(Application):
    integration: Any = django_client
    place = "OAUTH1_CATALOG['twitter']['{}'] in the settings"

    def set_up(self, config: Mapping[str, Mapping[str, object]], options: dict[str, Any]) -> None:
        urls = type("urls", (), {"urlpatterns": [django_path("<path:path>", self.serve)]})
        overrides = {"ROOT_URLCONF": urls, "OAUTH1_CATALOG": config, "SECRET_KEY": SECRET_KEY}
        self.settings = override_settings(**overrides | options.pop("settings", {}))
        self.settings.enable()
        self.closed = False
        self.oauth = self.integration.OAuth(**options)

    def close(self) -> None:
        if not self.closed:
            self.settings.disable()
        self.closed = True

    def serve(self, request: HttpRequest, path: str) -> HttpResponse:
        try:
            result = through(self.views[f"/{path}"](self, request))
        except self.integration.OAuthError as error:
            return HttpResponse(json.dumps(told(error)), status=400)
        return result if isinstance(result, HttpResponse) else HttpResponse(json.dumps(result))

    def browser(self) -> Browser:
        return DjangoTestBrowser(DjangoBrowser())


class DjangoTestBrowser(Browser):
    def __init__(self, client: DjangoBrowser) -> None:
        self.client = client

    def get(self, url: str) -> Answer:
        got = self.client.get(local(url))
        return Answer(got.status_code, got.headers, got.content.decode())

    def post(self, url: str, *, json: Any = None, form: Any = None) -> Answer:
        got = self.client.post(local(url), data=encoded(json, form), content_type=content_type(form))
        return Answer(got.status_code, got.headers, got.content.decode())

    @property
    def cookies(self) -> dict[str, str]:
        return {name: morsel.value for name, morsel in self.client.cookies.items()}

    def put_back(self, cookies: Mapping[str, str]) -> None:
        for name, value in cookies.items():
            self.client.cookies[name] = value


class StarletteApplication(Application):
    integration: Any = starlette_client
    place = "TWITTER_{} in the configuration"

    def set_up(self, config: Mapping[str, Mapping[str, object]], options: dict[str, Any]) -> None:
        self.oauth = self.integration.OAuth(prefixed(config) or None, **options)
        self.app = Starlette(
            routes=[Route("/{path:path}", self.serve, methods=["GET", "POST"])],
            middleware=[Middleware(SessionMiddleware, secret_key=SECRET_KEY)],
            exception_handlers={self.integration.OAuthError: oauth_error},
        )

    async def serve(self, request: Request) -> Response:
        result = await self.views[f"/{request.path_params['path']}"](self, request)
        return result if isinstance(result, Response) else JSONResponse(result)

    def browser(self) -> Browser:
        return StarletteBrowser(TestClient(self.app, follow_redirects=False))


async def oauth_error(request: Request, error: Any) -> Response:
    return JSONResponse(told(error), status_code=400)


class StarletteBrowser(Browser):
    def __init__(self, client: Any) -> None:
        self.client = client

    def get(self, url: str) -> Answer:
        got = self.client.get(local(url))
        return Answer(got.status_code, got.headers, got.text)

    def post(self, url: str, *, json: Any = None, form: Any = None) -> Answer:
        headers = {"Content-Type": content_type(form)}
        got = self.client.post(local(url), content=encoded(json, form), headers=headers)
        return Answer(got.status_code, got.headers, got.text)

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self.client.cookies)

    def put_back(self, cookies: Mapping[str, str]) -> None:
        self.client.cookies.clear()
        self.client.cookies.update(cookies)


FRAMEWORKS = {"flask": FlaskApplication, "django": DjangoApplication, "starlette": StarletteApplication}
"""The application in each framework that Authlib has, too; ``more_applications.py`` has the others."""

ALL_FRAMEWORKS = (*FRAMEWORKS, "litestar", "quart")


def application_class(framework: str) -> Any:
    """The application in a framework. The module of the others is imported late: Quart needs a new Flask."""
    if framework in FRAMEWORKS:
        return FRAMEWORKS[framework]
    from tests.integrations import more_applications

    return more_applications.APPLICATIONS[framework]


ASYNC = {"starlette", "litestar", "quart"}
"""Where calls are awaited, and sent with httpx2."""


def encoded(body: Any, form: Any) -> str:
    return json.dumps(body) if form is None else urlencode(form)


def content_type(form: Any) -> str:
    return "application/json" if form is None else "application/x-www-form-urlencoded"


def local(url: str) -> str:
    """The path and query of a URL: the test clients serve every host."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def wrong(function: Callable[..., Any], *args: Any, **kwargs: Any) -> ConfigurationError:
    """The error of a wrong configuration, which says whose it is and ends as a sentence."""
    with pytest.raises(ConfigurationError) as caught:
        function(*args, **kwargs)
    assert re.match(r"^[\w'` ]+: ", caught.value.description) or isinstance(caught.value, UnknownProviderError)
    assert caught.value.description.endswith((".", "?"))
    return caught.value
