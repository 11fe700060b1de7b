"""What reached the emulator, for the assertions of tests: addresses without their query, never a header or a body."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

CAPACITY = 20_000
"""How many exchanges are kept; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it. ``status`` is 0 where the connection was dropped instead of an answer."""

    provider: str
    role: str
    method: str
    path: str
    status: int
    connection: int


class Journal:
    """All exchanges since the start, or since ``clear``.

    >>> journal = Journal()
    >>> journal.add(Exchange("twitter", "request_token", "POST", "/twitter/request_token/...", 200, connection=1))
    >>> journal.count(role="request_token"), journal.count(status=401)
    (1, 0)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exchanges: deque[Exchange] = deque(maxlen=CAPACITY)
        self._connections = 0

    def add(self, exchange: Exchange) -> None:
        """Write down an exchange."""
        with self._lock:
            self._exchanges.append(exchange)

    def open_connection(self) -> int:
        """Write down a new connection; gives its number, from 1."""
        with self._lock:
            self._connections += 1
            return self._connections

    def clear(self) -> None:
        """Forget everything, the number of connections too."""
        with self._lock:
            self._exchanges.clear()
            self._connections = 0

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What came, in the order of the answers."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def connections_opened(self) -> int:
        """How many connections were opened, to both origins."""
        return self._connections

    def count(self, provider: str | None = None, *, role: str | None = None, status: int | None = None) -> int:
        """How many exchanges there were: of a provider's key, a role, a status, or all."""
        return sum(
            provider in {None, e.provider} and role in {None, e.role} and status in {None, e.status}
            for e in self.exchanges
        )
