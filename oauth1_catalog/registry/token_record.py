"""A token as a row of a token table: what is encrypted, what stands beside it in the clear, and the way back.

Both tables of this package, Django's and SQLAlchemy's, have these columns: ``name``, ``user_id``, ``oauth_token``,
``oauth_token_secret``, ``extra``, ``key_id``, ``version``, ``created_at``, ``updated_at``, ``expires_at`` and
``renewing_since``. The second three are encrypted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol, TypedDict

from oauth1_catalog.errors import TokenKeyError
from oauth1_catalog.registry.token import Token, TokenLike, token_fields
from oauth1_catalog.registry.token_cipher import TokenCipher

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
