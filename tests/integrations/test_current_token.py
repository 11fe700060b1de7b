"""The token of the login that ended in a request serves that request's further calls, and no other request's."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

import flask.testing
import httpx2
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.views import View
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import MissingTokenError
from tests.integrations.applications import (
    REDIRECT_URI,
    SECRET_KEY,
    Application,
    local,
    now,
)

ME = "account/verify_credentials.json"


async def somebody(app: Application, *request: Any) -> Any:
    """A view of another request, which names no token: whose would it get?"""
    try:
        response = await now(app.client.get(ME))
    except MissingTokenError:
        return {"user": None}
    return {"user": response.json()["screen_name"]}


@pytest.fixture
def served(app: Application) -> Application:
    app.views["/somebody"] = somebody

    app.held = []

    @app.view("/fails")
    async def fails(app: Application, *request: Any) -> Any:
        token = await now(app.client.authorize_access_token(*request))
        try:
            raise RuntimeError(  # noqa: TRY301 - it is kept
                f"the view fails after the login of {token['screen_name']}"
            )
        except RuntimeError as error:
            app.held.append(error)
            raise

    return app


def test_a_helper_of_the_view_may_ask_too(app: Application, emulator: Emulator) -> None:
    async def profile() -> Any:
        return (await now(app.client.get(ME))).json()["screen_name"]

    async def finish(*request: Any) -> None:
        await now(app.client.authorize_access_token(*request))

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        await finish(*request)
        return {"user": await profile(), "claims": (await now(app.client.userinfo()))["preferred_username"]}

    assert app.browser().log_in(emulator, user="grace").json == {"user": "grace", "claims": "grace"}


@pytest.mark.every_framework
def test_the_next_request_of_the_same_browser_and_thread_has_none(served: Application, emulator: Emulator) -> None:
    browser = served.browser()
    assert browser.log_in(emulator).status == 200
    assert browser.get("/somebody").json == {"user": None}
    assert served.browser().get("/somebody").json == {"user": None}


def test_nor_after_an_exception_that_is_still_held(served: Application, emulator: Emulator) -> None:
    browser = served.browser()
    back = emulator.approve(browser.get("/login").location).replace("/authorize", "/fails")
    client = browser.client
    if isinstance(client, flask.testing.FlaskClient):
        client.application.config["PROPAGATE_EXCEPTIONS"] = True
    served.views["/authorize"] = served.views["/fails"]
    with contextlib.suppress(RuntimeError):  # Litestar and Quart answer with the status 500
        assert browser.get(back.replace("/fails", "/authorize")).status == 500
    assert browser.get("/somebody").json == {"user": None}
    assert [str(error) for error in served.held] == ["the view fails after the login of ada"]


def test_the_error_says_what_to_do(app: Application) -> None:
    app.views["/somebody"] = lambda app, *request: now(app.client.get(ME))
    answer = app.browser().get("/somebody")
    assert (answer.status, answer.json["error"], answer.json["step"]) == (400, "missing_token", "api")
    assert "Pass token=" in answer.json["description"]


class TestDjango:
    @pytest.fixture
    def framework(self) -> str:
        return "django"

    def begin(self, app: Application, emulator: Emulator, user: str = "ada") -> HttpRequest:
        """The request of a callback, as RequestFactory makes it: no signal, no middleware, no handler."""
        factory, session = RequestFactory(), {}
        request = factory.get("/login")
        request.session = session
        url = app.client.authorize_redirect(request, REDIRECT_URI)["Location"]
        back = factory.get(local(emulator.approve(url, user=user)))
        back.session = session
        return back

    def test_views_called_by_hand(self, app: Application, emulator: Emulator) -> None:
        """Nothing tells that such a request begins or ends: while it is alive, calls that name no request are its."""

        def authorize(request: HttpRequest) -> str:
            app.client.authorize_access_token(request)
            return str(app.client.get(ME).json()["screen_name"])

        def other(request: HttpRequest) -> str:
            return str(app.client.get(ME, request=request).json()["screen_name"])

        first = self.begin(app, emulator)
        assert authorize(first) == "ada"
        second = RequestFactory().get("/other")
        with pytest.raises(MissingTokenError):
            other(second)
        third = self.begin(app, emulator, "grace")
        assert authorize(third) == "grace"
        del third
        gc.collect()
        assert app.client.get(ME).json()["screen_name"] == "ada"
        assert app.client.get(ME, request=first).json()["screen_name"] == "ada"
        with pytest.raises(MissingTokenError):
            app.client.get(ME, request=second)

    def test_views_as_classes(self, app: Application, emulator: Emulator) -> None:
        class Authorize(View):
            def get(self, request: HttpRequest) -> HttpResponse:
                app.client.authorize_access_token(request)
                return HttpResponse(self.profile())

            def profile(self) -> str:
                return str(app.client.get(ME).json()["screen_name"])

        class Other(View):
            def get(self, request: HttpRequest) -> HttpResponse:
                return HttpResponse(app.client.get(ME, request=request).content)

        assert Authorize.as_view()(self.begin(app, emulator)).content == b"ada"
        with pytest.raises(MissingTokenError):
            Other.as_view()(RequestFactory().get("/other"))

    def test_a_wrapped_request(self, app: Application, emulator: Emulator) -> None:
        """As Django REST framework wraps it."""

        class Wrapper:
            def __init__(self, request: HttpRequest) -> None:
                self._request = request

            def __getattr__(self, name: str) -> Any:
                return getattr(self._request, name)

        def view(request: HttpRequest) -> str:
            return handler(Wrapper(request))

        def handler(request: Any) -> str:
            app.client.authorize_access_token(request)
            return str(app.client.get(ME).json()["screen_name"])

        assert view(self.begin(app, emulator)) == "ada"

    def test_lazy_objects_in_the_callers_hands_stay_lazy(self, app: Application) -> None:
        from django.utils.functional import SimpleLazyObject

        user = SimpleLazyObject(lambda: pytest.fail("somebody looked at the user"))
        with pytest.raises(MissingTokenError):
            Context().run(app.client.get, ME)  # not in the context that views called by hand have left behind
        assert type(user) is SimpleLazyObject


class TestFlask:
    @pytest.fixture
    def framework(self) -> str:
        return "flask"

    def test_an_application_context_that_serves_many_requests(self, served: Any, emulator: Emulator) -> None:
        with served.app.app_context():
            browser = served.browser()
            assert browser.log_in(emulator).json["token"]["screen_name"] == "ada"
            assert browser.get("/somebody").json == {"user": None}
            with pytest.raises(MissingTokenError):
                served.client.get(ME)
            assert browser.log_in(emulator, user="grace").json["token"]["screen_name"] == "grace"
            gc.collect()
            with pytest.raises(MissingTokenError):
                served.client.get(ME)

    def test_the_token_property(self, served: Any, emulator: Emulator) -> None:
        @served.view("/authorize")
        async def authorize(app: Any) -> Any:
            assert app.client.token is None
            token = app.client.authorize_access_token()
            assert app.client.token is token
            app.client.token = {"oauth_token": "mine", "oauth_token_secret": "s"}
            assert app.client.token["oauth_token"] == "mine"
            return {}

        assert served.browser().log_in(emulator).status == 200

    def test_fetch_token_is_asked_for_each_call(self, make: Callable[..., Any], emulator: Emulator) -> None:
        asked: list[str] = []

        def fetch_token(name: str) -> Any:
            asked.append(name)
            issued = emulator.issue_token("twitter", user=f"user{len(asked)}")
            return {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}

        app = make(fetch_token=fetch_token)

        @app.view("/me")
        async def me(app: Any) -> Any:
            return [app.client.get(ME).json()["screen_name"] for _ in range(3)]

        browser = app.browser()
        assert browser.get("/me").json == ["user1", "user2", "user3"]
        assert browser.get("/me").json == ["user4", "user5", "user6"]
        assert asked == ["twitter"] * 6


class TestStarlette:
    @pytest.fixture
    def framework(self) -> str:
        return "starlette"

    @contextlib.contextmanager
    def gateway(self, served: Any) -> Iterator[Callable[..., Any]]:
        """Many requests in one task, in process: httpx2's ASGITransport."""

        async def ask(*paths: Any) -> list[Any]:
            transport = httpx2.ASGITransport(app=served.app)
            answers: list[Any] = []
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                for path in paths:
                    url = path(answers[-1]) if callable(path) else path
                    try:
                        answers.append(await client.get(url))
                    except RuntimeError as error:
                        answers.append(error)
            return answers

        yield lambda *paths: asyncio.run(ask(*paths))

    def test_one_task_for_many_requests(self, served: Any, emulator: Emulator) -> None:
        def approve(answer: Any) -> str:
            return local(emulator.approve(answer.headers["Location"]))

        with self.gateway(served) as ask:
            answers = ask("/login", approve, "/somebody", "/somebody")
            assert answers[1].json()["profile"]["screen_name"] == "ada"
            assert [answer.json() for answer in answers[2:]] == [{"user": None}] * 2

    def test_nor_after_an_exception(self, served: Any, emulator: Emulator) -> None:
        def approve(answer: Any) -> str:
            return local(emulator.approve(answer.headers["Location"]))

        served.views["/authorize"] = served.views["/fails"]
        with self.gateway(served) as ask:
            answers = ask("/login", approve, "/somebody")
            assert isinstance(answers[1], RuntimeError)  # and so it is still alive, with its frames and its request
            assert answers[2].json() == {"user": None}

    def test_a_request_within_a_request(self, served: Any, emulator: Emulator) -> None:
        """A gateway's view ends a login, and then asks another application in process: that is another request."""
        inner = served

        async def outer(app: Any, request: Request) -> Any:
            await app.client.authorize_access_token(request)
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=inner.app), base_url="http://in"
            ) as client:
                nested = (await client.get("/somebody")).json()
            return {"nested": nested, "mine": (await app.client.get(ME)).json()["screen_name"]}

        served.views["/authorize"] = outer
        assert served.browser().log_in(emulator).json == {"nested": {"user": None}, "mine": "ada"}

    def test_calls_at_the_same_time_and_after_the_answer(self, served: Any, emulator: Emulator) -> None:
        users: list[str] = []

        async def later() -> None:
            users.append((await served.client.get(ME)).json()["screen_name"])

        async def authorize(app: Any, request: Request) -> Any:
            await app.client.authorize_access_token(request)
            calls = [app.client.get(ME), app.client.get(ME), asyncio.create_task(app.client.get(ME))]
            users.extend(response.json()["screen_name"] for response in await asyncio.gather(*calls))
            return JSONResponse({}, background=BackgroundTask(later))

        served.views["/authorize"] = authorize
        assert served.browser().log_in(emulator, user="grace").status == 200
        assert users == ["grace"] * 4

    def test_mounts_and_middleware_that_runs_the_view_in_another_task(self, served: Any, emulator: Emulator) -> None:
        class Passing(BaseHTTPMiddleware):
            async def dispatch(self, request: Request, call_next: Any) -> Any:
                return await call_next(request)

        inner = Starlette(routes=[Route("/{path:path}", served.serve)], middleware=[Middleware(Passing)])
        session = Middleware(SessionMiddleware, secret_key=SECRET_KEY)
        served.app = Starlette(routes=[Mount("/", app=inner)], middleware=[session, Middleware(Passing)])
        browser = served.browser()
        assert browser.log_in(emulator, user="grace").json["profile"]["screen_name"] == "grace"
        assert browser.get("/somebody").json == {"user": None}

    def test_two_logins_at_the_same_time_in_one_loop(self, served: Any, emulator: Emulator) -> None:
        async def log_in(user: str) -> str:
            transport = httpx2.ASGITransport(app=served.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                url = (await client.get("/login")).headers["Location"]
                back = await asyncio.to_thread(emulator.approve, url, user=user)
                return str((await client.get(local(back))).json()["profile"]["screen_name"])

        async def all_of_them() -> list[str]:
            return list(await asyncio.gather(*map(log_in, users)))

        users = [f"user{n}" for n in range(20)]
        assert asyncio.run(all_of_them()) == users
