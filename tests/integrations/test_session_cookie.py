"""A session cookie that does not come back: what the checks tell, and what the error names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.test import override_settings
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationNotice
from oauth1_catalog.integrations import django_client, flask_client, starlette_client
from tests.integrations.applications import Application

KEYS = {"client_id": "k", "client_secret": "s"}
TRUSTED = Middleware(TrustedHostMiddleware, allowed_hosts=["testserver"])
ATTRIBUTES = pytest.mark.parametrize(
    ("same_site", "told"), [("Strict", 1), ("strict", 1), ("STRICT", 1), ("Lax", 0), ("None", 0), (None, 0)]
)


def strict(found: list[Any]) -> list[ConfigurationNotice]:
    notices = [notice for notice in found if notice.error == "strict_session_cookie"]
    for notice in notices:
        assert (notice.severity, notice.provider) == ("warning", None)
        assert "SameSite=Strict" in notice.description
        assert "'Lax'" in notice.description
    assert notices == found
    return notices


@ATTRIBUTES
def test_a_strict_cookie_of_flask_is_explained(same_site: str | None, told: int) -> None:
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="s", SESSION_COOKIE_SAMESITE=same_site)
    app.config["OAUTH1_CATALOG_REDIRECT_BASE_URL"] = "https://app.example"
    oauth = flask_client.OAuth(app)
    assert oauth.check() == []
    oauth.register_from_catalog("twitter", **KEYS)
    assert len(strict(oauth.check())) == told
    done = app.test_cli_runner().invoke(args=["oauth1", "check"])
    assert done.exit_code == 0  # with a front end that hands the callback on it is right
    assert ("warning: The session's cookie is SameSite=Strict" in done.stderr) == bool(told)
    assert ("SESSION_COOKIE_SAMESITE in app.config" in done.stderr) == bool(told)


@ATTRIBUTES
def test_a_strict_cookie_of_django_is_explained(same_site: str | None, told: int) -> None:
    oauth = django_client.OAuth()
    oauth.register_from_catalog("twitter", **KEYS)
    with override_settings(SESSION_COOKIE_SAMESITE=same_site, ALLOWED_HOSTS=["localhost"]):
        assert len(strict(oauth.check())) == told


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
@pytest.mark.parametrize(("same_site", "told"), [("Strict", 1), ("strict", 1), ("lax", 0), ("none", 0)])
def test_a_strict_cookie_of_starlette_is_explained(kind: Any, same_site: str, told: int) -> None:
    oauth = starlette_client.OAuth()
    oauth.register_from_catalog("twitter", **KEYS)
    by_name = Middleware(SessionMiddleware, secret_key="s", same_site=same_site)
    by_place = Middleware(SessionMiddleware, "s", "session", 100, "/", same_site)
    for middleware in (by_name, by_place):
        app = kind(middleware=[middleware, TRUSTED], lifespan=oauth.lifespan)
        assert len(strict(oauth.check(app))) == told
    later = starlette_client.OAuth()
    later.register_from_catalog("twitter", **KEYS)
    app = kind(middleware=[by_name, TRUSTED], lifespan=later.lifespan)
    assert later.check() == []
    with TestClient(app):
        assert len(strict(later.check())) == told


def test_starlette_without_a_secret_key_or_a_session_of_its_own() -> None:
    oauth = starlette_client.OAuth()
    oauth.register_from_catalog("twitter", **KEYS)
    (problem,) = oauth.check(Starlette(middleware=[Middleware(SessionMiddleware, secret_key=""), TRUSTED]))
    assert "secret_key of SessionMiddleware is empty" in problem.description
    assert oauth.check(Starlette(middleware=[TRUSTED])) == []
    assert oauth.check(Starlette(middleware=[Middleware(SessionMiddleware, secret_key="s"), TRUSTED])) == []


def test_the_default_of_each_framework_is_fine(registry: Callable[..., Any]) -> None:
    oauth = registry({"twitter": KEYS})
    oauth.register_from_catalog("twitter")
    assert oauth.check() == []


def test_an_application_that_only_signs_needs_no_session() -> None:
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="s", SESSION_COOKIE_SAMESITE="Strict")
    oauth = flask_client.OAuth(app)
    oauth.register_from_catalog("mastercard", client_id="k", rsa_key=generate_private_key(65537, 2048))
    assert oauth.check() == []


def test_the_error_names_the_causes(app: Application, emulator: Emulator) -> None:
    """The cookie was left out, or it is another host's: to the application both look the same."""
    back = emulator.approve(app.browser().get("/login").location)
    error = app.browser().get(back).json
    assert error["error"] == "invalid_state"
    assert 'Missing "request_token" in temporary data' in error["description"]
    for cause in ("SameSite=Strict", "another host name (localhost is not 127.0.0.1)", "Secure", "another browser"):
        assert cause in error["description"]
    assert "with a page and not with a redirect" in error["description"]


def test_another_host_name(emulator: Emulator, trusted: None) -> None:
    """A browser has a jar for each host: the session of ``localhost`` is not there at ``127.0.0.1``."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="s")
    twitter = emulator.client("twitter")
    oauth = flask_client.OAuth(app, catalog=emulator.catalog)
    oauth.register_from_catalog("twitter", client_id=twitter.client_id, client_secret=twitter.client_secret)
    app.add_url_rule("/login", "login", lambda: oauth.twitter.authorize_redirect("http://127.0.0.1/authorize"))
    app.add_url_rule("/authorize", "authorize", lambda: dict(oauth.twitter.authorize_access_token()))
    app.register_error_handler(flask_client.OAuthError, lambda error: (error.description, 400))
    browser = app.test_client()
    back = emulator.approve(browser.get("/login", base_url="http://localhost").location)
    answer = browser.get(back, base_url="http://127.0.0.1")
    assert answer.status_code == 400
    assert "localhost is not 127.0.0.1" in answer.text
    assert browser.get(back, base_url="http://localhost").status_code == 200
