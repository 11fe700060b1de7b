"""Threat 28: two applications on one Redis, and a writer who has none of their keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import local
from tests.many_machines.redis_server import RedisServer
from tests.threats.test_11_sealing_key import PLAIN, starlette


@pytest.fixture(scope="module")
def redis() -> Iterator[Any]:
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed (Debian: apt-get install redis-server)")
    with RedisServer() as running:
        yield running


class Recording:
    """A cache as an application writes it around Redis; it remembers what was asked of it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.asked: list[tuple[str, str, int]] = []

    def get(self, key: str) -> Any:
        return self.client.get(key)

    def set(self, key: str, value: str, seconds: int) -> Any:
        self.asked.append((key, value, seconds))
        return self.client.set(key, value, ex=seconds)

    def delete(self, key: str) -> Any:
        return self.client.delete(key)


@pytest.mark.usefixtures("trusted")
def test_two_applications_on_one_redis(emulator: Emulator, redis: Any) -> None:
    """The same provider, the same consumer key: each login ends in its own application, and in no other one."""
    caches = [Recording(redis.client()) for _ in range(2)]
    apps = [
        starlette(emulator, "twitter", session=PLAIN, cache=cache, secret_key=f"key {number}")
        for number, cache in enumerate(caches)
    ]
    browsers = [TestClient(app, follow_redirects=False) for app in apps]
    backs = [
        local(emulator.approve(browser.get("/login").headers["Location"], user=f"user{number}"))
        for number, browser in enumerate(browsers)
    ]
    keys = [key for cache in caches for key, _, _ in cache.asked]
    assert len(set(keys)) == 2
    assert all(key.startswith("oauth1_catalog:") and len(key) < 100 for key in keys)
    assert all(0 < redis.client().ttl(key) <= 600 for key in keys)
    for name in ("twitter", "oauth_token", "secret"):
        assert not any(name in key for key in keys)
    assert browsers[0].get(backs[1]).json()["error"] == "invalid_state"
    # Somebody who can write Redis puts one application's record in the place of the other's.
    client = redis.client()
    values = [client.get(key) for key in keys]
    client.set(keys[0], values[1], ex=600)
    assert browsers[0].get(backs[0]).json()["error"] == "invalid_state"
    assert client.get(keys[0]) is None
    assert browsers[1].get(backs[1]).json()["screen_name"] == "user1"
    assert browsers[1].get(backs[1]).json()["error"] == "invalid_state"
    assert client.dbsize() == 0
