"""OAuth 1.0 clients for scripts, Flask, Django and Starlette, from a declarative catalog of providers.

``__all__`` lists the public names. Each is imported when you first use it, so that ``import oauth1_catalog`` costs a
millisecond and loads no framework. The rest of the public API is in ``oauth1_catalog.integrations``,
``oauth1_catalog.clients`` (sessions for requests and httpx2), ``oauth1_catalog.rfc5849`` (signing) and
``oauth1_catalog.emulator``; ``docs/architecture.md`` has the whole list. Everything else can change in any release.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.catalog.provider import Provider
    from oauth1_catalog.clients.limits import Limits
    from oauth1_catalog.diagnosis import Cause, Explanation, NamedMistake, explain
    from oauth1_catalog.errors import (
        AuthorizationDeniedError,
        CacheError,
        ConfigurationError,
        ConfigurationNotice,
        ConfigurationWarning,
        DeprecatedProviderWarning,
        ExpiredStateError,
        MissingExtraError,
        MissingRequestTokenError,
        MissingSettingError,
        MissingTokenError,
        MissingVerifierError,
        NotInitializedError,
        OAuth1CatalogDeprecationWarning,
        OAuthError,
        ProviderError,
        ProviderFileError,
        ResourceError,
        RetiredProviderError,
        SigningError,
        StateError,
        TokenExchangeDeniedError,
        TokenKeyError,
        TokenNotSavedError,
        TokenRequestDeniedError,
        TokenResponseError,
        TransportError,
        UnknownProviderError,
    )
    from oauth1_catalog.hosts import local_path
    from oauth1_catalog.registry.async_script import AsyncCatalogClient, async_client
    from oauth1_catalog.registry.sync_script import CatalogClient, client
    from oauth1_catalog.registry.token import OAuth2Token, Token, TokenStore

    __version__: str

__all__ = [
    "AsyncCatalogClient",
    "AuthorizationDeniedError",
    "CacheError",
    "Catalog",
    "CatalogClient",
    "Cause",
    "ConfigurationError",
    "ConfigurationNotice",
    "ConfigurationWarning",
    "DeprecatedProviderWarning",
    "ExpiredStateError",
    "Explanation",
    "Limits",
    "MissingExtraError",
    "MissingRequestTokenError",
    "MissingSettingError",
    "MissingTokenError",
    "MissingVerifierError",
    "NamedMistake",
    "NotInitializedError",
    "OAuth1CatalogDeprecationWarning",
    "OAuth2Token",
    "OAuthError",
    "Provider",
    "ProviderError",
    "ProviderFileError",
    "ResourceError",
    "RetiredProviderError",
    "SigningError",
    "StateError",
    "Token",
    "TokenExchangeDeniedError",
    "TokenKeyError",
    "TokenNotSavedError",
    "TokenRequestDeniedError",
    "TokenResponseError",
    "TokenStore",
    "TransportError",
    "UnknownProviderError",
    "__version__",
    "async_client",
    "client",
    "explain",
    "local_path",
]

# Where a name is defined; the other names are in errors.py.
_MODULES = {
    "AsyncCatalogClient": "registry.async_script",
    "Catalog": "catalog",
    "CatalogClient": "registry.sync_script",
    "Cause": "diagnosis",
    "Explanation": "diagnosis",
    "Limits": "clients.limits",
    "NamedMistake": "diagnosis",
    "OAuth2Token": "registry.token",
    "Provider": "catalog.provider",
    "Token": "registry.token",
    "TokenStore": "registry.token",
    "async_client": "registry.async_script",
    "client": "registry.sync_script",
    "explain": "diagnosis",
    "local_path": "hosts",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("oauth1-catalog")
    if name in __all__:
        return getattr(import_module(f"oauth1_catalog.{_MODULES.get(name, 'errors')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
