"""``SQLAlchemyTokens``: the token store on a table of SQLAlchemy, with sync or async sessions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Engine, MetaData, Table, UniqueConstraint, bindparam, func, select, update
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeEngine

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.sqlalchemy_tokens import statements
from oauth1_catalog.integrations.sqlalchemy_tokens.model import (
    EncryptedTable,
    OAuth1TokenMixin,
    is_async,
    type_of_users,
)
from oauth1_catalog.integrations.sqlalchemy_tokens.oauth2_model import OAuth2TokenMixin
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import OAuth2Token, Token, oauth2_token
from oauth1_catalog.registry.token_table import OAUTH2_SEALED, SEALED, StoredRow, TokenRow, open_row
from oauth1_catalog.rfc5849.messages import TokenLike, token_fields

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

Result = TypeVar("Result")


class SQLAlchemyTokens:
    """Keeps a registry's tokens in a table: ``OAuth(app, token_store=SQLAlchemyTokens(...))``.

    Each call uses its own session and transaction, and is committed when it returns. With an
    ``async_sessionmaker`` every method but ``current_user`` returns an awaitable.

    Args:
        sessions: makes a session: a ``sessionmaker``, an ``async_sessionmaker``, or any function that gives a new one.
        model: the mapped class, made with ``OAuth1TokenMixin``.
        keys: the table's keys, newest first, as ``oauth1-catalog keys new`` prints them; or one text with commas.
        user: gives the ``user_id`` of a request, ``None`` where nobody is logged in. Without it a token is saved and
            found only where the application names the user.
        oauth2_model: the mapped class of the table of OAuth 2.0 tokens, made with ``OAuth2TokenMixin``.

    Raises:
        ConfigurationError: there is no key, or the model has no unique ``name`` and ``user_id``.
    """

    def __init__(
        self,
        sessions: Callable[[], Session | AsyncSession],
        model: type[OAuth1TokenMixin],
        *,
        keys: str | bytes | Sequence[str | bytes] | None,
        user: Callable[[Any], object] | None = None,  # takes the framework's request
        oauth2_model: type[OAuth2TokenMixin] | None = None,
    ) -> None:
        _check(model)
        if oauth2_model is not None:
            _check(oauth2_model)
        self._sessions = sessions
        self._model = model
        self._user = user
        self._cipher = model.token_cipher = TokenCipher(keys)
        self._oauth2_model = oauth2_model
        if oauth2_model is not None:
            oauth2_model.token_cipher = self._cipher
        table = cast("Table", model.__table__)  # type: ignore[attr-defined]  # a mapped class
        columns = ("name", "oauth_token", "oauth_token_secret", "extra", "version", "expires_at")
        self._rows = select(*(table.c[column] for column in columns))
        self._key = (table.c.name, table.c.user_id)

    def current_user(self, request: object) -> object:
        """The ``user_id`` of a request."""
        return None if self._user is None else self._user(request)

    def find(self, name: str, user: object) -> Token | Awaitable[Token | None] | None:
        """A user's token for the client ``name``.

        Raises:
            TokenKeyError: the row was sealed with another key, or changed.
        """

        def work(session: Session) -> Token | None:
            row = self._row(session, name, user)
            return None if row is None else self._open(row, user)

        return self._do(work)

    def save_token(self, name: str, user: object, token: TokenLike) -> Awaitable[None] | None:
        """Keep a token instead of the one before."""

        def work(session: Session) -> None:
            statements.upsert(session, self._model, self._cipher, name=name, user=user, token=token)

        return self._do(work)

    def delete_token(self, name: str, user: object, token: TokenLike | None = None) -> Awaitable[None] | None:
        """Remove a user's token; with ``token`` only if it is still that one, and is not being renewed."""

        def work(session: Session) -> None:
            unchanged = None
            if token is not None:
                row = self._row(session, name, user)
                if row is None or not _same(self._open(row, user), token, name):
                    return
                unchanged = row.oauth_token
            statements.remove(session, self._model, name=name, user=user, unchanged=unchanged)

        return self._do(work)

    def claim_renewal(self, name: str, user: object, version: int, seconds: float) -> bool | Awaitable[bool]:
        """Whether the caller is the one who renews this version of the token."""

        def work(session: Session) -> bool:
            return statements.claim(session, self._model, name=name, user=user, version=version, seconds=seconds)

        return self._do(work)

    def release_renewal(self, name: str, user: object) -> Awaitable[None] | None:
        """End a claim whose renewal failed."""
        return self._do(lambda session: statements.release(session, self._model, name=name, user=user))

    def find_oauth2_token(self, name: str, user: object) -> OAuth2Token | Awaitable[OAuth2Token | None] | None:
        """A user's token of OAuth 2.0 for the client ``name``; ``None`` if the table has none.

        Raises:
            ConfigurationError: there is no ``oauth2_model``.
            TokenKeyError: the row was sealed with another key, or changed.
        """
        model = self._required_oauth2_model("find_oauth2_token()")

        def work(session: Session) -> OAuth2Token | None:
            row = model.find(session, name=name, user=user)
            return None if row is None else row.to_token()

        return self._do(work)

    def save_oauth2_token(
        self,
        name: str,
        user: object,
        token: Mapping[str, Any],  # Authlib's have numbers
    ) -> Awaitable[None] | None:
        """Keep a token of OAuth 2.0 instead of the one before, such as one that was refreshed.

        Args:
            name: the client's name.
            user: whose token.
            token: ``access_token`` and the other fields; the ``expires_at`` of an ``OAuth2Token`` is kept as well.

        Raises:
            ConfigurationError: there is no ``oauth2_model``.
            MissingTokenError: it has no ``access_token``.
        """
        model, fields = self._required_oauth2_model("save_oauth2_token()"), oauth2_token(token, name=name)

        def work(session: Session) -> None:
            statements.upsert_oauth2(session, model, self._cipher, name=name, user=user, token=fields)

        return self._do(work)

    def _required_oauth2_model(self, function: str) -> type[OAuth2TokenMixin]:
        if self._oauth2_model is None:
            raise ConfigurationError(
                description=f"{function} needs a table of OAuth 2.0 tokens.",
                advice="Pass SQLAlchemyTokens(..., oauth2_model=...) a class made with OAuth2TokenMixin.",
            )
        return self._oauth2_model

    def _row(self, session: Session, name: str, user: object) -> TokenRow | None:
        # Columns, not the mapped class: a row is read for each API call, and an identity map would only cost.
        of_name, of_user = self._key
        row = session.execute(self._rows.where(of_name == name, of_user == self._model.own_user_id(user))).one_or_none()
        return cast("TokenRow | None", row)

    def _open(self, row: TokenRow, user: object) -> Token:
        return open_row(self._cipher, self._model.sealed_table(), row, self._model.own_user_id(user))

    def _do(self, work: Callable[[Session], Result]) -> Result | Awaitable[Result]:
        session = self._sessions()
        if is_async(session):
            return self._do_async(session, work)
        sync = cast("Session", session)
        with sync, sync.begin():
            return work(sync)

    async def _do_async(self, session: AsyncSession, work: Callable[[Session], Result]) -> Result:
        async with session, session.begin():
            return await session.run_sync(work)


def _same(stored: Token, token: TokenLike, name: str) -> bool:
    return stored["oauth_token"] == token_fields(token, provider=name)["oauth_token"]


def _check(model: type[EncryptedTable]) -> None:
    table: Table | None = getattr(model, "__table__", None)
    if table is None or "user_id" not in table.c:
        raise ConfigurationError(
            description=f"{model.__name__}: no table with a column user_id.",
            advice=f"Make the model of {model.__mro__[1].__name__} and your declarative base, and declare user_id: "
            "Mapped[...] in it.",
        )
    wanted = {"name", "user_id"}
    unique = any(isinstance(c, UniqueConstraint) and set(c.columns.keys()) == wanted for c in table.constraints)
    if not unique and not any(index.unique and set(index.columns.keys()) == wanted for index in table.indexes):
        raise ConfigurationError(
            description=f"{model.__name__}: name and user_id are not unique together, so two workers could keep two "
            "tokens of one user.",
            advice="Add UniqueConstraint('name', 'user_id') to __table_args__.",
        )


class SQLAlchemyRows:
    """A token table as it is found in a database, to be encrypted with another key; no model is needed.

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
                description=f"{table}: the database has no such table.",
                advice="Pass the value of your model's __tablename__.",
            ) from None
        self._sealed = OAUTH2_SEALED if "access_token" in self._table.c else SEALED
        missing = {"id", "name", "user_id", "key_id", *self._sealed} - set(self._table.c.keys())
        if missing:
            raise ConfigurationError(
                description=f"{table}: this is not a token table: it lacks {', '.join(sorted(missing))}.",
                advice="Pass the name of a table that has the columns of OAuth1TokenMixin or OAuth2TokenMixin.",
            )

    def column_type(self, name: str) -> TypeEngine[Any]:
        """The type of a column."""
        return self._table.c[name].type

    def count(self, key_id: str) -> int:
        """How many rows are not of this key."""
        with self._engine.connect() as connection:
            wanted = select(func.count()).select_from(self._table).where(self._table.c.key_id != key_id)
            return connection.scalar(wanted) or 0

    def batch(self, key_id: str, after: Any, limit: int) -> Sequence[StoredRow]:
        """Rows that are not of this key, behind the row ``after``."""
        columns = self._table.c
        wanted = select(columns.id, columns.name, columns.user_id, *(columns[name] for name in self._sealed))
        wanted = wanted.where(columns.key_id != key_id).order_by(columns.id).limit(limit)
        if after is not None:
            wanted = wanted.where(columns.id > after)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return [StoredRow(row[0], row[1], row[2], dict(zip(self._sealed, row[3:], strict=True))) for row in rows]

    def replace(self, changes: Sequence[tuple[StoredRow, dict[str, str]]]) -> None:
        """Write the new columns of these rows, each if its token is as it was read."""
        if not changes:
            return
        columns = self._table.c
        statement = update(self._table).where(
            columns.id == bindparam("row_id"), columns[self._sealed[0]] == bindparam("was")
        )
        statement = statement.values({name: bindparam(f"new_{name}") for name in changes[0][1]})
        values = [
            {
                "row_id": row.id,
                "was": row.sealed[self._sealed[0]],
                **{f"new_{name}": new for name, new in changed.items()},
            }
            for row, changed in changes
        ]
        with self._engine.begin() as connection:
            connection.execute(statement, values)


def tokens_in(engine: Engine, table: str, *, keys: str | bytes | Sequence[str | bytes] | None) -> SQLAlchemyTokens:
    """The token store on a table as it is found in a database, for a program that does not have its model.

    Args:
        engine: of the database.
        table: the table's name, with its schema if it has one.
        keys: the table's keys, newest first.

    Raises:
        ConfigurationError: there is no such table, it lacks a column, or there is no key.
    """
    kind = type_of_users(SQLAlchemyRows(engine, table).column_type("user_id"))
    schema, _, name = table.rpartition(".")

    class Base(DeclarativeBase):
        pass

    class FoundToken(OAuth1TokenMixin, Base):
        __tablename__ = name
        __table_args__ = (UniqueConstraint("name", "user_id"), {"schema": schema or None})
        user_id = mapped_column(kind)

    return SQLAlchemyTokens(sessionmaker(engine), FoundToken, keys=keys)
