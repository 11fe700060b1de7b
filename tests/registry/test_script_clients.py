"""``client()`` and ``async_client()``: names, precedence, errors and host checks are those of the frameworks."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog, async_client, client
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import (
    ConfigurationError,
    ConfigurationWarning,
    DeprecatedProviderWarning,
    MissingSettingError,
    MissingTokenError,
    RetiredProviderError,
    UnknownProviderError,
)
from oauth1_catalog.registry.current_token import RequestTokens, serving_within
from tests.integrations.test_secrecy import shown

MAKERS = {"client()": client, "async_client()": async_client}
KEYS = {"client_id": "key", "client_secret": "hush"}

Make = Callable[..., Any]


@pytest.fixture(params=MAKERS)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(function: str) -> Make:
    return MAKERS[function]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("TWITTER_", "NETSUITE_", "OAUTH1_CATALOG_")):
            monkeypatch.delenv(name)


def wrong(make: Make, *args: Any, **kwargs: Any) -> Any:
    with pytest.raises(ConfigurationError) as caught:
        make(*args, **kwargs)
    return caught.value


def called(result: Any) -> Any:
    """The result of a client's method, which is awaited where the client is async."""
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


def test_arguments_go_before_the_environment_and_that_before_the_file(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys.env"
    names = ("TWITTER_CLIENT_ID", "TWITTER_CLIENT_SECRET", "TWITTER_TOKEN", "TWITTER_TOKEN_SECRET")
    file.write_text("".join(f"{name}=file\n" for name in names), encoding="utf-8")
    for name in names[:3]:
        monkeypatch.setenv(name, "environment")
    monkeypatch.setenv("TWITTER_CLIENT_SECRET", "")  # counts as not set
    made = make("twitter", client_id="argument", env_file=file)
    assert made.client_id == "argument"
    assert made.client_secret == "file"
    assert (made.static_token.oauth_token, made.static_token.oauth_token_secret) == ("environment", "file")
    assert make("twitter", env_file=file).client_id == "environment"


def test_no_file_is_read_unless_it_is_named(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("TWITTER_CLIENT_ID=key\nTWITTER_CLIENT_SECRET=hush\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert isinstance(wrong(make, "twitter"), MissingSettingError)
    before = dict(os.environ)
    assert make("twitter", env_file=".env").client_id == "key"
    assert dict(os.environ) == before


def test_a_value_of_the_file_is_what_stands_there(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_OF_NOBODY", "replaced")
    file = tmp_path / ".env"
    file.write_text(
        "\ufeff# keys\nexport TWITTER_CLIENT_ID='a b#c'\nTWITTER_CLIENT_SECRET=x${HOME_OF_NOBODY}$y\n", encoding="utf-8"
    )
    made = make("twitter", env_file=str(file))
    assert (made.client_id, made.client_secret) == ("a b#c", "x${HOME_OF_NOBODY}$y")


@pytest.mark.parametrize(
    ("content", "cause"), [(None, "No such file or directory"), (b"\xff\xfe=secret", "is not UTF-8 text")]
)
def test_a_file_that_cannot_be_read(make: Make, tmp_path: Path, content: bytes | None, cause: str) -> None:
    file = tmp_path / "keys.env"
    if content is not None:
        file.write_bytes(content)
    error = wrong(make, "twitter", env_file=file)
    assert cause in error.description
    assert str(file) in error.description
    assert "secret" not in repr(vars(error))


def test_a_missing_key_names_its_variable(make: Make, function: str, tmp_path: Path) -> None:
    error = wrong(make, "twitter")
    assert isinstance(error, MissingSettingError)
    assert error.description == (
        "twitter: no client_id (the provider calls it API Key) and no client_secret (the provider calls it API Key "
        "Secret). Set TWITTER_CLIENT_ID and TWITTER_CLIENT_SECRET in the environment, or pass client_id= and "
        f"client_secret= to {function}."
    )
    file = tmp_path / "keys.env"
    file.write_text("TWITTER_CLIENT_ID=key\n", encoding="utf-8")
    assert (
        f"Set TWITTER_CLIENT_SECRET in the environment or {file}, or pass client_secret= to {function}."
        in wrong(make, "twitter", env_file=file).description
    )


def test_a_missing_variable_of_the_provider_names_its_variable(make: Make, function: str) -> None:
    error = wrong(make, "netsuite", **KEYS)
    assert isinstance(error, MissingSettingError)
    assert f"Set NETSUITE_ACCOUNT_ID in the environment, or pass account_id= to {function}." in error.description


def test_a_variable_that_is_nearly_right_is_suggested(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TWITTER_CONSUMER_KEY", "key")
    file = tmp_path / "keys.env"
    file.write_text("TWITTER_API_SECRET=hush\n", encoding="utf-8")
    description = wrong(make, "twitter", env_file=file).description
    assert "Did you mean TWITTER_CONSUMER_KEY (set in the environment)?" in description
    assert f"Did you mean TWITTER_API_SECRET (set in {file})?" in description
    file.write_text("TWITTER_CLIENT_SECERT=hush\n", encoding="utf-8")
    assert "client_secret" in wrong(make, "twitter", env_file=file, **KEYS).description


def test_another_name_is_the_beginning_of_other_variables(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETSUITE_EU_ACCOUNT_ID", "1234567_SB1")
    made = make("netsuite", name="netsuite_eu", **KEYS)
    assert made.api_base_url == "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/"
    assert "Use a Python identifier" in wrong(make, "netsuite", name="_eu", **KEYS).description


def test_a_call_without_a_token_names_its_variables(make: Make, function: str) -> None:
    made = make("netsuite", account_id="1234567_SB1", **KEYS)
    with pytest.raises(MissingTokenError) as caught:
        called(made.get("record/v1/customer"))
    assert caught.value.description == (
        "netsuite: an API call needs a token. Set NETSUITE_TOKEN and NETSUITE_TOKEN_SECRET in the environment, or "
        f"pass token= and token_secret= to {function}, or pass a user's token to the call; for a call that is signed "
        "with the client's keys alone pass withhold_token=True."
    )


def test_unknown_and_retired_providers(make: Make) -> None:
    assert "Did you mean `twitter`?" in wrong(make, "twiter", **KEYS).description
    assert isinstance(wrong(make, "twiter", **KEYS), UnknownProviderError)
    assert isinstance(wrong(make, "readability", **KEYS), RetiredProviderError)
    assert make("readability", allow_retired=True, **KEYS).provider.status == "retired"


def test_misspelt_and_foreign_parameters(make: Make, function: str) -> None:
    assert "client_secret" in wrong(make, "twitter", client_id="key", client_secert="hush").description
    error = wrong(make, "twitter", fetch_token=lambda name: None, **KEYS)
    assert f"{function} was given fetch_token, which only the OAuth of a web framework uses." in error.description


def test_hosts_are_checked_as_in_a_registry(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    error = wrong(make, "jira", base_url="https://jira.corp.local", client_id="key", rsa_key="x")
    assert "needs allow_local_hosts=True" in error.description
    monkeypatch.setenv("OAUTH1_CATALOG_ALLOW_LOCAL_HOSTS", "jira.corp.local")
    made = make("oneroster", base_url="https://jira.corp.local", **KEYS)
    assert made.api_base_url.startswith("https://jira.corp.local/")
    with pytest.raises(ConfigurationError, match=r"https://evil\.example is not a host of this provider"):
        called(made.get("https://evil.example/", withhold_token=True))


def test_own_files_are_found_by_the_path_in_the_environment_or_the_file(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_path = Catalog()
    (tmp_path / "twitter.yaml").write_text(
        "schema_version: 1\nname: twitter\nextends: twitter\napi_base_url: https://api.twitter.com/9/\n", "utf-8"
    )
    file = tmp_path / ".env"
    file.write_text(f"OAUTH1_CATALOG_PATH={tmp_path}\n", encoding="utf-8")
    assert make("twitter", **KEYS).api_base_url == "https://api.twitter.com/1.1/"
    assert make("twitter", env_file=file, **KEYS).api_base_url == "https://api.twitter.com/9/"
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(tmp_path))
    assert make("twitter", **KEYS).api_base_url == "https://api.twitter.com/9/"
    with pytest.warns(ConfigurationWarning, match="which is not used"):
        assert make("twitter", catalog=without_path, **KEYS).api_base_url == "https://api.twitter.com/1.1/"


def test_warnings_point_at_the_script(make: Make) -> None:
    with pytest.warns(DeprecatedProviderWarning) as warned:
        make("garmin", **KEYS)
    assert warned[0].filename == __file__
    with pytest.warns(ConfigurationWarning, match="Set DISCOGS_USER_AGENT in the environment, or pass user_agent="):
        make("discogs", **KEYS)


def test_a_request_that_a_framework_serves_does_not_give_it_a_token(make: Make) -> None:
    tokens = RequestTokens()
    tokens.set("twitter", {"oauth_token": "t", "oauth_token_secret": "s"})
    with serving_within(tokens), pytest.raises(MissingTokenError):
        called(make("twitter", **KEYS).get("account/settings.json"))


def test_no_error_shows_a_secret(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("TWITTER_TOKEN_SECRET='canary-file '\n", encoding="utf-8")
    monkeypatch.setenv("TWITTER_TOKEN", "canary-variable")
    secrets = {"client_secret": "canary-secret", "rsa_key": "canary-key", "token": "canary-token"}
    for provider, arguments in (
        ("twitter", {"env_file": file, "client_id": "key", "client_secret": "canary-secret"}),
        ("twitter", {**secrets, "client_secert": "canary-misspelt"}),
        ("twitter", {**secrets, "token_secret": "canary-secret"}),
        ("twiter", {**secrets, "client_id": "key"}),
        ("jira", {**secrets, "client_id": "key", "base_url": "https://jira.example.com"}),
    ):
        report = shown(wrong(make, provider, **arguments))
        assert "canary" not in report, report


def test_it_cannot_be_pickled(make: Make, function: str) -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(make("twitter", **KEYS))
    assert f"Call {function[:-1]}'twitter') in the process that uses it." in str(caught.value)


def test_a_with_block_closes_the_connections(new_emulator: Emulator) -> None:
    keys, token = new_emulator.client("twitter"), new_emulator.issue_token("twitter", user="grace")
    arguments: dict[str, Any] = {
        "catalog": new_emulator.catalog,
        "client_id": keys.client_id,
        "client_secret": keys.client_secret,
        "token": token.oauth_token,
        "token_secret": token.oauth_token_secret,
        "client_kwargs": {"verify": new_emulator.ca_file},
    }
    with client("twitter", **arguments) as twitter:
        closed: list[str] = []
        assert twitter.get("oauth1/echo").json()["user"] == "grace"
        assert twitter.userinfo()["preferred_username"] == "grace"
        close = twitter.pool.close
        twitter.pool.close = lambda: closed.append("sync") or close()  # type: ignore[method-assign]  # recorded

    async def main() -> None:
        async with async_client("twitter", **arguments) as twitter:
            assert (await twitter.get("oauth1/echo")).json()["user"] == "grace"
            assert (await twitter.userinfo())["preferred_username"] == "grace"
            aclose = twitter.pool.aclose

            async def recorded() -> None:
                closed.append("async")
                await aclose()

            twitter.pool.aclose = recorded  # type: ignore[method-assign]  # recorded

    asyncio.run(main())
    assert closed == ["sync", "async"]


WATCHED = {"flask", "django", "starlette", "werkzeug", "fastapi", "sqlalchemy", "click"}


@pytest.mark.parametrize(
    ("program", "others"),
    [
        ("client('twitter', client_id='k', client_secret='s').pool", {"httpx2", "anyio", "asyncio"}),
        ("async_client('twitter', client_id='k', client_secret='s').pool", {"requests", "urllib3"}),
    ],
)
def test_no_framework_is_imported(program: str, others: set[str]) -> None:
    code = (
        "import sys\nfrom oauth1_catalog import async_client, client\n"
        f"{program}\nprint(*(set(sys.modules) & {WATCHED | others!r}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


@pytest.mark.parametrize("made", [client, async_client])
def test_the_traceback_of_a_missing_setting_has_its_message_once(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETSUITE_ACCOUNT_ID", raising=False)
    with pytest.raises(MissingSettingError, match="Set NETSUITE_ACCOUNT_ID") as caught:
        made("netsuite")
    assert "".join(traceback.format_exception(caught.value)).count("netsuite: no account_id") == 1
