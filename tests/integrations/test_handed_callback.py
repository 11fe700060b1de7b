"""A callback that arrives at the front end of a single-page application, or behind a proxy that changes paths.

The front end hands ``oauth_token`` and ``oauth_verifier`` on to an API route, which passes them as ``callback=``. What
else a login must prove stays as it is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio.to_thread
import flask
import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory
from starlette.requests import Request

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.integrations.django_client.framework import DjangoFramework
from oauth1_catalog.integrations.flask_client.framework import FlaskFramework
from oauth1_catalog.integrations.starlette_client.framework import StarletteFramework
from tests.integrations.applications import FRAMEWORKS, REDIRECT_URI, Application, Browser, now

FACES = ["flask", "django", "django async", "starlette", "starlette blocking", "litestar", "quart"]
"""Every way in which an application can end a login."""


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def framework(face: str) -> str:
    return face.partition(" ")[0]


async def end(app: Application, face: str, *request: Any, **options: Any) -> Any:
    """``authorize_access_token`` of each face."""
    if face == "django async":
        return async_to_sync(app.client.aauthorize_access_token)(*request, **options)
    if face == "starlette blocking":
        blocking = app.client.blocking
        return await anyio.to_thread.run_sync(lambda: blocking.authorize_access_token(*request, **options))
    return await now(app.client.authorize_access_token(*request, **options))


async def body_of(app: Application, face: str, *request: Any) -> Any:
    """What the framework makes of the body: JSON, or its own kind of form."""
    served = app.request(*request)
    is_json = served.headers["Content-Type"] == "application/json"
    if face == "quart":
        return await (served.get_json() if is_json else served.form)
    if face == "flask":
        return served.get_json() if is_json else served.form
    if face.startswith("django"):
        return json.loads(served.body) if is_json else served.POST
    return await (served.json() if is_json else served.form())


def shown(token: Any) -> dict[str, Any]:
    return {"user": token["screen_name"], "redirect_uri": token.redirect_uri, "fields": sorted(token)}


@pytest.fixture
def make(face: str, make: Callable[..., Application]) -> Callable[..., Application]:
    def application(**options: Any) -> Application:
        app = make(**options)

        @app.view("/api/authorize")
        async def authorize(app: Application, *request: Any) -> Any:
            return shown(await end(app, face, *request, callback=await body_of(app, face, *request)))

        return app

    return application


Begun = tuple[Browser, dict[str, str]]


@pytest.fixture
def begun(app: Application, emulator: Emulator) -> Begun:
    """A browser that began a login, and the parameters with which the user came back to the front end."""
    browser = app.browser()
    return browser, dict(parse_qsl(urlsplit(emulator.approve(browser.get("/login").location, user="grace")).query))


def exchanges(emulator: Emulator) -> int:
    return emulator.journal.count(role="access_token")


ENDED = {
    "user": "grace",
    "redirect_uri": REDIRECT_URI,
    "fields": ["oauth_token", "oauth_token_secret", "screen_name", "user_id"],
}


class TestAFrontEnd:
    @pytest.mark.parametrize("sent_as", ["json", "form"])
    def test_it_hands_the_parameters_on(self, begun: Begun, sent_as: str) -> None:
        browser, parameters = begun
        assert browser.post("/api/authorize", **{sent_as: parameters}).json == ENDED

    def test_the_same_in_the_query_is_fine(self, begun: Begun) -> None:
        browser, parameters = begun
        query = urlencode({**parameters, "unrelated": "1"})
        assert browser.post(f"/api/authorize?{query}", json=parameters).json == ENDED

    def test_null_is_a_parameter_that_is_not_there(self, begun: Begun) -> None:
        browser, parameters = begun
        assert browser.post("/api/authorize", json={**parameters, "denied": None, "oauth_problem": None}).json == ENDED

    @pytest.mark.parametrize("sent_as", ["json", "form"])
    def test_the_user_declines(self, app: Application, emulator: Emulator, sent_as: str) -> None:
        browser = app.browser()
        address = emulator.deny(browser.get("/login").location)
        parameters = dict(parse_qsl(urlsplit(address).query))
        assert browser.post("/api/authorize", **{sent_as: parameters}).json["error"] == "access_denied"
        # The login is over.
        parameters = {"oauth_token": parameters["denied"], "oauth_verifier": "v"}
        assert browser.post("/api/authorize", json=parameters).json["error"] == "invalid_state"

    def test_a_body_is_read_only_if_the_application_passes_it(self, app: Application, face: str, begun: Begun) -> None:
        @app.view("/other")
        async def other(app: Application, *request: Any) -> Any:
            return shown(await end(app, face, *request))

        browser, parameters = begun
        assert browser.post("/other", form=parameters).json["error"] == "missing_request_token"
        assert browser.post("/api/authorize", form=parameters).json == ENDED


class TestAttacks:
    def test_values_of_another_browsers_login(self, app: Application, begun: Begun, emulator: Emulator) -> None:
        browser, parameters = begun
        for other in (app.browser(), app.browser()):
            assert other.post("/api/authorize", json=parameters).json["error"] == "invalid_state"
            other.get("/login")  # with a login of its own under way
            assert other.post("/api/authorize", json=parameters).json["error"] == "invalid_state"
        assert exchanges(emulator) == 0
        assert browser.post("/api/authorize", json=parameters).json == ENDED

    def test_nothing_else_is_taken_from_the_caller(self, begun: Begun, emulator: Emulator) -> None:
        browser, parameters = begun
        names = ("oauth_token_secret", "redirect_uri", "request_token", "state_data", "client", "self", "exp", "token")
        injected = dict.fromkeys(names, "evil") | {"state_data": {"next": "https://evil.example"}}
        assert browser.post("/api/authorize", json={**injected, **parameters}).json == ENDED

    @pytest.mark.parametrize("name", ["oauth_token", "oauth_verifier"])
    @pytest.mark.parametrize("value", ["evil", ""])
    def test_a_query_that_differs(self, begun: Begun, emulator: Emulator, name: str, value: str) -> None:
        browser, parameters = begun
        for query in ({name: value}, {**parameters, name: value}):
            answer = browser.post(f"/api/authorize?{urlencode(query)}", json=parameters).json
            assert (answer["error"], answer["step"], answer["provider"]) == ("invalid_callback", "callback", "twitter")
            assert name in answer["description"]
        assert exchanges(emulator) == 0
        assert browser.post("/api/authorize", json=parameters).json == ENDED

    def test_a_denial_or_a_verifier_in_the_query_alone(self, begun: Begun, emulator: Emulator) -> None:
        browser, parameters = begun
        token = parameters["oauth_token"]
        for query, body in (
            (f"denied={token}", parameters),
            ("oauth_problem=user_refused", parameters),
            (urlencode(parameters), {"oauth_token": token}),
            (urlencode(parameters), {}),
        ):
            assert browser.post(f"/api/authorize?{query}", json=body).json["error"] == "invalid_callback"
        assert browser.post("/api/authorize", json=parameters).json == ENDED

    def test_the_same_twice(self, begun: Begun, emulator: Emulator) -> None:
        browser, parameters = begun
        old = browser.cookies
        assert browser.post("/api/authorize", json=parameters).json == ENDED
        assert browser.post("/api/authorize", json=parameters).json["error"] == "invalid_state"
        browser.put_back(old)
        assert browser.post("/api/authorize", json=parameters).json["error"] == "state_used"
        assert browser.get(f"/authorize?{urlencode(parameters)}").json["error"] in {"invalid_state", "state_used"}
        assert exchanges(emulator) == 1

    def test_too_late(self, make: Callable[..., Application], emulator: Emulator) -> None:
        browser = make(login_lifetime=-1).browser()
        parameters = dict(parse_qsl(urlsplit(emulator.approve(browser.get("/login").location)).query))
        assert browser.post("/api/authorize", json=parameters).json["error"] == "expired_state"

    def test_a_client_for_another(self, app: Application, begun: Begun, emulator: Emulator) -> None:
        app.oauth.register_from_catalog("twitter", name="second", client_id="k", client_secret="s")
        app.name = "second"
        assert begun[0].post("/api/authorize", json=begun[1]).json["error"] == "invalid_state"
        assert exchanges(emulator) == 0

    def test_a_consumer_key_for_another(self, app: Application, begun: Begun, emulator: Emulator) -> None:
        app.oauth.register_from_catalog("twitter", client_id="k", client_secret="s")
        assert begun[0].post("/api/authorize", json=begun[1]).json["error"] == "mismatching_state"
        assert exchanges(emulator) == 0

    @pytest.mark.parametrize("body", [[], ["oauth_token"], "oauth_token", 5, True])
    def test_json_that_is_not_an_object(self, begun: Begun, body: Any) -> None:
        answer = begun[0].post("/api/authorize", json=body)
        assert (answer.status, answer.json["error"]) == (400, "invalid_callback")
        assert "Pass a mapping" in answer.json["description"]

    @pytest.mark.parametrize("value", [5, ["t"], {"a": "b"}, True, 1.5, "t\n", "t" * 3000, "a\0b"])
    @pytest.mark.parametrize("name", ["oauth_token", "oauth_verifier", "denied"])
    def test_values_that_are_no_text(self, begun: Begun, emulator: Emulator, name: str, value: Any) -> None:
        answer = begun[0].post("/api/authorize", json={**begun[1], name: value})
        assert (answer.status, answer.json["error"]) == (400, "invalid_callback")
        assert exchanges(emulator) == 0

    def test_a_field_of_a_form_twice(self, begun: Begun, emulator: Emulator) -> None:
        browser, parameters = begun
        for name in parameters:
            pairs = [*parameters.items(), (name, "evil")]
            for form in (pairs, pairs[::-1]):
                assert browser.post("/api/authorize", form=form).json["error"] == "invalid_callback"
        assert exchanges(emulator) == 0

    @pytest.mark.parametrize("body", [{}, {"oauth_verifier": "v"}, {"oauth_token": None}, None])
    def test_no_token(self, begun: Begun, body: Any) -> None:
        assert begun[0].post("/api/authorize", json=body).json["error"] == "missing_request_token"

    def test_no_verifier(self, begun: Begun) -> None:
        browser, parameters = begun
        body = {**parameters, "oauth_verifier": None}
        assert browser.post("/api/authorize", json=body).json["error"] == "missing_verifier"


class TestPaths:
    """The path of the callback is compared where the application asks for it."""

    def end_at(self, app: Application, face: str, path: str, **options: Any) -> None:
        @app.view(path)
        async def authorize(app: Application, *request: Any) -> Any:
            return shown(await end(app, face, *request, **options))

    @pytest.mark.parametrize("path", ["/shop/authorize", "/elsewhere"])
    def test_a_proxy_may_change_it(self, app: Application, face: str, begun: Begun, path: str) -> None:
        self.end_at(app, face, path)
        assert begun[0].get(f"{path}?{urlencode(begun[1])}").json == ENDED

    def test_by_hand_and_of_the_catalog_alike(self, app: Application, face: str, emulator: Emulator) -> None:
        moved, twitter = emulator.catalog.provider("twitter"), emulator.client("twitter")
        urls = {name: getattr(moved, name) for name in ("request_token_url", "authorize_url", "access_token_url")}
        app.oauth.register("byhand", client_id=twitter.client_id, client_secret=twitter.client_secret, **urls)
        app.name = "byhand"
        self.end_at(app, face, "/elsewhere", check_redirect_uri=True)
        self.end_at(app, face, "/anywhere")
        browser = app.browser()
        backs = [emulator.approve(browser.get("/login").location) for _ in range(2)]
        queries = [urlsplit(back).query for back in backs]
        assert browser.get(f"/elsewhere?{queries[0]}").json["error"] == "mismatching_redirect_uri"
        assert browser.get(f"/anywhere?{queries[1]}").status == 200

    @pytest.mark.parametrize("path", ["/link/authorize", "/uthorize", "/authorize/link", "/Authorize"])
    def test_another_callback_of_the_application(
        self, app: Application, face: str, begun: Begun, emulator: Emulator, path: str
    ) -> None:
        self.end_at(app, face, path, check_redirect_uri=True)
        answer = begun[0].get(f"{path}?{urlencode(begun[1])}").json
        assert (answer["error"], answer["step"]) == ("mismatching_redirect_uri", "callback")
        assert repr(path) in answer["description"]
        assert exchanges(emulator) == 0

    def test_a_login_begun_to_link_does_not_end_as_a_login(
        self, app: Application, face: str, emulator: Emulator
    ) -> None:
        @app.view("/link")
        async def link(app: Application, *request: Any) -> Any:
            return await now(app.client.authorize_redirect(*request, "https://example.com/link/authorize"))

        self.end_at(app, face, "/authorize", check_redirect_uri=True)
        self.end_at(app, face, "/link/authorize", check_redirect_uri=True)
        browser = app.browser()
        queries = [urlsplit(emulator.approve(browser.get("/link").location)).query for _ in range(2)]
        assert browser.get(f"/authorize?{queries[0]}").json["error"] == "mismatching_redirect_uri"
        ended = browser.get(f"/link/authorize?{queries[1]}").json
        assert ended["redirect_uri"] == "https://example.com/link/authorize"

    def test_a_login_begun_without_one_passes_no_check(self, app: Application, face: str) -> None:
        @app.view("/login")
        async def login(app: Application, *request: Any) -> Any:
            return await now(app.client.authorize_redirect(*request))

        self.end_at(app, face, "/authorize", check_redirect_uri=True)
        browser = app.browser()
        token = dict(parse_qsl(urlsplit(browser.get("/login").location).query))["oauth_token"]
        answer = browser.get(f"/authorize?oauth_token={token}&oauth_verifier=v").json
        assert answer["error"] == "mismatching_redirect_uri"
        assert "without a redirect URI" in answer["description"]

    @pytest.mark.parametrize("uri", ["https://other.example/authorize/", "https://example.com/authorize?next=%2F"])
    def test_the_right_one(self, app: Application, face: str, emulator: Emulator, uri: str) -> None:
        @app.view("/login")
        async def login(app: Application, *request: Any) -> Any:
            return await now(app.client.authorize_redirect(*request, uri))

        self.end_at(app, face, "/authorize", check_redirect_uri=True)
        browser = app.browser()
        query = urlsplit(emulator.approve(browser.get("/login").location)).query
        assert browser.get(f"/authorize?{query}").json["redirect_uri"] == uri


@pytest.fixture
def served() -> Iterator[dict[str, Any]]:
    """A request below a prefix that the server has cut off, in each framework, and its framework."""
    app = flask.Flask(__name__)
    app.secret_key = "s"
    django = RequestFactory(SCRIPT_NAME="/shop").get("/caf%C3%A9")
    django.session = {}
    scope = {"type": "http", "session": {}, "root_path": "/shop", "path": "/shop/café", "headers": []}
    with app.test_request_context("/caf%C3%A9", base_url="https://example.com/shop"):
        yield {
            "flask": (FlaskFramework(), flask.request._get_current_object()),
            "django": (DjangoFramework(), django),
            "starlette": (StarletteFramework(), Request(scope)),
        }


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_path_is_the_whole_one(served: dict[str, Any], framework: str) -> None:
    kind, request = served[framework]
    assert kind.context(request).path == "/shop/café"


@pytest.mark.every_framework
@pytest.mark.parametrize("root_path", ["", "/shop"])
@pytest.mark.parametrize("face", ["litestar", "quart"])
def test_a_path_is_the_whole_one_in_an_asgi_server(app: Application, framework: str, root_path: str) -> None:
    """The server gives the prefix twice, as ASGI demands: these frameworks cut it off the path."""

    @app.view("/café")
    async def path(app: Application, *request: Any) -> Any:
        served = app.request(*request)
        return [app.client.framework.context(served).path]

    if framework == "litestar":
        from litestar.testing import TestClient

        answer: Any = TestClient(app.app, root_path=root_path).get(f"{root_path}/caf%C3%A9").json()
    else:

        async def ask() -> Any:
            client = app.app.test_client()
            return await (await client.get(f"{root_path}/café", root_path=root_path)).get_json(force=True)

        answer = asyncio.run(ask())
    assert answer == [f"{root_path}/café"]
