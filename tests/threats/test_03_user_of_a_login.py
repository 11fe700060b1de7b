"""Threat 3: a login that links an account begins for one user, and must not end for another one."""

from __future__ import annotations

import inspect
import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.login import user_digest
from tests.integrations.applications import (
    ASYNC,
    REDIRECT_URI,
    Application,
    DjangoApplication,
    StarletteApplication,
    now,
)
from tests.integrations.faces import other_face


class Store:
    """A token store that says who is logged in, and remembers what it was told to keep."""

    def __init__(self, *, is_async: bool = False) -> None:
        self.user: object = None
        self.saved: dict[object, str] = {}
        self.is_async = is_async

    def answer(self, value: Any) -> Any:
        async def later() -> Any:
            return value

        return later() if self.is_async else value

    def current_user(self, request: Any) -> Any:
        return self.answer(self.user)

    def find(self, name: str, user: Any) -> Any:
        return self.answer(None)

    def save_token(self, name: str, user: Any, token: Any) -> Any:
        self.saved[user] = token["screen_name"]
        return self.answer(None)


class Cache:
    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self.kept.get(key)

    def set(self, key: str, value: Any, seconds: int) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> bool:
        return self.kept.pop(key, None) is not None


@pytest.fixture(params=["cookie", "cache"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"cache": Cache()} if request.param == "cache" else {}


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def store(request: pytest.FixtureRequest, framework: str) -> Store:
    if request.param and framework not in ASYNC:
        pytest.skip("Flask and Django call a token store without await")
    return Store(is_async=request.param)


def ended(answer: Any) -> None:
    assert (answer.status, answer.json["error"], answer.json["type"]) == (400, "mismatching_user", "StateError")
    assert answer.json["step"] == "callback"


@pytest.mark.parametrize("later", ["bob", None])
def test_alice_begins_and_bob_ends(
    make: Callable[..., Application], emulator: Emulator, options: dict[str, Any], store: Store, later: str | None
) -> None:
    app = make(token_store=store, **options)
    browser, store.user = app.browser(), "alice"
    callback = emulator.approve(browser.get("/login").location, user="alice_at_twitter")
    store.user = later
    ended(browser.get(callback))
    assert store.saved == {}
    assert emulator.journal.count(role="access_token") == 0  # nothing was exchanged
    store.user = "alice"
    assert browser.get(callback).json["error"] == "invalid_state"  # that login is over
    assert browser.log_in(emulator, user="alice_at_twitter").status == 200
    assert store.saved == {"alice": "alice_at_twitter"}


def test_begun_by_nobody_and_ended_by_somebody(
    make: Callable[..., Application], emulator: Emulator, options: dict[str, Any], store: Store
) -> None:
    """The attacker's account must not be linked to the victim who logged in meanwhile: nothing is saved unasked."""
    app = make(token_store=store, **options)

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        token = await now(app.client.authorize_access_token(*request))
        before = dict(store.saved)
        await now(app.client.save_token(token, user="bob"))
        return {"before": before, "user": token.user}

    browser = app.browser()
    callback = emulator.approve(browser.get("/login").location, user="somebody")
    store.user = "bob"
    assert browser.get(callback).json == {"before": {}, "user": None}
    assert store.saved == {"bob": "somebody"}


def test_two_browsers(make: Callable[..., Application], emulator: Emulator, options: dict[str, Any]) -> None:
    """Alice's callback in Bob's browser belongs to no login there; each one's own ends well."""
    store = Store()
    app = make(token_store=store, **options)
    browsers = {"alice": app.browser(), "bob": app.browser()}
    callbacks = {}
    for store.user, browser in browsers.items():
        callbacks[store.user] = emulator.approve(browser.get("/login").location, user=f"{store.user}_at_twitter")
    store.user = "bob"
    assert browsers["bob"].get(callbacks["alice"]).json["error"] == "invalid_state"
    for store.user, browser in browsers.items():
        assert browser.get(callbacks[store.user]).status == 200
    assert store.saved == {"alice": "alice_at_twitter", "bob": "bob_at_twitter"}


class TestTheApplicationSaysWhoItIs:
    """Without a token store, or against it: ``user=`` in both calls."""

    @pytest.fixture
    def site(self, make: Callable[..., Application], options: dict[str, Any]) -> Callable[..., Application]:
        def application(face: str = "own", **more: Any) -> Application:
            app = make(**options, **more)
            app.users = {"begin": 7, "end": 7}
            call = other_face if face == "other" else lambda app, verb: getattr(app.client, verb)

            @app.view("/login")
            async def login(app: Any, *request: Any) -> Any:
                return await now(call(app, "authorize_redirect")(*request, REDIRECT_URI, user=app.users["begin"]))

            @app.view("/authorize")
            async def authorize(app: Any, *request: Any) -> Any:
                return dict(await now(call(app, "authorize_access_token")(*request, user=app.users["end"])))

            return app

        return application

    @pytest.mark.parametrize("face", ["own", "other"])
    @pytest.mark.parametrize(
        ("begin", "end", "well"),
        [
            (7, 7, True),
            (7, "7", True),  # a session that is JSON gives text
            (7, 8, False),
            (7, None, False),
            (None, 7, True),
            ("alice", "Alice", False),
            (uuid.UUID(int=1), str(uuid.UUID(int=1)), True),
            (SimpleNamespace(id=7), 7, True),
            (SimpleNamespace(id=7), SimpleNamespace(id=8), False),
            (SimpleNamespace(pk=7, is_authenticated=True), SimpleNamespace(pk=7, is_authenticated=True), True),
            (SimpleNamespace(pk=7), SimpleNamespace(pk=None, is_authenticated=False), False),
            (SimpleNamespace(pk=None, is_authenticated=False), 7, True),
        ],
    )
    def test_it(
        self, site: Callable[..., Any], emulator: Emulator, face: str, begin: object, end: object, well: bool
    ) -> None:
        app = site(face)
        if face == "other" and not isinstance(app, DjangoApplication | StarletteApplication):
            pytest.skip("Flask, Litestar and Quart have one face each")
        app.users.update(begin=begin, end=end)
        answer = app.browser().log_in(emulator)
        if well:
            assert answer.status == 200, answer.text
        else:
            ended(answer)

    def test_an_object_without_an_identifier(self, site: Callable[..., Any], emulator: Emulator) -> None:
        app = site()
        app.users["begin"] = object()
        error = app.browser().get("/login").json
        assert error["error"] == "unknown_user"
        assert "Pass an identifier as user=" in error["description"]

    def test_forgotten_at_the_end_is_told(self, site: Callable[..., Any], emulator: Emulator) -> None:
        app = site()
        app.users["end"] = None
        assert "pass the same user to authorize_access_token()" in app.browser().log_in(emulator).json["description"]

    def test_it_goes_before_the_store(self, site: Callable[..., Any], emulator: Emulator) -> None:
        store = Store()
        store.user = "store"
        app = site(token_store=store)
        app.users.update(begin="alice", end="alice")
        assert app.browser().log_in(emulator, user="grace").status == 200
        assert store.saved == {"alice": "grace"}

    def test_the_steps_one_by_one(self, site: Callable[..., Any], emulator: Emulator) -> None:
        app = site()

        @app.view("/login")
        async def login(app: Application, *request: Any) -> Any:
            data = await now(app.client.create_authorization_url(REDIRECT_URI))
            await now(app.client.save_authorize_data(*request, redirect_uri=REDIRECT_URI, user=7, **data))
            return {"url": data["url"]}

        browser = app.browser()
        callback = emulator.approve(browser.get("/login").json["url"])
        app.users["end"] = 8
        ended(browser.get(callback))


def test_records_of_before_and_of_authlib_count_as_begun_by_nobody(
    make: Callable[..., Application], emulator: Emulator
) -> None:
    """A deployment in the middle of a login: the record has no user, and the login ends for whoever comes."""
    store, cache = Store(), Cache()
    app = make(token_store=store, cache=cache)
    begun: dict[str, Any] = {}

    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        data = await now(app.client.create_authorization_url(REDIRECT_URI))
        begun.update(data)
        return {"url": data["url"]}

    browser, store.user = app.browser(), "bob"

    @app.view("/remember")
    async def remember(app: Application, *request: Any) -> Any:
        """What Authlib leaves: the session's proof, and plain JSON in the cache."""
        key = f"_state_twitter_{begun['request_token']['oauth_token']}"
        session = app.session(*request)
        session[key] = {"exp": 2**33}
        value = {"data": {"request_token": dict(begun["request_token"]), "redirect_uri": REDIRECT_URI}}
        cache.kept[key] = json.dumps(value)
        return {}

    callback = emulator.approve(browser.get("/login").json["url"], user="grace")
    browser.get("/remember")
    assert browser.get(callback).status == 200
    assert store.saved == {}


def test_a_user_is_no_text_in_the_record(make: Callable[..., Application], emulator: Emulator) -> None:
    store, cache = Store(), Cache()
    store.user = "alice@example.com"
    browser = make(token_store=store, cache=cache).browser()
    browser.get("/login")
    assert "alice" not in str(cache.kept) + str(browser.cookies)


@pytest.mark.parametrize("user", [1.5, b"7", [], {}, object(), SimpleNamespace(id=[])])
def test_what_identifies_nobody(user: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        user_digest("twitter", user)
    assert caught.value.error == "unknown_user"


def test_each_face_takes_a_user() -> None:
    from oauth1_catalog.integrations.django_client import DjangoOAuth1App
    from oauth1_catalog.integrations.flask_client import FlaskOAuth1App
    from oauth1_catalog.integrations.starlette_client import StarletteOAuth1App
    from oauth1_catalog.integrations.starlette_client.client import BlockingCalls

    for face in (DjangoOAuth1App, FlaskOAuth1App, StarletteOAuth1App, BlockingCalls):
        for verb in ("authorize_redirect", "authorize_access_token"):
            for name in {verb, f"a{verb}"}:
                if hasattr(face, name):
                    assert "user" in inspect.signature(getattr(face, name)).parameters
