"""The table of OAuth 2.0 tokens, as a mixin: what `oauth1-catalog migrate` got for the tokens of OAuth 1.0."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, overload

from sqlalchemy import Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

from oauth1_catalog.integrations.sqlalchemy_tokens.model import EncryptedTable, UTCDateTime, in_session
from oauth1_catalog.registry.token import OAuth2Token
from oauth1_catalog.registry.token_table import open_oauth2_row

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class OAuth2TokenMixin(EncryptedTable):
    """The columns of a table of OAuth 2.0 tokens but for the user's, which the application adds as ``user_id``.

    ::

        class OAuth2Token(OAuth2TokenMixin, Base):
            __tablename__ = "oauth2_token"
            user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))

    ``access_token``, ``refresh_token`` and ``extra`` are encrypted; read them with ``to_token()``. There is one row for
    each ``name`` and ``user_id``. ``state`` is ``"exchanged"``, ``"refused"`` or ``"again"``, and ``reason`` contains
    the provider's code.
    """

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[SchemaItem | dict[str, Any], ...]:
        """One row for each name and user, and the indexes of a migration."""
        table: str = cls.__tablename__  # type: ignore[attr-defined]  # the application declares it
        return (
            UniqueConstraint("name", "user_id"),
            Index(f"{table}_state", "name", "state"),
            Index(f"{table}_leased_at", "name", "leased_at"),
            Index(f"{table}_paused_until", "name", "paused_until"),
        )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200))
    access_token: Mapped[str | None] = mapped_column(Text)
    refresh_token: Mapped[str | None] = mapped_column(Text)
    extra: Mapped[str | None] = mapped_column(Text)
    key_id: Mapped[str | None] = mapped_column(String(16))
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(32))
    not_before: Mapped[datetime | None] = mapped_column(UTCDateTime)
    requests: Mapped[int] = mapped_column(default=0)
    leased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    source_saved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} of user {getattr(self, 'user_id', None)!r}: {self.state}>"

    def to_token(self) -> OAuth2Token | None:
        """The token, decrypted; ``None`` for a row that has none: not exchanged, or kept in a file.

        Raises:
            TokenKeyError: the row was sealed with another key, or changed.
        """
        return open_oauth2_row(self.cipher(), self.sealed_table(), self, self.user_id)  # type: ignore[attr-defined]  # the application declares it

    @overload
    @classmethod
    def find(cls, session: Session, *, name: str, user: object) -> Self | None: ...

    @overload
    @classmethod
    def find(cls, session: AsyncSession, *, name: str, user: object) -> Awaitable[Self | None]: ...

    @classmethod
    def find(cls, session: Session | AsyncSession, *, name: str, user: object) -> Self | Awaitable[Self | None] | None:
        """The row of a user for the client ``name``, ``None`` if there is none. Async sessions: awaited."""
        wanted = select(cls).where(cls.name == name, cls.user_id == cls.own_user_id(user))  # type: ignore[attr-defined]  # as above
        return in_session(session, lambda sync: sync.scalars(wanted).one_or_none())
