"""Twenty processes at one table, a database that is killed, and a token that everybody wants to renew."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.token import Token
from tests.tokens.mariadb_server import SERVER, MariaDBServer
from tests.tokens.models import Base, OAuth1Token, token
from tests.tokens.postgresql_server import INITDB, PostgreSQLServer

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 20
TOKENS = 10_000


def start(count: int, task: str, *arguments: str) -> subprocess.Popen[str]:
    """Start processes that do a task, see ``worker.py``."""
    command = [sys.executable, "-m", "tests.tokens.worker", str(count), task, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def results(workers: subprocess.Popen[str]) -> list[list[str]]:
    """What each process has written at its end."""
    written, _ = workers.communicate(timeout=300)
    return [line.split() for line in written.splitlines()]


@pytest.mark.long
def test_20_processes_save_and_read_10000_tokens(database: str, engine: Engine, key: str) -> None:
    """Each saves its share and tokens that all of them fight for, and reads what it and others have saved."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode=WAL"))
    workers = start(WORKERS, "save_and_read", database, key, str(TOKENS // WORKERS))
    assert results(workers) == [["done"]] * WORKERS
    store: Any = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=key)
    with Session(engine) as session:
        found = {
            row.user_id: dict(row.to_token()) for row in session.scalars(select(OAuth1Token).filter_by(name="twitter"))
        }
    assert found == {user: token(user) for user in range(TOKENS)}
    contended = store.find("contended", 1)
    assert contended.version == WORKERS * 10
    assert dict(contended) == token(int(contended["oauth_token"].removeprefix("token-")))


def durable_server(name: str) -> PostgreSQLServer | MariaDBServer:
    """A server of the test's own, which it may kill."""
    if name == "postgresql":
        if INITDB is None:
            pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        return PostgreSQLServer()
    if SERVER is None:
        pytest.skip("MariaDB is not installed (Debian: apt-get install mariadb-server)")
    return MariaDBServer(durable=True)


@pytest.mark.parametrize("killed", ["postgresql", pytest.param("mariadb", marks=pytest.mark.long)])
def test_what_was_confirmed_survives_a_kill(key: str, killed: str) -> None:
    with durable_server(killed) as server:
        engine = create_engine(server.url)
        Base.metadata.create_all(engine)
        workers = start(4, "save_until_it_fails", server.url, key, "100000")
        while _count(engine) < 300:
            assert workers.poll() is None
            time.sleep(0.02)
        server.kill()
        confirmed = [int(user) for result in results(workers) for user in result]
        engine.dispose()
        server.start()
        store: Any = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=key)
        assert len(confirmed) >= 296, "only what each worker was just saving is in doubt"
        for user in confirmed:
            assert store.find("twitter", user)["oauth_token"] == f"token-{user}"
        store.save_token("twitter", -1, token(1))
        engine.dispose()


def _count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM oauth1_token")) or 0)


@pytest.mark.parametrize("provider", ["yahoo", "etrade"])
def test_workers_renew_at_once(
    database: str, sessions: sessionmaker[Session], key: str, emulator: Emulator, provider: str
) -> None:
    """They have all found that it has ended; the provider is asked once, and all go on with its answer."""
    emulator.catalog.provider(provider)  # from now on it is played
    client = emulator.client(provider)
    issued = emulator.issue_token(provider)
    store: Any = SQLAlchemyTokens(sessions, OAuth1Token, keys=key)
    store.save_token(provider, 7, Token(issued.fields))
    emulator.expire_tokens(provider)
    emulator.latency = 0.3
    where = (emulator.origins.secure, emulator.origins.consent, emulator.ca_file)
    keys = (client.client_id, client.client_secret)
    renewed = results(start(6, "renew", database, key, provider, *where, *keys))
    assert emulator.journal.count(role="renew") == 1
    stored = store.find(provider, 7)["oauth_token"]
    assert renewed == [[stored, "2"]] * 6
    assert (stored == issued.oauth_token) is (provider == "etrade")
