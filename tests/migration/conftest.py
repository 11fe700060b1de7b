"""A faulty X, a table of tokens on a real database, and the command as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from tests.tokens.conftest import key, mariadb, postgresql  # noqa: F401 - fixtures
from tests.tokens.models import Base, OAuth1Token, OAuth2Token

ROOT = Path(__file__).resolve().parents[2]
REFUSED = 20
"""Every so many users, the table has another secret than X, which refuses that for good."""


class Provider:
    """The process of ``faulty_provider.py``."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.migration.faulty_provider", *arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = self._line()
        self.environment: dict[str, str] = told["environment"]
        self.tokens: list[tuple[str, str]] = told["tokens"]
        self.url: str = told["url"]

    def _line(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def seen(self) -> dict[str, Any]:
        """What it has seen by now."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return dict(self._line())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def provider() -> Iterator[Callable[..., Provider]]:
    started: list[Provider] = []

    def start(*arguments: object) -> Provider:
        started.append(Provider(*map(str, arguments)))
        return started[-1]

    yield start
    for one in started:
        one.close()


class Table:
    """The two tables in a database, and the commands that use them."""

    def __init__(self, url: str, keys: str, environment: dict[str, str]) -> None:
        self.url = url
        self.engine: Engine = create_engine(url)
        Base.metadata.drop_all(self.engine)
        Base.metadata.create_all(self.engine)
        store: Any = SQLAlchemyTokens(sessionmaker(self.engine), OAuth1Token, keys=keys, oauth2_model=OAuth2Token)
        self.store = store
        quick = json.dumps({"token_deadline": 2, "timeout": 2})
        self.environment = {
            **os.environ,
            **environment,
            "DATABASE_URL": url,
            "OAUTH1_CATALOG_TOKEN_KEYS": keys,
            "X_CLIENT_KWARGS": quick,  # so that a lease ends after 14 seconds
        }

    def fill(self, tokens: list[tuple[str, str]], *, refused: int = REFUSED) -> set[str]:
        """Save the tokens; returns the users whose secret is wrong."""
        wrong = set()
        for number, (token, secret) in enumerate(tokens):
            is_wrong = number % refused == refused - 1
            wrong |= {f"user{number}"} if is_wrong else set()
            saved = {"oauth_token": token, "oauth_token_secret": "wrong" if is_wrong else secret}
            self.store.save_token("x", number, saved)
        return wrong

    def start(self, *arguments: str, python: tuple[str, ...] = ("-m", "oauth1_catalog")) -> subprocess.Popen[str]:
        # By chance, one of 1,000 rows fails five times in a row in every twentieth test.
        command = [sys.executable, *python, "migrate", "x", "--attempts", "20", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def rows(self) -> dict[str, OAuth2Token]:
        with Session(self.engine) as session:
            rows = {f"user{row.user_id}": row for row in session.scalars(select(OAuth2Token))}
            session.expunge_all()
            return rows


@pytest.fixture
def table(key: str) -> Iterator[Callable[..., Table]]:  # noqa: F811 - a fixture
    made: list[Table] = []

    def make(url: str, provider: Provider) -> Table:
        made.append(Table(url, key, provider.environment))
        return made[-1]

    yield make
    for one in made:
        one.engine.dispose()
