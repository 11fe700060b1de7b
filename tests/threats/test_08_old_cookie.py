"""Threat 8: a session cookie from before the callback is put back, to end the same login again."""

from __future__ import annotations

from collections.abc import Callable

import cachelib
import pytest
import time_machine

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application


@pytest.mark.parametrize("kept_in", ["session", "cache"])
def test_one_exchange(make: Callable[..., Application], emulator: Emulator, kept_in: str) -> None:
    app = make(cache=cachelib.SimpleCache() if kept_in == "cache" else None)
    browser = app.browser()
    back = emulator.approve(browser.get("/login").location)
    old = browser.cookies
    assert browser.get(back).status == 200
    for _ in range(5):
        browser.put_back(old)
        assert browser.get(back).json["error"] in {"state_used", "expired_state"}
    other = app.browser()
    other.put_back(old)
    assert other.get(back).json["error"] in {"state_used", "expired_state"}
    assert emulator.journal.count(role="access_token") == 1


def test_a_clock_that_was_ahead(make: Callable[..., Application], emulator: Emulator) -> None:
    """Put right, it does not bring a login back that was ended."""
    app = make()
    browser = app.browser()
    with time_machine.travel(2_000_000_000.0, tick=True):
        back = emulator.approve(browser.get("/login").location)
        old = browser.cookies
        assert browser.get(back).status == 200
    browser.put_back(old)
    assert browser.get(back).json["error"] in {"state_used", "invalid_state"}
    assert emulator.journal.count(role="access_token") == 1


@pytest.mark.parametrize("kept_in", ["session", "cache"])
def test_an_old_cookie_in_another_process(make: Callable[..., Application], emulator: Emulator, kept_in: str) -> None:
    """With a cache, the login has ended for each process; of cookies alone, docs/security.md tells the limit."""
    cache = cachelib.SimpleCache() if kept_in == "cache" else None
    app = make(cache=cache)
    browser = app.browser()
    back = emulator.approve(browser.get("/login").location)
    old = browser.cookies
    assert browser.get(back).status == 200
    app.client.__dict__.pop("temporary", None)  # what a second process has not: the memory of the first
    browser.put_back(old)
    again = browser.get(back).json
    if kept_in == "cache":
        assert again["error"] in {"expired_state", "state_used"}
        assert emulator.journal.count(role="access_token") == 1
    else:
        # Our side cannot know; the provider takes a request token once, and says so.
        assert again["type"] == "TokenRequestDeniedError"
