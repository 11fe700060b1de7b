"""Hold the sync client of httpx2 to a deadline: its timeout bounds each wait, not their sum.

Nothing interrupts a thread that waits for data, but its connection can be shut down, which ends the wait. httpx2's
extension ``trace`` tells of each connection that is opened. It does not tell which one a request is sent on, so that at
the deadline all connections of the client are shut down. Such a client holds the token of one user.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock, Timer
from typing import Any
from weakref import WeakSet

import httpcore2
import httpx2


@dataclass(frozen=True, slots=True)
class Watch:
    """When a deadline ends (``time.monotonic``)."""

    moment: float

    def is_over(self) -> bool:
        """Whether it has ended."""
        return time.monotonic() >= self.moment


class OpenConnections:
    """The connections that a client of httpx2 has opened, as far as its requests went through ``watch``."""

    def __init__(self) -> None:
        self._streams: WeakSet[httpcore2.NetworkStream] = WeakSet()
        self._lock = Lock()

    def watch(self, request: httpx2.Request) -> None:
        """Notice the connection that is opened for ``request``. A ``trace`` of the caller is called as before."""
        theirs: Callable[[str, Mapping[str, Any]], None] | None = request.extensions.get("trace")

        def trace(event: str, info: Mapping[str, Any]) -> None:
            opened = info.get("return_value")
            if isinstance(opened, httpcore2.NetworkStream):
                with self._lock:
                    self._streams.add(opened)
            if theirs is not None:
                theirs(event, info)

        request.extensions = {**request.extensions, "trace": trace}

    @contextmanager
    def shut_down_after(self, seconds: float) -> Iterator[Watch]:
        """Shut the connections down, if this block takes longer than ``seconds``."""
        timer = Timer(seconds, self._shut_down)
        timer.daemon = True
        watch = Watch(time.monotonic() + seconds)
        timer.start()
        try:
            yield watch
        finally:
            timer.cancel()

    def _shut_down(self) -> None:
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            opened = stream.get_extra_info("socket")
            if isinstance(opened, socket.socket):
                with suppress(OSError):  # it was closed, or has become that of a TLS connection
                    # Not its own shutdown(): that of a TLS socket takes the TLS state away from the thread that reads.
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)
