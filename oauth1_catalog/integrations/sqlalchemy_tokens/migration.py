"""The tables of a migration in SQLAlchemy, as they are found in a database; no model is needed.

The database's clock decides about leases: the clocks of the workers' machines do not matter.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    Interval,
    MetaData,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    inspect,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import NoSuchTableError

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.sqlalchemy_tokens.model import UTCDateTime, type_of_users
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.migration import NO_MORE, Counts, Lease, Outcome
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_table import OAUTH2_SEALED, SEALED, TokenRow, open_row, seal_oauth2_token

_BATCH = 50
_MOMENTS = ("expires_at", "not_before", "leased_at", "paused_until", "source_saved_at", "created_at", "updated_at")
_COLUMNS = {"id", "name", "user_id", "state", "reason", "attempts", "lease", "requests", "key_id", *OAUTH2_SEALED}


class SQLAlchemyMigration:
    """The table of OAuth 1.0 tokens, and the one of OAuth 2.0 tokens, in one database.

    Args:
        engine: of the database.
        name: the client's name.
        cipher: the keys of both tables.
        table: the name of the table of OAuth 1.0 tokens, with its schema where it has one: ``auth.oauth1_token``.
        oauth2_table: the name of the table of OAuth 2.0 tokens.
        sealed_as: the old name of the first table, if it was renamed.

    Raises:
        ConfigurationError: there is no such table, it lacks a column, or the database is not supported.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        cipher: TokenCipher,
        *,
        table: str = "oauth1_token",
        oauth2_table: str = "oauth2_token",
        sealed_as: str | None = None,
    ) -> None:
        self._dialect = engine.dialect.name
        _moment(self._dialect)
        # Two workers that add rows at once would lock each other out in MariaDB's REPEATABLE READ.
        level = {} if self._dialect == "sqlite" else {"isolation_level": "READ COMMITTED"}
        self._engine = engine.execution_options(**level)
        self._name = name
        self._cipher = cipher
        self._old = _found(engine, table, ("expires_at", "updated_at"), {"name", "user_id", "version", *SEALED})
        self._new = _found(engine, oauth2_table, _MOMENTS, _COLUMNS)
        self._sealed_as = sealed_as or self._old.fullname
        self._due: list[Any] = []

    def prepare(self) -> None:
        """Add a row for each token without one, and let this run ask for all rows in ``again``."""
        old, new, now = self._old.c, self._new.c, _moment(self._dialect)
        values: dict[str, Any] = {
            "name": old.name,
            "user_id": old.user_id,
            "state": literal("again"),
            "reason": literal(""),
            "attempts": literal(0),
            "requests": literal(0),
            "created_at": now,
            "updated_at": now,
        }
        there = exists().where(new.name == old.name, new.user_id == old.user_id)
        missing = select(*values.values()).where(old.name == self._name, ~there)
        same_user = and_(old.name == new.name, old.user_id == new.user_id)
        was_replaced = or_(new.source_saved_at.is_(None), old.updated_at != new.source_saved_at)
        replaced = exists().where(same_user, was_replaced).correlate(self._new)
        mine = new.name == self._name
        again = {"state": "again", "reason": "", "attempts": 0, "not_before": None}
        with self._engine.begin() as connection:
            connection.execute(self._insert_missing(list(values), missing))
            connection.execute(update(self._new).where(mine, new.state == "refused", replaced).values(again))
            idle = update(self._new).where(mine, new.state == "again")
            connection.execute(idle.where(new.lease.is_(None)).values(attempts=0, not_before=None))
            connection.execute(idle.where(new.lease.is_not(None)).values(attempts=0))

    def counts(self) -> Counts:
        """How many rows are in each state."""
        old, new = self._old.c, self._new.c
        there = exists().where(new.name == old.name, new.user_id == old.user_id)
        with self._engine.connect() as connection:
            states = select(new.state, func.count()).where(new.name == self._name).group_by(new.state)
            found = {row[0]: row[1] for row in connection.execute(states)}
            unseen = select(func.count()).select_from(self._old).where(old.name == self._name, ~there)
            return Counts(**found, new=connection.scalar(unseen) or 0)

    def reasons(self) -> dict[str, int]:
        """How many rows have each ``reason``, without those that are exchanged."""
        new = self._new.c
        wanted = select(new.reason, func.count()).where(
            new.name == self._name, new.state != "exchanged", new.reason != ""
        )
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(wanted.group_by(new.reason))}

    def sent(self, seconds: float) -> tuple[int, float]:
        """How many requests were leased in the last ``seconds``, and how long the provider asks to wait."""
        new = self._new.c
        recent = select(func.sum(new.requests)).where(
            new.name == self._name, new.leased_at > _moment(self._dialect, -seconds)
        )
        pause = select(func.max(new.paused_until), _moment(self._dialect)).where(
            new.name == self._name, new.paused_until > _moment(self._dialect)
        )
        with self._engine.connect() as connection:
            until, now = connection.execute(pause).one()
            return int(connection.scalar(recent) or 0), _seconds(until, now)

    def lease(self, seconds: float, *, period: float, attempts: int) -> Lease | None:
        """Lease a row that may be asked now."""
        while True:
            while self._due:
                if lease := self._lease(self._due.pop(), seconds, period, attempts):
                    return lease
            new = self._new.c
            wanted = select(new.id).where(*self._may_be_asked(attempts)).order_by(new.id).limit(_BATCH)
            with self._engine.connect() as connection:
                self._due = list(connection.scalars(wanted))
            if not self._due:
                return None
            secrets.SystemRandom().shuffle(self._due)  # so that two workers seldom want the same row

    def next_due(self, attempts: int) -> float | None:
        """The seconds until a row may be asked."""
        new = self._new.c
        wanted = select(func.count(), func.count(new.not_before), func.min(new.not_before), _moment(self._dialect))
        # Another worker can have the row's last attempt in hand.
        is_leased = and_(new.lease.is_not(None), new.not_before > _moment(self._dialect))
        wanted = wanted.where(new.name == self._name, new.state == "again", or_(new.attempts < attempts, is_leased))
        with self._engine.connect() as connection:
            rows, later, first, now = connection.execute(wanted).one()
        if not rows:
            return None
        return 0.0 if later < rows else _seconds(first, now)

    def token(self, lease: Lease) -> Token | None:
        """The token of OAuth 1.0 of a leased row."""
        old = self._old.c
        wanted = select(old.name, *(old[column] for column in SEALED), old.version, old.expires_at)
        wanted = wanted.where(old.name == self._name, old.user_id == lease.user)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        return open_row(self._cipher, self._sealed_as, cast("TokenRow", row), lease.user)

    def finish(self, lease: Lease, outcome: Outcome, keep: Callable[[], None] | None = None) -> bool:
        """Store the outcome, if the row still has this lease."""
        new, now = self._new.c, _moment(self._dialect)
        values: dict[str, Any] = {"state": outcome.state, "reason": outcome.reason, "lease": None, "updated_at": now}
        values["not_before"] = _moment(self._dialect, outcome.delay) if outcome.delay else None
        if not outcome.repeat:
            values["attempts"] = NO_MORE
        if outcome.pause:
            values["paused_until"] = _moment(self._dialect, outcome.pause)
        if outcome.token is not None:
            values |= seal_oauth2_token(self._cipher, self._new.fullname, self._name, lease.user, outcome.token)
        statement = update(self._new).where(new.id == lease.row, new.lease == lease.owner).values(values)
        with self._engine.begin() as connection:
            if not _changes_one(connection, statement):
                return False
            if keep is not None:
                keep()
        return True

    def _lease(self, row: Any, seconds: float, period: float, attempts: int) -> Lease | None:
        old, new, now = self._old.c, self._new.c, _moment(self._dialect)
        owner = secrets.token_hex(16)
        source = select(old.updated_at).where(old.name == new.name, old.user_id == new.user_id).scalar_subquery()
        # Ordered, because MySQL assigns from left to right, and `requests` needs the old `leased_at`.
        statement = (
            update(self._new)
            .where(new.id == row, *self._may_be_asked(attempts))
            .ordered_values(
                (new.requests, case((new.leased_at > _moment(self._dialect, -period), new.requests + 1), else_=1)),
                (new.leased_at, now),
                (new.lease, owner),
                (new.not_before, _moment(self._dialect, seconds)),
                (new.attempts, new.attempts + 1),
                (new.source_saved_at, source),
            )
        )
        with self._engine.begin() as connection:
            if not _changes_one(connection, statement):
                return None
            user, attempt = connection.execute(select(new.user_id, new.attempts).where(new.id == row)).one()
        return Lease(row, user, owner, attempt)

    def _may_be_asked(self, attempts: int) -> tuple[ColumnElement[bool], ...]:
        new = self._new.c
        free = or_(new.not_before.is_(None), new.not_before < _moment(self._dialect))
        return new.name == self._name, new.state == "again", new.attempts < attempts, free

    def _insert_missing(self, columns: list[str], missing: Select[Any]) -> Any:  # an INSERT of the dialect
        """``INSERT ... SELECT`` that leaves out the rows that another worker adds at the same time."""
        if self._dialect == "postgresql":
            return postgresql.insert(self._new).from_select(columns, missing).on_conflict_do_nothing()
        if self._dialect == "sqlite":
            return sqlite.insert(self._new).from_select(columns, missing).on_conflict_do_nothing()
        return mysql.insert(self._new).prefix_with("IGNORE").from_select(columns, missing)


def _found(engine: Engine, table: str, moments: tuple[str, ...], columns: set[str]) -> Table:
    """A table of the database, whose moments are in UTC."""
    schema, _, name = table.rpartition(".")
    try:
        there = {column["name"] for column in inspect(engine).get_columns(name, schema or None)}
    except NoSuchTableError:
        raise ConfigurationError(
            description=f"{table}: the database has no such table.",
            advice="Pass the value of your model's __tablename__. The table of OAuth 2.0 tokens needs a model with "
            "OAuth2TokenMixin, and metadata.create_all() or a migration.",
        ) from None
    if missing := {*columns, *moments} - there:
        raise ConfigurationError(
            description=f"{table}: this is not a table of tokens: it lacks {', '.join(sorted(missing))}.",
            advice="Pass the name of a table that has the mixin's columns.",
        )
    in_utc = (Column(moment, UTCDateTime) for moment in moments)
    found = Table(name, MetaData(), *in_utc, schema=schema or None, autoload_with=engine)
    found.c.user_id.type = type_of_users(found.c.user_id.type)
    return found


def _moment(dialect: str, seconds: float = 0.0) -> ColumnElement[datetime]:
    """The database's clock, and some seconds.

    Raises:
        ConfigurationError: the database is not known.
    """
    if dialect == "postgresql":  # now() is the beginning of the transaction
        clock = func.clock_timestamp(type_=UTCDateTime)
        return clock + literal(timedelta(seconds=seconds), Interval) if seconds else clock
    if dialect == "sqlite":
        return literal_column(f"(strftime('%Y-%m-%d %H:%M:%f', 'now', '{seconds:+.3f} seconds') || '000')", UTCDateTime)
    if dialect in {"mysql", "mariadb"}:
        return literal_column(f"TIMESTAMPADD(MICROSECOND, {seconds * 1e6:.0f}, UTC_TIMESTAMP(6))", UTCDateTime)
    raise ConfigurationError(
        description=f"A token table cannot live in {dialect}.",
        advice="Keep it in PostgreSQL, SQLite, MySQL or MariaDB.",
    )


def _seconds(until: datetime | None, now: datetime | None) -> float:
    return 0.0 if until is None or now is None else (until - now).total_seconds()


def _changes_one(connection: Connection, statement: Any) -> bool:
    return cast("CursorResult[Any]", connection.execute(statement)).rowcount == 1
