"""Threat 27: what somebody writes into the cache or the session never runs code, and is never taken for a login."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from oauth1_catalog.errors import OAuthError, StateError
from oauth1_catalog.registry.effects import CacheCall
from oauth1_catalog.registry.encryption import encrypt
from oauth1_catalog.registry.temporary import PendingLogin, TemporaryStore
from oauth1_catalog.rfc5849.messages import TemporaryCredentials

KEY, NOW = "a secret key of these tests", 1_700_000_000.0
EVENTS: list[str] = []
WATCHED = {"pickle.find_class", "marshal.loads", "os.system", "subprocess.Popen", "exec", "compile", "import"}


def _watch(event: str, _arguments: object) -> None:
    if EVENTS and event in WATCHED:
        EVENTS.append(event)


sys.addaudithook(_watch)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (eval, ("1 + 1",))


class Cache(dict[str, Any]):
    """As Redis: text and bytes under keys."""

    def do(self, call: CacheCall) -> Any:
        if call.operation == "set":
            self[call.key] = call.value
            return True
        return self.get(call.key) if call.operation == "get" else self.pop(call.key, None) is not None


def run(steps: Any, cache: Cache) -> Any:
    answer = None
    try:
        while True:
            answer = cache.do(steps.send(answer))
    except StopIteration as stop:
        return stop.value


def begin(cache: Cache, *, name: str = "twitter", key: str = KEY, token: str = "t") -> dict[str, Any]:
    """A login of one browser; its session."""
    session: dict[str, Any] = {}
    store = TemporaryStore(name, binding=(name, "key"), cached=True)
    login = PendingLogin(TemporaryCredentials(token, "hush"), "https://example.com/authorize")
    run(store.save(session, login, keys=[key], in_cookie=True, now=NOW), cache)
    return session


def end(cache: Cache, session: dict[str, Any]) -> PendingLogin:
    store = TemporaryStore("twitter", binding=("twitter", "key"), cached=True)
    result: PendingLogin = run(store.take(session, "t", keys=[KEY], now=NOW + 1), cache)
    return result


def forged(**changes: object) -> Iterator[tuple[str, Any]]:
    """What a writer of the cache could put there, without the key and with records that it has seen."""
    other = Cache()
    begin(other, name="jira")
    yield "a record of another client", next(iter(other.values()))
    other = Cache()
    begin(other, token="another")
    yield "a record of another request token", next(iter(other.values()))
    other = Cache()
    begin(other, key="the key of another application")
    yield "a record of another application on the same cache", next(iter(other.values()))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield f"a pickle of protocol {protocol}", pickle.dumps(Evil(), protocol)
    plain = {"v": 1, "token": "t", "secret": "evil", "expires": 2**40, "binding": "", "redirect_uri": None}
    yield "a record that is not sealed", json.dumps(plain)
    yield "as bytes", json.dumps(plain).encode()
    yield "Authlib's form", json.dumps({"data": {"request_token": {"oauth_token": "t", "oauth_token_secret": "evil"}}})
    yield "nothing", ""
    yield "no text", b"\xff\xfe\x00"
    yield "a number", 7
    yield "a list", ["t"]
    yield "deep", "[" * 100_000
    for version in (0, 2, "1", None, 1.5, "true"):
        yield f"version {version!r}, sealed with the key", encrypt(json.dumps({**plain, "v": version}).encode(), [KEY])
    for record in (b"[]", b"null", b"7", b'"v"', b"{}", b'{"v": 1}', b"\xff", b'{"v": 1, "binding": 7}'):
        yield f"{record!r}, sealed with the key", encrypt(record, [KEY])


FORGED = dict(forged())


@pytest.mark.parametrize("what", list(FORGED))
def test_it_is_refused(what: str) -> None:
    value = FORGED[what]
    cache = Cache()
    session = begin(cache)
    (key,) = cache
    cache[key] = value
    EVENTS[:] = ["on"]
    try:
        with pytest.raises(OAuthError) as refused:
            end(cache, session)
    finally:
        events, EVENTS[:] = EVENTS[1:], []
    assert isinstance(refused.value, StateError), what
    assert not [event for event in events if event != "import"], "code ran"
    assert "hush" not in str(refused.value)
    assert not cache, "it is not looked at twice"


def test_each_bit_of_a_record_counts() -> None:
    cache = Cache()
    session = begin(cache)
    ((key, sealed),) = cache.items()
    assert end(Cache(cache), dict(session)).temporary.oauth_token_secret == "hush"
    flipped = 0
    for position in range(0, len(sealed), 3):
        for bit in range(7):
            changed = chr(ord(sealed[position]) ^ 1 << bit)
            cache[key] = sealed[:position] + changed + sealed[position + 1 :]
            try:
                taken = end(cache, dict(session))
            except StateError:
                flipped += 1
            else:  # base64 ignores the unused bits of its last character, and what is no base64 at all
                assert taken.temporary.oauth_token_secret == "hush"
    assert flipped > len(sealed)
