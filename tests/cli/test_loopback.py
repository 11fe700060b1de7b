"""The port that commands listen on: connections for which asyncio sends each piece at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, cast

import pytest
import uvicorn

from oauth1_catalog.cli.demo import starlette_app
from oauth1_catalog.cli.demo.providers import Demo
from oauth1_catalog.cli.loopback import listen
from oauth1_catalog.cli.proxy.listening import serving, tcp_socket


def test_asyncio_does_not_wait_for_more_to_send() -> None:
    async def option() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen(0)
        async with await asyncio.start_server(connected, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await found

    assert asyncio.run(option()) != 0


def test_a_port_that_is_taken() -> None:
    with listen(0) as taken, pytest.raises(OSError, match="in use"):
        listen(taken.getsockname()[1])


async def app(
    scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})


@contextmanager
def proxy() -> Iterator[None]:
    with tcp_socket(0) as listening, serving(app, listening):
        yield


@contextmanager
def demo() -> Iterator[None]:
    with starlette_app.serve(cast("Demo", None), 0):
        yield


@pytest.mark.parametrize("command", [proxy, demo])
def test_what_uvicorn_serves_is_such_a_port(command: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[socket.socket] = []

    class Server(uvicorn.Server):
        def run(self, sockets: list[socket.socket] | None = None) -> None:
            found.extend(cast("list[socket.socket]", sockets))
            super().run(sockets)

    monkeypatch.setattr(uvicorn, "Server", Server)
    monkeypatch.setattr(starlette_app, "create_app", lambda _: app)
    with command():
        assert [(one.family, one.proto) for one in found] == [(socket.AF_INET, socket.IPPROTO_TCP)]
