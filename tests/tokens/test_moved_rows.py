"""A row of a token table belongs to its table and its user, however the user's identifier was written."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import String, insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from oauth1_catalog.errors import ConfigurationError, TokenKeyError
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens
from tests.tokens.models import Base, OAuth1Token, TokenOfUUID, token


class AdminToken(OAuth1TokenMixin, Base):
    """A second table of the same application, whose rows mean more."""

    __tablename__ = "oauth1_admin_token"
    user_id: Mapped[int] = mapped_column()


class RenamedToken(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_renamed_token"
    sealed_as = "oauth1_token"
    user_id: Mapped[int] = mapped_column()


class TokenOfText(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token_of_text"
    user_id: Mapped[str] = mapped_column(String(50))


def move(engine: Engine, target: Any) -> None:
    """Copy all rows of the table of tokens into another one, as somebody can who writes the database."""
    source = OAuth1Token.__table__
    columns = [column.name for column in source.columns]
    with engine.begin() as connection:
        connection.execute(insert(target.__table__).from_select(columns, select(source)))


def test_a_row_of_another_table_is_refused(
    engine: Engine, sessions: sessionmaker[Session], tokens: Any, key: str
) -> None:
    tokens.save_token("twitter", 7, token(7))
    move(engine, AdminToken)
    admins: Any = SQLAlchemyTokens(sessions, AdminToken, keys=key)
    with pytest.raises(TokenKeyError, match="sealed for another place") as refused:
        admins.find("twitter", 7)
    assert refused.value.error == "foreign_token"
    with sessions() as session, pytest.raises(TokenKeyError, match="sealed for another place"):
        session.scalars(select(AdminToken)).one().to_token()
    assert dict(tokens.find("twitter", 7)) == token(7)


def test_a_table_that_was_renamed(engine: Engine, sessions: sessionmaker[Session], tokens: Any, key: str) -> None:
    tokens.save_token("twitter", 7, token(7))
    move(engine, RenamedToken)
    renamed: Any = SQLAlchemyTokens(sessions, RenamedToken, keys=key)
    assert dict(renamed.find("twitter", 7)) == token(7)


@pytest.mark.parametrize("user", [7, "7", " 7", "7 ", "+7", "007", 7.0])
def test_one_user_in_many_forms(tokens: Any, sessions: sessionmaker[Session], user: Any) -> None:
    tokens.save_token("twitter", user, token(7))
    assert tokens.find("twitter", 7).user == tokens.find("twitter", user).user == 7
    tokens.save_token("twitter", 7, token(8))
    assert dict(tokens.find("twitter", user)) == token(8)
    with sessions() as session:
        row = OAuth1Token.find(session, name="twitter", user=user)
        assert row is not None
        assert dict(row.to_token()) == token(8)
    assert tokens.claim_renewal("twitter", user, 2, 60)
    tokens.release_renewal("twitter", user)
    tokens.delete_token("twitter", user)
    assert tokens.find("twitter", 7) is None


@pytest.mark.parametrize(
    "user", [7.5, True, False, None, "", "seven", "7.0", "7e0", "0x7", "7_0", "\u0667", b"7", 1e300, []]
)
def test_what_is_no_user_of_a_column_of_whole_numbers(tokens: Any, user: Any) -> None:
    for call in (lambda: tokens.save_token("twitter", user, token(7)), lambda: tokens.find("twitter", user)):
        with pytest.raises(ConfigurationError, match=r"oauth1_token\.user_id holds whole numbers") as refused:
            call()
        assert refused.value.error == "invalid_user"


def test_users_that_are_uuids_or_text(sessions: sessionmaker[Session], key: str, tokens: Any) -> None:
    user = uuid.uuid4()
    of_uuid: Any = SQLAlchemyTokens(sessions, TokenOfUUID, keys=key)
    of_uuid.save_token("twitter", str(user).upper(), token(1))
    assert dict(of_uuid.find("twitter", user)) == token(1)
    with pytest.raises(ConfigurationError, match="holds UUIDs"):
        of_uuid.find("twitter", "7")
    of_text: Any = SQLAlchemyTokens(sessions, TokenOfText, keys=key)
    of_text.save_token("twitter", 7, token(2))
    assert dict(of_text.find("twitter", "7")) == token(2)
    assert of_text.find("twitter", " 7") is None
    with pytest.raises(ConfigurationError, match="holds text"):
        of_text.find("twitter", 7.0)
