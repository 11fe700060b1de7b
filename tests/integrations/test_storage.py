"""Where a login waits for its callback: the framework's session in each of its forms, and caches."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable
from typing import Any

import cachelib
import flask
import pytest
from django.core.cache import caches
from django.test import override_settings

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import ASYNC, REDIRECT_URI, Application, now

Make = Callable[..., Application]


class AsyncCache:
    """As redis.asyncio: everything is awaited, bytes come back."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.seconds: set[int] = set()

    async def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def set(self, key: str, value: str, seconds: int) -> None:
        self.kept[key] = value.encode()
        self.seconds.add(seconds)

    async def delete(self, key: str) -> int:
        return int(self.kept.pop(key, None) is not None)


@pytest.mark.parametrize("kind", ["cachelib", "django", "async"])
def test_a_cache(make: Make, framework: str, emulator: Emulator, kind: str) -> None:
    with override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}):
        cache = {"cachelib": cachelib.SimpleCache, "django": lambda: caches["default"], "async": AsyncCache}[kind]()
        app = make(cache=cache)
        browser = app.browser()
        sent = browser.get("/login")
        if kind == "async" and framework not in ASYNC:
            # Not a log of "coroutine was never awaited" and a lost login, but a sentence.
            assert sent.json["error"] == "cache_unavailable"
            return
        back = emulator.approve(sent.location, user="grace")
        assert app.browser().get(back).json["error"] == "invalid_state"  # the cache has it, this browser does not
        assert browser.get(back).json["token"]["screen_name"] == "grace"
        assert browser.get(back).json["error"] == "invalid_state"
    if isinstance(cache, AsyncCache):
        assert cache.kept == {}
        assert cache.seconds == {600}


def test_a_cache_that_is_down(make: Make, emulator: Emulator) -> None:
    class Down:
        def get(self, key: str) -> Any:
            raise ConnectionError("redis://:canary@host")

        set = delete = get

    answer = make(cache=Down()).browser().get("/login")
    assert (answer.status, answer.json["error"], answer.json["step"]) == (400, "cache_unavailable", "authorize")
    assert "canary" not in answer.text


@pytest.mark.parametrize("engine", ["signed_cookies", "cache", "file"])
@pytest.mark.parametrize("framework", ["django"])
def test_djangos_sessions(make: Make, emulator: Emulator, engine: str, framework: str, tmp_path: Any) -> None:
    settings = {"SESSION_ENGINE": f"django.contrib.sessions.backends.{engine}", "SESSION_FILE_PATH": str(tmp_path)}
    app = make(settings=settings)
    browser = app.browser()
    backs = [emulator.approve(browser.get("/login").location, user=user) for user in ("ada", "grace")]
    assert [browser.get(back).json["token"]["screen_name"] for back in backs] == ["ada", "grace"]


def test_what_a_cookie_shows(app: Application, emulator: Emulator) -> None:
    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        data = {"next": "canary"}
        return await now(app.client.authorize_redirect(*request, REDIRECT_URI, state_data=data))

    browser = app.browser()
    browser.get("/login")
    (cookie,) = [value for name, value in browser.cookies.items() if "session" in name]
    readable = [base64.urlsafe_b64decode(part[: len(part) // 4 * 4]) for part in re.findall(r"[\w-]{8,}", cookie)]
    for text in (cookie.encode(), *readable):
        assert b"canary" not in text
        assert b"oauth_token_secret" not in text


def test_many_logins_of_one_browser(app: Application, emulator: Emulator) -> None:
    """Tabs are opened and left: the cookie stays small, and the newest logins end well, in any order."""

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        return {"user": (await now(app.client.authorize_access_token(*request)))["screen_name"]}

    browser = app.browser()
    backs = []
    for n in range(20):
        backs.append(emulator.approve(browser.get("/login").location, user=f"user{n}"))
        assert all(len(name) + len(value) < 4093 for name, value in browser.cookies.items())
    newest = list(enumerate(backs))[-3:]
    random.Random(7).shuffle(newest)
    for n, back in newest:
        assert browser.get(back).json == {"user": f"user{n}"}
    assert browser.get(backs[0]).json["error"] == "invalid_state"


@pytest.mark.parametrize("framework", ["flask", "django"])
def test_a_new_secret_key(make: Make, framework: str, emulator: Emulator) -> None:
    """Starlette's SessionMiddleware has one key alone: with another one the whole session is gone."""
    old = "an older secret key of the application"
    app = make(settings={"SECRET_KEY": old} if framework == "django" else {})
    if framework == "flask":
        app.app.secret_key = old
    browser = app.browser()
    back = emulator.approve(browser.get("/login").location)
    with override_settings(SECRET_KEY="a newer one, long enough for all", SECRET_KEY_FALLBACKS=[old]):
        if framework == "flask":
            app.app.config["SECRET_KEY_FALLBACKS"] = [old]
            app.app.secret_key = "a newer one, long enough for all"
        # Flask knows fallbacks since 3.1; before, the whole session is gone as in Starlette.
        known = framework == "django" or "SECRET_KEY_FALLBACKS" in flask.Flask.default_config
        assert browser.get(back).status == (200 if known else 400)


def test_the_applications_own_session_stays(app: Application, emulator: Emulator) -> None:
    @app.view("/own")
    async def own(app: Application, *request: Any) -> Any:
        session = app.session(*request)
        session.setdefault("_state_mine", {"a": 1})
        session.setdefault("cart", [1, 2])
        return {"kept": json.dumps([session["_state_mine"], session["cart"]]), "keys": sorted(session.keys())}

    browser = app.browser()
    before = browser.get("/own").json
    browser.log_in(emulator)
    browser.get("/login")
    after = browser.get("/own").json
    assert after["kept"] == before["kept"]
    assert len([key for key in after["keys"] if key.startswith("_state_twitter_")]) == 1
