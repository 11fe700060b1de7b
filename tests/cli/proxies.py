"""The command ``proxy`` as a process, and a provider that records what arrives."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

KEYS = {
    "ACME_CLIENT_ID": "acme-client-id",
    "ACME_CLIENT_SECRET": "acme-client-secret",
    "ACME_TOKEN": "acme-token",
    "ACME_TOKEN_SECRET": "acme-token-secret",
}
FILE = """\
schema_version: 1
name: acme
flows: [redirect]
request_token_url: {origin}/oauth/request_token
authorize_url: {origin}/oauth/authorize
access_token_url: {origin}/oauth/access_token
revoke: {{url: "{origin}/oauth/revoke"}}
api_base_url: {origin}/1/
client_kwargs: {{signature_method: HMAC-SHA1{more}}}
"""
COMMAND = [sys.executable, "-m", "oauth1_catalog", "proxy"]
LAST = "until you press Ctrl+C"


@dataclass
class Arrived:
    """A request that arrived at the provider."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler, Arrived], None]


@dataclass
class Upstream:
    """A provider on this machine, over plain http.

    Attributes:
        arrived: what it got.
        answer: writes the answer; by default a short text.
        ended: is set when an answer could not be written because the other side had gone.
    """

    arrived: list[Arrived] = field(default_factory=list)
    answer: Answer | None = None
    reads_body: bool = True
    ended: threading.Event = field(default_factory=threading.Event)
    origin: str = ""

    @contextmanager
    def running(self) -> Iterator[Upstream]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.handle_any
                raise AttributeError(name)

            def handle_any(self) -> None:
                body = self.body() if upstream.reads_body else b""
                arrived = Arrived(self.command, self.path, dict(self.headers.items()), body)
                upstream.arrived.append(arrived)
                try:
                    (upstream.answer or plain)(self, arrived)
                except OSError:
                    upstream.ended.set()
                    self.close_connection = True

            def body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.origin = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


def plain(handler: BaseHTTPRequestHandler, arrived: Arrived) -> None:
    reply(handler, b"hello")


def reply(
    handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


class RunningProxy:
    """The command in a process.

    Attributes:
        url: what a program finds in ``OAUTH1_PROXY_URL``.
        token: the proxy's token.
        socket: the path of the Unix socket.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], *arguments: object, output: str = "proxy.env") -> None:
        self._log = folder / f"{output}.log"
        self.file = folder / output
        command = [sys.executable, "-m", "oauth1_catalog", "proxy", *map(str, arguments), "--output", str(self.file)]
        if "--socket" not in command:
            command += ["--port", "0"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._wait_for_start()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        values = dotenv_values(self.file, interpolate=False)
        self.url = str(values["OAUTH1_PROXY_URL"])
        self.token = str(values["OAUTH1_PROXY_TOKEN"])
        self.socket = str(values.get("OAUTH1_PROXY_SOCKET") or "")
        self.port = 0 if self.socket else int(re.search(r":(\d+)/", self.url)[1])  # type: ignore[index] # no match is a failure

    def _wait_for_start(self) -> None:
        ends = time.monotonic() + 60
        while LAST not in self.log():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < ends, self.log()
            time.sleep(0.02)

    @property
    def env(self) -> dict[str, str]:
        return {name: str(value) for name, value in dotenv_values(self.file, interpolate=False).items()}

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def lines(self) -> list[str]:
        """The lines of requests."""
        return self.log().partition(LAST)[2].partition("\n")[2].splitlines()

    def memory(self) -> int:
        """The largest resident memory until now, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index] # no match is a failure

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()

    def raw(self, *lines: str, body: bytes = b"", host: str | None = None) -> tuple[int, dict[str, str], bytes]:
        """Send a request as it stands, and read the answer to its end."""
        head = list(lines)
        if host != "":
            head.insert(1, f"Host: {host or f'127.0.0.1:{self.port}'}")
        head += ["Connection: close", "", ""]
        with self.connected() as connection:
            connection.settimeout(30)
            connection.sendall("\r\n".join(head).encode("latin-1") + body)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(65536):
                    answer += piece
        return parsed(answer)

    def connected(self) -> socket.socket:
        if self.socket:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.connect(self.socket)
            return connection
        return socket.create_connection(("127.0.0.1", self.port))


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]) if first else 0, headers, body


@contextmanager
def running(folder: Path, env: Mapping[str, str], *arguments: object) -> Iterator[RunningProxy]:
    proxy = RunningProxy(folder, env, *arguments)
    try:
        yield proxy
    finally:
        proxy.stop()


def acme(folder: Path, upstream: Upstream, more: str = "") -> dict[str, str]:
    """The environment of someone who has keys for ``upstream``, whose file is in the folder ``providers``."""
    providers = folder / "providers"
    providers.mkdir(exist_ok=True)
    (providers / "acme.yaml").write_text(FILE.format(origin=upstream.origin, more=more), encoding="utf-8")
    return {**KEYS, "OAUTH1_CATALOG_PATH": str(providers)}


def refused(answer: tuple[int, dict[str, str], bytes], status: int, error: str) -> str:
    """Check that the proxy has refused a request; returns the description."""
    assert (answer[0], answer[1].get("oauth1-proxy-error")) == (status, error), answer
    document = json.loads(answer[2])
    assert document["error"] == error
    assert not [name for name in answer[1] if name.startswith("access-control-")]
    return str(document["error_description"])
