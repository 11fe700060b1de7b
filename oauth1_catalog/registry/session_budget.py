"""The room that logins have in a browser's session: how many of them, how many bytes, and which go first."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, MutableMapping
from typing import Any, TypeAlias

from oauth1_catalog.errors import ConfigurationError

PENDING_LOGINS = 5
"""How many logins of one browser may be under way; a further one drops the oldest."""

COOKIE_BUDGET = 2400
"""How many bytes of a session that lives in a cookie the logins may fill."""

SESSION_BUDGET = 2900
"""How many bytes such a session may have together with the application's own data. In base64, with a signature and a
name, this stays below the 4,093 bytes that browsers keep: of a longer cookie a browser keeps nothing."""

Session: TypeAlias = MutableMapping[str, Any]  # what an application keeps in its session is its own


def evict_expired(session: Session, client: str, *, limit: int, now: float, expires: float) -> None:
    """Drop what has expired, and the oldest logins of ``client``, so that one more makes ``limit``.

    ``expires`` is when a login that begins now expires.

    >>> session = {f"_state_x_{n}": {"exp": n, "client": "x"} for n in (7, 8, 9)}
    >>> evict_expired(session, "x", limit=2, now=8, expires=10)
    >>> list(session)
    ['_state_x_9']
    """
    own = []
    for key, entry in _entries(session, expires):
        if expiry(entry) < now:
            del session[key]
        elif entry.get("client") == client:
            own.append(key)
    for key in own[: max(0, len(own) - limit + 1)]:
        del session[key]


def enforce_cookie_budget(session: Session, client: str, *, newest: str, compressed: bool = False) -> None:
    """Drop the oldest logins, until all of them fit into a cookie, beside the application's own data.

    Args:
        session: the browser's session.
        client: the name of the client.
        newest: the key of the login that has just started.
        compressed: whether the framework compresses the cookie; sealed logins get no smaller by that.

    Raises:
        ConfigurationError: the newest does not fit; it is dropped.
    """
    entries = _entries(session, expiry(session[newest]))
    sizes = {key: len(json.dumps(key)) + len(json.dumps(entry)) for key, entry in entries}
    own = _size({key: value for key, value in session.items() if key not in sizes}, compressed=compressed)
    room = max(min(COOKIE_BUDGET, SESSION_BUDGET - own), 0)
    ours = [key for key, entry in entries if "client" in entry and key != newest]
    for key in ours:
        if sum(sizes.values()) > room:
            del session[key], sizes[key]
    if sum(sizes.values()) > room:
        del session[newest]
        beside = f" beside {own} bytes of the application's own" if room < COOKIE_BUDGET else ""
        raise ConfigurationError(
            "state_too_large",
            f"{client}: the logins under way need {sum(sizes.values())} bytes of a session that lives in a cookie, "
            f"which has room for {room}{beside}.",
            provider=client,
            step="authorize",
            advice="Pass OAuth(cache=...), or store less in state_data.",
        )


def _size(data: Mapping[str, object], *, compressed: bool) -> int:
    text = json.dumps(data, default=str, skipkeys=True, separators=(",", ":"))
    if not compressed or len(text) <= SESSION_BUDGET - COOKIE_BUDGET:  # as much leaves the logins all of their room
        return len(text)
    return min(len(text), len(zlib.compress(text.encode())))


def expiry(entry: Mapping[str, Any]) -> float:
    """When a session's entry expires; at once, if it has no time."""
    expires = entry.get("exp")
    return float(expires) if isinstance(expires, int | float) else 0.0


def _entries(session: Session, newest: float) -> list[tuple[str, Mapping[str, Any]]]:
    """The logins in a session, oldest first.

    One that expires after ``newest`` began while the clock was ahead, and is older than it seems.
    """
    found = [
        (key, entry)
        for key, entry in session.items()
        if isinstance(key, str) and key.startswith("_state_") and isinstance(entry, Mapping) and "exp" in entry
    ]
    return sorted(found, key=lambda item: (expiry(item[1]) <= newest, expiry(item[1])))
