"""A provider for the connection rows: HTTPS in a process of its own, so that it does not share our interpreter."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

FORM = b"application/x-www-form-urlencoded"
ANSWERS = {
    b"/request_token": (FORM, b"oauth_token=temporary&oauth_token_secret=hush&oauth_callback_confirmed=true"),
    b"/access_token": (FORM, b"oauth_token=token&oauth_token_secret=secret&screen_name=ada"),
}
PROFILE = (b"application/json", b'{"id": "42"}')


@dataclass(frozen=True)
class Server:
    """Where it is, and how many connections it was asked for since it was last asked."""

    url: str
    control: Connection

    def connections(self) -> int:
        self.control.send("connections")
        return self.control.recv()


@contextlib.contextmanager
def serving(certificate: str, *, latency: float = 0.0) -> Iterator[Server]:
    """Serve until the end of the block; ``latency`` is what each answer takes, in seconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, certificate, latency), daemon=True)
    process.start()
    try:
        yield Server(f"https://localhost:{ours.recv()}", ours)
    finally:
        process.terminate()
        process.join()


def _run(control: Connection, certificate: str, latency: float) -> None:
    asyncio.run(_serve(control, certificate, latency))


async def _serve(control: Connection, certificate: str, latency: float) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(latency)
                kind, body = next((a for word, a in ANSWERS.items() if word in head.partition(b"\r\n")[0]), PROFILE)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)))
                writer.write(body)
                await writer.drain()
        writer.close()

    def told() -> None:
        nonlocal connections
        control.recv()
        control.send(connections)
        connections = 0

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=512)
    asyncio.get_running_loop().add_reader(control.fileno(), told)
    control.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()
