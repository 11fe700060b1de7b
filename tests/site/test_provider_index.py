"""The filter of the index of providers: filters combine, the address keeps them, and the tables need no script."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.test_demo import pytestmark  # noqa: F401 - the marks

SHOWN = "rows => rows.filter((row) => row.offsetParent !== null).map((row) => row.cells[0].innerText)"


def shown(page: Page) -> list[str]:
    return page.locator("article tbody tr").evaluate_all(SHOWN)


def test_filters_combine_and_the_address_keeps_them(visit):
    with visit() as visited:
        page = visited.open("providers.html")
        every = shown(page)
        assert len(every) > 100
        page.get_by_label("Status").select_option("active")
        page.get_by_label("Keys").select_option("open")
        page.wait_for_url("**status=active*")
        expect(page.get_by_role("status")).to_contain_text(f"of {len(every)} providers")
        both = shown(page)
        assert 0 < len(both) < len(every)
        page.get_by_role("searchbox", name="Name or word").fill("discogs")
        page.wait_for_url("**q=discogs*")
        (one,) = shown(page)
        assert "discogs" in one
        page.reload()
        assert shown(page) == [one]
        page.get_by_role("button", name="Show all").click()
        expect(page.get_by_role("status")).to_contain_text(f"{len(every)} of {len(every)} providers")


def test_the_tables_are_there_without_javascript(chromium: Browser, address: str):
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}/providers.html")
        assert page.get_by_role("row").count() > 100
        expect(page.get_by_role("link", name="Discogs", exact=True).first).to_have_attribute(
            "href", "providers/discogs.html"
        )
