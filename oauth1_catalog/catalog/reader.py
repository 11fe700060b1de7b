"""Provider files as they are on the disk now; one that did not change is parsed once.

Rule 1: a file of which the system refuses to open another one is not a wrong file, and not a file that is not there.
Rule 2: only regular files below the folder are read.
"""

from __future__ import annotations

import errno
import os
import stat
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


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file below its folder, of which there are at most ``MAX_BYTES + 1``.

    Whoever may put files into a folder does not choose what else of this machine is read, or waited for: a link that
    leads out of the folder is refused, and so are pipes, devices and sockets.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be read, or is none that is read.
    """
    if path.is_symlink():
        folder, path = path.parent.resolve(), Path(os.path.realpath(path, strict=True))
        if not path.is_relative_to(folder):
            raise OSError(errno.EPERM, "it is a link that leads out of its folder")
    # Not to wait for a pipe's other end; and of a file that became a link meanwhile, not to follow it.
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))
    if not stat.S_ISREG(path.lstat().st_mode):  # to open a device can have effects
        raise OSError(errno.EPERM, "it is not a regular file")
    with os.fdopen(os.open(path, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EPERM, "it is not a regular file")
        # One byte more than allowed is enough to know that it is too much.
        return stream.read(MAX_BYTES + 1)


def shown_path(path: Path) -> str:
    """The path as people can click it: relative where it lies below the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
