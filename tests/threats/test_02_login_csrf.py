"""Threat 2: an attacker's login that the victim's browser is made to end (CVE-2025-68158, CVE-2026-41425)."""

from __future__ import annotations

from collections.abc import Callable

import cachelib
import pytest

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application


@pytest.fixture(params=["session", "cache"])
def shop(request: pytest.FixtureRequest, make: Callable[..., Application]) -> Application:
    return make(cache=cachelib.SimpleCache() if request.param == "cache" else None)


@pytest.mark.parametrize("victim_is", ["new", "in a login of her own", "logged in"])
def test_the_victims_browser_does_not_end_the_attackers_login(
    shop: Application, emulator: Emulator, victim_is: str
) -> None:
    attacker, victim = shop.browser(), shop.browser()
    if victim_is == "logged in":
        assert victim.log_in(emulator, user="victim").status == 200
    own = emulator.approve(victim.get("/login").location, user="victim") if victim_is == "in a login of her own" else ""
    back = emulator.approve(attacker.get("/login").location, user="attacker")
    exchanges = emulator.journal.count(role="access_token")
    for _ in range(2):
        refused = victim.get(back)
        assert (refused.status, refused.json["error"]) == (400, "invalid_state")
    assert emulator.journal.count(role="access_token") == exchanges
    # The attempt ends neither login: each browser ends its own.
    if own:
        assert victim.get(own).json["token"]["screen_name"] == "victim"
    assert attacker.get(back).json["token"]["screen_name"] == "attacker"


def test_an_entry_copied_from_the_attackers_session_is_not_believed_with_another_token(
    shop: Application, emulator: Emulator
) -> None:
    """The attacker plants her whole cookie: then it is her session, and her login; the victim's stays her own."""
    attacker, victim = shop.browser(), shop.browser()
    begun = victim.get("/login").location
    attackers = emulator.approve(attacker.get("/login").location, user="attacker")
    back = emulator.approve(begun, user="victim")
    victim.put_back(attacker.cookies)
    assert victim.get(back).json["error"] == "invalid_state"  # the victim's login is not the attacker's session's
    assert victim.get(attackers).json["token"]["screen_name"] == "attacker"


def test_a_callback_without_any_session(shop: Application, emulator: Emulator) -> None:
    """The cache has the record, and that is not enough."""
    back = emulator.approve(shop.browser().get("/login").location)
    assert shop.browser().get(back).json["error"] == "invalid_state"
    assert emulator.journal.count(role="access_token") == 0
