"""The places in which a catalog looks for providers: folders of YAML files, and a ``catalog.json`` (``pinned.py``).

Rule: a file that did not change is parsed once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from oauth1_catalog.catalog.data import texts_of
from oauth1_catalog.catalog.document import Diagnostic, Document
from oauth1_catalog.catalog.files import names_in, read_bytes
from oauth1_catalog.catalog.source import read
from oauth1_catalog.errors import ResourceError

KEPT = 32
"""The number of documents to keep: one takes about 70 KB, with the place of each value."""

_SETTLED = 2_000_000_000
"""Nanoseconds after which a file's time is reliable: two changes within one tick have the same time."""

_ALIASES = rb"(?m)^aliases[ \t]*:.*(?:\r?\n(?:[ \t-].*)?)*"


class Layer(Protocol):
    """One place with providers."""

    def names(self) -> Iterable[str]:
        """The names of its providers."""

    def has(self, name: str) -> bool:
        """Whether it has a provider with exactly this name."""

    def read(self, name: str) -> Document:
        """The document of a provider.

        Raises:
            FileNotFoundError: there is none.
        """

    def aliases(self) -> Iterable[tuple[str, str]]:
        """Each alias with the name of its provider."""

    def stamp(self) -> int:
        """A number that changes when a provider is added or removed."""


class Folder:
    """A directory of provider files.

    Args:
        path: the directory.
        reader: keeps the documents.
    """

    def __init__(self, path: Path, reader: Reader) -> None:
        self.path = path
        self._reader = reader

    def names(self) -> Iterable[str]:
        """The names of the files; no file is read."""
        return names_in(self.path)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.path / f"{name}.yaml").is_file()

    def read(self, name: str) -> Document:
        """The document of a file.

        Raises:
            FileNotFoundError: the file does not exist.
            ResourceError: the process may not open another file.
        """
        return self._reader.read(self.path / f"{name}.yaml")

    def aliases(self) -> Iterator[tuple[str, str]]:
        """The aliases of all files, each of which is read."""
        for name in names_in(self.path):
            try:
                content = read_bytes(self.path / f"{name}.yaml")
            except OSError as error:
                ResourceError.check(error, f"{name}.yaml")
                continue
            if (lines := re.search(_ALIASES, content)) is not None:
                yield from ((alias, name) for alias in texts_of(read(lines[0], path=name).data.get("aliases")))

    def stamp(self) -> int:
        """The time of the directory's last change."""
        return self.path.stat().st_mtime_ns if self.path.is_dir() else 0


class Reader:
    """Reads provider files, and keeps the last documents until their files change.

    >>> import os, tempfile
    >>> path = Path(tempfile.mkdtemp(), "x.yaml")
    >>> _ = path.write_text("name: x")
    >>> os.utime(path, (1, 1))  # a file that was changed just now may change again
    >>> reader = Reader()
    >>> reader.read(path) is reader.read(path)
    True
    """

    def __init__(self) -> None:
        self._read = lru_cache(maxsize=KEPT)(_read_version)

    def read(self, path: Path) -> Document:
        """The document of a file.

        Raises:
            FileNotFoundError: the file does not exist.
            ResourceError: the process may not open another file.
        """
        try:
            status = path.stat()
        except FileNotFoundError:
            raise
        except OSError:
            return read_file(path)  # which reports it
        if time.time_ns() - status.st_mtime_ns < _SETTLED:
            return read_file(path)
        version = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return self._read(path, shown_path(path), version)


def _read_version(path: Path, shown: str, version: tuple[int, ...]) -> Document:  # noqa: ARG001 - the cache's key
    return read_file(path)


def read_file(path: Path) -> Document:
    """Read one file. If it cannot be read, the document has a finding.

    Raises:
        FileNotFoundError: the file does not exist.
        ResourceError: the process may not open another file.
    """
    shown = shown_path(path)
    try:
        return read(read_bytes(path), path=shown)
    except FileNotFoundError:
        raise
    except OSError as error:
        ResourceError.check(error, shown)
        message = f"the file cannot be read ({error.strerror or 'unknown cause'})"
        finding = Diagnostic(code="P001", message=message, path=shown, line=1, column=1, end_column=2)
        return Document(shown, "", {}, (finding,))


def shown_path(path: Path) -> str:
    """The path relative to the working directory if it is below it, so that a terminal can link it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
