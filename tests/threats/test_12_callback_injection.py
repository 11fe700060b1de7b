"""Threat 12: the callback's query or body brings names that the login keeps: secrets, addresses, whole records."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from oauth1_catalog.catalog.provider import CallbackRules, Provider, TokenResponseRules, UserinfoRules
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.endpoints import Server
from oauth1_catalog.errors import TokenResponseError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.flow.userinfo import fetch_userinfo
from oauth1_catalog.rfc5849 import ClientCredentials, Signer
from oauth1_catalog.rfc5849.messages import Request, Response
from tests.integrations.applications import Application, now

KEPT = [
    "oauth_token_secret", "token_secret", "secret", "client_secret", "consumer_secret", "redirect_uri", "callback",
    "oauth_callback", "provider", "client", "name", "self", "request_token", "token", "data", "handle", "exp", "v",
    "binding", "verifier", "expires", "state", "state_data", "user", "user_id", "next", "params", "now", "handed",
    "oauth_consumer_key", "oauth_signature", "oauth_nonce", "oauth_signature_method", "realm", "screen_name",
]  # fmt: skip


@pytest.mark.parametrize("how", ["query", "body"])
def test_nothing_of_it_is_used(app: Application, emulator: Emulator, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    handle = Server.handle

    def keep(self: Server, request: Request) -> Response:
        sent.append(f"{request.url} {dict(request.headers)} {request.body!r}")
        return handle(self, request)

    monkeypatch.setattr(Server, "handle", keep)

    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request, "https://example.com/authorize", state_data={"a": 1}))

    @app.view("/handed")
    async def handed(app: Application, *request: Any) -> Any:
        token = await now(app.client.authorize_access_token(*request, callback=given))
        return {"token": dict(token), "redirect_uri": token.redirect_uri, "state_data": token.state_data}

    browser = app.browser()
    back = emulator.approve(browser.get("/login").location, user="grace")
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    given = {**dict.fromkeys(KEPT, "evil"), **query}
    if how == "query":
        given = dict(query)
        answer = browser.post("/handed?" + "&".join(f"{name}=evil" for name in KEPT), json={})
    else:
        answer = browser.post("/handed", json=given)
    assert answer.status == 200, answer.text
    ended = answer.json
    assert (ended["token"]["screen_name"], ended["state_data"]) == ("grace", {"a": 1})
    assert ended["redirect_uri"] == "https://example.com/authorize"
    assert "evil" not in json.dumps(ended)
    assert "oauth_verifier" in sent[-1]
    assert "evil" not in sent[-1]


BAD = {
    "twice": "oauth_token={t}&oauth_token={t}&oauth_verifier=v",
    "a verifier twice": "oauth_token={t}&oauth_verifier=v&oauth_verifier=v",
    "long": "oauth_token={t}&oauth_verifier=" + "v" * 2049,
    "a line break": "oauth_token={t}&oauth_verifier=v%0d%0aX:%20y",
    "nothing": "oauth_token={t}&oauth_verifier=v%00",
    "a separator": "oauth_token={t}&oauth_verifier=v%E2%80%A8",
    "a direction": "oauth_token={t}&oauth_verifier=v%E2%80%AE",
}


@pytest.mark.parametrize("query", BAD.values(), ids=BAD.keys())
def test_what_is_refused(make: Callable[..., Application], emulator: Emulator, query: str) -> None:
    browser = make().browser()
    token = parse_qs(urlsplit(browser.get("/login").location).query)["oauth_token"][0]
    assert browser.get("/authorize?" + query.replace("{t}", quote(token))).json["error"] == "invalid_callback"
    assert emulator.journal.count(role="access_token") == 0


def test_what_the_browser_brings_along_is_nobodys_identity() -> None:
    """What a file lists under ``callback.extra`` (QuickBooks' realmId) is kept, and is the browser's word."""
    provider = Provider(
        name="acme",
        callback=CallbackRules(extra=("user", "uid")),
        token_response=TokenResponseRules(extra=("uid",)),
        userinfo=UserinfoRules(endpoint="token_response", claims={"sub": "$.user"}),
    )
    assert provider.userinfo is not None
    login = fetch_userinfo(provider, Signer(ClientCredentials("k", "s")), None, {"user": "victim", "uid": "7"})
    with pytest.raises(TokenResponseError, match="no value for sub"):
        run(login, lambda _: Response(200))
    by_answer = replace(provider, userinfo=replace(provider.userinfo, claims={"sub": "$.uid"}))
    told = fetch_userinfo(by_answer, Signer(ClientCredentials("k", "s")), None, {"user": "victim", "uid": "7"})
    assert run(told, lambda _: Response(200)) == {"sub": "7"}
