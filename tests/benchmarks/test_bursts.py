"""Many logins at once in Starlette, beside Flask's, and what a call costs afterwards: by the processor's time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import flask
import httpx2
import pytest
import trustme

from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.integrations import flask_client, starlette_client
from tests.benchmarks.conftest import LIMIT, OURS, TABLE, Row, Table
from tests.benchmarks.hand_written import HandWritten
from tests.benchmarks.test_connections import TOKEN, registered
from tests.benchmarks.tls_server import Server, serving

LOGINS, AT_ONCE, CALLS = 400, 200, 100

LOGIN_ROW = Row("one of 200 concurrent logins over TLS, Starlette; limit: Flask", slower=1.2)
ALONE_ROW = Row("the same login; limit: two POSTs by httpx2, signed by hand", slower=1.5)
AFTER_ROW = Row("an API call after these logins, Starlette; limit: a call before them", slower=1.15)
AFTER_CALLS_ROW = Row("an API call after 200 concurrent calls, Starlette; limit: a call before them", slower=1.25)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with pytest.MonkeyPatch.context() as patch, serving(str(folder / "server.pem"), latency=0.02) as started:
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            patch.setenv(name, str(folder / "authority.pem"))
        yield started


async def cost_at_once(log_in: Callable[[], Awaitable[object]]) -> float:
    """What one of many takes, once the connections are there."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            await log_in()

    await asyncio.gather(*(one() for _ in range(LOGINS)))
    started = time.process_time()
    await asyncio.gather(*(one() for _ in range(LOGINS)))
    return (time.process_time() - started) / LOGINS


def in_flask(server: Server, table: Table) -> None:
    app = flask.Flask(__name__)
    client = registered(flask_client.OAuth(app), server.url)

    def log_in(_: int) -> None:
        with app.app_context():
            client.create_authorization_url("https://app.example/callback")
            client.fetch_access_token(TOKEN, verifier="v")

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(log_in, range(LOGINS)))
        started = time.process_time()
        list(threads.map(log_in, range(LOGINS)))
    table.add(LOGIN_ROW, LIMIT, (time.process_time() - started) / LOGINS)
    client.close()


def in_starlette(server: Server, table: Table) -> None:
    client = registered(starlette_client.OAuth(), server.url)

    async def log_in() -> None:
        await client.create_authorization_url("https://app.example/callback")
        await client.fetch_access_token(TOKEN, verifier="v")

    async def calls() -> float:
        started = time.process_time()
        for _ in range(CALLS):
            await client.get("me", token=TOKEN)
        return (time.process_time() - started) / CALLS

    async def work() -> None:
        await calls()
        before = await calls()
        table.add(AFTER_ROW, LIMIT, before)
        table.add(AFTER_CALLS_ROW, LIMIT, before)
        server.connections()
        cost = await cost_at_once(log_in)
        assert server.connections() == Limits().max_token_connections
        table.add(LOGIN_ROW, OURS, cost)
        table.add(ALONE_ROW, OURS, cost)
        table.add(AFTER_ROW, OURS, await calls())
        await asyncio.gather(*(client.get("me", token=TOKEN) for _ in range(AT_ONCE)))
        table.add(AFTER_CALLS_ROW, OURS, await calls())
        await client.aclose()

    asyncio.run(work())


def by_httpx2_alone(server: Server, table: Table) -> None:
    """The two requests of a login, over as many connections as ours has for them; nobody looks at the answers."""
    sign = HandWritten("key", "secret", *TOKEN.values(), method="HMAC-SHA1")

    def auth(sent: httpx2.Request) -> httpx2.Request:
        sign(SimpleNamespace(method=sent.method, url=str(sent.url), headers=sent.headers))
        return sent

    async def work() -> float:
        number = Limits().max_token_connections
        limits: Any = httpx2.Limits(max_connections=number, max_keepalive_connections=number, keepalive_expiry=60)
        async with httpx2.AsyncClient(limits=limits, timeout=60) as client:

            async def log_in() -> None:
                for step in ("request_token", "access_token"):
                    await client.post(f"{server.url}/{step}", auth=auth)

            return await cost_at_once(log_in)

    table.add(ALONE_ROW, LIMIT, asyncio.run(work()))


@pytest.mark.parametrize("logins", [in_flask, in_starlette, by_httpx2_alone])
def test_logins_at_once(
    turn: int, logins: Callable[[Server, Table], None], server: Server, request: pytest.FixtureRequest
) -> None:
    logins(server, request.config.stash[TABLE])
