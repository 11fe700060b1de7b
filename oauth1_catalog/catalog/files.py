"""Provider files on the disk: the directories that contain them, the names in these, and the bytes of a file.

Rule 1: if the process may not open another file, that is an error of the system, not of the file.
Rule 2: only regular files below a directory are read.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from oauth1_catalog.errors import ConfigurationError, ResourceError
from oauth1_catalog.regular_files import open_regular

PATH_VARIABLE = "OAUTH1_CATALOG_PATH"
DATA_VARIABLE = "OAUTH1_CATALOG_DATA"
ENTRY_POINTS = "oauth1_catalog.providers"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""The name of a provider."""

VERSION = re.compile(r"[0-9]{4}\.(0[1-9]|1[0-2])\.(0[1-9]|[12][0-9]|3[01])(\.[1-9][0-9]{0,3})?")
"""The version of the data: its date, and a number if there was another version on that day."""

MAX_BYTES = 1_000_000
"""The largest provider file, in bytes."""


def shipped_directory() -> Path:
    """The provider files of an installed wheel; in a checkout there are none."""
    return Path(__file__).resolve().parent.parent / "_data" / "providers"


@cache
def builtin_directory() -> Path:
    """The directory of the built-in provider files: in the wheel, or in the checkout of an editable install.

    Raises:
        ConfigurationError: the installation is broken.
    """
    if (shipped := shipped_directory()).is_dir():
        return shipped
    checkout = Path(__file__).resolve().parents[2]
    # Only beside our own pyproject.toml: a broken install must not read another package's directory.
    if (checkout / "pyproject.toml").is_file() and (checkout / "providers").is_dir():
        return checkout / "providers"
    raise ConfigurationError(description="the catalog's provider files are missing; install oauth1-catalog again.")


def version_in(directory: Path) -> str | None:
    """The version of the provider files in a directory, which is in its file ``VERSION``; ``None`` if there is none.

    >>> version_in(Path("/nonexistent"))
    """
    try:
        text = read_bytes(directory / "VERSION").decode("utf-8", "replace").strip()
    except OSError as error:
        ResourceError.check(error, "VERSION")
        return None
    return text if VERSION.fullmatch(text) else None


def environment_directories() -> tuple[Path, ...]:
    """The directories that ``OAUTH1_CATALOG_PATH`` lists in the environment, in the form of ``PATH``.

    Raises:
        ConfigurationError: one of them does not exist.
    """
    return tuple(
        map(Path, listed_directories(os.environ.get(PATH_VARIABLE, ""), f"{PATH_VARIABLE} in the environment"))
    )


def listed_directories(listed: object, place: str) -> tuple[str, ...]:
    """The directories of a value of ``OAUTH1_CATALOG_PATH``, which takes the form of ``PATH``.

    Args:
        listed: text in the form of ``PATH``, one path, or several.
        place: where the value is set, for the message.

    Raises:
        ConfigurationError: a directory does not exist, or the value has another type.
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
        # It is usually the directory of an emulator that has stopped.
        raise ConfigurationError(
            description=f"{place}: the directory {path!r} does not exist.",
            advice="Correct the setting, or remove it.",
        )
    return path


@cache
def package_directories() -> tuple[Path, ...]:
    """The directories of installed packages with the entry point ``oauth1_catalog.providers``.

    The entry point's value is a package (``acme.providers``) that contains the files. It is not imported.

    Raises:
        ConfigurationError: an entry point does not name a package.
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
                description=f"entry point {entry.name!r} of {ENTRY_POINTS}: {entry.value!r} is not a package."
            )
        found.update(dict.fromkeys(map(Path, locations)))
    return tuple(found)


def names_in(directory: Path) -> Iterator[str]:
    """The names of the providers that have a file in a directory."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                name, dot, suffix = entry.name.rpartition(".")
                if dot and suffix == "yaml" and NAME.fullmatch(name):
                    yield name
    except OSError as error:
        ResourceError.check(error, str(directory))
        return


def read_bytes(path: Path) -> bytes:
    """The first ``MAX_BYTES + 1`` bytes of a regular file below its directory.

    Someone who can add files to the directory must not make us read, or wait for, other files of this machine. So a
    link that leads out of the directory is refused, and so are pipes, devices and sockets.

    Raises:
        FileNotFoundError: the file does not exist.
        OSError: it cannot be read, or is refused.
    """
    if path.is_symlink():
        folder, path = path.parent.resolve(), Path(os.path.realpath(path, strict=True))
        if not path.is_relative_to(folder):
            raise OSError(errno.EPERM, "it is a link to a file outside its folder")
    with open_regular(path, follow_links=False) as stream:
        # One byte more than allowed shows that the file is too large.
        return stream.read(MAX_BYTES + 1)
