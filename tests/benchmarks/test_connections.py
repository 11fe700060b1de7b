"""API calls over TLS: what keeping connections and TLS contexts is worth, and whether an event loop is held up.

Each client is what an application of its framework has: ``register`` and ``client.get``. The authorities are certifi's
and the test's own, by the environment variables that requests and httpx2 read, so that everybody loads the same bundle.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import certifi
import flask
import pytest
import requests
import trustme
from authlib.integrations import flask_client as authlib_flask
from authlib.integrations import starlette_client as authlib_starlette

from oauth1_catalog.integrations import flask_client, starlette_client
from tests.benchmarks.conftest import LIMIT, OURS, TABLE, Row
from tests.benchmarks.hand_written import HandWritten
from tests.benchmarks.tls_server import Server, serving

TOKEN = {"oauth_token": "token", "oauth_token_secret": "secret"}
CALLS = 100
CONCURRENCY = 100
LATENCY = 0.05

FLASK_ROW = Row("one of 100 consecutive API calls over TLS, Flask", ("Authlib",), faster=25, slower=1.6)
STARLETTE_ROW = Row("one of 100 concurrent API calls, 50 ms latency, Starlette", ("Authlib",), faster=2.5)
BLOCK_ROW = Row("longest blocking of the event loop during these calls", ("Authlib",), faster=3)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The authorities, and the server's certificate with its key."""
    authority = trustme.CA()
    folder = tmp_path_factory.mktemp("tls")
    authorities, certificate = folder / "authorities.pem", folder / "server.pem"
    authorities.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + authority.cert_pem.bytes())
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    return authorities, certificate


@pytest.fixture(autouse=True)
def trusted(bundle: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle[0]))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle[0]))


@pytest.fixture(scope="module")
def server(bundle: tuple[Path, Path]) -> Iterator[Server]:
    with serving(str(bundle[1])) as started:
        yield started


@pytest.fixture(scope="module")
def slow_server(bundle: tuple[Path, Path]) -> Iterator[Server]:
    with serving(str(bundle[1]), latency=LATENCY) as started:
        yield started


def registered(oauth: Any, url: str) -> Any:
    return oauth.register(
        "mine",
        client_id="key",
        client_secret="secret",
        request_token_url=f"{url}/request_token",
        access_token_url=f"{url}/access_token",
        authorize_url=f"{url}/authorize",
        api_base_url=f"{url}/",
        client_kwargs={"timeout": 60},
    )


def by_flask(module: Any, url: str) -> Callable[[], None]:
    app = flask.Flask(__name__)
    client = registered(module.OAuth(app), url)

    def calls() -> None:
        with app.app_context():
            for _ in range(CALLS):
                client.get("me?a=1&b=2", token=TOKEN).raise_for_status()

    return calls


def by_hand(url: str) -> Callable[[], None]:
    """One session, and the hand-written signer."""
    session = requests.Session()
    auth = HandWritten("key", "secret", *TOKEN.values(), method="HMAC-SHA1")

    def calls() -> None:
        for _ in range(CALLS):
            session.get(f"{url}/me?a=1&b=2", auth=auth).raise_for_status()

    return calls


@pytest.mark.parametrize("contender", FLASK_ROW.contenders)
def test_one_after_another(turn, contender, measure, server):
    calls = {
        OURS: lambda: by_flask(flask_client, server.url),
        LIMIT: lambda: by_hand(server.url),
        "Authlib": lambda: by_flask(authlib_flask, server.url),
    }[contender]()
    server.connections()
    measure(FLASK_ROW, contender, calls, operations=CALLS, rounds=1 if contender == "Authlib" else 5)
    if contender == OURS:
        assert server.connections() == 1


def by_starlette(module: Any, url: str) -> Callable[[], Coroutine[Any, Any, None]]:
    client = registered(module.OAuth(), url)

    async def one(gate: asyncio.Semaphore) -> None:
        async with gate:
            (await client.get("me?a=1&b=2", token=TOKEN)).raise_for_status()

    async def calls() -> None:
        gate = asyncio.Semaphore(CONCURRENCY)
        await asyncio.gather(*(one(gate) for _ in range(CONCURRENCY)))

    return calls


class HoldUps:
    """The longest that one callback of the event loop kept the processor.

    By the processor's time, not the wall's: what else runs on the machine holds nobody up here.
    """

    def __init__(self) -> None:
        self.longest = 0.0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        run = asyncio.Handle._run  # private: the one place that runs each step of the event loop

        def timed(handle: asyncio.Handle) -> None:
            started = time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.thread_time() - started)

        gc.collect()
        gc.freeze()  # the collector's passes over what a test run has loaded are not the client's
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(asyncio.Handle, "_run", timed)
                yield
        finally:
            gc.unfreeze()


@pytest.mark.parametrize("contender", STARLETTE_ROW.contenders)
def test_many_at_once(turn, contender, measure, slow_server, request):
    calls = by_starlette({OURS: starlette_client, "Authlib": authlib_starlette}[contender], slow_server.url)
    blocks = HoldUps()
    with asyncio.Runner() as runner:
        if contender == OURS:
            runner.run(calls())  # an application that serves for some time has its connections
        with blocks.watched():
            measure(STARLETTE_ROW, contender, lambda: runner.run(calls()), operations=CONCURRENCY, rounds=1)
    request.config.stash[TABLE].add(BLOCK_ROW, contender, blocks.longest)
