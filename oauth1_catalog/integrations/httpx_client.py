"""``oauth1_catalog.clients.httpx_client`` under the name that Authlib has for it, and by a provider's name.

``from_catalog`` is here and not in ``clients``, because the keys come from the registry's configuration, which is a
layer above the clients.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Any, Self

from oauth1_catalog.errors import needs

with needs(__name__, "starlette", "script"):
    import httpx2

    from oauth1_catalog.clients import httpx_client
    from oauth1_catalog.clients.httpx_client import (
        SIGNATURE_HMAC_SHA1,
        SIGNATURE_HMAC_SHA256,
        SIGNATURE_HMAC_SHA512,
        SIGNATURE_PLAINTEXT,
        SIGNATURE_RSA_SHA1,
        SIGNATURE_RSA_SHA256,
        SIGNATURE_RSA_SHA512,
        SIGNATURE_TYPE_BODY,
        SIGNATURE_TYPE_HEADER,
        SIGNATURE_TYPE_QUERY,
        OAuthError,
    )

from oauth1_catalog.redaction import MaskedMapping

if TYPE_CHECKING:
    from oauth1_catalog.registry.catalog_calls import CatalogCalls

__all__ = [
    "SIGNATURE_HMAC_SHA1",
    "SIGNATURE_HMAC_SHA256",
    "SIGNATURE_HMAC_SHA512",
    "SIGNATURE_PLAINTEXT",
    "SIGNATURE_RSA_SHA1",
    "SIGNATURE_RSA_SHA256",
    "SIGNATURE_RSA_SHA512",
    "SIGNATURE_TYPE_BODY",
    "SIGNATURE_TYPE_HEADER",
    "SIGNATURE_TYPE_QUERY",
    "AsyncOAuth1Client",
    "OAuth1Auth",
    "OAuth1Client",
    "OAuthError",
]


class OAuth1Auth(httpx_client.OAuth1Auth):
    """Signs a request of httpx2; see ``oauth1_catalog.clients.httpx_client.OAuth1Auth``."""

    _calls: CatalogCalls | None = None

    @classmethod
    def from_catalog(cls, provider: str, **arguments: Any) -> Self:  # those of async_client()
        """One that signs for a provider of the catalog.

        >>> auth = OAuth1Auth.from_catalog("twitter", client_id="key", client_secret="hush", token="t")
        >>> signed = next(auth.sync_auth_flow(httpx2.Request("GET", "https://api.twitter.com/1.1/me.json")))
        >>> signed.headers["Authorization"].partition("=")[0]
        'OAuth oauth_consumer_key'

        Args:
            provider: the provider's name or alias in the catalog.
            arguments: those of ``oauth1_catalog.async_client``, with the same variables of the environment: keys,
                ``token`` and ``token_secret``, ``env_file``, the provider's variables and options.

        Raises:
            ConfigurationError: as for ``async_client()``; or the provider's API is not called with a signature. Also,
                when it signs, if the request is for a host that is not the provider's.
        """
        from oauth1_catalog.registry.async_script import AsyncCatalogClient
        from oauth1_catalog.registry.catalog_calls import CatalogCalls, catalog_client

        arguments = MaskedMapping(arguments)
        function = f"{cls.__name__}.from_catalog()"
        client = catalog_client(AsyncCatalogClient, function, provider, arguments)
        auth = cls.from_signer(client.signer, client.static_token)
        auth.redirects_are_guarded = False  # in a client of httpx2's own
        return auth.checking(CatalogCalls.of(client, function))

    def checking(self, calls: CatalogCalls | None) -> Self:
        """The same, which checks each request by ``calls`` before it signs."""
        self._calls = calls
        return self

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Sign ``request``, whose body is read only where the signature covers it."""
        self._check(request)
        return super().sync_auth_flow(request)

    def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Sign ``request``, whose body is read only where the signature covers it."""
        self._check(request)
        return super().async_auth_flow(request)

    def _check(self, request: httpx2.Request) -> None:
        if self._calls is not None:
            self._calls.check(str(request.url), request.headers.get("Content-Type", ""))
            if agent := self._calls.user_agent(request.headers.get("User-Agent", "")):
                request.headers["User-Agent"] = agent


class _FromCatalog:
    """What the sync and the async client share."""

    _calls: CatalogCalls | None = None
    _signer: Any  # of the session, like the next one
    _credentials: Any

    @classmethod
    def from_catalog(cls, provider: str, **arguments: Any) -> Self:  # those of async_client()
        """A client for a provider of the catalog: it takes paths relative to the provider's ``api_base_url``.

        Args:
            provider: the provider's name or alias in the catalog.
            arguments: those of ``oauth1_catalog.async_client``, with the same variables of the environment. Options of
                the client are in ``client_kwargs``.

        Raises:
            ConfigurationError: as for ``async_client()``; or the provider's API is not called with a signature. Also,
                at a call, if its URL is on a host that is not the provider's.
        """
        from oauth1_catalog.registry.async_script import AsyncCatalogClient
        from oauth1_catalog.registry.catalog_calls import CatalogCalls, catalog_client, session_arguments

        arguments = MaskedMapping(arguments)
        function = f"{cls.__name__}.from_catalog()"
        client = catalog_client(AsyncCatalogClient, function, provider, arguments)
        calls = CatalogCalls.of(client, function)
        make: Any = cls  # a class below, whose constructor is the session's
        made: Self = make(**session_arguments(client))
        made._follow(calls, client)
        return made

    def _follow(self, calls: CatalogCalls, client: Any) -> None:
        self._calls = calls
        self._signer = client.signer
        self._hold(self._credentials)  # type: ignore[attr-defined] # the session's

    def _signing_auth(self) -> OAuth1Auth:
        return OAuth1Auth.from_signer(self._signer, self._credentials).checking(self._calls)

    def build_request(self, method: str, url: httpx2.URL | str, **call: Any) -> httpx2.Request:  # as the session's
        """As in httpx2, with the parameters and headers that a provider of the catalog always wants."""
        call = MaskedMapping(call)
        if self._calls is not None:
            absolute = self._calls.url(url)
            call["params"] = self._calls.params(str(url), absolute, call.get("params"))
            call["headers"] = self._calls.headers(httpx2.Headers(call.get("headers")))
            url = absolute
        request: httpx2.Request = super().build_request(method, url, **call)  # type: ignore[misc] # the session's
        return request

    def _wire_url(self, url: str) -> str:
        return str(super().build_request("POST", url).url)  # type: ignore[misc] # a token endpoint is no API call


class OAuth1Client(_FromCatalog, httpx_client.OAuth1Client):
    """A client of httpx2 that signs; see ``oauth1_catalog.clients.httpx_client.OAuth1Client``."""


class AsyncOAuth1Client(_FromCatalog, httpx_client.AsyncOAuth1Client):
    """The asynchronous ``OAuth1Client``; see ``oauth1_catalog.clients.httpx_client.AsyncOAuth1Client``."""
