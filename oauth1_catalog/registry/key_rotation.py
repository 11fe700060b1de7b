"""Encrypt the rows of a token table with the newest key: in batches, while the application runs.

Rule: a row says by its ``key_id`` whether it is done, so that work that was stopped goes on where it was, and a row
that the application saves meanwhile is left as it is. ``version`` and ``updated_at`` stay: the token is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from oauth1_catalog.errors import TokenKeyError
from oauth1_catalog.registry.token_cipher import TokenCipher
from oauth1_catalog.registry.token_record import SEALED

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
    """What a table must do to have its rows encrypted anew."""

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
    """Encrypt every row that is not of the newest key, batch by batch; each is committed when it is told."""
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
