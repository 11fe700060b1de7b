"""``OAuth1Token`` and ``OAuth2Token``: one row for each user and client, its token encrypted."""

from __future__ import annotations

from collections.abc import Mapping
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
from oauth1_catalog.registry.token import OAuth2Token as BearerToken
from oauth1_catalog.registry.token import Token, oauth2_token
from oauth1_catalog.registry.token_store import CLOCK_TOLERANCE
from oauth1_catalog.registry.token_table import open_oauth2_row, open_row, seal_oauth2_token, seal_token
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
        return _user_key(cls, user)

    @classmethod
    def _update(cls, name: str, key: Any, values: dict[str, Any]) -> int:
        return cls._rows(name, key).update(version=F("version") + 1, **values)


class OAuth2Token(models.Model):
    """A user's token of OAuth 2.0 for the client ``name``: what ``oauth1_migrate`` got. Read it with ``to_token()``.

    ``state`` is ``"exchanged"``, ``"refused"`` or ``"again"``, and ``reason`` contains the provider's code.
    """

    name: models.CharField[str, str] = models.CharField(max_length=100)
    user: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="oauth2_tokens"
    )
    user_id: Any  # as above
    state: models.CharField[str, str] = models.CharField(max_length=10, editable=False)
    reason: models.CharField[str, str] = models.CharField(max_length=200, editable=False)
    access_token: models.TextField[str | None, str | None] = models.TextField(null=True, editable=False)
    refresh_token: models.TextField[str | None, str | None] = models.TextField(null=True, editable=False)
    extra: models.TextField[str | None, str | None] = models.TextField(null=True, editable=False)
    key_id: models.CharField[str | None, str | None] = models.CharField(
        "sealed with key", max_length=16, null=True, editable=False
    )
    expires_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, editable=False)
    attempts: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0, editable=False)
    requests: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0, editable=False)
    leased_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, editable=False)
    lease: models.CharField[str | None, str | None] = models.CharField(max_length=32, null=True, editable=False)
    not_before: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, editable=False)
    paused_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, editable=False
    )
    source_saved_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, editable=False
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(editable=False)
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(editable=False)

    class Meta:
        """One row for each name and user."""

        verbose_name = "OAuth 2.0 token"
        indexes: tuple[models.Index, ...] = (
            models.Index(fields=("name", "state"), name="oauth2_token_state"),
            models.Index(fields=("name", "leased_at"), name="oauth2_token_leased_at"),
            models.Index(fields=("name", "paused_until"), name="oauth2_token_paused_until"),
        )
        constraints: tuple[models.UniqueConstraint, ...] = (
            models.UniqueConstraint(fields=("name", "user"), name="oauth2_token_of_name_and_user"),
        )

    def __str__(self) -> str:
        return f"{self.name} of user {self.user_id}: {self.state}"

    def to_token(self) -> BearerToken | None:
        """The token, decrypted; ``None`` for a row that has none: not exchanged, or kept in a file.

        Raises:
            TokenKeyError: the row was sealed with another key, or changed.
        """
        return open_oauth2_row(configured_cipher(), self._meta.db_table, self, self.user_id)

    @classmethod
    def find(cls, *, name: str, user: object) -> Self | None:
        """The row of a user for the client ``name``, ``None`` if there is none.

        Args:
            name: the client's name.
            user: a user, or its primary key.
        """
        return cls._default_manager.filter(name=name, user=_user_key(cls, user)).first()

    @classmethod
    async def afind(cls, *, name: str, user: object) -> Self | None:
        """As ``find``, in an async view."""
        return await cls._default_manager.filter(name=name, user=_user_key(cls, user)).afirst()

    @classmethod
    def save_token(cls, *, name: str, user: object, token: Mapping[str, Any]) -> None:  # Authlib's have numbers
        """Keep a token of OAuth 2.0 instead of the one before, such as one that was refreshed.

        Raises:
            MissingTokenError: it has no ``access_token``.
        """
        now, key = timezone.now(), _user_key(cls, user)
        values = cls.sealed(name=name, user=key, token=oauth2_token(token, name=name))
        values |= {"state": "exchanged", "reason": "", "lease": None, "not_before": None, "updated_at": now}
        rows = cls._default_manager.filter(name=name, user=key)
        if rows.update(**values):
            return
        try:
            with transaction.atomic(using=router.db_for_write(cls)):
                cls._default_manager.create(name=name, user_id=key, created_at=now, **values)
        except IntegrityError:
            if not rows.update(**values):
                raise  # there is no such user

    @classmethod
    async def asave_token(cls, *, name: str, user: object, token: Mapping[str, Any]) -> None:  # Authlib's have numbers
        """As ``save_token``, in an async view."""
        await sync_to_async(cls.save_token)(name=name, user=user, token=token)

    @classmethod
    def sealed(cls, *, name: str, user: object, token: BearerToken) -> dict[str, Any]:
        """The encrypted columns of a row, as values of an UPDATE.

        Args:
            name: the client's name.
            user: the primary key of a user.
            token: to be kept.
        """
        values: dict[str, Any] = {**seal_oauth2_token(configured_cipher(), cls._meta.db_table, name, user, token)}
        if not settings.USE_TZ and values["expires_at"] is not None:
            values["expires_at"] = timezone.make_naive(values["expires_at"], UTC)
        return values


def _user_key(model: type[models.Model], user: object) -> Any:
    """The primary key of a user, who may be given as it; of its own type, since a row is sealed for it."""
    field: Any = model._meta.get_field("user")  # noqa: SLF001 - Django's documented name
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


def _unclaimed(seconds: float) -> Q:
    now = timezone.now()
    stale, impossible = now - timedelta(seconds=seconds), now + timedelta(seconds=CLOCK_TOLERANCE)
    return Q(renewing_since=None) | Q(renewing_since__lt=stale) | Q(renewing_since__gt=impossible)


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
