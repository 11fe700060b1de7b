"""Find, save, renew, revoke and forget the tokens of a token store: ``OAuth(token_store=...)``.

The steps do no I/O. They yield a ``StoreCall`` for each operation of the store, whose methods may be async if the
client is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Generic

from oauth1_catalog.catalog.provider import Provider, Successor
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    MissingTokenError,
    ProviderError,
    TokenNotSavedError,
)
from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.effects import LoginSteps, Pause, StoreCall, Uninterrupted
from oauth1_catalog.registry.framework import Framework, FrameworkRequest
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.rfc5849.messages import ClientCredentials, Response, TokenLike, token_fields

if TYPE_CHECKING:
    from oauth1_catalog.rfc5849 import Signer


CLAIM_SECONDS = 60
"""How long one worker's claim to renew a token keeps the others waiting, if that worker dies. It is longer than an
exchange with a token endpoint can take."""

CLOCK_TOLERANCE = 600
"""How far ahead a worker's clock can be, in seconds. A claim from later than that ends at once: the clock was put right
since. Providers refuse the requests of a worker whose clock is further off."""

WAIT_SECONDS = 0.1
"""How long a worker waits before it looks again whether another one has renewed the token."""


def renew_stored(
    name: str,
    user: object,
    token: TokenLike | None,
    renew: Callable[[Token], LoginSteps[Token]],
    *,
    forget: Collection[str] = (),
) -> LoginSteps[Token]:
    """Renew a user's token: one worker does it, the others wait for what it gets.

    Args:
        name: the client's name.
        user: whose token.
        token: the token that the caller found to have ended. Where another worker has replaced it meanwhile, the new
            one is the answer. Without it the token is renewed as it stands in the table.
        renew: asks the provider.
        forget: the problems (``oauth_problem``) after which the token is removed, since it has ended for good.

    Raises:
        MissingTokenError: the store has no token of this user.
        TokenNotSavedError: the provider renewed the token, and the store failed to save it. The error has the token.
    """
    stored: Token = yield from _stored(name, user)
    version = stored.version if token is None or _is_stored(token, stored, name) else None
    while stored.version == version:
        renewed: Token | None = yield Uninterrupted(_renew_if_first(name, user, stored, renew, forget))
        if renewed is not None:
            return renewed
        yield Pause(WAIT_SECONDS)
        stored = yield from _stored(name, user)
    return stored


def _renew_if_first(
    name: str,
    user: object,
    stored: Token,
    renew: Callable[[Token], LoginSteps[Token]],
    forget: Collection[str],
) -> LoginSteps[Token | None]:
    """The renewed token, saved; ``None`` where another worker renews it."""
    if not (yield StoreCall("claim_renewal", (name, user, stored.version, CLAIM_SECONDS))):
        return None
    try:
        renewed = yield from renew(stored)
    except Exception as error:
        try:
            yield StoreCall("release_renewal", (name, user))
            if isinstance(error, ProviderError) and error.problem in forget:
                yield StoreCall("delete_token", (name, user, stored))
        except Exception as failure:  # why nothing was renewed counts more
            error.add_note(
                f"{name}: then the token store failed, too ({type(failure).__name__}). The claim to renew this token "
                f"ends after {CLAIM_SECONDS} seconds."
            )
        raise
    yield from save_confirmed(name, user, renewed, step="renew")
    renewed.user, renewed.version = user, (stored.version or 0) + 1
    return renewed


def save_confirmed(name: str, user: object, token: Token, *, step: str) -> LoginSteps[None]:
    """Save a token that the provider has just confirmed, and that nobody but this caller has.

    Args:
        name: the client's name.
        user: whose token.
        token: the token.
        step: the step that ended with it.

    Raises:
        TokenNotSavedError: the store failed; the error has the token.
    """
    try:
        yield StoreCall("save_token", (name, user, token))
    except Exception as error:
        # Only the type is named: a store's message can hold what it was given.
        raise TokenNotSavedError(
            f"{name}: the provider confirmed a new token of user {user!r}, and the token store failed to save it "
            f"({type(error).__name__}).",
            token=token,
            user=user,
            provider=name,
            step=step,
            advice="Save error.token with save_token(error.token, user=error.user) when the store works again, or ask "
            "the user to log in again.",
        ) from error


def _is_stored(token: TokenLike, stored: Token, name: str) -> bool:
    """Whether the store still holds what the caller has."""
    saved = token.version if isinstance(token, Token) else None
    same = token_fields(token, provider=name)["oauth_token"] == stored["oauth_token"]
    return same and saved in {None, stored.version}


def _stored(name: str, user: object) -> LoginSteps[Token]:
    token: Token | None = yield StoreCall("find", (name, user))
    if token is None:
        raise MissingTokenError(
            description=f"{name}: the token store has no token of user {user!r}.",
            provider=name,
            step="renew",
            advice="Ask the user to log in.",
        )
    return token


ENDED = frozenset({"token_revoked", "token_rejected", "token_expired"})
"""The problems (``oauth_problem``) by which a provider reports that a token is no longer valid."""


class TokenStoreMixin(Generic[FrameworkRequest]):
    """The steps of a client that use an existing token."""

    framework: Framework[FrameworkRequest]
    name: str
    provider: Provider
    oauth2_client: ClientCredentials | None

    if TYPE_CHECKING:

        @property
        def signer(self) -> Signer: ...  # noqa: D102 - the client's own

        def _token_of(self, fields: Mapping[str, str], now: float) -> Token: ...

        def _missing(self, *settings: str) -> MissingSettingError: ...

    def _current_users_token(self, request: FrameworkRequest) -> LoginSteps[Token | None]:
        user = yield StoreCall("current_user", (request,))
        token: Token | None = None if user is None else (yield StoreCall("find", (self.name, user)))
        return token

    def _find(self, user: object) -> LoginSteps[Token | None]:
        self._require_store("find_token()")
        token: Token | None = yield StoreCall("find", (self.name, user))
        return token

    def _save(self, token: TokenLike, user: object) -> LoginSteps[None]:
        self._require_store("save_token()")
        yield StoreCall("save_token", (self.name, user, token))

    def _forget(self, user: object) -> LoginSteps[None]:
        self._require_store("forget_token()")
        yield StoreCall("delete_token", (self.name, user))

    def _renew(self, token: TokenLike | None, user: object) -> LoginSteps[Token]:
        owner = self._owner(token) if user is None else user
        if owner is None:
            return self._renew_at_provider(self._given(token, step="renew"))
        self._require_store("renew_token(user=...)")
        forget = ENDED if self.framework.forget_rejected_tokens else ()
        return renew_stored(self.name, owner, token, self._renew_at_provider, forget=forget)

    def _renew_at_provider(self, token: TokenLike) -> LoginSteps[Token]:
        from oauth1_catalog.flow.grants import renew_token

        fields = yield from renew_token(self.provider, self.signer, token_fields(token, provider=self.name))
        return self._token_of(fields, time.time())

    def _revoke(self, token: TokenLike | None, user: object) -> LoginSteps[None]:
        from oauth1_catalog.flow.grants import revoke_token

        if token is None and user is not None:
            token = yield from self._find(user)
        token = self._given(token, step="revoke")
        yield from revoke_token(self.provider, self.signer, token_fields(token, provider=self.name))
        owner = self._owner(token) if user is None else user
        if owner is not None and self.framework.token_store is not None:
            yield StoreCall("delete_token", (self.name, owner, token))

    def _exchange_token(
        self,
        token: TokenLike | None,
        user: object,
        oauth2_client_id: str | None,
        oauth2_client_secret: str | None,
        params: Mapping[str, object],
    ) -> LoginSteps[OAuth2Token]:
        from oauth1_catalog.flow.exchange import bearer_expires_at, exchange_token

        if token is None and user is not None:
            token = yield from self._find(user)
        token = self._given(token, step="exchange")
        client = self.oauth2_client
        if oauth2_client_id:
            client = ClientCredentials(oauth2_client_id, oauth2_client_secret or "")
        else:
            self.require_exchange()
        fields = yield from exchange_token(
            self.provider,
            self.signer,
            token_fields(token, provider=self.name),
            oauth2_client=client,
            params=MaskedMapping({name: str(value) for name, value in params.items() if value is not None}),
        )
        exchanged = OAuth2Token(fields)
        exchanged.expires_at = bearer_expires_at(fields, time.time())
        return exchanged

    def require_exchange(self) -> Successor:
        """How the provider exchanges a token; refuse a client that cannot do it. Nothing is sent.

        Raises:
            ConfigurationError: the provider's file does not describe it, or the URL is not https.
            MissingSettingError: ``oauth2_client_id`` is not configured, and the provider needs it.
        """
        from oauth1_catalog.flow.exchange import required_successor

        successor = required_successor(self.provider)
        if successor.auth == "client" and self.oauth2_client is None:
            raise self._missing("oauth2_client_id")
        return successor

    def _may_be_rejected(self, token: TokenLike | None) -> bool:
        """Whether an error is to be read for the rejection of a token that is in the store."""
        return self.framework.forget_rejected_tokens and self._owner(token) is not None

    def _forget_rejected(self, token: TokenLike | None, response: Any, beginning: bytes) -> LoginSteps[None]:
        """Remove a token of the store that the provider has just rejected, where the application wishes that.

        ``response`` is that of requests or httpx2, which have the same attributes; ``beginning`` is of its body, which
        may be a stream without end.
        """
        owner = self._owner(token)
        from oauth1_catalog.diagnosis.problems import read_problem

        problem = read_problem(Response(response.status_code, dict(response.headers), beginning))
        renewable = problem.code == "token_expired" and self.provider.renew is not None
        if problem.reported and problem.code in ENDED and not renewable:
            yield StoreCall("delete_token", (self.name, owner, token))

    def _owner(self, token: TokenLike | None) -> object:
        """The user whose token it is in the store, ``None`` for a token that is in none."""
        return token.user if isinstance(token, Token) and self.framework.token_store is not None else None

    def _given(self, token: TokenLike | None, *, step: str) -> TokenLike:
        if token is None:
            raise MissingTokenError(
                description=f"{self.name}: no token to {step}.",
                provider=self.name,
                step=step,
                advice="Pass token=, or user= with a user whose token is in the token store.",
            )
        return token

    def _require_store(self, function: str) -> None:
        if self.framework.token_store is None:
            raise ConfigurationError(
                "no_token_store",
                f"{self.name}: {function} needs a token store.",
                provider=self.name,
                advice=f"{self.framework.advise_token_store()} See docs/tokens.md.",
            )
