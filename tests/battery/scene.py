"""The servers that the faults of ``faults.py`` need, over real sockets and TLS."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import trustme

from tests.battery.faults import HEAD, HTML, SECRET, Answer, Fault, pieces
from tests.clients.conftest import Dripping, Wire, reset, response, serving


@contextlib.contextmanager
def listening(behave: Callable[[socket.socket], None], met: list[int]) -> Iterator[int]:
    """A server that speaks no protocol: ``behave`` does with each connection what it wants; gives the port.

    The number of each connection is added to ``met``.
    """

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            met.append(len(met))
            behave(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """A client that goes away is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def _closing(connection: socket.socket) -> None:
    connection.recv(100)


def _resetting(connection: socket.socket) -> None:
    connection.recv(100)
    reset(connection)


def _silent(connection: socket.socket) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end and connection.recv(65536):
        pass


def _plain(connection: socket.socket) -> None:
    """As a web server does whose port of http is asked for https."""
    connection.recv(65536)
    connection.sendall(response(HTML, "400 Bad Request"))


PROXY_LOGIN = (("Proxy-Authenticate", "Basic realm=x"),)


def _proxy_answer(kind: str) -> Answer:
    answers: dict[str, Answer] = {
        "closing": lambda _: None,
        "silent": Dripping(b"", b""),
        "407": lambda arrived: response(
            str(arrived.header("Proxy-Authorization")), "407 Proxy Authentication Required", PROXY_LOGIN
        ),
        "403": lambda _: response(HTML, "403 Forbidden"),
        "502": lambda _: response(HTML, "502 Bad Gateway"),
        "garbage": pieces(b"220 mail.example ESMTP\r\n"),
        "dripping": Dripping(HEAD, b"X", 0.05),
        "tunnel that closes": pieces(b"HTTP/1.1 200 Connection established\r\n\r\n"),
    }  # fmt: skip
    return answers[kind]


class Scene:
    """The servers that the faults need, and where each is met."""

    def __init__(self, folder: Path) -> None:
        self._stack = contextlib.ExitStack()
        self._met: list[int] = []
        authority, other = trustme.CA(), trustme.CA()
        self.authorities = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(self.authorities)
        now = dt.datetime.now(dt.UTC)
        self.server = self._serve(authority.issue_cert("127.0.0.1"))
        self.stranger = self._serve(authority.issue_cert("127.0.0.1"))
        self.proxy = self._stack.enter_context(serving())
        began, ended = now - dt.timedelta(days=9), now - dt.timedelta(days=1)
        servers = {
            "another host": self._serve(authority.issue_cert("provider.example")),
            "expired": self._serve(authority.issue_cert("127.0.0.1", not_before=began, not_after=ended)),
            "untrusted": self._serve(other.issue_cert("127.0.0.1")),
        }  # fmt: skip
        self._strangers = servers
        ports = {name: self._stack.enter_context(listening(behave, self._met)) for name, behave in (
            ("plain", _plain), ("closing", _closing), ("resetting", _resetting), ("silent", _silent),
        )}  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as closed:
            refusing = closed.getsockname()[1]
        self.places = {
            "server": self.server.url,
            "closed port": f"https://127.0.0.1:{refusing}",
            "unknown host": "https://no-such-host.invalid",
            **{name: server.url for name, server in servers.items()},
            **{name: f"https://127.0.0.1:{port}" for name, port in ports.items()},
        }
        self._refusing = refusing

    def proxy_url(self, fault: Fault) -> str | None:
        """The URL of the fault's proxy, with the credentials."""
        if not fault.proxy:
            return None
        hosts = {"refusing": f"127.0.0.1:{self._refusing}", "unknown host": "no-such-host.invalid:3128"}
        if fault.proxy not in hosts:
            self.proxy.answer = _proxy_answer(fault.proxy)
        host = hosts.get(fault.proxy, f"127.0.0.1:{self.proxy.port}")
        return f"http://user:{SECRET}proxy@{host}"

    def times_met(self, fault: Fault) -> int:
        """How often what makes the fault was met; it does not count where nothing listens."""
        if fault.proxy in {"refusing", "unknown host"} or fault.place in {"closed port", "unknown host"}:
            return 0
        if fault.proxy:
            return len(self.proxy.arrived)
        if fault.place in self._strangers:
            return self._strangers[fault.place].connections
        return len(self.server.arrived) if fault.place == "server" else len(self._met)

    def reached_by_strangers(self) -> int:
        """How many requests came to servers that must get none."""
        return self.stranger.connections + sum(len(server.arrived) for server in self._strangers.values())

    def close(self) -> None:
        """Stop the servers."""
        self._stack.close()

    def _serve(self, certificate: trustme.LeafCert) -> Wire:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        return self._stack.enter_context(serving(context))
