"""``OAuth1Token``: one row for each user and client, its token encrypted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Self

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, router, transaction
from django.db.models import F, Q
from django.utils import timezone

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.encryption import SETTING, TokenCipher
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_table import open_row, seal_token
from oauth1_catalog.rfc5849.messages import TokenLike


class OAuth1Token(models.Model):
    """A user's token for the client ``name``. Read it with ``to_token()``."""

    name: models.CharField[str, str] = models.CharField(max_length=100)
    user: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="oauth1_tokens"
    )
    user_id: Any  # what Django adds; of the type of the user's primary key
    oauth_token: models.TextField[str, str] = models.TextField(editable=False)
    oauth_token_secret: models.TextField[str, str] = models.TextField(editable=False)
    extra: models.TextField[str, str] = models.TextField(editable=False)
    key_id: models.CharField[str, str] = models.CharField("sealed with key", max_length=16, editable=False)
    version: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1, editable=False)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(editable=False)
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(editable=False)
    expires_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, editable=False)
    renewing_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, editable=False
    )

    class Meta:
        """One row for each name and user."""

        verbose_name = "OAuth 1.0 token"
        constraints: tuple[models.UniqueConstraint, ...] = (
            models.UniqueConstraint(fields=("name", "user"), name="oauth1_token_of_name_and_user"),
        )

    def __str__(self) -> str:
        return f"{self.name} of user {self.user_id}"

    def to_token(self) -> Token:
        """The token, decrypted.

        Raises:
            TokenKeyError: the row was sealed with another key, or changed.
        """
        return open_row(configured_cipher(), self._meta.db_table, self, self.user_id)

    @classmethod
    def find(cls, *, name: str, user: object) -> Self | None:
        """The row of a user's token for the client ``name``, ``None`` if there is none.

        Args:
            name: the client's name.
            user: a user, or its primary key.
        """
        return cls._rows(name, user).first()

    @classmethod
    async def afind(cls, *, name: str, user: object) -> Self | None:
        """As ``find``, in an async view."""
        return await cls._rows(name, user).afirst()

    @classmethod
    def save_token(cls, *, name: str, user: object, token: TokenLike) -> None:
        """Keep a user's token instead of the one before; two workers can do it at once."""
        now = timezone.now()
        key = cls._key(user)
        sealed = seal_token(configured_cipher(), cls._meta.db_table, name, key, token)
        values: dict[str, Any] = {**sealed, "updated_at": now, "renewing_since": None}
        if not settings.USE_TZ and sealed["expires_at"] is not None:
            values["expires_at"] = timezone.make_naive(sealed["expires_at"], UTC)
        # Update first: nearly every save finds its row. Of two workers that insert at once, one updates after all.
        if cls._update(name, key, values):
            return
        try:
            with transaction.atomic(using=router.db_for_write(cls)):
                cls.objects.create(name=name, user_id=key, created_at=now, **values)
        except IntegrityError:
            if not cls._update(name, key, values):
                raise  # there is no such user

    @classmethod
    async def asave_token(cls, *, name: str, user: object, token: TokenLike) -> None:
        """As ``save_token``, in an async view."""
        await sync_to_async(cls.save_token)(name=name, user=user, token=token)

    @classmethod
    def remove(cls, *, name: str, user: object, unchanged: str | None, seconds: float) -> None:
        """Delete a row; with ``unchanged`` only if it holds that and nobody has renewed it for ``seconds``."""
        rows = cls._rows(name, user).using(router.db_for_write(cls))
        if unchanged is not None:
            rows = rows.filter(_unclaimed(seconds), oauth_token=unchanged)
        with transaction.atomic(using=rows.db):
            # A project with signals makes delete() look first; until it has deleted, nobody else may save. An update
            # holds the row, and on SQLite waits for its turn: who has read there cannot wait to write any more.
            if rows.update(renewing_since=F("renewing_since")):
                rows.delete()

    @classmethod
    def claim(cls, *, name: str, user: object, version: int, seconds: float) -> bool:
        """Write down that the caller renews the token, unless another worker did so within ``seconds``."""
        rows = cls._rows(name, user).filter(_unclaimed(seconds), version=version)
        return rows.update(renewing_since=timezone.now()) == 1

    @classmethod
    def release(cls, *, name: str, user: object) -> None:
        """Nobody renews the token any more."""
        cls._rows(name, user).update(renewing_since=None)

    @classmethod
    def _rows(cls, name: str, user: object) -> models.QuerySet[Self]:
        return cls._default_manager.filter(name=name, user=cls._key(user))

    @classmethod
    def _key(cls, user: object) -> Any:
        """The primary key of a user, who may be given as it; of its own type, since a row is sealed for it."""
        field: Any = cls._meta.get_field("user")
        given = getattr(user, "pk", user)
        try:
            key = field.target_field.to_python(given)
        except ValidationError:
            key = None
        # Of 7.9 and True, int() makes 7 and 1, which are other users.
        if key is None or isinstance(given, bool) or (isinstance(given, float) and key != given):
            raise ConfigurationError(
                "invalid_user",
                f"The user {given!r} is a {type(given).__name__}, which is not a primary key of "
                f"{settings.AUTH_USER_MODEL}.",
                advice="Pass a user that is saved, or its primary key.",
            )
        return key

    @classmethod
    def _update(cls, name: str, key: Any, values: dict[str, Any]) -> int:
        return cls._rows(name, key).update(version=F("version") + 1, **values)


def _unclaimed(seconds: float) -> Q:
    return Q(renewing_since=None) | Q(renewing_since__lt=timezone.now() - timedelta(seconds=seconds))


def configured_cipher() -> TokenCipher:
    """The keys of ``OAUTH1_CATALOG_TOKEN_KEYS``: a list, newest first, or one text with commas.

    Raises:
        ConfigurationError: there is no key, or one of them is not valid.
    """
    keys = getattr(settings, SETTING, None) or ()
    return _cipher(keys if isinstance(keys, str | bytes) else tuple(keys))


# Two at most: the settings' and, in a test, those that override them.
@lru_cache(maxsize=2)
def _cipher(keys: str | bytes | tuple[str | bytes, ...]) -> TokenCipher:
    return TokenCipher(keys)
