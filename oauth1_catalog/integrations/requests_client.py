"""``oauth1_catalog.clients.requests_client`` under the name that Authlib has for it, and by a provider's name.

``from_catalog`` is here and not in ``clients``, because the keys come from the registry's configuration, which is a
layer above the clients.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Self

import requests

from oauth1_catalog.clients import requests_client
from oauth1_catalog.clients.requests_client import (
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
    "OAuth1Auth",
    "OAuth1Session",
    "OAuthError",
]


class OAuth1Auth(requests_client.OAuth1Auth):
    """Signs a request of requests; see ``oauth1_catalog.clients.requests_client.OAuth1Auth``."""

    _calls: CatalogCalls | None = None

    @classmethod
    def from_catalog(cls, provider: str, **arguments: Any) -> Self:  # those of client()
        """One that signs for a provider of the catalog.

        >>> auth = OAuth1Auth.from_catalog("twitter", client_id="key", client_secret="hush", token="t")
        >>> request = requests.Request("GET", "https://api.twitter.com/1.1/me.json", auth=auth).prepare()
        >>> request.headers["Authorization"].partition("=")[0]
        'OAuth oauth_consumer_key'

        Args:
            provider: the provider's name or alias in the catalog.
            arguments: those of ``oauth1_catalog.client``, with the same variables of the environment: keys, ``token``
                and ``token_secret``, ``env_file``, the provider's variables and options.

        Raises:
            ConfigurationError: as for ``client()``; or the provider's API is not called with a signature. Also, when
                it signs, if the request is for a host that is not the provider's.
        """
        from oauth1_catalog.registry.catalog_calls import CatalogCalls, catalog_client
        from oauth1_catalog.registry.sync_script import CatalogClient

        arguments = MaskedMapping(arguments)
        function = f"{cls.__name__}.from_catalog()"
        client = catalog_client(CatalogClient, function, provider, arguments)
        auth = cls.from_signer(client.signer, client.static_token)
        auth.redirects_are_guarded = False  # in a session of requests' own
        return auth.checking(CatalogCalls.of(client, function))

    def checking(self, calls: CatalogCalls | None) -> Self:
        """The same, which checks each request by ``calls`` before it signs."""
        self._calls = calls
        return self

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign ``r``, whose URL and body are as they will be sent, and name your application as its User-Agent."""
        if self._calls is not None:
            self._calls.check(r.url or "", _header(r, "Content-Type"))
            if agent := self._calls.user_agent(_header(r, "User-Agent")):
                r.headers["User-Agent"] = agent
        return super().__call__(r)


def _header(request: requests.PreparedRequest, name: str) -> str:
    """A header, whose value may be bytes, as HTTPie has it."""
    value: str | bytes = request.headers.get(name) or ""
    return value.decode("latin-1") if isinstance(value, bytes) else value


class OAuth1Session(requests_client.OAuth1Session):
    """A session of requests that signs; see ``oauth1_catalog.clients.requests_client.OAuth1Session``."""

    __attrs__: list[str] = [*requests_client.OAuth1Session.__attrs__, "_calls"]  # noqa: RUF012 - as requests declares it

    _calls: CatalogCalls | None = None

    @classmethod
    def from_catalog(cls, provider: str, **arguments: Any) -> Self:  # those of client()
        """A session for a provider of the catalog: it takes paths relative to the provider's ``api_base_url``.

        >>> keys = {"client_id": "key", "client_secret": "hush", "token": "token", "token_secret": "hush"}
        >>> with OAuth1Session.from_catalog("netsuite", account_id="1234567_SB1", **keys) as session:
        ...     session.prepare_request(requests.Request("GET", "record/v1/customer")).url
        'https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/customer'

        Args:
            provider: the provider's name or alias in the catalog.
            arguments: those of ``oauth1_catalog.client``, with the same variables of the environment. Options of the
                session are in ``client_kwargs``.

        Raises:
            ConfigurationError: as for ``client()``; or the provider's API is not called with a signature. Also, at a
                call, if its URL is on a host that is not the provider's.
        """
        from oauth1_catalog.registry.catalog_calls import CatalogCalls, catalog_client, session_arguments
        from oauth1_catalog.registry.sync_script import CatalogClient

        arguments = MaskedMapping(arguments)
        function = f"{cls.__name__}.from_catalog()"
        client = catalog_client(CatalogClient, function, provider, arguments)
        calls = CatalogCalls.of(client, function)
        session = cls(**session_arguments(client))
        session._follow(calls, client)
        return session

    def _follow(self, calls: CatalogCalls, client: Any) -> None:
        self._calls = calls
        self._signer = client.signer
        self._hold(self._credentials)

    def _signing_auth(self) -> OAuth1Auth:
        return OAuth1Auth.from_signer(self._signer, self._credentials).checking(self._calls)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """As in requests, with the parameters and headers that a provider of the catalog always wants."""
        if self._calls is not None:
            request = copy(request)
            absolute = self._calls.url(request.url)
            request.params = self._calls.params(str(request.url), absolute, request.params)
            request.headers = self._calls.headers(request.headers)
            request.url = absolute
        return super().prepare_request(request)
