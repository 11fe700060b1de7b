"""The current token: while a request is served, calls that name no token use that of a login which ended in it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from oauth1_catalog.rfc5849.messages import TokenLike

FrameworkRequest = TypeVar("FrameworkRequest")
"""As in ``framework.py``, which imports this module."""

_KEY = "oauth1_catalog.tokens"


class RequestTokens:
    """The tokens of one request, by the names of their clients.

    Attributes:
        hidden: how many requests are being served within this one, in the same context as this one.
        within: the request that counts this one as such.
    """

    __slots__ = ("__weakref__", "_tokens", "hidden", "within")

    def __init__(self) -> None:
        self._tokens: dict[str, TokenLike] = {}
        self.hidden: int = 0
        self.within: RequestTokens | None = None

    def __repr__(self) -> str:
        return f"<RequestTokens of {', '.join(self._tokens) or 'no client'}>"

    def set(self, client: str, token: TokenLike) -> None:
        """Remember the token of ``client``."""
        self._tokens[client] = token

    def get(self, client: str) -> TokenLike | None:
        """The token of ``client``, if its login ended in this request."""
        return self._tokens.get(client)

    def clear(self) -> None:
        """Forget the tokens: the request is over."""
        self._tokens.clear()


_served: ContextVar[tuple[weakref.ref[RequestTokens], ...]] = ContextVar("oauth1_catalog.served", default=())


def tokens_on(attributes: MutableMapping[str, Any]) -> RequestTokens:
    """The tokens of a request, which are stored in ``attributes``, its mapping for data of extensions."""
    tokens: RequestTokens = attributes.setdefault(_KEY, RequestTokens())
    return tokens


def serving() -> RequestTokens | None:
    """The tokens of the request that this context serves."""
    return next((tokens for tokens in (reference() for reference in _served.get()) if tokens is not None), None)


def enter(tokens: RequestTokens) -> None:
    """The request of ``tokens`` is being served in this context from now on."""
    if serving() is not tokens:
        others = [other for other in _served.get() if other() not in {None, tokens}]
        _served.set((weakref.ref(tokens), *others))


@contextmanager
def serving_within(tokens: RequestTokens) -> Iterator[None]:
    """Serve the request of ``tokens`` in the ``with`` block, and the one that is served now behind it."""
    before = _served.get()
    enter(tokens)
    try:
        yield
    finally:
        _served.set(before)


@contextmanager
def serving_request(attributes: MutableMapping[str, Any]) -> Iterator[None]:  # as each extension stores
    """Serve a request in the ``with`` block: calls in it see no token of another request.

    Contexts do not separate requests: a thread of a WSGI server serves many in one context, and an ASGI server can
    start a request in the context of the one before it.

    Args:
        attributes: the request's mapping for data of extensions, such as WSGI's ``environ`` or ASGI's ``scope``.

    >>> with serving_request({}):
    ...     serving()
    <RequestTokens of no client>
    """
    tokens = tokens_on(attributes)  # which only a weak reference in the context names
    with serving_within(tokens):
        yield


def leave() -> None:
    """The request that this context serves is over; one that it was served within goes on."""
    over = serving()
    _served.set(tuple(other for other in _served.get() if other() not in {None, over}))


class CurrentToken(Generic[FrameworkRequest]):
    """Remembers, for the request being served, the token of each client whose login ended in it.

    Args:
        attributes: returns a request's mapping for data of extensions; each request has one.
    """

    def __init__(self, attributes: Callable[[FrameworkRequest], Any]) -> None:  # frameworks have their own types
        self._attributes = attributes

    def serve(self, request: FrameworkRequest) -> RequestTokens:
        """Calls that name no request belong to ``request`` from now on, in this context and those copied from it."""
        tokens = tokens_on(self._attributes(request))
        enter(tokens)
        return tokens

    def set(self, client: str, request: FrameworkRequest, token: TokenLike) -> None:
        """Remember ``token`` of the client registered as ``client`` until ``request`` is over."""
        self.serve(request).set(client, token)

    def get(self, client: str, request: FrameworkRequest | None = None) -> TokenLike | None:
        """The token of a login that ended in the request being served.

        Args:
            client: the registered name.
            request: the request being served, if the caller passes it.
        """
        if request is not None:
            return tokens_on(self._attributes(request)).get(client)
        tokens = serving()
        return None if tokens is None or tokens.hidden else tokens.get(client)
