"""Threat 7: one callback that comes many times at once is exchanged once, also where the clock is put right."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from oauth1_catalog.errors import StateError
from oauth1_catalog.registry.effects import CacheCall
from oauth1_catalog.registry.temporary import PendingLogin, TemporaryStore
from oauth1_catalog.rfc5849.messages import TemporaryCredentials

KEY, NOW, THREADS, ROUNDS = "a secret key of these tests", 1_700_000_000.0, 200, 20


class Cache:
    """As Redis: each operation is one step, and ``delete`` tells how many were there."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.lock = threading.Lock()

    def do(self, call: CacheCall) -> Any:
        with self.lock:
            if call.operation == "set":
                self.kept[call.key] = call.value
                return True
            return (
                self.kept.get(call.key) if call.operation == "get" else int(self.kept.pop(call.key, None) is not None)
            )


def run(steps: Any, cache: Cache) -> Any:
    answer = None
    try:
        while True:
            answer = cache.do(steps.send(answer))
    except StopIteration as stop:
        return stop.value


def begin(store: TemporaryStore, cache: Cache, token: str, now: float) -> dict[str, Any]:
    session: dict[str, Any] = {}
    login = PendingLogin(TemporaryCredentials(token, "hush"))
    run(store.save(session, login, keys=[KEY], in_cookie=True, now=now), cache)
    return session


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("corrected", [0.0, -3600.0, 3600.0, 59.0])
def test_two_hundred_threads(cached: bool, corrected: float) -> None:
    """Each thread has the browser's old cookie; the clock jumps by ``corrected`` seconds between the callbacks."""
    cache, store = Cache(), TemporaryStore("x", binding=("x",), cached=cached)
    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(ROUNDS):
            session = begin(store, cache, f"t{number}", NOW)
            gate = threading.Barrier(THREADS)

            def end(
                thread: int, session: dict[str, Any] = session, gate: threading.Barrier = gate, n: int = number
            ) -> str:
                gate.wait()
                moment = NOW + 1 if thread % 2 else NOW + 1 + corrected
                try:
                    run(store.take(dict(session), f"t{n}", keys=[KEY], now=moment), cache)
                except StateError as error:
                    return str(error.error)
                return "exchanged"

            outcomes = list(pool.map(end, range(THREADS)))
            # By a clock that is an hour ahead the login took too long; whoever comes first decides.
            assert outcomes.count("exchanged") == 1 or (corrected == 3600.0 and "expired_state" in outcomes)
            assert outcomes.count("exchanged") <= 1
            assert set(outcomes) <= {"exchanged", "state_used", "expired_state"}


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("ahead", [0.0, 60.0, 3600.0, 86_400.0])
def test_an_old_cookie_after_the_clock_was_put_right(cached: bool, ahead: float) -> None:
    """The login was begun and ended while the clock was ahead; by the right time it has not expired yet."""
    cache, store = Cache(), TemporaryStore("x", binding=("x",), cached=cached)
    old = begin(store, cache, "t", NOW + ahead)
    run(store.take(dict(old), "t", keys=[KEY], now=NOW + ahead + 1), cache)
    for later in (2, 30, 599, 3_000, ahead + 599):
        for number in range(20):  # others log in meanwhile, so that what has expired is forgotten
            other = begin(store, cache, f"{later} {number}", NOW + later)
            run(store.take(other, f"{later} {number}", keys=[KEY], now=NOW + later), cache)
        with pytest.raises(StateError) as refused:
            run(store.take(dict(old), "t", keys=[KEY], now=NOW + later), cache)
        assert refused.value.error == "state_used"
