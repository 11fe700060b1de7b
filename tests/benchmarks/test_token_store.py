"""From a request to its user's token: what a table of tokens costs for each API call.

The limit is a table of one's own without encryption, asked in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from oauth1_catalog.integrations.flask_client import OAuth
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from tests.benchmarks.conftest import LIMIT, OURS, Row
from tests.tokens.postgresql_server import INITDB, PostgreSQLServer

USERS = 1_000
BATCH = 50
ROWS = {kind: Row(f"`fetch_token` from {kind}, for one API call", slower=2.5) for kind in ("SQLite", "PostgreSQL")}


class Base(DeclarativeBase):
    pass


class OAuth1Token(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token"
    user_id: Mapped[int] = mapped_column()


class PlainToken(Base):
    __tablename__ = "plain_token"
    name: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    oauth_token: Mapped[str] = mapped_column()
    oauth_token_secret: Mapped[str] = mapped_column()

    def to_token(self) -> dict[str, str]:
        return {"oauth_token": self.oauth_token, "oauth_token_secret": self.oauth_token_secret}


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    found = {"SQLite": f"sqlite:///{tmp_path_factory.mktemp('tokens') / 'tokens.db'}"}
    if INITDB is None:
        yield found
        return
    with PostgreSQLServer() as server:
        yield {**found, "PostgreSQL": server.url}


@pytest.fixture(scope="module")
def tables(urls: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A full table on each database, with the key of ours."""
    key = TokenCipher.new_key()
    made = {}
    for kind, url in urls.items():
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=key)
        with Session(engine) as session, session.begin():
            for user in range(USERS):
                token = {"oauth_token": f"{user}-" + "t" * 40, "oauth_token_secret": "s" * 45}
                OAuth1Token.save_token(session, name="twitter", user=user, token={**token, "screen_name": "ada"})
                session.add(PlainToken(name="twitter", user_id=user, **token))
        made[kind] = (engine, key)
    yield made
    for engine, _ in made.values():
        engine.dispose()


@pytest.mark.parametrize(("kind", "contender"), [(kind, name) for kind, row in ROWS.items() for name in row.contenders])
def test_fetch_token(turn, kind, contender, measure, tables):
    if kind not in tables:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    engine, key = tables[kind]
    sessions = sessionmaker(engine)
    users = range(0, USERS, USERS // BATCH)

    def plain(user):
        with sessions() as session, session.begin():
            wanted = select(PlainToken).where(PlainToken.name == "twitter", PlainToken.user_id == user)
            return session.scalars(wanted).one().to_token()

    app = Flask(__name__)
    tokens = SQLAlchemyTokens(sessions, OAuth1Token, keys=key, user=lambda request: request)
    oauth = OAuth(app, token_store=tokens)
    client = oauth.register_from_catalog("twitter", client_id="i", client_secret="s")
    fetch = {OURS: client._fetched_token, LIMIT: plain}[contender]  # private: what a call does before it is sent
    assert fetch(7)["oauth_token"].startswith("7-")
    measure(ROWS[kind], contender, lambda: [fetch(user) for user in users], operations=BATCH, rounds=10)
