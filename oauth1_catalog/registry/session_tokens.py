"""The session tokens of a client, for the calls that are signed with them (Interactive Brokers).

A call gets its session token from the token itself, if that has one that has not ended (``renew_token`` returns such a
token), from the memory of the client, or from the provider. If several threads or tasks need one at once, one of them
asks, and the others wait. A token of the token store is renewed there, so that all processes share it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.flow.session_token import FIELD, current_session, fetch_session_token
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.effects import LoginSteps, Pause
from oauth1_catalog.registry.framework import FrameworkRequest
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_store import CLAIM_SECONDS, WAIT_SECONDS, TokenStoreMixin
from oauth1_catalog.rfc5849.messages import TokenCredentials, TokenLike, token_fields

if TYPE_CHECKING:
    from oauth1_catalog.flow.session_token import SessionKeys

MOST = 1000
"""How many session tokens a client remembers."""

YOUNG = 60.0
"""The age in seconds up to which a session token is used again although a call with it was refused."""


class _Known(NamedTuple):
    fields: Mapping[str, str]
    since: float


class SessionTokens:
    """The session tokens that a client remembers, by the identifiers of their access tokens; safe for threads.

    ``now`` is in seconds of a clock that nobody sets (``time.monotonic``): a system clock that is set back must neither
    keep a claim alive nor make an old session token young.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._claims: dict[str, float] = {}
        self._refused: dict[str, None] = {}

    def __repr__(self) -> str:
        return f"<SessionTokens of {len(self._known)} tokens>"

    def find(self, identifier: str) -> Mapping[str, str]:
        """The fields of a token with its session token; empty if none is known."""
        known = self._known.get(identifier)
        return {} if known is None else known.fields

    def keep(self, fields: Mapping[str, str], now: float) -> None:
        """Remember the session token in these fields of a token."""
        fields = MaskedMapping(fields)
        with self._lock:
            self._known.pop(fields["oauth_token"], None)  # the last one is the newest
            self._known[fields["oauth_token"]] = _Known(fields, now)
            _shorten(self._known)

    def claim(self, identifier: str, now: float) -> bool:
        """Whether the caller is the one who asks the provider now; then it has to call ``release``."""
        with self._lock:
            if now < self._claims.get(identifier, 0.0):
                return False
            self._claims[identifier] = now + CLAIM_SECONDS
            return True

    def release(self, identifier: str) -> None:
        """End a claim."""
        with self._lock:
            self._claims.pop(identifier, None)

    def refuse(self, identifier: str, session: str, now: float) -> None:
        """Do not use a session token again, because the provider has refused a call with it, unless it is new."""
        with self._lock:
            known = self._known.get(identifier)
            if known is not None and known.fields.get(FIELD) == session:
                if now - known.since < YOUNG:
                    return  # then the call has another fault, and the next one would only ask for one more
                del self._known[identifier]
            self._refused[masked(session)] = None
            _shorten(self._refused)

    def is_refused(self, session: str) -> bool:
        """Whether the provider has refused a call with it."""
        return session in self._refused


def _shorten(kept: dict[str, object] | dict[str, _Known] | dict[str, None]) -> None:
    while len(kept) > MOST:
        del kept[next(iter(kept))]


class SessionTokenMixin(TokenStoreMixin[FrameworkRequest]):
    """The steps of a client whose calls are signed with session tokens."""

    static_token: TokenCredentials | None

    if TYPE_CHECKING:

        @property
        def session_keys(self) -> SessionKeys: ...  # noqa: D102 - the client's own

    @cached_property
    def session_tokens(self) -> SessionTokens:
        """The session tokens that this client remembers."""
        return SessionTokens()

    def _with_session(self, token: TokenLike) -> LoginSteps[TokenCredentials]:
        """The credentials that sign a call: the token, and its session token in place of the secret."""
        fields = token_fields(token, provider=self.name)
        identifier = fields["oauth_token"]
        while True:
            if (known := self._known_session(fields)) is not None:
                return known
            if self.session_tokens.claim(identifier, time.monotonic()):
                break
            yield Pause(WAIT_SECONDS)
        try:
            renewed = yield from self._renew(token, None)
            if self._owner(token) is not None and self._known_session(renewed) is None:
                renewed = yield from self._renew(renewed, None)  # another worker's, which has ended since
        finally:
            self.session_tokens.release(identifier)
        return TokenCredentials(identifier, renewed[FIELD])

    def _known_session(self, fields: Mapping[str, str]) -> TokenCredentials | None:
        """The credentials with a session token that is known and has not ended."""
        now, identifier = time.time(), fields["oauth_token"]
        for known in (fields, self.session_tokens.find(identifier)):
            session = current_session(self.provider, known, now)
            if session is not None and not self.session_tokens.is_refused(session):
                return TokenCredentials(identifier, session)
        return None

    def _require_session(self, token: TokenLike) -> TokenCredentials:
        """The same for a request that is signed without I/O.

        Raises:
            MissingTokenError: no session token is known.
        """
        known = self._known_session(token_fields(token, provider=self.name))
        if known is None:
            raise MissingTokenError(
                "missing_session_token",
                f"{self.name}: there is no session token to sign with, or it has ended.",
                provider=self.name,
                step="api",
                advice="Call renew_token() before you sign, or let the client make the call, with get() and so on.",
            )
        return known

    def _session_refused(self, credentials: TokenCredentials | None) -> None:
        """The next call gets a new session token, because the provider has refused one with this."""
        if credentials is not None:
            self.session_tokens.refuse(credentials.oauth_token, credentials.oauth_token_secret, time.monotonic())

    def _renew(self, token: TokenLike | None, user: object) -> LoginSteps[Token]:
        if self.provider.session_token is not None and token is None and user is None:
            token = self.static_token
        return super()._renew(token, user)

    def _renew_at_provider(self, token: TokenLike) -> LoginSteps[Token]:
        if self.provider.session_token is None:
            return (yield from super()._renew_at_provider(token))
        fields = yield from fetch_session_token(
            self.provider, self.signer, token_fields(token, provider=self.name), self.session_keys
        )
        self.session_tokens.keep(fields, time.monotonic())
        return self._token_of(fields, time.time())
