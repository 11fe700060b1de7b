"""Request and response as values: what every layer hands to the next.

Rule: a ``repr`` shows neither headers nor body nor query, since each of them can carry a secret (a PLAINTEXT signature
is the secret itself).
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import MaskedMapping, MaskedText, masked, type_name


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
    if body[:4].isascii() and 0 not in body[:4]:
        return "utf-8"
    marked = next((name for mark, name in _MARKS.items() if body.startswith(mark)), None)
    return marked or _ZEROS.get("".join("x" if byte else "0" for byte in body[:4]), "utf-8")


def find_header(headers: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of the header ``name`` in a mapping, whatever the case of its keys.

    >>> find_header({"content-type": "text/html"}, "Content-Type")
    'text/html'
    """
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), default)


def _mask(credentials: object, name: str) -> None:
    value = getattr(credentials, name)
    if type(value) is not MaskedText:
        object.__setattr__(credentials, name, MaskedText(value) if type(value) is str else masked(value))


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What the provider gave to the application: consumer key and consumer secret.

    >>> ClientCredentials("key", "secret")
    ClientCredentials(client_id='key')
    """

    client_id: str
    client_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _mask(self, "client_secret")


@dataclass(frozen=True, slots=True)
class _OfToken:
    """What temporary and token credentials share."""

    oauth_token: str
    oauth_token_secret: str = field(default="", repr=False)
    _encoded: tuple[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _mask(self, "oauth_token_secret")

    def encoded(self) -> tuple[str, str]:
        """Identifier and secret, percent-encoded once, since a token often signs many requests.

        Raises:
            SigningError: they cannot be signed with.

        >>> TokenCredentials("a/b", "hush").encoded()
        ('********', '********')
        """
        if self._encoded is None:
            check_credentials(self.oauth_token, self.oauth_token_secret, "oauth_token", "oauth_token_secret")
            # Not percent_encode, which does the same: the emulator uses these classes, and nothing of our signing.
            token, secret = quote(self.oauth_token, safe=""), MaskedText(quote(self.oauth_token_secret, safe=""))
            encoded = MaskedText(token), secret
            object.__setattr__(self, "_encoded", encoded)
            return encoded
        return self._encoded


@dataclass(frozen=True, slots=True)
class TemporaryCredentials(_OfToken):
    """The request token: what one login holds between the redirect and the callback.

    ``extra`` is whatever else the provider's answer held.
    """

    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _mask(self, "oauth_token_secret")
        object.__setattr__(self, "extra", MaskedMapping(self.extra))


@dataclass(frozen=True, slots=True)
class TokenCredentials(_OfToken):
    """The access token: what signs for one user.

    >>> TokenCredentials("token", "secret")
    TokenCredentials(oauth_token='token')
    """


def check_credentials(identifier: str, secret: str, identifier_name: str, secret_name: str) -> None:
    """Refuse what cannot be signed with, by the names alone: neither value may show in a message or a traceback.

    An empty secret is legal (section 3.4.2).

    Raises:
        SigningError: no identifier, a secret that is not text, or a lone surrogate in either.

    >>> check_credentials("token", None, "oauth_token", "oauth_token_secret")
    Traceback (most recent call last):
    oauth1_catalog.errors.SigningError: signing_error: oauth_token_secret is NoneType. ...
    """
    fault = ""
    if not isinstance(identifier, str) or not identifier:
        fault = f"There is no {identifier_name}. Pass the text that the provider gave."
    elif not isinstance(secret, str):
        fault = f"{secret_name} is {type_name(secret)}. Pass the text that the provider gave, or '' if it gave none."
    elif not (_is_text(identifier) and _is_text(secret)):
        name = secret_name if _is_text(identifier) else identifier_name
        fault = f"{name} has a lone surrogate, which is no text. Decode the bytes that it came from as UTF-8."
    if fault:
        identifier, secret = masked(identifier), masked(secret)
        raise SigningError(description=fault)


def _is_text(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
