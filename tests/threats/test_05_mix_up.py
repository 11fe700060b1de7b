"""Threat 5: the callback of one provider ends the login of another."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from urllib.parse import parse_qs, urlsplit

import cachelib
import pytest

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application

PROVIDERS = ["twitter", "discogs", "flickr", "trello"]


@pytest.fixture(params=["session", "cache"])
def shop(request: pytest.FixtureRequest, make: Callable[..., Application], emulator: Emulator) -> Application:
    app = make(config={}, register=False, cache=cachelib.SimpleCache() if request.param == "cache" else None)
    for name in PROVIDERS:
        keys = emulator.client(name)
        app.oauth.register_from_catalog(
            name, client_id=keys.client_id, client_secret=keys.client_secret, user_agent="tests/1.0"
        )
    return app


def test_each_callback_at_each_other_providers_route(shop: Application, emulator: Emulator) -> None:
    for one, other in permutations(PROVIDERS, 2):
        browser = shop.browser()
        backs = {}
        for name in (one, other):
            shop.name = name
            backs[name] = emulator.approve(browser.get("/login").location)
        before = emulator.journal.count(role="access_token")
        shop.name = other
        refused = browser.get(backs[one])
        assert (refused.json["type"], refused.json["provider"]) == ("StateError", other), (one, other)
        assert emulator.journal.count(role="access_token") == before, (one, other)


def test_the_tokens_of_two_providers_exchanged(shop: Application, emulator: Emulator) -> None:
    """A callback with the request token of the other login of this browser, and a verifier of one's own."""
    browser = shop.browser()
    shop.name = "discogs"
    stranger = parse_qs(urlsplit(browser.get("/login").location).query)["oauth_token"][0]
    shop.name = "twitter"
    begun = browser.get("/login").location
    refused = browser.get(f"/authorize?oauth_token={stranger}&oauth_verifier=v")
    assert refused.json["error"] == "invalid_state"
    assert browser.get(emulator.approve(begun)).status == 200
