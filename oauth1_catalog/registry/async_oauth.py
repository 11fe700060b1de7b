"""The base of the ``OAuth`` of each framework whose views are awaited: it closes connections in an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from oauth1_catalog.clients.connected import AsyncConnectedPools
from oauth1_catalog.registry.async_client import AsyncOAuth1App
from oauth1_catalog.registry.oauth import BaseOAuth

AsyncApp = TypeVar("AsyncApp", bound=AsyncOAuth1App[Any])


class BaseAsyncOAuth(BaseOAuth[AsyncApp]):
    """A registry of OAuth 1.0 clients whose calls are awaited. ``BaseOAuth`` documents the arguments."""

    connected_class = AsyncConnectedPools

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:  # noqa: ARG002 - an integration may need it
        """Close the clients' connections when the application stops.

        Args:
            app: the application.
        """
        try:
            yield
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the clients' connections in this event loop."""
        for client in list(self._clients.values()):
            await client.aclose()
