"""What is said where a client's settings are missing: all of them, where to set them, and what was found nearby."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.config import Config, Environ

from oauth1_catalog.errors import MissingSettingError
from oauth1_catalog.integrations import starlette_client
from oauth1_catalog.registry.settings import missing_settings_error
from tests.integrations.applications import ADDRESSES, HERE, wrong

Registry = Callable[..., Any]


def meant(where: str) -> str:
    name, _, place = where.partition(" in ")
    return f"Did you mean {name} (set in {place})?"


def test_a_key_is_named_as_the_framework_names_it(registry: Registry, framework: str) -> None:
    for setting, other, label in (
        ("client_id", "client_secret", "API Key"),
        ("client_secret", "client_id", "API Key Secret"),
    ):
        error = wrong(registry({"twitter": {other: "x"}}).register_from_catalog, "twitter")
        assert isinstance(error, MissingSettingError)
        assert error.setting == setting
        assert error.description == (
            f"twitter: no {setting} (the provider calls it {label}). Set {HERE[framework]('twitter', setting)}, or "
            f"pass {setting}= to register_from_catalog()."
        )


def test_all_that_is_missing_is_said_at_once(registry: Registry, framework: str) -> None:
    error = wrong(registry({"twitter": {"user_agent": "mine/1"}}).register_from_catalog, "twitter")
    assert isinstance(error, MissingSettingError)
    assert error.setting == "client_id"
    first = HERE[framework]("twitter", "client_id").partition(" in ")[0]
    assert error.description == (
        "twitter: no client_id (the provider calls it API Key) and no client_secret (the provider calls it API Key "
        f"Secret). Set {first} and {HERE[framework]('twitter', 'client_secret')}, or pass client_id= and "
        "client_secret= to register_from_catalog()."
    )


@pytest.mark.filterwarnings("ignore:.* has an unknown option:UserWarning")  # in Django's section of the client
@pytest.mark.parametrize(
    ("client", "names"),
    [
        ("twiter", ("client_id", "client_secret")),
        ("twiter", ("consumer_key", "consumer_secret")),
        ("twitter", ("consumer_key", "consumer_secret")),
        ("twitter", ("api_key", "api_secret")),
        ("twitter", ("api_key", "api_key_secret")),
    ],
)
def test_what_was_found_nearby(registry: Registry, framework: str, client: str, names: tuple[str, str]) -> None:
    config = {client: dict.fromkeys(names, "canary"), "flickr": {"client_id": "canary"}}
    error = wrong(registry(config).register_from_catalog, "twitter")
    hints = " ".join(meant(HERE[framework](client, name)) for name in names)
    assert error.description.endswith(f"register_from_catalog(). {hints}")
    assert "canary" not in error.description
    assert "FLICKR" not in error.description.upper()


def test_another_client_s_keys_are_its_own(registry: Registry) -> None:
    oauth = registry({"twitter2": {"client_id": "k", "client_secret": "s"}})
    oauth.register_from_catalog("twitter", name="twitter2")
    assert "Did you mean" not in wrong(oauth.register_from_catalog, "twitter").description


@pytest.mark.filterwarnings("ignore:.* has an unknown option:UserWarning")  # in Django's section of the client
def test_what_a_provider_calls_them(registry: Registry, framework: str) -> None:
    oauth = registry({"m": {"app_token": "canary"}})
    oauth.register("m")
    settings, labels = oauth.m.framework.settings, {"client_id": "App Token"}
    error = missing_settings_error("m", ["client_id"], settings, from_catalog=False, labels=labels)
    assert meant(HERE[framework]("m", "app_token")) in error.description


@pytest.mark.parametrize("framework", ["flask", "quart", "starlette"])
def test_keys_that_are_in_the_environment_alone(
    registry: Registry, framework: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWITTER_CLIENT_ID", "canary")
    prefix = "QUART_" if framework == "quart" else "FLASK_"
    monkeypatch.setenv(f"{prefix}TWITTER_CLIENT_SECRET", "canary")
    said = wrong(registry().register_from_catalog, "twitter").description
    assert "canary" not in said
    assert "Did you mean TWITTER_CLIENT_ID (set in the environment)? " in said
    if framework != "starlette":
        assert f"Export it as {prefix}TWITTER_CLIENT_ID and call app.config.from_prefixed_env()." in said
        assert meant(f"{prefix}TWITTER_CLIENT_SECRET in the environment") in said
        assert "by itself. Call app.config.from_prefixed_env()." in said
    else:
        assert "Pass OAuth(Config())." in said


def test_a_config_of_starlette(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TWITTER_API_KEY=canary\n", encoding="utf-8")
    environ = Environ({"TWITTER_CONSUMER_SECRET": "canary"})
    oauth = starlette_client.OAuth(Config(file, environ=environ))
    said = wrong(oauth.register_from_catalog, "twitter").description
    for name in ("TWITTER_API_KEY", "TWITTER_CONSUMER_SECRET"):
        assert meant(f"{name} in the environment or .env") in said
    assert "canary" not in said
    environ["TWITTER_CONSUMER_SECRET"] = "another"  # it was not read, so it can be set


def test_a_variable_is_too(registry: Registry, framework: str) -> None:
    error = wrong(registry({"jira_data_center": {"client_id": "k"}}).register_from_catalog, "jira_data_center")
    assert HERE[framework]("jira_data_center", "base_url") in error.description
    near = registry({"jira_datacenter": {"base_url": "https://jira.example.com"}})
    said = wrong(near.register_from_catalog, "jira_data_center").description
    assert said.endswith(meant(HERE[framework]("jira_datacenter", "base_url")))


def test_under_a_name_of_its_own(registry: Registry, framework: str) -> None:
    oauth = registry({"other": {"client_id": "k", "client_secret": "s"}})
    assert oauth.register_from_catalog("twitter", name="other") is oauth.other
    assert (
        HERE[framework]("third", "client_secret")
        in wrong(oauth.register_from_catalog, "twitter", name="third").description
    )
    assert oauth.create_client("third") is None


def test_a_client_by_hand_is_told_at_its_first_use(registry: Registry, framework: str) -> None:
    oauth = registry()
    client = oauth.register("m")
    found = [error.setting for error in oauth.check()]
    assert found == ["client_id", "request_token_url", "authorize_url", "access_token_url"]
    assert HERE[framework]("m", "client_id") in oauth.check()[0].description
    assert "register()" in oauth.check()[0].description
    with pytest.raises(MissingSettingError):
        _ = client.signer


def test_nothing_is_missing(registry: Registry) -> None:
    oauth = registry()
    oauth.register("m", client_id="k", client_secret="s", **ADDRESSES)
    assert oauth.check() == []
