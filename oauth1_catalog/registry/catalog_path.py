"""The directories of provider files that the framework's configuration or the environment names."""

from __future__ import annotations

import os
from collections.abc import Iterable

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.configuration import Settings

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


def _existing(directory: object, place: str) -> str:
    if not isinstance(directory, str | os.PathLike):
        raise ConfigurationError(
            description=f"{place}: a {type(directory).__name__} is no directory. Write its path as text."
        )
    path = os.fspath(directory)
    if not os.path.isdir(path):  # noqa: PTH112 - the path goes on as text
        raise ConfigurationError(
            description=f"{place}: the directory {path!r} does not exist. Correct the setting, or make the directory."
        )
    return path
