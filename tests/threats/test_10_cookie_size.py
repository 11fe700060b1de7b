"""Threat 10: a session cookie that would be too large is an error before it is sent; no login is lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from oauth1_catalog.rfc5849.messages import Response
from tests.integrations.applications import Application, StarletteApplication, now

BROWSERS_KEEP = 4093
ALPHABETS = {"ascii": "a", "quotes": '"', "latin": "é", "cjk": "好", "emoji": "\N{ROCKET}"}


@pytest.mark.parametrize("length", [27, 64, 128, 200, 300, 400, 512, 1024, 2048])
@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_tokens_of_any_length(make: Callable[..., Application], alphabet: str, length: int) -> None:
    app = make()
    answers: list[bytes] = []

    def send(request: Any) -> Any:
        return Response(200, {}, answers[-1])

    async def asend(request: Any) -> Any:
        return send(request)

    app.client.pool.send = asend if isinstance(app, StarletteApplication) else send
    tokens = [f"{number}" + ALPHABETS[alphabet] * (length - 1) for number in range(3)]
    pending: list[int] = []
    browser = app.browser()
    for number, token in enumerate(tokens):
        answers.append(f"oauth_token={quote(token)}&oauth_token_secret=s&oauth_callback_confirmed=true".encode())
        answer = browser.get("/login")
        if answer.status != 302:
            assert answer.json["error"] == "state_too_large"
            assert "Give OAuth(cache=...) a cache" in answer.json["description"]
            continue
        pending.append(number)
        cookies = sum(len(name) + len(value) + 1 for name, value in browser.cookies.items())
        assert cookies <= BROWSERS_KEEP, f"{cookies} bytes"
        # The login that has just begun is in the cookie: its callback is known, whatever it ends in.
        answers.append(b"oauth_token=t&oauth_token_secret=s&screen_name=ada")
        app.views["/authorize"] = ended
        back = browser.get(f"/authorize?oauth_token={quote(token)}&oauth_verifier=v")
        assert back.json == {"screen_name": "ada"}, back.text
    assert pending or length >= 200, "a short token always fits"


async def ended(app: Application, *request: Any) -> Any:
    token = await now(app.client.authorize_access_token(*request))
    return {"screen_name": token["screen_name"]}
