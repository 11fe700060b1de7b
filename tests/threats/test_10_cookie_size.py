"""Threat 10: a session cookie that would be too large is an error before it is sent; no login is lost in silence."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.temporary import enforce_cookie_budget
from oauth1_catalog.rfc5849.messages import Response
from tests.integrations.applications import ASYNC, Application, now

BROWSERS_KEEP = 4093
ALPHABETS = {"ascii": "a", "quotes": '"', "latin": "é", "cjk": "好", "emoji": "\N{ROCKET}"}


@pytest.mark.parametrize("length", [27, 64, 128, 200, 300, 400, 512, 1024, 2048])
@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_tokens_of_any_length(make: Callable[..., Application], framework: str, alphabet: str, length: int) -> None:
    app = make()
    answers: list[bytes] = []

    def send(request: Any) -> Any:
        return Response(200, {}, answers[-1])

    async def asend(request: Any) -> Any:
        return send(request)

    app.client.pool.send = asend if framework in ASYNC else send
    tokens = [f"{number}" + ALPHABETS[alphabet] * (length - 1) for number in range(3)]
    pending: list[int] = []
    browser = app.browser()
    for number, token in enumerate(tokens):
        answers.append(f"oauth_token={quote(token)}&oauth_token_secret=s&oauth_callback_confirmed=true".encode())
        answer = browser.get("/login")
        if answer.status != 302:
            assert answer.json["error"] == "state_too_large"
            assert "Pass OAuth(cache=...), or store less" in answer.json["description"]
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


@pytest.mark.parametrize("own", [0, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2700])
@pytest.mark.parametrize("length", [27, 128, 256])
def test_beside_the_applications_own_data(
    make: Callable[..., Application], framework: str, own: int, length: int
) -> None:
    """Logins in many tabs, of which a stranger's page may begin some, do not push the application's data out."""
    app = make()
    numbers = count()
    kept = secrets.token_hex(own // 2)  # no framework makes it shorter

    def send(request: Any) -> Any:
        token = f"{next(numbers)}-{secrets.token_urlsafe(length)}"[:length]
        return Response(200, {}, f"oauth_token={token}&oauth_token_secret=s&oauth_callback_confirmed=true".encode())

    async def asend(request: Any) -> Any:
        return send(request)

    @app.view("/fill")
    async def fill(app: Application, *request: Any) -> Any:
        session = app.session(*request)
        session["own"] = kept
        return {}

    @app.view("/own")
    async def look(app: Application, *request: Any) -> Any:
        return {"own": (app.session(*request)).get("own")}

    app.client.pool.send = asend if framework in ASYNC else send
    browser = app.browser()
    browser.get("/fill")
    begun = 0
    for _ in range(8):
        answer = browser.get("/login")
        if answer.status == 302:
            begun += 1
        else:
            assert answer.json["error"] == "state_too_large"
            assert "of the application's own. Pass OAuth(cache=...)" in answer.json["description"]
        cookies = sum(len(name) + len(value) + 1 for name, value in browser.cookies.items())
        assert cookies <= BROWSERS_KEEP, f"{cookies} bytes"
        assert browser.get("/own").json == {"own": kept}
    assert begun == 8 or own > 1500


def test_data_that_the_framework_compresses_leaves_its_room_to_logins() -> None:
    expires = time.time() + 600
    login = {"exp": expires, "client": "x", "data": secrets.token_hex(300)}
    session: dict[str, Any] = {"own": ["the same again"] * 400, "_state_x_t": login}
    enforce_cookie_budget(session, "x", newest="_state_x_t", compressed=True)
    assert "_state_x_t" in session
    with pytest.raises(ConfigurationError, match="which has room for 0 beside 6809 bytes of the application's own"):
        enforce_cookie_budget(session, "x", newest="_state_x_t")
    assert list(session) == ["own"]
