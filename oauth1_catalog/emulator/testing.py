"""What tests use: the journal of requests, the failures that they ask for, and a browser for the consent page."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from oauth1_catalog.errors import ProviderError
from oauth1_catalog.rfc5849.messages import Response

CAPACITY = 20_000
"""The number of exchanges that the journal keeps; it drops older ones."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its result. ``status`` is 0 if the connection was dropped."""

    provider: str
    role: str
    method: str
    path: str
    status: int
    connection: int


class Journal:
    """All exchanges since the start or the last ``clear()``.

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
        """Record an exchange."""
        with self._lock:
            self._exchanges.append(exchange)

    def open_connection(self) -> int:
        """Record a new connection, and return its number, from 1."""
        with self._lock:
            self._connections += 1
            return self._connections

    def clear(self) -> None:
        """Delete all exchanges, and reset the number of connections."""
        with self._lock:
            self._exchanges.clear()
            self._connections = 0

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges, in the order of the responses."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def connections_opened(self) -> int:
        """The number of connections, to both origins."""
        return self._connections

    def count(self, provider: str | None = None, *, role: str | None = None, status: int | None = None) -> int:
        """The number of exchanges, of one provider's key, role or status if given."""
        return sum(
            provider in {None, e.provider} and role in {None, e.role} and status in {None, e.status}
            for e in self.exchanges
        )


class Faults:
    """The failures that are still to come, in order; without a response, the connection is dropped.

    >>> faults = Faults()
    >>> faults.add(Response(500), "access_token", times=1)
    >>> faults.take("twitter", "request_token"), faults.take("twitter", "access_token")
    ((False, None), (True, Response(status=500)))
    >>> faults.take("twitter", "access_token")
    (False, None)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Response | None, str | None, str | None]] = []

    def add(
        self, response: Response | None, role: str | None = None, provider: str | None = None, *, times: int
    ) -> None:
        """Use ``response`` for the next ``times`` requests, of one role or provider's key if given."""
        with self._lock:
            self._waiting += [(response, role, provider)] * times

    def clear(self) -> None:
        """Remove all failures."""
        with self._lock:
            self._waiting.clear()

    def take(self, provider: str, role: str) -> tuple[bool, Response | None]:
        """Whether this request fails, and with which response. Each failure is taken once."""
        with self._lock:
            for fault in self._waiting:
                if fault[1] in {None, role} and fault[2] in {None, provider}:
                    self._waiting.remove(fault)
                    return True, fault[0]
        return False, None


def submit_consent(
    authorize_url: str, *, fields: dict[str, str], verify: str | bool = True, timeout: float = 30
) -> str:
    """Open the consent page and send its form with ``fields``; returns the URL of the redirect, or the PIN.

    Raises:
        ProviderError: the URL is not a consent page, or its form leads neither to a redirect nor to a PIN.
    """
    import requests

    with requests.Session() as browser:
        browser.trust_env = False
        got = browser.get(authorize_url, timeout=timeout, verify=verify)
        page = _Page(got.text)
        if got.status_code != 200 or page.action is None:
            raise ProviderError(
                description=f"the emulator answered {got.status_code} instead of a consent page.",
                step="authorize",
                status=got.status_code,
            )
        sent = browser.post(
            urljoin(authorize_url, page.action),
            data={**page.fields, **fields},
            allow_redirects=False,
            timeout=timeout,
            verify=verify,
        )
        answer = sent.headers.get("Location") or _Page(sent.text).pin
    if not answer and fields.get("decision") != "deny":
        raise ProviderError(
            description=f"the emulator's consent page answered {sent.status_code} with neither a redirect nor a PIN.",
            step="authorize",
            status=sent.status_code,
        )
    return answer


class _Page(HTMLParser):
    """Finds the form's fields and the PIN of a consent page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action: str | None = None
        self.pin = ""
        self._in_pin = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.action = found.get("action") or ""
        elif tag == "input" and found.get("name"):
            self.fields[str(found["name"])] = found.get("value") or ""
        self._in_pin = found.get("id") == "pin"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        self._in_pin = False

    def handle_data(self, data: str) -> None:
        if self._in_pin:
            self.pin += data.strip()
