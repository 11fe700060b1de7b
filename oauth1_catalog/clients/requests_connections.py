"""Connections of urllib3's pools: how long an idle one is kept, and how long one may take to read an answer.

An idle connection is closed when it has been idle for too long, or when there are too many.
urllib3 looks at an idle connection when it wants to use it again. The last one put back is used first, so that after a
burst the others would stay, long after the provider has closed its end, and one that finds its pool full is closed with
a warning. Here a queue stands in for that of the pool (``HTTPConnectionPool.pool``); the pool itself stays urllib3's,
which tools such as vcrpy patch.
"""

from __future__ import annotations

import io
import queue
import socket
import time
import weakref
from collections import OrderedDict, deque
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from oauth1_catalog.clients.limits import deadline_in_force
from oauth1_catalog.clients.requests_answers import bound_answer

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection


class IdleConnections:
    """The idle connections of all the pools that were given to ``keep_for``, in the order in which they became idle.

    Args:
        keepalive: seconds after which an idle connection is closed: at the next call through any of the pools.
        per_pool: how many idle connections one pool keeps.
        limit: how many idle connections all pools keep together; ``None`` for any number.
    """

    def __init__(self, keepalive: float, per_pool: int, limit: int | None = None) -> None:
        self._keepalive = keepalive
        self._per_pool = per_pool
        self._limit = limit
        self._lock = Lock()
        self._since: OrderedDict[HTTPConnection, tuple[float, IdleQueue]] = OrderedDict()
        self._abandoned: deque[IdleQueue] = deque()

    def __len__(self) -> int:
        return len(self._since)

    def keep_for(self, pool: HTTPConnectionPool) -> None:
        """Keep the idle connections of ``pool`` from now on. It may be given any number of times."""
        if type(pool.pool) is not queue.LifoQueue:  # it is ours already, or closed
            return
        mine = IdleQueue(self)
        weakref.finalize(pool, self.abandon, mine)
        with self._lock:
            if type(pool.pool) is queue.LifoQueue:
                pool.pool = mine

    def put(self, connection: HTTPConnection, owner: IdleQueue) -> None:
        """``connection`` has become idle."""
        with self._lock:
            now = time.monotonic()
            self._since[connection] = now, owner
            owner.idle[connection] = None
            dropped = self._overdue(now)
            if len(owner.idle) > self._per_pool:
                dropped.append(self._dropped(next(iter(owner.idle))))
            while self._limit is not None and len(self._since) > self._limit:
                dropped.append(self._dropped(next(iter(self._since))))
        _close(dropped)

    def take(self, owner: IdleQueue) -> HTTPConnection | None:
        """The connection of ``owner`` that became idle last; ``None`` if it has none."""
        with self._lock:
            dropped = self._overdue(time.monotonic())
            connection = None
            if owner.idle:
                connection, _ = owner.idle.popitem()
                del self._since[connection]
        _close(dropped)
        return connection

    def close(self) -> None:
        """Close all of them; the pools go on, and make new ones."""
        with self._lock:
            dropped = [self._dropped(connection) for connection in list(self._since)]
        _close(dropped)

    def abandon(self, owner: IdleQueue) -> None:
        """Close what ``owner`` has, whose pool is gone.

        The garbage collector calls this, perhaps while this very thread holds the lock: then the next call closes them.
        """
        self._abandoned.append(owner)
        if self._lock.acquire(blocking=False):
            try:
                dropped = self._overdue(time.monotonic())
            finally:
                self._lock.release()
            _close(dropped)

    def _overdue(self, now: float) -> list[HTTPConnection]:
        """Those that nobody may use any more, taken out; the lock is held."""
        overdue = []
        while self._abandoned:
            overdue += [self._dropped(connection) for connection in list(self._abandoned.popleft().idle)]
        while self._since:
            connection = next(iter(self._since))
            if now - self._since[connection][0] <= self._keepalive:
                break
            overdue.append(self._dropped(connection))
        return overdue

    def _dropped(self, connection: HTTPConnection) -> HTTPConnection:
        _, owner = self._since.pop(connection)
        del owner.idle[connection]
        return connection


def _close(connections: list[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


class IdleQueue(queue.LifoQueue[Any]):
    """What a pool of urllib3 takes for its queue: ``put`` is never refused, ``get`` never waits."""

    def __init__(self, shared: IdleConnections) -> None:
        super().__init__()
        self._shared = shared
        self.idle: OrderedDict[HTTPConnection, None] = OrderedDict()

    def put(self, item: HTTPConnection | None, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002 - urllib3 gives them
        """``item`` is idle now; ``None`` stands for a connection that was given up."""
        if item is not None and not item.is_closed:
            self._shared.put(item, self)

    def get(self, block: bool = True, timeout: float | None = None) -> HTTPConnection | None:  # noqa: ARG002 - urllib3 gives it
        """A connection that is idle no longer; for a caller who would wait, ``None``, of which urllib3 makes a new one.

        Raises:
            queue.Empty: there is none.
        """
        connection = self._shared.take(self)
        if connection is None and not block:
            raise queue.Empty
        return connection

    def qsize(self) -> int:
        """How many connections are idle."""
        return len(self.idle)

    def empty(self) -> bool:
        """Whether no connection is idle."""
        return not self.idle


def read_within_deadline(pool: HTTPConnectionPool) -> None:
    """Let the connections that ``pool`` makes from now on read their answers within the deadline in force."""
    theirs: type = type(pool).ConnectionCls
    is_urllib3s = theirs.__module__.startswith("urllib3.")
    pool.ConnectionCls = _reading_within_deadline(theirs) if is_urllib3s else theirs


def keep_bounds(adapter: BaseAdapter) -> None:
    """Let an application's adapter keep to the deadline in force, and its answers to their bounds."""
    if "send" in vars(adapter) or "build_response" in vars(adapter):
        return
    if not isinstance(adapter, HTTPAdapter):
        sent = adapter.send
        adapter.send = lambda *args, **how: bound_answer(sent(*args, **how))  # type: ignore[method-assign] # its own
        return
    connection, response = adapter.get_connection_with_tls_context, adapter.build_response

    def get_connection_with_tls_context(*args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = connection(*args, **kwargs)
        read_within_deadline(pool)
        return pool

    def build_response(*args: Any, **kwargs: Any) -> Any:
        return bound_answer(response(*args, **kwargs))

    adapter.get_connection_with_tls_context = get_connection_with_tls_context  # type: ignore[method-assign] # its own
    adapter.build_response = build_response  # type: ignore[method-assign] # its own


@lru_cache
def _reading_within_deadline(theirs: type) -> type[Any]:
    return type(theirs.__name__, (_ReadsWithinDeadline, theirs), {})


class _ReadsWithinDeadline:
    # Not derived from urllib3's class: under vcrpy that name stands for another one, perhaps while this is imported.
    sock: Any

    def getresponse(self) -> Any:
        moment, sock = deadline_in_force(), self.sock
        if moment is None or sock is None:
            return super().getresponse()  # type: ignore[misc] # of the connection that this is mixed into
        self.sock = _SocketWithinDeadline(sock, moment)
        try:
            return super().getresponse()  # type: ignore[misc] # likewise
        finally:
            if self.sock is not None:
                self.sock = sock


class _SocketWithinDeadline:
    """``sock``, but that what is read through its file is there until ``moment``, or an error."""

    def __init__(self, sock: socket.socket, moment: float) -> None:
        self._sock = sock
        self._moment = moment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_ReaderWithinDeadline(self._sock, self._moment))


class _ReaderWithinDeadline(io.RawIOBase):
    def __init__(self, sock: socket.socket, moment: float) -> None:
        self._sock = sock
        self._moment = moment
        self._each = sock.gettimeout()
        self._raw = sock.makefile("rb", 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._moment - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        self._sock.settimeout(left if self._each is None else min(left, self._each))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
