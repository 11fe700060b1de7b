"""Threat 9: logins in many tabs of one browser push one another out, or end with one another's token."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import cachelib
import pytest

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application, now

TABS = 50
OPEN = 5
"""How many logins of one browser may be under way: ``PENDING_LOGINS``."""


@pytest.mark.parametrize("kept_in", ["session", "cache"])
def test_fifty_interleaved_logins(make: Callable[..., Application], emulator: Emulator, kept_in: str) -> None:
    app = make(cache=cachelib.SimpleCache() if kept_in == "cache" else None)

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        return {"user": (await now(app.client.authorize_access_token(*request)))["screen_name"]}

    browser, order = app.browser(), random.Random(9)
    waiting: list[tuple[str, str]] = []
    ended, lost, n = 0, 0, 0
    while n < TABS or waiting:
        if n < TABS and (not waiting or order.random() < 0.6):
            user = f"user{n}"
            waiting.append((user, emulator.approve(browser.get("/login").location, user=user)))
            n += 1
            continue
        position = order.randrange(len(waiting))
        user, back = waiting.pop(position)
        answer = browser.get(back)
        if answer.status == 200:
            assert answer.json == {"user": user}
            ended += 1
        else:
            assert answer.json["error"] == "invalid_state"
            lost += 1
        assert all(len(name) + len(value) < 4093 for name, value in browser.cookies.items())
    assert ended + lost == TABS
    assert ended >= OPEN


def test_the_newest_are_kept(app: Application, emulator: Emulator) -> None:
    browser = app.browser()
    backs = [emulator.approve(browser.get("/login").location, user=f"user{n}") for n in range(OPEN + 3)]
    answers = [browser.get(back) for back in backs]
    kept = [answer.status == 200 for answer in answers]
    assert kept == sorted(kept)
    assert kept.count(True) >= 3
    assert [answer.json["token"]["screen_name"] for answer in answers if answer.status == 200] == [
        f"user{n}" for n, is_kept in enumerate(kept) if is_kept
    ]
