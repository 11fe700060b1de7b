"""The token of the login that ends in the request being served.

So ``twitter.get(...)`` right after ``authorize_access_token(...)`` needs no ``token=``, as the common example has it.

Rule: the token is kept on its request, and goes when that goes. Neither the thread nor the task is asked which request
it serves, for both go on to serve others, and an exception can keep a request alive: it is the request that the nearest
caller holds.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, MutableMapping
from types import FrameType
from typing import Any, Generic, TypeVar

from oauth1_catalog.registry.token import TokenLike

FrameworkRequest = TypeVar("FrameworkRequest")

_KEY = "oauth1_catalog.tokens"


class CurrentToken(ABC, Generic[FrameworkRequest]):
    """Remembers, for the request being served, the token of each client whose login ended in it."""

    @abstractmethod
    def set(self, client: str, request: FrameworkRequest, token: TokenLike) -> None:
        """Remember ``token`` of the client registered as ``client`` until ``request`` is over."""

    @abstractmethod
    def get(self, client: str, request: FrameworkRequest | None = None) -> TokenLike | None:
        """The token of a login that ended in the request being served.

        Args:
            client: the registered name.
            request: the request being served, where the caller knows it.
        """


class TokenOnRequest(CurrentToken[FrameworkRequest]):
    """Keeps the tokens on the request itself, for a framework that hands its request around.

    Args:
        request_type: the framework's class of requests.
        attributes: where a request keeps what others attach to it; one mapping for one request.
    """

    def __init__(
        self, request_type: type[FrameworkRequest], attributes: Callable[[FrameworkRequest], MutableMapping[str, Any]]
    ) -> None:
        self._request_type = request_type
        self._attributes = attributes

    def set(self, client: str, request: FrameworkRequest, token: TokenLike) -> None:  # noqa: D102 - as above
        self._attributes(request).setdefault(_KEY, {})[client] = token

    def get(self, client: str, request: FrameworkRequest | None = None) -> TokenLike | None:  # noqa: D102 - as above
        kept = self._served() if request is None else self._attributes(request)
        token: TokenLike | None = kept.get(_KEY, {}).get(client)
        return token

    def _served(self) -> MutableMapping[str, Any]:
        """What is attached to the request that the nearest caller holds; nothing where it holds several."""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - documented; inspect.currentframe() is the same
        while frame is not None:
            # By type, not isinstance: a proxy's __class__ may do anything, such as ask a database.
            held = [v for v in list(frame.f_locals.values()) if self._request_type in type(v).__mro__]
            requests = {id(kept): kept for kept in map(self._attributes, held)}
            if requests:
                return requests.popitem()[1] if len(requests) == 1 else {}
            frame = frame.f_back
        return {}
