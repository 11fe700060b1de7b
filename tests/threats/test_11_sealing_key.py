"""Threat 11: a login's record is readable to nobody who lacks a secret of the application, wherever its session is."""

from __future__ import annotations

import base64
import json
from typing import Any

import flask
import pytest
from flask.sessions import SecureCookieSession, SessionInterface
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError, OAuthError
from oauth1_catalog.integrations import django_client, flask_client, starlette_client
from oauth1_catalog.registry.encryption import SealError, decrypt
from tests.integrations.applications import REDIRECT_URI, application_class, local

pytestmark = pytest.mark.filterwarnings("ignore:.*a login can be fixated")

KEY = "a secret key of these tests, and long enough"


class Wrapped:
    """A session middleware of the application's own, around Starlette's."""

    def __init__(self, app: Any) -> None:
        self.app = SessionMiddleware(app, secret_key=KEY)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class OwnSessions(SessionMiddleware):
    def __init__(self, app: Any, *, secret_key: str = KEY) -> None:
        super().__init__(app, secret_key=secret_key)


def starlette(
    emulator: Emulator, provider: str, *, session: Any, mounted: bool = False, lifespan: bool = False, **options: Any
) -> Starlette:
    """An application as one process builds it; with ``mounted`` its callback is in another one, mounted in it."""
    oauth = starlette_client.OAuth(catalog=emulator.catalog, **options)
    keys = emulator.client(provider)
    client = oauth.register_from_catalog(
        provider, client_id=keys.client_id, client_secret=keys.client_secret, allow_session_fixation=True
    )

    async def login(request: Request) -> Response:
        return await client.authorize_redirect(request, REDIRECT_URI)

    async def authorize(request: Request) -> Response:
        return JSONResponse(await client.authorize_access_token(request))

    async def failed(request: Request, error: Any) -> Response:
        return JSONResponse({"error": error.error, "description": error.description}, 400)

    callback: Any = Route("/authorize", authorize)
    handlers = {OAuthError: failed}
    if mounted:
        callback = Mount("/", Starlette(routes=[callback], exception_handlers=handlers))
    return Starlette(
        routes=[Route("/login", login), callback],
        middleware=[session],
        exception_handlers=handlers,
        lifespan=oauth.lifespan if lifespan else None,
    )


def record(browser: TestClient) -> str:
    """The sealed record in a browser's session cookie."""
    session = json.loads(base64.b64decode(browser.cookies["session"].split(".")[0] + "=="))
    (entry,) = (value for name, value in session.items() if name.startswith("_state_"))
    return str(entry["data"])


PLAIN = Middleware(SessionMiddleware, secret_key=KEY)


@pytest.mark.usefixtures("trusted")
class TestStarlette:
    @pytest.mark.parametrize(
        "options", [{}, {"lifespan": True}, {"secret_key": "a key of the registry"}, {"secret_key": [KEY.encode()]}]
    )
    @pytest.mark.parametrize("processes", [1, 2])
    def test_a_login_that_ends_in_a_mounted_application(
        self, emulator: Emulator, options: dict[str, Any], processes: int
    ) -> None:
        apps = [starlette(emulator, "twitter", session=PLAIN, mounted=True, **options) for _ in range(processes)]
        with TestClient(apps[0], follow_redirects=False) as first, TestClient(apps[-1]) as last:
            back = local(emulator.approve(first.get("/login").headers["Location"], user="grace"))
            last.cookies.update(first.cookies)
            answer = last.get(back).json()
        if processes == 2 and not options:  # nothing tells the second process of the key; the message tells the cure
            assert answer["error"] == "invalid_state"
            assert "such as a mounted one, pass OAuth(secret_key=...)" in answer["description"]
        else:
            assert answer["screen_name"] == "grace"

    @pytest.mark.parametrize("session", [Middleware(Wrapped), Middleware(OwnSessions)])
    def test_a_session_that_is_not_found_and_a_client_without_secret(self, emulator: Emulator, session: Any) -> None:
        """Launchpad gives a consumer key that everybody may know, and no secret."""
        assert not emulator.client("launchpad").client_secret
        with TestClient(starlette(emulator, "launchpad", session=session)) as browser:
            answer = browser.get("/login")
        assert answer.json()["error"] == "missing_secret_key"
        assert "Pass OAuth(secret_key=...)" in answer.json()["description"]
        app = starlette(emulator, "launchpad", session=session, secret_key="a key of the registry")
        with TestClient(app, follow_redirects=False) as browser:
            login = browser.get("/login").headers["Location"]
            public = emulator.client("launchpad").client_id
            for key in (public, f"{public}&", f"{public}&None", "", "None"):
                with pytest.raises(SealError):
                    decrypt(record(browser), [key])
            assert "oauth_token" in browser.get(local(emulator.approve(login))).json()

    def test_a_session_that_is_not_found_and_a_client_with_a_secret(self, emulator: Emulator) -> None:
        app = starlette(emulator, "twitter", session=Middleware(Wrapped))
        with TestClient(app, follow_redirects=False) as browser:
            back = emulator.approve(browser.get("/login").headers["Location"])
            assert browser.get(local(back)).json()["screen_name"] == "ada"

    def test_a_subclass_whose_key_is_given_is_found(self, emulator: Emulator) -> None:
        app = starlette(emulator, "launchpad", session=Middleware(OwnSessions, secret_key=KEY))
        with TestClient(app, follow_redirects=False) as browser:
            assert browser.get("/login").status_code == 302
            assert decrypt(record(browser), [KEY])


class ServerSide(SessionInterface):
    """Sessions on the server, as Flask-Session keeps them: the application needs no secret key."""

    def __init__(self) -> None:
        self.session = SecureCookieSession()

    def open_session(self, app: Any, request: Any) -> Any:
        return self.session

    def save_session(self, app: Any, session: Any, response: Any) -> None:
        pass


@pytest.mark.usefixtures("trusted")
def test_flask_with_sessions_on_the_server_and_no_secret_key(emulator: Emulator) -> None:
    def application(**options: Any) -> flask.Flask:
        app = flask.Flask(__name__)
        app.session_interface = ServerSide()
        oauth = flask_client.OAuth(app, catalog=emulator.catalog, **options)
        oauth.register_from_catalog(
            "launchpad",
            client_id=emulator.client("launchpad").client_id,
            client_secret="",
            allow_session_fixation=True,
        )
        app.add_url_rule("/login", "login", view_func=lambda: oauth.launchpad.authorize_redirect(REDIRECT_URI))
        app.add_url_rule("/authorize", "authorize", view_func=lambda: dict(oauth.launchpad.authorize_access_token()))
        app.testing = True
        return app

    with pytest.raises(ConfigurationError, match=r"Pass OAuth\(secret_key=\.\.\.\)") as refused:
        application().test_client().get("/login")
    assert refused.value.error == "missing_secret_key"
    browser = application(secret_key=b"a key of the registry").test_client()
    back = emulator.approve(browser.get("/login").headers["Location"])
    assert "oauth_token" in browser.get(local(back)).json


def missing(found: list[ConfigurationError]) -> list[str | None]:
    """Whose logins have no key, as ``check`` tells it."""
    told = [error for error in found if error.error == "missing_secret_key"]
    assert all("Pass OAuth(secret_key=...)" in error.description for error in told)
    return [error.provider for error in told]


class TestCheck:
    """A login without a key is told of before anybody begins one."""

    def clients(self, oauth: Any) -> Any:
        oauth.register_from_catalog("launchpad", client_id="public", client_secret="", allow_session_fixation=True)
        oauth.register_from_catalog("twitter", client_id="k", client_secret="s")
        return oauth

    @pytest.mark.parametrize("secret_key", [None, "a key of the registry"])
    @pytest.mark.parametrize("own", [None, "a key of the application"])
    def test_flask(self, own: str | None, secret_key: str | None) -> None:
        app = flask.Flask(__name__)
        app.session_interface, app.secret_key = ServerSide(), own
        oauth = self.clients(flask_client.OAuth(app, secret_key=secret_key))
        expected = [] if own or secret_key else ["launchpad"]
        assert missing(oauth.check()) == expected
        done = app.test_cli_runner().invoke(args=["oauth1", "check"])
        assert ("The application has no key" in done.output) == bool(expected)
        assert done.exit_code == bool(expected)

    def test_flask_without_any_session(self) -> None:
        """That is told of once, and not of each client."""
        app = flask.Flask(__name__)
        oauth = self.clients(flask_client.OAuth(app))
        assert missing(oauth.check()) == []
        assert sum("app.secret_key is not set" in error.description for error in oauth.check()) == 1

    @pytest.mark.parametrize(
        ("session", "secret_key", "expected"),
        [
            (PLAIN, None, []),
            (Middleware(Wrapped), None, ["launchpad"]),
            (Middleware(OwnSessions), None, ["launchpad"]),
            (Middleware(OwnSessions, secret_key=KEY), None, []),
            (Middleware(Wrapped), "a key of the registry", []),
        ],
    )
    def test_starlette(self, session: Any, secret_key: str | None, expected: list[str]) -> None:
        oauth = self.clients(starlette_client.OAuth(secret_key=secret_key))
        assert missing(oauth.check()) == []  # it knows no application yet
        assert missing(oauth.check(Starlette(middleware=[session]))) == expected

    def test_starlette_by_its_lifespan(self) -> None:
        oauth = self.clients(starlette_client.OAuth())
        with TestClient(Starlette(middleware=[Middleware(Wrapped)], lifespan=oauth.lifespan)):
            assert missing(oauth.check()) == ["launchpad"]

    def test_django(self) -> None:
        """Django itself refuses to run without ``SECRET_KEY``."""
        assert missing(self.clients(django_client.OAuth()).check()) == []


@pytest.mark.parametrize("secret_key", ["", [], [""], b"", ["new", ""], 7, True, {"key": 1}])
def test_a_key_that_is_none(framework: str, secret_key: Any) -> None:
    with pytest.raises(ConfigurationError, match="secret_key="):
        application_class(framework).integration.OAuth(secret_key=secret_key)


def test_django_has_a_key_always(emulator: Emulator) -> None:
    """Django refuses to run without ``SECRET_KEY``; one of the registry goes before it."""
    from django.test import RequestFactory

    oauth = django_client.OAuth(catalog=emulator.catalog, secret_key="a key of the registry")
    client = oauth.register_from_catalog("launchpad", client_id="public", client_secret="", allow_session_fixation=True)
    client.pool.send = emulator_answer
    request: Any = RequestFactory().get("/login")
    request.session = {}
    client.authorize_redirect(request, REDIRECT_URI)
    (entry,) = request.session.values()
    assert decrypt(entry["data"], ["a key of the registry"])


def emulator_answer(request: Any) -> Any:
    from oauth1_catalog.rfc5849.messages import Response

    return Response(200, {}, b"oauth_token=t&oauth_token_secret=s")


def test_keys_are_asked_for_before_the_provider(emulator: Emulator) -> None:
    """Nothing is sent where a login cannot be kept."""
    emulator.journal.clear()
    app = starlette(emulator, "launchpad", session=Middleware(Wrapped))
    with TestClient(app) as browser:
        assert browser.get("/login").status_code == 400
    assert emulator.journal.count() == 0
