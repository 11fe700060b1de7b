"""Provider files: find one by name, validate it, resolve it into a ``Provider``.

Public: ``Catalog``, ``catalog.provider.Provider`` and ``catalog.model.ProviderFile``. ``Catalog`` is imported when you
first use it, so that ``oauth1_catalog.catalog.provider`` imports neither pydantic nor YAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oauth1_catalog.catalog.catalog import Catalog as Catalog

__all__ = ["Catalog"]


def __getattr__(name: str) -> object:
    if name == "Catalog":
        from oauth1_catalog.catalog.catalog import Catalog

        return Catalog
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
