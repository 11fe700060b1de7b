"""What the proxy reads from a provider once: where its API is, and what differs from other providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli.proxy.endpoints import TokenEndpoint, token_endpoints
from oauth1_catalog.hosts import DEFAULT_PORTS, authority_of
from oauth1_catalog.rfc5849.messages import find_header


@dataclass(frozen=True, slots=True)
class Api:
    """The API of a provider.

    Attributes:
        scheme: of ``api_base_url``.
        host: of ``api_base_url``, which is that of calls without ``/@host/``; ``""`` if the file has none.
        token_endpoints: those that the proxy never calls.
        has_own_agent: whether the configuration names a User-Agent, which is then sent in place of the program's.
    """

    scheme: str
    host: str
    token_endpoints: frozenset[TokenEndpoint]
    has_own_agent: bool

    @classmethod
    def of(cls, provider: Provider) -> Self:
        """That of a provider, with the user's configuration."""
        return cls(*home_of(provider), token_endpoints(provider), _has_own_agent(provider))

    def host_of(self, host: str) -> str:
        """A host as it is compared: without the port of its scheme, and ``""`` for that of ``api_base_url``.

        >>> api = Api.of(Provider(name="x", api_base_url="https://api.example.com:443/1.1/"))
        >>> api.host_of("api.example.com"), api.host_of("api.example.com:443"), api.host_of("api.example.com:80")
        ('', '', 'api.example.com:80')
        """
        plain = _without_default_port(self.scheme, host)
        return "" if plain == self.host else plain


def home_of(provider: Provider) -> tuple[str, str]:
    """The scheme and the host of ``api_base_url``.

    >>> home_of(Provider(name="x", api_base_url="https://API.example.com/1.1/"))
    ('https', 'api.example.com')
    """
    base, at = provider.api_base_url or "", provider.emulated_at
    if at and base.startswith(at):
        scheme, host = "https", base.removeprefix(at).partition("/")[0]
    else:
        scheme, host = urlsplit(base).scheme or "https", authority_of(base)
    return scheme, _without_default_port(scheme, host.lower())


def _without_default_port(scheme: str, host: str) -> str:
    return host.removesuffix(f":{DEFAULT_PORTS.get(scheme)}")


def _has_own_agent(provider: Provider) -> bool:
    options = provider.client_kwargs.get("headers")
    own = {**(options if isinstance(options, dict) else {}), **provider.all_headers}
    return bool(find_header(own, "User-Agent"))
