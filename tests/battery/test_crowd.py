"""Many users log in at once at each framework's real server: no login is lost, and nobody gets another's token."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.battery.deployed import MIB, SERVERS, Provider, processes, report, resident, running_provider, running_site
from tests.many_machines.conftest import redis_server  # noqa: F401 - a fixture
from tests.many_machines.redis_server import RedisServer
from tests.tokens.conftest import postgresql  # noqa: F401 - a fixture
from tests.tokens.postgresql_server import PostgreSQLServer

LOGINS = int(os.environ.get("OAUTH1_CATALOG_BATTERY_LOGINS", "100"))
"""``make battery`` has 10,000."""
AT_ONCE = min(200, LOGINS)
MEASURED_FROM = 5000
"""With fewer logins, what a process allocates once is more than what it could lose."""
BOUND = 8 * MIB
"""How much a process may grow while nine tenths of the users log in."""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.mark.parametrize(
    "framework",
    [framework if framework == "flask" else pytest.param(framework, marks=pytest.mark.long) for framework in SERVERS],
)
def test_no_login_is_lost_and_none_is_crossed(
    framework: str,
    provider: Provider,
    redis_server: RedisServer,  # noqa: F811 - the fixture
    postgresql: PostgreSQLServer,  # noqa: F811 - the fixture
) -> None:
    before = provider.ask("/kept")
    with running_site(framework, provider, redis_server, postgresql, users=LOGINS) as site:
        warm, began = LOGINS // 10, time.monotonic()
        ended = site.crowd(first=1, logins=warm, at_once=AT_ONCE)
        assert Counter(one.error for one in ended if one.status != 200) == {}
        sizes = {process: resident(process) for process in processes(ended)}
        ended += site.crowd(first=1 + warm, logins=LOGINS - warm, at_once=AT_ONCE)
        seconds = time.monotonic() - began
        grown = {process: resident(process) - size for process, size in sizes.items()}

    assert Counter(one.error for one in ended if one.status != 200) == {}
    users = range(1, LOGINS + 1)
    assert sorted(one.user for one in ended) == [*users]
    for one in ended:
        assert one.json | {"process": 0} == {
            "user": one.user,
            "profile": str(one.user),
            "again": str(one.user),
            "process": 0,
        }
    assert len(processes(ended)) == 2

    after = provider.ask("/kept")
    assert after["refused"] == []
    assert after["calls"] - before["calls"] == 2 * LOGINS
    assert after["nonces"] - before["nonces"] == 4 * LOGINS
    given = {user: after["tokens"][str(user)][len(before["tokens"].get(str(user), ())) :] for user in users}
    assert {user: [list(token)] for user, token in site.stored(users).items()} == given

    report(f"\n{framework}: {LOGINS} logins, {AT_ONCE} at once, in {seconds:.0f} s: {[*processes(ended).values()]}")
    for process, size in sizes.items():
        report(f"{size / MIB:.1f} MiB after a tenth, then {grown[process] / MIB:+.1f} MiB")
    if LOGINS >= MEASURED_FROM:
        assert max(grown.values()) < BOUND, grown
