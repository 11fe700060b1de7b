"""Requests, responses and credentials, as values that the layers pass to each other.

A ``repr`` shows neither headers nor body nor query, because each of them can contain a secret (a PLAINTEXT signature
is the secret itself).
"""

from __future__ import annotations

import codecs
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable
from urllib.parse import quote

from oauth1_catalog.errors import MissingTokenError, SigningError
from oauth1_catalog.redaction import MaskedMapping, MaskedText, masked, type_name


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, signed or not.

    Args:
        method: the HTTP method, upper-case.
        url: the absolute URL, exactly as it is sent.
        headers: header names and values; names are compared without regard to case.
        body: the bytes of the body, exactly as they are sent; ``None`` without a body.

    >>> Request("GET", "https://api.example.com/1/me?token=secret")
    Request('GET', 'https://api.example.com/1/me')
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def header(self, name: str, default: str = "") -> str:
        """The value of the header ``name``, without regard to case."""
        return find_header(self.headers, name, default)

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {self.url.partition('?')[0]!r})"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, with its complete body.

    >>> Response(200, {"Content-Type": "text/plain"}, b"hello").text
    'hello'
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str, default: str = "") -> str:
        """The value of the header ``name``, without regard to case."""
        return find_header(self.headers, name, default)

    @property
    def text(self) -> str:
        """The body decoded as UTF-8, or as UTF-16 or UTF-32 if its first bytes show that. Invalid bytes become U+FFFD.

        >>> Response(200, {}, "oauth_problem=x".encode("utf-16-le")).text
        'oauth_problem=x'
        """
        return self.body.decode(_encoding(self.body), "replace")


_MARKS = {  # the longer first: the mark of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ZEROS = {  # the zeros among the first four bytes of plain text (as RFC 4627, section 3, detects the encoding of JSON)
    "000x": "utf-32-be",
    "x000": "utf-32-le",
    "0x0x": "utf-16-be",
    "x0x0": "utf-16-le",
}


def _encoding(body: bytes) -> str:
    """The encoding of a text, from its byte order mark or its zero bytes."""
    if body[:4].isascii() and 0 not in body[:4]:
        return "utf-8"
    marked = next((name for mark, name in _MARKS.items() if body.startswith(mark)), None)
    return marked or _ZEROS.get("".join("x" if byte else "0" for byte in body[:4]), "utf-8")


def find_header(headers: Mapping[str, str], name: str, default: str = "") -> str:
    """The value of the header ``name`` in a mapping, without regard to case.

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
    """The credentials of the application: its consumer key and consumer secret.

    >>> ClientCredentials("key", "secret")
    ClientCredentials(client_id='key')
    """

    client_id: str
    client_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _mask(self, "client_secret")


@dataclass(frozen=True, slots=True)
class _OfToken:
    """The base of temporary and token credentials."""

    oauth_token: str
    oauth_token_secret: str = field(default="", repr=False)
    _encoded: tuple[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _mask(self, "oauth_token_secret")

    def encoded(self) -> tuple[str, str]:
        """Identifier and secret, percent-encoded once, because a token often signs many requests.

        Raises:
            SigningError: they cannot sign.

        >>> TokenCredentials("a/b", "hush").encoded()
        ('********', '********')
        """
        if self._encoded is None:
            check_credentials(self.oauth_token, self.oauth_token_secret, "oauth_token", "oauth_token_secret")
            # Not percent_encode, which does the same: the emulator uses these classes, but no signing code.
            token, secret = quote(self.oauth_token, safe=""), MaskedText(quote(self.oauth_token_secret, safe=""))
            encoded = MaskedText(token), secret
            object.__setattr__(self, "_encoded", encoded)
            return encoded
        return self._encoded


@dataclass(frozen=True, slots=True)
class TemporaryCredentials(_OfToken):
    """The request token, which a login uses between the redirect and the callback.

    ``extra`` contains the other fields of the provider's response.
    """

    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _mask(self, "oauth_token_secret")
        object.__setattr__(self, "extra", MaskedMapping(self.extra))


@dataclass(frozen=True, slots=True)
class TokenCredentials(_OfToken):
    """The access token of one user.

    >>> TokenCredentials("token", "secret")
    TokenCredentials(oauth_token='token')
    """


@runtime_checkable
class HasToken(Protocol):
    """A row of the application's own table, as ``docs/tokens.md`` sketches it."""

    def to_token(self) -> Mapping[str, str]:
        """The token as a mapping with ``oauth_token`` and ``oauth_token_secret``."""


TokenLike: TypeAlias = "Mapping[str, str] | TokenCredentials | HasToken"


def token_fields(token: TokenLike, *, provider: str) -> Mapping[str, str]:
    """The fields of a token, in any form that an application keeps it in; ``oauth_token`` is among them.

    Raises:
        MissingTokenError: it holds no ``oauth_token``.
    """
    if isinstance(token, TokenCredentials):
        return masked({"oauth_token": token.oauth_token, "oauth_token_secret": token.oauth_token_secret})
    if not isinstance(token, Mapping) and isinstance(token, HasToken):
        token = token.to_token()
    token = masked(token)
    if not isinstance(token, Mapping) or not token.get("oauth_token"):
        fault = (
            "it has the fields " + ", ".join(sorted(map(str, token))) if isinstance(token, Mapping) and token else ""
        )
        kind = "str" if isinstance(token, str) else type_name(token)
        fault = fault or ("it is empty" if isinstance(token, Mapping) else f"it is of type {kind}")
        awaited = ""
        if inspect.isawaitable(token):
            awaited = " Await the call that gives the token."
            if inspect.iscoroutine(token):
                token.close()
        raise MissingTokenError(
            description=f"{provider}: oauth_token is missing in the token: {fault}.{awaited} Pass a mapping with "
            "oauth_token and oauth_token_secret, or an object whose to_token() gives one.",
            provider=provider,
            step="api",
        )
    return token


def token_credentials(token: TokenLike, *, provider: str) -> TokenCredentials:
    """The credentials of a token, in any form that an application keeps it in.

    >>> token_credentials({"oauth_token": "t", "oauth_token_secret": "s"}, provider="twitter")
    TokenCredentials(oauth_token='********')

    Raises:
        MissingTokenError: it holds no ``oauth_token``.
    """
    fields = token_fields(token, provider=provider)
    return TokenCredentials(masked(fields["oauth_token"]), fields.get("oauth_token_secret") or "")


def check_credentials(identifier: str, secret: str, identifier_name: str, secret_name: str) -> None:
    """Refuse credentials that cannot sign. The message contains only the names; no traceback shows the values.

    An empty secret is legal (section 3.4.2).

    Raises:
        SigningError: the identifier is missing, the secret is not text, or one of them contains a lone surrogate.

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
        fault = f"{name} has a lone surrogate, which UTF-8 cannot represent. Decode the original bytes as UTF-8."
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
