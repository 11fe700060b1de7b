"""Request and response as values: what every layer hands to the next.

Rule: a ``repr`` shows neither headers nor body nor query, since each of them can carry a secret (a PLAINTEXT signature
is the secret itself).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, signed or still to be signed.

    Args:
        method: the HTTP method, upper-case.
        url: the absolute URL, exactly as it goes on the wire.
        headers: header names to values; a name is looked up without regard to case.
        body: the body's bytes, exactly as they go on the wire; ``None`` where there is no body.

    >>> Request("GET", "https://api.example.com/1/me?token=secret")
    Request('GET', 'https://api.example.com/1/me')
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def header(self, name: str, default: str = "") -> str:
        """The value of the header ``name``, whatever its case."""
        return find_header(self.headers, name, default)

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {self.url.partition('?')[0]!r})"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, its body read to the end.

    >>> Response(200, {"Content-Type": "text/plain"}, b"hello").text
    'hello'
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str, default: str = "") -> str:
        """The value of the header ``name``, whatever its case."""
        return find_header(self.headers, name, default)

    @property
    def text(self) -> str:
        """The body as UTF-8; what is not UTF-8 becomes U+FFFD, a byte order mark is dropped."""
        return self.body.decode("utf-8-sig", "replace")


def find_header(headers: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of the header ``name`` in a mapping, whatever the case of its keys.

    >>> find_header({"content-type": "text/html"}, "Content-Type")
    'text/html'
    """
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), default)
