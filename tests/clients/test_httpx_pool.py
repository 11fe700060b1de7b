"""The asynchronous pool, against real sockets, under asyncio and, where it is installed, under trio."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import importlib.util
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import pytest

from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.errors import ConfigurationError, TransportError
from oauth1_catalog.rfc5849.messages import Request
from tests.clients.conftest import Dripping

FAST = Limits(connect=2, read=0.3, token_deadline=0.4, connect_retries=0)
# trio mentions a pool that nobody has closed before its loop ended; it is closed all the same.
pytestmark = pytest.mark.filterwarnings("ignore:.*_until_closed:pytest.PytestUnraisableExceptionWarning")
BACKENDS = ["asyncio", *(["trio"] if importlib.util.find_spec("trio") else [])]


# httpx2 leaves its innermost generator to the garbage collector when an answer is not read to its end; trio warns.
stops_reading = pytest.mark.filterwarnings("ignore:.*async_generator object:pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(params=BACKENDS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a coroutine function in an event loop of its own, as an application does."""
    return lambda work: anyio.run(work, backend=request.param)


def test_calls_share_one_connection_and_token_requests_another(wire, run):
    pool = HttpxPool(limits=FAST)

    async def work() -> None:
        for _ in range(5):
            assert (await pool.send(Request("POST", f"{wire.url}/token", body=b"a=1"))).text == "ok"
            assert (await pool.request("GET", f"{wire.url}/api")).text == "ok"

    run(work)
    assert wire.connections == 2


def test_each_event_loop_has_connections_of_its_own_which_end_with_it(wire, run):
    """No warning of an unclosed socket, though nobody closes the pool: the loop does."""
    pool = HttpxPool()

    async def work() -> None:
        await pool.send(Request("POST", wire.url))
        await pool.send(Request("POST", wire.url))

    for expected in (1, 2, 3):
        run(work)
        assert wire.connections == expected
        gc.collect()


def test_two_loops_at_once(wire, answer_with):
    wire.answer = lambda request: answer_with(request.target)
    pool = HttpxPool()
    wrong: list[str] = []

    async def work(number: int) -> None:
        async def one(step: int) -> None:
            path = f"/{number}/{step}"
            if (await pool.send(Request("POST", wire.url + path))).text != path:
                wrong.append(path)

        await asyncio.gather(*(one(step) for step in range(25)))

    threads = [threading.Thread(target=lambda n=number: asyncio.run(work(n))) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(wire.arrived) == 100


def test_the_first_calls_of_many_tasks_make_one_client_for_each_purpose(wire):
    made: list[httpx2.AsyncClient] = []

    def factory() -> httpx2.AsyncClient:
        made.append(httpx2.AsyncClient())
        return made[-1]

    pool = HttpxPool(client_factory=factory)

    async def work() -> None:
        await asyncio.gather(*(pool.send(Request("POST", wire.url)) for _ in range(20)))

    asyncio.run(work())
    assert [client.is_closed for client in made] == [True, True]


def test_a_pool_opens_though_all_threads_of_the_application_are_busy(wire, run):
    """They may be waiting for this very pool: endpoints that are not async."""

    async def work() -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        for _ in range(int(limiter.total_tokens)):
            await limiter.acquire_on_behalf_of(object())
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(HttpxPool().send, Request("POST", wire.url))

    run(work)
    assert len(wire.arrived) == 5


def test_the_context_is_made_outside_of_the_loop_and_once(tls_wire, bundle):
    from oauth1_catalog.clients.transport import httpx_context

    threads: list[int] = []
    pool = HttpxPool(verify=bundle)
    prepare = pool._prepare  # private: the thread that makes the TLS context shows nowhere else
    pool._prepare = lambda: threads.append(threading.get_ident()) or prepare()

    async def work() -> None:
        await pool.open()
        await pool.send(Request("POST", tls_wire.url))

    asyncio.run(work())
    asyncio.run(work())
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()
    assert httpx_context(bundle, None, trust_env=True) is httpx_context(bundle, None, trust_env=True)


def test_a_token_request_goes_out_as_it_was_given(wire, run):
    request = Request("POST", f"{wire.url}/a;m=1//b/%c3%a9?x=%C3%A9&y='[]", {"Authorization": "OAuth a"}, b"b=2")
    answer = run(lambda: HttpxPool().send(request))
    assert (answer.status, answer.header("content-length"), answer.body) == (200, "2", b"ok")
    assert wire.last.target == "/a;m=1//b/%c3%a9?x=%C3%A9&y='[]"
    assert (wire.last.method, wire.last.body) == ("POST", b"b=2")
    assert wire.last.all("Authorization") == ["OAuth a"]
    assert wire.last.header("Accept-Encoding") == "identity"


def test_cookies_of_one_call_are_not_sent_in_another(wire, run, answer_with):
    wire.answer = lambda _: answer_with("ok", headers=(("Set-Cookie", "sid=alice; Path=/"),))
    pool = HttpxPool()

    async def work() -> None:
        first = await pool.request("GET", wire.url)
        assert first.cookies["sid"] == "alice"
        await pool.send(Request("POST", wire.url))
        await pool.request("GET", wire.url)
        await pool.request("GET", wire.url, cookies={"mine": "1"})
        await pool.request("GET", wire.url)

    run(work)
    assert [request.header("Cookie") for request in wire.arrived] == [None, None, None, "mine=1", None]


def test_cookies_and_headers_of_the_pool_go_with_everything(wire, run):
    pool = HttpxPool(cookies={"a": "1", "b": "2"}, headers={"X-App": "mine"})

    async def work() -> None:
        await pool.send(Request("POST", wire.url))
        await pool.request("GET", wire.url)

    run(work)
    assert [(request.header("Cookie"), request.header("X-App")) for request in wire.arrived] == [
        ("a=1; b=2", "mine")
    ] * 2


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_token_endpoint_is_never_redirected(wire, stranger, run, answer_with, status):
    wire.answer = lambda _: answer_with("x" * 100, status, (("Location", stranger.url),))
    answer = run(lambda: HttpxPool().send(Request("POST", wire.url, {"Authorization": "OAuth a"})))
    assert (answer.status, answer.header("Location")) == (int(status[:3]), stranger.url)
    assert stranger.received == b""


@stops_reading
def test_a_long_error_page_shows_its_status_and_its_size(wire, run, answer_with):
    wire.answer = lambda _: answer_with(b"x" * 70_000, "500 Failed")
    with pytest.raises(TransportError, match=r"status 500 is longer than 65536 bytes \(70000\); not read on") as caught:
        run(lambda: HttpxPool().send(Request("POST", wire.url)))
    assert caught.value.status == 500


@stops_reading
@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_an_answer_beyond_the_bound_is_an_error(wire, run, answer_with, encoding):
    body = b"x" * 70_000 if encoding is None else gzip.compress(b"x" * 50_000_000)
    wire.answer = lambda _: answer_with(body, headers=(("Content-Encoding", encoding),) if encoding else ())
    with pytest.raises(TransportError, match=r"127.0.0.1:\d+: the answer with status \d+ is longer than 65536 bytes"):
        run(lambda: HttpxPool().send(Request("POST", wire.url)))


@stops_reading
@pytest.mark.parametrize(
    "answer",
    [
        Dripping(b"HTTP/1.1 200 OK\r\nA: ", b"x"),
        Dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        Dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000, 0),
        Dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 100, 0),
        Dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        Dripping(b"", b""),
        lambda _: None,
        lambda _: b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["header", "headers", "body", "chunks", "flood", "header flood", "continue", "silence", "hang up", "no HTTP"],
)
def test_an_answer_that_is_none_ends_in_an_error(wire, run, answer):
    wire.answer = answer
    with pytest.raises(TransportError) as caught:
        run(lambda: HttpxPool(limits=FAST).send(Request("POST", wire.url)))
    assert not (isinstance(answer, Dripping) and answer.is_over)
    assert caught.value.description.startswith(f"127.0.0.1:{wire.port}: ")
    assert len(wire.arrived) == 1


def test_the_deadline_is_said(wire, run):
    wire.answer = Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
    with pytest.raises(TransportError, match=r"the answer took longer than 0\.4 seconds"):
        run(lambda: HttpxPool(limits=FAST).send(Request("POST", wire.url)))


def test_a_connection_is_tried_again_only_where_none_was_made(run):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]  # bound, not listening: refused
    attempts: list[str] = []

    class Counting(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            attempts.append(request.method)
            return await super().handle_async_request(request)

    pool = HttpxPool(client_factory=lambda: httpx2.AsyncClient(transport=Counting()))
    with listener, pytest.raises(TransportError, match="the connection was refused") as caught:
        run(lambda: pool.send(Request("POST", f"http://127.0.0.1:{port}/x?oauth_signature=hush")))
    assert attempts == ["POST", "POST"]
    assert isinstance(caught.value.__cause__, httpx2.ConnectError)


def test_cancelling_leaves_the_pool_usable(wire, run, answer_with):
    pool = HttpxPool(limits=Limits(max_connections=1))

    async def work() -> None:
        wire.answer = Dripping(b"", b"")
        with anyio.move_on_after(0.2) as scope:
            await pool.send(Request("POST", wire.url))
        assert scope.cancelled_caught
        wire.answer = lambda _: answer_with("again")
        assert (await pool.send(Request("POST", wire.url))).text == "again"

    run(work)


def test_a_proxy_sees_no_signature(tls_wire, tunnel, bundle, run):
    pool = HttpxPool(proxy=tunnel.url, verify=bundle)
    run(lambda: pool.send(Request("POST", tls_wire.url, {"Authorization": "OAuth a"})))
    assert len(tls_wire.arrived) == len(tunnel.heads) == 1
    assert b"OAuth" not in tunnel.heads[0]


def test_a_clients_own_cookies_go_out_and_no_others(wire, run, answer_with):
    wire.answer = lambda _: answer_with("ok", headers=(("Set-Cookie", "sid=alice; Path=/"),))
    pool = HttpxPool(client_factory=lambda: httpx2.AsyncClient(cookies={"a": "1"}))

    async def work() -> None:
        await pool.request("GET", wire.url)
        await pool.send(Request("POST", wire.url))

    run(work)
    assert [request.header("Cookie") for request in wire.arrived] == ["a=1", "a=1"]


class TestTLS:
    def test_a_bundle_of_ones_own(self, tls_wire, bundle, run):
        assert run(lambda: HttpxPool(verify=bundle).send(Request("POST", tls_wire.url))).text == "ok"

    def test_an_unknown_authority_is_refused_and_explained(self, tls_wire, run):
        with pytest.raises(TransportError, match="could not be verified"):
            run(lambda: HttpxPool().send(Request("POST", tls_wire.url)))
        assert tls_wire.received == b""

    def test_verification_can_be_turned_off(self, tls_wire, run):
        assert run(lambda: HttpxPool(verify=False).send(Request("POST", tls_wire.url))).text == "ok"

    def test_a_context_of_ones_own(self, tls_wire, authority, run):
        context = ssl.create_default_context()
        authority.configure_trust(context)
        assert run(lambda: HttpxPool(verify=context).request("GET", tls_wire.url)).text == "ok"

    def test_a_client_certificate_is_sent(self, authority, bundle, tmp_path, serve, run):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        mine = tmp_path / "mine.pem"
        authority.issue_cert("me@example.com").private_key_and_cert_chain_pem.write_to_path(str(mine))
        with serve(context) as wire:
            assert run(lambda: HttpxPool(verify=bundle, cert=str(mine)).send(Request("POST", wire.url))).text == "ok"

    @pytest.mark.parametrize("options", [{"verify": "/no/such/file"}, {"cert": "/no/such/file"}, {"verify": ""}])
    def test_a_file_that_is_not_there_is_found_at_once(self, options):
        with pytest.raises(ConfigurationError, match=r"verify:|cert:"):
            HttpxPool(**options)

    def test_a_file_that_holds_no_certificate_is_explained(self, tmp_path, run):
        junk = tmp_path / "junk.pem"
        junk.write_text("no certificate")
        with pytest.raises(ConfigurationError, match=r"junk.pem.*PEM"):
            run(lambda: HttpxPool(verify=str(junk)).send(Request("POST", "https://127.0.0.1:9")))


@stops_reading
def test_a_streamed_answer_is_left_unread(wire, run, answer_with):
    wire.answer = lambda _: iter([answer_with("first", length=False), b"second"])

    async def work() -> None:
        answer = await HttpxPool().request("GET", wire.url, stream=True)
        async with contextlib.aclosing(answer.aiter_bytes(5)) as pieces:
            assert await anext(pieces) == b"first"
        await answer.aclose()

    run(work)


def test_a_transport_of_ones_own(run):
    """httpx2's own transports for tests go in as client_kwargs give them."""
    seen: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(f"{request.method} {request.url}")
        return httpx2.Response(200, text="mock")

    pool = HttpxPool(transport=httpx2.MockTransport(handler))

    async def work() -> None:
        assert (await pool.send(Request("POST", "https://api.example/token"))).text == "mock"
        assert (await pool.request("GET", "https://api.example/me")).text == "mock"

    run(work)
    run(work)
    assert len(seen) == 4


def test_a_closed_pool_opens_again(wire, run):
    pool = HttpxPool()

    async def work() -> None:
        async with pool:
            await pool.send(Request("POST", wire.url))
        await pool.send(Request("POST", wire.url))
        await pool.aclose()
        await pool.aclose()

    run(work)
    assert wire.connections == 2


def test_data_as_requests_takes_it(wire, run):
    pool = HttpxPool()

    async def work() -> None:
        await pool.request("POST", wire.url, data=[("a", "2"), ("a", "1 é")])
        await pool.request("POST", wire.url, data="a=1")
        await pool.request("POST", wire.url, data={"a": ["1", "2"]})

    run(work)
    assert [request.body for request in wire.arrived] == [b"a=2&a=1+%C3%A9", b"a=1", b"a=1&a=2"]
    assert wire.arrived[0].header("Content-Type") == "application/x-www-form-urlencoded"


def test_pool_shows_no_header_in_its_repr():
    assert "hush" not in repr(HttpxPool(headers={"X-Key": "hush"}))
