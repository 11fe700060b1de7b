"""Failures on demand: what a provider answers on its bad days."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from oauth1_catalog.rfc5849.messages import Response


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens instead of the right answer; ``response`` is ``None`` where the connection is dropped."""

    response: Response | None
    role: str | None = None
    provider: str | None = None


@dataclass(slots=True)
class Faults:
    """The failures that are still to come, in their order.

    >>> faults = Faults()
    >>> faults.add(Fault(Response(500), role="access_token"), times=1)
    >>> faults.take("twitter", "request_token"), faults.take("twitter", "access_token").response.status
    (None, 500)
    >>> faults.take("twitter", "access_token")
    """

    _waiting: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, *, times: int) -> None:
        """Let the next ``times`` requests that ``fault`` is for fail."""
        with self._lock:
            self._waiting += [fault] * times

    def take(self, provider: str, role: str) -> Fault | None:
        """The failure of this request, if it is to fail."""
        with self._lock:
            for fault in self._waiting:
                if fault.role in {None, role} and fault.provider in {None, provider}:
                    self._waiting.remove(fault)
                    return fault
        return None
