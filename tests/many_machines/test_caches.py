"""Which cache objects fit ``OAuth(cache=...)``, and what stands in Redis while a login is under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache, RedisCache, SimpleCache
from flask import Flask
from redis import Redis

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.integrations.flask_client import OAuth
from tests.many_machines.redis_server import RedisServer

CACHES: dict[str, Callable[[RedisServer, Path], Any]] = {
    "redis": lambda server, _: server.client(),
    "redis with text": lambda server, _: Redis.from_url(server.url, decode_responses=True),
    "cachelib on redis": lambda server, _: RedisCache(host="127.0.0.1", port=server.port),
    "cachelib on files": lambda _, folder: FileSystemCache(str(folder)),
    "cachelib in memory": lambda _, __: SimpleCache(),
}


def site(emulator: Emulator, cache: object) -> Flask:
    twitter = emulator.client("twitter")
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="a secret key", TWITTER_CLIENT_ID=twitter.client_id, TWITTER_CLIENT_SECRET=twitter.client_secret
    )
    oauth = OAuth(app, cache=cache, catalog=emulator.catalog)
    oauth.register_from_catalog("twitter", client_kwargs={"verify": emulator.ca_file})

    @app.get("/login")
    def login():
        return oauth.twitter.authorize_redirect("http://localhost/authorize")

    @app.get("/authorize")
    def authorize():
        return oauth.twitter.userinfo(token=oauth.twitter.authorize_access_token())

    return app


@pytest.mark.parametrize("kind", CACHES)
def test_a_login_ends_with_this_cache(kind: str, redis_server: RedisServer, emulator: Emulator, tmp_path: Path) -> None:
    browser = site(emulator, CACHES[kind](redis_server, tmp_path)).test_client()
    callback = emulator.approve(browser.get("/login").headers["Location"])
    assert browser.get(callback).get_json()["preferred_username"] == "ada"


def test_what_stands_in_redis_is_unreadable_and_goes_by_itself(redis_server: RedisServer, emulator: Emulator) -> None:
    with redis_server.client() as redis:
        redis.flushall()
        browser = site(emulator, redis).test_client()
        location = browser.get("/login").headers["Location"]
        (key,) = redis.keys()
        assert key.startswith(b"oauth1_catalog:")
        assert 0 < redis.ttl(key) <= 600
        token = location.partition("oauth_token=")[2].partition("&")[0].encode()
        assert token not in key
        assert token not in redis.get(key)
        assert b"oauth_token" not in redis.get(key)
        browser.get(emulator.approve(location))
        assert redis.keys() == []
