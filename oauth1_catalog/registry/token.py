"""The access token as applications see it: Authlib's dictionary, whose ``repr`` hides the secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.redaction import MASK, is_secret_name, masked
from oauth1_catalog.rfc5849.messages import TokenLike


class _MaskedToken(dict[str, str]):
    """A dictionary whose ``repr`` masks the values of secrets."""

    def __repr__(self) -> str:
        return repr(dict(self.__rich_repr__()))

    def __rich_repr__(self) -> Iterator[tuple[str, str]]:
        for name, value in self.items():
            yield name, MASK if is_secret_name(name) else value

    def __sentry_repr__(self) -> str:
        return repr(self)


class Token(_MaskedToken):
    """What ``authorize_access_token`` returns: ``oauth_token``, ``oauth_token_secret`` and the provider's own fields.

    ``state_data`` and ``redirect_uri`` are what the application gave to ``authorize_redirect``. ``expires_at`` is the
    end of a token's life, in seconds since the epoch; ``None`` for one that is valid until it is revoked. ``user`` is
    whose token it is in the token store, and ``version`` counts how often that was saved; both are ``None`` for one
    that is in no store.

    >>> Token(oauth_token="t", oauth_token_secret="s", screen_name="ada")
    {'oauth_token': '********', 'oauth_token_secret': '********', 'screen_name': 'ada'}
    """

    redirect_uri: str | None = None
    expires_at: float | None = None
    user: Any = None  # the application's own kind of user
    version: int | None = None

    @cached_property
    def state_data(self) -> dict[str, object]:
        """The application's own data; each token has its own dictionary."""
        return {}


class OAuth2Token(_MaskedToken):
    """What ``exchange_token`` returns: ``access_token``, and the other fields of RFC 6749, section 5.1, as texts.

    ``expires_at`` is the end of the access token's life, in seconds since the epoch; ``None`` if the provider did not
    name it.

    >>> OAuth2Token(access_token="a", refresh_token="r", expires_in="7200")
    {'access_token': '********', 'refresh_token': '********', 'expires_in': '7200'}
    """

    expires_at: float | None = None


FetchToken: TypeAlias = Callable[..., Any]
"""Returns the current user's ``TokenLike``, or ``None``; in async code it may return an awaitable.

Flask calls it with the client's name, Django and Starlette with the name and the request."""


def oauth2_token(token: Mapping[str, Any], *, name: str) -> OAuth2Token:
    """A token of OAuth 2.0 with its fields as texts, from any mapping, such as Authlib's.

    >>> oauth2_token({"access_token": "a", "expires_at": 1900000000}, name="x").expires_at
    1900000000.0

    Raises:
        MissingTokenError: it has no ``access_token``.
    """
    token = token if isinstance(token, OAuth2Token) else masked(token)
    if not token.get("access_token"):
        raise MissingTokenError(
            description=f"{name}: the token has no access_token.",
            provider=name,
            advice="Pass a mapping with access_token, and refresh_token if there is one.",
        )
    ends: Any = token.expires_at if isinstance(token, OAuth2Token) else token.get("expires_at")
    fields = OAuth2Token({key: str(value) for key, value in token.items() if key != "expires_at" and value is not None})
    fields.expires_at = None if ends is None else float(ends)
    return fields


User: TypeAlias = Any
"""A user of the application: an identifier, or an object that the store knows. Each store has its own type."""


class TokenStore(Protocol):
    """A table of tokens, at most one for each client's name and user.

    ``SQLAlchemyTokens`` and ``DjangoTokens`` are two; an application can have its own. The application decides
    what a user is: an identifier, or an object that the store knows. Each method may return an awaitable where
    the client is async.
    """

    def current_user(self, request: Any) -> object:  # each framework has its own class
        """The user of a framework's request; ``None`` where nobody is logged in."""

    def find(self, name: str, user: User) -> Any:  # Token | None, or an awaitable of it
        """The ``Token`` of a user, with its ``user`` and ``version``; ``None`` where there is none."""

    def save_token(self, name: str, user: User, token: TokenLike) -> object:
        """Keep a token instead of the one before. It counts ``version`` up, and ends a claim to renew."""

    def delete_token(self, name: str, user: User, token: TokenLike | None = None) -> object:
        """Remove a user's token; with ``token`` only if it is still that one, and is not being renewed."""

    def claim_renewal(self, name: str, user: User, version: int, seconds: float) -> object:
        """Whether the caller is the one who renews this ``version`` of the token, now and for ``seconds``.

        It must be one step that no other worker can interrupt, such as a conditional UPDATE. It is false where another
        worker has a claim that is younger than ``seconds``, or the row has another version by now.
        """

    def release_renewal(self, name: str, user: User) -> object:
        """End a claim whose renewal failed."""
