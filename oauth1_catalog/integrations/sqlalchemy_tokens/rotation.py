"""The rows of a table of SQLAlchemy, to be encrypted with another key; the application's model is not needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, MetaData, Table, bindparam, func, select, update
from sqlalchemy.exc import NoSuchTableError

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.token_table import SEALED, StoredRow


class SQLAlchemyRows:
    """A token table as it is found in a database.

    Args:
        engine: of the database.
        table: the table's name, with its schema where it has one: ``auth.oauth1_token``.

    Raises:
        ConfigurationError: there is no such table, or it lacks a column.
    """

    def __init__(self, engine: Engine, table: str) -> None:
        schema, _, name = table.rpartition(".")
        self._engine = engine
        try:
            self._table = Table(name, MetaData(), schema=schema or None, autoload_with=engine)
        except NoSuchTableError:
            raise ConfigurationError(
                description=f"{table}: the database has no such table. Name the one of your model's __tablename__."
            ) from None
        missing = {"id", "name", "user_id", "key_id", *SEALED} - set(self._table.c.keys())
        if missing:
            raise ConfigurationError(
                description=f"{table}: this is no token table, it lacks {', '.join(sorted(missing))}. Name the one "
                "that is made with OAuth1TokenMixin."
            )

    def count(self, key_id: str) -> int:
        """How many rows are not of this key."""
        with self._engine.connect() as connection:
            wanted = select(func.count()).select_from(self._table).where(self._table.c.key_id != key_id)
            return connection.scalar(wanted) or 0

    def batch(self, key_id: str, after: Any, limit: int) -> Sequence[StoredRow]:
        """Rows that are not of this key, behind the row ``after``."""
        columns = self._table.c
        wanted = select(columns.id, columns.name, columns.user_id, *(columns[name] for name in SEALED))
        wanted = wanted.where(columns.key_id != key_id).order_by(columns.id).limit(limit)
        if after is not None:
            wanted = wanted.where(columns.id > after)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return [StoredRow(row[0], row[1], row[2], dict(zip(SEALED, row[3:], strict=True))) for row in rows]

    def replace(self, changes: Sequence[tuple[StoredRow, dict[str, str]]]) -> None:
        """Write the new columns of these rows, each if its token is as it was read."""
        if not changes:
            return
        columns = self._table.c
        statement = update(self._table).where(
            columns.id == bindparam("row_id"), columns.oauth_token == bindparam("was")
        )
        statement = statement.values({name: bindparam(f"new_{name}") for name in changes[0][1]})
        values = [
            {
                "row_id": row.id,
                "was": row.sealed["oauth_token"],
                **{f"new_{name}": new for name, new in changed.items()},
            }
            for row, changed in changes
        ]
        with self._engine.begin() as connection:
            connection.execute(statement, values)
