"""The endpoints of a provider that give out or revoke tokens, which the proxy never calls.

Servers read more than one spelling of a path: in capitals, with an extension (``.json``), with a parameter of a segment
(``;a=b``), or with more segments behind it. All of them are compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

from oauth1_catalog.catalog.provider import Provider

_EXTENSION = re.compile(r"\.[a-z0-9]{1,5}$")
_TEMPLATE = re.compile(r"\{\w+\}")
_NAMES = frozenset(
    {"request_token", "access_token", "refresh_token", "invalidate_token", "revoke_token", "token", "revoke"}
)

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """An endpoint.

    Attributes:
        segments: of its path. ``"{}"`` stands for any text.
        parameters: those that distinguish it, if other operations have the same path (MediaWiki).
        is_exact: whether a longer path is another operation.
    """

    segments: tuple[str, ...]
    parameters: frozenset[tuple[str, str]] = frozenset()
    is_exact: bool = False

    @classmethod
    def read(cls, url: str) -> Self:
        """The endpoint of a URL.

        >>> TokenEndpoint.read("https://a.example/1/tokens/{oauth_token}").segments
        ('1', 'tokens', '{}')
        """
        parts = urlsplit(url)
        segments = plain_segments(_TEMPLATE.sub("{}", parts.path))
        parameters = frozenset((_plain(name), _page(value)) for name, value in parse_qsl(parts.query))
        return cls((*segments[:-1], *map(_without_extension, segments[-1:])), parameters)

    def matches(self, path: str, parameters: Pairs) -> bool:
        """Whether a call is for this endpoint.

        Args:
            path: decoded.
            parameters: those of the query and of the form, decoded.
        """
        found = plain_segments(path)
        if self.parameters:
            # MediaWiki reads the page from the path or from a parameter, whose other forms name the same page.
            given = {(_plain(name), _page(value)) for name, value in parameters}
            return self.parameters <= given or any(value in _pages(found, value) for _, value in self.parameters)
        return self.begins(found)

    def shares_path(self, path: str) -> bool:
        """Whether a parameter of the body could make a call of this path one of this endpoint."""
        found = plain_segments(path)
        shorter = self.segments[: len(found)] == found
        return bool(self.parameters) and (shorter or self.begins(found))

    def begins(self, found: tuple[str, ...]) -> bool:
        """Whether the segments of a path are those of the endpoint, with or without more behind them."""
        length = len(self.segments)
        if len(found) < length or (self.is_exact and len(found) > length):
            return False
        begin = (*found[: length - 1], _without_extension(found[length - 1]))
        return all(own in {"{}", other} for own, other in zip(self.segments, begin, strict=True))


def plain_segments(path: str) -> tuple[str, ...]:
    """The segments of a path as the most lenient server reads them.

    >>> plain_segments("/OAuth/token;a=b/ ")
    ('oauth', 'token')
    """
    text = unicodedata.normalize("NFKC", path)
    return tuple(filter(None, (_plain(segment.partition(";")[0]) for segment in text.split("/"))))


def is_token_endpoint(path: str, parameters: Pairs, endpoints: Collection[TokenEndpoint]) -> bool:
    """Whether a call is for one of the provider's endpoints that give out or revoke tokens.

    >>> one = [TokenEndpoint.read("https://a.example/oauth/token")]
    >>> [is_token_endpoint(path, [], one) for path in ("/OAuth/token.json", "/oauth/token;a=b/c", "/oauth/tokens")]
    [True, True, False]
    """
    pairs = list(parameters)
    return any(endpoint.matches(path, pairs) for endpoint in endpoints)


def looks_like_token_endpoint(path: str) -> bool:
    """Whether a path is named like an endpoint for tokens, also if the provider's file does not have it.

    >>> [looks_like_token_endpoint(path) for path in ("/2/oauth2/token", "/OAuth/access_token.json", "/oauth/apps")]
    [True, True, False]
    """
    found = plain_segments(path)
    return any(
        first.startswith("oauth") and _without_extension(second).replace("-", "_") in _NAMES
        for first, second in pairwise(found)
    )


def token_endpoints(provider: Provider) -> frozenset[TokenEndpoint]:
    """The endpoints that give out or revoke tokens. They are refused on each host of the provider.

    >>> [one.segments for one in token_endpoints(Provider(name="x", access_token_url="https://a.example/OAuth/token/"))]
    [('oauth', 'token')]
    """
    endpoints = (provider.renew, provider.revoke, provider.session_token, provider.successor)
    urls = [provider.request_token_url, provider.access_token_url, *(one.url for one in endpoints if one)]
    base, profile = provider.api_base_url or "", provider.userinfo.endpoint if provider.userinfo else ""
    others = [plain_segments(urlsplit(_original(provider, url)).path) for url in (base, urljoin(base, profile))]
    return frozenset(filter(None, (_endpoint(_original(provider, url), others) for url in urls if url)))


def _endpoint(url: str, others: Sequence[tuple[str, ...]]) -> TokenEndpoint | None:
    """An endpoint; ``None`` if it has the same path as the API, and a parameter that the URL does not have chooses."""
    found = TokenEndpoint.read(url)
    if found.parameters:
        return found
    if not found.segments or any(found.begins(other) and len(other) == len(found.segments) for other in others):
        return None
    is_exact = any(found.begins(other) for other in others)
    return TokenEndpoint(found.segments, is_exact=is_exact)


def _original(provider: Provider, url: str) -> str:
    """A URL of the provider, also if the emulator plays it: ``https://127.0.0.1:8443/KEY/ROLE/`` stands for ``https://``."""
    at = provider.emulated_at
    start = at.removesuffix("api/") if at else ""
    if start and url.startswith(start):
        return f"https://{url.removeprefix(start).partition('/')[2]}"
    return url


def _plain(text: str) -> str:
    """Without the characters that are not seen, and with small letters."""
    seen = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return seen.strip().rstrip(".").strip().casefold()


def _page(value: str) -> str:
    r"""The name of a page, as far as all its names have it in common.

    The name of a namespace is another one in each language, and that of a special page, too. A fragment is dropped.

    >>> _page("Special:OAuth/initiate") == _page(":sp\xe9cial:_MWOAuth/initiate#x") != _page("Special:OAuth/identify")
    True
    """
    name = " ".join(_plain(value.partition("#")[0]).replace("_", " ").split())
    namespace, _, page = name.rpartition(":")
    first, *others = [piece.strip() for piece in page.split("/") if piece.strip()] or [""]
    return "/".join(["*" if namespace.strip(": ") and others else first, *others])


def _pages(found: Sequence[str], like: str) -> list[str]:
    """The pages that a path can name, of as many segments as another one; none for one segment."""
    size = like.count("/") + 1
    return [_page("/".join(found[at : at + size])) for at in range(len(found) - size + 1)] if size > 1 else []


def _without_extension(segment: str) -> str:
    return _EXTENSION.sub("", segment)
