"""Threat 31: a call acts for the user whose it is, and for no other one that the same thread or context served."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.http import HttpRequest
from starlette.requests import Request
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import MissingTokenError
from tests.integrations.applications import Application, local, now

ME = "account/verify_credentials.json"


def issued(emulator: Emulator, user: str) -> dict[str, str]:
    token = emulator.issue_token("twitter", user=user)
    return {"oauth_token": token.oauth_token, "oauth_token_secret": token.oauth_token_secret}


async def whose(app: Application, **options: Any) -> str | None:
    """Whose call one without ``token=`` is."""
    try:
        return str((await now(app.client.get(ME, **options))).json()["screen_name"])
    except MissingTokenError:
        return None


def fail() -> None:
    raise RuntimeError("the error keeps the view's frame, and with it the request")


class TestFetchedTokens:
    """Attack 5: a loop over users in one request, or in one application context of a script."""

    @pytest.mark.parametrize("framework", ["flask"])
    def test_a_loop_over_users_in_flask(self, make: Callable[..., Any], emulator: Emulator) -> None:
        served: dict[str, Any] = {}
        app = make(fetch_token=lambda name: served["token"])

        def loop() -> list[str]:
            names = []
            for user in ("ada", "grace", "ada"):
                served["token"] = issued(emulator, user)
                names.append(app.client.get(ME).json()["screen_name"])
                names.append(app.client.userinfo()["preferred_username"])
            return names

        @app.view("/loop")
        async def view(app: Any) -> Any:
            return loop()

        wanted = ["ada", "ada", "grace", "grace", "ada", "ada"]
        assert app.browser().get("/loop").json == wanted
        with app.app.app_context():
            assert loop() == wanted
            served["token"] = None
            with pytest.raises(MissingTokenError):
                app.client.get(ME)

    @pytest.mark.parametrize("framework", ["flask"])
    def test_a_loop_over_users_with_a_token_store(self, make: Callable[..., Any], emulator: Emulator) -> None:
        class Store:
            user = "ada"

            def current_user(self, request: Any) -> str:
                return self.user

            def find(self, name: str, user: str) -> Any:
                return issued(emulator, user)

        store = Store()
        app = make(token_store=store)

        @app.view("/loop")
        async def view(app: Any) -> Any:
            names = []
            for store.user in ("ada", "grace"):
                names.append(app.client.get(ME).json()["screen_name"])
            return names

        assert app.browser().get("/loop").json == ["ada", "grace"]

    @pytest.mark.parametrize("framework", ["django", "starlette"])
    def test_a_loop_over_requests(self, make: Callable[..., Any], emulator: Emulator, framework: str) -> None:
        def fetch_token(name: str, request: Any) -> Any:
            return issued(emulator, request["user"]) if request["user"] else {}

        class Named(dict[str, Any]):
            """A request of the test's own."""

            scope: Any = None
            META: Any = None

        app = make(fetch_token=fetch_token)

        @app.view("/loop")
        async def view(app: Any, request: Any) -> Any:
            names = []
            for user in ("ada", "grace"):
                given = Named(user=user)
                given.scope, given.META = {}, {}
                names.append(await whose(app, request=given))
            return names

        assert app.browser().get("/loop").json == ["ada", "grace"]


@pytest.mark.parametrize("empty", [{}, ""])
def test_an_empty_token_is_no_leave_to_take_another(app: Application, emulator: Emulator, empty: Any) -> None:
    """After a login of ada the application looks up grace's token, and finds nothing."""

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        await now(app.client.authorize_access_token(*request))
        own = await whose(app)
        named = []
        for call in (lambda: app.client.get(ME, token=empty), lambda: app.client.userinfo(empty)):
            try:
                await now(call())
            except MissingTokenError as error:
                named.append(error.error)
        return [own, named]

    assert app.browser().log_in(emulator).json == ["ada", ["missing_token"] * 2]


@pytest.mark.parametrize("framework", ["django", "starlette"])
def test_nor_is_one_that_fetch_token_gives(make: Callable[..., Any], emulator: Emulator) -> None:
    app = make(fetch_token=lambda name, request: {})

    @app.view("/authorize")
    async def authorize(app: Application, request: Any) -> Any:
        await now(app.client.authorize_access_token(request))
        return [await whose(app), await whose(app, request=request)]

    assert app.browser().log_in(emulator).json == ["ada", None]


def test_a_test_request_within_a_request(app: Application, emulator: Emulator) -> None:
    """The framework's own test client, in a view that has ended a login: that is another request."""
    app.views["/somebody"] = somebody

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        token = await now(app.client.authorize_access_token(*request))
        before = app.browser().get("/somebody").json
        within = app.browser().log_in(emulator, user="grace", path="/login2").json
        assert token["screen_name"] == "ada"
        return {"before": before, "within": within, "mine": await whose(app)}

    app.views["/login2"] = second_login
    app.views["/authorize2"] = second_authorize
    answer = app.browser().log_in(emulator).json
    assert answer == {"before": None, "within": "grace", "mine": "ada"}


async def somebody(app: Application, *request: Any) -> Any:
    return await whose(app)


async def second_login(app: Application, *request: Any) -> Any:
    return await now(app.client.authorize_redirect(*request, "https://example.com/authorize2"))


async def second_authorize(app: Application, *request: Any) -> Any:
    assert await whose(app) is None
    await now(app.client.authorize_access_token(*request))
    return await whose(app)


def test_a_thread_with_a_copied_context_finds_it(app: Application, emulator: Emulator) -> None:
    def call() -> Any:
        return app.client.get(ME).json()["screen_name"]

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        await now(app.client.authorize_access_token(*request))
        if not hasattr(app.client, "close"):

            def threaded() -> Any:
                return asyncio.run(whose(app))
        else:
            threaded = call
        with ThreadPoolExecutor(4) as pool:
            copied = [pool.submit(contextvars.copy_context().run, threaded) for _ in range(4)]
            plain = pool.submit(threaded)
            found = [one.result() for one in copied]
        try:
            return [found, plain.result()]
        except MissingTokenError:
            return [found, None]

    assert app.browser().log_in(emulator, user="grace").json == [["grace"] * 4, None]


@pytest.mark.parametrize("framework", ["starlette"])
class TestHelperTasks:
    def test_they_find_it(self, app: Application, emulator: Emulator) -> None:
        """Under gather, create_task, a task group, and where the login itself ended in a task."""

        async def helper() -> Any:
            await asyncio.sleep(0)
            return await whose(app)

        @app.view("/authorize")
        async def authorize(app: Application, request: Request) -> Any:
            await asyncio.wait_for(app.client.authorize_access_token(request), 60)
            names = await asyncio.gather(helper(), helper(), asyncio.create_task(helper()))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(helper()) for _ in range(3)]
            return names + [task.result() for task in tasks]

        assert app.browser().log_in(emulator, user="grace").json == ["grace"] * 6

    def test_parallel_logins_each_with_its_canary(self, app: Application, emulator: Emulator) -> None:
        """Two hundred logins in one event loop, each with four calls at a time."""
        import httpx2

        @app.view("/authorize")
        async def authorize(app: Application, request: Request) -> Any:
            token = await app.client.authorize_access_token(request)
            names = await asyncio.gather(*(whose(app) for _ in range(4)))
            return [token["screen_name"], *names, token.state_data.get("canary")]

        @app.view("/login")
        async def login(app: Application, request: Request) -> Any:
            data = {"canary": request.query_params["canary"]}
            return await app.client.authorize_redirect(request, "https://example.com/authorize", state_data=data)

        async def one(number: int) -> Any:
            transport = httpx2.ASGITransport(app=app.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as browser:
                url = (await browser.get(f"/login?canary=c{number}")).headers["Location"]
                back = await asyncio.to_thread(emulator.approve, url, user=f"user{number}")
                return (await browser.get(local(back))).json()

        async def all_of_them() -> Any:
            return await asyncio.gather(*map(one, range(200)))

        assert asyncio.run(all_of_them()) == [[f"user{n}"] * 5 + [f"c{n}"] for n in range(200)]

    def test_a_login_that_is_cancelled_at_every_await(self, app: Application, emulator: Emulator) -> None:
        """Whatever was under way, the next login in the same context has its own token, and no connection is lost."""
        reached: list[int] = []

        @app.view("/authorize")
        async def authorize(app: Application, request: Request) -> Any:
            token = await app.client.authorize_access_token(request)
            return [token["screen_name"], await whose(app)]

        class Stopping:
            """Runs a coroutine in its task, which is cancelled at the ``steps``-th await."""

            def __init__(self, work: Any, steps: int) -> None:
                self.work, self.steps = work, steps

            def __await__(self) -> Any:
                task, waiting = asyncio.current_task(), self.work.__await__()
                assert task is not None
                try:
                    yielded = next(waiting)
                    for step in itertools.count():
                        if step == self.steps:
                            task.cancel()
                        try:
                            yield yielded
                        except asyncio.CancelledError as error:
                            yielded = waiting.throw(error)
                        else:
                            yielded = next(waiting)
                except StopIteration as stop:
                    return stop.value

        async def begun(browser: Any, user: str) -> str:
            url = (await browser.get("/login")).headers["Location"]
            return local(await asyncio.to_thread(emulator.approve, url, user=user))

        async def cancelled(steps: int) -> bool:
            scope_app: Any = app.app
            import httpx2

            transport = httpx2.ASGITransport(app=scope_app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as browser:
                back = await begun(browser, f"user{steps}")
                # Whole, so that its connections are there: one that is only being opened is asyncio's to close.
                assert (await browser.get(await begun(browser, "before"))).json() == ["before", "before"]

                async def end() -> bool:
                    try:
                        await Stopping(browser.get(back), steps)
                    except asyncio.CancelledError:
                        return True
                    return False

                stopped = await asyncio.create_task(end())
                assert (await browser.get("/somebody")).json() is None
            return stopped

        app.views["/somebody"] = somebody

        async def each() -> None:
            for steps in range(60):
                if not await cancelled(steps):
                    break
                reached.append(steps)

        asyncio.run(each())
        assert len(reached) >= 3  # the token request and the API call wait for their answers
        assert app.browser().log_in(emulator, user="ada").json == ["ada", "ada"]


@pytest.mark.parametrize("framework", ["django"])
class TestDjango:
    def test_an_exception_that_is_kept_in_a_thread_that_goes_on(self, app: Application, emulator: Emulator) -> None:
        kept: list[BaseException] = []
        app.views["/somebody"] = somebody

        @app.view("/authorize")
        async def authorize(app: Application, request: HttpRequest) -> Any:
            await now(app.client.authorize_access_token(request))
            try:
                fail()
            except RuntimeError as error:
                kept.append(error)
            return await whose(app)

        outcome: list[Any] = []

        def serve() -> None:
            browser = app.browser()
            for user in ("ada", "grace"):
                outcome.append(browser.log_in(emulator, user=user).json)
                outcome.append(browser.get("/somebody").json)
                try:
                    app.client.get(ME)
                except MissingTokenError:
                    outcome.append("none outside")

        thread = threading.Thread(target=serve)
        thread.start()
        thread.join()
        assert outcome == ["ada", None, "none outside", "grace", None, "none outside"]
        assert len(kept) == 2


@pytest.mark.parametrize("framework", ["starlette"])
def test_a_server_that_serves_requests_in_one_context(app: Application, emulator: Emulator) -> None:
    """As uvicorn begins a pipelined request: in the context, and while the task, of the one before is alive."""
    kept: list[BaseException] = []
    app.views["/somebody"] = somebody

    @app.view("/authorize")
    async def authorize(app: Application, request: Request) -> Any:
        await app.client.authorize_access_token(request)
        try:
            fail()
        except RuntimeError as error:
            kept.append(error)
        async with asyncio.timeout(60):
            within = await asyncio.to_thread(lambda: TestClient(app.app).get("/somebody").json())
        return [await whose(app), within]

    assert app.browser().log_in(emulator).json == ["ada", None]
