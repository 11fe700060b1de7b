"""What ``oauth1-catalog proxy`` adds to a call: the command in a process, beside a reverse proxy of the same parts.

Both are called in turn by the same few lines over plain http, and call the same provider over TLS.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.benchmarks.conftest import LIMIT, OURS, TABLE, Row
from tests.benchmarks.test_connections import bundle, server  # noqa: F401 - fixtures
from tests.benchmarks.tls_server import Server
from tests.cli.proxies import KEYS, running
from tests.servers import ROOT

CALLS, MANY, AT_ONCE = 200, 1000, 100
ADDED_ROW = Row("what the proxy adds to a call, beside a bare reverse proxy; limit: 1 ms", slower=1)
CALL_ROW = Row("one of 200 consecutive calls through the proxy; limit: a bare reverse proxy")
AT_ONCE_ROW = Row("one of 1,000 calls through the proxy, 100 at once; limit: a bare reverse proxy", slower=1 / 0.6)
CPU_ROW = Row("CPU of the proxy for one of these; limit: a bare reverse proxy", slower=1 / 0.6)
FILE = """\
schema_version: 1
name: acme
flows: [static_token]
api_base_url: {origin}/
client_kwargs: {{signature_method: HMAC-SHA1}}
"""


class Address(NamedTuple):
    port: int
    path: str
    process: int

    def cpu(self) -> float:
        """The seconds that the process has used the CPU, which other jobs on the machine change less."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def contenders(
    bundle: tuple[Path, Path],  # noqa: F811 - a fixture of another module
    server: Server,  # noqa: F811 - a fixture of another module
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Address]]:
    folder = tmp_path_factory.mktemp("proxies")
    (folder / "acme.yaml").write_text(FILE.format(origin=server.url), encoding="utf-8")
    env = {**KEYS, "OAUTH1_CATALOG_PATH": str(folder), "SSL_CERT_FILE": str(bundle[0])}
    with running(folder, env, "acme") as proxy, socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        command = [sys.executable, "-m", "tests.benchmarks.bare_proxy", str(listening.fileno()), server.url]
        bare = subprocess.Popen(command, cwd=ROOT, env={"SSL_CERT_FILE": str(bundle[0])}, pass_fds=[listening.fileno()])
        try:
            yield {
                OURS: Address(proxy.port, f"/{proxy.token}/me?a=1&b=2", proxy.process.pid),
                LIMIT: Address(listening.getsockname()[1], "/me?a=1&b=2", bare.pid),
            }
        finally:
            bare.kill()
            bare.wait()
    assert proxy.log().count(" 200, ") > CALLS  # it has logged each of them


async def calls(address: Address, number: int, at_once: int) -> float:
    """Make calls over connections that are kept; returns the seconds that one took."""
    head = f"GET {address.path} HTTP/1.1\r\nHost: 127.0.0.1:{address.port}\r\nAccept: application/json\r\n\r\n".encode()
    streams = [await asyncio.open_connection("127.0.0.1", address.port) for _ in range(at_once)]

    async def some(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(number // at_once):
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)

    began = time.perf_counter()
    await asyncio.gather(*(some(*stream) for stream in streams))
    took = time.perf_counter() - began
    for _, writer in streams:
        writer.close()
    return took / number


def test_calls(turn: int, contenders: dict[str, Address], request: pytest.FixtureRequest) -> None:
    table = request.config.stash[TABLE]
    order = sorted(contenders.items(), reverse=bool(turn % 2))
    single: dict[str, float] = {}
    for name, address in order:
        asyncio.run(calls(address, 50, 1))
        single[name] = asyncio.run(calls(address, CALLS, 1))
        table.add(CALL_ROW, name, single[name])
    table.add(ADDED_ROW, OURS, single[OURS] - single[LIMIT])
    table.add(ADDED_ROW, LIMIT, 1e-3)
    for name, address in order:
        asyncio.run(calls(address, AT_ONCE * 2, AT_ONCE))
        before = address.cpu()
        table.add(AT_ONCE_ROW, name, asyncio.run(calls(address, MANY, AT_ONCE)))
        table.add(CPU_ROW, name, (address.cpu() - before) / MANY)
