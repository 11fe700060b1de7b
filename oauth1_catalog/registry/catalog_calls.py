"""What ``from_catalog`` gives the signing objects of requests and httpx2: keys, options, and the rules for calls.

Such an object belongs to its HTTP library, and only the signature is ours. A provider whose calls need more than that
has ``client()``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from oauth1_catalog.access import Access
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.clients.connected import ConnectedPools
from oauth1_catalog.clients.options import SIGNING
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import Origin
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.api_calls import (
    own_api_params,
    takes_api_params,
    with_api_params,
    with_headers,
)
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.multipart import refuse_written_multipart
from oauth1_catalog.registry.standalone import standalone_client
from oauth1_catalog.registry.urls import api_url, own_origins
from oauth1_catalog.rfc5849.messages import find_header

_OF_LIBRARIES = ("python-requests/", "python-httpx", "HTTPie/")
_OF_THE_LOOKUP = frozenset({"name", "environment", "env_file", "catalog", "allow_retired"})


@dataclass(frozen=True)
class CatalogCalls:
    """The rules of a provider for the calls of its API, as a registered client follows them.

    Args:
        provider: whose API is called.
        access: the hosts and transports that are allowed beside the provider's own.
        client_id: the consumer key.
        own: the provider's origins.
        function: the function that took the parameters, for messages; ``""`` for a command.
    """

    provider: Provider
    access: Access
    client_id: str
    own: frozenset[Origin] = field(repr=False)
    function: str = ""

    @classmethod
    def of(cls, client: OAuth1App[Any], function: str) -> Self:
        """The rules that ``client`` follows.

        Raises:
            ConfigurationError: its calls are not signed, or with a session token.
        """
        provider = client.provider
        if provider.api_auth != "signature":
            raise ConfigurationError(
                description=f"{client.name}: the provider's API takes the token itself, not a signature, so {function} "
                "has nothing to sign.",
                provider=client.name,
                advice=f"Use oauth1_catalog.client({client.name!r}), which sends the token.",
            )
        if provider.session_token is not None:
            raise ConfigurationError(
                description=f"{client.name}: the provider's calls are signed with a session token, which {function} "
                "cannot ask for.",
                provider=client.name,
                advice=f"Use oauth1_catalog.client({client.name!r}), which does.",
            )
        return cls(provider, client.access, client.client_id or "", own_origins(provider), function)

    def url(self, url: object) -> str:
        """The absolute URL of a call.

        Raises:
            ConfigurationError: it is not on a host of the provider.
        """
        return api_url(
            self.provider,
            url,
            own=self.own,
            access=self.access,
            takes_any_host=False,
            function=lambda: self.function,
        )

    def headers(self, headers: Mapping[str, Any] | None) -> dict[str, str]:  # requests also takes bytes
        """The headers of a call, with the provider's."""
        return with_headers(self.provider.all_headers, headers)

    def user_agent(self, sent: str) -> str | None:
        """The User-Agent with which to replace that of an HTTP library, if the provider's configuration has one.

        Args:
            sent: the header of the request; ``""`` if it has none.
        """
        if sent and not sent.startswith(_OF_LIBRARIES):
            return None
        options = self.provider.client_kwargs.get("headers")
        own = {**(options if isinstance(options, Mapping) else {}), **self.provider.all_headers}
        return find_header(own, "User-Agent") or None

    def params(self, url: str, absolute: str, params: Any) -> Any:
        """The ``params`` of a call, with the provider's.

        Args:
            url: the URL of the call, as it was given.
            absolute: the same, absolute.
            params: in any form that the HTTP library takes.
        """
        if not takes_api_params(self.provider, absolute):
            return params
        return with_api_params(own_api_params(self.provider, self.client_id), url, params)

    def check(self, url: str, content_type: str) -> None:
        """Refuse to sign a request that the provider would refuse, or that is not for it.

        Raises:
            ConfigurationError: it is for a host that is not the provider's.
            SigningError: the provider signs the fields of a multipart body, which is written already.
        """
        self.url(url)
        refuse_written_multipart(self.provider, content_type)


def catalog_client(
    client_cls: type[OAuth1App[Any]], function: str, provider: str, arguments: Mapping[str, object]
) -> OAuth1App[Any]:
    """The client whose keys and options a signing object takes; it never opens a connection.

    Args:
        client_cls: ``CatalogClient`` or ``AsyncCatalogClient``, which check the options of their HTTP library.
        function: the name of the function, for messages.
        provider: the provider's name in the catalog.
        arguments: those of ``client()``, without a token store.
    """
    arguments = masked(arguments)
    lookup: dict[str, Any] = {name: arguments[name] for name in _OF_THE_LOOKUP & arguments.keys()}
    rest = MaskedMapping((name, value) for name, value in arguments.items() if name not in lookup)
    return standalone_client(client_cls, function, provider, rest, connected=ConnectedPools(), **lookup)


def session_arguments(client: OAuth1App[Any]) -> MaskedMapping:
    """The arguments of a session's constructor that sign as ``client`` does, and send with its options."""
    token = client.static_token
    return MaskedMapping(
        {name: value for name, value in client.client_kwargs.items() if name not in SIGNING},
        client_id=client.client_id,
        client_secret=client.client_secret,
        token=token and token.oauth_token,
        token_secret=token and token.oauth_token_secret,
        redirect_uri=client.redirect_uri,
        signature_method=client.signer.signature_method,
    )
