"""A bound on the connections of a whole registry: few of its clients' pools are open at a time.

Rule 1: the pool that was used longest ago is closed; one that is in use is not.
Rule 2: each process, and with httpx2 each event loop, counts for itself: none can close another's connections.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

DEFAULT = 100
"""How many clients of a registry keep their connections."""

_SECONDS_TO_CLOSE = 2.0


class SyncPool(Protocol):
    """Connections that are closed at once."""

    def close(self) -> None:
        """Close what is kept; a later call opens new ones."""


Pool = TypeVar("Pool")


@dataclass(slots=True)
class Use:
    """Who uses a pool: calls under way, and answers whose bodies are still to be read."""

    calls: int = 0
    unread: list[weakref.ReferenceType[Any]] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        """Whether the pool can be closed."""
        self.unread = [one for one in self.unread if (answer := one()) is not None and not answer.is_closed]
        return not self.calls and not self.unread


class Recent(Generic[Pool]):
    """The pools that are open, the one that was used last at the end."""

    def __init__(self) -> None:
        self.lock: threading.Lock = threading.Lock()
        self._uses: dict[Pool, Use] = {}

    def begin(self, pool: Pool) -> Use:
        """A call through ``pool`` begins."""
        use = self._uses.pop(pool) if pool in self._uses else Use()
        self._uses[pool] = use
        use.calls += 1
        return use

    def take_superfluous(self, limit: int, retired: weakref.WeakSet[Any]) -> list[Pool]:
        """Take out the pools that are to be closed: those whose clients are gone, and the oldest beyond ``limit``."""
        more = len(self._uses) - limit
        if more <= 0 and not retired:
            return []
        closing: list[Pool] = []
        for pool, use in self._uses.items():
            if (len(closing) < more or pool in retired) and use.is_idle:
                closing.append(pool)
        for pool in closing:
            del self._uses[pool]
            retired.discard(pool)
        return closing


class ConnectedPools:
    """The pools of a registry's clients, of which at most ``limit`` keep connections.

    More are open only while more than that are in use at once.

    Args:
        limit: how many.

    >>> class Pool:
    ...     closed = 0
    ...     def close(self):
    ...         self.closed += 1
    >>> pools, connected = [Pool(), Pool(), Pool()], ConnectedPools(limit=2)
    >>> for pool in (*pools, pools[1]):
    ...     with connected.using(pool):
    ...         pass
    >>> [pool.closed for pool in pools]
    [1, 0, 0]
    """

    def __init__(self, limit: int = DEFAULT) -> None:
        self.limit = limit
        self._processes: dict[int, Recent[SyncPool]] = {}
        self._retired: weakref.WeakSet[SyncPool] = weakref.WeakSet()

    def retire(self, pool: SyncPool) -> None:
        """Close a pool whose client is gone: at once, or where it is in use as soon as it is not."""
        self._retired.add(pool)
        recent = self._recent()
        with recent.lock:
            self._close(recent)

    @contextmanager
    def using(self, pool: SyncPool) -> Iterator[None]:
        """While a call goes through ``pool``."""
        recent = self._recent()
        with recent.lock:
            use = recent.begin(pool)
            self._close(recent)
        try:
            yield
        finally:
            with recent.lock:
                use.calls -= 1
                self._close(recent)

    def _recent(self) -> Recent[SyncPool]:
        # A forked child has its own: the parent's lock may be locked, and the child must not close its sockets.
        process = os.getpid()
        return self._processes.get(process) or self._processes.setdefault(process, Recent())

    def _close(self, recent: Recent[SyncPool]) -> None:
        # Under the lock: nobody may begin to use a pool while it is being closed.
        for pool in recent.take_superfluous(self.limit, self._retired):
            pool.close()


class AsyncPool(Protocol):
    """A pool whose connections belong to the running event loop."""

    async def aclose(self) -> None:
        """Close what is kept; a later call opens new ones."""


class AsyncConnectedPools:
    """The pools of a registry's clients, of which at most ``limit`` keep connections in one event loop.

    Args:
        limit: how many.
    """

    def __init__(self, limit: int = DEFAULT) -> None:
        self.limit = limit
        from anyio.lowlevel import RunVar  # a client on requests has no anyio

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
            import anyio

            with anyio.move_on_after(_SECONDS_TO_CLOSE, shield=True):
                for pool in closing:
                    await pool.aclose()
