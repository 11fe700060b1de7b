"""Threat 13: a user who declines is taken for one who agrees, or somebody else's word for hers."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application

DENIALS = {
    "Twitter": "denied={t}",
    "a problem": "oauth_token={t}&oauth_problem=user_refused",
    "permission": "oauth_token={t}&oauth_problem=permission_denied",
    "both a denial and a verifier": "denied={t}&oauth_verifier={v}",
    "a problem and a verifier": "oauth_token={t}&oauth_verifier={v}&oauth_problem=user_refused",
}


@pytest.mark.parametrize("query", DENIALS.values(), ids=DENIALS.keys())
def test_a_denial_ends_the_login(app: Application, emulator: Emulator, query: str) -> None:
    browser = app.browser()
    back = emulator.approve(browser.get("/login").location)
    fields = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    denied = browser.get("/authorize?" + query.format(t=fields["oauth_token"], v=fields["oauth_verifier"]))
    assert (denied.status, denied.json["type"]) == (400, "AuthorizationDeniedError")
    assert browser.get(back).json["error"] == "invalid_state"
    assert emulator.journal.count(role="access_token") == 0


def test_nobody_else_denies(app: Application, emulator: Emulator) -> None:
    """A stranger's denial, in the victim's browser or in her own, ends nothing of the victim's."""
    victim, stranger = app.browser(), app.browser()
    begun = victim.get("/login").location
    token = parse_qs(urlsplit(begun).query)["oauth_token"][0]
    others = parse_qs(urlsplit(stranger.get("/login").location).query)["oauth_token"][0]
    assert stranger.get(f"/authorize?denied={token}").json["type"] == "AuthorizationDeniedError"
    assert victim.get(f"/authorize?denied={others}").json["type"] == "AuthorizationDeniedError"
    assert victim.get("/authorize?denied=").json["error"] == "missing_request_token"
    assert victim.get(emulator.approve(begun, user="victim")).json["token"]["screen_name"] == "victim"


def test_a_user_who_says_nothing(app: Application, emulator: Emulator) -> None:
    """MediaWiki's and WordPress's cancel leads nowhere: the login ends by itself."""
    browser = app.browser()
    with time_machine.travel(1_900_000_000.0, tick=False) as moment:
        back = emulator.approve(browser.get("/login").location)
        moment.shift(601)
        assert browser.get(back).json["error"] == "expired_state"
    assert emulator.journal.count(role="access_token") == 0
