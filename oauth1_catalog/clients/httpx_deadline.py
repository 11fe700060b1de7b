"""Hold the sync client of httpx2 to a deadline: its timeout bounds each wait, not their sum.

httpx2's extension ``trace`` tells of each connection that is opened. Such a connection is given a ``read`` that lowers
the timeout to the time that is left of the deadline in force.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from weakref import ref

import httpcore2
import httpx2

from oauth1_catalog.clients.deadline import deadline_in_force


def read_within_deadline(request: httpx2.Request) -> None:
    """Let a connection that is opened for ``request`` keep to deadlines; a ``trace`` of the caller is called, too."""
    theirs: Callable[[str, Mapping[str, Any]], None] | None = request.extensions.get("trace")

    def trace(event: str, info: Mapping[str, Any]) -> None:
        opened = info.get("return_value")
        if isinstance(opened, httpcore2.NetworkStream):
            _keep_deadline(opened)
        if theirs is not None:
            theirs(event, info)

    request.extensions = {**request.extensions, "trace": trace}


def _keep_deadline(stream: httpcore2.NetworkStream) -> None:
    if "read" in vars(stream):
        return
    weak, theirs = ref(stream), type(stream).read  # a stream that held itself would not be closed with its client

    def read(max_bytes: int, timeout: float | None = None) -> bytes:
        here, moment = weak(), deadline_in_force()
        if here is None:
            raise httpcore2.ReadError("the connection is gone")
        if moment is not None:
            left = moment - time.monotonic()
            if left <= 0:
                raise httpcore2.ReadTimeout("the whole answer took too long")
            timeout = left if timeout is None else min(left, timeout)
        return theirs(here, max_bytes, timeout)

    stream.read = read  # type: ignore[method-assign] # of this connection alone
