"""A person's login in a real Chromium, in each framework: the demo as ``oauth1-catalog demo`` serves it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from oauth1_catalog.cli.demo import FRAMEWORKS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]

# WCAG 2.2, success criterion 1.4.3: 4.5 to 1 for text, as the browser has painted it.
LOW_CONTRAST = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = numbers(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName, e.textContent.trim().slice(0, 40)];
    })
    .filter(([ratio]) => ratio < 4.5);
}"""


@contextmanager
def running_demo(framework: str) -> Iterator[str]:
    """The command in a process of its own; gives the address that it prints."""
    command = [sys.executable, "-u", "-m", "oauth1_catalog", "demo", "--framework", framework]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            printed = ""
            for line in process.stdout:
                printed += line
                if found := re.search(r"Open (http://\S+)", line):
                    break
            else:
                pytest.fail(f"the demo ended before it gave an address: {printed}")
            yield found[1]
        finally:
            process.terminate()
            rest = process.stdout.read()
    assert process.returncode == 0, rest


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def looks_right(page: Page) -> None:
    """What every page must have: a language, a title, one heading, a name for each control, text that can be read."""
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title()
    expect(page.locator("h1")).to_have_count(1)
    expect(page.get_by_role("note")).to_contain_text("emulat", ignore_case=True)
    expect(page.locator("main")).to_have_count(1)
    for control in page.locator("a, button, input").all():
        name = control.evaluate("e => (e.labels?.[0] ?? e).textContent.trim() || e.getAttribute('aria-label')")
        assert name, control
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(LOW_CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_person_denies_logs_in_and_goes_back(chromium, framework):
    with running_demo(framework) as address, chromium.new_context(viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda message: failures.append(message.text) if message.type == "warning" else None)

        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Log in with OAuth 1.0")
        expect(page.locator("main")).to_contain_text(framework.title())
        looks_right(page)

        page.get_by_role("link", name="Log in with Flickr").click()
        expect(page.get_by_role("note")).to_contain_text("Emulation of Flickr. This is not Flickr")
        expect(page.locator("main")).to_contain_text("perms = read")
        looks_right(page)
        page.get_by_role("button", name="Deny").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You denied access")
        expect(page.locator("main")).to_contain_text("access_denied")
        looks_right(page)

        page.get_by_role("link", name="Log in again").click()
        page.get_by_label("Sign in as").fill("grace")
        with page.expect_request(re.compile("/callback/flickr")) as callback:
            page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("You are logged in with Flickr")
        expect(page.locator("main")).to_contain_text("Grace Example")
        expect(page.locator("main")).to_contain_text("********")
        assert "oauth_verifier" not in page.url
        looks_right(page)
        page.reload()
        expect(page.locator("main")).to_contain_text("Grace Example")

        page.goto(callback.value.url)
        expect(page.get_by_role("heading", level=1)).to_have_text("This login cannot continue")
        looks_right(page)
        page.get_by_role("link", name="Choose another provider").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Log in with OAuth 1.0")
        assert failures == []


def test_a_keyboard_is_enough(chromium):
    with running_demo("flask") as address, chromium.new_context() as context:
        page = context.new_page()
        page.goto(address)
        link = page.get_by_role("link", name="Log in with X (Twitter)")
        for _ in range(page.get_by_role("link").count()):
            page.keyboard.press("Tab")
            if link.evaluate("e => e === document.activeElement"):
                break
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/twitter/authorize/"))
        for _ in range(2):
            page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Authorize")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("You are logged in with X (Twitter)")
