"""The moment until which an answer is to be read whole: a socket's timeout bounds each wait, not their sum."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_moment: ContextVar[float | None] = ContextVar("oauth1_catalog_deadline", default=None)


@contextmanager
def deadline(seconds: float | None) -> Iterator[float | None]:
    """Within this block, an answer is to be read whole within ``seconds``; gives the moment (``time.monotonic``).

    An earlier moment of a block around this one stays; ``None`` sets none.

    >>> with deadline(10) as outer, deadline(20) as inner:
    ...     inner == outer
    True
    """
    around = _moment.get()
    moment = around if seconds is None else min(time.monotonic() + seconds, around or float("inf"))
    token = _moment.set(moment)
    try:
        yield moment
    finally:
        _moment.reset(token)


def deadline_in_force() -> float | None:
    """The moment of the block around the caller, if there is one."""
    return _moment.get()


def is_over(moment: float | None) -> bool:
    """Whether a moment is in the past."""
    return moment is not None and time.monotonic() >= moment
