"""Threat 15: the Host header chooses the redirect URI, and the provider sends the victim's login to the attacker.

The attacker sends ``GET /login`` with ``Host: evil.example``, takes the consent page that the answer leads to, and
has a victim agree there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from anyio.from_thread import start_blocking_portal
from django.test import Client as DjangoBrowser
from django.test import override_settings
from starlette.applications import Starlette
from starlette.config import Config
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations import django_client, flask_client, starlette_client
from tests.docs.test_framework_pages import KEYS, PAGES, application, run  # noqa: F401 - a fixture
from tests.integrations.applications import Application, now

ATTACKS = {
    "host": {"Host": "evil.example"},
    "port": {"Host": "evil.example:443"},
    "forwarded": {"X-Forwarded-Host": "evil.example"},
    "both": {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    "rfc 7239": {"Forwarded": "host=evil.example;proto=https"},
    "original": {"X-Original-Host": "evil.example", "X-Host": "evil.example"},
    "prefix": {"X-Forwarded-Prefix": "//evil.example", "X-Forwarded-Host": "evil.example"},
    "userinfo": {"Host": "shop.example@evil.example"},
}
OURS = "https://shop.example"


def send(app: Application, path: str, headers: dict[str, str]) -> Any:
    """A request with headers that a browser would not send."""
    client = app.browser().client
    if type(client).__module__.startswith("quart."):
        with start_blocking_portal() as portal:
            return portal.call(lambda: client.get(path, headers=headers))
    if type(client).__module__.startswith("litestar."):
        return client.get(path, headers=headers, follow_redirects=False)
    if isinstance(client, DjangoBrowser):
        return client.get(path, headers={**headers, "host": headers.get("Host", "testserver")})
    return client.get(path, headers=headers)


def callback_of(emulator: Emulator, consent_page: str) -> str:
    """Where the provider sends the victim, verifier and all: the redirect URI that was signed."""
    return emulator.approve(consent_page, user="victim").partition("oauth_token=")[0][:-1]


CONFIGURED: dict[str, tuple[dict[str, object], str | None]] = {
    "a path behind the base": ({}, "/authorize"),
    "the client's own": ({"redirect_uri": f"{OURS}/authorize"}, None),
    "the client's own path": ({"redirect_uri": "/authorize"}, None),
    "an address in the call": ({"redirect_uri": "https://other.example/"}, f"{OURS}/authorize"),
}


@pytest.fixture
def site(make: Callable[..., Application], emulator: Emulator, framework: str) -> Callable[..., Application]:
    def made(more: dict[str, object], given: str | None, *, base: str | None = OURS) -> Application:
        twitter = emulator.client("twitter")
        keys = {"client_id": twitter.client_id, "client_secret": twitter.client_secret, **more}
        config: dict[str, dict[str, object]] = {"twitter": keys}
        settings = {"OAUTH1_CATALOG_REDIRECT_BASE_URL": base, "ALLOWED_HOSTS": ["*"], "USE_X_FORWARDED_HOST": True}
        if framework == "starlette":
            config["oauth1_catalog"] = {"redirect_base_url": base}
        if framework == "litestar":
            settings = {"OAUTH1_CATALOG_REDIRECT_BASE_URL": base}
        app = make(config=config, **({} if framework == "starlette" else {"settings": settings}))

        @app.view("/login")
        async def login(app: Application, *request: Any) -> Any:
            return await now(app.client.authorize_redirect(*request, given))

        return app

    return made


@pytest.mark.parametrize("configured", CONFIGURED)
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_signed_callback_is_the_configured_one(
    site: Callable[..., Application], emulator: Emulator, configured: str, attack: str
) -> None:
    app = site(*CONFIGURED[configured])
    answer = send(app, "/login", ATTACKS[attack])
    if answer.status_code == 302:
        assert callback_of(emulator, answer.headers["Location"]) == f"{OURS}/authorize"
    else:  # the framework itself refuses a host that is none
        assert (answer.status_code, emulator.journal.exchanges) == (400, ())


@pytest.mark.parametrize(
    ("base", "path", "joined"),
    [
        ("https://shop.example/", "/authorize", "https://shop.example/authorize"),
        ("https://shop.example:8443", "/authorize?a=1", "https://shop.example:8443/authorize?a=1"),
        ("https://example.com/shop", "/authorize", "https://example.com/shop/authorize"),
        ("http://localhost:5000", "/", "http://localhost:5000/"),
    ],
)
def test_the_base_and_the_path(
    site: Callable[..., Application], emulator: Emulator, base: str, path: str, joined: str
) -> None:
    consent_page = site({}, path, base=base).browser().get("/login").location
    assert callback_of(emulator, consent_page) == joined


@pytest.mark.parametrize("path", ["//evil.example/authorize", "/\\evil.example", "/authorize\n", "authorize"])
def test_a_path_that_is_none(site: Callable[..., Application], emulator: Emulator, path: str) -> None:
    assert site({}, path).browser().get("/login").json["error"] == "invalid_redirect_uri"
    assert emulator.journal.exchanges == ()


@pytest.mark.parametrize(
    "base",
    ["shop.example", "//shop.example", "ftp://shop.example", "https://", "https://u:p@shop.example", "https://a?b",
     "https://a#b", "https://a b", "https://a\\b", "https://a:x", "javascript://a", 7],
)  # fmt: skip
def test_a_base_that_is_none(site: Callable[..., Application], base: Any) -> None:
    error = site({}, "/authorize", base=base).browser().get("/login").json
    assert error["error"] == "invalid_redirect_uri"
    assert "OAUTH1_CATALOG_REDIRECT_BASE_URL" in error["description"]


def test_a_path_without_a_base(app: Application) -> None:
    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request, "/authorize"))

    error = app.browser().get("/login").json
    assert error["error"] == "invalid_redirect_uri"
    assert "Set OAUTH1_CATALOG_REDIRECT_BASE_URL in " in error["description"]


class TestCheck:
    """``check`` reports an application whose redirect URIs anybody may choose."""

    KEYS = {"client_id": "k", "client_secret": "s"}  # noqa: RUF012 - read only

    def codes(self, found: list[ConfigurationError]) -> list[str]:
        for notice in found:
            assert notice.severity == "warning"
            assert "OAUTH1_CATALOG_REDIRECT_BASE_URL" in notice.description
        return [notice.error for notice in found]

    FLASK: list[tuple[dict[str, Any], bool]] = [  # noqa: RUF012 - read only
        ({}, True),
        ({"TRUSTED_HOSTS": []}, True),
        ({"TRUSTED_HOSTS": ["shop.example"]}, False),
        ({"SERVER_NAME": "shop.example"}, False),
        ({"OAUTH1_CATALOG_REDIRECT_BASE_URL": OURS}, False),
        ({"TWITTER_REDIRECT_URI": f"{OURS}/authorize"}, False),
        ({"OAUTH1_CATALOG_SILENCED_CHECKS": "untrusted_host"}, False),
        ({"OAUTH1_CATALOG_SILENCED_CHECKS": ["missing_user_agent", "untrusted_host"]}, False),
        ({"OAUTH1_CATALOG_SILENCED_CHECKS": "missing_user_agent"}, True),
    ]

    @pytest.mark.parametrize(("config", "told"), FLASK)
    def test_flask(self, config: dict[str, Any], told: bool) -> None:
        app = flask.Flask(__name__)
        app.config.update(config, SECRET_KEY="s")
        oauth = flask_client.OAuth(app)
        oauth.register_from_catalog("twitter", **self.KEYS)
        assert self.codes(oauth.check()) == ["untrusted_host"] * told
        done = app.test_cli_runner().invoke(args=["oauth1", "check"])
        assert (done.exit_code, "warning: TRUSTED_HOSTS" in done.stderr) == (0, told)

    def test_flask_before_trusted_hosts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Flask 3.0 knows no TRUSTED_HOSTS: setting it helps nobody there."""
        older = {key: value for key, value in flask.Flask.default_config.items() if key != "TRUSTED_HOSTS"}
        app = flask.Flask(__name__)
        app.config.update(SECRET_KEY="s", TRUSTED_HOSTS=["shop.example"])
        oauth = flask_client.OAuth(app)
        oauth.register_from_catalog("twitter", **self.KEYS)
        monkeypatch.setattr(flask.Flask, "default_config", older)
        (notice,) = oauth.check()
        assert notice.description.startswith("this version of Flask answers to every host")
        assert "set TRUSTED_HOSTS" not in notice.description

    @pytest.mark.parametrize("trusted", [{"TRUSTED_HOSTS": ["shop.example"]}, {"SERVER_NAME": "shop.example"}])
    def test_what_flask_is_believed_holds(self, trusted: dict[str, Any]) -> None:
        app = flask.Flask(__name__)
        app.config.update(trusted)
        app.add_url_rule("/", "index", lambda: flask.url_for("index", _external=True))
        answer = app.test_client().get("/", headers={"Host": "evil.example"})
        assert "://evil.example" not in answer.text

    @pytest.mark.parametrize(
        ("settings", "told"),
        [
            ({"ALLOWED_HOSTS": ["*"]}, True),
            ({"ALLOWED_HOSTS": ["shop.example", "*"]}, True),
            ({"ALLOWED_HOSTS": ["shop.example"], "USE_X_FORWARDED_HOST": True}, True),
            ({"ALLOWED_HOSTS": ["shop.example", ".shop.example"]}, False),
            ({"ALLOWED_HOSTS": []}, False),
            ({"ALLOWED_HOSTS": ["*"], "OAUTH1_CATALOG_REDIRECT_BASE_URL": OURS}, False),
        ],
    )
    def test_django(self, settings: dict[str, Any], told: bool) -> None:
        oauth = django_client.OAuth()
        oauth.register_from_catalog("twitter", **self.KEYS)
        with override_settings(**settings):
            assert self.codes(oauth.check()) == ["untrusted_host"] * told

    @pytest.mark.parametrize(
        ("middleware", "config", "told"),
        [
            ([], {}, True),
            ([Middleware(TrustedHostMiddleware)], {}, True),
            ([Middleware(TrustedHostMiddleware, allowed_hosts=["*"])], {}, True),
            ([Middleware(TrustedHostMiddleware, allowed_hosts=["shop.example"])], {}, False),
            ([Middleware(TrustedHostMiddleware, ["shop.example"])], {}, False),
            ([], {"OAUTH1_CATALOG_REDIRECT_BASE_URL": OURS}, False),
            ([], {"OAUTH1_CATALOG_SILENCED_CHECKS": "untrusted_host"}, False),
        ],
    )
    def test_starlette(self, middleware: list[Middleware], config: dict[str, str], told: bool) -> None:
        for settings in (config, Config(environ=config)):
            oauth = starlette_client.OAuth(settings)
            oauth.register_from_catalog("twitter", **self.KEYS)
            app = Starlette(middleware=[*middleware, Middleware(SessionMiddleware, secret_key="s")])
            assert self.codes(oauth.check(app)) == ["untrusted_host"] * told

    def test_one_client_of_many_is_enough(self) -> None:
        """One whose redirect URI is not sent (oob) is in no danger."""
        app = flask.Flask(__name__)
        app.config.update(SECRET_KEY="s")
        oauth = flask_client.OAuth(app)
        oauth.register_from_catalog("etrade", **self.KEYS)
        assert oauth.check() == []
        oauth.register_from_catalog("twitter", **self.KEYS)
        assert self.codes(oauth.check()) == ["untrusted_host"]


ON_THE_PAGES = {
    "docs/flask.md": """
        from test_shop import browser
        def get(browser, headers):
            return browser.get("/login", headers=headers)
        def test_it(browser, oauth1_emulator):
            emulator = oauth1_emulator
            attack(lambda headers: get(browser, headers), emulator)
    """,
    "docs/django.md": """
        from tests import LoginTest
        LoginTest.__test__ = False
        class Test(LoginTest):
            def test_it(self):
                attack(lambda headers: self.client.get("/login", headers=headers), self.emulator)
    """,
    "docs/starlette.md": """
        from test_shop import browser
        def test_it(browser, oauth1_emulator):
            emulator = oauth1_emulator
            attack(lambda headers: browser.get("/login", headers=headers), emulator)
    """,
}
ATTACK = """
def attack(login, emulator):
    for headers in {attacks!r}:
        answer = login(headers)
        assert answer.status_code in (302, 400)
        if answer.status_code == 302:
            victim = emulator.approve(answer.headers["Location"])
            assert "evil" not in victim and "/authorize?" in victim, (headers, victim)
    assert login({{}}).status_code == 302
"""


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_the_pages(page: str, application: Path) -> None:  # noqa: F811 - the fixture
    code = textwrap.dedent(ON_THE_PAGES[page]) + ATTACK.format(attacks=list(ATTACKS.values()))
    (application / "test_attack.py").write_text(code, encoding="utf-8")
    options = ["test_attack.Test.test_it"] if "django" in page else ["test_attack.py"]
    done = run(application, "-m", *PAGES[page], *options, **KEYS)
    assert done.returncode == 0, done.stdout + done.stderr
