"""What bounds a client on httpx2: the connections it may open, the time it may take, what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx2
import pytest

from oauth1_catalog.clients.httpx_client import AsyncOAuth1Client, OAuth1Client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.requests_client import OAuth1Session
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import ConfigurationError, ProviderError, TransportError
from oauth1_catalog.rfc5849.messages import Request

BACKENDS = ["asyncio", *(["trio"] if importlib.util.find_spec("trio") else [])]
KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
# httpx2 leaves its innermost generator to the garbage collector when an answer is not read to its end; trio warns.
stops_reading = pytest.mark.filterwarnings("ignore:.*async_generator object:pytest.PytestUnraisableExceptionWarning")
TOKEN = "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"


@pytest.fixture(params=BACKENDS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a coroutine function in an event loop of its own."""
    return lambda work: anyio.run(work, backend=request.param)


# A loop that is closed in the wrong way leaves its sockets to the garbage collector, and trio mentions what that finds.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestEventLoopsLeaveNothing:
    def clients(self) -> int:
        gc.collect()
        return sum(issubclass(type(one), httpx2.AsyncClient) for one in gc.get_objects())  # a lazy object stays lazy

    def test_many_loops(self, wire, run):
        pool = HttpxPool()

        def use(times: int) -> int:
            for _ in range(times):
                run(lambda: pool.send(Request("POST", wire.url)))
            wire.arrived.clear()
            gc.collect()
            return len(gc.get_objects())

        before_clients = self.clients()
        after_some = use(20)
        growth = use(100) - after_some
        assert self.clients() == before_clients
        assert growth < 100, "less than one object for each loop"

    def test_a_loop_that_was_closed_without_an_end_to_its_generators(self, wire):
        pool, before = HttpxPool(), self.clients()
        for _ in range(5):
            loop = asyncio.SelectorEventLoop()  # an old uvicorn makes uvloop's the default, which cannot close so
            loop.run_until_complete(pool.send(Request("POST", wire.url)))
            loop.close()
        asyncio.run(pool.send(Request("POST", wire.url)))
        assert self.clients() <= before

    def test_a_pool_that_is_thrown_away_while_its_loop_goes_on(self, run, wire):
        """Clients of an application's tenants come and go in one loop."""
        before = self.clients()

        async def work() -> None:
            for _ in range(10):
                await HttpxPool().send(Request("POST", wire.url))
                await anyio.sleep(0.01)
            assert self.clients() == before

        run(work)


def waited_for(condition: Callable[[], bool], answer_with: Callable[..., bytes]) -> bytes:
    """An answer that does not come before ``condition`` holds."""
    assert any(condition() or threading.Event().wait(0.01) for _ in range(1000))
    return answer_with("ok")


class TestAFullPool:
    def test_a_call_is_told_so(self, wire, run, answer_with):
        pool = HttpxPool(limits=Limits(max_connections=1, read=0.2))

        async def work() -> None:
            held = await pool.request("GET", wire.url, stream=True)
            with pytest.raises(httpx2.PoolTimeout, match=r"127.0.0.1:\d+: all connections .* Set max_connections="):
                await pool.request("GET", wire.url)
            await held.aclose()
            assert (await pool.request("GET", wire.url)).status_code == 200

        run(work)
        assert len(wire.arrived) == 2

    def test_a_login_does_not_wait_for_calls(self, wire, run):
        pool = HttpxPool(limits=Limits(max_connections=2))

        async def work() -> None:
            held = [await pool.request("GET", wire.url, stream=True) for _ in range(2)]
            async with anyio.create_task_group() as waiting:
                waiting.start_soon(pool.request, "GET", wire.url)  # first in the queue
                await anyio.sleep(0.05)
                for _ in range(3):
                    assert (await pool.send(Request("POST", f"{wire.url}/token"))).text == "ok"
                for answer in held:
                    await answer.aclose()
            assert (await pool.send(Request("POST", f"{wire.url}/token"))).text == "ok"

        run(work)
        assert [request.target for request in wire.arrived] == ["/", "/", *["/token"] * 3, "/", "/token"]
        assert wire.connections <= 4

    @pytest.mark.parametrize(("read", "deadline"), [(0.3, 5), (5, 0.6), (None, 0.6)])
    def test_a_token_request_is_told_so(self, wire, run, read, deadline):
        """Whichever of the two ends its waiting, the provider is not blamed: it was not asked."""
        wire.answer = lambda _: iter([time.sleep(1) or b""])
        pool = HttpxPool(limits=Limits(max_token_connections=1, read=read, token_deadline=deadline))

        async def work() -> None:
            async def one() -> None:
                with pytest.raises(TransportError) as caught:
                    await pool.send(Request("POST", wire.url))
                said.append(caught.value.description)

            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(one)

        said: list[str] = []
        run(work)
        refused = sum("all connections of this client were in use" in sentence for sentence in said)
        assert refused + len(wire.arrived) == 4
        assert refused >= 2  # the first may time out just before the others do, and leave its place to one of them
        assert any("max_token_connections= if this was a login" in sentence for sentence in said)

    def test_a_burst_of_logins_opens_few_connections_and_closes_none(self, wire, run, answer_with):
        wire.answer = lambda request: waited_for(lambda: request.method == "GET" or len(wire.arrived) > 5, answer_with)
        pool = HttpxPool(limits=Limits(max_token_connections=5))
        seen: list[int] = []

        async def work() -> None:
            await pool.request("GET", wire.url)
            for _ in range(3):
                async with anyio.create_task_group() as tasks:
                    for _ in range(60):
                        tasks.start_soon(pool.send, Request("POST", wire.url))
                seen.append(wire.connections)
            await pool.request("GET", wire.url)
            seen.append(wire.connections)

        run(work)
        assert seen == [6, 6, 6, 6]
        assert len(wire.arrived) == 182

    @pytest.mark.parametrize(("calls", "tokens", "opened"), [(1, 20, 1), (9, 3, 3), (100, 20, 20)])
    def test_token_requests_have_no_more_connections_than_calls(self, wire, run, answer_with, calls, tokens, opened):
        wire.answer = lambda _: waited_for(lambda: len(wire.arrived) >= opened, answer_with)
        pool = HttpxPool(limits=Limits(max_connections=calls, max_token_connections=tokens))

        async def work() -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(60):
                    tasks.start_soon(pool.send, Request("POST", wire.url))

        run(work)
        assert wire.connections == opened

    def test_the_clients_of_one_user(self, wire):
        limits = Limits(max_connections=1, read=0.2)
        with OAuth1Client(limits=limits, **KEYS) as client, client.stream("GET", wire.url):
            with pytest.raises(httpx2.PoolTimeout, match="all connections of this client"):
                client.get(wire.url)
            with pytest.raises(TransportError, match="all connections of this client"):
                client.fetch_request_token(wire.url)

        async def work() -> None:
            async with AsyncOAuth1Client(limits=limits, **KEYS) as client, client.stream("GET", wire.url):
                with pytest.raises(httpx2.PoolTimeout, match="all connections of this client"):
                    await client.get(wire.url)
                with pytest.raises(TransportError, match="all connections of this client"):
                    await client.fetch_request_token(wire.url)

        asyncio.run(work())


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[socket.socket]]]:
    """A port at which each connection is handed to ``serve``; gives the port, and the connections so far."""
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    accepted.append(server.accept()[0])
                    serve(accepted[-1])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], accepted
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in accepted:
                one.close()


def exchange(kind: str, url: str, limits: Limits) -> Any:
    """One token request by a client of each kind."""
    if kind == "requests pool":
        return RequestsPool(limits=limits).send(Request("POST", url))
    if kind == "session":
        return OAuth1Session(limits=limits, **KEYS).fetch_request_token(url)
    if kind == "client":
        return OAuth1Client(limits=limits, **KEYS).fetch_request_token(url)

    async def awaited() -> Any:
        if kind == "httpx pool":
            return await HttpxPool(limits=limits).send(Request("POST", url))
        async with AsyncOAuth1Client(limits=limits, **KEYS) as client:
            return await client.fetch_request_token(url)

    return asyncio.run(awaited())


KINDS = ["requests pool", "session", "client", "httpx pool", "async client"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_handshake_that_hangs_is_not_tried_again(kind):
    """Whoever takes the connection says nothing more: one attempt, and the same words with both libraries."""
    with listening(lambda _: None) as (port, accepted):
        with pytest.raises(TransportError, match="no connection in time"):
            exchange(kind, f"https://127.0.0.1:{port}/token", Limits(connect=0.3, read=5, connect_retries=1))
        assert len(accepted) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_breaks_before_the_handshake_is_tried_again_once(kind):
    with listening(lambda connection: connection.close()) as (port, accepted):
        with pytest.raises(TransportError):
            exchange(kind, f"https://127.0.0.1:{port}/token", Limits(connect=5, read=5, connect_retries=1))
        assert len(accepted) in {1, 2}


class TestTheDeadlineOfTheSyncClient:
    """Headers that come a byte at a time never meet the read timeout."""

    limits = Limits(connect=5, read=5, token_deadline=0.5)

    def too_late(self) -> Any:
        return pytest.raises(TransportError, match=r"the answer took longer than 0\.5 seconds")

    def drip(self, request: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nA: "
        while True:
            time.sleep(0.05)
            yield b"x"

    def test_of_a_new_connection(self, wire):
        wire.answer = self.drip
        with OAuth1Client(limits=self.limits, **KEYS) as client, self.too_late():
            client.fetch_request_token(wire.url)

    def test_of_a_connection_that_an_api_call_has_opened(self, wire, answer_with):
        with OAuth1Client(limits=self.limits, **KEYS) as client:
            client.get(wire.url)
            wire.answer = self.drip
            with self.too_late():
                client.fetch_request_token(wire.url)
            assert wire.connections == 1
            wire.answer = lambda _: answer_with(TOKEN)
            assert client.fetch_request_token(wire.url)["oauth_token"] == "t"

    def test_over_tls(self, tls_wire, bundle):
        tls_wire.answer = self.drip
        with OAuth1Client(limits=self.limits, verify=bundle, **KEYS) as client, self.too_late():
            client.fetch_request_token(tls_wire.url)

    def test_through_a_proxy(self, tls_wire, tunnel, bundle):
        tls_wire.answer = self.drip
        with OAuth1Client(limits=self.limits, verify=bundle, proxy=tunnel.url, **KEYS) as client, self.too_late():
            client.fetch_request_token(tls_wire.url)

    def test_a_trace_of_the_caller_is_called_too(self, wire):
        events: list[str] = []
        with OAuth1Client(**KEYS) as client:
            client.get(wire.url, extensions={"trace": lambda event, info: events.append(event)})
        assert "connection.connect_tcp.complete" in events


class TestAClientOfTheApplication:
    """``client_factory``: the policy is the pool's, the transport the application's."""

    def test_the_timeout_of_the_pool_unless_the_client_has_its_own(self, wire, run):
        made: list[httpx2.AsyncClient] = []

        def factory(**options: Any) -> Callable[[], httpx2.AsyncClient]:
            return lambda: made.append(httpx2.AsyncClient(**options)) or made[-1]

        for options in ({}, {"timeout": 70}):
            pool = HttpxPool(limits=Limits(read=9, connect=3), client_factory=factory(**options))
            run(lambda pool=pool: pool.send(Request("POST", wire.url)))
        own = [httpx2.Timeout(9, connect=3), httpx2.Timeout(9, connect=3, pool=9)]
        assert [client.timeout for client in made] == [*own, httpx2.Timeout(70), httpx2.Timeout(70)]

    def test_one_for_both_purposes(self, wire, run):
        """As docs/testing.md has it: the answers are looked at once, and one connection is enough."""
        client = httpx2.AsyncClient()
        pool = HttpxPool(client_factory=lambda: client)

        async def work() -> None:
            for _ in range(3):
                await pool.send(Request("POST", wire.url))
                await pool.request("GET", wire.url)
            assert len([hook for hook in client.event_hooks["response"] if hasattr(hook, "__self__")]) == 1
            await pool.aclose()

        run(work)
        assert wire.connections == 1
        assert client.is_closed

    def test_the_headers_and_cookies_of_the_pool(self, wire, run):
        pool = HttpxPool(client_factory=httpx2.AsyncClient, headers={"X-App": "mine"}, cookies={"a": "1"})
        run(lambda: pool.send(Request("POST", wire.url)))
        assert (wire.last.header("X-App"), wire.last.header("Cookie")) == ("mine", "a=1")

    def test_redirects(self, wire, stranger, run, answer_with):
        """A client that follows redirects does so within the origin, and never from a token endpoint."""
        from oauth1_catalog.clients.httpx_client import OAuth1Auth

        pool = HttpxPool(client_factory=lambda: httpx2.AsyncClient(follow_redirects=True))
        wire.answer = lambda _: answer_with("", "302 Found", (("Location", stranger.url),))

        async def work() -> None:
            assert (await pool.send(Request("POST", wire.url))).status == 302
            with pytest.raises(ProviderError, match="must not go to another host"):
                await pool.request("GET", wire.url, auth=OAuth1Auth(**KEYS))
            wire.answer = lambda request: answer_with(
                request.target, *(() if request.target == "/b" else ("302 Found", (("Location", "/b"),)))
            )
            assert (await pool.request("GET", f"{wire.url}/a", auth=OAuth1Auth(**KEYS))).text == "/b"

        run(work)
        assert stranger.received == b""

    @stops_reading
    def test_the_bounds_of_a_token_request(self, wire, run, answer_with):
        wire.answer = lambda _: answer_with(b"x" * 70_000)
        pool = HttpxPool(client_factory=httpx2.AsyncClient)
        with pytest.raises(TransportError, match="longer than 65536 bytes"):
            run(lambda: pool.send(Request("POST", wire.url)))

    @pytest.mark.parametrize(
        "options", [{"verify": False}, {"proxy": "http://127.0.0.1:9"}, {"http2": True}, {"event_hooks": {}}], ids=str
    )
    def test_what_only_the_factory_can_give(self, options):
        with pytest.raises(ConfigurationError, match=f"{next(iter(options))} would have no effect. Give that to the"):
            HttpxPool(client_factory=httpx2.AsyncClient, **options)
