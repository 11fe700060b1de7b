"""Any order of what browsers, attackers and operators do: a login ends once, in its browser, with its own secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from oauth1_catalog.errors import StateError
from oauth1_catalog.registry.temporary import PendingLogin, TemporaryStore
from oauth1_catalog.rfc5849.messages import TemporaryCredentials
from tests.registry.caches import RedisLike, cookie, drive

CLIENTS = ["a", "b", "a_b"]
KEYS = ["secret key"]
LIFETIME = 600


@dataclass
class Begun:
    browser: int
    client: str
    token: str
    secret: str
    expires: float
    ended: bool = False


class Logins(RuleBasedStateMachine):
    """Three browsers, three clients; sessions in cookies, with or without a cache for the records."""

    logins = Bundle("logins")
    jars_before = Bundle("jars_before")

    @initialize(cached=st.booleans())
    def begin(self, cached: bool) -> None:
        self.cache = RedisLike() if cached else None
        self.jars: list[dict[str, Any]] = [{}, {}, {}]
        self.now = 1_800_000_000.0
        self.begun: list[Begun] = []
        self.restarted = False
        self.restart()
        self.restarted = False

    @rule()
    def restart(self) -> None:
        """New processes: what is in memory is gone."""
        self.stores = {
            name: TemporaryStore(name, binding=(name,), cached=self.cache is not None, lifetime=LIFETIME)
            for name in CLIENTS
        }
        self.restarted = True

    @rule(target=logins, browser=st.integers(0, 2), client=st.sampled_from(CLIENTS), same=st.booleans())
    def start(self, browser: int, client: str, same: bool) -> Begun:
        number = len(self.begun)
        # Providers do not know of each other: their request tokens may be equal.
        taken = {(login.client, login.token) for login in self.begun}
        token = "b_t" if same and (client, "b_t") not in taken else f"t{number}"
        login = Begun(browser, client, token, f"secret{number}", self.now + LIFETIME)
        pending = PendingLogin(TemporaryCredentials(token, login.secret), state_data={"n": number})
        jar = self.jars[browser]
        drive(self.stores[client].save(jar, pending, keys=KEYS, in_cookie=True, now=self.now), self.cache)
        self.begun.append(login)
        self.now += 0.001
        return login

    def take(self, browser: int, client: str, token: str) -> PendingLogin | None:
        jar = cookie(self.jars[browser])
        try:
            back = drive(self.stores[client].take(jar, token, keys=KEYS, now=self.now), self.cache)
        except StateError:
            back = None
        self.jars[browser] = jar
        return back

    @rule(login=logins, browser=st.integers(0, 2), client=st.sampled_from(CLIENTS), suffix=st.sampled_from(["", "x"]))
    def call_back(self, login: Begun, browser: int, client: str, suffix: str) -> None:
        """Right, replayed, foreign or mutated: as it happens."""
        self.judge(browser, client, login.token + suffix)

    @rule(login=logins)
    def call_back_rightly(self, login: Begun) -> None:
        self.judge(login.browser, login.client, login.token)

    def judge(self, browser: int, client: str, token: str) -> None:
        entry = self.jars[browser].get(f"_state_{client}_{token}")
        there = isinstance(entry, dict) and entry["client"] == client
        if there and self.cache is not None:
            # private: taking it would change what is tested
            there = self.stores[client]._cache_key(token, entry["handle"]) in self.cache.kept
        login = next((one for one in self.begun if (one.client, one.token) == (client, token)), None)
        back = self.take(browser, client, token)
        if back is not None:
            assert login is not None
            assert login.browser == browser
            assert back.temporary.oauth_token_secret == login.secret
            assert self.now <= login.expires
            # Rule: once. Only a cookie that was kept, put back after all processes were new, could do it again.
            assert not login.ended or (self.cache is None and self.restarted)
            login.ended = True
        elif login is not None and there and not login.ended:
            assert login.browser != browser or self.now > login.expires

    @rule(login=logins)
    def deny(self, login: Begun) -> None:
        drive(self.stores[login.client].discard(self.jars[login.browser], login.token), self.cache)

    @rule(target=jars_before, browser=st.integers(0, 2))
    def keep_cookie(self, browser: int) -> tuple[int, dict[str, Any]]:
        return browser, cookie(self.jars[browser])

    @rule(kept=jars_before)
    def put_cookie_back(self, kept: tuple[int, dict[str, Any]]) -> None:
        self.jars[kept[0]] = cookie(kept[1])

    @rule(seconds=st.sampled_from([1, 60, 599, 601, 100_000]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def flush_cache(self) -> None:
        if self.cache is not None:
            self.cache.kept.clear()

    @invariant()
    def sessions_stay_small(self) -> None:
        for jar in getattr(self, "jars", ()):
            for client in CLIENTS:
                assert sum(entry["client"] == client for entry in jar.values()) <= 5
            assert all("secret" not in str(entry) for entry in jar.values())


Logins.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLogins = Logins.TestCase
