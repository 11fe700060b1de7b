"""OAuth 1.0 clients for Flask, Django and Starlette, from a declarative catalog of providers.

Nothing heavy is imported here: ``import oauth1_catalog`` costs a millisecond, and the names below load what they
need when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog as Catalog
    from oauth1_catalog.errors import OAuthError as OAuthError
    from oauth1_catalog.hosts import local_path as local_path

__all__ = ["Catalog", "OAuthError", "local_path"]


def __getattr__(name: str) -> object:
    if name == "OAuthError":
        from oauth1_catalog.errors import OAuthError

        return OAuthError
    if name == "local_path":
        from oauth1_catalog.hosts import local_path

        return local_path
    if name == "Catalog":
        from oauth1_catalog.catalog import Catalog

        return Catalog
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
