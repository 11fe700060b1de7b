"""Which headers pass between the program and the provider.

Rule: what is for one connection stays there (RFC 9110, section 7.6.1). Credentials pass in neither direction: the
program has none of the provider, and gets none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.message import Message

TOKEN_HEADER = "OAuth1-Proxy-Token"
"""The header in which a program can send the proxy's token, in place of the address."""

ERROR_HEADER = "OAuth1-Proxy-Error"
"""The header of an answer that the proxy itself gives: the code of the error."""

_OF_A_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NOT_SENT = _OF_A_CONNECTION | {
    "authorization",
    "cf-connecting-ip",
    "client-ip",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "origin",
    "proxy",  # a CGI program takes it for the address of a proxy
    "referer",  # a program that followed a link of its own would show the token there
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-host",
    "x-original-host",
    "x-real-ip",
    TOKEN_HEADER.lower(),
}
_NOT_RETURNED = _OF_A_CONNECTION | {
    "alt-svc",
    "clear-site-data",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
}
_NOT_RETURNED_PREFIXES = ("access-control-", "oauth1-proxy-")
"""Also those with which the proxy itself answers."""
OVERRIDES = frozenset(
    {
        "x-envoy-original-path",
        "x-http-host-override",
        "x-http-method",
        "x-http-method-override",
        "x-http-path-override",
        "x-http-verb",
        "x-method",
        "x-method-override",
        "x-original-method",
        "x-original-path",
        "x-original-uri",
        "x-original-url",
        "x-request-uri",
        "x-restli-method",
        "x-rewrite-uri",
        "x-rewrite-url",
    }
)
"""Headers with which a server takes a request for another method, path or host than the one that was checked."""

_NAME = re.compile(r"[A-Za-z0-9-]+")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_CONTENT_TYPE = re.compile(
    rf"""{_TOKEN}/{_TOKEN}(?:[ \t]*+;[ \t]*+(?:{_TOKEN}=(?:[^ \t;",\\]++|"(?:[^"\\]|\\.)*+"))?)*+[ \t]*+"""
)
_END_TO_END = frozenset({"accept", "authorization", "cookie", "host", "origin", "referer", TOKEN_HEADER.lower()})

Raw = Iterable[tuple[bytes, bytes]]
"""The headers as ASGI has them."""


def check_headers(raw: Raw) -> None:
    """Refuse headers that servers read in different ways.

    >>> check_headers([(b"content-type", b"text/plain, text/html")])
    Traceback (most recent call last):
    ...
    ValueError: The Content-Type is not of the form type/subtype.

    Raises:
        ValueError: the text is the reason.
    """
    raw = list(raw)
    for name, value in lowered(raw):
        if not _NAME.fullmatch(name):  # CGI and WSGI read "_" and "-" as the same
            raise ValueError(f"The name of the header {name} has a character other than letters, digits and hyphens.")
        if not value.isascii() or not value.replace("\t", " ").isprintable():
            raise ValueError(f"The header {name} contains control characters, or others that are not ASCII.")
    types = values_of(raw, "content-type")
    if len(types) > 1:
        raise ValueError("There is more than one Content-Type.")
    if types and not _CONTENT_TYPE.fullmatch(types[0]):
        raise ValueError("The Content-Type is not of the form type/subtype.")
    named = _named_by_connection(raw)
    if wrong := sorted(name for name in named if name in _END_TO_END or name.startswith("content-")):
        raise ValueError(f"Connection names {wrong[0]}, which belongs to the request.")


def sent_headers(raw: Raw) -> dict[str, str]:
    """The headers of a request that the provider gets, without those of its signature.

    >>> sent_headers([(b"accept", b"a/b"), (b"accept", b"c/d"), (b"cookie", b"x=y"), (b"te", b"trailers")])
    {'accept': 'a/b, c/d', 'accept-encoding': 'identity'}
    """
    found: dict[str, str] = {}
    raw = list(raw)
    dropped = _NOT_SENT | _named_by_connection(raw)
    for name, value in lowered(raw):
        if name in dropped or name.startswith(("sec-", "x-forwarded-", "access-control-")):
            continue
        found[name] = f"{found[name]}, {value}" if name in found else value
    if "transfer-encoding" in dict(lowered(raw)):
        found.pop("content-length", None)  # the other one counts (RFC 9112, section 6.3)
    if found.get("accept") == "*/*":
        del found["accept"]  # curl's default, and not a choice: the provider's file can have another one
    # The library would ask for compression, which the program has not asked for.
    found.setdefault("accept-encoding", "identity")
    return found


def returned_headers(raw: Raw) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that the program gets.

    >>> returned_headers([(b"Content-Type", b"a/b"), (b"Set-Cookie", b"x=y"), (b"Access-Control-Allow-Origin", b"*")])
    [(b'Content-Type', b'a/b')]
    """
    raw = list(raw)
    dropped = _NOT_RETURNED | _named_by_connection(raw)
    if any(name == "transfer-encoding" for name, _ in lowered(raw)):
        dropped |= {"content-length"}
    return [
        (name, value)
        for name, value in raw
        if (plain := name.decode("latin-1").lower()) not in dropped and not plain.startswith(_NOT_RETURNED_PREFIXES)
    ]


def values_of(raw: Raw, name: str) -> list[str]:
    """Every value of a header."""
    return [value for found, value in lowered(raw) if found == name.lower()]


def typed(content_type: str) -> Message:
    """A Content-Type, whose parameters ``email`` reads."""
    header = Message()
    header["Content-Type"] = content_type
    return header


UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)
"""What ``email`` raises for parameters of a header in a wrong form of RFC 2231, such as ``x*=a; x*0=b``."""


def lowered(raw: Raw) -> Iterator[tuple[str, str]]:
    """The names, in lower case, and the values."""
    for name, value in raw:
        yield name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")


def _named_by_connection(raw: Raw) -> set[str]:
    """Headers that ``Connection`` lists, which are for one connection, too."""
    return {one.strip().lower() for value in values_of(raw, "connection") for one in value.split(",")}
