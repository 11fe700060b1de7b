"""The emulator's own server: loopback, kept connections, bytes as they were on the wire, and no thread left."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from oauth1_catalog.clients.requests_client import OAuth1Session
from oauth1_catalog.emulator.serving import MAX_BODY, HTTPServer
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849.messages import Request, Response

BACK = "https://app.example/callback"


@contextmanager
def listening(answer: Callable[[Request], Response | None]) -> Iterator[tuple[HTTPServer, list[Request]]]:
    seen: list[Request] = []
    connections: list[int] = []

    def opened() -> int:
        connections.append(len(connections) + 1)
        return len(connections)

    def keep(request: Request, connection: int) -> Response | None:
        seen.append(request)
        return answer(request)

    with HTTPServer("127.0.0.1", 0, answer=keep, opened=opened) as server:
        server.connections = connections
        yield server, seen


def hello(request: Request) -> Response:
    return Response(200, {"Content-Type": "text/plain"}, b"hello")


def talk(server: HTTPServer, *requests: bytes) -> bytes:
    """Send the requests on one connection, and read until the server closes it."""
    with socket.create_connection(server.server_address[:2], timeout=10) as connection:
        for request in requests:
            connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("head", "option"),
    [
        (b"GET / HTTP/1.1\r\nHost: x", b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close", b"close"),
        (b"GET / HTTP/1.0\r\nHost: x", b"close"),
        (b"GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive", b"keep-alive"),
    ],
)
def test_the_answer_says_what_becomes_of_the_connection(head: bytes, option: bytes) -> None:
    """A client such as Node's keeps a connection otherwise, and its next request fails."""
    with listening(hello) as (server, _):
        answer = talk(server, head + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert (b"Connection: " + option in answer) if option else (b"Connection" not in answer)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_the_server_listens_on_loopback_only(host):
    with pytest.raises(ConfigurationError, match="loopback only"):
        HTTPServer(host, 0, answer=lambda request, connection: None, opened=lambda: 1)


def test_one_connection_carries_many_requests():
    with listening(hello) as (server, seen):
        answer = talk(server, *[b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"] * 3)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert len(seen) == 3
    assert server.connections == [1]


def test_the_target_and_the_host_as_they_came():
    with listening(hello) as (server, seen):
        head = b"Host: A.example:99\r\nX-One: 1\r\nx-one: 2\r\n\r\n"
        talk(server, b"DELETE //a%2fb/../c?x=%7e&y[]=\xc3\xa9 HTTP/1.1\r\n" + head)
    assert seen[0].method == "DELETE"
    assert seen[0].url.encode("latin-1") == b"http://A.example:99//a%2fb/../c?x=%7e&y[]=\xc3\xa9"
    assert seen[0].header("X-One") == "1, 2"


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (b"Content-Length: 3", b"a=b", b"a=b"),
        (b"Transfer-Encoding: chunked", b"2\r\na=\r\n1;x=y\r\nb\r\n0\r\nTrailer: t\r\n\r\n", b"a=b"),
        (b"X: none", b"", None),
    ],
)
def test_each_kind_of_body_is_read(head, body, expected):
    with listening(hello) as (server, seen):
        answer = talk(
            server, b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n" + body, b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        )
    assert [request.body for request in seen] == [expected, None]
    assert answer.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(
    "head",
    [
        f"Content-Length: {MAX_BODY + 1}".encode(),
        b"Content-Length: -1",
        b"Content-Length: many",
        b"Transfer-Encoding: chunked\r\n\r\nzz",
        b"Transfer-Encoding: chunked\r\n\r\n-5",
        b"Transfer-Encoding: chunked\r\n\r\nfffffffff",
    ],
)
def test_bodies_that_are_not_read(head):
    with listening(hello) as (server, seen):
        answer = talk(server, b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"Connection: close" in answer
    assert seen == []


def test_a_client_that_waits_before_it_sends_its_body():
    with listening(hello) as (server, seen), socket.create_connection(server.server_address[:2], timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 100")
        client.sendall(b"a=b")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert seen[0].body == b"a=b"


def test_head_has_no_body_and_a_drop_no_answer():
    with listening(hello) as (server, _):
        answer = talk(server, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length: 5" in answer
    with listening(lambda request: None) as (server, _):
        assert talk(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") == b""


def test_it_stops_with_connections_open_and_leaves_no_thread():
    before = threading.active_count()
    with listening(hello) as (server, _):
        idle = [socket.create_connection(server.server_address[:2], timeout=10) for _ in range(5)]
        idle[0].sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle[0].recv(65536).startswith(b"HTTP/1.1 200")
    assert threading.active_count() == before
    for connection in idle:
        with connection:
            assert _ends(connection)


def _ends(connection: socket.socket) -> bool:
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass  # what was under way; then the end
    return True


def test_plain_bytes_at_the_tls_port_hold_nobody_up(emulator):
    host, _, port = emulator.origins.secure.removeprefix("https://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as silent:
        with socket.create_connection((host, int(port)), timeout=10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert _ends(plain)
        context = ssl.create_default_context(cafile=emulator.ca_file)
        with (
            socket.create_connection((host, int(port)), timeout=10) as good,
            context.wrap_socket(good, server_hostname=host) as secured,
        ):
            secured.sendall(b"GET /nobody/api/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert secured.recv(65536).startswith(b"HTTP/1.1 404")
        silent.close()


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5", "[::1"]
)
def test_a_page_whose_name_leads_to_this_machine_gets_nothing(emulator, host):
    """DNS rebinding: the browser is here, and the page that asks is a stranger's."""
    twitter = emulator.catalog.provider("twitter")
    for origin in (emulator.origins.consent, emulator.origins.secure):
        port = int(origin.rpartition(":")[2])
        context = ssl.create_default_context(cafile=emulator.ca_file)
        for path in (urlsplit(twitter.authorize_url).path + "?oauth_token=x", "/", "/1.1/x"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, contextlib.ExitStack() as stack:
                wrapped = plain
                if origin.startswith("https"):
                    wrapped = stack.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))
                wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
                assert wrapped.recv(65536)[:12] in {b"HTTP/1.1 421", b""}


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("same-origin", 302), ("none", 302), (None, 302)],
)
def test_a_page_of_somebody_else_does_not_decide(emulator, site, status):
    """Its form can be sent here, with a request token that it knows; a browser says whose form it is."""
    catalog, client = emulator.catalog, emulator.client("twitter")
    with OAuth1Session(client.client_id, client.client_secret, redirect_uri=BACK, verify=emulator.ca_file) as session:
        provider = catalog.provider("twitter")
        token = session.fetch_request_token(provider.request_token_url)["oauth_token"]
        headers = {"Sec-Fetch-Site": site} if site else {}
        decided = requests.post(
            f"{provider.authorize_url}?oauth_token={token}",
            data={"decision": "authorize"},
            headers=headers,
            allow_redirects=False,
            timeout=10,
        )
    assert decided.status_code == status
