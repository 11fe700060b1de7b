"""What is said where a package is missing that one of the extras brings: ``pip install 'oauth1-catalog[flask]'``.

Rule: such a package is imported in ``with needs(...)``. Where a package of ours is of no use without it, that is
in its ``__init__``, which is imported before its modules; elsewhere it is at the first use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from oauth1_catalog.errors import MissingExtraError


@contextmanager
def needs(what: str, *extras: str) -> Iterator[None]:
    """Name the extra to install, should an import in the block find that a package is missing.

    The outermost place speaks: it is what somebody asked for. A missing module of this package is not an extra's: that
    error is left as it is.

    Args:
        what: what needs the package, as people know it.
        extras: the extras that bring it, any of which is enough; the likeliest one first.

    Raises:
        MissingExtraError: a package is missing.

    >>> with needs("`emulate`", "emulator"):
    ...     raise ModuleNotFoundError(name="oauthlib.oauth1")
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.MissingExtraError: `emulate` needs the package oauthlib. Install it: pip install 'oauth1-...
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in {"", "oauth1_catalog"}:
            raise
        others = f" (or {', '.join(f'[{extra}]' for extra in extras[1:])})" if extras[1:] else ""
        raise MissingExtraError(
            f"{what} needs the package {package}. Install it: pip install 'oauth1-catalog[{extras[0]}]'{others}.",
            name=error.name or package,
        ) from error
