"""Nonces and timestamps (section 3.3), which make each request unique.

Both are arguments of a ``Signer``, so that tests and debugging can set them. This module has the defaults.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.encoding import percent_encode

NonceSource = str | Callable[[], str]
TimestampSource = int | str | Callable[[], int | str]

SMALL_STEP = 5
"""How far the clock may go back unnoticed, in seconds."""


def random_nonce() -> str:
    """30 hexadecimal digits from the operating system's random source, new for each call.

    By default, oauthlib's servers accept only letters and digits, between 20 and 30 of them. OpenStack Keystone
    accepts only hexadecimal digits. A guess is right with a probability of 2**-120.

    >>> len(random_nonce()), int(random_nonce(), 16) < 2**120
    (30, True)
    """
    return secrets.token_hex(15)


class Clock:
    """Seconds since the epoch. If the system's clock is set back a little, the last second is repeated.

    A server may refuse a request that is older than the previous one (OAuth Core 1.0a, section 8), and synchronizing a
    clock can set it back by a second. After a larger step back, because the clock was wrong or a test travels in time,
    the new time is used at once. Threads can share one object, and it works in a forked child.

    Args:
        now: returns the time. By default ``time.time``, which is looked up at each call, because tools that freeze the
            time replace it.

    >>> ticks = iter([1010.9, 1009.0, 1011.0, 11.0])
    >>> clock = Clock(lambda: next(ticks))
    >>> clock(), clock(), clock(), clock()
    (1010, 1010, 1011, 11)
    """

    __slots__ = ("__weakref__", "_last", "_lock", "_now")

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._now = now
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        """The timestamp of a request that is signed now."""
        now = int(time.time() if self._now is None else self._now())
        # Nearly every call is in the same second as the previous one, and needs no lock.
        if now == self._last:
            return now
        with self._lock:
            if 0 < self._last - now <= SMALL_STEP:
                now = self._last
            self._last = now
        return now

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Unpickle to the current process's clock."""
        return "system_clock" if self is system_clock else (Clock, (self._now,))

    def renew_lock(self) -> None:
        """Replace the lock in a forked child, where the thread that holds it may not exist."""
        self._lock = threading.Lock()


# The process has one clock, so that two signers of a client repeat the same second.
system_clock: Clock = Clock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=system_clock.renew_lock)


def encoded_nonces(source: NonceSource | None) -> Callable[[], str]:
    """A function that returns the percent-encoded nonce of a request.

    Args:
        source: a fixed value, or a function that returns one; random by default.

    Raises:
        SigningError: the value is not a valid nonce. For a function, the returned function raises it.

    >>> encoded_nonces("a b")()
    'a%20b'
    """
    if source is None:
        return random_nonce
    if not callable(source):
        return partial(str, _checked_nonce(source))
    return partial(_made_nonce, source)


def timestamps(source: TimestampSource | None) -> Callable[[], int | str]:
    """A function that returns the timestamp of a request, in seconds since the epoch.

    Args:
        source: a fixed value, or a function that returns one; the system's time by default (``Clock``).

    Raises:
        SigningError: the value is not a valid timestamp. For a function, the returned function raises it.

    >>> timestamps("137131200")()
    '137131200'
    """
    if source is None:
        return system_clock
    if not callable(source):
        return partial(_checked_timestamp, _checked_timestamp(source))
    return partial(_made_timestamp, source)


# Functions with names, and not lambdas, so that a signer can be pickled.
def _made_nonce(source: Callable[[], str]) -> str:
    return _checked_nonce(source())


def _made_timestamp(source: Callable[[], int | str]) -> int | str:
    return _checked_timestamp(source())


def _checked_nonce(nonce: object) -> str:
    if not isinstance(nonce, str) or not nonce:
        raise SigningError(description=f"nonce is {nonce!r}. Pass text, or a function that returns text.")
    return percent_encode(nonce)


def _checked_timestamp(timestamp: object) -> int | str:
    if isinstance(timestamp, int | str):
        digits = str(timestamp)
        if digits.isascii() and digits.isdecimal() and len(digits) < 20 and int(digits) > 0:
            return timestamp
    raise SigningError(
        description=f"timestamp is {timestamp!r}. Pass seconds since the epoch as a positive integer, or a function "
        "that returns them."
    )
