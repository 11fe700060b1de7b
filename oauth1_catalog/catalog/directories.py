"""Where provider files are: in the package itself, where the environment says, and in other installed packages."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from oauth1_catalog.errors import ConfigurationError, ResourceError

PATH_VARIABLE = "OAUTH1_CATALOG_PATH"
ENTRY_POINTS = "oauth1_catalog.providers"


def shipped_directory() -> Path:
    """The provider files of an installed wheel; in a checkout there are none."""
    return Path(__file__).resolve().parent.parent / "_data" / "providers"


@cache
def builtin_directory() -> Path:
    """Where the package's own provider files are: in the wheel, or in the checkout of an editable install.

    Raises:
        ConfigurationError: the installation is broken.
    """
    if (shipped := shipped_directory()).is_dir():
        return shipped
    checkout = Path(__file__).resolve().parents[2]
    # Only beside our own pyproject.toml: a broken install must not read some other package's folder.
    if (checkout / "pyproject.toml").is_file() and (checkout / "providers").is_dir():
        return checkout / "providers"
    raise ConfigurationError(description="the catalog's provider files are missing; install oauth1-catalog again.")


def environment_directories() -> tuple[Path, ...]:
    """The folders that ``OAUTH1_CATALOG_PATH`` lists in the environment, as ``PATH`` does: the first comes first.

    Raises:
        ConfigurationError: one of them does not exist.
    """
    return tuple(
        map(Path, listed_directories(os.environ.get(PATH_VARIABLE, ""), f"{PATH_VARIABLE} in the environment"))
    )


def listed_directories(listed: object, place: str) -> tuple[str, ...]:
    """The directories of a value of ``OAUTH1_CATALOG_PATH``, the first before the second.

    Args:
        listed: text as in ``PATH``, one directory, or several.
        place: where the value is set, for messages.

    Raises:
        ConfigurationError: one of them does not exist, or the value is something else.
    """
    if isinstance(listed, str):
        listed = listed.split(os.pathsep)
    if isinstance(listed, os.PathLike) or not isinstance(listed, Iterable):
        listed = (listed,)
    return tuple(_existing(directory, place) for directory in listed if directory)


def _existing(directory: object, place: str) -> str:
    if not isinstance(directory, str | os.PathLike):
        raise ConfigurationError(
            description=f"{place}: a directory cannot be of type {type(directory).__name__}.",
            advice="Write its path as text.",
        )
    path = os.fspath(directory)
    if not os.path.isdir(path):  # noqa: PTH112 - the path goes on as text
        # Most often it was an emulator's, which has stopped and deleted its folder.
        raise ConfigurationError(
            description=f"{place}: the directory {path!r} does not exist.",
            advice="Correct the setting, or remove it.",
        )
    return path


@cache
def package_directories() -> tuple[Path, ...]:
    """The folders of installed packages that name one under the entry point ``oauth1_catalog.providers``.

    The entry point's value is a package (``acme.providers``): its folder holds the files. It is not imported.

    Raises:
        ConfigurationError: an entry point does not lead to a folder.
        ResourceError: the process may not open another file.
    """
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    try:
        entries = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
    except OSError as error:
        ResourceError.check(error, "the list of installed packages")
        raise
    found: dict[Path, None] = {}
    for entry in entries:
        try:
            spec = find_spec(entry.value)
        except ImportError:
            spec = None
        locations = spec.submodule_search_locations if spec else None
        if not locations:
            raise ConfigurationError(
                description=f"entry point {entry.name!r} of {ENTRY_POINTS}: {entry.value!r} is no package."
            )
        found.update(dict.fromkeys(map(Path, locations)))
    return tuple(found)
