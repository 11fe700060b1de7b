"""Threat 14: ``next`` leads the browser to a stranger after the login."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.utils.http import url_has_allowed_host_and_scheme
from hypothesis import example, given
from hypothesis import strategies as st

from oauth1_catalog import local_path
from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import REDIRECT_URI, Application, now

EVIL = (
    "evil.example",
    "evil.example/",
    "evil.example/authorize?a=b",
    "shop.example@evil.example",
    "evil.example:443/x",
)
BEGINNINGS = (
    "//", "///", "////", "/\\", "\\/", "\\\\", "/\\/", "\\", "/\t/", "/\n/", "/\r/", "/\r\n/", "\t//", " //", "/ /",
    "http://", "https://", "HTTPS://", "https:", "https:/", "https:///", "https:\\\\", "ftp://", "wss://", "//\\",
    "/.//",
    "/..//", "/./\\", "/x//", "/\x00/", "\x00//", "/\x7f/", "/\u2028/", "/\u00a0/", "/\u3000/", "\ufeff//", "/\x0b/",
)  # fmt: skip
OTHERS = (
    "", " ", "evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
    "vbscript:x", "blob:https://evil.example/x", "mailto:a@evil.example", "about:blank", "#//evil.example", "?x", ".",
    "..", "../x", "./x", ":80", "x:y", "@evil.example", ".evil.example", "%2f%2fevil.example", "/" + "a" * 2048,
)  # fmt: skip
HOSTILE = tuple(beginning + host for beginning in BEGINNINGS for host in EVIL) + OTHERS
NOT_TEXT = (None, 7, b"/inbox", ["/inbox"], {"next": "/inbox"}, True)
OWN = (
    "/", "/inbox", "/inbox/", "/inbox?id=5&next=//evil.example", "/inbox#//evil.example", "/a/b/c.html", "/~me", "/a:b",
    "/@evil.example", "/%2f%2fevil.example", "/%5cevil.example", "/%09/evil.example", "/\u00e9", "/.", "/..", "/a/../b",
    "/?//evil.example", "/evil.example",
)  # fmt: skip
SITE = "https://shop.example"


def test_the_corpus_has_two_hundred_texts() -> None:
    assert len(HOSTILE) + len(NOT_TEXT) >= 200


@pytest.mark.parametrize("value", [*HOSTILE, *NOT_TEXT])
def test_a_stranger_is_replaced(value: object) -> None:
    assert local_path(value, default="/home") == "/home"


@pytest.mark.parametrize("value", OWN)
def test_a_path_of_the_own_site_stays(value: str) -> None:
    assert local_path(value, default="/home") == value


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%2fe \t\n\r\x00evil\u2028"), max_size=12).map("/".__add__))
@example("/.//evil.example")
@example("/%2e//evil.example")
def test_django_and_the_standard_library_agree(value: str) -> None:
    """What is let through is let through by Django as well, and stays on the site."""
    if local_path(value, default="") == value:
        assert url_has_allowed_host_and_scheme(value, allowed_hosts={"shop.example"}, require_https=True)
        joined = urlsplit(urljoin(f"{SITE}/authorize", value))
        assert (joined.scheme, joined.netloc) == ("https", "shop.example")
        assert not joined.path.startswith("//")


@pytest.mark.foreign
def test_what_a_browser_makes_of_them() -> None:
    """The parser of browsers (WHATWG), in Node: the corpus is hostile, and what passes stays on the site."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (Debian: nodejs)")
    script = (
        "const read = v => { try { return new URL(v, 'https://shop.example/x').origin } catch { return null } };"
        "let text = ''; process.stdin.on('data', d => text += d);"
        "process.stdin.on('end', () => console.log(JSON.stringify(JSON.parse(text).map(read))));"
    )
    rows = [*HOSTILE, *OWN, *(f"/{quote(value, safe='')}" for value in HOSTILE)]
    done = subprocess.run([node, "-e", script], input=json.dumps(rows), capture_output=True, text=True, check=True)
    origins = dict(zip(rows, json.loads(done.stdout), strict=True))
    passed = [row for row in rows if local_path(row, default="") == row]
    assert {origins[row] for row in passed} == {SITE}
    assert sum(origins[row] != SITE for row in HOSTILE) > 100  # they would have led away


LED_AWAY = ("//evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example", "/.//evil.example")


class TestInAnApplication:
    """The view reads ``next`` of the request, as one does; the redirect after the login stays on the site."""

    @pytest.fixture
    def site(self, app: Application) -> Application:
        @app.view("/login")
        async def login(app: Application, *request: Any) -> Any:
            query = app.request(*request)
            given = getattr(query, "args", None) or getattr(query, "GET", None) or query.query_params
            onward = local_path(given.get("next"), default="/home")
            return await now(app.client.authorize_redirect(*request, REDIRECT_URI, state_data={"next": onward}))

        @app.view("/authorize")
        async def authorize(app: Application, *request: Any) -> Any:
            token = await now(app.client.authorize_access_token(*request))
            return {"next": token.state_data["next"]}

        return app

    @pytest.mark.parametrize("given", [*LED_AWAY, "/inbox?id=5"])
    def test_it(self, site: Application, emulator: Emulator, given: str) -> None:
        answer = site.browser().log_in(emulator, path=f"/login?next={quote(given, safe='')}")
        assert answer.json == {"next": given if given == "/inbox?id=5" else "/home"}

    @pytest.mark.parametrize("name", ["next", "state_data", "redirect_uri", "redirect_url", "return_to"])
    def test_the_callback_s_query_changes_nothing(self, site: Application, emulator: Emulator, name: str) -> None:
        browser = site.browser()
        back = emulator.approve(browser.get("/login?next=/inbox").location)
        assert browser.get(f"{back}&{name}=//evil.example").json == {"next": "/inbox"}


def test_nothing_of_ours_reads_next(make: Callable[..., Application], emulator: Emulator) -> None:
    """Without ``state_data`` there is nothing, whatever the request says."""
    app = make()
    answer = app.browser().log_in(emulator, path="/login?next=//evil.example")
    assert answer.json["state_data"] == {}
