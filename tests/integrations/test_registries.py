"""The registry itself: what each framework adds, and what it says to those who hold it wrong."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from django.test import override_settings
from starlette.config import Config
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from werkzeug.local import LocalProxy

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    NotInitializedError,
    OAuthError,
)
from oauth1_catalog.integrations import django_client, flask_client, starlette_client
from tests.integrations.applications import FRAMEWORKS, Application, StarletteApplication, wrong
from tests.registry.caches import DictCache

Registry = Callable[..., Any]


class TestRegistry:
    @pytest.mark.parametrize("cache", [{}, {"a": 1}, "redis://localhost:6379/0", 5], ids=repr)
    def test_what_cannot_be_a_cache_is_refused_where_it_is_passed(self, registry: Registry, cache: object) -> None:
        with pytest.raises(ConfigurationError, match=rf"cache= is of type {type(cache).__name__}, .*no delete\. Pass"):
            registry(cache=cache)

    def test_a_fetch_token_that_cannot_be_called(self, registry: Registry) -> None:
        with pytest.raises(ConfigurationError, match=r"fetch_token= is of type str, .* Pass a function"):
            registry(fetch_token="find_token")

    def test_init_app_of_flask_looks_too(self) -> None:
        app = flask.Flask(__name__)
        with pytest.raises(ConfigurationError, match="cache= is of type str"):
            flask_client.OAuth().init_app(app, cache="redis://localhost:6379/0")
        with pytest.raises(ConfigurationError, match="fetch_token= is of type str"):
            flask_client.OAuth().init_app(app, fetch_token="find_token")

    def test_registering_again_gives_the_new_client(self, registry: Registry) -> None:
        oauth = registry()
        first = oauth.register("m", client_id="one")
        second = oauth.register("m", client_id="two")
        assert oauth.m is second is oauth.create_client("m")
        assert first.client_id == "one"
        with pytest.raises(ConfigurationError):
            oauth.register("m", client_secert="x")
        assert oauth.m.client_id == "two"
        oauth.unregister("m")
        oauth.unregister("m")
        assert oauth.create_client("m") is None

    def test_unknown_names(self, registry: Registry) -> None:
        oauth = registry()
        oauth.register("twitter")
        assert oauth.create_client("twiter") is None
        with pytest.raises(AttributeError, match=r"No such client: twiter; did you mean 'twitter'\?"):
            _ = oauth.twiter
        with pytest.raises(AttributeError, match=r"No such client: x \(registered: twitter\)"):
            _ = oauth.x
        assert not hasattr(oauth, "_private")

    def test_two_registries_in_one_process(self, registry: Registry) -> None:
        one, two = registry(), registry()
        one.register("m", client_id="one")
        two.register("m", client_id="two")
        assert (one.m.client_id, two.m.client_id) == ("one", "two")

    def test_authlibs_arguments(self, registry: Registry) -> None:
        def update_token(*_: object) -> None: ...

        cache = DictCache()
        oauth = registry(cache=cache, fetch_token=print, update_token=update_token)
        assert (oauth.cache, oauth.fetch_token, oauth.update_token) == (cache, print, update_token)
        oauth.register("m", update_token=update_token)

    def test_a_copy_is_made_without_asking_for_clients(self, registry: Registry) -> None:
        assert copy.copy(registry()).create_client("m") is None

    def test_no_secret_in_any_repr(self, registry: Registry) -> None:
        oauth = registry()
        client = oauth.register("m", client_id="k", client_secret="canary", rsa_key_passphrase="canary")
        for shown in (client, client.signer, client.provider, oauth, client.__dict__["signer"]):
            assert "canary" not in repr(shown)


class TestFlask:
    def test_the_application_factory(self) -> None:
        oauth = flask_client.OAuth()
        client = oauth.register_from_catalog("twitter")
        assert isinstance(client, LocalProxy)
        by_hand = oauth.register("m", client_id="k")
        with pytest.raises(RuntimeError, match="OAuth is not init with Flask app"):
            _ = oauth.twitter
        with pytest.raises(NotInitializedError):
            _ = client.name
        app = flask.Flask(__name__)
        with pytest.raises(MissingSettingError, match=r"Set TWITTER_CLIENT_ID and \w+ in app\.config"):
            oauth.init_app(app)
        app.config.update(TWITTER_CLIENT_ID="k", TWITTER_CLIENT_SECRET="s")
        oauth.init_app(app)
        assert app.extensions["oauth1_catalog"] is oauth
        assert oauth.app is app
        assert (client.client_id, by_hand.client_id) == ("k", "k")

    def test_a_mistake_by_hand_is_found_when_the_application_comes(self) -> None:
        oauth = flask_client.OAuth()
        oauth.register("m", request_token_uri="https://p.example/")
        with pytest.raises(ConfigurationError, match=r"Did you mean 'request_token_url'\?"):
            oauth.init_app(flask.Flask(__name__))

    def test_one_registry_for_two_applications(self) -> None:
        oauth = flask_client.OAuth()
        oauth.register("m")
        apps = [flask.Flask(f"{__name__}{n}", root_path="/") for n in range(2)]
        caches = [DictCache() for _ in range(2)]
        for n, app in enumerate(apps):
            app.config["M_CLIENT_ID"] = f"key{n}"
            oauth.init_app(app, cache=caches[n], fetch_token=lambda name, n=n: {"oauth_token": f"t{n}"})
        for n, app in enumerate(apps):
            with app.app_context():
                assert oauth.m.client_id == f"key{n}"
                assert oauth.m.framework.cache is caches[n]
                assert oauth.m.token == {"oauth_token": f"t{n}"}
        assert oauth.m.client_id == "key1"

    def test_names_that_begin_alike(self) -> None:
        app = flask.Flask(__name__)
        app.config.update(TW_CLIENT_ID="a", TW_DEV_CLIENT_ID="b", TW_DEV_CLIENT_SECRET="c")
        oauth = flask_client.OAuth(app)
        oauth.register("tw_dev")
        oauth.register("tw")
        assert (oauth.tw.client_id, oauth.tw.client_secret, oauth.tw_dev.client_id) == ("a", None, "b")


class TestDjango:
    def test_our_section_before_authlibs(self) -> None:
        both = {
            "AUTHLIB_OAUTH_CLIENTS": {"m": {"client_id": "theirs", "client_secret": "theirs"}},
            "OAUTH1_CATALOG": {"m": {"client_id": "ours"}},
        }
        with override_settings(**both):
            client = django_client.OAuth().register("m")
            assert (client.client_id, client.client_secret) == ("ours", "theirs")

    def test_a_section_that_is_no_mapping(self) -> None:
        with override_settings(OAUTH1_CATALOG={"m": ["k"]}):
            error = wrong(django_client.OAuth().register, "m")
            assert "OAUTH1_CATALOG['m'] in the settings is of type list" in error.description


class TestStarlette:
    def test_a_config_file_and_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        env = tmp_path / ".env"
        options = json.dumps({"realm": "x", "timeout": 5})
        env.write_text(f"TWITTER_CLIENT_ID=of the file\nTWITTER_CLIENT_SECRET=s\nTWITTER_CLIENT_KWARGS='{options}'\n")
        client = starlette_client.OAuth(Config(env)).register_from_catalog("twitter")
        assert (client.client_id, client.client_kwargs["realm"]) == ("of the file", "x")
        monkeypatch.setenv("TWITTER_CLIENT_ID", "of the environment")
        client = starlette_client.OAuth(Config(env)).register_from_catalog("twitter")
        assert client.client_id == "of the environment"

    def test_a_misspelt_key_in_the_file(self, tmp_path: Path) -> None:
        env = tmp_path / ".env"
        env.write_text("TWITTER_CLIENT_ID=k\nTWITTER_CLIENT_SECERT=s\n")
        error = wrong(starlette_client.OAuth(Config(env)).register_from_catalog, "twitter")
        assert "TWITTER_... in the environment or .env has an unknown option 'client_secert'" in error.description

    def test_without_a_config(self) -> None:
        error = wrong(starlette_client.OAuth().register_from_catalog, "twitter")
        assert "TWITTER_CLIENT_SECRET in a Config and give that to OAuth(config)" in error.description


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_names_of_authlib_that_are_not_here(framework: str) -> None:
    module: Any = FRAMEWORKS[framework].integration
    framework = framework.capitalize()
    for name, said in (
        (f"{framework}OAuth2App", "OAuth 2"),
        (f"{framework}Integration", "OAuth(cache=..., login_lifetime=...)"),
        ("token_update", "never for OAuth 1.0"),
    ):
        with pytest.raises(ImportError, match=re.escape(said)):
            getattr(module, name)
    with pytest.raises(AttributeError):
        _ = module.nothing_of_the_sort
    for name in ("OAuth", "OAuthError", f"{framework}OAuth1App"):
        assert getattr(module, name)
    assert module.OAuthError is OAuthError


def test_a_login_needs_a_session(make: Callable[..., Application], framework: str, emulator: Emulator) -> None:
    if framework == "django":
        app = make(settings={"MIDDLEWARE": []})
        missing = "django.contrib.sessions.middleware.SessionMiddleware to MIDDLEWARE"
    elif framework in {"flask", "quart"}:
        app = make()
        app.app.secret_key = None
        missing = "Set SECRET_KEY in app.config"
    elif framework == "litestar":
        app = make(middleware=[])
        missing = "Litestar(middleware=[CookieBackendConfig("
    else:
        app = make()
        app.app.user_middleware.clear()
        missing = "app.add_middleware(SessionMiddleware"
    error = app.browser().get("/login").json
    assert error["description"].startswith("twitter: A login needs a session")
    assert missing in error["description"]
    assert emulator.journal.exchanges == ()  # found before the provider was asked


@pytest.mark.parametrize("framework", ["django", "starlette"])  # in Flask nobody passes one
def test_a_forgotten_request(app: Application, framework: str, emulator: Emulator) -> None:
    @app.view("/forgotten")
    async def forgotten(app: Application, request: Any) -> Any:
        uri = request.url if framework == "starlette" else request.build_absolute_uri()
        result = app.client.authorize_redirect(uri)
        return await result if hasattr(result, "__await__") else result

    error = app.browser().get("/forgotten").json
    given = "URL" if framework == "starlette" else "str"
    assert error["description"].startswith(f"twitter: a {given} was passed as the request. The first argument is")
    assert "authorize_redirect(request, redirect_uri)" in error["description"]
    assert emulator.journal.exchanges == ()


@pytest.mark.parametrize("key", ["", None])
@pytest.mark.parametrize("by_name", [True, False])
def test_an_empty_secret_key_signs_no_session(emulator: Emulator, key: str | None, by_name: bool) -> None:
    app = StarletteApplication(config={"twitter": {"client_id": "k", "client_secret": "s"}}, catalog=emulator.catalog)
    arguments: Any = Middleware(SessionMiddleware, secret_key=key) if by_name else Middleware(SessionMiddleware, key)
    app.app.user_middleware[:] = [arguments]
    error = app.browser().get("/login").json
    assert error["description"].startswith("twitter: A login needs a session, and the secret_key of SessionMiddleware")
    assert emulator.journal.exchanges == ()


@pytest.mark.parametrize("framework", ["flask", "quart"])
def test_check_finds_that_no_session_can_be_signed(registry: Registry, framework: str) -> None:
    oauth = registry()
    assert oauth.check() == []
    oauth.register_from_catalog("twitter", client_id="k", client_secret="s")
    for key, said in ((None, "Set SECRET_KEY in app.config"), (12345, "a secret key is text")):
        oauth.app.config["SECRET_KEY"] = key
        (error,) = oauth.check()
        assert said in error.description
    oauth.app.config["SECRET_KEY"] = "s"
    assert oauth.check() == []


# An older Flask, and the oldest Quart, fail at such a SECRET_KEY themselves: they open the session before the view.
OPENS_SESSION = "SECRET_KEY_FALLBACKS" in flask.Flask.default_config


@pytest.mark.parametrize(
    ("framework", "settings"),
    [
        *([("flask", {"SECRET_KEY": 1234567})] if OPENS_SESSION else []),
        ("flask", {"SECRET_KEY_FALLBACKS": [1.5]}),
        ("quart", {"SECRET_KEY_FALLBACKS": [1.5]}),
    ],
)
def test_a_secret_key_that_is_no_text(make: Callable[..., Application], settings: dict[str, Any]) -> None:
    app = make()
    app.app.config.update(settings)
    error = app.browser().get("/login").json
    assert error["error"] == "configuration_error"
    kind = "float" if "SECRET_KEY_FALLBACKS" in settings else "int"
    assert f"SECRET_KEY_FALLBACKS in app.config is of type {kind}; a secret key is text" in error["description"]
    assert "Write it in quotes." in error["description"]
    assert "1234567" not in error["description"]


@pytest.mark.parametrize("uri", ["/authorize", "", "localhost:8000/authorize", " https://example.com/authorize"])
def test_a_redirect_uri_without_a_host(app: Application, emulator: Emulator, uri: str) -> None:
    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        result = app.client.authorize_redirect(*request, uri)
        return await result if hasattr(result, "__await__") else result

    assert app.browser().get("/login").json["error"] == "invalid_redirect_uri"
    assert emulator.journal.exchanges == ()
