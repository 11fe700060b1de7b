"""A token as a row of a token table: what is encrypted, what stands beside it in the clear, and the way back.

Both tables of this package, Django's and SQLAlchemy's, have these columns: ``name``, ``user_id``, ``oauth_token``,
``oauth_token_secret``, ``extra``, ``key_id``, ``version``, ``created_at``, ``updated_at``, ``expires_at`` and
``renewing_since``. The second three are encrypted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypedDict

from oauth1_catalog.errors import TokenKeyError
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import Token
from oauth1_catalog.rfc5849.messages import TokenLike, token_fields

SEALED = ("oauth_token", "oauth_token_secret", "extra")
"""The columns that are encrypted."""


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
    sealed = {column: cipher.encrypt(value, table, column, name, str(user)) for column, value in values.items()}
    ends = token.expires_at if isinstance(token, Token) else None
    return SealedColumns(
        oauth_token=sealed["oauth_token"],
        oauth_token_secret=sealed["oauth_token_secret"],
        extra=sealed["extra"],
        key_id=cipher.key_id,
        expires_at=None if ends is None else datetime.fromtimestamp(ends, UTC),
    )


def open_row(cipher: TokenCipher, table: str, row: TokenRow, user: object) -> Token:
    """The token that a row of ``table`` keeps for ``user``.

    Raises:
        TokenKeyError: the row was sealed with another key or for another row; the message names it.
    """
    try:
        values = {column: cipher.decrypt(getattr(row, column), table, column, row.name, str(user)) for column in SEALED}
    except TokenKeyError as error:
        raise TokenKeyError(
            error.error,
            f"{row.name}: the token of user {user!r} cannot be read: {error.description}",
            provider=row.name,
        ) from None
    extra: Mapping[str, str] = json.loads(values.pop("extra"))
    token = Token({**values, **extra})
    token.user = user
    token.version = row.version
    ends = row.expires_at
    if ends is not None:
        token.expires_at = (ends if ends.tzinfo else ends.replace(tzinfo=UTC)).timestamp()
    return token


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
        """Write the new columns of these rows in one transaction, each if its ``oauth_token`` is as it was read."""


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
                changed = {column: cipher.reseal(row.sealed[column]) for column in SEALED}
            except TokenKeyError as error:
                unreadable.append(f"{row.name}: the token of user {row.user!r} cannot be read: {error.description}")
            else:
                changes.append((row, {**changed, "key_id": cipher.key_id}))
        table.replace(changes)
        last = rows[-1].id
        yield Progress(len(rows), tuple(unreadable))
