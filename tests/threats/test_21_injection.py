# ruff: noqa: E501 - lists of odd texts
"""Threat 21: what a provider answers as token, secret or verifier begins a header, a parameter or an address of its own.

Each value goes the whole way in each framework, over real connections: from the first answer into the address of the
consent page, into the second request, from the second answer into API calls. oauthlib reads what arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from oauth1_catalog.errors import OAuthError
from tests.clients.conftest import Arrived, Wire, response, serving
from tests.integrations.applications import now

BACK = "https://shop.example/authorize"
SENT = {
    "host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "content-type", "authorization",
}  # fmt: skip
"""The headers of a signed request; there is no other."""
HOSTILE = [
    "a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\r\n\r\nGET /evil HTTP/1.1\r\n\r\n", "\r\n", "a\x00b", "a\x0b", "a\x7f", "a\x85X-Evil: 1",
    "a\u2028X-Evil: 1", "a\u200b", "a\u202e", 'a", oauth_token="evil', 'a"', "a, X-Evil=1", "a&oauth_token=evil", "a=b&c=d", "a;b", "a#b?c", "a/../b",
    "a%0d%0aX-Evil: 1", "a%0D%0A", "a%22%2C", "a%2526", "%", "%%", "%zz", "+", "a+b", "a b", " a", "a ", "\\", "\\r\\n", "'", "<script>", "{a}", "{oauth_token}",
    "é", "好", "\N{ROCKET}", "\ud800".encode("utf-8", "replace").decode(), "=?utf-8?q?a?=", "OAuth ", "//evil.example/", "https://evil.example/", "@evil.example", "x" * 4096,
]  # fmt: skip


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with serving() as server:
        yield server


def register(registry: Callable[..., Any], wire: Wire, **more: Any) -> Any:
    return registry().register(
        "shop",
        client_id="key",
        client_secret="secret",
        request_token_url=f"{wire.url}/request",
        authorize_url=f"{wire.url}/consent",
        access_token_url=f"{wire.url}/access",
        api_base_url=f"{wire.url}/api/",
        **more,
    )


def protocol_parameters(arrived: Arrived) -> list[tuple[str, str]]:
    """Those of one request, wherever they are, as oauthlib reads them."""
    header = arrived.header("Authorization")
    found = parse_authorization_header(header) if header else []
    pairs = [(name, parse_qs(f"v={value}", keep_blank_values=True)["v"][0]) for name, value in found]
    pairs += parse_qsl(urlsplit(arrived.target).query, keep_blank_values=True)
    return pairs + parse_qsl(arrived.body.decode(), keep_blank_values=True)


def check(arrived: Arrived, *, token: str, verifier: str | None = None) -> None:
    """One request came, with no header of the provider's making, and the values as the provider wrote them."""
    assert {name.lower() for name, _ in arrived.headers} <= SENT
    assert arrived.raw_head.count(b"\n") == arrived.raw_head.count(b"\r\n") == len(arrived.headers)
    pairs = protocol_parameters(arrived)
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names))
    found = dict(pairs)
    assert found["oauth_token"] == token
    assert found.get("oauth_verifier") == verifier
    assert set(found) <= {
        "oauth_token", "oauth_verifier", "oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_timestamp",
        "oauth_signature_method", "oauth_version", "a",
    }  # fmt: skip


@pytest.mark.parametrize("place", ["HEADER", "QUERY", "BODY"])
def test_it_is_encoded_or_refused(registry: Callable[..., Any], wire: Wire, place: str) -> None:
    client = register(registry, wire, client_kwargs={"signature_type": place})
    went_through: list[str] = []
    refused: dict[str, tuple[str, int]] = {}

    async def go(value: str) -> None:
        form = f"oauth_token={quote(value)}&oauth_token_secret={quote(value)}&oauth_callback_confirmed=true"
        wire.arrived.clear()
        wire.answer = lambda asked: response(form if "/api/" not in asked.target else "ok")
        begun = await now(client.create_authorization_url(BACK))
        consent = urlsplit(begun["url"])
        assert begun["url"].startswith(f"{wire.url}/consent?oauth_token=")
        assert begun["url"].isascii()
        assert begun["url"].isprintable()
        assert parse_qsl(consent.query, keep_blank_values=True) == [("oauth_token", value)]
        token = await now(client.fetch_access_token(begun["request_token"], oauth_verifier=value))
        check(wire.last, token=value, verifier=value)
        await now(client.post("orders", token=token, data={"a": "b"}))
        check(wire.last, token=value)
        if place != "BODY":  # a GET has none
            await now(client.get("orders", token=token, params={"a": "b"}))
            check(wire.last, token=value)
        went_through.append(value)

    async def all_of_them() -> None:
        for value in HOSTILE:
            try:
                await go(value)
            except OAuthError as error:
                refused[value] = str(error), len(wire.arrived)
        await now(client.aclose() if not hasattr(client, "close") else client.close())

    asyncio.run(all_of_them())
    # Only what has control characters or directions in it is refused, and no second request is made of that.
    assert {value for value in HOSTILE if value.isprintable()} == set(went_through)
    assert {requests for _, requests in refused.values()} == {1}
    assert "X-Evil" not in str([told for told, _ in refused.values()])


@pytest.mark.parametrize("api_auth", ["bearer", "header"])
def test_a_token_that_is_sent_as_it_is(registry: Callable[..., Any], wire: Wire, api_auth: str) -> None:
    """Where no signature encodes it: a bearer token, a header."""
    client = register(registry, wire)
    client.provider = replace(client.provider, api_auth=api_auth, api_auth_header="X-Token")
    refused: list[str] = []

    async def go() -> None:
        for value in HOSTILE:
            wire.arrived.clear()
            wire.answer = lambda _: response("ok")
            try:
                await now(client.get("orders", token={"oauth_token": value, "oauth_token_secret": "s"}))
            except OAuthError as error:
                refused.append(f"{error} {len(wire.arrived)}")
            else:
                assert {name.lower() for name, _ in wire.last.headers} <= SENT | {"x-token"}
                shown = wire.last.header("X-Token") or wire.last.header("Authorization") or ""
                assert shown.removeprefix("Bearer ") == value
        await now(client.aclose() if not hasattr(client, "close") else client.close())

    asyncio.run(go())
    assert len(refused) >= 20
    assert {error[-2:] for error in refused} == {" 0"}
    assert "X-Evil" not in str(refused)
