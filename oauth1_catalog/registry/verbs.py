"""The HTTP methods by their names, and the arguments that a call takes, the same for every client."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack

from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.framework import FrameworkRequest
from oauth1_catalog.registry.token import TokenLike

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    import httpx2

Reply = TypeVar("Reply")
"""A response, or in the async client what is awaited for one."""


class HttpOptions(TypedDict, total=False):
    """What a call passes on to the HTTP library. What is left out keeps the library's default.

    ``allow_redirects``, ``proxies``, ``verify``, ``cert`` and ``hooks`` belong to requests, and ``content``,
    ``follow_redirects`` and ``extensions`` to httpx2.
    """

    params: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes | None
    data: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes | IO[bytes] | None
    json: object
    files: Mapping[str, Any] | Sequence[tuple[str, Any]] | None
    headers: Mapping[str, str] | None
    cookies: Mapping[str, str] | CookieJar | None
    timeout: float | tuple[float | None, float | None] | httpx2.Timeout | None
    stream: bool
    allow_redirects: bool
    proxies: Mapping[str, str] | None
    verify: bool | str
    cert: str | tuple[str, str] | None
    hooks: Mapping[str, Any] | None
    content: str | bytes | Iterable[bytes] | None
    follow_redirects: bool
    extensions: Mapping[str, Any] | None


class CallOptions(HttpOptions, Generic[FrameworkRequest], total=False):
    """What ``get(url, ...)`` and its siblings take: the arguments of ``request``."""

    token: TokenLike | None
    request: FrameworkRequest | None
    withhold_token: bool
    allow_any_host: bool
    oauth_params: Mapping[str, str] | None


class Verbs(ABC, Generic[Reply, FrameworkRequest]):
    """``get(url, ...)`` and its siblings; each takes what ``request`` takes."""

    @abstractmethod
    def request(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: FrameworkRequest | None = None,
        withhold_token: bool = False,
        allow_any_host: bool = False,
        oauth_params: Mapping[str, str] | None = None,
        **kwargs: Unpack[HttpOptions],
    ) -> Reply:
        """Call the provider's API, signed."""

    def get(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("GET", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("GET", url, **options)

    def post(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("POST", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("POST", url, **options)

    def put(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("PUT", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("PUT", url, **options)

    def patch(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("PATCH", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("DELETE", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("DELETE", url, **options)

    def head(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("HEAD", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("HEAD", url, **options)

    def options(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("OPTIONS", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("OPTIONS", url, **options)
