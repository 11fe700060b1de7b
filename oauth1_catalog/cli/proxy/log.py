"""A line for each request: never a query, a header's value or a body, and no path of a request without the token."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from oauth1_catalog.redaction import MASK, one_line

CLIENT_WENT_AWAY = 499
"""What is logged as the status if there was no answer because the program closed the connection."""


@dataclass(slots=True)
class Entry:
    """One request.

    Attributes:
        method: of the request.
        host: the provider's host; ``""`` if the request was refused before it was known.
        path: the decoded path.
        status: of the answer.
        sent: bytes of the request's body.
        received: bytes of the answer's body.
        note: why it was refused, or what went wrong.
        names: the names of the parameters and headers, for ``--verbose``.
    """

    method: str
    host: str = ""
    path: str = "-"
    status: int = 0
    sent: int = 0
    received: int = 0
    note: str = ""
    names: Sequence[str] = ()
    began: float = field(default_factory=time.perf_counter)


_LONGEST = 1000
"""A text of a line has no more characters."""


class RequestLog:
    """Writes the lines.

    Args:
        write: takes a line.
        as_json: write a JSON object instead of a text.
        verbose: add the names of the parameters and headers.
        secrets: values that are masked in every line.
    """

    def __init__(
        self, write: Callable[[str], object], *, as_json: bool = False, verbose: bool = False, secrets: Collection[str]
    ) -> None:
        self._write = write
        self._as_json = as_json
        self._verbose = verbose
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def add(self, entry: Entry) -> None:
        """Write the line of a request that has ended."""
        line = self._json(entry) if self._as_json else self._text(entry)
        with contextlib.suppress(OSError, ValueError):  # nobody reads the lines any longer
            self._write(line)

    def masked(self, text: str) -> str:
        """A text on one line, not too long, without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return one_line(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")

    def _text(self, entry: Entry) -> str:
        note = f" ({self.masked(entry.note)})" if entry.note else ""
        names = f" [{self.masked(', '.join(entry.names))}]" if self._verbose and entry.names else ""
        return (
            f"{_now()} {self.masked(entry.method)} {self.masked(entry.host + entry.path)} {entry.status}, "
            f"{entry.sent} B sent, {entry.received} B received, {_milliseconds(entry)} ms{note}{names}"
        )

    def _json(self, entry: Entry) -> str:
        found: dict[str, object] = {
            "time": _now(),
            "method": self.masked(entry.method),
            "host": self.masked(entry.host),
            "path": self.masked(entry.path),
            "status": entry.status,
            "sent": entry.sent,
            "received": entry.received,
            "ms": _milliseconds(entry),
            "note": self.masked(entry.note),
        }
        if self._verbose:
            found["names"] = [self.masked(name) for name in entry.names]
        return json.dumps(found)


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _milliseconds(entry: Entry) -> float:
    return round((time.perf_counter() - entry.began) * 1000, 1)
