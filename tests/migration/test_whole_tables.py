"""1,000 tokens at a provider that fails: killed, resumed, by two workers, each row ends as X gave it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.migration.conftest import Provider, Table
from tests.tokens.postgresql_server import PostgreSQLServer

TOKENS = 1_000


def true_ends(provider: Provider, table: Table, wrong: set[str], *, tokens: int = TOKENS) -> dict[str, Any]:
    """Each row is as the provider gave it, and no user was exchanged twice at once."""
    seen, rows = provider.seen(), table.rows()
    assert seen["overlaps"] == {}
    assert len(rows) == tokens
    assert {user for user, row in rows.items() if row.state == "refused"} == wrong
    assert {row.reason for row in rows.values() if row.state == "refused"} <= {"400 invalid_grant"}
    assert {row.state for row in rows.values()} <= {"exchanged", "refused"}
    assert all(row.lease is None for row in rows.values())
    for user, row in rows.items():
        if row.state == "exchanged":
            stored = row.to_token()
            assert stored is not None
            assert stored["access_token"] == seen["given"][user][-1], f"{user} has a pair that a later one ended"
            assert stored["refresh_token"]
        else:
            assert row.access_token is None
    return seen


def summary_of(worker: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = worker.communicate(timeout=600)
    assert "Traceback" not in err, err
    return dict(json.loads(out))


def test_five_kills_and_a_run_to_the_end(
    provider: Callable[..., Provider], table: Callable[..., Table], postgresql: PostgreSQLServer
) -> None:
    """``kill -9`` of the command at five random moments; running it again is all there is to do."""
    seed = os.environ.get("MIGRATION_SEED") or str(random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"MIGRATION_SEED={seed}\n")
    moments = random.Random(seed)
    x = provider(TOKENS, seed)
    rows = table(postgresql.url, x)
    wrong = rows.fill(x.tokens)
    for _ in range(5):
        worker = rows.start()
        asked = sum(x.seen()["asked"].values())
        wait = asked + moments.randrange(20, 150)
        while sum(x.seen()["asked"].values()) < wait:
            assert worker.poll() is None
            time.sleep(0.01)
        time.sleep(moments.random() * 0.02)
        worker.kill()
        worker.communicate()
    killed = {row.state for row in rows.rows().values()}
    assert killed == {"again", "exchanged", "refused"}
    begun = time.monotonic()
    summary = summary_of(rows.start("--json"))
    sys.stdout.write(f"the last run: {summary['asked']} in {time.monotonic() - begun:.1f} s, {summary}\n")
    assert (summary["exchanged"], summary["refused"], summary["again"]) == (TOKENS - len(wrong), len(wrong), 0)
    seen = true_ends(x, rows, wrong)
    assert {"429", "503", "before", "after", "cut"} <= seen["faults"].keys()
    # A refusal is never repeated, unless its answer was lost.
    lost = seen["faults"]["after"] + seen["faults"]["cut"] + 5
    assert sum(seen["refused"].values()) <= len(wrong) + lost
    # The last token of each user is accepted, by the emulator itself.
    (first, *_) = (row.to_token() for row in rows.rows().values() if row.state == "exchanged")
    assert first is not None
    headers = {"Authorization": f"Bearer {first['access_token']}"}
    answer = requests.get(f"{x.url}echo", headers=headers, verify=x.environment["REQUESTS_CA_BUNDLE"], timeout=30)
    assert answer.status_code == 200


@pytest.mark.parametrize("database", ["postgresql", "mariadb", "sqlite"])
def test_two_workers_at_once(
    provider: Callable[..., Provider],
    table: Callable[..., Table],
    database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}" if database == "sqlite" else request.getfixturevalue(database).url
    count = TOKENS if database == "postgresql" else 200
    x = provider(count, "two")
    rows = table(url, x)
    wrong = rows.fill(x.tokens)
    begun = time.monotonic()
    workers = [rows.start("--json") for _ in range(2)]
    summaries = [summary_of(worker) for worker in workers]
    seconds = time.monotonic() - begun
    sys.stdout.write(f"{database}: {count} rows by two workers in {seconds:.1f} s, {count / seconds:.1f} a second\n")
    assert [worker.returncode for worker in workers] == [0, 0]
    assert all(summary["asked"] > count / 10 for summary in summaries)
    assert all(summary["lost"] == 0 for summary in summaries)
    seen = true_ends(x, rows, wrong, tokens=count)
    assert sum(summary["asked"] for summary in summaries) == sum(seen["asked"].values())


def test_a_worker_that_was_stopped_beyond_its_lease_overwrites_nothing(
    provider: Callable[..., Provider], table: Callable[..., Table], postgresql: PostgreSQLServer, tmp_path: Path
) -> None:
    """It is stopped while its request is sent; another worker leases the row when the lease ends."""
    x = provider(1, "stopped", 1.0, "{}")
    rows = table(postgresql.url, x)
    rows.fill(x.tokens, refused=10**6)
    file = tmp_path / "tokens.jsonl"
    first = rows.start("--json", "--output", str(file))
    while not x.seen()["asked"]:
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)
    lease = rows.rows()["user0"].lease
    assert lease
    second = summary_of(rows.start("--json"))  # it waits for the lease to end
    assert (second["asked"], second["exchanged"]) == (1, 1)
    first.send_signal(signal.SIGCONT)
    summary = summary_of(first)
    assert (summary["asked"], summary["lost"]) == (1, 1)
    seen = true_ends(x, rows, set(), tokens=1)
    assert len(seen["given"]["user0"]) == 2
    assert file.read_text(encoding="utf-8") == ""


SKEWED = """
import sys, time, time_machine
from oauth1_catalog.__main__ import main
sys.argv[0] = "oauth1-catalog"
with time_machine.travel(time.time() + {seconds}, tick=True):
    main()
"""


def test_clocks_that_differ_by_an_hour(
    provider: Callable[..., Provider], table: Callable[..., Table], postgresql: PostgreSQLServer
) -> None:
    """The database's clock decides: to no worker, the lease of another one seems to have ended."""
    x = provider(150, "skewed", 0.02)
    rows = table(postgresql.url, x)
    wrong = rows.fill(x.tokens)
    skewed = [("-c", SKEWED.format(seconds=seconds)) for seconds in (-3600, 0, 3600)]
    workers = [rows.start("--json", python=python) for python in skewed]
    summaries = [summary_of(worker) for worker in workers]
    assert all(summary["asked"] > 10 for summary in summaries)
    true_ends(x, rows, wrong, tokens=150)


SLOW = """schema_version: 1
name: x
extends: x
successor: {limit: {requests: 20, seconds: 5}}
"""


def test_workers_keep_to_the_limit_together(
    provider: Callable[..., Provider], table: Callable[..., Table], postgresql: PostgreSQLServer, tmp_path: Path
) -> None:
    """X, which allows 20 exchanges in 5 seconds here, never has to refuse one."""
    (tmp_path / "x.yaml").write_text(SLOW, encoding="utf-8")
    x = provider(45, "paced", 0.0, "{}", tmp_path)
    rows = table(postgresql.url, x)
    rows.fill(x.tokens, refused=10**6)
    begun = time.monotonic()
    summaries = [summary_of(worker) for worker in [rows.start("--json") for _ in range(2)]]
    seconds = time.monotonic() - begun
    sys.stdout.write(f"45 rows at 20 in 5 seconds: {seconds:.1f} s\n")
    seen = true_ends(x, rows, set(), tokens=45)
    assert seen["statuses"] == {"200": 45}
    assert all(summary["asked"] for summary in summaries)
    times = seen["times"]
    assert max(sum(moment <= other < moment + 5 for other in times) for moment in times) <= 20
