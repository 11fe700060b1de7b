"""The page on Redis: its applications, served by a process each, with a real Redis that a test stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.how_to.conftest import Place, commands, free_port, log_in, new_browser
from tests.many_machines.redis_server import PROGRAM, RedisServer

PAGE = "redis"
SERVERS = {
    "flask": "flask --app flask_shop run --port {port}",
    "fastapi": "uvicorn fastapi_shop:app --port {port}",
}


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip("redis-server is not installed")
    with RedisServer() as running:
        yield running


@pytest.mark.parametrize("framework", SERVERS)
def test_a_callback_counts_once_for_all_machines(framework: str, place: Place, redis: RedisServer) -> None:
    assert commands(PAGE) == ["pip install redis"]
    place.write(PAGE, {"redis://localhost:6379/0": redis.url})
    port, other = free_port(), free_port()
    base = f"http://localhost:{port}"
    settings = dict.fromkeys(("OAUTH1_CATALOG_REDIRECT_BASE_URL", "FLASK_OAUTH1_CATALOG_REDIRECT_BASE_URL"), base)
    command = SERVERS[framework]
    with place.serving(command.format(port=port), port, **settings), new_browser() as browser:
        consent = browser.get(f"{base}/login", timeout=60)
        with redis.client() as keys:
            (key,) = keys.keys()
            assert 0 < keys.ttl(key) <= 600
            assert consent.url.partition("oauth_token=")[2].encode() not in keys.get(key)  # encrypted
        cookies = browser.cookies.copy()
        sent = {"user": "grace", "decision": "authorize"}
        callback = browser.post(consent.url, data=sent, allow_redirects=False, timeout=60).headers["Location"]
        with place.serving(command.format(port=other), other, **settings):  # the second machine
            there = callback.replace(str(port), str(other))
            assert browser.get(there, timeout=60).json()["preferred_username"] == "grace"
            browser.cookies = cookies  # an old cookie
            assert browser.get(there, timeout=60).status_code == 500
        assert "state_used" in (place.folder / "server.log").read_text()


def test_redis_does_not_answer(place: Place, redis: RedisServer) -> None:
    place.write(PAGE, {"redis://localhost:6379/0": redis.url})
    port = free_port()
    base = f"http://localhost:{port}"
    with place.serving(SERVERS["flask"].format(port=port), port, FLASK_OAUTH1_CATALOG_REDIRECT_BASE_URL=base):
        assert log_in(f"{base}/login").status_code == 200
        redis.stop()
        with new_browser() as browser:
            failed = browser.get(f"{base}/login", timeout=60)
    assert (failed.status_code, failed.text) == (503, "Login is unavailable at the moment. Please try again later.")
