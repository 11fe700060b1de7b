"""The connections that requests keeps for us: how they age, how long an answer may take, what redirects may do."""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.requests_client import OAuth1Auth, OAuth1Session
from oauth1_catalog.clients.requests_connections import IdleConnections, PoolAdapter
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import OAuthError, ProviderError, TransportError
from oauth1_catalog.rfc5849.messages import Request
from tests.clients.conftest import Dripping

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}


def idle_connections(pool: RequestsPool) -> IdleConnections:
    return pool._session().get_adapter("http://x")._idle  # private: idle sockets show nowhere else


def idle_of(pool: RequestsPool) -> int:
    return len(idle_connections(pool))


def sockets(idle: IdleConnections) -> list[socket.socket]:
    return [connection.sock for connection in idle._since]  # private: as above


def let_age(pool: RequestsPool) -> None:
    """Let each idle connection have been idle for longer than ``keepalive``."""
    since = idle_connections(pool)._since  # private: a test cannot wait for a minute
    since |= {connection: (moment - 61, owner) for connection, (moment, owner) in since.items()}


def at_once(work: Callable[[], object], times: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def together(wire, answer_with) -> Callable[[RequestsPool, int], None]:
    """``together(pool, n)``: n calls that all wait for each other, and so use n connections."""

    def calls(pool: RequestsPool, times: int) -> None:
        barrier = threading.Barrier(times)
        wire.answer = lambda _: (barrier.wait(10), answer_with("ok"))[1]
        at_once(lambda: pool.request("GET", wire.url), times)
        wire.answer = lambda _: answer_with("ok")

    return calls


class TestIdleConnections:
    def test_those_of_a_burst_are_closed_by_a_later_call(self, wire, together):
        with RequestsPool() as pool:
            together(pool, 5)
            assert idle_of(pool) == 5
            let_age(pool)
            pool.request("GET", wire.url)
            assert idle_of(pool) == 1
        assert wire.connections == 6

    def test_those_that_the_provider_closed_do_not_stay(self, answer_with, serve):
        """Linux calls it CLOSE-WAIT: the other end is closed, ours is not."""
        with serve() as wire, RequestsPool() as pool:
            barrier = threading.Barrier(5)
            wire.answer = lambda _: (barrier.wait(10), iter([answer_with("ok")]))[1]
            at_once(lambda: pool.request("GET", wire.url), 5)
            socks = sockets(idle_connections(pool))
            assert len(socks) == 5
            let_age(pool)
            wire.answer = lambda _: answer_with("ok")
            pool.request("GET", wire.url)
            assert [sock.fileno() for sock in socks] == [-1] * 5

    def test_there_are_no_more_than_the_limit_and_nobody_is_warned(self, wire, together, caplog):
        caplog.set_level(logging.DEBUG)
        with RequestsPool(limits=Limits(max_connections=3)) as pool:
            together(pool, 8)
            assert idle_of(pool) == 3
        assert [record.message for record in caplog.records if record.levelno > logging.DEBUG] == []

    def test_the_one_that_was_used_last_is_used_next(self, wire, together, answer_with):
        with RequestsPool() as pool:
            together(pool, 3)
            wire.answer = lambda request: answer_with(str(request.connection))
            assert len({pool.request("GET", wire.url).text for _ in range(5)}) == 1
        assert wire.connections == 3

    def test_a_pool_that_is_collected_closes_its_connections(self, wire):
        idle = IdleConnections(60, per_pool=10)
        pool = HTTPConnectionPool("127.0.0.1", wire.port)
        idle.keep_for(pool)
        idle.keep_for(pool)
        pool.request("GET", "/")
        (sock,) = sockets(idle)
        del pool
        assert len(idle) == 0
        assert sock.fileno() == -1

    def test_a_pool_may_be_collected_while_another_is_given_or_takes_a_connection(self, wire):
        """The garbage collector runs where it likes, within the lock too."""
        idle = IdleConnections(60, per_pool=10)
        pool = HTTPConnectionPool("127.0.0.1", wire.port)
        idle.keep_for(pool)
        pool.request("GET", "/")
        (sock,) = sockets(idle)
        with idle._lock:  # private: the garbage collector cannot be told to run within it
            del pool
            assert sock.fileno() > 0
        other = HTTPConnectionPool("127.0.0.1", wire.port)
        idle.keep_for(other)
        other.request("GET", "/")
        assert (sock.fileno(), len(idle)) == (-1, 1)
        other.close()

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_the_pools_are_urllib3s_own(self, scheme, bundle):
        adapter = PoolAdapter(Limits())
        request = requests.Request("GET", f"{scheme}://127.0.0.1/").prepare()
        for proxies in ({}, {scheme: "http://127.0.0.1:1"}, {scheme: "https://127.0.0.1:1"}):
            pool = adapter.get_connection_with_tls_context(request, bundle, proxies)
            assert type(pool) in (HTTPConnectionPool, HTTPSConnectionPool)
        adapter.close()


DRIPS = {
    "status line": b"",
    "header": b"HTTP/1.1 200 OK\r\nA: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 100000\r\n\r\n",
}


def factory() -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=2))
    return session


@pytest.mark.parametrize("kind", ["pool", "session", "factory"])
@pytest.mark.parametrize("start", DRIPS.values(), ids=DRIPS.keys())
def test_one_byte_every_third_of_a_second_ends_by_the_deadline(wire, kind, start, answer_with):
    wire.answer = lambda _: answer_with("oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=true")
    if kind == "session":
        session = OAuth1Session(**KEYS, token_deadline=1.0)
        ask: Callable[[], object] = lambda: session.fetch_request_token(wire.url)  # noqa: E731 - as short as the others
    else:
        options = {"session_factory": factory} if kind == "factory" else {}
        pool = RequestsPool(limits=Limits(token_deadline=1.0), **options)
        ask = lambda: pool.send(Request("POST", wire.url))  # noqa: E731 - as short as the others
    ask()  # the connection is kept, and the deadline holds for the next exchange over it
    wire.answer = drips = Dripping(start, b"x", 0.3)
    with pytest.raises(TransportError, match=r"longer than 1\.0 seconds"):
        ask()
    assert not drips.is_over
    assert wire.connections == 1


def test_a_deadline_is_not_one_of_the_calls_that_follow(wire, answer_with):
    with RequestsPool(limits=Limits(token_deadline=0.3)) as pool:
        pool.send(Request("POST", wire.url))
        wire.answer = lambda _: (time.sleep(0.5), answer_with("late"))[1]
        assert pool.request("GET", wire.url).text == "late"
    assert wire.connections == 1


class Silent(socketserver.ThreadingTCPServer):
    """A server that takes connections and says nothing: a TLS handshake hangs.

    Attributes:
        left: for each connection whether its client went away, or was still there after 15 seconds.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), None)
        self.left: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.url = f"https://127.0.0.1:{self.server_address[1]}"

    def finish_request(self, request: Any, client_address: object) -> None:
        request.settimeout(15)
        try:
            with contextlib.suppress(ConnectionError):
                while request.recv(4096):
                    pass
        except TimeoutError:
            self.left.put(False)
        else:
            self.left.put(True)


@pytest.fixture
def silent() -> Iterator[Silent]:
    with Silent() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class TestConnecting:
    def test_a_tls_handshake_that_hangs_ends_after_the_connect_timeout(self, silent):
        with RequestsPool(limits=Limits(connect=0.5, read=60)) as pool:
            with pytest.raises(TransportError, match="no connection in time"):
                pool.send(Request("POST", silent.url))
            assert silent.left.get(timeout=20)
            with pytest.raises(requests.Timeout):
                pool.request("GET", silent.url)
            assert silent.left.get(timeout=20)
        assert silent.left.empty()  # each was tried once

    def test_a_connection_that_hangs_is_not_tried_again(self, monkeypatch, caplog):
        caplog.set_level(logging.WARNING)
        tried = []

        def hang(address: object, *_: object, **__: object) -> None:
            tried.append(address)
            raise TimeoutError

        monkeypatch.setattr("urllib3.util.connection.create_connection", hang)
        with RequestsPool(proxies={"https": "http://127.0.0.1:1"}) as proxied, RequestsPool() as pool:
            with pytest.raises(TransportError, match="no connection in time"):
                pool.send(Request("POST", "http://127.0.0.1:9/x?oauth_signature=hush"))
            with pytest.raises(requests.ConnectTimeout):
                pool.request("GET", "http://127.0.0.1:9/x")
            with pytest.raises(TransportError):
                proxied.send(Request("POST", "https://127.0.0.1:9/x"))
        assert len(tried) == 3
        assert caplog.text == ""


def endless(head: bytes) -> Iterator[bytes]:
    yield head
    while True:
        yield b"x" * 10_000


LOCATIONS = ["https://[", "//[::1", "/x", "https://elsewhere.example/", "\xe9", "https://\xe9[/"]


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("kind", ["pool", "session", "factory"])
class TestRedirects:
    def test_a_token_endpoints_is_read_like_any_answer_and_not_followed(self, wire, answer_with, kind, location):
        """Within the bound, that is: requests would read all of it."""
        wire.answer = lambda _: endless(answer_with("", "302 Found", (("Location", location),), length=False))
        if kind == "session":
            with OAuth1Session(**KEYS) as session, pytest.raises(OAuthError, match="longer than 65536 bytes"):
                session.fetch_request_token(wire.url)
        else:
            options = {"session_factory": factory} if kind == "factory" else {}
            with RequestsPool(**options) as pool:
                with pytest.raises(TransportError, match="longer than 65536 bytes"):
                    pool.send(Request("POST", wire.url))
                wire.answer = lambda _: answer_with("moved", "302 Found", (("Location", location),))
                assert pool.send(Request("POST", wire.url)).text == "moved"
        assert all(request.method == "POST" for request in wire.arrived)

    def test_an_api_calls_raises_nothing_raw(self, wire, answer_with, kind, location):
        wire.answer = lambda request: (
            answer_with("end") if request.target == "/x" else answer_with("", "302 Found", (("Location", location),))
        )
        if kind == "session":
            session = OAuth1Session(**KEYS)
            call: Callable[..., requests.Response] = session.request
        else:
            pool = RequestsPool(session_factory=factory) if kind == "factory" else RequestsPool()
            auth = OAuth1Auth(**KEYS)
            call = lambda *args, **kwargs: pool.request(*args, auth=auth, **kwargs)  # noqa: E731 - as short as the others
        assert call("GET", wire.url, allow_redirects=False).status_code == 302
        if location == "/x":
            assert call("GET", wire.url).text == "end"
        else:
            with pytest.raises(ProviderError, match="redirect"):
                call("GET", wire.url)


def test_an_applications_own_use_of_its_session_is_redirected_as_before(wire, answer_with):
    wire.answer = lambda request: (
        answer_with("end") if request.target == "/x" else answer_with("", "302 Found", (("Location", "/x"),))
    )
    session = factory()
    for _ in range(2):
        with RequestsPool(session_factory=lambda: session) as pool:
            assert pool.send(Request("POST", wire.url)).status == 302
            assert session.get(wire.url).text == "end"
            assert session.get(wire.url, allow_redirects=False).next.url == f"{wire.url}/x"
