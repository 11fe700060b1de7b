"""Counting in a sliding period, for the limits of an emulated provider."""

from __future__ import annotations

from collections import deque


class Window:
    """The times of the last events. It does not lock.

    >>> window = Window()
    >>> [window.take(2, 60, now) for now in (0, 10, 20, 61)]
    [0.0, 0.0, 40, 0.0]
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def wait(self, events: int, seconds: float, now: float) -> float:
        """Seconds until another event fits into a period with at most ``events``; 0 if it fits now."""
        while self._times and self._times[0] <= now - seconds:
            self._times.popleft()
        return self._times[0] + seconds - now if len(self._times) >= events else 0.0

    def take(self, events: int, seconds: float, now: float) -> float:
        """Like ``wait``, and count an event that fits."""
        if not (missing := self.wait(events, seconds, now)):
            self._times.append(now)
        return missing
