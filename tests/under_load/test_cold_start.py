"""The first requests that a process serves come all at once, when it has just been started."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from oauth1_catalog.emulator import Emulator
from tests.many_machines.browser import Answer, Browser
from tests.under_load.conftest import uvicorn

PATHS = [*["/login", "/call"] * 30, *["/awaited"] * 10]
"""Sixty for endpoints that are not async, of which Starlette runs 40 at a time, and ten that are."""


@pytest.mark.parametrize("http", ["h11", "httptools"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_sixty_endpoints_that_are_not_async_at_once(
    environment: dict[str, str], emulator: Emulator, loop: str, http: str
) -> None:
    """All forty threads wait for the client's connections: opening them must need none of the forty."""

    def get(path: str) -> Answer:
        return Browser().get(path, port=port)

    with uvicorn("blocking_site:app", environment, "--loop", loop, "--http", http) as port:
        with ThreadPoolExecutor(len(PATHS)) as browsers:
            answers = list(browsers.map(get, PATHS))
        assert [answer.status for answer in answers] == [302 if path == "/login" else 200 for path in PATHS]
        assert {answer.json()["screen_name"] for answer in answers if answer.status == 200} == {"grace"}

        browser = Browser()
        back = emulator.approve(browser.get("/login", port=port).location)
        assert browser.get(back, port=port).json()["screen_name"] == "ada"
