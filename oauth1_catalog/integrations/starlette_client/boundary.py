"""Where one request of an application ends and another begins, for calls that name no request.

A server gives each request a context of its own, and mostly a clean one. But uvicorn starts a pipelined request, and
goes on reading a connection, in the context of the request before; and a test client or a gateway serves a request in
the context of the one that it is called in. So the first login that ends in an application puts this around it.
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from oauth1_catalog.registry import current_token


class RequestBoundary:
    """An ASGI application whose requests see no token of another request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        tokens = current_token.tokens_on(scope)
        with current_token.serving_within(tokens):
            await self._app(scope, receive, send)


def draw_boundary(scope: Scope) -> None:
    """Have all requests of the application that serves ``scope`` begin without a token of another request.

    ``scope["router"]`` is the outermost one, which leads to mounted applications, too.
    """
    for served in (scope.get("app"), scope.get("router")):
        stack: Any = getattr(served, "middleware_stack", None)
        if served is not None and stack is not None and not isinstance(stack, RequestBoundary):
            served.middleware_stack = RequestBoundary(stack)
