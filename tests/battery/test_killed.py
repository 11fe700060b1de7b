"""Redis and PostgreSQL are killed with -9 while users log in, and started again; the site runs on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.battery.deployed import SERVERS, Outcome, Provider, Site, outcomes, report, running_provider, running_site
from tests.many_machines.conftest import SESSION_IN_COOKIE
from tests.many_machines.redis_server import PROGRAM, RedisServer
from tests.tokens.postgresql_server import INITDB, PostgreSQLServer

USERS, AT_ONCE, ATTEMPTS = 300, 30, 100
DEADLINE = 60
"""Seconds after which a site that does not go on hangs."""
CACHE_ERRORS = {"cache_unavailable", "expired_state", "invalid_state", "state_used"}
"""With what docs/errors.md has for a cache that is down, or that has forgotten the logins under way."""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    with RedisServer() as running:
        yield running


@pytest.fixture
def postgresql() -> Iterator[PostgreSQLServer]:
    if INITDB is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgreSQLServer() as running:
        yield running


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "the logins do not go on"
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.parametrize("framework", SERVERS)
def test_kills_while_users_log_in(
    framework: str, provider: Provider, redis: RedisServer, postgresql: PostgreSQLServer
) -> None:
    """Whoever gets an error begins again, as it says: all users come in, and each has the token of the last login."""
    before = provider.ask("/kept")["tokens"]

    def came_in() -> int:
        return sum(len(tokens) for tokens in provider.ask("/kept")["tokens"].values()) - given_before

    given_before = sum(len(tokens) for tokens in before.values())
    options = {"users": USERS, "session_engine": SESSION_IN_COOKIE}
    with running_site(framework, provider, redis, postgresql, **options) as site:
        with site.begin(first=1, logins=USERS, at_once=AT_ONCE, attempts=ATTEMPTS) as crowd:
            wait_for(lambda: came_in() >= USERS // 6)
            redis.stop()
            time.sleep(1)
            redis.start()
            now = came_in()
            wait_for(lambda: came_in() >= now + USERS // 6)
            postgresql.kill()
            time.sleep(1)
            postgresql.start()
            ended = outcomes(crowd)
        check(site, before, ended)
        again = site.crowd(first=1, logins=10, at_once=10)
        assert [one.status for one in again] == [200] * 10


def check(site: Site, before: dict[str, list[list[str]]], ended: list[Outcome]) -> None:
    failed = Counter(one.error for one in ended if one.status != 200)
    report(f"\n{site.framework}: {USERS} users, {len(ended)} logins, of which these failed: {dict(failed)}")
    assert {*failed} <= {*CACHE_ERRORS, "database", "token_not_saved"}
    assert failed["cache_unavailable"] > 0
    assert failed["database"] + failed["token_not_saved"] > 0
    came_in = [one for one in ended if one.status == 200]
    assert sorted(one.user for one in came_in) == [*range(1, USERS + 1)]
    for one in came_in:
        assert one.json["profile"] == one.json["again"] == str(one.json["user"]) == str(one.user)
    kept = site.provider.ask("/kept")
    assert kept["refused"] == []
    stored = site.stored(range(1, USERS + 1))
    for user in range(1, USERS + 1):
        given = kept["tokens"][str(user)][len(before.get(str(user), ())) :]
        assert [*stored[user]] == given[-1]
