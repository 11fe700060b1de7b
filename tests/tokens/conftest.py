"""A token table on each real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from tests.tokens.mariadb_server import SERVER, MariaDBServer
from tests.tokens.models import Base, OAuth1Token
from tests.tokens.postgresql_server import INITDB, PostgreSQLServer

DATABASES = ("sqlite", "postgresql", "mariadb")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLServer]:
    if INITDB is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgreSQLServer() as running:
        yield running


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDBServer]:
    if SERVER is None:
        pytest.skip("MariaDB is not installed (Debian: apt-get install mariadb-server)")
    with MariaDBServer() as running:
        yield running


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database with the tables."""
    if request.param != "sqlite":
        url: str = request.getfixturevalue(request.param).url
    else:
        url = f"sqlite:///{tmp_path / 'tokens.db'}"
    engine = create_engine(url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = create_engine(database)
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine)


@pytest.fixture
def key() -> str:
    return TokenCipher.new_key()


@pytest.fixture
def tokens(sessions: sessionmaker[Session], key: str) -> Any:  # its methods give no awaitables here
    return SQLAlchemyTokens(sessions, OAuth1Token, keys=key)
