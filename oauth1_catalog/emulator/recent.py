"""The last requests, and their pages: what each of them signed, and why it was refused.

The pages are on the origin of the consent pages. They show no secret: what is masked in a report is masked here.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from oauth1_catalog.emulator.explanations import LONGEST, Keys, report_of
from oauth1_catalog.emulator.pages import document, facts, html_response, misdirected, template
from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.hosts import host_of, is_loopback
from oauth1_catalog.rfc5849.messages import Request, Response

PATH = "/requests"
CAPACITY = 50
"""The number of requests that are kept."""
_LONGEST_PATH = 200
_PAGE = re.compile(rf"{PATH}(?:/([0-9]{{1,9}}))?")
_NOTE = Markup("<strong>Emulation.</strong> oauth1-catalog emulates OAuth 1.0 providers on this machine.")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request, and how it was answered.

    Attributes:
        number: of the request, from 1.
        moment: when it was answered, in seconds since the epoch.
        role: of the endpoint; empty without a provider.
        method: the HTTP method.
        path: the beginning of its path.
        status: of the answer; 0 if the connection was dropped.
        problem: why it was refused, as a sentence; empty if it was accepted.
        registration: the provider.
        request: the request; ``None`` if it is too long to be kept.
        keys: the secrets with which it should have been signed.
    """

    number: int
    moment: float
    role: str
    method: str
    path: str
    status: int
    problem: str
    registration: Registration | None = field(repr=False)
    request: Request | None = field(repr=False)
    keys: Keys | None = field(repr=False)


class Recent:
    """The last requests; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Recorded] = deque(maxlen=CAPACITY)
        self._count = 0

    def add(
        self,
        request: Request,
        role: str,
        status: int,
        problem: str,
        registration: Registration | None = None,
        keys: Keys | None = None,
    ) -> int:
        """Keep a request; returns its number."""
        size = len(request.url) + len(request.body or b"") + sum(map(len, request.headers.values()))
        path = urlsplit(request.url).path[:_LONGEST_PATH]
        kept = request if size <= LONGEST else None
        with self._lock:
            self._count += 1
            self._kept.append(
                Recorded(
                    self._count, time.time(), role, request.method[:20], path, status, problem, registration, kept, keys
                )
            )
            return self._count

    def all(self) -> tuple[Recorded, ...]:
        """The requests, the newest first."""
        with self._lock:
            return tuple(reversed(self._kept))

    def find(self, number: int) -> Recorded | None:
        """The request with this number, if it is still kept."""
        return next((one for one in self.all() if one.number == number), None)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._kept.clear()


def is_page(request: Request) -> bool:
    """Whether a request is for one of the pages.

    >>> is_page(Request("GET", "http://127.0.0.1:8080/requests/3")), is_page(Request("GET", "https://127.0.0.1/requests"))
    (True, False)
    """
    return request.url.startswith("http:") and _PAGE.fullmatch(urlsplit(request.url).path) is not None


def answer_page(recent: Recent, request: Request) -> Response:
    """The list of the requests, or the page of one."""
    if not is_loopback(host_of(request.url)):  # DNS rebinding
        return misdirected()
    if request.method not in {"GET", "HEAD"}:
        return Response(405, {"Allow": "GET, HEAD", "Content-Type": "text/plain"}, b"Open this page with GET.\n")
    found = _PAGE.fullmatch(urlsplit(request.url).path)
    if found is None or found[1] is None:
        return _page("Requests", _list(recent.all()))
    one = recent.find(int(found[1]))
    if one is None:
        return _page("Request not found", template("request_gone").format(number=found[1], capacity=CAPACITY), 404)
    return _page(f"Request {one.number}", _one(one))


def _page(title: str, content: Markup, status: int = 200) -> Response:
    return html_response(document(f"{title} · emulator", note=_NOTE, content=content), status)


def _list(requests: Iterable[Recorded]) -> Markup:
    row = template("requests_row")
    rows = [
        row.format(
            number=one.number,
            time=_clock(one),
            provider=_provider(one),
            role=one.role or "none",
            method=one.method,
            path=one.path,
            status=_status(one),
            problem=one.problem or "Accepted.",
        )
        for one in requests
    ]
    if not rows:
        return template("requests_none")
    return template("requests").format(rows=Markup("").join(rows), capacity=CAPACITY)


def _one(one: Recorded) -> Markup:
    head = facts(
        {
            "Time": _clock(one),
            "Provider": _provider(one),
            "Endpoint": one.role or "none",
            "Path": one.path,
            "Status": _status(one),
            "Result": one.problem or "Accepted.",
        }
    )
    return template("request").format(number=one.number, method=one.method, facts=head, report=_report(one), path=PATH)


def _report(one: Recorded) -> Markup:
    if one.role == "authorize" or one.registration is None:
        return Markup("<p>Requests of this kind are not signed.</p>")
    data = None if one.request is None else report_of(one.registration, one.request, one.keys)
    if data is None:
        return Markup("<p>The request is too long to be examined.</p>")
    causes = [_cause(cause) for cause in data["causes"]]
    summary = data["summary"] or "It was refused before its signature was verified."
    rows = [
        Markup("<tr><th scope=row><code>{}</code></th><td><code>{}</code></td><td>{}</td></tr>").format(
            parameter["name"], parameter["value"], parameter["place"]
        )
        for parameter in data["parameters"]
    ]
    return template("request_report").format(
        summary=summary,
        verdict="good" if data["verdict"] == "right" else "bad",
        faults=Markup("").join(Markup("<p>{}</p>").format(fault) for fault in data["faults"]),
        causes=Markup("").join(causes),
        rows=Markup("").join(rows),
        base_string=_base_string(data["base_string"]),
        key=facts({"Method": data["signature_method"], "Key": data["key"] or "an RSA key"}),
    )


def _cause(cause: dict[str, Any]) -> Markup:
    """The names of the mistakes, which the documentation describes, and what was signed."""
    codes = Markup(" and ").join(Markup("<code>{}</code>").format(one["code"]) for one in cause["mistakes"])
    return Markup("<p>{}: the client signed</p>\n{}").format(codes, _base_string(cause["base_string"]))


def _base_string(text: str | None) -> Markup:
    """The three parts of a base string, a line for each."""
    if not text:
        return Markup("<p>PLAINTEXT has none.</p>")
    parts = Markup("").join(Markup("<li><code>{}</code></li>").format(part) for part in text.split("&"))
    return Markup("<ol>{}</ol>").format(parts)


def _clock(one: Recorded) -> Markup:
    moment = datetime.fromtimestamp(one.moment, UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        moment.isoformat(timespec="seconds"), f"{moment:%H:%M:%S}"
    )


def _provider(one: Recorded) -> str:
    return one.registration.key if one.registration else "none"


def _status(one: Recorded) -> str:
    return str(one.status) if one.status else "no answer"
