"""``DjangoTokens``: the token store on the table of this app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from oauth1_catalog.integrations.django_tokens.models import configured_cipher
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.registry.token_store import CLAIM_SECONDS
from oauth1_catalog.rfc5849.messages import TokenLike, token_fields


class DjangoTokens:
    """Keeps a registry's tokens: ``OAuth(token_store=DjangoTokens())``, or the setting ``OAUTH1_CATALOG_TOKEN_STORE``.

    The user of a request is ``request.user``; elsewhere a user is one of ``AUTH_USER_MODEL``, or its primary key.

    Raises:
        ConfigurationError: no key is configured.
    """

    def __init__(self) -> None:
        configured_cipher()

    def current_user(self, request: HttpRequest) -> object:
        """The user's primary key, ``None`` for a visitor who is not logged in."""
        user = getattr(request, "user", None)
        return user.pk if user is not None and user.is_authenticated else None

    def find(self, name: str, user: object) -> Token | None:
        """A user's token for the client ``name``.

        Raises:
            TokenKeyError: the row was sealed with another key, or changed.
        """
        row = self._model.find(name=name, user=user)
        return None if row is None else row.to_token()

    def save_token(self, name: str, user: object, token: TokenLike) -> None:
        """Keep a token instead of the one before."""
        self._model.save_token(name=name, user=user, token=token)

    def delete_token(self, name: str, user: object, token: TokenLike | None = None) -> None:
        """Remove a user's token; with ``token`` only if it is still that one, and is not being renewed."""
        unchanged = None
        if token is not None:
            row = self._model.find(name=name, user=user)
            if row is None or row.to_token()["oauth_token"] != token_fields(token, provider=name)["oauth_token"]:
                return
            unchanged = row.oauth_token
        self._model.remove(name=name, user=user, unchanged=unchanged, seconds=CLAIM_SECONDS)

    def claim_renewal(self, name: str, user: object, version: int, seconds: float) -> bool:
        """Whether the caller is the one who renews this version of the token."""
        return bool(self._model.claim(name=name, user=user, version=version, seconds=seconds))

    def release_renewal(self, name: str, user: object) -> None:
        """End a claim whose renewal failed."""
        self._model.release(name=name, user=user)

    def find_oauth2_token(self, name: str, user: object) -> OAuth2Token | None:
        """A user's token of OAuth 2.0 for the client ``name``; ``None`` if the table has none.

        Raises:
            TokenKeyError: the row was sealed with another key, or changed.
        """
        row = self._oauth2_model.find(name=name, user=user)
        return None if row is None else row.to_token()

    def save_oauth2_token(self, name: str, user: object, token: Mapping[str, Any]) -> None:  # Authlib's have numbers
        """Keep a token of OAuth 2.0 instead of the one before, such as one that was refreshed.

        Raises:
            MissingTokenError: it has no ``access_token``.
        """
        self._oauth2_model.save_token(name=name, user=user, token=token)

    @property
    def _oauth2_model(self) -> Any:  # as below
        from oauth1_catalog.integrations.django_tokens import models

        return models.OAuth2Token

    @property
    def _model(self) -> Any:  # the class OAuth1Token, which exists when the apps are loaded, and not before
        from oauth1_catalog.integrations.django_tokens.models import OAuth1Token

        return OAuth1Token
