"""Servers on loopback that keep what reaches them, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Arrived:
    """One request as it came in."""

    raw_head: bytes
    body: bytes
    connection: int
    method: str = field(init=False)
    target: str = field(init=False)
    headers: list[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        line, *rest = self.raw_head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = line.split(" ")
        self.headers = [(name, value.strip()) for name, _, value in (text.partition(":") for text in rest if text)]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


class Wire:
    """An HTTP/1.1 server; ``answer`` makes the bytes of each response, ``None`` closes the connection instead."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.arrived: list[Arrived] = []
        self.received = b""
        self.connections = 0
        self.answer: Callable[[Arrived], bytes | Iterator[bytes] | None] = lambda _: OK
        wire = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                wire.connections += 1
                number = wire.connections
                while (request := wire._read(self.rfile, number)) is not None:
                    wire.arrived.append(request)
                    answer = wire.answer(request)
                    if answer is None:
                        return
                    for piece in [answer] if isinstance(answer, bytes) else answer:
                        self.wfile.write(piece)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def get_request(self) -> tuple[socket.socket, object]:
                connection, address = super().get_request()
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                return connection, address

            def handle_error(self, *_: object) -> None:
                """A client that goes away is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.scheme = "https" if context else "http"
        self.port: int = self.server.server_address[1]
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"

    def _read(self, stream: object, number: int) -> Arrived | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()  # type: ignore[attr-defined]
            self.received += line
            if not line:
                return None
            head += line
        arrived = Arrived(head[:-4], b"", number)
        if arrived.header("Transfer-Encoding") == "chunked":
            while size := int(stream.readline(), 16):  # type: ignore[attr-defined]
                arrived.body += stream.read(size)  # type: ignore[attr-defined]
                stream.readline()  # type: ignore[attr-defined]
            stream.readline()  # type: ignore[attr-defined]
        else:
            arrived.body = stream.read(int(arrived.header("Content-Length") or 0))  # type: ignore[attr-defined]
        self.received += arrived.body
        return arrived

    @property
    def last(self) -> Arrived:
        return self.arrived[-1]


def response(
    body: bytes | str = b"", status: str = "200 OK", headers: tuple[tuple[str, str], ...] = (), *, length: bool = True
) -> bytes:
    """The bytes of a response."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    if length:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Wire]:
    wire = Wire(context)
    thread = threading.Thread(target=wire.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.server.shutdown()
        wire.server.server_close()
        thread.join()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as server:
        yield server


@pytest.fixture
def stranger() -> Iterator[Wire]:
    """Another origin."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_wire(authority: trustme.CA) -> Iterator[Wire]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with serving(context) as server:
        yield server


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """certifi's authorities and ours, as a user's bundle would be."""
    import certifi

    path = tmp_path_factory.mktemp("tls") / "bundle.pem"
    path.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + authority.cert_pem.bytes())
    return str(path)


@pytest.fixture
def serve() -> Callable[[ssl.SSLContext], contextlib.AbstractContextManager[Wire]]:
    """``with serve(context) as wire``: a server with a TLS context of the test's own."""
    return serving


@pytest.fixture
def answer_with() -> Callable[..., bytes]:
    """``answer_with(body, status, headers)``: the bytes of a response."""
    return response
