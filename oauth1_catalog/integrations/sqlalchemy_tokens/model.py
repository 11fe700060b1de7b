"""The table of tokens, as a mixin: the application declares what a user is.

``find`` and ``save_token`` take a session of the application's own, sync or async, and leave the commit to it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeGuard, TypeVar, cast, overload

from sqlalchemy import (
    CHAR,
    DateTime,
    Dialect,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_table import open_row
from oauth1_catalog.rfc5849.messages import TokenLike

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.ext.asyncio import AsyncSession


Result = TypeVar("Result")


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC, also in a database that keeps no time zone, such as SQLite, or no fractions, such as MariaDB."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = DateTime(timezone=True)
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # noqa: D102 - SQLAlchemy's
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return super().load_dialect_impl(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: D102, ARG002 - SQLAlchemy's
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: D102, ARG002 - SQLAlchemy's
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class EncryptedTable:
    """What both tables of tokens have: their keys, and the type of their users.

    Attributes:
        token_cipher: the keys of this table. ``SQLAlchemyTokens(..., keys=...)`` sets it.
        sealed_as: the name of the table as its rows hold it; set it to the old name when you rename the table.
    """

    token_cipher: ClassVar[TokenCipher | None] = None
    sealed_as: ClassVar[str | None] = None

    @classmethod
    def sealed_table(cls) -> str:
        """The table as its rows name it, inside what is encrypted: a row of another table is refused."""
        return cls.sealed_as or cast("Table", cls.__table__).fullname  # type: ignore[attr-defined]  # a mapped class

    @classmethod
    def own_user_id(cls, user: object) -> Any:  # the application chooses the column's type
        """``user`` in the type of the column ``user_id``.

        Raises:
            ConfigurationError: it can be no user of this table.
        """
        return user_id(cast("Table", cls.__table__).c.user_id, user)  # type: ignore[attr-defined]  # as above

    @classmethod
    def cipher(cls) -> TokenCipher:
        """The keys of this table.

        Raises:
            ConfigurationError: nobody has set them.
        """
        if cls.token_cipher is None:
            raise ConfigurationError(
                "missing_token_keys",
                f"{cls.__name__}: the table is encrypted, and it has no keys.",
                advice=f"Make SQLAlchemyTokens(sessions, {cls.__name__}, keys=...) when the application starts, or "
                f"set {cls.__name__}.token_cipher to a TokenCipher.",
            )
        return cls.token_cipher


class OAuth1TokenMixin(EncryptedTable):
    """The columns of a token table but for the user's, which the application adds as ``user_id``.

    ::

        class OAuth1Token(OAuth1TokenMixin, Base):
            __tablename__ = "oauth1_token"
            user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))

    ``oauth_token``, ``oauth_token_secret`` and ``extra`` are encrypted; read them with ``to_token()``. There is one row
    for each ``name`` and ``user_id``.
    """

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[SchemaItem | dict[str, Any], ...]:
        """One row for each name and user; an application with other table arguments adds this one to them."""
        return (UniqueConstraint("name", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    oauth_token: Mapped[str] = mapped_column(Text)
    oauth_token_secret: Mapped[str] = mapped_column(Text)
    extra: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    renewing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} of user {getattr(self, 'user_id', None)!r}>"

    def to_token(self) -> Token:
        """The token, decrypted.

        Raises:
            TokenKeyError: the row was sealed with another key, or changed.
        """
        return open_row(self.cipher(), self.sealed_table(), self, self.user_id)  # type: ignore[attr-defined]  # the application declares it

    @overload
    @classmethod
    def find(cls, session: Session, *, name: str, user: object) -> Self | None: ...

    @overload
    @classmethod
    def find(cls, session: AsyncSession, *, name: str, user: object) -> Awaitable[Self | None]: ...

    @classmethod
    def find(cls, session: Session | AsyncSession, *, name: str, user: object) -> Self | Awaitable[Self | None] | None:
        """The row of a user's token for the client ``name``, ``None`` if there is none. Async sessions: awaited."""
        wanted = select(cls).where(cls.name == name, cls.user_id == cls.own_user_id(user))  # type: ignore[attr-defined]  # as above
        return in_session(session, lambda sync: sync.scalars(wanted).one_or_none())

    @overload
    @classmethod
    def save_token(cls, session: Session, *, name: str, user: object, token: TokenLike) -> None: ...

    @overload
    @classmethod
    def save_token(cls, session: AsyncSession, *, name: str, user: object, token: TokenLike) -> Awaitable[None]: ...

    @classmethod
    def save_token(
        cls, session: Session | AsyncSession, *, name: str, user: object, token: TokenLike
    ) -> Awaitable[None] | None:
        """Keep a user's token instead of the one before; two workers can do it at once. Async sessions: awaited.

        Raises:
            ConfigurationError: the database is one for which this cannot be done in one step.
        """
        from oauth1_catalog.integrations.sqlalchemy_tokens.statements import upsert

        return in_session(session, lambda sync: upsert(sync, cls, cls.cipher(), name=name, user=user, token=token))


@overload
def in_session(session: Session, work: Callable[[Session], Result]) -> Result: ...


@overload
def in_session(session: AsyncSession, work: Callable[[Session], Result]) -> Awaitable[Result]: ...


@overload
def in_session(session: Session | AsyncSession, work: Callable[[Session], Result]) -> Result | Awaitable[Result]: ...


def in_session(session: Session | AsyncSession, work: Callable[[Session], Result]) -> Result | Awaitable[Result]:
    """Do ``work`` in a session; what an async one gives is awaited."""
    return session.run_sync(work) if is_async(session) else work(cast("Session", session))


def is_async(session: Session | AsyncSession) -> TypeGuard[AsyncSession]:
    """Whether a session is one of SQLAlchemy's asyncio, which is recognized without importing it."""
    return hasattr(session, "run_sync")


def type_of_users(found: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type of a column of users, from the one that a database names: SQLAlchemy keeps a UUID as text of 32 letters.

    >>> from sqlalchemy import CHAR, String
    >>> type_of_users(CHAR(32)), type_of_users(String(32))
    (Uuid(), String(length=32))
    """
    return Uuid() if isinstance(found, CHAR) and found.length == 32 else found


_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,20}\s*", re.ASCII)


def user_id(column: Column[Any], user: object) -> Any:
    """``user`` as a value of ``column``; of a type that is not known here, as it is.

    >>> from sqlalchemy import Column, Integer, String, Uuid
    >>> user_id(Column("user_id", Integer), " 7"), user_id(Column("user_id", String), 7)
    (7, '7')

    Raises:
        ConfigurationError: it can be no user of this table.
    """
    try:
        kind = column.type.python_type
    except NotImplementedError:  # a type of the application's own
        return user
    value: Any = user
    if kind is int:
        value = _integer(user)
    elif kind is uuid.UUID and isinstance(user, str):
        try:
            value = uuid.UUID(user.strip())
        except ValueError:
            value = None
    elif kind is str and type(user) is int:
        value = str(user)
    known = {int: int, uuid.UUID: uuid.UUID, str: str}.get(kind, object)
    if isinstance(value, known) and value is not None:
        return value
    raise ConfigurationError(
        "invalid_user",
        f"The user {user!r} is a {type(user).__name__}, and {column.table.name}.{column.name} holds "
        f"{ {int: 'whole numbers', uuid.UUID: 'UUIDs', str: 'text'}.get(kind, kind.__name__) }.",
        advice="Pass the user's identifier as that column holds it.",
    )


def _integer(user: object) -> int | None:
    if isinstance(user, bool):
        return None
    if isinstance(user, int):
        return int(user)
    if isinstance(user, float):  # beyond 2**53 a float stands for several whole numbers
        return int(user) if user.is_integer() and abs(user) <= 2**53 else None
    return int(user) if isinstance(user, str) and _INTEGER.fullmatch(user) else None
