"""Servers on loopback that keep what reaches them, byte by byte."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import ssl
import struct
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import oauthlib.common
import pytest
import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from oauthlib.oauth1.rfc5849 import signature, utils

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


class ResetError(Exception):
    """What an answer raises to end the connection with a reset (RST), where it would end orderly otherwise."""


class Wire:
    """An HTTP/1.1 server; ``answer`` makes the bytes of each response, ``None`` closes the connection instead."""

    def __init__(self, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.arrived: list[Arrived] = []
        self.received = b""
        self.connections = 0
        self.answer: Callable[[Arrived], bytes | Iterator[bytes] | None] = lambda _: OK
        wire = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                wire.connections += 1
                number = wire.connections
                while (request := wire.read_request(self.rfile, number)) is not None:
                    wire.arrived.append(request)
                    answer = wire.answer(request)
                    if answer is None:
                        return
                    try:
                        for piece in [answer] if isinstance(answer, bytes) else answer:
                            self.wfile.write(piece)
                    except ResetError:
                        reset(self.connection)
                        return

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

            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        self.server = Server((host, 0), Handler)
        self.scheme = "https" if context else "http"
        self.port: int = self.server.server_address[1]
        self.url = f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def read_request(self, stream: object, number: int) -> Arrived | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            self.received += line
            if not line:
                return None
            head += line
        arrived = Arrived(head[:-4], b"", number)
        if arrived.header("Transfer-Encoding") == "chunked":
            while size := int(stream.readline(), 16):
                arrived.body += stream.read(size)
                stream.readline()
            stream.readline()
        else:
            arrived.body = stream.read(int(arrived.header("Content-Length") or 0))
        self.received += arrived.body
        return arrived

    @property
    def last(self) -> Arrived:
        return self.arrived[-1]


def reset(connection: socket.socket) -> None:
    """End ``connection`` with a reset; what the other side has not read yet is lost."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


def response(
    body: bytes | str = b"", status: str = "200 OK", headers: tuple[tuple[str, str], ...] = (), *, length: bool = True
) -> bytes:
    """The bytes of a response."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    if length:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Dripping:
    """An answer of ``head`` and then ``piece``, again and again, until the client goes away.

    A client that stays is let go after 15 seconds, and ``is_over`` tells that it stayed. So a test that would hang
    fails, and no test compares a time.
    """

    def __init__(self, head: bytes, piece: bytes, pause: float = 0.05) -> None:
        self.head = head
        self.piece = piece
        self.pause = pause
        self.sent = 0
        self.is_over = False

    def __call__(self, arrived: Arrived) -> Iterator[bytes]:
        yield self.head
        end = time.monotonic() + 15
        while time.monotonic() < end:
            yield self.piece
            self.sent += len(self.piece)
            time.sleep(self.pause)
        self.is_over = bool(self.piece)  # who writes nothing cannot see whether the client is there
        raise ConnectionAbortedError


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Wire]:
    wire = Wire(context, host)
    thread = threading.Thread(target=wire.server.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True)
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
def serve() -> Callable[..., contextlib.AbstractContextManager[Wire]]:
    """``with serve(context, host) as wire``: a server of the test's own."""
    return serving


@pytest.fixture
def answer_with() -> Callable[..., bytes]:
    """``answer_with(body, status, headers)``: the bytes of a response."""
    return response


def quoted(form: str) -> str:
    """A query or form without the raw characters that oauthlib refuses, and that any server decodes to themselves."""
    return quote(form, safe="=&;:%+~,*@!()/?'$-._")


@dataclass
class Judge:
    """Verifies what arrived with oauthlib, from the bytes on the wire alone."""

    client_secret: str = "cs"
    token_secret: str = "ts"
    rsa_key: RSAPublicKey | None = None
    seen_nonces: set[str] = field(default_factory=set)

    def __call__(self, arrived: Arrived, scheme: str = "http") -> dict[str, str]:
        """Assert that the signature is valid and new; return the protocol parameters."""
        target = arrived.target if "://" in arrived.target else f"{scheme}://{arrived.header('Host')}{arrived.target}"
        head, mark, query = target.partition("?")
        uri = head + mark + quoted(query)  # the path is signed as it was sent
        form = (arrived.header("Content-Type") or "").partition(";")[0] == "application/x-www-form-urlencoded"
        assert len(arrived.all("Authorization")) <= 1
        places = [place for place, text in self._places(arrived, form).items() if "oauth_signature" in text]
        assert len(places) == 1, f"the protocol parameters are in {places}"

        request = oauthlib.common.Request(uri, arrived.method)
        # Not oauthlib's collect_parameters: that decodes protocol parameters of a query or a form twice.
        authorization = arrived.header("Authorization") or ""
        pairs = [
            *oauthlib.common.urldecode(urlsplit(uri).query),
            *oauthlib.common.urldecode(quoted(arrived.body.decode()) if form else ""),
            *((name, utils.unescape(value)) for name, value in self._header(authorization) if name != "realm"),
        ]
        protocol = dict(pair for pair in pairs if pair[0].startswith("oauth_"))
        assert sum(name.startswith("oauth_") for name, _ in pairs) == len(protocol)
        request.params = [pair for pair in pairs if pair[0] != "oauth_signature"]
        request.signature = protocol["oauth_signature"]
        assert self._verify(request, protocol["oauth_signature_method"]), "oauthlib computes another base string"
        assert protocol["oauth_nonce"] not in self.seen_nonces
        self.seen_nonces.add(protocol["oauth_nonce"])
        self.parameters = [pair for pair in pairs if not pair[0].startswith("oauth_")]
        return {**protocol, "place": places[0]}

    def _verify(self, request: oauthlib.common.Request, method: str) -> bool:
        if self.rsa_key is None:
            verify = getattr(signature, "verify_" + method.lower().replace("-", "_"))
            return verify(request, self.client_secret, self.token_secret)
        base_string = signature.signature_base_string(
            request.http_method,
            signature.base_string_uri(request.uri),
            signature.normalize_parameters(request.params),
        )
        # With oauthlib's base string; its own verification would need PyJWT.
        hash_class = getattr(hashes, method.removeprefix("RSA-"))
        self.rsa_key.verify(b64decode(request.signature), base_string.encode(), PKCS1v15(), hash_class())
        return True

    def _header(self, authorization: str) -> list[tuple[str, str]]:
        return utils.parse_authorization_header(authorization) if authorization.startswith("OAuth ") else []

    def _places(self, arrived: Arrived, form: bool) -> dict[str, str]:
        return {
            "HEADER": arrived.header("Authorization") or "",
            "QUERY": arrived.target.partition("?")[2],
            "BODY": arrived.body.decode() if form else "",
        }


@pytest.fixture
def judge() -> Judge:
    return Judge()


class Tunnel:
    """A proxy that knows CONNECT alone, and keeps what it could read."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        tunnel = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += self.rfile.readline()
                tunnel.heads.append(head)
                host, _, port = head.split(b" ")[1].decode().rpartition(":")
                with socket.create_connection((host, int(port))) as beyond:
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(target=self.pump, args=(beyond, self.connection), daemon=True)
                    back.start()
                    self.pump(self.connection, beyond)
                    back.join()

            def pump(self, source: socket.socket, sink: socket.socket) -> None:
                with contextlib.suppress(OSError):
                    while piece := source.recv(65536):
                        sink.sendall(piece)
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    proxy = Tunnel()
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True)
    thread.start()
    yield proxy
    proxy.server.shutdown()
    proxy.server.server_close()
    thread.join()
