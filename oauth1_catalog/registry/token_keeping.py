"""What a client does with a token after the login: save it in a token store, renew, revoke and forget it.

Without a token store, the application keeps its tokens itself, and can still renew and revoke them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic

from oauth1_catalog.errors import ConfigurationError, MissingTokenError
from oauth1_catalog.flow.responses import expires_at
from oauth1_catalog.registry import token_store
from oauth1_catalog.registry.framework import Framework, FrameworkRequest
from oauth1_catalog.registry.token import Token, TokenLike, token_fields
from oauth1_catalog.registry.token_store import StoreCall
from oauth1_catalog.rfc5849.messages import Response

if TYPE_CHECKING:
    from oauth1_catalog.catalog.provider import Provider
    from oauth1_catalog.registry.login import LoginSteps
    from oauth1_catalog.rfc5849 import Signer

ENDED = frozenset({"token_revoked", "token_rejected", "token_expired"})
"""The problems (``oauth_problem``) by which a provider reports that a token is no longer valid."""


class TokenStoreMixin(Generic[FrameworkRequest]):
    """The steps of a client that concern a token which is there already."""

    framework: Framework[FrameworkRequest]
    name: str
    provider: Provider

    if TYPE_CHECKING:

        @property
        def signer(self) -> Signer: ...  # noqa: D102 - the client's own

    def _current_users_token(self, request: FrameworkRequest) -> LoginSteps[Token | None]:
        return token_store.current_users_token(self.name, request)

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
        return token_store.renew_stored(self.name, owner, token, self._renew_at_provider, forget=forget)

    def _renew_at_provider(self, token: TokenLike) -> LoginSteps[Token]:
        from oauth1_catalog.flow.grants import renew_token

        fields = yield from renew_token(self.provider, self.signer, token_fields(token, provider=self.name))
        return self._token_of(fields, time.time())

    def _token_of(self, fields: Mapping[str, str], now: float) -> Token:
        """The token in a provider's answer to a request that was sent ``now``."""
        token = Token(fields)
        token.expires_at = expires_at(self.provider, token, now)
        return token

    def _revoke(self, token: TokenLike | None, user: object) -> LoginSteps[None]:
        from oauth1_catalog.flow.grants import revoke_token

        if token is None and user is not None:
            token = yield from self._find(user)
        token = self._given(token, step="revoke")
        yield from revoke_token(self.provider, self.signer, token_fields(token, provider=self.name))
        owner = self._owner(token) if user is None else user
        if owner is not None and self.framework.token_store is not None:
            yield StoreCall("delete_token", (self.name, owner, token))

    def _may_be_rejected(self, token: TokenLike | None, status: int) -> bool:
        """Whether an answer of this status is to be read for the rejection of a token that is in the store."""
        return self.framework.forget_rejected_tokens and status >= 400 and self._owner(token) is not None

    def _forget_rejected(self, token: TokenLike | None, response: Any, beginning: bytes) -> LoginSteps[None]:
        """Remove a token of the store that the provider has just rejected, where the application wishes that.

        ``response`` is that of requests or httpx2, which have the same attributes; ``beginning`` is of its body, which
        may be a stream without end.
        """
        owner = self._owner(token)
        from oauth1_catalog.flow.problems import read_problem

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
                description=f"{self.name}: no token to {step}. Pass token=, or user= of somebody whose token is in the "
                "token store.",
                provider=self.name,
                step=step,
            )
        return token

    def _require_store(self, function: str) -> None:
        if self.framework.token_store is None:
            raise ConfigurationError(
                "no_token_store",
                f"{self.name}: {function} needs a token store. Give OAuth(token_store=...) one, see docs/tokens.md.",
                provider=self.name,
            )
