"""The directories of provider files that the framework's configuration or the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.errors import ConfigurationError, UnknownProviderError
from oauth1_catalog.registry.configuration import Settings

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog

_VARIABLE = "OAUTH1_CATALOG_PATH"


def catalog_path(settings: Settings) -> tuple[str, ...]:
    """The directories of ``OAUTH1_CATALOG_PATH``, the first before the second.

    It is text as in ``PATH``, one directory or a list of them; the configuration's goes before the environment's.

    Raises:
        ConfigurationError: one of them does not exist, or the value is something else.
    """
    place, path = settings.place("oauth1_catalog", "path"), settings.get("oauth1_catalog", "path")
    if not path:
        place, path = f"{_VARIABLE} in the environment", os.environ.get(_VARIABLE, "")
    listed: object = path.split(os.pathsep) if isinstance(path, str) else path
    if isinstance(listed, os.PathLike) or not isinstance(listed, Iterable):
        listed = (listed,)
    return tuple(_existing(directory, place) for directory in listed if directory)


def unused_file(settings: Settings, catalog: Catalog, provider: str) -> str:
    """What to say where ``OAUTH1_CATALOG_PATH`` has a provider's file that the given catalog does not read; else empty.

    Args:
        settings: the framework's configuration.
        catalog: what ``OAuth(catalog=...)`` was given.
        provider: the provider's name in the catalog.
    """
    directories = catalog_path(settings)
    if not directories:
        return ""
    try:
        used = Path(catalog.documents(provider)[0][0].path).resolve()
    except UnknownProviderError:
        used = Path(f"{provider}.yaml")
    for file in (Path(directory, used.name).resolve() for directory in directories):
        if file.is_file() and file != used:
            instead = f"reads {used}" if used.is_absolute() else "has no such provider"
            return (
                f"{provider}: OAUTH1_CATALOG_PATH leads to {file}, which is not used: OAuth(catalog=) {instead}. "
                "Leave catalog= out, or put the directory last in Catalog(...)."
            )
        if file == used:
            return ""
    return ""


def _existing(directory: object, place: str) -> str:
    if not isinstance(directory, str | os.PathLike):
        raise ConfigurationError(
            description=f"{place}: a directory cannot be of type {type(directory).__name__}. Write its path as text."
        )
    path = os.fspath(directory)
    if not os.path.isdir(path):  # noqa: PTH112 - the path goes on as text
        raise ConfigurationError(
            description=f"{place}: the directory {path!r} does not exist. Correct the setting, or make the directory."
        )
    return path
