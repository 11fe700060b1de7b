"""Bodies that are long, slow or without an end: streamed with bounded memory, until either side goes away."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.cli.proxies import Arrived, RunningProxy, Upstream, acme, parsed, running

MEBIBYTE = 2**20
ROOM = 16 * MEBIBYTE
"""How much the memory of the proxy may grow: buffers of sockets, of uvicorn and of httpx2."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream().running() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def running_proxy(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    folder = tmp_path_factory.mktemp("streams")
    with running(folder, acme(folder, upstream), "acme", "--allow", "* /*") as proxy:
        yield proxy


@pytest.fixture
def proxy(running_proxy: RunningProxy, upstream: Upstream) -> RunningProxy:
    upstream.arrived.clear()
    upstream.answer, upstream.reads_body = None, True
    upstream.ended.clear()
    assert running_proxy.raw(f"GET /{running_proxy.token}/1/warm HTTP/1.1")[0] == 200
    upstream.arrived.clear()
    return running_proxy


def endless(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def begun(proxy: RunningProxy, head: str) -> socket.socket:
    connection = proxy.connected()
    connection.settimeout(30)
    connection.sendall(f"{head}\r\nHost: 127.0.0.1:{proxy.port}\r\n\r\n".encode())
    return connection


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_an_endless_answer_is_streamed_with_bounded_memory(proxy: RunningProxy, upstream: Upstream) -> None:
    upstream.answer = endless
    before, read = proxy.memory(), 0
    with begun(proxy, f"GET /{proxy.token}/1/endless HTTP/1.1") as connection:
        while read < 300 * MEBIBYTE:
            read += len(connection.recv(MEBIBYTE))
    assert upstream.ended.wait(30)  # the program went away, and so does the provider's connection
    assert proxy.memory() - before < ROOM
    until(lambda: "/1/endless 200," in proxy.log())
    (line,) = [line for line in proxy.lines() if "/1/endless" in line]
    assert "the program closed the connection" in line
    assert int(re.search(r"(\d+) B received", line)[1]) > 300 * MEBIBYTE  # type: ignore[index] # no match is a failure


def test_a_program_that_does_not_read_stops_the_provider(proxy: RunningProxy, upstream: Upstream) -> None:
    written = 0

    def count(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
        nonlocal written
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)
            written += 65536

    upstream.answer = count
    before = proxy.memory()
    with begun(proxy, f"GET /{proxy.token}/1/unread HTTP/1.1"):
        until(lambda: written > 0)
        last = -1
        while last != written:
            last = written
            time.sleep(0.5)
        assert written < 64 * MEBIBYTE  # what the buffers of the system hold
        assert proxy.memory() - before < ROOM
    assert upstream.ended.wait(30)


def test_a_long_upload_is_streamed_with_bounded_memory(proxy: RunningProxy, upstream: Upstream) -> None:
    size, got = 200 * MEBIBYTE, 0

    def count(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
        nonlocal got
        while got < size:
            got += len(handler.rfile.read(min(MEBIBYTE, size - got)))
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    upstream.answer, upstream.reads_body = count, False
    before = proxy.memory()
    head = f"PUT /{proxy.token}/1/upload HTTP/1.1\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}"
    with begun(proxy, head) as connection:
        for _ in range(200):
            connection.sendall(b"y" * MEBIBYTE)
        answer = connection.recv(65536)
    assert parsed(answer)[0] == 200
    assert got == size
    assert upstream.arrived[0].headers["content-length"] == str(size)
    assert proxy.memory() - before < ROOM


def test_a_provider_that_does_not_read_stops_the_program(proxy: RunningProxy, upstream: Upstream) -> None:
    go_on = threading.Event()

    def wait(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
        go_on.wait(30)
        handler.close_connection = True

    upstream.answer, upstream.reads_body = wait, False
    before, sent = proxy.memory(), 0
    head = f"PUT /{proxy.token}/1/stuck HTTP/1.1\r\nContent-Type: application/octet-stream\r\nContent-Length: {2**30}"
    with begun(proxy, head) as connection:
        connection.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while sent < 2**30:
                sent += connection.send(b"y" * MEBIBYTE)
        assert sent < 64 * MEBIBYTE
        assert proxy.memory() - before < ROOM
    go_on.set()


def test_pieces_arrive_as_they_are_sent(proxy: RunningProxy, upstream: Upstream) -> None:
    """As in a stream of events."""
    go_on = threading.Event()

    def events(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"9\r\ndata: 1\n\n\r\n")
        go_on.wait(30)
        handler.wfile.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

    upstream.answer = events
    with begun(proxy, f"GET /{proxy.token}/1/events HTTP/1.1") as connection:
        got = b""
        while b"data: 1" not in got:
            got += connection.recv(65536)
        assert b"data: 2" not in got
        go_on.set()
        while not got.endswith(b"0\r\n\r\n"):
            got += connection.recv(65536)
    assert b"data: 2" in got


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(proxy: RunningProxy, upstream: Upstream) -> None:
    def short(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"5\r\nhello\r\n")
        handler.close_connection = True

    upstream.answer = short
    status, headers, body = proxy.raw(f"GET /{proxy.token}/1/short HTTP/1.1")
    assert (status, headers["transfer-encoding"]) == (200, "chunked")
    assert body.endswith(b"hello\r\n")  # without the last chunk
    until(lambda: "the answer broke off (RemoteProtocolError)" in proxy.log())


def test_a_program_that_goes_away_before_the_answer(proxy: RunningProxy, upstream: Upstream) -> None:
    """The provider's connection is closed while it still thinks."""
    gone = threading.Event()

    def think(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
        handler.connection.settimeout(20)
        with contextlib.suppress(OSError):
            if handler.connection.recv(1) == b"":
                gone.set()
        handler.close_connection = True

    upstream.answer = think
    with begun(proxy, f"GET /{proxy.token}/1/slow HTTP/1.1"):
        until(lambda: upstream.arrived)
    assert gone.wait(20)
    until(lambda: "/1/slow 499," in proxy.log())


def test_a_program_that_goes_away_in_its_upload(proxy: RunningProxy, upstream: Upstream) -> None:
    gone = threading.Event()

    def read(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
        handler.connection.settimeout(20)
        with contextlib.suppress(OSError):
            while handler.rfile.read(65536):
                pass
            gone.set()
        handler.close_connection = True

    upstream.answer, upstream.reads_body = read, False
    head = f"PUT /{proxy.token}/1/half HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 1000000"
    with begun(proxy, head) as connection:
        connection.sendall(b"y" * 200000)
        until(lambda: upstream.arrived)
    assert gone.wait(20)
    until(lambda: "/1/half 499," in proxy.log())


def test_the_proxy_ends_while_answers_are_on_their_way(upstream: Upstream, tmp_path: Path) -> None:
    upstream.answer, upstream.reads_body = endless, True
    with (
        running(tmp_path, acme(tmp_path, upstream), "acme") as proxy,
        begun(proxy, f"GET /{proxy.token}/1/endless HTTP/1.1") as connection,
    ):
        assert connection.recv(65536)
        assert proxy.stop() == 0
    assert proxy.log().splitlines()[-1] == "Stopped."
    assert "Traceback" not in proxy.log()
