"""A reverse proxy of the same parts as ``oauth1-catalog proxy``, which checks, signs and logs nothing.

Run as ``python -m tests.benchmarks.bare_proxy FD ORIGIN``; it listens on a socket that is open already.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import uvicorn

from oauth1_catalog.clients.httpx_exchange import client_limits
from oauth1_catalog.clients.limits import Limits

_OF_A_CONNECTION = {b"connection", b"host", b"transfer-encoding"}


class BareProxy:
    def __init__(self, origin: str) -> None:
        self.origin = origin

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.client = httpx2.AsyncClient(**client_limits(Limits()))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.client.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return
        headers = [(name, value) for name, value in scope["headers"] if name not in _OF_A_CONNECTION]
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
        query = scope["query_string"].decode("ascii")
        url = f"{self.origin}{scope['raw_path'].decode('ascii')}{'?' if query else ''}{query}"
        request = self.client.build_request(
            scope["method"], url, headers=headers, content=body(receive) if has_body else None
        )
        response = await self.client.send(request, stream=True)
        kept = [field for field in response.headers.raw if field[0].lower() not in _OF_A_CONNECTION]
        await send({"type": "http.response.start", "status": response.status_code, "headers": kept})
        async for chunk in response.aiter_raw():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        await response.aclose()


async def body(receive: Any) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def main(descriptor: int, origin: str) -> None:
    config = uvicorn.Config(
        BareProxy(origin), loop="asyncio", http="h11", ws="none", lifespan="on", log_config=None, access_log=False
    )
    uvicorn.Server(config).run([socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
