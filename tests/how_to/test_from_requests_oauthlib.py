"""The page on requests-oauthlib: both sides of each change do the same, and a token of one is a token of the other."""

from __future__ import annotations

from typing import Any

import pytest

from oauth1_catalog.emulator import Emulator
from tests.docs.conftest import python_blocks
from tests.how_to.conftest import Place

BEFORE_CALL, AFTER_CALL, BEFORE_LOGIN, AFTER_LOGIN = python_blocks("docs/how-to/from-requests-oauthlib.md")


@pytest.fixture
def addresses(place: Place, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What stands in the page, and where the emulator has it."""
    for name, value in place.variables.items():
        monkeypatch.setenv(name, value)
    provider = emulator.catalog.provider("twitter")
    assert provider.request_token_url
    assert provider.authorize_url
    assert provider.access_token_url
    return {
        "https://api.twitter.com/oauth/request_token": provider.request_token_url,
        "https://api.twitter.com/oauth/authenticate": provider.authorize_url,
        "https://api.twitter.com/oauth/access_token": provider.access_token_url,
        "https://api.twitter.com/1.1/": str(provider.api_base_url),
    }


def run(code: str, addresses: dict[str, str]) -> dict[str, Any]:
    for page, emulated in addresses.items():
        code = code.replace(page, emulated)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "from-requests-oauthlib.md", "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize("login", [BEFORE_LOGIN, AFTER_LOGIN], ids=["before", "after"])
@pytest.mark.parametrize("call", [BEFORE_CALL, AFTER_CALL], ids=["before", "after"])
def test_a_token_of_one_is_a_token_of_the_other(
    login: str,
    call: str,
    addresses: dict[str, str],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: emulator.approve(capsys.readouterr().out.strip(), user="grace"))
    token = run(login, addresses)["token"]
    assert token["screen_name"] == "grace"
    monkeypatch.setenv("TWITTER_TOKEN", token["oauth_token"])
    monkeypatch.setenv("TWITTER_TOKEN_SECRET", token["oauth_token_secret"])
    response = run(call, addresses)["response"]
    assert (response.status_code, response.json()["screen_name"]) == (200, "grace")
