"""Read and write a file that a user named: only a regular file; to read, only a bounded part of it.

A device such as ``/dev/zero`` has no end, a pipe without a writer makes its reader wait, and opening a device can have
effects.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO, TextIO

MAX_BYTES = 1_048_576
"""The largest size of a file of settings or of a key, in bytes."""


def open_regular(path: str | os.PathLike[str], *, follow_links: bool = True) -> BinaryIO:
    """Open a regular file to read bytes from it.

    Raises:
        OSError: it cannot be opened, or is not a regular file. ``strerror`` is the cause, for a message.
    """
    wanted = ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", *(() if follow_links else ("O_NOFOLLOW",)))
    try:
        check_regular(os.stat(path, follow_symlinks=follow_links))  # noqa: PTH116 - Path("") would be a directory
        # Between the two, the file can become a pipe or a link: neither wait for a writer, nor follow it.
        stream = os.fdopen(os.open(path, os.O_RDONLY | sum(getattr(os, name, 0) for name in wanted)), "rb")
    except ValueError as error:
        raise OSError(errno.EINVAL, "its path contains a NUL character") from error
    try:
        check_regular(os.fstat(stream.fileno()))
    except OSError:
        stream.close()
        raise
    return stream


def open_to_write(path: str | os.PathLike[str], *, mode: int = 0o666, is_new: bool = False) -> TextIO:
    """Open a file to write UTF-8 text into it. Links are not followed: others can create them in a shared folder.

    Args:
        path: its path.
        mode: its mode, if it is created. If only the owner can read it, an existing file gets this mode as well.
        is_new: whether it must not exist yet.

    Raises:
        OSError: it cannot be written, is a link, or is not a regular file. ``strerror`` is the cause, for a message.
    """
    flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if is_new else 0)
    flags |= sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))
    stream = os.fdopen(os.open(path, flags, mode), "w", encoding="utf-8")
    try:
        check_regular(os.fstat(stream.fileno()))
        if not mode & 0o077 and hasattr(os, "fchmod"):
            os.fchmod(stream.fileno(), mode)  # an existing file would keep its mode
        stream.truncate(0)
    except OSError:
        stream.close()
        raise
    return stream


def check_regular(status: os.stat_result, *, limit: int | None = None) -> None:
    """Refuse what is not a regular file, or is larger than ``limit`` bytes.

    Raises:
        OSError: ``strerror`` is the cause, for a message.
    """
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, "it is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EPERM, "it is not a regular file")
    if limit is not None and status.st_size > limit:
        raise _too_large(limit)


def read_regular(path: str | os.PathLike[str], *, limit: int = MAX_BYTES) -> bytes:
    """The content of a regular file.

    Args:
        path: its path.
        limit: the largest size, in bytes.

    Raises:
        OSError: it cannot be read, is not a regular file, or is too large. ``strerror`` is the cause, for a message.

    >>> read_regular("/dev/null")
    Traceback (most recent call last):
    ...
    PermissionError: [Errno 1] it is not a regular file
    """
    with open_regular(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise _too_large(limit)
    return content


def _too_large(limit: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {limit:,} bytes")
