"""Threat 4: an attacker gives a victim a session whose identifier the attacker knows, and the victim logs in."""

from __future__ import annotations

import textwrap
from pathlib import Path

import flask
import pytest
from cachelib import FileSystemCache
from flask_session import Session

from tests.docs.conftest import python_blocks
from tests.docs.test_framework_pages import KEYS, PAGES, application, run  # noqa: F401 - a fixture

WITH_FLASK_SESSION = """
import pytest, secrets, shop
from cachelib import FileSystemCache
from flask_session import Session
from test_shop import browser

def site(browser, tmp_path):
    app = browser.application
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(tmp_path)))
    Session(app)
    return app.test_client()

@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it(browser, oauth1_emulator, tmp_path):
    emulator = oauth1_emulator
    attacker = site(browser, tmp_path)
    consent = attacker.get("/login").location  # a session that the attacker has begun
    known = attacker.get_cookie("session").value
    victim = browser.application.test_client()
    victim.set_cookie("session", known)
    back = emulator.approve(consent, user="victim")
    assert victim.get(back).location == "/timeline"
    assert victim.get_cookie("session").value != known
    assert victim.get("/timeline").json["user"] == "victim"
    assert attacker.get("/timeline").status_code == 401
"""

WITH_DJANGO = """
from tests import LoginTest
LoginTest.__test__ = False
class Test(LoginTest):
    def test_it(self):
        consent = self.client.get("/login")["Location"]
        known = self.client.cookies["sessionid"].value
        victim = self.client_class()
        victim.cookies["sessionid"] = known
        back = self.emulator.approve(consent, user="victim")
        assert victim.get(back)["Location"] == "/timeline"
        assert victim.cookies["sessionid"].value != known
        assert victim.get("/timeline").json()["user"] == "victim"
        assert self.client.get("/timeline").status_code == 401
"""

WITH_STARLETTE = """
from test_shop import browser
def test_it(browser, oauth1_emulator):
    emulator = oauth1_emulator
    consent = browser.get("/login").headers["location"]
    known = browser.cookies["session"]
    assert browser.get(emulator.approve(consent, user="victim")).headers["location"] == "/timeline"
    browser.cookies.clear()  # what the attacker still has is an old cookie, and not the victim's session
    browser.cookies.set("session", known)
    assert browser.get("/timeline").status_code == 401
"""

SITES = {"docs/flask.md": WITH_FLASK_SESSION, "docs/django.md": WITH_DJANGO, "docs/starlette.md": WITH_STARLETTE}


@pytest.mark.parametrize("page", PAGES)
def test_the_login_of_the_page(page: str, application: Path) -> None:  # noqa: F811 - the fixture
    (application / "test_session.py").write_text(textwrap.dedent(SITES[page]), encoding="utf-8")
    options = ["test_session.Test.test_it"] if "django" in page else ["test_session.py"]
    done = run(application, "-m", *PAGES[page], *options, **KEYS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("empty", [False, True])
def test_start_session(empty: bool, tmp_path: Path) -> None:
    """The page's function with a real Flask-Session: another identifier, whatever was in the session before."""
    (block,) = [block for block in python_blocks("docs/flask.md") if "def start_session" in block]
    names = {"session": flask.session, "current_app": flask.current_app}
    exec("def start_session" + block.partition("def start_session")[2], names)
    app = flask.Flask(__name__)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(tmp_path)))
    Session(app)

    @app.get("/before")
    def before() -> str:
        flask.session["cart"] = 1
        return ""

    @app.get("/login")
    def login() -> str:
        if empty:
            flask.session.clear()
        names["start_session"]("victim")
        return str(sorted(flask.session))

    attacker, victim = app.test_client(), app.test_client()
    attacker.get("/before")
    known = attacker.get_cookie("session")
    assert known is not None
    victim.set_cookie("session", known.value)
    assert victim.get("/login").text in {"['user']", "['_permanent', 'user']"}
    cookie = victim.get_cookie("session")
    assert cookie is not None
    assert cookie.value != known.value
    with attacker:
        attacker.get("/before")
        assert "user" not in flask.session


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_clearing_alone_keeps_the_identifier(tmp_path: Path) -> None:
    """Why the page does more."""
    app = flask.Flask(__name__)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(tmp_path)))
    Session(app)

    @app.get("/<user>")
    def login(user: str) -> str:
        flask.session.clear()
        flask.session["user"] = user
        return ""

    browser = app.test_client()
    identifiers = []
    for user in ("attacker", "victim"):
        browser.get(f"/{user}")
        cookie = browser.get_cookie("session")
        assert cookie is not None
        identifiers.append(cookie.value)
    assert len(set(identifiers)) == 1
