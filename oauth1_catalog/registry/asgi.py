"""What the integrations of ASGI frameworks share: the query of a scope, and the boundary between two requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from oauth1_catalog.registry.current_token import serving_request

ASGIApp: TypeAlias = Callable[..., Awaitable[None]]  # each framework has its own types for what it takes


def query_of(scope: Any) -> list[tuple[str, str]]:  # a mapping; each framework has its own type
    """The names and values of a request's query, decoded, in their order.

    >>> query_of({"query_string": b"oauth_token=a%20b&denied="})
    [('oauth_token', 'a b'), ('denied', '')]
    """
    query: str | bytes = scope.get("query_string", b"")  # text in a scope that a test made by hand
    return parse_qsl(query if isinstance(query, str) else query.decode("latin-1"), keep_blank_values=True)


class RequestBoundary:
    """An ASGI application whose requests do not see the token of another request.

    A context does not separate requests: uvicorn starts a pipelined request in the context of the one before it, and a
    test client can send many in one task.

    Args:
        app: the application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # as ASGI defines them
        """Serve a request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        with serving_request(scope):
            await self._app(scope, receive, send)
