"""Threat 3: a page of the attacker begins a login in the victim's browser, and links the attacker's account.

The attacker has logged the victim's browser in at the provider beforehand, as the attacker, so that the provider agrees
without asking. The pages and the examples begin to link by POST, with a token that no other site knows.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, python_blocks
from tests.docs.test_framework_pages import KEYS, PAGES, application, run  # noqa: F401 - a fixture

CROSS_SITE = """
EVIL = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
def attack(get, post, emulator):
    '''What a browser sends from another site, by a link, an image, a form and fetch(): none begins to link.'''
    assert get(emulator.approve(get("/login").headers["Location"], user="victim")).headers["Location"] == "/timeline"
    emulator.journal.clear()
    for headers in ({}, EVIL):
        assert get("/connect", headers=headers).status_code == 405
        for form in ({}, {"form_token": "guessed"}, {"csrfmiddlewaretoken": "g" * 64}, {"form_token": ""}):
            assert post("/connect", form, headers=headers).status_code == 403
    assert emulator.journal.exchanges == ()
"""

ON_THE_PAGES = {
    "docs/flask.md": """
        from test_shop import browser
        def test_it(browser, oauth1_emulator):
            emulator = oauth1_emulator
            attack(browser.get, lambda url, form, headers: browser.post(url, data=form, headers=headers), emulator)
    """,
    "docs/django.md": """
        from django.test import Client
        from tests import LoginTest
        LoginTest.__test__ = False
        class Test(LoginTest):
            def test_it(self):
                browser = Client(enforce_csrf_checks=True)
                attack(browser.get, browser.post, self.emulator)
    """,
    "docs/starlette.md": """
        from test_shop import browser
        def test_it(browser, oauth1_emulator):
            emulator = oauth1_emulator
            attack(browser.get, lambda url, form, headers: browser.post(url, data=form, headers=headers), emulator)
    """,
}


@pytest.mark.parametrize("page", PAGES)
def test_a_cross_site_request_begins_nothing(page: str, application: Path) -> None:  # noqa: F811 - the fixture
    (application / "test_attack.py").write_text(CROSS_SITE + textwrap.dedent(ON_THE_PAGES[page]), encoding="utf-8")
    options = ["test_attack.Test.test_it"] if "django" in page else ["test_attack.py"]
    done = run(application, "-m", *PAGES[page], *options, **KEYS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_of_ours_adds_a_route() -> None:
    """``authorize_redirect`` is called by a view of the application; nothing begins a login by itself."""
    paths = list((ROOT / "oauth1_catalog" / "integrations").rglob("*.py"))
    assert paths
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else ""
            assert name not in {"add_url_rule", "route", "add_route", "add_api_route", "register_blueprint"}, path


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_say_why(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8").partition("## Link an account")[2].partition("\n## ")[0]
    assert re.search(r"Start this with a POST", text)
    assert "would link the attacker's account to your user" in " ".join(text.split())
    assert "user=" in "".join(python_blocks(page))
