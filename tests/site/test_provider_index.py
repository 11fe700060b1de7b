"""The index of providers, the calendar and the pages of providers in a real Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from oauth1_catalog import Catalog
from tests.browser.test_demo import pytestmark  # noqa: F401 - the marks
from tests.site.conftest import Visit

CATALOG = Catalog()
FILES = [CATALOG.file(name) for name in CATALOG.names()]
KEYS = {file.name: file.access.state if file.access else None for file in FILES}
IN_USE = [file for file in FILES if file.status != "retired"]
PAGES = ["calendar.html", *(f"providers/{name}.html" for name in ("twitter", "netsuite", "dropbox"))]
"""The whole of ``providers.html`` is looked at in ``test_reader.py``."""
TOO_WIDE = "document.scrollingElement.scrollWidth > document.documentElement.clientWidth"


Visiting = Callable[..., AbstractContextManager[Visit]]


def shown(page: Page) -> set[str]:
    """The names in the rows that can be seen."""
    rows = page.locator("#in-use tbody tr:visible, #retired tbody tr:visible")
    return set(rows.evaluate_all("rows => rows.map((row) => row.querySelector('code').textContent)"))


def names(*wanted: bool) -> set[str]:
    return {file.name for file, is_wanted in zip(FILES, wanted, strict=True) if is_wanted}


def counted(page: Page, number: int) -> None:
    expect(page.get_by_role("status")).to_have_text(f"{number} of {len(FILES)} providers")


def test_filters_combine_and_stay_in_the_address(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.open("providers.html")
        counted(page, len(FILES))
        assert shown(page) == {file.name for file in FILES}
        page.get_by_label("Status").select_option("active")
        wanted = names(*(file.status == "active" for file in FILES))
        counted(page, len(wanted))
        assert shown(page) == wanted
        page.get_by_label("Flow").select_option("static_token")
        page.get_by_label("Keys").select_option("open")
        wanted &= names(*("static_token" in file.flows and KEYS[file.name] == "open" for file in FILES))
        assert wanted
        counted(page, len(wanted))
        assert shown(page) == wanted
        assert re.search(r"\?status=active&keys=open&flow=static_token$", page.url)

        again = visited.open(f"providers.html{page.url.partition('.html')[2]}")
        counted(again, len(wanted))
        assert shown(again) == wanted
        assert again.get_by_label("Flow").input_value() == "static_token"
        again.get_by_role("button", name="Show all").click()
        counted(again, len(FILES))
        assert "?" not in again.url


@pytest.mark.parametrize(
    ("typed", "name"),
    [("surveygizmo", "alchemer"), ("MKM", "cardmarket"), ("x twitter", "twitter"), ("netsuite token", "netsuite")],
)
def test_a_word_finds_a_name_an_alias_and_a_title(visit: Visiting, typed: str, name: str) -> None:
    with visit() as visited:
        page = visited.open("providers.html")
        page.get_by_label("Name or word").fill(typed)
        expect(page.get_by_role("status")).not_to_have_text(f"{len(FILES)} of {len(FILES)} providers")
        assert name in shown(page)
        assert len(shown(page)) < 4
        page.locator("#in-use tbody tr:visible").first.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(CATALOG.file(name).display_name or "")


def test_grade_and_category_and_nothing_left(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.open("providers.html?category=wiki&grade=silver")
        assert shown(page) <= names(*("wiki" in file.categories and file.status != "retired" for file in FILES))
        page = visited.open("providers.html?q=dropbox")
        assert shown(page) == {"dropbox"}
        expect(page.get_by_role("heading", name="In use")).to_be_hidden()
        expect(page.locator("#retired tbody tr:visible")).to_contain_text("API v2 with OAuth 2.0")
        page.get_by_label("Status").select_option("active")
        expect(page.get_by_role("status")).to_have_text("No provider matches. Remove a filter or a word.")
        page = visited.open("providers.html?status=nonsense&q=")
        counted(page, len(FILES))


def test_a_keyboard_is_enough(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.open("providers.html")
        page.get_by_label("Name or word").focus()
        page.keyboard.type("flickr")
        counted(page, 1)
        for _ in range(5):
            page.keyboard.press("Tab")
        expect(page.get_by_label("Category")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Show all")).to_be_focused()
        page.keyboard.press("Enter")
        counted(page, len(FILES))
        page.get_by_label("Status").focus()
        page.keyboard.press("ArrowDown")
        counted(page, sum(file.status == "active" for file in FILES))


def test_everything_is_there_without_javascript(chromium: Browser, address: str) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}/providers.html")
        expect(page.locator("#in-use tbody tr")).to_have_count(len(IN_USE))
        expect(page.locator("#retired tbody tr")).to_have_count(len(FILES) - len(IN_USE))
        expect(page.locator(".provider-filter")).to_have_count(0)
        page.locator("#in-use").get_by_role("link", name="Flickr", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Flickr")
        page.locator("label", has_text="Django").click()
        expect(page.get_by_text("# settings.py")).to_be_visible()


def test_the_arrow_keys_choose_a_tab(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.open("providers/twitter.html")
        expect(page.get_by_text("from flask import Flask")).to_be_visible()
        page.locator(".sd-tab-set > input").first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("# settings.py")).to_be_visible()
        expect(page.get_by_text("from flask import Flask")).to_be_hidden()
        label = page.locator(".sd-tab-label", has_text="Django")
        assert label.evaluate("e => getComputedStyle(e).outlineStyle") == "solid", "the focus cannot be seen"


def test_a_chosen_tab_stays_on_the_next_page(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.open("providers/twitter.html")
        page.locator(".sd-tab-label", has_text="FastAPI").click()
        expect(page.get_by_text("from fastapi import FastAPI")).to_be_visible()
        expect(page.get_by_text("from flask import Flask")).to_be_hidden()
        other = visited.open("providers/flickr.html")
        expect(other.get_by_text("from fastapi import FastAPI")).to_be_visible()


def test_the_json_and_the_calendar_are_beside_the_pages(visit: Visiting) -> None:
    with visit() as visited:
        page = visited.open("providers/netsuite.html")
        link = page.get_by_role("link", name="These facts as JSON").get_attribute("href")
        answer = page.request.get(f"{visited.address}/providers/{link}")
        assert json.loads(answer.body())["variables"]["account_id"]["example"] == "1234567_SB1"
        edit = page.get_by_role("link", name="Edit this file").get_attribute("href")
        assert edit is not None
        assert edit.endswith("/edit/main/providers/netsuite.yaml")
        page = visited.open("calendar.html")
        link = page.get_by_role("link", name="calendar.ics").get_attribute("href")
        assert page.request.get(f"{visited.address}/{link}").text().startswith("BEGIN:VCALENDAR")
        page.locator("#coming").get_by_role("link", name=re.compile("NetSuite")).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("NetSuite")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(visit: Visiting, path: str, scheme: str) -> None:
    with visit(scheme=scheme) as visited:
        found = Axe().run(visited.open(path), "article").response["violations"]
        assert [
            (rule["id"], [node["target"] for node in rule["nodes"]][:3])
            for rule in found
            if rule["impact"] in {"serious", "critical"}
        ] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_telephone_does_not_scroll_sideways(visit: Visiting, path: str) -> None:
    with visit(360) as visited:
        assert not visited.open(path).evaluate(TOO_WIDE)
