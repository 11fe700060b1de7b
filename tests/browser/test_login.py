"""``oauth1-catalog login`` with a real Chromium, which comes back to the server of the command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from oauth1_catalog.emulator import Emulator
from tests.browser.test_demo import ARGUMENTS, CHROMIUM, LOW_CONTRAST
from tests.cli.users import User

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.parametrize(("button", "title"), [("Authorize", "You are logged in"), ("Deny", "Access was denied")])
def test_a_person_comes_back_to_the_terminal(
    chromium: Browser, emulator: Emulator, tmp_path: Path, button: str, title: str
) -> None:
    user = User(emulator, tmp_path, [sys.executable, "-m", "oauth1_catalog"])
    user.has_keys("discogs")
    with user.login("discogs", "--output", "token.env", "--port", "0") as terminal, chromium.new_context() as context:
        page = context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda message: failures.append(message.text))
        page.goto(user.address(terminal))
        page.get_by_label("Sign in as").fill("grace")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        assert page.title() == title
        assert page.locator("html").get_attribute("lang") == "en"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(LOW_CONTRAST) == []
        assert terminal.end() == (0 if button == "Authorize" else 1)
        expect(page.locator("main")).to_contain_text("go back to the terminal")
        assert ("as grace." in page.inner_text("main")) == (button == "Authorize")
        assert failures == []
    user.check_screens()
