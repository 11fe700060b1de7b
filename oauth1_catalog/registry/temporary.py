"""Keep the temporary credentials between the redirect and the callback.

Rule 1: a record belongs to one browser. Its session always holds the proof, with a cache too: a cache alone let one
user's callback end another's login (CVE-2025-68158, CVE-2026-41425).
Rule 2: a record is taken out before it is used, and only once.
Rule 3: nothing here does I/O. The session is a mapping; what a cache must do is yielded as a ``CacheCall``.

The session's key is Authlib's, and Authlib's records are read, so that a login which began before a deployment ends
after it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from oauth1_catalog.errors import CacheError, ConfigurationError
from oauth1_catalog.registry.effects import CacheCall
from oauth1_catalog.registry.encryption import SealError, decrypt, encrypt, record_cipher
from oauth1_catalog.registry.framework import LIFETIME, Session
from oauth1_catalog.registry.login_checks import (
    expired_login,
    foreign_login,
    unknown_login,
    unreadable_login,
    used_login,
)
from oauth1_catalog.rfc5849.messages import TemporaryCredentials

PENDING_LOGINS = 5
"""How many logins of one browser may be under way; a further one drops the oldest."""

COOKIE_BUDGET = 2400
"""How many bytes of a session that lives in a cookie the logins may fill."""

SESSION_BUDGET = 2900
"""How many bytes such a session may have together with the application's own data. In base64, with a signature and a
name, this stays below the 4,093 bytes that browsers keep: of a longer cookie a browser keeps nothing."""

FORGOTTEN_AT_ONCE = 100
"""How many ended logins one callback forgets at most, so that none pays for all that ended before."""

VERSION = 1
"""Of the record; another one is not read."""

_TEXTS = ("binding", "token", "secret")
"""What a record holds as text, whoever wrote it."""


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """What one login must remember until its callback."""

    temporary: TemporaryCredentials
    redirect_uri: str | None = None
    state_data: Mapping[str, object] = field(default_factory=dict, repr=False)
    user: str | None = field(default=None, repr=False)  # who started it, as user_digest() returns it


class TemporaryStore:
    """The pending logins of one registered client.

    Args:
        name: the client's name.
        binding: what a record is bound to beside the name, such as the consumer key; a record made under another one is
            refused.
        cached: whether there is a cache to keep the records in; the session then holds only the proof.
        lifetime: seconds that a login may take.
        limit: how many logins of one browser may be under way.
    """

    def __init__(
        self,
        name: str,
        *,
        binding: Sequence[str],
        cached: bool = False,
        lifetime: int = LIFETIME,
        limit: int = PENDING_LOGINS,
    ) -> None:
        self.name = name
        self.lifetime = lifetime
        self.limit = limit
        self._cached = cached
        self._binding = _digest(name, *binding)
        # A printer of objects sees the cache, and not what is in it.
        self._cipher_of = lru_cache(maxsize=8)(record_cipher)
        # Ordered: what stands first in a plain dictionary is found by going past all that stood before it.
        self._taken: OrderedDict[str, tuple[float, float]] = OrderedDict()  # when forgotten, when expired
        self._lock = threading.Lock()

    def pending(
        self,
        temporary: TemporaryCredentials,
        redirect_uri: str | None,
        state_data: Mapping[str, object],
        user: str | None,
    ) -> PendingLogin:
        """The record of a login that begins now."""
        return PendingLogin(temporary, redirect_uri, state_data, user)

    def save(
        self,
        session: Session,
        login: PendingLogin,
        *,
        keys: Sequence[str | bytes],
        in_cookie: bool,
        now: float,
        compressed: bool = False,
    ) -> Generator[CacheCall, object, None]:
        """Keep ``login`` for this browser.

        Args:
            session: the browser's session.
            login: what to keep.
            keys: the keys to seal with, newest first.
            in_cookie: whether the session lives in a cookie, whose size is bounded.
            now: seconds since the epoch.
            compressed: whether the framework compresses that cookie.

        Raises:
            ConfigurationError: the record is too large for a cookie; a cache is needed.
            CacheError: the cache did not take it.
        """
        temporary = login.temporary
        expires = now + self.lifetime
        record = {
            "v": VERSION,
            "binding": self._binding,
            "token": _digest(temporary.oauth_token),
            "secret": temporary.oauth_token_secret,
            "verifier": temporary.extra.get("oauth_verifier"),
            "redirect_uri": login.redirect_uri,
            "state_data": login.state_data,
            "expires": int(expires),
        }
        if login.user is not None:  # a cookie is small
            record["user"] = login.user
        sealed = encrypt(_to_json(record, self.name), keys, self._cipher_of)
        entry: dict[str, object] = {"exp": expires, "client": self.name}
        if self._cached:
            entry["handle"] = secrets.token_urlsafe(16)
            key = self._cache_key(temporary.oauth_token, str(entry["handle"]))
            yield from self._ask_cache(CacheCall("set", key, sealed, self.lifetime), step="authorize")
        else:
            entry["data"] = sealed
        evict_expired(session, self.name, limit=self.limit, now=now, expires=expires)
        session[self._key(temporary.oauth_token)] = entry
        if in_cookie:
            newest = self._key(temporary.oauth_token)
            enforce_cookie_budget(session, self.name, newest=newest, compressed=compressed)

    def take(
        self, session: Session, oauth_token: str, *, keys: Sequence[str | bytes], now: float
    ) -> Generator[CacheCall, object, PendingLogin]:
        """Give back the login that ``oauth_token`` belongs to, and forget it.

        Raises:
            StateError: this browser has no such login, or it has ended already.
            ExpiredStateError: it took too long.
            CacheError: the cache gave no answer.
        """
        entry = self._pop(session, oauth_token)
        if entry is None:
            raise unknown_login(self.name)
        if not self._first_to_take(str(entry.get("handle") or entry.get("data") or oauth_token), expiry(entry), now):
            raise used_login(self.name)
        if "handle" in entry or "data" not in entry:
            data = yield from self._take_from_cache(oauth_token, entry)
        else:
            data = entry["data"]
        if expiry(entry) < now:
            raise expired_login(self.name, self.lifetime)
        if isinstance(data, str):
            return self._read(data, oauth_token, keys, now)
        return self._read_authlib(data, oauth_token)

    def discard(self, session: Session, oauth_token: str) -> Generator[CacheCall, object, bool]:
        """Forget a login that ended without a token; whether this browser had it."""
        entry = self._pop(session, oauth_token)
        if entry is not None and "handle" in entry:
            # What a broken cache still holds expires by itself.
            with contextlib.suppress(CacheError):
                call = CacheCall("delete", self._cache_key(oauth_token, str(entry["handle"])))
                yield from self._ask_cache(call, step="callback")
        return entry is not None

    def _pop(self, session: Session, oauth_token: str) -> Mapping[str, Any] | None:
        """Take this client's login out of a session; another's, whose name and token make the same key, stays."""
        key = self._key(oauth_token)
        entry = session.get(key)
        if not isinstance(entry, Mapping) or entry.get("client", self.name) != self.name:
            return None
        del session[key]
        return entry

    def _take_from_cache(self, oauth_token: str, entry: Mapping[str, object]) -> Generator[CacheCall, object, object]:
        handle = entry.get("handle")
        # Authlib's cache key is the session's key itself, and its session entry holds no handle.
        key = self._key(oauth_token) if handle is None else self._cache_key(oauth_token, str(handle))
        kept = yield from self._ask_cache(CacheCall("get", key), step="callback")
        deleted = yield from self._ask_cache(CacheCall("delete", key), step="callback")
        if kept is None:
            raise expired_login(self.name, self.lifetime) if self._cached else unknown_login(self.name)
        if deleted is False or (deleted == 0 and deleted is not None):
            raise used_login(self.name)
        text = kept.decode(errors="replace") if isinstance(kept, bytes) else str(kept)
        if handle is not None:
            return text
        try:
            return json.loads(text)["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise unknown_login(self.name) from error

    def _ask_cache(self, call: CacheCall, *, step: str) -> Generator[CacheCall, object, Any]:
        try:
            answer = yield call
        except Exception as error:
            # Only the type is named: a cache's message can hold its password.
            raise self._no_cache(f"{call.operation}() raised {type(error).__name__}", step=step) from error
        if call.operation == "set" and answer is False:
            raise self._no_cache("set() returned False: it kept nothing", step=step)
        return answer

    def _read(self, sealed: str, oauth_token: str, keys: Sequence[str | bytes], now: float) -> PendingLogin:
        try:
            record = json.loads(decrypt(sealed, keys, self._cipher_of))
            readable = record["v"] == VERSION and all(isinstance(record[name], str) for name in _TEXTS)
        except (SealError, ValueError, KeyError, TypeError, RecursionError):
            readable = False
        if not readable:
            raise unreadable_login(self.name)
        same = secrets.compare_digest(record["binding"], self._binding)
        if not same or not secrets.compare_digest(record["token"], _digest(oauth_token)):
            raise foreign_login(self.name)
        if record["expires"] < now:
            raise expired_login(self.name, self.lifetime)
        extra = {"oauth_verifier": record["verifier"]} if record["verifier"] else {}
        return PendingLogin(
            TemporaryCredentials(oauth_token, record["secret"], extra),
            record["redirect_uri"],
            record["state_data"],
            record.get("user"),  # a record of before has none
        )

    def _read_authlib(self, data: object, oauth_token: str) -> PendingLogin:
        kept = data.get("request_token") if isinstance(data, Mapping) else None
        if not isinstance(data, Mapping) or not isinstance(kept, Mapping):
            raise unknown_login(self.name)
        if not secrets.compare_digest(_digest(str(kept.get("oauth_token"))), _digest(oauth_token)):
            raise unknown_login(self.name)
        extra = {"oauth_verifier": str(kept["oauth_verifier"])} if kept.get("oauth_verifier") else {}
        secret = str(kept.get("oauth_token_secret") or "")
        return PendingLogin(TemporaryCredentials(oauth_token, secret, extra), data.get("redirect_uri"))

    def _first_to_take(self, record: str, expires: float, now: float) -> bool:
        """Whether nobody in this process took it before: many threads can hold the same old cookie.

        A record is remembered for a login's lifetime by a clock that nobody can set, and longer where the system's
        clock still lets it be taken: one that was ahead and is put right must not bring it back to life.
        """
        moment = time.monotonic()
        with self._lock:
            for _ in range(min(FORGOTTEN_AT_ONCE, len(self._taken))):
                forgotten, expired = self._taken[next(iter(self._taken))]
                if forgotten > moment or expired >= now:
                    break
                self._taken.popitem(last=False)
            digest = _digest(record)
            if digest in self._taken:
                return False
            self._taken[digest] = moment + self.lifetime, expires
            return True

    def _key(self, oauth_token: str) -> str:
        return f"_state_{self.name}_{oauth_token}"

    def _cache_key(self, oauth_token: str, handle: str) -> str:
        # Hashed: a token may hold what a cache's keys may not, and be of any length.
        return f"oauth1_catalog:{_digest(self.name, oauth_token, handle)}"

    def _no_cache(self, cause: str, *, step: str) -> CacheError:
        return CacheError(
            description=f"{self.name}: the cache that keeps the logins under way failed: {cause}.",
            provider=self.name,
            step=step,
            advice="See that it runs and can be reached, and ask the user to log in again.",
        )


def _digest(*fields: str) -> str:
    """A hash of the fields that no two different lists of fields share."""
    joined = "".join(f"{len(text)}:{text}" for text in fields)
    return hashlib.sha256(joined.encode()).hexdigest()[:43]


def _to_json(record: Mapping[str, object], name: str) -> bytes:
    try:
        return json.dumps(record, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            description=f"{name}: state_data is kept as JSON, and this cannot be: {error}.",
            provider=name,
            step="authorize",
            advice="Pass strings, numbers, lists and dictionaries.",
        ) from error


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
