"""The pages about the frameworks hold one small application each, and its tests, which are run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, python_blocks

PAGES = {
    "docs/flask.md": ("pytest", "-q", "-p", "no:cacheprovider"),
    "docs/django.md": ("django", "test"),
    "docs/starlette.md": ("pytest", "-q", "-p", "no:cacheprovider"),
}
KEYS = {"DJANGO_SECRET_KEY": "s", "SECRET_KEY": "s", "TWITTER_CLIENT_ID": "k", "TWITTER_CLIENT_SECRET": "s"}


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "DJANGO_SETTINGS_MODULE": "settings", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def application(page: str, tmp_path: Path) -> Path:
    """The page's blocks as the files that their first lines name; a file can have several."""
    for block in python_blocks(page):
        name = re.match(r"# (\w+\.py)\n", block)
        assert name, f"{page}: this block names no file:\n{block}"
        with (tmp_path / name[1]).open("a", encoding="utf-8") as file:
            file.write(block)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_the_applications_own_tests_pass(page: str, application: Path) -> None:
    done = run(application, "-m", *PAGES[page], **KEYS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"5 passed|Ran 5 tests", done.stdout + done.stderr)


@pytest.mark.parametrize("page", PAGES)
def test_the_files_have_no_mistake_that_python_lets_pass(page: str, application: Path) -> None:
    """Two values under one key of a dict, an f-string without a field, a name that is nowhere."""
    passed = "F401,F403,F811"  # the blocks of one file repeat imports
    linted = run(application, "-m", "ruff", "check", "--isolated", "--select", "F,PLE", "--ignore", passed, ".")
    assert linted.returncode == 0, linted.stdout


LOSES_ITS_COOKIE = {
    "docs/flask.md": """
        from test_shop import browser
        def test_it(browser, oauth1_emulator):
            def get(url, lost):
                if lost:
                    browser.delete_cookie("session")
                got = browser.get(url)
                return got.status_code, got.location
            follow(get, oauth1_emulator)
    """,
    "docs/django.md": """
        from tests import LoginTest
        LoginTest.__test__ = False
        class Test(LoginTest):
            def test_it(self):
                def get(url, lost):
                    if lost:
                        self.client.cookies.clear()
                    got = self.client.get(url)
                    return got.status_code, got.get("Location")
                follow(get, self.emulator)
    """,
    "docs/starlette.md": """
        from test_shop import browser
        def test_it(browser, oauth1_emulator):
            def get(url, lost):
                if lost:
                    browser.cookies.clear()
                got = browser.get(url)
                return got.status_code, got.headers.get("location")
            follow(get, oauth1_emulator)
    """,
}
FOLLOW = """
from urllib.parse import urlsplit
def follow(get, emulator):
    for lost in ("/", "/authorize", "/timeline"):  # the paths to which the browser sends no cookie
        for begin in ("/login", "/timeline"):
            url, consents = begin, 0
            for _ in range(20):
                status, onward = get(url, urlsplit(url).path.startswith(lost))
                if onward is None:
                    break
                is_consent = "/twitter/authorize/" in onward
                consents += is_consent
                url = emulator.approve(onward) if is_consent else onward
            assert 400 <= status < 500, (lost, begin, status)
            assert consents <= 1, (lost, begin, consents)
"""


@pytest.mark.parametrize("page", PAGES)
def test_a_browser_that_loses_its_cookie_does_not_run_in_circles(page: str, application: Path) -> None:
    code = textwrap.dedent(LOSES_ITS_COOKIE[page]) + FOLLOW
    (application / "test_cookie.py").write_text(code, encoding="utf-8")
    options = ["test_cookie.Test.test_it"] if "django" in page else ["test_cookie.py"]
    done = run(application, "-m", *PAGES[page], *options, **KEYS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"1 passed|Ran 1 test\b", done.stdout + done.stderr)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_can_be_imported(page: str, application: Path) -> None:
    names = sorted(path.stem for path in application.glob("*.py") if "test" not in path.stem)
    setup = "import django; django.setup(); " if "settings" in names else ""
    keys = KEYS | {f"FLASK_{name}": value for name, value in KEYS.items()}
    done = run(application, "-c", f"{setup}import {', '.join(names)}", **keys)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", ["docs/django.md"])
def test_the_check_prints_what_the_page_shows(page: str, application: Path) -> None:
    shown = re.search(r"^\$ python -m django check\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    done = run(application, "-m", "django", "check", DJANGO_SECRET_KEY="s")
    assert done.stderr.strip().startswith(shown[1].strip())
