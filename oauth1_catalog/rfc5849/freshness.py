"""What makes each request the only one of its kind: nonce and timestamp (section 3.3)."""

from __future__ import annotations

import os
import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Callable


def random_nonce() -> str:
    """28 letters and digits from the operating system's randomness, new on each call.

    Letters and digits alone, and between 20 and 30 of them, is what oauthlib's servers accept unless told otherwise.
    Two of the 62 stand for two values each, so that an attacker who bets on them has still one chance in 2**140.

    >>> len(random_nonce()), random_nonce().isalnum()
    (28, True)
    """
    return b64encode(secrets.token_bytes(21), b"0A").decode()


class Clock:
    """Seconds since the epoch that never go back: OAuth Core 1.0a lets a server refuse a request that is older.

    When the system's clock is set back, the last second is repeated until the time has come up to it again. One object
    may be shared by threads, and goes on working in a forked child.

    Args:
        now: where the time comes from.

    >>> ticks = iter([10.9, 9.0, 11.0])
    >>> clock = Clock(lambda: next(ticks))
    >>> clock(), clock(), clock()
    (10, 10, 11)
    """

    __slots__ = ("__weakref__", "_last", "_lock", "_now")

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        """The timestamp of a request that is signed now."""
        now = int(self._now())
        # Nearly every call finds the second of the one before, and needs no lock to repeat it.
        if now == self._last:
            return now
        with self._lock:
            self._last = now = max(now, self._last)
        return now

    def renew_lock(self) -> None:
        """In a forked child: the thread that held the lock may not exist here."""
        self._lock = threading.Lock()


# The one clock of the process: timestamps may not go back between two signers of the same client either.
system_clock = Clock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=system_clock.renew_lock)
