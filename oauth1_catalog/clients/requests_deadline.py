"""Hold the reading of an answer to a deadline: a socket's timeout alone bounds each wait, not their sum.

A connection of urllib3 is given a reader that lowers the socket's timeout to the time that is left. The class of the
connection is urllib3's, with one method more; where a tool such as vcrpy has put a class of its own, that one stays.
"""

from __future__ import annotations

import io
import socket
import time
from functools import lru_cache
from typing import Any

from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from oauth1_catalog.clients.deadline import deadline_in_force
from oauth1_catalog.clients.requests_bounds import bound_answer


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
        adapter.send = lambda *args, **kwargs: bound_answer(sent(*args, **kwargs))  # type: ignore[method-assign]
        return
    connection, response = adapter.get_connection_with_tls_context, adapter.build_response

    def get_connection_with_tls_context(*args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = connection(*args, **kwargs)
        read_within_deadline(pool)
        return pool

    adapter.get_connection_with_tls_context = get_connection_with_tls_context  # type: ignore[method-assign] # its own
    adapter.build_response = lambda *args, **kwargs: bound_answer(response(*args, **kwargs))  # type: ignore[method-assign]


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
            return super().getresponse()  # type: ignore[misc]
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
