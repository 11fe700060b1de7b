"""The table of SQLAlchemy on real databases: what is kept, what is encrypted, and what only one worker may do."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import pytest
import time_machine
from sqlalchemy import UniqueConstraint, create_engine, text, update
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from oauth1_catalog.errors import ConfigurationError, TokenKeyError
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens
from oauth1_catalog.integrations.sqlalchemy_tokens.statements import upsert_statement
from oauth1_catalog.integrations.sqlalchemy_tokens.store import tokens_in
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import Token
from tests.tokens.models import OAuth1Token, TokenOfUUID, token


def test_a_token_comes_back_as_it_was(tokens: Any) -> None:
    given = Token(token(7, screen_name="Ada O'Neil ☃", oauth_session_handle="h"))
    given.expires_at = 1_900_000_000.5
    tokens.save_token("twitter", 7, given)
    found = tokens.find("twitter", 7)
    assert dict(found) == dict(given)
    assert (found.expires_at, found.user, found.version) == (1_900_000_000.5, 7, 1)


def test_one_row_for_each_name_and_user(tokens: Any, engine: Engine) -> None:
    for number in (1, 2):
        tokens.save_token("twitter", 7, token(number))
    tokens.save_token("twitter", 8, token(3))
    tokens.save_token("tumblr", 7, token(4))
    found = [tokens.find(*row) for row in (("twitter", 7), ("twitter", 8), ("tumblr", 7))]
    assert [(each["oauth_token"], each.version) for each in found] == [("token-2", 2), ("token-3", 1), ("token-4", 1)]
    assert tokens.find("tumblr", 8) is None
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM oauth1_token")) == 3


def test_a_store_without_the_model_reads_and_writes_the_same_rows(
    sessions: sessionmaker[Session], engine: Engine, key: str
) -> None:
    """As `oauth1-catalog login` does, which gets the user as a text."""
    user = uuid.uuid4()
    for model, identifier in ((OAuth1Token, 7), (TokenOfUUID, user)):
        of_application: Any = SQLAlchemyTokens(sessions, model, keys=key)
        found: Any = tokens_in(engine, model.__tablename__, keys=key)
        assert found.find("twitter", str(identifier)) is None
        given = Token(token(1))
        given.expires_at = 1_900_000_000.5
        found.save_token("twitter", str(identifier), given)
        assert dict(of_application.find("twitter", identifier)) == token(1)
        assert of_application.find("twitter", identifier).expires_at == 1_900_000_000.5
        of_application.save_token("twitter", identifier, token(2))
        assert dict(found.find("twitter", str(identifier))) == token(2)
        assert found.find("twitter", str(identifier)).version == 2
        with pytest.raises(TokenKeyError):
            tokens_in(engine, model.__tablename__, keys=TokenCipher.new_key()).find("twitter", str(identifier))
    with pytest.raises(ConfigurationError, match="holds whole numbers"):
        tokens_in(engine, "oauth1_token", keys=key).find("twitter", "ada")


def test_the_table_holds_no_secret(tokens: Any, engine: Engine) -> None:
    tokens.save_token("twitter", 7, token(7, oauth_session_handle="handle-7"))
    with engine.connect() as connection:
        row = str(connection.execute(text("SELECT * FROM oauth1_token")).one()._asdict())
    for secret in ("token-7", "secret-7", "handle-7"):
        assert secret not in row
    with Session(engine) as session:
        assert repr(OAuth1Token.find(session, name="twitter", user=7)) == "<OAuth1Token 'twitter' of user 7>"


def test_a_row_that_was_moved_is_no_token(tokens: Any, engine: Engine) -> None:
    """Somebody who writes the table, but has no key, gives Ada's token to Grace, or swaps token and secret."""
    tokens.save_token("twitter", 1, token(1))
    tokens.save_token("twitter", 2, token(2))
    columns = "oauth_token, oauth_token_secret, extra"
    with engine.begin() as connection:
        of_ada = connection.execute(text(f"SELECT {columns} FROM oauth1_token WHERE user_id = 1")).one()._asdict()
        connection.execute(update(OAuth1Token).where(OAuth1Token.user_id == 2).values(of_ada))
    with pytest.raises(TokenKeyError, match=r"twitter: the token of user 2 cannot be read: .*moved") as caught:
        tokens.find("twitter", 2)
    assert caught.value.error == "foreign_token"
    with engine.begin() as connection:
        swapped = {"oauth_token": of_ada["oauth_token_secret"], "oauth_token_secret": of_ada["oauth_token"]}
        connection.execute(update(OAuth1Token).where(OAuth1Token.user_id == 1).values(swapped))
    with pytest.raises(TokenKeyError, match="user 1 cannot be read"):
        tokens.find("twitter", 1)


def test_a_row_read_with_the_wrong_key_is_named(tokens: Any, sessions: sessionmaker[Session], key: str) -> None:
    tokens.save_token("twitter", 7, token(7))
    newer = TokenCipher.new_key()
    with pytest.raises(TokenKeyError, match="twitter: the token of user 7 cannot be read") as caught:
        SQLAlchemyTokens(sessions, OAuth1Token, keys=newer).find("twitter", 7)
    assert key not in str(caught.value)
    assert newer not in str(caught.value)
    both: Any = SQLAlchemyTokens(sessions, OAuth1Token, keys=f"{newer},{key}")
    assert both.find("twitter", 7)["oauth_token"] == "token-7"


def test_an_altered_row_is_an_error(tokens: Any, engine: Engine) -> None:
    tokens.save_token("twitter", 7, token(7))
    with engine.begin() as connection:
        connection.execute(update(OAuth1Token).values(oauth_token_secret="plain text"))
    with pytest.raises(TokenKeyError, match="user 7"):
        tokens.find("twitter", 7)


def test_the_model_in_the_applications_own_session(tokens: Any, sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        OAuth1Token.save_token(session, name="twitter", user=7, token=token(7))
        row = OAuth1Token.find(session, name="twitter", user=7)
        assert row is not None
        assert row.to_token()["oauth_token"] == "token-7"
        session.rollback()
    assert tokens.find("twitter", 7) is None


def test_users_of_another_type(sessions: sessionmaker[Session], key: str) -> None:
    store: Any = SQLAlchemyTokens(sessions, TokenOfUUID, keys=key)
    user = uuid.uuid4()
    store.save_token("twitter", user, token(1))
    assert store.find("twitter", user)["oauth_token"] == "token-1"


def test_delete_only_what_was_rejected(tokens: Any) -> None:
    tokens.save_token("twitter", 7, token(1))
    rejected = tokens.find("twitter", 7)
    tokens.save_token("twitter", 7, token(2))
    tokens.delete_token("twitter", 7, rejected)
    assert tokens.find("twitter", 7)["oauth_token"] == "token-2"
    assert tokens.claim_renewal("twitter", 7, 2, 60)
    tokens.delete_token("twitter", 7, token(2))
    assert tokens.find("twitter", 7) is not None, "it is being renewed"
    tokens.release_renewal("twitter", 7)
    tokens.delete_token("twitter", 7, token(2))
    assert tokens.find("twitter", 7) is None
    tokens.save_token("twitter", 7, token(3))
    tokens.delete_token("twitter", 7)
    assert tokens.find("twitter", 7) is None


def test_one_claims_a_renewal(tokens: Any) -> None:
    tokens.save_token("twitter", 7, token(1))
    assert not tokens.claim_renewal("twitter", 8, 1, 60)
    assert not tokens.claim_renewal("twitter", 7, 2, 60), "another version"
    assert tokens.claim_renewal("twitter", 7, 1, 60)
    assert not tokens.claim_renewal("twitter", 7, 1, 60)
    time.sleep(0.02)
    assert tokens.claim_renewal("twitter", 7, 1, 0.01), "the one before has died"
    tokens.save_token("twitter", 7, token(2))
    assert tokens.claim_renewal("twitter", 7, 2, 60)


@pytest.mark.parametrize("ahead", [3600, 86_400])
def test_a_claim_ends_that_was_made_when_the_clock_was_ahead(tokens: Any, ahead: int) -> None:
    """Its worker has died, and the clock was put right: the others must not wait until it would be that late again."""
    tokens.save_token("twitter", 7, token(1))
    with time_machine.travel(time.time() + ahead):
        assert tokens.claim_renewal("twitter", 7, 1, 60)
        assert not tokens.claim_renewal("twitter", 7, 1, 60), "it is being renewed"
    assert tokens.claim_renewal("twitter", 7, 1, 60)
    assert not tokens.claim_renewal("twitter", 7, 1, 60), "by the second one"


def test_a_claim_of_a_clock_that_is_a_little_ahead_is_kept(tokens: Any) -> None:
    tokens.save_token("twitter", 7, token(1))
    with time_machine.travel(time.time() + 300):
        assert tokens.claim_renewal("twitter", 7, 1, 60)
    assert not tokens.claim_renewal("twitter", 7, 1, 60)
    tokens.delete_token("twitter", 7, token(1))
    assert tokens.find("twitter", 7) is not None


def test_async_sessions(database: str, key: str) -> None:
    if database.startswith("mysql"):
        pytest.skip("pymysql has no async calls")

    async def use() -> None:
        engine = create_async_engine(database.replace("sqlite:", "sqlite+aiosqlite:"))
        sessions = async_sessionmaker(engine)
        store: Any = SQLAlchemyTokens(sessions, OAuth1Token, keys=key)
        assert await store.find("twitter", 7) is None
        await asyncio.gather(*(store.save_token("twitter", 7, token(number)) for number in range(10)))
        found = await store.find("twitter", 7)
        assert found.version == 10
        assert await store.claim_renewal("twitter", 7, 10, 60)
        await store.release_renewal("twitter", 7)
        async with sessions() as session:
            assert isinstance(session, AsyncSession)
            await OAuth1Token.save_token(session, name="twitter", user=7, token=token(11))
            row = await OAuth1Token.find(session, name="twitter", user=7)
            assert row is not None
            assert row.to_token()["oauth_token"] == "token-11"
        await store.delete_token("twitter", 7, found)
        assert await store.find("twitter", 7) is None
        await engine.dispose()

    asyncio.run(use())


class TestAtStart:
    """What is wrong with a store is said when it is made."""

    @pytest.fixture
    def sessions(self) -> Any:
        return sessionmaker(create_engine("sqlite://"))

    @pytest.mark.parametrize("keys", [None, "", " , ", []])
    def test_no_key(self, sessions: Any, keys: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"oauth1-catalog keys new.*OAUTH1_CATALOG_TOKEN_KEYS"):
            SQLAlchemyTokens(sessions, OAuth1Token, keys=keys)

    def test_a_key_that_is_none(self, sessions: Any) -> None:
        with pytest.raises(
            ConfigurationError, match="Key 2 of 2 in OAUTH1_CATALOG_TOKEN_KEYS cannot be used"
        ) as caught:
            SQLAlchemyTokens(sessions, OAuth1Token, keys=[TokenCipher.new_key(), "hunter2"])
        assert "hunter2" not in str(caught.value)

    def test_a_model_that_does_not_fit(self, sessions: Any, key: str) -> None:
        class Base(DeclarativeBase):
            pass

        class NotUnique(OAuth1TokenMixin, Base):
            __tablename__ = "a"
            __table_args__ = ()
            user_id: Mapped[int] = mapped_column()

        class Unique(OAuth1TokenMixin, Base):
            __tablename__ = "b"
            __table_args__ = (UniqueConstraint("user_id", "name"),)
            user_id: Mapped[int] = mapped_column()

        class NoUser(OAuth1TokenMixin, Base):
            __tablename__ = "c"
            __table_args__ = ()

        SQLAlchemyTokens(sessions, Unique, keys=key)
        with pytest.raises(ConfigurationError, match="NotUnique: name and user_id are not unique"):
            SQLAlchemyTokens(sessions, NotUnique, keys=key)
        with pytest.raises(ConfigurationError, match="NoUser: no table with a column user_id"):
            SQLAlchemyTokens(sessions, NoUser, keys=key)
        with pytest.raises(ConfigurationError, match=r"NoUser: the table is encrypted, and it has no keys"):
            NoUser().to_token()


def test_the_statement_of_mysql() -> None:
    """No MySQL is there to run it; its words are looked at."""
    values = {"name": "twitter", "user_id": 7, "version": 1, "created_at": None, "oauth_token": "sealed"}
    words = str(upsert_statement(OAuth1Token.__table__, "mysql", values).compile(dialect=mysql.dialect()))
    assert "ON DUPLICATE KEY UPDATE" in words
    assert "version = (oauth1_token.version + %s)" in words
    assert "created_at = " not in words


def test_a_database_without_upsert() -> None:
    with pytest.raises(ConfigurationError, match="cannot live in oracle"):
        upsert_statement(OAuth1Token.__table__, "oracle", {"name": "twitter"})


def test_two_stores_of_one_table_keep_to_their_keys(tokens: Any, sessions: sessionmaker[Session], key: str) -> None:
    SQLAlchemyTokens(sessions, OAuth1Token, keys=TokenCipher.new_key())
    tokens.save_token("twitter", 7, token(7))
    assert tokens.find("twitter", 7)["oauth_token"] == "token-7"
