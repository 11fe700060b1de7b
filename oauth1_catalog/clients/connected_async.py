"""The bound of ``connected.py`` for pools on httpx2: each event loop counts for itself."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
from anyio.lowlevel import RunVar

from oauth1_catalog.clients.connected import DEFAULT, Recent, Use

_SECONDS_TO_CLOSE = 2.0


class AsyncPool(Protocol):
    """Connections of the running event loop."""

    async def aclose(self) -> None:
        """Close what is kept; a later call opens new ones."""


class AsyncConnectedPools:
    """The pools of a registry's clients, of which at most ``limit`` keep connections in one event loop.

    Args:
        limit: how many.
    """

    def __init__(self, limit: int = DEFAULT) -> None:
        self.limit = limit
        self._loops: RunVar[Recent[AsyncPool]] = RunVar("oauth1_catalog_connected")
        self._retired: weakref.WeakSet[AsyncPool] = weakref.WeakSet()

    def retire(self, pool: AsyncPool) -> None:
        """Close a pool whose client is gone, when the next call of the registry begins or ends."""
        self._retired.add(pool)

    @asynccontextmanager
    async def using(self, pool: AsyncPool) -> AsyncIterator[Use]:
        """While a call goes through ``pool``; an answer that is not read yet is to be added to ``unread``."""
        recent = self._loops.get(None)
        if recent is None:
            recent = Recent()
            self._loops.set(recent)
        use = recent.begin(pool)
        try:
            await self._close(recent)
            yield use
        finally:
            use.calls -= 1
            await self._close(recent)

    async def _close(self, recent: Recent[AsyncPool]) -> None:
        if closing := recent.take_superfluous(self.limit, self._retired):
            with anyio.move_on_after(_SECONDS_TO_CLOSE, shield=True):
                for pool in closing:
                    await pool.aclose()
