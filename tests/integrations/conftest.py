"""One emulator for all tests of the frameworks, and an application in each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from django.test import override_settings

import tests.django_settings  # noqa: F401 - before what needs settings
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.integrations import django_client, flask_client, starlette_client
from tests.integrations.applications import ALL_FRAMEWORKS, Application, application_class, prefixed

BASE_URL = "https://example.com"
"""The public address of the applications, so that `check()` has nothing to say of their hosts."""


@pytest.fixture
def trusted(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator's certificate is trusted, as a real provider's is, without a word in the application."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
    monkeypatch.setenv("SSL_CERT_FILE", emulator.ca_file)


@pytest.fixture(params=ALL_FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(framework: str, emulator: Emulator, trusted: None) -> Iterator[Callable[..., Application]]:
    """Makes an application of the framework; its catalog is the emulator's, and it has the keys of Twitter."""
    made: list[Application] = []

    def application(**options: Any) -> Application:
        twitter = emulator.client("twitter")
        keys = {"client_id": twitter.client_id, "client_secret": twitter.client_secret}
        options.setdefault("config", {"twitter": keys})
        options.setdefault("catalog", emulator.catalog)
        made.append(application_class(framework)(**options))
        return made[-1]

    yield application
    for one in made:
        one.close()


@pytest.fixture
def app(make: Callable[..., Application]) -> Application:
    return make()


@pytest.fixture
def registry(framework: str) -> Iterator[Callable[..., Any]]:
    """Makes a registry whose framework is configured with ``{client: {parameter: value}}``.

    ``settings`` are further settings of Django's: not by ``override_settings`` around the call, which ends in the wrong
    order.
    """
    undo: list[Any] = []

    def make(config: dict[str, dict[str, object]] | None = None, **options: Any) -> Any:
        config = config or {"unrelated": {"client_id": "x"}}
        more = options.pop("settings", {})
        if framework == "flask":
            app = flask.Flask(__name__)
            app.config.update(prefixed(config), SECRET_KEY="s", OAUTH1_CATALOG_REDIRECT_BASE_URL=BASE_URL)
            undo.append(app)
            return flask_client.OAuth(app, **options)
        if framework == "django":
            settings = override_settings(OAUTH1_CATALOG=config, OAUTH1_CATALOG_REDIRECT_BASE_URL=BASE_URL, **more)
            settings.enable()
            undo.append(settings)
            return django_client.OAuth(**options)
        if framework == "litestar":
            from oauth1_catalog.integrations import litestar_client

            return litestar_client.OAuth(prefixed(config) | {"OAUTH1_CATALOG_REDIRECT_BASE_URL": BASE_URL}, **options)
        if framework == "quart":
            import quart

            from oauth1_catalog.integrations import quart_client

            served = quart.Quart(__name__)
            served.config.update(prefixed(config), SECRET_KEY="s", OAUTH1_CATALOG_REDIRECT_BASE_URL=BASE_URL)
            return quart_client.OAuth(served, **options)
        return starlette_client.OAuth(prefixed(config), **options)

    yield make
    for made in reversed(undo):
        if hasattr(made, "disable"):
            made.disable()
