"""The checks of a request before its body is read: from what the program sent to a ``Call``, or to a refusal.

Rule 1: nothing is read or sent before the host, the origin and the token are right, in this order. A web page that
makes a browser call this machine fails at the first or the second of them.
Rule 2: what is checked is what is sent. A path that servers read in different ways is refused.

``Checks.target`` finds out who asks and for what, and ``Checks.call`` whether that is allowed. For a body that is read
before it is sent, ``bodies.py`` calls the last three. Nothing here waits, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from secrets import compare_digest
from urllib.parse import unquote_plus

from oauth1_catalog.cli.proxy.allowance import METHODS, Rule, advice, names_exactly, permits, read_host, read_path
from oauth1_catalog.cli.proxy.api import Api
from oauth1_catalog.cli.proxy.endpoints import Pairs, is_token_endpoint, looks_like_token_endpoint
from oauth1_catalog.cli.proxy.forms import read_pairs, replaces_call
from oauth1_catalog.cli.proxy.headers import (
    OVERRIDES,
    TOKEN_HEADER,
    Raw,
    check_headers,
    lowered,
    sent_headers,
    values_of,
)
from oauth1_catalog.redaction import masked
from oauth1_catalog.rfc5849.parameters import is_form

_LONGEST_METHOD = 20


class RefusedError(Exception):
    """The proxy answers a request itself.

    Args:
        status: of the answer.
        error: a stable code.
        description: a sentence for the person who runs the program.
    """

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Target:
    """What a program that has the token asks for.

    Attributes:
        method: one that can be allowed.
        host: the provider's host; ``""`` if its file names none.
        path: decoded.
        raw_path: as it was sent, without the token and the host.
        query: as it was sent.
        parameters: those of the query, decoded.
        raw: the headers.
    """

    method: str
    host: str
    path: str
    raw_path: str = field(repr=False)
    query: str = field(repr=False)
    parameters: Pairs = field(repr=False)
    raw: Raw = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters and headers."""
        return (*(name for name, _ in self.parameters), *(name.decode("latin-1") for name, _ in self.raw))


@dataclass(frozen=True)
class Call:
    """A request that has passed the checks.

    Attributes:
        method: of the request.
        url: where it is sent.
        headers: those that are sent; their names are in lower case.
        has_body: whether a body follows.
        path: decoded.
        parameters: those of the query, decoded.
    """

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    has_body: bool
    path: str
    parameters: Pairs = field(repr=False)

    @property
    def content_type(self) -> str:
        """The type of the body; ``""`` without one."""
        return self.headers.get("content-type", "")


class Checks:
    """The checks of one proxy.

    Args:
        api: the provider's.
        token: what a request must have, in its path or in the header ``OAuth1-Proxy-Token``.
        authorities: the values of the Host header that are accepted.
        rules: what is allowed.
    """

    def __init__(self, api: Api, *, token: str, authorities: Collection[str], rules: Sequence[Rule]) -> None:
        self._api = api
        self._token = masked(token.encode("ascii"))
        self._authorities = frozenset(authorities)
        self._rules = [replace(rule, host=api.host_of(rule.host)) for rule in rules]

    def target(self, method: str, raw_path: bytes, query: bytes, raw: Raw) -> Target:
        """What a request asks for.

        Args:
            method: of the request.
            raw_path: as it was sent, without the query.
            query: as it was sent.
            raw: the headers.

        Raises:
            RefusedError: who asks may not, or it cannot be read.
        """
        raw = list(raw)
        self._check_origin(raw)
        raw_path = self._behind_token(raw_path, raw)
        if method not in METHODS:
            raise RefusedError(403, "not_allowed", f"{shown_method(method)} cannot be allowed.")
        if values_of(raw, "upgrade"):
            raise RefusedError(400, "upgrade", "The proxy does not upgrade connections. Leave the Upgrade header out.")
        host, raw_path = _split_host(raw_path)
        try:
            path = read_path(raw_path)
        except ValueError as error:
            raise RefusedError(403, "ambiguous_path", str(error)) from None
        text = query.decode("latin-1")
        host = self._api.host_of(host) or self._api.host
        return Target(method, host, path, raw_path.decode("ascii"), text, read_pairs(text), raw)

    def call(self, target: Target) -> Call:
        """The call that is sent.

        Raises:
            RefusedError: it is not allowed, or its headers can be read in more than one way.
        """
        self._check_token_stays(target)
        try:
            check_headers(target.raw)
        except ValueError as error:
            raise RefusedError(400, "header", str(error)) from None
        _check_overrides((name for name, _ in target.parameters), target.raw)
        self._check_allowed(target)
        headers = sent_headers(target.raw)
        if self._api.has_own_agent:
            headers.pop("user-agent", None)
        has_body = "content-length" in headers or bool(values_of(target.raw, "transfer-encoding"))
        if headers.get("content-length") == "0":
            has_body = target.method not in {"GET", "HEAD"}
        url = f"{self._api.scheme}://{target.host}{target.raw_path}{'?' if target.query else ''}{target.query}"
        call = Call(target.method, url, headers, has_body, target.path, target.parameters)
        if has_body and call.method in {"GET", "HEAD"} and is_form(call.content_type):
            raise RefusedError(400, "form", f"{call.method} has no form. Put the parameters into the address.")
        return call

    def check_content(self, content: bytes) -> None:
        """Refuse a body that contains the token."""
        if self._token in content:
            raise _token_sent()

    def check_fields(self, call: Call, fields: Sequence[tuple[str, str]]) -> None:
        """Refuse a body whose fields would replace the method, choose an endpoint for tokens, or send the token."""
        if any(self._token.decode("ascii") in text for pair in fields for text in pair):
            raise _token_sent()
        _check_overrides(name for name, _ in fields)
        self._check_endpoint(call.path, [*call.parameters, *fields])

    def check_streamed(self, call: Call) -> None:
        """Refuse a body whose fields are not read, where one of them could choose an endpoint for tokens."""
        is_multipart = call.content_type.lower().startswith("multipart/")
        if is_multipart and any(endpoint.shares_path(call.path) for endpoint in self._api.token_endpoints):
            raise RefusedError(
                403,
                "token_endpoint",
                "At this path, a parameter can choose an endpoint that gives out tokens. Send a form, which is not "
                "multipart.",
            )

    def _check_origin(self, raw: Raw) -> None:
        """Refuse what a web page makes a browser send, also by another name of this machine."""
        hosts = [host.lower() for host in values_of(raw, "host")]
        if len(hosts) != 1 or hosts[0] not in self._authorities:
            raise RefusedError(421, "host", "The Host header is not the proxy's. Call it by OAUTH1_PROXY_URL.")
        if values_of(raw, "origin") or set(values_of(raw, "sec-fetch-site")) - {"none"}:
            raise RefusedError(403, "origin", "The proxy does not answer web pages.")

    def _behind_token(self, raw_path: bytes, raw: Raw) -> bytes:
        """The path behind the token, which is in the path or in a header."""
        segment, _, rest = raw_path.removeprefix(b"/").partition(b"/")
        in_path = compare_digest(segment, self._token)
        in_header = [compare_digest(value.encode("latin-1"), self._token) for value in values_of(raw, TOKEN_HEADER)]
        if not all(in_header) or not (in_path or in_header):
            raise RefusedError(
                403,
                "token",
                f"The request does not have the proxy's token. Call OAUTH1_PROXY_URL, or send {TOKEN_HEADER}.",
            )
        return b"/" + rest if in_path else raw_path

    def _check_token_stays(self, target: Target) -> None:
        """Refuse to send the proxy's token to the provider."""
        token = self._token.decode("ascii")
        dropped = {TOKEN_HEADER.lower(), "referer"}
        values = (value for name, value in lowered(target.raw) if name not in dropped)
        if any(token in text for text in (target.path, unquote_plus(target.query), *values)):
            raise _token_sent()

    def _check_allowed(self, target: Target) -> None:
        """Refuse what no rule allows, and the endpoints that give out or revoke tokens."""
        if not target.host:
            raise RefusedError(
                403, "missing_host", "The provider's file names no host of an API. Write it: /@api.example.com/path."
            )
        host = self._api.host_of(target.host)
        asked, shown = (target.method, host, target.path), f"{host}{target.path}"
        advised = f"If it should be, start the proxy with {advice(*asked)}."
        if not permits(self._rules, *asked):
            raise RefusedError(403, "not_allowed", f"{target.method} {shown} is not allowed. {advised}")
        self._check_endpoint(target.path, target.parameters)
        if looks_like_token_endpoint(target.path) and not names_exactly(self._rules, *asked):
            raise RefusedError(
                403,
                "token_endpoint",
                f"{shown} is named like an endpoint that gives out or revokes tokens. Such a path needs a rule "
                f"without *. {advised}",
            )

    def _check_endpoint(self, path: str, parameters: Pairs) -> None:
        """Refuse the endpoints of the provider's file that give out or revoke tokens."""
        if is_token_endpoint(path, parameters, self._api.token_endpoints):
            raise RefusedError(
                403, "token_endpoint", "The proxy does not call the endpoints that give out or revoke tokens."
            )


def shown_method(method: str) -> str:
    """A method as it is shown and logged: ``-`` for one that is too long."""
    return method if len(method) <= _LONGEST_METHOD else "-"


def _split_host(raw_path: bytes) -> tuple[str, bytes]:
    """The host that ``/@host/path`` names, and the path; ``""`` without one."""
    if not raw_path.startswith(b"/@"):
        return "", raw_path
    name, _, rest = raw_path[2:].partition(b"/")
    try:
        return read_host(name.decode("latin-1")), b"/" + rest
    except ValueError as error:
        raise RefusedError(403, "host", str(error)) from None


def _check_overrides(names: Iterable[str], raw: Raw = ()) -> None:
    """Refuse what makes a server take the request for another one than the one that is allowed."""
    found = sorted({name for name, _ in lowered(raw)} & OVERRIDES)
    if name := found[0] if found else replaces_call(names):
        raise RefusedError(
            403, "override", f"{name} would replace the method or the path that is allowed. Leave it out."
        )


def _token_sent() -> RefusedError:
    return RefusedError(400, "token_sent", "The request would send the proxy's token to the provider.")
