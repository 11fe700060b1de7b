"""A small HTTP/1.1 server for the emulator, on loopback, with threads, persistent connections and TLS.

It uses the standard library's, because the emulator verifies what was on the wire: the request's target as it was sent,
repeated headers, chunked bodies. (Werkzeug's development server closes each connection after one response.)
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import authority_of
from oauth1_catalog.rfc5849.messages import Request, Response

log: logging.Logger = logging.getLogger(__name__)

MAX_BODY = 16 * 2**20
"""The longest request body that is read, in bytes."""

Answer = Callable[[Request, int], Response | None]
"""Answers a request on the connection with that number; ``None`` drops the connection."""


class HTTPServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens on loopback. In a ``with`` block it runs in its own thread; no thread is left afterwards.

    Args:
        host: a loopback address, or ``localhost``.
        port: 0 for any free port.
        answer: is called for each request, from many threads.
        opened: is called for each connection, and returns its number.
        tls: the context for https. Default: plain http.

    Raises:
        ConfigurationError: ``host`` is not on loopback.
        OSError: the port is in use.
    """

    allow_reuse_address = True
    request_queue_size = 256
    daemon_threads = False

    def __init__(
        self, host: str, port: int, *, answer: Answer, opened: Callable[[], int], tls: ssl.SSLContext | None = None
    ) -> None:
        require_loopback(host)
        self.answer = answer
        self.opened = opened
        self.tls = tls
        self._live: set[socket.socket] = set()
        self._live_lock = threading.Lock()
        if ":" in host:
            self.address_family: int = socket.AF_INET6
        super().__init__((host, port), _Handler)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host, port = self.server_address[:2]
        name = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"{'https' if self.tls else 'http'}://{name}:{port}"

    def __enter__(self) -> HTTPServer:
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, name=f"emulator {self.origin}", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Each step runs even if Ctrl+C interrupts the one before: an open connection would keep the process alive.
        with contextlib.ExitStack() as steps:
            steps.callback(self.server_close)
            steps.callback(self._drop_connections)
            steps.callback(self._thread.join)
            steps.callback(self.shutdown)

    def _drop_connections(self) -> None:
        with self._live_lock:
            live = list(self._live)
        for connection in live:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Serve one connection in its own thread, so that a slow TLS handshake does not block others."""
        if not isinstance(request, socket.socket):  # pragma: no cover - that is a datagram
            return
        with self._live_lock:
            self._live.add(request)
        try:
            if self.tls is None:
                _Handler(request, client_address, self)
                return
            with self.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as wrapped:
                with self._live_lock:
                    self._live = self._live - {request} | {wrapped}
                try:
                    wrapped.do_handshake()
                    _Handler(wrapped, client_address, self)
                finally:
                    with self._live_lock:
                        self._live.discard(wrapped)
        except (OSError, ValueError) as error:
            log.debug("emulator: a connection ended early: %s", type(error).__name__)
        finally:
            with self._live_lock:
                self._live.discard(request)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests from one connection until either side closes it."""

    protocol_version = "HTTP/1.1"
    server_version = "oauth1-catalog-emulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: HTTPServer

    def setup(self) -> None:
        super().setup()
        self.connection_number = self.server.opened()

    def handle_any(self) -> None:
        """Answer one request with any method."""
        body = self._body()
        if body is None:
            self.close_connection = True
            self.send_error(413, "Body too long or unreadable")
            return
        response = self.server.answer(self._request(body), self.connection_number)
        if response is None:
            self.close_connection = True
            return
        self._send(response)

    def handle_expect_100(self) -> bool:
        """Send "100 Continue" at once; otherwise it waits in a buffer."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def __getattr__(self, name: str) -> Callable[[], None]:
        """``http.server`` calls ``do_GET`` and so on; here all methods are the same."""
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def _request(self, body: bytes) -> Request:
        scheme = "https" if self.server.tls else "http"
        host = self.headers.get("Host") or authority_of(self.server.origin)
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            known = next((other for other in headers if other.lower() == name.lower()), name)
            headers[known] = f"{headers[known]}, {value}" if known in headers else value
        target = self.requestline.split()[1]  # `self.path` would have lost a slash of two at its beginning
        return Request(self.command, f"{scheme}://{host}{target}", headers, body or None)

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return None
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes | None:
        """A body in chunks (RFC 9112, section 7.1)."""
        body = b""
        while True:
            try:
                size = int(self.rfile.readline(1024).split(b";")[0], 16)
            except ValueError:
                return None
            if not 0 <= size <= MAX_BODY - len(body):
                return None
            body += self.rfile.read(size)
            if size == 0:
                while self.rfile.readline(65536) not in {b"\r\n", b"\n", b""}:
                    pass  # trailers are ignored
                return body
            self.rfile.readline(1024)

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        self.send_header("Server", self.version_string())
        if not response.header("Date"):  # a failure that a test asks for can have another time
            self.send_header("Date", self.date_time_string())
        for name, value in response.headers.items():
            self.send_header(name, value)
        has_body = response.status >= 200 and response.status not in {204, 304}
        if has_body and not response.header("Content-Length"):
            self.send_header("Content-Length", str(len(response.body)))
        if not response.header("Connection") and (option := self._connection()):
            self.send_header("Connection", option)
        self.end_headers()
        if has_body and self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _connection(self) -> str:
        """What becomes of the connection, if that is not the default of the client's version (RFC 9112, section 9.3).

        Node sends another request on a connection that the server closes without a word, even if it asked for that.
        """
        if self.close_connection:
            return "close"
        return "keep-alive" if self.request_version == "HTTP/1.0" else ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Log nothing: these lines contain the whole target, and so tokens. ``endpoints.py`` logs without them."""


def require_loopback(host: str) -> None:
    """Refuse to listen on an address that other machines can reach.

    >>> require_loopback("127.0.0.1")
    >>> require_loopback("0.0.0.0")
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: the emulator listens on loopback only, not on ...

    Raises:
        ConfigurationError: ``host`` is not a loopback address.
    """
    try:
        fine = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        fine = False
    if not fine:
        raise ConfigurationError(
            description=f"the emulator listens on loopback only, not on {host!r}, because it issues tokens to anyone. "
            "Use 127.0.0.1 or ::1."
        )
