"""Threat 29: the cache fails at each step, forgets, or answers nonsense: an error of ours, and nothing kept elsewhere.

``tests/many_machines/test_logins.py`` stops and restarts a real Redis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application

OPERATIONS = ["set", "get", "delete"]


class Failing:
    """A cache of which one operation fails, from a moment on."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.failing: dict[str, Any] = {}

    def _perform(self, operation: str, do: Callable[[], Any]) -> Any:
        if operation in self.failing:
            how = self.failing[operation]
            if isinstance(how, Exception):
                raise how
            return how
        return do()

    def get(self, key: str) -> Any:
        return self._perform("get", lambda: self.kept.get(key))

    def set(self, key: str, value: Any, seconds: int) -> Any:
        return self._perform("set", lambda: self.kept.__setitem__(key, value))

    def delete(self, key: str) -> Any:
        return self._perform("delete", lambda: self.kept.pop(key, None) is not None)


@pytest.fixture
def cache() -> Failing:
    return Failing()


@pytest.fixture
def shop(make: Callable[..., Application], cache: Failing) -> Application:
    return make(cache=cache)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("error", [ConnectionError("redis://:canary@host"), TimeoutError(), ValueError("canary")])
def test_a_cache_that_raises_ends_the_login(
    shop: Application, cache: Failing, emulator: Emulator, operation: str, error: Exception
) -> None:
    browser = shop.browser()
    if operation != "set":
        back = emulator.approve(browser.get("/login").location)
    cache.failing[operation] = error
    answer = browser.get("/login") if operation == "set" else browser.get(back)
    assert (answer.status, answer.json["type"]) == (400, "CacheError")
    assert "canary" not in answer.text
    assert emulator.journal.count(role="access_token") == 0
    # When it is back, a new login ends well; nothing was kept in the session instead.
    cache.failing.clear()
    assert browser.log_in(emulator, user="grace").json["token"]["screen_name"] == "grace"


def test_it_keeps_nothing(shop: Application, cache: Failing, emulator: Emulator) -> None:
    cache.failing["set"] = False
    assert shop.browser().get("/login").json["type"] == "CacheError"


@pytest.mark.parametrize("answer", [None, "", b"", "nonsense", b"\x80\x04K\x01.", 7, "{}", {"data": {}}])
def test_it_forgets_or_answers_nonsense(shop: Application, cache: Failing, emulator: Emulator, answer: object) -> None:
    browser = shop.browser()
    back = emulator.approve(browser.get("/login").location)
    cache.failing["get"] = answer
    refused = browser.get(back).json
    assert refused["type"] in {"StateError", "ExpiredStateError"}
    assert "log in again" in refused["description"]
    assert emulator.journal.count(role="access_token") == 0


def test_it_was_emptied(shop: Application, cache: Failing, emulator: Emulator) -> None:
    browser = shop.browser()
    back = emulator.approve(browser.get("/login").location)
    cache.kept.clear()
    assert browser.get(back).json["error"] == "expired_state"
