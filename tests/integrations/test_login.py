"""A login in each framework, from the redirect to the profile, and everything that can go wrong on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import flask
import pytest
import time_machine

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import StateError
from oauth1_catalog.integrations import flask_client
from oauth1_catalog.integrations.base_client import query_of
from oauth1_catalog.rfc5849 import nonces
from tests.integrations.applications import REDIRECT_URI, Application, now


@pytest.mark.every_framework
def test_a_login_ends_with_a_token_and_a_profile(app: Application, emulator: Emulator) -> None:
    browser = app.browser()
    sent = browser.get("/login")
    assert sent.headers["Cache-Control"] == "no-store"
    assert sent.headers["Referrer-Policy"] == "no-referrer"
    query = parse_qs(urlsplit(sent.location).query)
    assert list(query) == ["oauth_token"]
    back = emulator.approve(sent.location, user="grace")
    assert back.startswith(f"{REDIRECT_URI}?")
    ended = browser.get(back)
    assert ended.status == 200, ended.text
    assert ended.json["token"]["screen_name"] == "grace"
    assert ended.json["profile"]["screen_name"] == "grace"
    roles = [(exchange.role, exchange.status) for exchange in emulator.journal.exchanges]
    assert roles == [
        ("request_token", 200),
        ("authorize", 200),
        ("authorize", 302),
        ("access_token", 200),
        ("api", 200),
    ]


def test_two_users_one_after_the_other(app: Application, emulator: Emulator) -> None:
    for user in ("ada", "grace"):
        assert app.browser().log_in(emulator, user=user).json["token"]["screen_name"] == user


def test_two_tabs_both_end_well(app: Application, emulator: Emulator) -> None:
    browser = app.browser()
    backs = [emulator.approve(browser.get("/login").location, user=user) for user in ("ada", "grace")]
    assert [browser.get(back).json["token"]["screen_name"] for back in backs] == ["ada", "grace"]


def test_state_data_comes_back(app: Application, emulator: Emulator) -> None:
    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        data = {"next": "/inbox?id=5", "n": [1, None]}
        return await now(app.client.authorize_redirect(*request, REDIRECT_URI, state_data=data))

    assert app.browser().log_in(emulator).json["state_data"] == {"next": "/inbox?id=5", "n": [1, None]}


def test_the_callers_authorize_params_win(make: Callable[..., Application], emulator: Emulator) -> None:
    app = make(register=False)
    app.oauth.register_from_catalog("twitter", authorize_params={"lang": "en", "force_login": True})

    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request, REDIRECT_URI, lang="de"))

    query = parse_qs(urlsplit(app.browser().get("/login").location).query)
    assert (query["lang"], query["force_login"]) == (["de"], ["true"])


def test_the_steps_one_by_one(app: Application, emulator: Emulator) -> None:
    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        data = await now(app.client.create_authorization_url(REDIRECT_URI))
        assert set(data) == {"url", "request_token", "state"}
        assert data["state"] == data["request_token"]["oauth_token"]
        await now(app.client.save_authorize_data(*request, redirect_uri=REDIRECT_URI, **data))
        return {"url": data["url"]}

    browser = app.browser()
    assert browser.get(emulator.approve(browser.get("/login").json["url"])).status == 200


def test_a_pin_instead_of_a_callback(app: Application, emulator: Emulator) -> None:
    @app.view("/pin")
    async def pin(app: Application, *request: Any) -> Any:
        data = await now(app.client.create_authorization_url("oob"))
        number = emulator.approve(data["url"])
        token = await now(app.client.fetch_access_token(data["request_token"], verifier=number))
        return {"screen_name": token["screen_name"]}

    assert app.browser().get("/pin").json == {"screen_name": "ada"}


def test_a_pin_at_a_provider_that_confirms_no_callback(make: Callable[..., Application], emulator: Emulator) -> None:
    """E*TRADE answers ``oauth_callback_confirmed=false`` for a key that has no callback URL."""
    client = emulator.client("etrade")
    app = make(register=False, config={})
    app.oauth.register_from_catalog("etrade", client_id=client.client_id, client_secret=client.client_secret)

    @app.view("/pin")
    async def pin(app: Application, *request: Any) -> Any:
        etrade = app.oauth.create_client("etrade")
        data = await now(etrade.create_authorization_url())
        number = emulator.approve(data["url"])
        token = await now(etrade.fetch_access_token(data["request_token"], verifier=number))
        return {"names": sorted(token)}

    assert app.browser().get("/pin").json["names"][-2:] == ["oauth_token", "oauth_token_secret"]


@pytest.mark.parametrize("given", [None, {}, {"oauth_token_secret": "s"}, "rt"])
def test_a_request_token_that_is_none(app: Application, given: Any) -> None:
    @app.view("/fetch")
    async def fetch(app: Application, *request: Any) -> Any:
        return await now(app.client.fetch_access_token(given, oauth_verifier="v"))

    @app.view("/save")
    async def save(app: Application, *request: Any) -> Any:
        return await now(app.client.save_authorize_data(*request, request_token=given))

    for path in ("/fetch", "/save"):
        assert app.browser().get(path).json["error"] == "missing_request_token"


@pytest.mark.parametrize("query", ["oauth_token=\xff\xfe", "\xff", "oauth_token=t&oauth_verifier=\x80"])
def test_bytes_that_are_not_utf8_in_the_query(query: str) -> None:
    """``request.args`` of Flask and Quart raises an error for them, that is, in every view."""
    site = flask.Flask(__name__)
    site.secret_key = "key"
    addresses = {f"{step}_url": f"https://p.example/{step}" for step in ("request_token", "access_token", "authorize")}
    client: Any = flask_client.OAuth(site).register("example", client_id="k", client_secret="s", **addresses)
    request = site.test_request_context("/authorize", environ_overrides={"QUERY_STRING": query})
    with request, pytest.raises(StateError):
        client.authorize_access_token()
    assert query_of({"query_string": query.encode("latin-1")}) == parse_qsl(query, keep_blank_values=True)


class TestWrongCallbacks:
    """Each ends in a typed error with a stable code, and sends nothing more to the provider."""

    @pytest.fixture
    def begun(self, app: Application, emulator: Emulator) -> tuple[Any, str]:
        browser = app.browser()
        return browser, browser.get("/login").location

    def ends(self, answer: Any, error: str, kind: str) -> dict[str, Any]:
        assert (answer.status, answer.json["error"], answer.json["type"]) == (400, error, kind)
        assert answer.json["provider"] == "twitter"
        assert answer.json["step"] == "callback"
        return answer.json

    @pytest.mark.parametrize(
        ("query", "error", "kind"),
        [
            ("", "missing_request_token", "MissingRequestTokenError"),
            ("?oauth_verifier=v", "missing_request_token", "MissingRequestTokenError"),
            ("?oauth_token=unknown&oauth_verifier=v", "invalid_state", "StateError"),
            ("?oauth_token={t}&oauth_token={t}&oauth_verifier=v", "invalid_callback", "StateError"),
            ("?oauth_token={t}&oauth_verifier=v&oauth_verifier=w", "invalid_callback", "StateError"),
            ("?oauth_token={t}%0d%0aX:1&oauth_verifier=v", "invalid_callback", "StateError"),
            ("?oauth_token={t}", "missing_verifier", "MissingVerifierError"),
            ("?oauth_token={t}&oauth_verifier=", "missing_verifier", "MissingVerifierError"),
            ("?denied={t}", "access_denied", "AuthorizationDeniedError"),
            ("?oauth_token={t}&oauth_problem=user_refused", "access_denied", "AuthorizationDeniedError"),
            ("?oauth_token={t}&oauth_problem=permission_denied", "access_denied", "AuthorizationDeniedError"),
            ("?oauth_token={t}&oauth_problem=odd", "authorization_failed", "TokenRequestDeniedError"),
        ],
    )
    def test_callback(self, begun: tuple[Any, str], emulator: Emulator, query: str, error: str, kind: str) -> None:
        browser, url = begun
        token = parse_qs(urlsplit(url).query)["oauth_token"][0]
        self.ends(browser.get("/authorize" + query.replace("{t}", token)), error, kind)
        assert emulator.journal.count(role="access_token") == 0

    @pytest.mark.every_framework
    def test_a_denial_at_the_provider(self, begun: tuple[Any, str], emulator: Emulator) -> None:
        browser, url = begun
        denied = emulator.deny(url)
        self.ends(browser.get(denied), "access_denied", "AuthorizationDeniedError")
        token = parse_qs(urlsplit(url).query)["oauth_token"][0]
        # The login is over: what the browser holds of it is gone.
        again = browser.get(f"/authorize?oauth_token={token}&oauth_verifier=v")
        self.ends(again, "invalid_state", "StateError")

    @pytest.mark.every_framework
    def test_a_callback_twice(self, begun: tuple[Any, str], emulator: Emulator) -> None:
        browser, url = begun
        back = emulator.approve(url)
        old = browser.cookies
        assert browser.get(back).status == 200
        self.ends(browser.get(back), "invalid_state", "StateError")
        browser.put_back(old)
        self.ends(browser.get(back), "state_used", "StateError")
        assert emulator.journal.count(role="access_token") == 1

    @pytest.mark.every_framework
    def test_a_callback_in_another_browser(self, app: Application, begun: tuple[Any, str], emulator: Emulator) -> None:
        back = emulator.approve(begun[1])
        self.ends(app.browser().get(back), "invalid_state", "StateError")
        other = app.browser()
        other.get("/login")
        self.ends(other.get(back), "invalid_state", "StateError")
        assert begun[0].get(back).status == 200

    def test_injected_names_change_nothing(self, begun: tuple[Any, str], emulator: Emulator) -> None:
        browser, url = begun
        injected = ("oauth_token_secret", "redirect_uri", "provider", "state_data", "self", "request_token", "token")
        back = emulator.approve(url) + "".join(f"&{name}=evil" for name in injected)
        assert browser.get(back).status == 200

    def test_too_late(self, app: Application, make: Callable[..., Application], emulator: Emulator) -> None:
        app = make(login_lifetime=-1)
        self.ends(app.browser().log_in(emulator), "expired_state", "ExpiredStateError")

    def test_a_client_for_another(self, app: Application, begun: tuple[Any, str], emulator: Emulator) -> None:
        app.oauth.register_from_catalog("twitter", name="second", client_id="k", client_secret="s")
        app.name = "second"
        answer = begun[0].get(emulator.approve(begun[1]))
        assert (answer.json["error"], answer.json["provider"]) == ("invalid_state", "second")


class TestProvidersOnABadDay:
    CASES: list[tuple[dict[str, Any], str, str]] = [  # noqa: RUF012 - read only
        (
            {"status": 401, "body": "Could not authenticate you"},
            "TokenRequestDeniedError",
            "Could not authenticate you",
        ),
        ({"status": 500, "body": "<h1>Oops</h1>"}, "TokenRequestDeniedError", "Oops"),
        ({"status": 500}, "TokenRequestDeniedError", "500"),
        ({"status": 200, "body": "<html>Please sign in</html>"}, "TokenResponseError", "Please sign in"),
        ({"status": 200}, "TokenResponseError", "empty body"),
        ({"status": 200, "body": "oauth_token=&oauth_token_secret=canary"}, "TokenResponseError", "no token"),
        (
            {"status": 302, "headers": {"Location": "https://evil.example/x?y=canary"}},
            "TokenResponseError",
            "evil.example",
        ),
        (
            {"status": 200, "body": "oauth_problem=consumer_key_unknown"},
            "TokenRequestDeniedError",
            "consumer_key_unknown",
        ),
        ({"status": 401, "body": "oauth_problem=user_refused"}, "AuthorizationDeniedError", "user_refused"),
        ({"status": 200, "body": "x" * 70_000}, "TransportError", "longer than"),
        ({"drop": True}, "TransportError", "connection was closed"),
    ]

    @pytest.mark.parametrize("step", ["request_token", "access_token"])
    @pytest.mark.parametrize(("failure", "kind", "words"), CASES)
    def test_a_token_endpoint(
        self, app: Application, emulator: Emulator, step: str, failure: dict[str, Any], kind: str, words: str
    ) -> None:
        browser = app.browser()
        secret = emulator.client("twitter").client_secret
        failure = {**failure, "times": 3 if failure.get("drop") else 1}
        if step == "request_token":
            emulator.fail_next(step, **failure)
            answer = browser.get("/login")
        else:
            back = emulator.approve(browser.get("/login").location)
            emulator.fail_next(
                step, **{**failure, "body": failure.get("body", "").replace("canary", f"canary {secret}")}
            )
            answer = browser.get(back)
        emulator.reset()
        assert answer.status == 400
        error = answer.json
        assert (error["type"], error["step"], error["provider"]) == (kind, step, "twitter")
        assert words in error["description"]
        assert "canary" not in answer.text
        assert secret not in answer.text
        assert len(error["description"]) < 400
        if kind.startswith("Token"):
            assert error["status"] == failure["status"]
            assert len(error["excerpt"]) <= 200
        # The next login is as good as any.
        assert browser.log_in(emulator).status == 200

    def test_a_failed_exchange_ends_the_login(self, app: Application, emulator: Emulator) -> None:
        browser = app.browser()
        back = emulator.approve(browser.get("/login").location)
        emulator.fail_next("access_token", status=500)
        browser.get(back)
        assert browser.get(back).json["error"] in {"invalid_state", "state_used"}

    def test_an_api_answer_is_the_applications_to_judge(self, app: Application, emulator: Emulator) -> None:
        @app.view("/authorize")
        async def authorize(app: Application, *request: Any) -> Any:
            await now(app.client.authorize_access_token(*request))
            emulator.fail_next("api", status=503, body="Over capacity")
            response = await now(app.client.get("account/verify_credentials.json"))
            return {"status": response.status_code, "text": response.text}

        assert app.browser().log_in(emulator).json == {"status": 503, "text": "Over capacity"}


class TestTheClock:
    """What the application's clock does; the provider's goes right."""

    def test_it_jumps_ahead_and_is_put_right(
        self, app: Application, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ahead = [0.0]
        monkeypatch.setattr(nonces.system_clock, "_now", lambda: time.time() + ahead[0])
        browser = app.browser()
        assert browser.log_in(emulator).status == 200
        ahead[0] = 3600
        refused = browser.get("/login").json
        assert refused["error"] == "fetch_token_denied"
        assert "clock" in refused["description"]
        ahead[0] = 0
        assert [browser.log_in(emulator).status for _ in range(20)] == [200] * 20

    def test_a_test_travels_in_time(self, app: Application, emulator: Emulator) -> None:
        """The emulator is in the same process, so it travels too."""
        browser = app.browser()
        back = emulator.approve(browser.get("/login").location)
        with time_machine.travel(time.time() + 3600):
            assert browser.get(back).json["error"] == "expired_state"
            assert browser.log_in(emulator).status == 200
        assert browser.log_in(emulator).status == 200
