"""How long to wait, how much to read, what to remember, where to be redirected: one policy for both transports.

Rule: what is decided here is decided for requests and for httpx2 alike; each pool translates it into its library's
terms and adds nothing.

- Every call has a connect and a read timeout. A token endpoint also has a deadline for the whole exchange, so that an
  answer of one byte a second ends, and a bound on the answer's length after decompression.
- The answer to an API call that is not streamed has a bound on its length after decompression, and on the time until
  all of it is there.
- A retry happens only where a connection was refused: then nothing was sent, and nothing can have been done twice. A
  connection that takes too long is not tried again, whether TCP or TLS hangs: the call ends after ``connect`` seconds.
- A cookie that a provider sets in one user's call is not sent in another's: none is kept.
- Token endpoints are never redirected. An API call follows a redirect only to the same scheme, host and port, by GET
  or HEAD, signed again. A signature is made for one URL and one method; carried elsewhere it is worth nothing to the
  one who should get it, and may be worth something to the one who does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable
from urllib.parse import urlsplit

from oauth1_catalog.errors import ConfigurationError, ProviderError
from oauth1_catalog.hosts import authority_of, origin_of
from oauth1_catalog.redaction import masked, one_line

if TYPE_CHECKING:
    from http.cookiejar import Cookie, CookiePolicy
    from urllib.request import Request  # noqa: TID251 - a type alone


@runtime_checkable
class ConnectReadTimeout(Protocol):
    """A timeout object with ``connect`` and ``read`` in seconds, such as ``httpx2.Timeout``."""

    connect: float | None
    read: float | None


Timeout: TypeAlias = "float | tuple[float | None, float | None] | ConnectReadTimeout | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one client's connections.

    Args:
        connect: seconds until a connection must stand, TLS included; ``None`` waits for ever.
        read: seconds between two arrivals of data; ``None`` waits for ever.
        token_deadline: seconds for one whole exchange with a token endpoint.
        token_bytes: the longest answer of a token endpoint in bytes, after decompression.
        answer_bytes: the longest answer to an API call in bytes, after decompression; ``None`` for any length.
        answer_deadline: seconds until the whole answer to an API call is there, redirects included; ``None`` for any
            time. Calls with ``stream=True`` have neither bound.
        connect_retries: how often to try again to connect where the connection was refused.
        max_connections: connections kept open to one host. httpx2 opens no more, and the call waits; requests opens
            more in a burst and closes them after use, so that nothing waits there.
        max_idle_connections: how many of httpx2's stay open when they are idle: it looks at each of them in every call,
            so that with a hundred a call takes almost three times as long. requests keeps ``max_connections``.
        max_token_connections: connections of httpx2 that a registered client has for its token requests alone, beside
            ``max_connections`` and no more than these. All of them stay open when they are idle. Further token
            requests wait for them, within the read timeout and ``token_deadline``.
        keepalive: seconds after which an idle connection is not used again; the next call closes it. Firewalls drop
            idle connections silently; the next call would then wait for the read timeout.
        max_redirects: how many redirects of one API call are followed.

    Raises:
        ConfigurationError: a value is out of range; the message names the field and what it takes.

    >>> Limits(read=10).read
    10
    """

    connect: float | None = 5.0
    read: float | None = 30.0
    token_deadline: float = 30.0
    token_bytes: int = 64 * 1024
    answer_bytes: int | None = 128 * 1024 * 1024
    answer_deadline: float | None = 300.0
    connect_retries: int = 1
    max_connections: int = 100
    max_idle_connections: int = 10
    max_token_connections: int = 20
    keepalive: float = 60.0
    max_redirects: int = 5

    def __post_init__(self) -> None:
        for name, wanted in _WANTED.items():
            value = getattr(self, name)
            kind, _, none = wanted.partition(", or ")
            if not (_KINDS[kind](value) or (none and value is None)):
                raise ConfigurationError(description=f"{name} is {value!r}. Give {wanted}.")

    def with_timeout(self, timeout: Timeout) -> Limits:
        """These limits with an HTTP library's ``timeout=``: a number, (connect, read), ``httpx2.Timeout`` or ``None``.

        Raises:
            ConfigurationError: it has another type, or is not positive.

        >>> Limits().with_timeout(3).connect, Limits().with_timeout((3, 60)).read
        (3, 60)
        """
        connect, read = _connect_and_read(timeout)
        try:
            return replace(self, connect=connect, read=read)
        except ConfigurationError:
            raise ConfigurationError(description=_BAD_TIMEOUT.format(timeout)) from None


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "seconds above 0": lambda value: type(value) in (int, float) and 0 < value < math.inf,
    "0 or more seconds": lambda value: type(value) in (int, float) and 0 <= value < math.inf,
    "a whole number of at least 0": lambda value: type(value) is int and value >= 0,
    "a whole number of at least 1": lambda value: type(value) is int and value >= 1,
}
_WANTED = {
    "connect": "seconds above 0, or None",
    "read": "seconds above 0, or None",
    "token_deadline": "seconds above 0",
    "token_bytes": "a whole number of at least 1",
    "answer_bytes": "a whole number of at least 1, or None",
    "answer_deadline": "seconds above 0, or None",
    "connect_retries": "a whole number of at least 0",
    "max_connections": "a whole number of at least 1",
    "max_idle_connections": "a whole number of at least 0",
    "max_token_connections": "a whole number of at least 1",
    "keepalive": "0 or more seconds",
    "max_redirects": "a whole number of at least 0",
}
"""What each field takes, as the message names it."""

_BAD_TIMEOUT = "timeout: {!r} cannot be a timeout. Give seconds above 0, or a pair of them: (connect, read)."


def _connect_and_read(timeout: Timeout) -> tuple[float | None, float | None]:
    if isinstance(timeout, tuple):
        if len(timeout) != 2:
            raise ConfigurationError(description=_BAD_TIMEOUT.format(timeout))
        return timeout
    if isinstance(timeout, ConnectReadTimeout):
        return timeout.connect, timeout.read
    return timeout, timeout


def reject_cookies() -> CookiePolicy:
    """A cookie jar's policy that ignores the cookies of responses. Cookies that an application adds are sent."""
    from http.cookiejar import DefaultCookiePolicy  # it imports urllib.request, which slows down an application's start

    class RejectCookies(DefaultCookiePolicy):
        def set_ok(self, cookie: Cookie, request: Request) -> bool:  # noqa: ARG002 - the names are the base class's
            return False

    return RejectCookies()


DEADLINE: ContextVar[float] = ContextVar("oauth1_catalog_deadline", default=math.inf)
"""The moment at which the whole answer must be there, by ``time.monotonic``: who sends a request sets it."""


def check_redirect(*, status: int, method: str, url: str, new_method: str, new_url: str) -> None:
    """Refuse a redirect that may not be followed.

    Args:
        status: the redirect's HTTP status.
        method: the method of the call that was redirected.
        url: its URL.
        new_method: the method that the redirect asks for.
        new_url: the URL that it leads to.

    Raises:
        ProviderError: the redirect is not allowed, or its URL is invalid. The message names both URLs and a next step.

    >>> check_redirect(status=302, method="GET", url="https://a.example/x", new_method="GET", new_url="https://a.example/y")
    """
    if (same_origin := _is_same_origin(url, new_url)) is None:
        raise unreadable_redirect(method=method, url=url, status=status)
    here, there = _plain(url), _plain(new_url)
    url, new_url = masked(url), masked(new_url)  # a query can hold the signature
    if not same_origin:
        reason = "A signature must not go to another host"
    elif new_method not in ("GET", "HEAD"):
        reason = f"A {new_method} is not sent twice"
    else:
        return
    raise ProviderError(
        "redirect_refused",
        f"{method} {here} was answered with a redirect ({status}) to {there}. {reason}: it was not "
        "followed. Call the second address yourself, or take the answer as it is with allow_redirects=False "
        "(requests) or follow_redirects=False (httpx2).",
        step="api",
        status=status,
    )


def too_many_redirects(*, method: str, url: str, status: int, limit: int) -> ProviderError:
    """The error that one call was redirected more than ``limit`` times."""
    return ProviderError(
        "redirect_refused",
        f"{method} {_plain(url)} was answered with another redirect ({status}) after {limit}. Not followed on.",
        step="api",
        status=status,
    )


def unreadable_redirect(*, method: str, url: str, status: int) -> ProviderError:
    """The error that one call was redirected to something that is not an address."""
    return ProviderError(
        "redirect_refused",
        f"{method} {_plain(url)} returned a redirect ({status}) with an invalid Location. Report it to the provider, "
        "or disable redirects with allow_redirects=False (requests) or follow_redirects=False (httpx2).",
        step="api",
        status=status,
    )


def without_protocol_parameters(url: str) -> str:
    """``url`` without ``oauth_*`` in its query: servers that redirect to the same URL with a slash keep the query.

    >>> without_protocol_parameters("https://a.example/x/?a=1&oauth_signature=abc")
    'https://a.example/x/?a=1'
    """
    # Not parsed: what a server sends as an address may be none.
    address, mark, fragment = url.partition("#")
    before, _, query = address.partition("?")
    kept = "&".join(piece for piece in query.split("&") if not piece.startswith("oauth_"))
    return f"{before}{'?' if kept else ''}{kept}{mark}{fragment}"


def _is_same_origin(url: str, new_url: str) -> bool | None:
    """``None`` for an address that the HTTP library lets through and nobody can call, such as one of port 99999."""
    try:
        return origin_of(url) == origin_of(new_url)
    except ValueError:
        return None


def _plain(url: str) -> str:
    parts = urlsplit(url)
    return one_line(f"{parts.scheme}://{authority_of(url)}{parts.path}")
