"""A token table as an application declares it; what a user is, is its own matter."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, OAuth2TokenMixin


class Base(DeclarativeBase):
    pass


class OAuth1Token(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token"
    user_id: Mapped[int] = mapped_column()


class OAuth2Token(OAuth2TokenMixin, Base):
    __tablename__ = "oauth2_token"
    user_id: Mapped[int] = mapped_column()


class OAuth2TokenOfUUID(OAuth2TokenMixin, Base):
    __tablename__ = "oauth2_token_of_uuid"
    user_id: Mapped[uuid.UUID] = mapped_column()


class TokenOfUUID(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token_of_uuid"
    user_id: Mapped[uuid.UUID] = mapped_column()


def token(number: int, **extra: str) -> dict[str, Any]:
    """A token that tells whose it is, as wide as the widest in use."""
    return {"oauth_token": f"token-{number}", "oauth_token_secret": f"secret-{number}" + "x" * 80, **extra}
