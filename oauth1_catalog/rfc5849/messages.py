"""Request and response as values: what every layer hands to the next.

Rule: a ``repr`` shows neither headers nor body nor query, since each of them can carry a secret (a PLAINTEXT signature
is the secret itself).
"""

from __future__ import annotations

import codecs
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
        """The body as UTF-8, or as UTF-16 or UTF-32 where its first bytes show that; what cannot be read is U+FFFD.

        >>> Response(200, {}, "oauth_problem=x".encode("utf-16-le")).text
        'oauth_problem=x'
        """
        return self.body.decode(_encoding(self.body), "replace")


_MARKS = {  # the longer first: UTF-32's begins with UTF-16's
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ZEROS = {  # where plain text has zeros among its first four bytes (RFC 4627, section 3, told JSON's encoding so)
    "000x": "utf-32-be",
    "x000": "utf-32-le",
    "0x0x": "utf-16-be",
    "x0x0": "utf-16-le",
}


def _encoding(body: bytes) -> str:
    """The encoding of a text, by its byte order mark or by its zeros."""
    marked = next((name for mark, name in _MARKS.items() if body.startswith(mark)), None)
    return marked or _ZEROS.get("".join("x" if byte else "0" for byte in body[:4]), "utf-8")


def find_header(headers: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of the header ``name`` in a mapping, whatever the case of its keys.

    >>> find_header({"content-type": "text/html"}, "Content-Type")
    'text/html'
    """
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), default)
