"""The emulator's page of requests in a real Chromium: readable, with names and contrast, by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from requests_oauthlib import OAuth1Session

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from tests.browser.test_demo import chromium, looks_right, pytestmark  # noqa: F401 - the fixture and the marks


@pytest.mark.parametrize("width", [360, 1280])
def test_a_person_finds_out_why_a_request_was_refused(chromium, width):  # noqa: F811 - the fixture
    with Emulator(Catalog()) as emulator:
        twitter, token = emulator.client("twitter"), emulator.issue_token("twitter")
        url = f"{emulator.catalog.provider('twitter').api_base_url}2/users/me"
        for secret in ("", token.oauth_token_secret):
            session = OAuth1Session(twitter.client_id, twitter.client_secret, token.oauth_token, secret)
            session.get(url, params={"q": "x" * 200}, verify=emulator.ca_file, timeout=30)
        with chromium.new_context(viewport={"width": width, "height": 740}, java_script_enabled=True) as context:
            page = context.new_page()
            failures: list[str] = []
            page.on("console", lambda message: failures.append(message.text))
            page.goto(emulator.requests_url)
            expect(page.get_by_role("table", name="The last 50 requests, the newest first")).to_be_visible()
            looks_right(page)
            page.get_by_role("link", name="Request 1").focus()
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", level=1)).to_have_text("Request 1: GET")
            expect(page.locator("main")).to_contain_text("The token secret is not in the key.")
            expect(page.get_by_role("rowheader", name="oauth_consumer_key")).to_be_visible()
            looks_right(page)
            page.get_by_role("link", name="All requests").click()
            page.get_by_role("link", name="Request 2").click()
            expect(page.locator("main")).to_contain_text("The signature is right for these secrets.")
            looks_right(page)
            assert failures == []
