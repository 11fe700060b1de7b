"""The token of the login that ends in the request being served.

So ``twitter.get(...)`` right after ``authorize_access_token(...)`` needs no ``token=``, as the common example has it.

Rule: the token belongs to that one request. A thread and a task go on to serve other requests, so the token is held
beside a weak reference to its own, and it is gone when that is.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from dataclasses import dataclass, field

from oauth1_catalog.registry.token import Token


@dataclass(slots=True)
class _Ended:
    """The logins that ended in one request."""

    request: weakref.ReferenceType[object]
    tokens: dict[str, Token] = field(default_factory=dict)


_ended: ContextVar[_Ended | None] = ContextVar("oauth1_catalog_ended_logins", default=None)


class CurrentToken:
    """Remembers, for the request being served, the token of each client whose login ended in it."""

    def set(self, client: str, request: object, token: Token) -> None:
        """Remember ``token`` until ``request`` is over."""
        ended = _ended.get()
        if ended is None or ended.request() is not request:
            ended = _Ended(weakref.ref(request))
            _ended.set(ended)
        ended.tokens[client] = token

    def get(self, client: str, request: object | None = None) -> Token | None:
        """The token of a login that ended in the request being served.

        Args:
            client: the registered name.
            request: the request being served, where the caller knows it.
        """
        ended = _ended.get()
        if ended is None:
            return None
        owner = ended.request()
        if owner is None or (request is not None and owner is not request):
            self.clear()
            return None
        return ended.tokens.get(client)

    def clear(self) -> None:
        """Forget what was remembered: the request is over."""
        _ended.set(None)
