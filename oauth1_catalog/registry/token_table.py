"""A token as a row of a token table: what is encrypted, what stands beside it in the clear, and the way back.

Both tables of this package, Django's and SQLAlchemy's, have these columns: ``name``, ``user_id``, ``oauth_token``,
``oauth_token_secret``, ``extra``, ``key_id``, ``version``, ``created_at``, ``updated_at``, ``expires_at`` and
``renewing_since``. The second three are encrypted. In a table of OAuth 2.0 tokens, these are ``access_token``,
``refresh_token`` and ``extra``; ``registry/migration.py`` describes its other columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypedDict

from oauth1_catalog.errors import TokenKeyError
from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.rfc5849.messages import TokenLike, token_fields

SEALED = ("oauth_token", "oauth_token_secret", "extra")
"""The columns that are encrypted."""

OAUTH2_SEALED = ("access_token", "refresh_token", "extra")
"""The columns that are encrypted in a table of OAuth 2.0 tokens. They are empty until there is a token."""


class SealedColumns(TypedDict):
    """What a token makes of a row."""

    oauth_token: str
    oauth_token_secret: str
    extra: str
    key_id: str
    expires_at: datetime | None


class TokenRow(Protocol):
    """The columns that ``open_row`` reads."""

    name: str
    oauth_token: str
    oauth_token_secret: str
    extra: str
    version: int
    expires_at: datetime | None


def seal_token(cipher: TokenCipher, table: str, name: str, user: object, token: TokenLike) -> SealedColumns:
    """The columns of a row of ``table`` that keeps ``token`` for the client ``name`` and ``user``.

    Raises:
        MissingTokenError: it holds no ``oauth_token``.
    """
    fields = dict(token_fields(token, provider=name))
    values = {
        "oauth_token": fields.pop("oauth_token"),
        "oauth_token_secret": fields.pop("oauth_token_secret", "") or "",
        "extra": json.dumps(fields),
    }
    sealed = _sealed(cipher, values, table, name, user)
    ends = token.expires_at if isinstance(token, Token) else None
    return SealedColumns(
        oauth_token=sealed["oauth_token"],
        oauth_token_secret=sealed["oauth_token_secret"],
        extra=sealed["extra"],
        key_id=cipher.key_id,
        expires_at=_moment(ends),
    )


def open_row(cipher: TokenCipher, table: str, row: TokenRow, user: object) -> Token:
    """The token that a row of ``table`` keeps for ``user``.

    Raises:
        TokenKeyError: the row was sealed with another key or for another row; the message names it.
    """
    values = _opened(cipher, SEALED, table, row, user)
    extra: Mapping[str, str] = json.loads(values.pop("extra"))
    token = Token({**values, **extra})
    token.user = user
    token.version = row.version
    token.expires_at = _seconds(row.expires_at)
    return token


class SealedOAuth2Columns(TypedDict):
    """What an OAuth 2.0 token makes of a row."""

    access_token: str
    refresh_token: str
    extra: str
    key_id: str
    expires_at: datetime | None


class OAuth2Row(Protocol):
    """The columns that ``open_oauth2_row`` reads."""

    name: str
    access_token: str | None
    refresh_token: str | None
    extra: str | None
    expires_at: datetime | None


def seal_oauth2_token(
    cipher: TokenCipher, table: str, name: str, user: object, token: OAuth2Token
) -> SealedOAuth2Columns:
    """The columns of a row of ``table`` that keeps ``token`` for the client ``name`` and ``user``.

    Args:
        cipher: the keys.
        table: the table's name, which is encrypted with each value, so that no other table's row takes its place.
        name: the client's name.
        user: whose token.
        token: with its ``access_token``.
    """
    fields = MaskedMapping(token)
    values = MaskedMapping(access_token=fields.pop("access_token"), refresh_token=fields.pop("refresh_token", ""))
    values["extra"] = json.dumps(fields)
    sealed = _sealed(cipher, values, table, name, user)
    return SealedOAuth2Columns(
        access_token=sealed["access_token"],
        refresh_token=sealed["refresh_token"],
        extra=sealed["extra"],
        key_id=cipher.key_id,
        expires_at=_moment(token.expires_at),
    )


def open_oauth2_row(cipher: TokenCipher, table: str, row: OAuth2Row, user: object) -> OAuth2Token | None:
    """The OAuth 2.0 token that a row of ``table`` keeps for ``user``; ``None`` if it has none (yet).

    Raises:
        TokenKeyError: the row was sealed with another key or for another row; the message names it.
    """
    if row.access_token is None:
        return None
    values = _opened(cipher, OAUTH2_SEALED, table, row, user)
    extra: Mapping[str, str] = json.loads(values.pop("extra"))
    token = OAuth2Token({name: value for name, value in {**values, **extra}.items() if value})
    token.expires_at = _seconds(row.expires_at)
    return token


def _sealed(cipher: TokenCipher, values: Mapping[str, str], table: str, name: str, user: object) -> dict[str, str]:
    return {column: cipher.encrypt(value, table, column, name, str(user)) for column, value in values.items()}


def _opened(
    cipher: TokenCipher, columns: Sequence[str], table: str, row: TokenRow | OAuth2Row, user: object
) -> dict[str, str]:
    try:
        return {column: cipher.decrypt(getattr(row, column), table, column, row.name, str(user)) for column in columns}
    except TokenKeyError as error:
        raise TokenKeyError(
            error.error,
            f"{row.name}: the token of user {user!r} cannot be read: {error.description}",
            provider=row.name,
        ) from None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


BATCH = 500
"""How many rows are read, and written in one transaction, at once."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it is stored.

    Args:
        id: its primary key.
        name: the client's name.
        user: whose it is, to name it.
        sealed: the encrypted columns, by their names.
    """

    id: Any
    name: str
    user: object
    sealed: dict[str, str]


class Table(Protocol):
    """What a table must do to have its rows encrypted again."""

    def count(self, key_id: str) -> int:
        """How many rows are not of this key."""

    def batch(self, key_id: str, after: Any, limit: int) -> Sequence[StoredRow]:
        """Rows that are not of this key, in the order of their primary keys, behind ``after`` (``None``: all)."""

    def replace(self, changes: Sequence[tuple[StoredRow, dict[str, str]]]) -> None:
        """Write the new columns of these rows in one transaction, each if its token is as it was read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one batch came to: how many rows were looked at, and what is wrong with those that no key opens."""

    rows: int
    unreadable: tuple[str, ...] = ()


def rotate(table: Table, cipher: TokenCipher, *, batch: int = BATCH) -> Iterator[Progress]:
    """Encrypt every row that is not of the newest key, batch by batch; each is committed before it is reported."""
    last: Any = None
    while rows := table.batch(cipher.key_id, last, batch):
        changes, unreadable = [], []
        for row in rows:
            try:
                changed = {column: cipher.reseal(value) for column, value in row.sealed.items()}
            except TokenKeyError as error:
                unreadable.append(f"{row.name}: the token of user {row.user!r} cannot be read: {error.description}")
            else:
                changes.append((row, {**changed, "key_id": cipher.key_id}))
        table.replace(changes)
        last = rows[-1].id
        yield Progress(len(rows), tuple(unreadable))
