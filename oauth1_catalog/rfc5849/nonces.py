"""What makes each request the only one of its kind: nonce and timestamp (section 3.3).

Rule: both are arguments of a ``Signer``, so that tests and debugging can fix them; the defaults are here.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from binascii import b2a_base64
from collections.abc import Callable
from functools import partial
from typing import Any

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.encoding import percent_encode

NonceSource = str | Callable[[], str]
TimestampSource = int | str | Callable[[], int | str]

SMALL_STEP = 5
"""How far the clock may go back unnoticed, in seconds."""

_ALPHANUMERIC = bytes.maketrans(b"+/", b"0A")


def random_nonce() -> str:
    """28 letters and digits from the operating system's randomness, new on each call.

    Letters and digits alone, and between 20 and 30 of them, is what oauthlib's servers accept unless told otherwise.
    Two of the 62 stand for two values each, so that an attacker who bets on them has still one chance in 2**140.

    >>> len(random_nonce()), random_nonce().isalnum()
    (28, True)
    """
    return b2a_base64(secrets.token_bytes(21), newline=False).translate(_ALPHANUMERIC).decode()


class Clock:
    """Seconds since the epoch. Where the system's clock goes back a little, the last second is repeated meanwhile.

    A server may refuse a request that is older than the one before (OAuth Core 1.0a, section 8), and clocks are set
    back by a second when they are synchronized. A larger step back is a clock that was wrong and is put right, or a
    test that travels in time: RFC 5849 asks for the present time, so that is what counts at once. One object may be
    shared by threads, and goes on working in a forked child.

    Args:
        now: where the time comes from; ``time.time`` by default, looked up at each call, as tools that freeze the time
            replace it.

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
        # Nearly every call finds the second of the one before, and needs no lock to repeat it.
        if now == self._last:
            return now
        with self._lock:
            if 0 < self._last - now <= SMALL_STEP:
                now = self._last
            self._last = now
        return now

    def __reduce__(self) -> str | tuple[Any, ...]:
        """The process's own clock is that of the process which unpickles it."""
        return "system_clock" if self is system_clock else (Clock, (self._now,))

    def renew_lock(self) -> None:
        """In a forked child: the thread that held the lock may not exist here."""
        self._lock = threading.Lock()


# The one clock of the process: two signers of one client repeat the same second.
system_clock: Clock = Clock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=system_clock.renew_lock)


def encoded_nonces(source: NonceSource | None) -> Callable[[], str]:
    """What gives each request its nonce, percent-encoded.

    Args:
        source: a fixed value or what makes one; random by default.

    Raises:
        SigningError: the fixed value is no nonce; what is returned raises it for a value that is made.

    >>> encoded_nonces("a b")()
    'a%20b'
    """
    if source is None:
        return random_nonce
    if not callable(source):
        return partial(str, _checked_nonce(source))
    return partial(_made_nonce, source)


def timestamps(source: TimestampSource | None) -> Callable[[], int | str]:
    """What gives each request its timestamp, in seconds since the epoch.

    Args:
        source: a fixed value or what makes one; the system's time by default (``Clock``).

    Raises:
        SigningError: the fixed value is no timestamp; what is returned raises it for a value that is made.

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
