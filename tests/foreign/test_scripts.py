"""Scripts, and the signing objects of ``from_catalog``, at servers that verify with other people's libraries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import requests
import urllib3

from oauth1_catalog import Catalog, async_client, client
from oauth1_catalog.integrations import httpx_client, requests_client
from tests.foreign.test_logins import consent
from tests.foreign.verifiers import CLIENTS, VERIFIERS

SERVERS = ["authlib", "net_oauth", "ruby_oauth", "oauth_provider", "passport_http_oauth"]
CALLBACK = "http://localhost/back"
FILE = """\
schema_version: 1
name: acme
flows: [redirect]
request_token_url: {address}/initiate
authorize_url: {address}/authorize
access_token_url: {address}/token
api_base_url: {address}/api/
client_kwargs: {{signature_method: HMAC-SHA1}}
"""


@pytest.fixture(params=SERVERS)
def arguments(request: pytest.FixtureRequest, server: Callable[[str], str], tmp_path: Path) -> dict[str, Any]:
    """Those of a client of the server, whose own file describes it."""
    assert request.param in VERIFIERS
    (tmp_path / "acme.yaml").write_text(FILE.format(address=server(request.param)), encoding="utf-8")
    return {"catalog": Catalog(tmp_path), "client_id": "key", "client_secret": CLIENTS["key"]}


def verifier_of(url: str) -> str:
    """What the callback has, after the user has agreed."""
    return parse_qs(urlsplit(consent(url)).query)["oauth_verifier"][0]


def test_a_script_logs_in_and_calls(arguments: dict[str, Any]) -> None:
    with client("acme", **arguments) as acme:
        begun = acme.create_authorization_url(CALLBACK)
        token = acme.fetch_access_token(begun["request_token"], verifier=verifier_of(begun["url"]))
        assert acme.get("me", token=token, params={"text": "a b"}).json() == {"user": "ada"}
        assert acme.post("me", token=token, data={"text": "a b+c"}).json() == {"user": "ada"}
        assert acme.post("me", token=token, json={"text": "a b"}).json() == {"user": "ada"}
        signed = acme.sign("POST", "me", token=token, params={"q": "a b"}, data={"text": "a b+c"})
        answer = urllib3.request(signed.method, signed.url, headers=dict(signed.headers), body=signed.body)
        assert (answer.status, answer.json()) == (200, {"user": "ada"})
        assert acme.get("me", token={**token, "oauth_token_secret": "wrong"}).status_code == 401


def test_an_async_script_logs_in_and_calls(arguments: dict[str, Any]) -> None:
    async def main() -> None:
        async with async_client("acme", **arguments) as acme:
            begun = await acme.create_authorization_url(CALLBACK)
            verifier = await asyncio.to_thread(verifier_of, begun["url"])
            token = await acme.fetch_access_token(begun["request_token"], verifier=verifier)
            assert (await acme.get("me", token=token, params={"text": "a b"})).json() == {"user": "ada"}
            assert (await acme.post("me", token=token, data={"text": "a b+c"})).json() == {"user": "ada"}
            assert (await acme.post("me", token=token, json={"text": "a b"})).json() == {"user": "ada"}
            assert (await acme.get("me", token={**token, "oauth_token_secret": "wrong"})).status_code == 401

    asyncio.run(main())


def test_the_objects_of_the_http_libraries_sign(arguments: dict[str, Any]) -> None:
    with client("acme", **arguments) as acme:
        begun = acme.create_authorization_url(CALLBACK)
        token = acme.fetch_access_token(begun["request_token"], verifier=verifier_of(begun["url"]))
        url = f"{acme.api_base_url}me"
    arguments |= {"token": token["oauth_token"], "token_secret": token["oauth_token_secret"]}
    with requests_client.OAuth1Session.from_catalog("acme", **arguments) as session:
        assert session.post("me", data={"text": "a b+c"}).json() == {"user": "ada"}
    with httpx_client.OAuth1Client.from_catalog("acme", **arguments) as httpx2_client:
        assert httpx2_client.post("me", data={"text": "a b+c"}).json() == {"user": "ada"}

    async def main() -> None:
        async with httpx_client.AsyncOAuth1Client.from_catalog("acme", **arguments) as async_httpx2_client:
            assert (await async_httpx2_client.get("me", params={"text": "a b"})).json() == {"user": "ada"}

    asyncio.run(main())
    auth = requests_client.OAuth1Auth.from_catalog("acme", **arguments)
    assert requests.get(url, params={"text": "a b"}, auth=auth, timeout=30).json() == {"user": "ada"}
    httpx2_auth = httpx_client.OAuth1Auth.from_catalog("acme", **arguments)
    assert httpx2.get(url, params={"text": "a b"}, auth=httpx2_auth).json() == {"user": "ada"}
