"""Many logins at once in Starlette, beside Flask's, and what a call costs afterwards: by the processor's time."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import flask
import httpx2
import pytest
import requests
import trustme

from oauth1_catalog.integrations import flask_client, starlette_client
from tests.benchmarks.conftest import LIMIT, OURS, TABLE, Row
from tests.benchmarks.test_connections import TOKEN, registered
from tests.benchmarks.tls_server import serving

LOGINS, AT_ONCE, CALLS = 400, 200, 100
TOKEN_URL = "{}/access_token"

LOGIN_ROW = Row("a login of 200 at a time over TLS, Starlette; the limit is Flask's", slower=3)
BARE_ROW = Row("two POSTs of 200 at a time over TLS, httpx2 alone; the limit is requests alone", slower=3)
AFTER_ROW = Row("an API call after them, Starlette; the limit is one before", slower=1.5)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    authority, certificate = trustme.CA(), tmp_path / "server.pem"
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "authority.pem"))
    with serving(str(certificate), latency=0.02) as started:
        yield started.url


def test_logins_of_flask(url: str, request: pytest.FixtureRequest) -> None:
    app = flask.Flask(__name__)
    client = registered(flask_client.OAuth(app), url)

    def log_in(_: int) -> None:
        with app.app_context():
            client.create_authorization_url("https://app.example/callback")
            client.fetch_access_token(TOKEN, verifier="v")

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(log_in, range(LOGINS)))
        started = time.process_time()
        list(threads.map(log_in, range(LOGINS)))
    request.config.stash[TABLE].add(LOGIN_ROW, LIMIT, (time.process_time() - started) / LOGINS)


def test_logins_of_starlette_and_a_call_before_and_after(url: str, request: pytest.FixtureRequest) -> None:
    client = registered(starlette_client.OAuth(), url)
    table = request.config.stash[TABLE]

    async def log_in(gate: asyncio.Semaphore) -> None:
        async with gate:
            await client.create_authorization_url("https://app.example/callback")
            await client.fetch_access_token(TOKEN, verifier="v")

    async def logins() -> float:
        gate, started = asyncio.Semaphore(AT_ONCE), time.process_time()
        await asyncio.gather(*(log_in(gate) for _ in range(LOGINS)))
        return (time.process_time() - started) / LOGINS

    async def calls() -> float:
        started = time.process_time()
        for _ in range(CALLS):
            await client.get("me", token=TOKEN)
        return (time.process_time() - started) / CALLS

    async def work() -> None:
        await calls()
        table.add(AFTER_ROW, LIMIT, await calls())
        await logins()
        table.add(LOGIN_ROW, OURS, await logins())
        table.add(AFTER_ROW, OURS, await calls())

    asyncio.run(work())


def test_the_libraries_alone(url: str, request: pytest.FixtureRequest) -> None:
    """What of the first row is the libraries' own: the two requests of a login, signed by nobody."""
    table, headers = request.config.stash[TABLE], {"Authorization": "OAuth " + "x" * 300}

    with requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as threads:
        session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))

        def ask(_: int) -> None:
            for _ in range(2):
                session.post(TOKEN_URL.format(url), headers=headers)

        list(threads.map(ask, range(LOGINS)))
        started = time.process_time()
        list(threads.map(ask, range(LOGINS)))
        table.add(BARE_ROW, LIMIT, (time.process_time() - started) / LOGINS)

    async def ask_all() -> None:
        limits = httpx2.Limits(max_connections=100, max_keepalive_connections=20)
        async with httpx2.AsyncClient(limits=limits, timeout=60) as client:
            gate = asyncio.Semaphore(AT_ONCE)

            async def ask() -> None:
                async with gate:
                    for _ in range(2):
                        await client.post(TOKEN_URL.format(url), headers=headers)

            for counted in (False, True):
                started = time.process_time()
                await asyncio.gather(*(ask() for _ in range(LOGINS)))
                if counted:
                    table.add(BARE_ROW, OURS, (time.process_time() - started) / LOGINS)

    asyncio.run(ask_all())
