"""What a reader does with the site, in a real Chromium: search, copy, the colours, the keyboard, a narrow window."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.test_demo import pytestmark  # noqa: F401 - the marks

PAGES = [
    "index.html",
    "providers.html",
    "providers/discogs.html",
    "tutorials/flask.html",
    "invalid-signature.html",
    "reference/python/clients.html",
    "reference/commands/login.html",
    "search.html?q=oauth_verifier",
]
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= width) return [];
  const wide = (e) => e.getBoundingClientRect().right > width + 1;
  return [...document.querySelectorAll("body *")].filter(wide).map((e) => `${e.tagName} ${e.className}`);
}"""
COLOUR = "getComputedStyle(document.body).backgroundColor"


def outlined(page: Page) -> bool:
    """Whether what has the focus can be seen to have it."""
    return page.evaluate(
        "() => { const e = document.activeElement; const s = getComputedStyle(e);"
        " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'; }"
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_scrolls_sideways(visit, width):
    with visit(width) as visited:
        assert {path: wide for path in PAGES if (wide := visited.open(path).evaluate(TOO_WIDE))} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(visit, path, scheme):
    with visit(scheme=scheme) as visited:
        page = visited.open(path)
        found = Axe().run(page).response["violations"]
        serious = [
            (rule["id"], node["target"], node["failureSummary"])
            for rule in found
            if rule["impact"] in {"serious", "critical"}
            for node in rule["nodes"]
        ]
        assert serious == []


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("resource_limit", "errors.html"),
        ("query-left-out", "invalid-signature.html"),
        ("register_signature_method", "reference/python/signing.html"),
        ("env-file", "reference/commands/login.html"),
        ("P036", "reference/rules/P036.html"),
        ("surveygizmo", "providers/alchemer.html"),  # an alias
    ],
)
def test_search_finds(visit, words, path):
    with visit() as visited:
        page = visited.open("index.html")
        page.get_by_role("textbox", name="Search").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator(f"#search-results a[href^='{path}']").first).to_be_visible()


def test_the_switch_changes_the_colours_and_keeps_them(visit):
    with visit() as visited:
        page = visited.open("index.html")
        light = page.evaluate(COLOUR)
        page.locator(".theme-toggle-content .theme-toggle").click()
        dark = page.evaluate(COLOUR)
        assert dark != light
        assert visited.open("errors.html").evaluate(COLOUR) == dark


def test_a_reader_who_prefers_dark_gets_dark(visit):
    colours = []
    for scheme in ("light", "dark"):
        with visit(scheme=scheme) as visited:
            colours.append(visited.open("index.html").evaluate(COLOUR))
    assert len(set(colours)) == 2


def test_a_copied_command_has_no_prompt(visit):
    with visit() as visited:
        page = visited.open("tutorials/flask.html")
        block = page.locator(".highlight-console").first
        assert "$ " in block.inner_text()
        block.hover()
        block.get_by_role("button", name="Copy").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("python3 -m venv")
        assert not re.search(r"^\$ ", copied, re.MULTILINE)


def test_tabs_are_chosen_with_the_mouse_or_the_keyboard_and_kept(visit):
    with visit() as visited:
        page = visited.open("providers/discogs.html")
        flask = page.get_by_text("from oauth1_catalog.integrations.flask_client import OAuth").first
        django = page.get_by_text("from oauth1_catalog.integrations.django_client import OAuth").first
        expect(flask).to_be_visible()
        expect(django).not_to_be_visible()
        page.locator(".sd-tab-label", has_text="Django").click()
        expect(django).to_be_visible()
        expect(flask).not_to_be_visible()

        page = visited.open("providers/alchemer.html")
        expect(page.get_by_text("from oauth1_catalog.integrations.django_client import OAuth").first).to_be_visible()
        page.locator(".sd-tab-set > input:checked").first.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_text("from oauth1_catalog.integrations.flask_client import OAuth").first).to_be_visible()


def test_a_keyboard_is_enough(visit):
    with visit() as visited:
        page = visited.open("tutorials/flask.html")
        skip = page.get_by_role("link", name="Skip to content")
        for _ in range(4):
            page.keyboard.press("Tab")
            if skip.evaluate("e => e === document.activeElement"):
                break
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.url.endswith("#furo-main-content")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('article') !== null")
        assert outlined(page)

        page = visited.open("index.html")
        search = page.get_by_role("textbox", name="Search")
        for _ in range(12):
            page.keyboard.press("Tab")
            assert outlined(page)
            if search.evaluate("e => e === document.activeElement"):
                break
        page.keyboard.type("missing_verifier")
        page.keyboard.press("Enter")
        result = page.locator("#search-results a[href^='errors.html']").first
        expect(result).to_be_visible()
        for _ in range(200):
            page.keyboard.press("Tab")
            if result.evaluate("e => e === document.activeElement"):
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Errors")


FOCUSED_IN = "selector => document.activeElement.closest(selector) !== null"


@pytest.mark.parametrize(("name", "panel"), [("Menu", ".sidebar-drawer"), ("On this page", ".toc-drawer")])
def test_the_menus_of_a_narrow_window_need_no_mouse(visit, name, panel):
    with visit(width=360) as visited:
        page = visited.open("tutorials/flask.html")
        button = page.get_by_role("button", name=name).locator("visible=true")
        for _ in range(10):
            page.keyboard.press("Tab")
            assert not page.evaluate(FOCUSED_IN, panel)  # it is closed
            if button.evaluate("e => e === document.activeElement"):
                break
        expect(button).to_be_focused()
        assert outlined(page)
        expect(button).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "true")
        assert page.evaluate(FOCUSED_IN, panel)
        expect(page.locator(":focus")).to_be_in_viewport()
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED_IN, panel)
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Space")
        expect(button).to_have_attribute("aria-expanded", "true")
        page.locator(".sidebar-overlay" if name == "Menu" else ".toc-overlay").click(position={"x": 180, "y": 700})
        expect(button).to_have_attribute("aria-expanded", "false")
