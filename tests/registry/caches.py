"""Caches as applications bring them, and short words for what the tests of the store do."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, TypeVar

import pytest

from oauth1_catalog.errors import CacheError, OAuthError, StateError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.registry.effects import CacheCall
from oauth1_catalog.registry.temporary import PendingLogin, TemporaryStore
from oauth1_catalog.rfc5849.messages import TemporaryCredentials

Outcome = TypeVar("Outcome")


class DictCache:
    """As cachelib and Django's caches: ``delete`` says whether there was anything."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.seconds: dict[str, int] = {}

    def get(self, key: str) -> Any:
        return self.kept.get(key)

    def set(self, key: str, value: Any, seconds: int) -> Any:
        self.kept[key] = value
        self.seconds[key] = seconds
        return True

    def delete(self, key: str) -> Any:
        return self.kept.pop(key, None) is not None


class RedisLike(DictCache):
    """As redis-py: bytes come back, ``delete`` gives a number."""

    def get(self, key: str) -> Any:
        kept = self.kept.get(key)
        return None if kept is None else kept.encode()

    def delete(self, key: str) -> Any:
        return int(self.kept.pop(key, None) is not None)


class Silent(DictCache):
    """As some caches of one's own: no method says anything."""

    def set(self, key: str, value: Any, seconds: int) -> Any:
        super().set(key, value, seconds)

    def delete(self, key: str) -> Any:
        self.kept.pop(key, None)


CACHES = {"dict": DictCache, "redis": RedisLike, "silent": Silent}


def drive(steps: Generator[CacheCall, object, Outcome], cache: Any = None) -> Outcome:
    """Run a store's steps with ``cache``."""

    def perform(call: CacheCall) -> object:
        assert cache is not None, "the cache was asked, and there is none"
        if call.operation == "set":
            return cache.set(call.key, call.value, call.seconds)
        return getattr(cache, call.operation)(call.key)

    return run(steps, perform)


def cookie(session: dict[str, Any]) -> dict[str, Any]:
    """A session after its way to the browser and back."""
    return json.loads(json.dumps(session))


KEYS = ["the application's secret key"]
NOW = 1_800_000_000.0


def store(name: str = "twitter", *, key: str = "ck", url: str = "https://a.example", **options: Any) -> TemporaryStore:
    return TemporaryStore(name, binding=(name, key, url), **options)


def login(token: str = "rt", secret: str = "canary-secret", **data: object) -> PendingLogin:
    return PendingLogin(TemporaryCredentials(token, secret), "https://app.example/cb", data)


def save(
    kept: TemporaryStore,
    session: Any,
    pending: PendingLogin,
    cache: Any = None,
    *,
    now: float = NOW,
    keys: Any = KEYS,
    in_cookie: bool = True,
) -> None:
    drive(kept.save(session, pending, keys=keys, in_cookie=in_cookie, now=now), cache)


def take(
    kept: TemporaryStore, session: Any, token: str = "rt", cache: Any = None, *, now: float = NOW, keys: Any = KEYS
) -> PendingLogin:
    return drive(kept.take(session, token, keys=keys, now=now), cache)


def refused(*args: Any, **options: Any) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        take(*args, **options)
    error = caught.value
    assert isinstance(error, StateError | CacheError)
    assert (error.provider, error.step) == (args[0].name, "callback")
    assert "canary" not in str(error)
    assert "log in again" in error.description
    return error
