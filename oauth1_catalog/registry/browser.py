"""What a login must know of the browser that it serves; each framework's integration tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from oauth1_catalog.registry.pending import Session


@dataclass(frozen=True, slots=True)
class Browser:
    """What a login must know of the request that it serves.

    Args:
        session: the browser's session.
        keys: the keys to seal records with, newest first.
        in_cookie: whether the session lives in a cookie.
        query: names and values of the request's query, decoded, in their order.
        path: the whole path of the request, decoded, to compare with the redirect URI's.
        compressed: whether the framework compresses that cookie, where it gets shorter by it.
    """

    session: Session = field(repr=False)
    keys: Sequence[str | bytes] = field(repr=False)
    in_cookie: bool
    query: Sequence[tuple[str, str]] = field(default=(), repr=False)
    path: str = ""
    compressed: bool = False
