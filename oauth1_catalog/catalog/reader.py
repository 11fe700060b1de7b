"""Provider files as they are on the disk now; one that did not change is parsed once.

Rule: a file of which the system refuses to open another one is not a wrong file, and not a file that is not there.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.document import Document
from oauth1_catalog.catalog.source import MAX_BYTES, read
from oauth1_catalog.errors import ResourceError

KEPT = 32
"""How many documents are kept: one is about 70 KB, with the place of each value."""

_SETTLED = 2_000_000_000
"""Nanoseconds after which a change of a file shows in its time: a second change within the same tick does not."""


class Reader:
    """Reads provider files, and keeps the last documents for as long as their files stay what they are.

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
            FileNotFoundError: there is no such file.
            ResourceError: the process may not open another file.
        """
        try:
            status = path.stat()
        except FileNotFoundError:
            raise
        except OSError:
            return read_file(path)  # which tells it
        if time.time_ns() - status.st_mtime_ns < _SETTLED:
            return read_file(path)
        version = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return self._read(path, shown_path(path), version)


def _read_version(path: Path, shown: str, version: tuple[int, ...]) -> Document:  # noqa: ARG001 - they are the key
    return read_file(path)


def read_file(path: Path) -> Document:
    """Read one file; what keeps it from being read is a finding, except that it is not there.

    Raises:
        FileNotFoundError: there is no such file.
        ResourceError: the process may not open another file.
    """
    try:
        # One byte more than allowed is enough to know that it is too much.
        with path.open("rb") as stream:
            return read(stream.read(MAX_BYTES + 1), path=shown_path(path))
    except FileNotFoundError:
        raise
    except OSError as error:
        ResourceError.check(error, shown_path(path))
        message = f"the file cannot be read ({error.strerror or 'unknown cause'})"
        finding = Diagnostic(code="P001", message=message, path=shown_path(path), line=1, column=1, end_column=2)
        return Document(shown_path(path), "", {}, (finding,))


def shown_path(path: Path) -> str:
    """The path as people can click it: relative where it lies below the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
