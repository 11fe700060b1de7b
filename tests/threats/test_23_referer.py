"""Threat 23: the verifier leaves in a Referer header, or stays in a cache."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import REDIRECT_URI, Application, now

ROOT = Path(__file__).resolve().parents[2]


def test_our_redirect_is_not_kept_and_sends_no_referer(app: Application, emulator: Emulator) -> None:
    sent = app.browser().get("/login")
    assert sent.headers["Cache-Control"] == "no-store"
    assert sent.headers["Referrer-Policy"] == "no-referrer"


def test_nor_with_parameters_and_a_post(make: Callable[..., Application], emulator: Emulator) -> None:
    app = make()

    @app.view("/link")
    async def link(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request, REDIRECT_URI, lang="de", state_data={"a": 1}))

    sent = app.browser().post("/link", form=[])
    assert (sent.status, sent.headers["Cache-Control"]) == (302, "no-store")
    assert sent.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_tells_what_is_left_to_the_application() -> None:
    """The callback's answer is the application's."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert re.search(r"Respond to the callback with a redirect", page)
