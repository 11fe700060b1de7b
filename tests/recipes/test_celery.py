"""The task in the real Celery: Redis as its broker, processes that fork, tokens in PostgreSQL."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog import Token
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from tests.many_machines.redis_server import PROGRAM, RedisServer
from tests.recipes.conftest import RECIPES, Place, requirements
from tests.tokens.models import Base, OAuth1Token
from tests.tokens.postgresql_server import INITDB, PostgreSQLServer

SEND = "import celery_task, sys; print(*(celery_task.accounts.delay(int(user)).id for user in sys.argv[1:]))"
RESULTS = """
import celery_task, json, sys
for task in sys.argv[1:]:
    result = celery_task.app.AsyncResult(task)
    value = result.get(timeout=60, propagate=False)
    print(json.dumps([result.state, value if result.state == "SUCCESS" else f"{type(value).__name__}: {value}"]))
"""


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


@pytest.fixture
def sessions(postgresql: PostgreSQLServer) -> Iterator[sessionmaker[Session]]:
    engine = create_engine(postgresql.url)
    Base.metadata.create_all(engine)
    yield sessionmaker(engine)
    engine.dispose()


@pytest.fixture
def here(
    place: Callable[..., Place],
    emulated: Callable[..., dict[str, str]],
    postgresql: PostgreSQLServer,
    redis: RedisServer,
) -> Place:
    variables = {
        **emulated("etrade", token=False),
        "CELERY_BROKER_URL": redis.url,
        "CELERY_RESULT_BACKEND": redis.url,
        "DATABASE_URL": postgresql.url,
        "OAUTH1_CATALOG_TOKEN_KEYS": TokenCipher.new_key(),
    }
    packages = ("celery[redis]>=5.4", "psycopg[binary]", *requirements("sqlalchemy"))
    made = place("celery", *packages, variables=variables)
    shutil.copy(RECIPES / "celery_task.py", made.folder)
    return made


@pytest.fixture
def store(here: Place, sessions: sessionmaker[Session]) -> Any:  # its methods give no awaitables here
    return SQLAlchemyTokens(sessions, OAuth1Token, keys=here.variables["OAUTH1_CATALOG_TOKEN_KEYS"])


@contextmanager
def working(here: Place, log: Path) -> Iterator[None]:
    """A worker with two processes, which ends as ``TERM`` asks it to."""
    command = ["python", "-m", "celery", "-A", "celery_task", "worker", "--pool", "prefork", "-c", "2", "-l", "INFO"]
    worker = here.start(*command, log=log)
    try:
        yield
    finally:
        worker.terminate()
        try:
            status = worker.wait(timeout=60)
        finally:
            worker.kill()
    assert status == 0, log.read_text(encoding="utf-8")


def send(here: Place, *users: int) -> list[str]:
    return here.run("python", "-c", SEND, *users).stdout.split()


def results(here: Place, tasks: list[str]) -> list[tuple[str, Any]]:
    lines = here.run("python", "-c", RESULTS, *tasks).stdout.splitlines()
    return [(state, value) for state, value in map(json.loads, lines)]


def test_two_tasks_find_an_expired_token_and_one_renews_it(
    here: Place, store: Any, redis: RedisServer, emulator: Emulator, tmp_path: Path
) -> None:
    issued = emulator.issue_token("etrade", user="grace")
    store.save_token("etrade", 7, Token(issued.fields))
    emulator.expire_tokens("etrade")
    emulator.latency = 0.3  # so that both see the 401 before one of them has renewed it
    emulator.journal.clear()
    tasks = send(here, 7, 7)
    with redis.client() as client:
        waiting = [json.loads(message) for message in client.lrange("celery", 0, -1)]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in waiting]
    assert [body[:2] for body in bodies] == [[[7], {}]] * 2

    log = tmp_path / "worker.log"
    with working(here, log):
        found = results(here, tasks)
    assert [(state, answer["user"]) for state, answer in found] == [("SUCCESS", "grace")] * 2
    assert emulator.journal.count(role="api", status=401) == 2
    assert emulator.journal.count(role="renew") == 1
    assert store.find("etrade", 7).version == 2
    assert_nothing_secret(here, redis, log, waiting, issued.oauth_token, issued.oauth_token_secret)


def test_a_user_who_has_to_log_in_is_a_failure_that_is_not_repeated(
    here: Place, store: Any, redis: RedisServer, emulator: Emulator, tmp_path: Path
) -> None:
    issued = emulator.issue_token("etrade", user="grace")
    store.save_token("etrade", 7, Token({**issued.fields, "oauth_token": "unknown-token"}))
    log = tmp_path / "worker.log"
    tasks = send(here, 7, 8)
    with working(here, log):
        (refused, unknown) = results(here, tasks)
    assert refused[0] == "FAILURE"
    assert refused[1].startswith("TokenRequestDeniedError: ")
    assert unknown == ("FAILURE", "LoginRequiredError: 8")
    assert emulator.journal.count(role="renew") == 1
    assert_nothing_secret(here, redis, log, [], "unknown-token", issued.oauth_token_secret)


def test_an_outage_is_repeated(here: Place, store: Any, redis: RedisServer, emulator: Emulator, tmp_path: Path) -> None:
    issued = emulator.issue_token("etrade", user="grace")
    store.save_token("etrade", 7, Token(issued.fields))
    emulator.fail_next("api", drop=True, times=2)  # requests repeats a GET on a kept connection that was closed
    with working(here, tmp_path / "worker.log"):
        ((state, answer),) = results(here, send(here, 7))
    assert (state, answer["user"]) == ("SUCCESS", "grace")


def assert_nothing_secret(here: Place, redis: RedisServer, log: Path, waiting: Any, *secrets: str) -> None:
    """Neither the broker, nor the results, nor the worker's log has a secret."""
    with redis.client() as client:
        kept = [(client.get(key) or b"").decode() for key in client.keys("celery-task-meta-*")]
    assert kept
    for text in (*kept, log.read_text(encoding="utf-8"), json.dumps(waiting)):
        for secret in (*secrets, here.variables["ETRADE_CLIENT_SECRET"], here.variables["OAUTH1_CATALOG_TOKEN_KEYS"]):
            assert secret not in text
