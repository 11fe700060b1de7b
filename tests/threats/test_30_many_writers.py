"""Threat 30: a hundred writers at one token table leave one whole row for each user, on each real database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from tests.tokens.conftest import database, key, mariadb, postgresql  # noqa: F401 - fixtures
from tests.tokens.models import OAuth1Token, token

WRITERS = 100


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:  # noqa: F811 - the fixture
    options: dict[str, Any] = {"pool_size": WRITERS}
    if database.startswith("sqlite"):
        options["connect_args"] = {"timeout": 120}
    made = create_engine(database, **options)
    yield made
    made.dispose()


def test_a_hundred_writers(engine: Engine, key: str) -> None:  # noqa: F811 - the fixture
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode=WAL"))
    store: Any = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=key)
    gate, failed = threading.Barrier(WRITERS), []

    def write(number: int) -> None:
        gate.wait()
        try:
            store.save_token("twitter", 7, token(number))
            store.save_token("twitter", 1000 + number, token(number))
            store.save_token("jira", 7, token(-number))
            found = store.find("twitter", 7)
            own = int(found["oauth_token"].removeprefix("token-"))
            assert dict(found) == token(own), "two writers' columns in one row"
        except Exception as error:
            failed.append(f"{type(error).__name__}: {error}"[:300])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with Session(engine) as session:
        rows = {(row.name, row.user_id): row for row in session.scalars(select(OAuth1Token))}
        assert len(rows) == 2 + WRITERS
        for number in range(WRITERS):
            assert dict(rows["twitter", 1000 + number].to_token()) == token(number)
    contended = store.find("twitter", 7)
    assert contended.version == WRITERS
    assert store.find("jira", 7).version == WRITERS
    # One of all of them is the first to renew.
    claimed = []
    gate = threading.Barrier(WRITERS)

    def claim() -> None:
        gate.wait()
        claimed.append(store.claim_renewal("twitter", 7, WRITERS, 60))

    threads = [threading.Thread(target=claim) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert claimed.count(True) == 1
    assert len(claimed) == WRITERS
