"""Threat 1: an attacker begins a login, a victim agrees to it, and the attacker ends it (oauth.net advisory 2009-1)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from oauth1_catalog import Catalog
from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError, ConfigurationNotice, ConfigurationWarning
from tests.integrations.applications import REDIRECT_URI, Application, now, through

CATALOG = Catalog()
FILES = {name: CATALOG.file(name) for name in CATALOG.names()}
LOGINS = {name: file for name, file in FILES.items() if "redirect" in file.flows and file.status != "retired"}
WITHOUT_VERIFIER = sorted(name for name, file in LOGINS.items() if file.callback.verifier == "none")
UNSURE = sorted(name for name, file in LOGINS.items() if file.callback.verifier == "optional")
KEYS = {"client_id": "k", "client_secret": "s"}


def quiet(register: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConfigurationWarning)
        return register(*args, **kwargs)


REFUSED = {
    "absent": "",
    "empty": "&oauth_callback_confirmed=",
    "blank": "&oauth_callback_confirmed=%20",
    "false": "&oauth_callback_confirmed=false",
    "False": "&oauth_callback_confirmed=False",
    "0": "&oauth_callback_confirmed=0",
    "no": "&oauth_callback_confirmed=no",
    "twice": "&oauth_callback_confirmed=true&oauth_callback_confirmed=true",
    "both": "&oauth_callback_confirmed=true&oauth_callback_confirmed=false",
    "another name": "&callback_confirmed=true",
}
ACCEPTED = {  # servers that follow RFC 5849 write these, too
    "true": "&oauth_callback_confirmed=true",
    "True": "&oauth_callback_confirmed=True",
    "a blank before it": "&oauth_callback_confirmed=%20true",
    "1": "&oauth_callback_confirmed=1",
}


@pytest.mark.parametrize("confirmation", REFUSED)
def test_an_answer_that_does_not_confirm_the_callback(app: Application, emulator: Emulator, confirmation: str) -> None:
    body = "oauth_token=fixated&oauth_token_secret=s" + REFUSED[confirmation]
    emulator.fail_next("request_token", status=200, body=body)
    answer = app.browser().get("/login")
    assert answer.status == 400
    assert answer.json["type"] == "TokenResponseError"


@pytest.mark.parametrize("confirmation", ACCEPTED)
def test_an_answer_that_does(app: Application, emulator: Emulator, confirmation: str) -> None:
    body = "oauth_token=fine&oauth_token_secret=s" + ACCEPTED[confirmation]
    emulator.fail_next("request_token", status=200, body=body)
    assert "oauth_token=fine" in app.browser().get("/login").location


def attack(app: Application, emulator: Emulator, callback: str) -> Any:
    """The attacker's browser begins, the victim agrees in another one, and the attacker types a callback."""
    attacker = app.browser()
    consent = attacker.get("/login").location
    victims = emulator.approve(consent, user="victim")
    assert app.browser().get(victims).json["error"] == "invalid_state"  # the victim's own browser gets nothing
    (token,) = parse_qs(urlsplit(consent).query)["oauth_token"]
    return attacker.get(callback.format(token=token))


@pytest.mark.parametrize(
    "callback",
    [
        "/authorize?oauth_token={token}",
        "/authorize?oauth_token={token}&oauth_verifier=",
        "/authorize?oauth_token={token}&oauth_verifier=guessed",
        "/authorize?oauth_token={token}&oauth_verifier=1&oauth_verifier=2",
    ],
)
def test_the_attack_fails_where_there_is_a_verifier(app: Application, emulator: Emulator, callback: str) -> None:
    answer = attack(app, emulator, callback)
    assert answer.status == 400
    assert "token" not in answer.json


@pytest.mark.parametrize("callback", ["?oauth_token={token}", "?oauth_token={token}&oauth_verifier=0000000"])
def test_a_denied_oob_still_needs_the_verifier(
    make: Callable[..., Application], emulator: Emulator, callback: str
) -> None:
    """E*TRADE answers ``false`` for a key without a callback; only the victim's browser shows the verifier."""
    app = TestWithoutVerifier().site(make, "etrade", emulator)

    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request))

    attacker = app.browser()
    consent = attacker.get("/login").location
    (token,) = parse_qs(urlsplit(consent).query)["token"]
    pin = emulator.approve(consent, user="victim")
    assert pin.isdigit()
    answer = attacker.get("/authorize" + callback.format(token=token))
    assert (answer.status, "name" in answer.json) == (400, False)


class TestWithoutVerifier:
    def site(self, make: Callable[..., Application], name: str, emulator: Emulator, **more: Any) -> Application:
        client = emulator.client(name)
        app = make(register=False, config={})
        app.name = name
        keys = {"client_id": client.client_id, "client_secret": client.client_secret}
        quiet(app.oauth.register_from_catalog, name, **keys, **more)

        @app.view("/authorize")
        async def authorize(app: Application, *request: Any) -> Any:
            token = await now(app.client.authorize_access_token(*request))
            return {"name": (await now(app.client.userinfo(token=token)))["sub"]}

        return app

    def test_the_catalog_has_some(self) -> None:
        assert {"fanfou", "goodreads", "launchpad", "schoology", "seven_digital", "tripit"} <= set(WITHOUT_VERIFIER)
        assert {"telldus", "totvs_fluig"} <= set(UNSURE)

    @pytest.mark.parametrize("name", WITHOUT_VERIFIER)
    def test_no_login_without_the_word(self, name: str, registry: Callable[..., Any]) -> None:
        """Registration refuses it where a login is all that the provider has; elsewhere the login does."""
        oauth = registry(insecure_transport=True)
        if LOGINS[name].flows == ("redirect",):
            with pytest.raises(ConfigurationError) as caught:
                oauth.register_from_catalog(name, **KEYS)
        else:
            client = oauth.register_from_catalog(name, **KEYS)
            with pytest.raises(ConfigurationError) as caught:
                through(now(client.create_authorization_url(REDIRECT_URI)))
        assert caught.value.error == "session_fixation"
        for words in (f"{name}: ", "oauth.net advisory 2009-1", "allow_session_fixation=True", "docs/security.md"):
            assert words in caught.value.description

    @pytest.mark.parametrize("name", WITHOUT_VERIFIER)
    def test_with_it_a_warning(self, name: str, registry: Callable[..., Any]) -> None:
        oauth = registry(insecure_transport=True)
        with pytest.warns(ConfigurationWarning, match=f"{name}: .*can be fixated") as told:
            oauth.register_from_catalog(name, allow_session_fixation=True, **KEYS)
        assert len(told) == 1
        (notice,) = oauth.check()
        assert isinstance(notice, ConfigurationNotice)
        assert (notice.error, notice.severity, notice.provider) == ("session_fixation_allowed", "warning", name)

    def test_the_word_can_come_from_the_configuration(self, registry: Callable[..., Any]) -> None:
        for value in (True, "true", "1"):
            oauth = registry({"tripit": {**KEYS, "allow_session_fixation": value}})
            assert quiet(oauth.register_from_catalog, "tripit").allow_session_fixation
        for value in (False, "false", "0", "off"):
            oauth = registry({"tripit": {**KEYS, "allow_session_fixation": value}})
            with pytest.raises(ConfigurationError, match="session_fixation"):
                oauth.register_from_catalog("tripit")

    def test_a_token_of_the_console_needs_no_word(self, registry: Callable[..., Any]) -> None:
        oauth = registry()
        client = oauth.register_from_catalog("tripit", token="t", token_secret="s", **KEYS)
        assert oauth.check() == []
        with pytest.raises(ConfigurationError, match="session_fixation"):
            through(now(client.create_authorization_url(REDIRECT_URI)))

    def test_what_the_word_accepts(self, make: Callable[..., Application], emulator: Emulator) -> None:
        """The attack works then, so that nobody takes the argument for harmless."""
        app = self.site(make, "tripit", emulator, allow_session_fixation=True)
        honest = app.browser().log_in(emulator, user="victim").json
        assert attack(app, emulator, "/authorize?oauth_token={token}").json == honest

    @pytest.mark.parametrize("callback", ["{path}", "{path}&oauth_verifier=made-up"])
    def test_a_file_that_leaves_it_open_is_held_to_the_verifier(
        self, make: Callable[..., Application], emulator: Emulator, callback: str
    ) -> None:
        app = self.site(make, "telldus", emulator)
        answer = attack(app, emulator, callback.format(path="/authorize?oauth_token={token}"))
        assert answer.json["error"] in {"missing_verifier", "fetch_token_denied"}
        assert app.browser().log_in(emulator).status == 200

    def test_and_to_the_confirmation(self, make: Callable[..., Application], emulator: Emulator) -> None:
        """A server of OAuth Core 1.0 reads no verifier, so that one that is made up would pass."""
        body = "oauth_token=fixated&oauth_token_secret=s"
        app = self.site(make, "telldus", emulator)
        emulator.fail_next("request_token", status=200, body=body)
        error = app.browser().get("/login").json
        assert error["error"] == "callback_not_confirmed"
        assert "allow_session_fixation=True" in error["description"]
        app = self.site(make, "telldus", emulator, allow_session_fixation=True)
        emulator.fail_next("request_token", status=200, body=body)
        assert app.browser().get("/login").status == 302

    def test_no_other_provider_is_touched(self, registry: Callable[..., Any]) -> None:
        for name in ("twitter", "flickr", "discogs", "trello"):
            oauth = registry()
            quiet(oauth.register_from_catalog, name, **KEYS)
            assert not [found for found in oauth.check() if "fixation" in found.error]

    @pytest.mark.parametrize("options", [[], ["--resolved"]])
    def test_show_explains_it(self, options: list[str]) -> None:
        for name in ("tripit", "telldus"):
            shown = " ".join(CliRunner().invoke(cli, ["show", name, *options]).output.replace("\n#", "\n").split())
            assert "allow_session_fixation=True" in shown
            assert "oauth.net advisory 2009-1" in shown
        assert "fixation" not in CliRunner().invoke(cli, ["show", "twitter", *options]).output
