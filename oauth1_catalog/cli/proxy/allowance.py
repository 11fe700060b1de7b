"""Which calls the proxy passes on: rules such as ``GET /2/*``, and paths that mean the same to every server.

A path is compared as it is after decoding. Servers disagree on what ``..``, ``%2f`` and ``//`` lead to, so a path with
one of them is refused and not cleaned up.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote_to_bytes

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
"""The methods that can be allowed. TRACE would show the signature, and OPTIONS is how browsers ask for CORS."""

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_LARGEST_PORT = 65535
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_SEPARATOR = re.compile("[\\\\?#\u2044\u2215\u2216\u29f8\u29f9]")
"""Also the slashes of fractions and of mathematics."""
_DOTS = frozenset(".\u3002")
"""Also the full stop of Chinese and Japanese, which a host's name has as well."""
_DOUBLED = "The path contains //. OAUTH1_PROXY_URL ends with a slash: write ${OAUTH1_PROXY_URL}2/users/me."


def read_path(raw: bytes) -> str:
    """The decoded path of a request.

    >>> read_path(b"/2/users/by/username/ad%C3%A9"), read_path(b"/files/100%25")
    ('/2/users/by/username/adé', '/files/100%')

    Args:
        raw: as it was sent, without the query.

    Raises:
        ValueError: it can be read in more than one way. The text is the reason.
    """
    text = raw.decode("latin-1")
    if not text.startswith("/"):
        raise ValueError("The target of the request is not a path.")
    if not text.isascii() or not text.isprintable() or " " in text or "#" in text:
        raise ValueError("The path contains a character that has to be percent-encoded.")
    if len(_ESCAPE.findall(text)) != text.count("%"):
        raise ValueError("The path contains a % without two hexadecimal digits.")
    lowered = text.lower()
    if "\\" in text or any(escape in lowered for escape in ("%2f", "%5c", "%2e", "%3f", "%23")):
        raise ValueError("The path contains a backslash, or an encoded slash, backslash, dot, ? or #.")
    if "//" in text:
        raise ValueError(_DOUBLED)
    try:
        path = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise ValueError("The path is not UTF-8.") from None
    if _CONTROL.search(path):
        raise ValueError("The path contains an encoded control character.")
    if _ESCAPE.search(path):
        raise ValueError("The path is percent-encoded twice.")
    for form in (path, unicodedata.normalize("NFKC", path)):  # some servers read a full-width dot as a dot
        if form.count("/") != text.count("/") or _SEPARATOR.search(form):
            raise ValueError("The path contains a character that can be read as a slash, a backslash, ? or #.")
        if any(segment and not _seen(segment) for segment in form.split("/")):
            raise ValueError(
                "The path contains a segment . or .., or one of blanks alone, which can lead to another path."
            )
    return path


def _seen(segment: str) -> str:
    """What is left of a segment if a server drops the characters that are not seen, the blanks and the dots.

    Java's servers take a parameter off each segment, and Windows the blanks and dots at its end.
    """
    text = segment.partition(";")[0]
    return "".join(one for one in text if unicodedata.category(one) != "Cf" and one not in _DOTS and not one.isspace())


def read_host(text: str) -> str:
    """A host with its port, in lower case.

    >>> read_host("Upload.Example.com:8443")
    'upload.example.com:8443'

    Raises:
        ValueError: it is not a host.
    """
    port = text.rpartition(":")[2]
    is_port = ":" in text and port.isdigit()
    if not _HOST.fullmatch(text) or ".." in text or (is_port and not _is_port(port)):
        raise ValueError("After @ comes the host of a call: /@upload.example.com/path.")
    return text.lower()


def _is_port(text: str) -> bool:
    """Whether a port is written in the usual way: not 0, and without zeros before it."""
    return not text.startswith("0") and int(text) <= _LARGEST_PORT


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``--allow``: methods, a host, and a pattern of the path.

    Attributes:
        methods: those that it allows.
        host: the host that it is for; ``""`` for the host of ``api_base_url``, ``"*"`` for all hosts of the provider.
        path: a pattern. ``*`` stands for any text of one segment; at the end, for any number of segments.
    """

    methods: frozenset[str]
    host: str
    path: str

    @classmethod
    def read(cls, text: str) -> Self:
        """The rule that was typed.

        >>> rule = Rule.read("POST /2/tweets/*/hide")
        >>> rule.permits("POST", "", "/2/tweets/17/hide"), rule.permits("POST", "", "/2/tweets/1/7/hide")
        (True, False)
        >>> [Rule.read("GET */*").permits(method, "upload.example.com", "/a/b") for method in ("HEAD", "POST")]
        [True, False]

        Raises:
            ValueError: it cannot be read. The text is the reason.
        """
        words = text.split(maxsplit=1)
        if len(words) != 2:
            raise ValueError("use 'METHOD /PATH', such as 'GET /2/*'")
        host, slash, path = words[1].rstrip().partition("/")
        methods = METHODS if words[0] == "*" else frozenset(words[0].upper().split(","))
        if unknown := sorted(methods - METHODS):
            raise ValueError(f"{unknown[0]} is not one of {', '.join(sorted(METHODS))} and *")
        if not slash:
            raise ValueError("the path begins with a slash, as in 'GET /2/*'")
        if "?" in path or "#" in path:
            raise ValueError("only the path can be restricted, not its parameters")
        if "%" in path:
            raise ValueError("write the path decoded, without %")
        read_path(quote(f"/{path}").encode())  # a path that is refused anyway
        if "**" in path:
            raise ValueError("write one *, which at the end stands for any number of segments")
        if host not in {"", "*"}:
            host = read_host(host)
        return cls(methods | {"HEAD"} if "GET" in methods else methods, host, f"/{path}")

    def permits(self, method: str, host: str, path: str) -> bool:
        """Whether it allows a call.

        Args:
            method: in capitals.
            host: ``""`` for the host of ``api_base_url``.
            path: decoded.
        """
        if method not in self.methods or self.host not in {"*", host}:
            return False
        start, rest = (self.path[:-1], ".*") if self.path.endswith("*") else (self.path, "")
        pattern = "[^/]*".join(map(re.escape, start.split("*"))) + rest
        return re.fullmatch(pattern, path, re.DOTALL) is not None

    def __str__(self) -> str:
        """As it is typed, without HEAD, which GET includes.

        >>> str(Rule.read("get,post /2/*"))
        'GET,POST /2/*'
        """
        methods = self.methods - {"HEAD"} if "GET" in self.methods else self.methods
        return f"{'*' if self.methods == METHODS else ','.join(sorted(methods))} {self.host}{self.path}"


SAFE = (Rule.read("GET */*"),)
"""What is allowed without ``--allow``: to read, on every host of the provider."""


def permits(rules: Sequence[Rule], method: str, host: str, path: str) -> bool:
    """Whether one of the rules allows a call."""
    return any(rule.permits(method, host, path) for rule in rules)


def names_exactly(rules: Sequence[Rule], method: str, host: str, path: str) -> bool:
    """Whether one of the rules allows a call and has no ``*`` in its path.

    >>> rules = [[Rule.read("POST /oauth2/*")], [Rule.read("POST /oauth2/token")]]
    >>> [names_exactly(one, "POST", "", "/oauth2/token") for one in rules]
    [False, True]
    """
    return any("*" not in rule.path and rule.permits(method, host, path) for rule in rules)


def advice(method: str, host: str, path: str) -> str:
    """The option that would allow a call.

    >>> advice("POST", "", "/2/tweets")
    "--allow 'POST /2/tweets'"
    """
    return f"--allow {shlex.quote(f'{method} {host}{path}')}"
