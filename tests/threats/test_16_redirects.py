"""Threat 16: a redirect by the provider takes a signed request to a stranger (CVE-2018-18074, CVE-2026-54605).

``tests/clients/test_redirects.py`` has the matrix for API calls in each place of a signature; here are all steps of a
login, and the downgrade from https.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.rfc5849.messages import Request
from tests.clients.conftest import (
    Wire,
    answer_with,  # noqa: F401 - a fixture
    authority,  # noqa: F401 - a fixture
    bundle,  # noqa: F401 - a fixture
    stranger,  # noqa: F401 - a fixture
    tls_wire,  # noqa: F401 - a fixture
)

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
SIGNED = {"Authorization": 'OAuth oauth_signature="canary"'}
STATUSES = [301, 302, 303, 307, 308]
LOCATIONS = {
    "downgrade": "http://127.0.0.1:{port}/x",
    "downgrade of the same host": "http://localhost:{port}/x",
    "another port": "https://127.0.0.1:{port}/x",
    "no scheme": "//127.0.0.1:{port}/x",
    "backslashes": "\\\\127.0.0.1:{port}\\x",
    "one backslash": "/\\127.0.0.1:{port}/x",
    "user information": "https://127.0.0.1:{own}@127.0.0.1:{port}/x",
    "userinfo and a downgrade": "http://127.0.0.1:{own}@127.0.0.1:{port}/x",
    "a tab": "ht\ttp://127.0.0.1:{port}/x",
    "a scheme in capitals": "HTTP://127.0.0.1:{port}/x",
}


def by_session(url: str, authorities: str) -> Iterator[Callable[[], Any]]:
    session = requests_client.OAuth1Session(**KEYS, verify=authorities)
    yield lambda: session.get(url)
    yield lambda: session.post(url, data={"a": "b"})
    yield lambda: session.fetch_request_token(url)
    session.token = {"oauth_token": "rt", "oauth_token_secret": "rs", "oauth_verifier": "v"}
    yield lambda: session.fetch_access_token(url, verifier="v")


def by_pool(url: str, authorities: str) -> Iterator[Callable[[], Any]]:
    pool = RequestsPool(verify=authorities)
    yield lambda: pool.request("GET", url, auth=requests_client.OAuth1Auth(**KEYS))
    yield lambda: pool.send(Request("POST", url, SIGNED))
    yield lambda: pool.send(Request("GET", url, SIGNED))


def by_client(url: str, authorities: str) -> Iterator[Callable[[], Any]]:
    client = httpx_client.OAuth1Client(**KEYS, verify=authorities, follow_redirects=True)
    yield lambda: client.get(url)
    yield lambda: client.post(url, data={"a": "b"})
    yield lambda: client.fetch_request_token(url)
    yield client.close


def by_async_pool(url: str, authorities: str) -> Iterator[Callable[[], Any]]:
    async def run(call: Callable[[HttpxPool], Any]) -> None:
        async with HttpxPool(verify=authorities) as pool:
            await call(pool)

    auth = httpx_client.OAuth1Auth(**KEYS)
    yield lambda: asyncio.run(run(lambda pool: pool.request("GET", url, auth=auth, follow_redirects=True)))
    yield lambda: asyncio.run(run(lambda pool: pool.send(Request("POST", url, SIGNED))))


@pytest.mark.parametrize("calls", [by_session, by_pool, by_client, by_async_pool])
@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS.keys())
def test_no_byte_reaches_a_second_listener(
    tls_wire: Wire,  # noqa: F811 - the fixture
    stranger: Wire,  # noqa: F811 - the fixture
    bundle: str,  # noqa: F811 - the fixture
    answer_with: Callable[..., bytes],  # noqa: F811 - the fixture
    calls: Callable[[str, str], Iterator[Callable[[], Any]]],
    location: str,
) -> None:
    target = location.format(port=stranger.port, own=tls_wire.port)
    for status in STATUSES:
        head = f"{status} Redirect"
        tls_wire.answer = lambda _, head=head: answer_with("", head, (("Location", target),))
        for call in calls(tls_wire.url, bundle):
            with contextlib.suppress(
                OAuthError, ValueError, requests_client.requests.RequestException, httpx_client.httpx2.HTTPError
            ):
                call()
    assert stranger.received == b""
    assert stranger.connections == 0
    assert len(tls_wire.arrived) >= 2 * len(STATUSES)
