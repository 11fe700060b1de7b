"""What is done to the token table, each as one statement that no other worker can interrupt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import CursorResult, Insert, Table, delete, or_, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import OAuth2Token
from oauth1_catalog.registry.token_store import CLAIM_SECONDS, CLOCK_TOLERANCE
from oauth1_catalog.registry.token_table import seal_oauth2_token, seal_token
from oauth1_catalog.rfc5849.messages import TokenLike

if TYPE_CHECKING:
    from oauth1_catalog.integrations.sqlalchemy_tokens.model import OAuth1TokenMixin
    from oauth1_catalog.integrations.sqlalchemy_tokens.oauth2_model import OAuth2TokenMixin


def upsert(
    session: Session,
    model: type[OAuth1TokenMixin],
    cipher: TokenCipher,
    *,
    name: str,
    user: object,
    token: TokenLike,
) -> None:
    """Insert the row of a user's token, or put the token into the row that is there."""
    now = datetime.now(UTC)
    user = model.own_user_id(user)
    sealed = seal_token(cipher, model.sealed_table(), name, user, token)
    values = {"name": name, "user_id": user, "version": 1, "created_at": now, "updated_at": now, **sealed}
    table = cast("Table", model.__table__)  # type: ignore[attr-defined]  # a mapped class
    session.execute(upsert_statement(table, session.get_bind(model).dialect.name, values))


def upsert_oauth2(
    session: Session, model: type[OAuth2TokenMixin], cipher: TokenCipher, *, name: str, user: object, token: OAuth2Token
) -> None:
    """Keep a token of OAuth 2.0 in the row of a user, and end a lease of it."""
    now = datetime.now(UTC)
    user = model.own_user_id(user)
    sealed = seal_oauth2_token(cipher, model.sealed_table(), name, user, token)
    done = {"state": "exchanged", "reason": "", "lease": None, "not_before": None}
    values = {"name": name, "user_id": user, "created_at": now, "updated_at": now, **done, **sealed}
    table = cast("Table", model.__table__)  # type: ignore[attr-defined]  # a mapped class
    values = {"attempts": 0, "requests": 0, **values}
    session.execute(upsert_statement(table, session.get_bind(model).dialect.name, values))


def upsert_statement(table: Table, dialect: str, values: dict[str, Any]) -> Insert:
    """``INSERT ... ON CONFLICT DO UPDATE``, in the database's words.

    Args:
        table: with unique ``name`` and ``user_id``.
        dialect: SQLAlchemy's name of the database.
        values: the columns of a new row.

    Raises:
        ConfigurationError: the database has no such statement.
    """
    changed = {key: value for key, value in values.items() if key not in {"name", "user_id", "created_at"}}
    if "version" in table.c:  # of OAuth 1.0: it counts, and a renewal ends
        changed |= {"version": table.c.version + 1, "renewing_since": None}
    if dialect in {"mysql", "mariadb"}:
        return mysql.insert(table).values(values).on_duplicate_key_update(changed)
    conflict = ["name", "user_id"]
    if dialect == "postgresql":
        return postgresql.insert(table).values(values).on_conflict_do_update(index_elements=conflict, set_=changed)
    if dialect == "sqlite":
        return sqlite.insert(table).values(values).on_conflict_do_update(index_elements=conflict, set_=changed)
    raise ConfigurationError(
        description=f"A token table cannot live in {dialect}: it needs INSERT ... ON CONFLICT DO UPDATE, which "
        "PostgreSQL, SQLite, MySQL and MariaDB have.",
        advice="Keep it in one of these, or pass your own TokenStore.",
    )


def remove(session: Session, model: type[OAuth1TokenMixin], *, name: str, user: object, unchanged: str | None) -> None:
    """Delete the row of a user's token.

    Args:
        session: where.
        model: which table.
        name: the client's name.
        user: whose token.
        unchanged: the encrypted token that was read; the row stays if it has another one by now, or is being renewed.
    """
    statement = delete(model).where(*_row(model, name, user))
    if unchanged is not None:
        statement = statement.where(model.oauth_token == unchanged, _unclaimed(model, CLAIM_SECONDS))
    session.execute(statement, execution_options={"synchronize_session": False})


def claim(
    session: Session, model: type[OAuth1TokenMixin], *, name: str, user: object, version: int, seconds: float
) -> bool:
    """Write down that the caller renews the token, unless another worker did so within ``seconds``."""
    statement = (
        update(model)
        .where(*_row(model, name, user), model.version == version, _unclaimed(model, seconds))
        .values(renewing_since=datetime.now(UTC))
    )
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount == 1


def release(session: Session, model: type[OAuth1TokenMixin], *, name: str, user: object) -> None:
    """Nobody renews the token any more."""
    statement = update(model).where(*_row(model, name, user)).values(renewing_since=None)
    session.execute(statement, execution_options={"synchronize_session": False})


def _row(model: type[OAuth1TokenMixin], name: str, user: object) -> tuple[Any, Any]:
    return model.name == name, model.user_id == model.own_user_id(user)  # type: ignore[attr-defined]  # the application declares it


def _unclaimed(model: type[OAuth1TokenMixin], seconds: float) -> Any:  # a condition; SQLAlchemy has no one type for it
    now = datetime.now(UTC)
    stale, impossible = now - timedelta(seconds=seconds), now + timedelta(seconds=CLOCK_TOLERANCE)
    return or_(model.renewing_since.is_(None), model.renewing_since < stale, model.renewing_since > impossible)
