"""Where the values of a client come from in each framework, and what is said about those that are wrong."""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from django.test import override_settings
from starlette.config import Config
from werkzeug.local import LocalProxy

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    NotInitializedError,
    OAuthError,
    RetiredProviderError,
    UnknownProviderError,
)
from oauth1_catalog.integrations import django_client, flask_client, starlette_client
from tests.integrations.applications import Application, prefixed

Registry = Callable[..., Any]
HERE = {
    "flask": lambda client, key: f"{client}_{key}".upper() + " in app.config",
    "django": lambda client, key: f"OAUTH1_CATALOG[{client!r}][{key!r}] in the settings",
    "starlette": lambda client, key: f"{client}_{key}".upper() + " in the configuration",
}
ADDRESSES = {
    "request_token_url": "https://p.example/request",
    "authorize_url": "https://p.example/authorize",
    "access_token_url": "https://p.example/access",
    "api_base_url": "https://p.example/1/",
}


@pytest.fixture
def registry(framework: str) -> Iterator[Registry]:
    """Makes a registry whose framework is configured with ``{client: {parameter: value}}``."""
    undo: list[Any] = []

    def make(config: dict[str, dict[str, object]] | None = None, **options: Any) -> Any:
        config = config or {"unrelated": {"client_id": "x"}}
        if framework == "flask":
            app = flask.Flask(__name__)
            app.config.update(prefixed(config), SECRET_KEY="s")
            undo.append(app)
            return flask_client.OAuth(app, **options)
        if framework == "django":
            settings = override_settings(OAUTH1_CATALOG=config)
            settings.enable()
            undo.append(settings)
            return django_client.OAuth(**options)
        return starlette_client.OAuth(prefixed(config), **options)

    yield make
    for settings in undo:
        if hasattr(settings, "disable"):
            settings.disable()


def wrong(function: Callable[..., Any], *args: Any, **kwargs: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        function(*args, **kwargs)
    assert re.match(r"^[\w'` ]+: ", caught.value.description) or isinstance(caught.value, UnknownProviderError)
    assert caught.value.description.endswith((".", "?"))
    return caught.value


class TestPrecedence:
    def test_the_catalog_then_the_configuration_then_the_call(self, registry: Registry) -> None:
        keys = {"client_id": "k", "client_secret": "s"}
        oauth = registry({"twitter": {**keys, "api_base_url": "https://config.example/"}})
        assert oauth.register_from_catalog("twitter").api_base_url == "https://config.example/"
        mine = {"client_id": "mine", "api_base_url": "https://call.example/"}
        client = oauth.register_from_catalog("twitter", **mine)
        assert (client.client_id, client.client_secret) == ("mine", "s")
        assert client.api_base_url == "https://call.example/"
        client = oauth.register_from_catalog("twitter", overwrite=True, **mine)
        assert (client.client_id, client.api_base_url) == ("k", "https://config.example/")
        assert client.authorize_url == "https://api.twitter.com/oauth/authenticate"

    def test_mappings_are_merged_and_left_alone(self, registry: Registry) -> None:
        config = {"m": {"client_kwargs": {"realm": "config", "timeout": 5}, "authorize_params": '{"a": "config"}'}}
        mine: dict[str, Any] = {"client_kwargs": {"realm": "call"}, "authorize_params": {"b": 1, "c": None}}
        before = copy.deepcopy((config, mine))
        for overwrite, realm in ((False, "call"), (True, "config")):
            client = registry(config).register("m", overwrite=overwrite, **mine)
            assert client.client_kwargs == {"realm": realm, "timeout": 5}
            assert client.authorize_params == {"a": "config", "b": "1"}
        assert (config, mine) == before

    def test_none_is_nothing(self, registry: Registry) -> None:
        oauth = registry({"m": {"client_id": "k"}})
        nothing = dict.fromkeys((*ADDRESSES, "client_id", "request_token_params", "client_kwargs", "authorize_params"))
        assert oauth.register("m", **nothing, server_metadata_url=None).client_id == "k"

    def test_every_parameter_of_the_page(self, registry: Registry) -> None:
        given = {
            "client_id": "k",
            "client_secret": "s",
            "request_token_params": {"scope": "read"},
            "access_token_params": {"x": 1},
            "authorize_params": {"lang": "en"},
            "client_kwargs": {"signature_method": "PLAINTEXT"},
            **ADDRESSES,
        }
        for config, arguments in (({"m": given}, {}), (None, given)):
            client = registry(config).register("m", **arguments)
            assert (client.client_id, client.client_secret) == ("k", "s")
            assert {name: getattr(client, name) for name in ADDRESSES} == ADDRESSES
            assert client.provider.request_token_params == {"scope": "read"}
            assert client.provider.access_token_params == {"x": "1"}
            assert client.authorize_params == {"lang": "en"}
            assert client.signer.signature_method.name == "PLAINTEXT"

    def test_the_form_of_parameters_that_authlib_takes(self, registry: Registry) -> None:
        client = registry().register(
            "m",
            request_token_params={"params": {"scope": "read"}, "headers": {"X": "1"}, "timeout": 3},
            access_token_params={"data": {"y": "2"}},
        )
        assert client.provider.request_token_params == {"scope": "read"}
        assert client.provider.headers == {"X": "1"}
        assert (client.provider.access_token_params, client.provider.access_token_params_in) == ({"y": "2"}, "body")

    def test_variables_and_rsa_keys(self, registry: Registry, emulator: Emulator, tmp_path: Path) -> None:
        pem = tmp_path / "key.pem"
        pem.write_text(emulator.client("twitter").rsa_key)
        for key in (pem.read_text(), str(pem)):
            config = {"client_id": "k", "base_url": "https://jira.example.eu", "rsa_key": key}
            client = registry({"jira_data_center": config}).register_from_catalog("jira_data_center")
            assert client.request_token_url.startswith("https://jira.example.eu/")
            assert client.signer.signature_method.name.startswith("RSA")

    def test_a_class_of_ones_own(self, registry: Registry) -> None:
        base = registry().oauth1_client_cls

        class Mine(base):  # type: ignore[misc,valid-type]
            OAUTH_APP_CONFIG = {**ADDRESSES, "client_id": "of the class"}  # noqa: RUF012

        oauth = registry({"one": {"client_id": "configured"}})
        one, two = oauth.register("one", client_cls=Mine), oauth.register("two", client_cls=Mine, client_secret="s2")
        assert type(one) is Mine
        assert (two.client_id, two.client_secret, two.api_base_url) == ("of the class", "s2", "https://p.example/1/")
        assert one.client_secret is None
        assert Mine.OAUTH_APP_CONFIG == {**ADDRESSES, "client_id": "of the class"}


class TestMissing:
    def test_a_key_is_named_as_the_framework_names_it(self, registry: Registry, framework: str) -> None:
        config: dict[str, object] = {"user_agent": "mine/1"}
        for setting, label in (("client_id", "API Key"), ("client_secret", "API Key Secret")):
            error = wrong(registry({"twitter": config}).register_from_catalog, "twitter")
            assert isinstance(error, MissingSettingError)
            assert error.setting == setting
            assert error.description == (
                f"twitter: no {setting} (the provider calls it {label}). Set {HERE[framework]('twitter', setting)}, or "
                f"pass {setting}= to register_from_catalog()."
            )
            config[setting] = "x"
        assert registry({"twitter": config}).register_from_catalog("twitter").client_id == "x"

    def test_a_variable_is_too(self, registry: Registry, framework: str) -> None:
        error = wrong(registry({"jira_data_center": {"client_id": "k"}}).register_from_catalog, "jira_data_center")
        assert HERE[framework]("jira_data_center", "base_url") in error.description

    def test_under_a_name_of_its_own(self, registry: Registry, framework: str) -> None:
        oauth = registry({"other": {"client_id": "k", "client_secret": "s"}})
        assert oauth.register_from_catalog("twitter", name="other") is oauth.other
        assert (
            HERE[framework]("third", "client_id")
            in wrong(oauth.register_from_catalog, "twitter", name="third").description
        )
        assert oauth.create_client("third") is None

    def test_a_client_by_hand_is_told_at_its_first_use(self, registry: Registry, framework: str) -> None:
        oauth = registry()
        client = oauth.register("m")
        found = [error.setting for error in oauth.check()]
        assert found == ["client_id", "request_token_url", "authorize_url", "access_token_url"]
        assert HERE[framework]("m", "client_id") in oauth.check()[0].description
        assert "register()" in oauth.check()[0].description
        with pytest.raises(MissingSettingError):
            _ = client.signer

    def test_nothing_is_missing(self, registry: Registry) -> None:
        oauth = registry()
        oauth.register("m", client_id="k", client_secret="s", **ADDRESSES)
        assert oauth.check() == []


class TestNames:
    def test_an_unknown_provider(self, registry: Registry) -> None:
        error = wrong(registry().register_from_catalog, "twiter")
        assert isinstance(error, UnknownProviderError)
        assert "twitter" in error.suggestions
        assert "Did you mean `twitter`?" in error.description

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ({"request_token_uri": "x"}, "request_token_url"),
            ({"client_secert": "x"}, "client_secret"),
            ({"client_kwarg": {}}, "client_kwargs"),
            ({"client_kwargs": {"signature_metod": "x"}}, "signature_method"),
            ({"client_kwargs": {"rsa_keys": "x"}}, "rsa_key"),
        ],
    )
    def test_a_near_miss(self, registry: Registry, given: dict[str, Any], meant: str) -> None:
        assert f"Did you mean {meant!r}?" in wrong(registry().register, "m", **given).description
        oauth = registry({"m": given})
        if "client_kwarg" not in given:
            assert f"Did you mean {meant!r}?" in wrong(oauth.register, "m").description

    def test_a_near_miss_of_a_variable(self, registry: Registry) -> None:
        error = wrong(registry().register_from_catalog, "jira_data_center", base_ur="https://jira.example.com")
        assert "Did you mean 'base_url'?" in error.description

    def test_an_unrelated_name_is_a_warning(self, registry: Registry) -> None:
        for given in ({"colour": "red"}, {"client_kwargs": {"colour": "red"}}):
            with pytest.warns(UserWarning, match="m: .* has the unknown 'colour'; it is ignored"):
                registry().register("m", **given)

    def test_an_unrelated_key_under_the_prefix_belongs_to_the_application(
        self, registry: Registry, framework: str
    ) -> None:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            registry({"m": {"colour": "red"}}).register("m")
        # A section of its own is meant for the client; a prefix is not.
        assert len(told) == (framework == "django")

    @pytest.mark.parametrize("name", ["server_metadata_url", "refresh_token_url", "scope", "jwks"])
    def test_oauth_2(self, registry: Registry, name: str) -> None:
        error = wrong(registry().register, "google", **{name: "x"})
        assert error.error == "oauth2_parameter"
        assert "Authlib" in error.description

    def test_an_option_in_the_wrong_place(self, registry: Registry) -> None:
        error = wrong(registry().register, "m", signature_method="RSA-SHA1")
        assert "client_kwargs={'signature_method': ...}" in error.description

    @pytest.mark.parametrize("name", ["cache", "register", "fetch_token", "check", "unregister", "", "_m", 7])
    def test_names_that_no_client_can_have(self, registry: Registry, name: Any) -> None:
        wrong_names = registry()
        with pytest.raises(ConfigurationError):
            wrong_names.register(name)
        with pytest.raises(ConfigurationError):
            wrong_names.register_from_catalog("twitter", name=name or "_", client_id="k", client_secret="s")


class TestValues:
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"client_kwargs": "{"}, "is text but no JSON"),
            ({"client_kwargs": [1]}, "is a list"),
            ({"authorize_params": {"a": object()}}, "the parameter 'a' is a object"),
            ({"request_token_params": 7}, "is a int"),
            ({"client_kwargs": {"verify": 7}}, "verify is int"),
            ({"client_kwargs": {"timeout": -1}}, "is no timeout"),
            ({"request_token_url": "p.example/request"}, "is not absolute"),
            ({"access_token_url": "http://p.example/"}, "is not https"),
            ({"api_base_url": "https://u:p@p.example/"}, "holds a user name"),
            ({"request_token_url": "https://p.example:x/"}, "cannot be read"),
        ],
    )
    def test_wrong_values(self, registry: Registry, given: dict[str, Any], said: str) -> None:
        error = wrong(registry().register, "m", **given)
        assert said in error.description
        assert error.description.startswith("m: ")
        assert error.provider == "m"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"client_kwargs": {"signature_method": "hmac-sha1"}}, "Did you mean 'HMAC-SHA1'?"),
            ({"client_kwargs": {"signature_type": "header"}}, "HEADER"),
            ({"client_kwargs": {"signature_method": "RSA-SHA1"}}, "no rsa_key"),
            ({"client_kwargs": {"signature_method": "RSA-SHA1", "rsa_key": "junk-canary"}}, "rsa_key"),
            ({"client_kwargs": {"verify": "/nowhere.pem"}}, "there is no file '/nowhere.pem'"),
        ],
    )
    def test_what_check_finds(self, registry: Registry, given: dict[str, Any], said: str) -> None:
        oauth = registry()
        oauth.register("m", client_id="k", client_secret="s", **ADDRESSES, **given)
        (error,) = oauth.check()
        assert said in error.description
        assert error.description.startswith("m: ")
        assert "canary" not in str(error)

    def test_insecure_transport_on_ones_own_network(self, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in ("OAUTH1_CATALOG_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT"):
            with monkeypatch.context() as environment:
                environment.setenv(variable, "1")
                registry().register("m", request_token_url="http://p.example/")
        for local in ("http://127.0.0.1:1/", "http://localhost/", "http://[::1]:80/"):
            registry().register("m", request_token_url=local)
        for disguised in ("http://localhost.evil/", "http://127.1/", "http://[::ffff:127.0.0.1]/x", "http://0/"):
            wrong(registry().register, "m", request_token_url=disguised)

    def test_a_retired_provider(self, registry: Registry) -> None:
        keys = {"client_id": "k", "client_secret": "s"}
        error = wrong(registry().register_from_catalog, "openstreetmap", **keys)
        assert isinstance(error, RetiredProviderError)
        assert "allow_retired=True" in error.description
        registry().register_from_catalog("openstreetmap", allow_retired=True, **keys)


class TestRegistry:
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

        cache = {"empty": None}
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
        with pytest.raises(MissingSettingError, match=r"Set TWITTER_CLIENT_ID in app\.config"):
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
        caches = [{"n": n} for n in range(2)]
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
            assert "OAUTH1_CATALOG['m'] in the settings is a list" in error.description


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
        assert "TWITTER_... in the environment or .env has the unknown 'client_secert'" in error.description

    def test_without_a_config(self) -> None:
        error = wrong(starlette_client.OAuth().register_from_catalog, "twitter")
        assert "Set TWITTER_CLIENT_ID in a Config and give that to OAuth(config)" in error.description


@pytest.mark.parametrize("module", [flask_client, django_client, starlette_client])
def test_names_of_authlib_that_are_not_here(module: Any) -> None:
    framework = module.__name__.rpartition(".")[2].removesuffix("_client").capitalize()
    for name, said in (
        (f"{framework}OAuth2App", "OAuth 2's"),
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
    elif framework == "flask":
        app = make()
        app.app.secret_key = None  # type: ignore[attr-defined]
        missing = "Set SECRET_KEY in app.config"
    else:
        app = make()
        app.app.user_middleware.clear()  # type: ignore[attr-defined]
        missing = "app.add_middleware(SessionMiddleware"
    error = app.browser().get("/login").json
    assert error["description"].startswith("twitter: A login needs a session")
    assert missing in error["description"]
    assert emulator.journal.exchanges == ()  # found before the provider was asked


@pytest.mark.parametrize("uri", ["/authorize", "authorize", "//example.com/authorize", "https://a\nb", ""])
def test_a_redirect_uri_without_a_host(app: Application, emulator: Emulator, uri: str) -> None:
    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        result = app.client.authorize_redirect(*request, uri)
        return await result if hasattr(result, "__await__") else result

    assert app.browser().get("/login").json["error"] == "invalid_redirect_uri"
    assert emulator.journal.exchanges == ()
