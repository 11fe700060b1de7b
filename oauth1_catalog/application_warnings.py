"""Warnings that point at the application's line, which is the line to change. Python shows each of them once."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import warnings
from contextvars import ContextVar

_kept: ContextVar[list[tuple[str, type[Warning]]] | None] = ContextVar("oauth1_catalog_warnings", default=None)
_PACKAGE = os.path.join(os.path.dirname(__file__), "")  # noqa: PTH118, PTH120 - as it stands in a code object
# A cached_property is called from functools. Python does not skip a file whose whole name is the prefix.
_NOT_THE_APPLICATION = (_PACKAGE, functools.__file__.removesuffix("py"))


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn with ``message``, at the line of the application that called this package.

    Args:
        message: the thing, the cause and what to do.
        category: the category of the warning.
    """
    if (kept := _kept.get()) is not None:
        kept.append((message, category))
        return
    if sys.version_info >= (3, 12):
        warnings.warn(message, category, skip_file_prefixes=_NOT_THE_APPLICATION)  # noqa: TID251 - for all others
        return
    # Python 3.11 has no skip_file_prefixes, and the depth of a call within this package differs.
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_NOT_THE_APPLICATION):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)  # noqa: TID251 - likewise


class WarnsHere:
    """Collects the warnings of a block, also from another thread in this context, and emits them at its end.

    The application's line is in the thread that waits.
    """

    def __enter__(self) -> None:
        self._mine: list[tuple[str, type[Warning]]] = []
        self._token = _kept.set(self._mine)

    def __exit__(self, *_: object) -> None:
        _kept.reset(self._token)
        for message, category in self._mine:
            warn(message, category)
