"""Endpoints that are not async, many at once under trio, where looking up a host name needs a thread as they do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import pytest

from oauth1_catalog.integrations.starlette_client import OAuth

TOKEN = {"oauth_token": "t", "oauth_token_secret": "s"}


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


@contextmanager
def provider() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def sixty_calls(backend: str, origin: str, threads: int, **options: Any) -> list[int]:
    """The statuses of sixty cold calls in threads of a loop that has so many; those that failed are left out."""
    client = OAuth().register("x", client_id="k", client_secret="s", api_base_url=origin, client_kwargs=options)
    statuses: list[int] = []

    def endpoint() -> None:
        with suppress(httpx2.ConnectTimeout):
            statuses.append(client.blocking.get("x", token=TOKEN).status_code)

    async def serve() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        async with anyio.create_task_group() as group:
            for _ in range(60):
                group.start_soon(partial(anyio.to_thread.run_sync, endpoint))
        await client.aclose()

    anyio.run(serve, backend=backend)
    return statuses


@pytest.mark.parametrize(("backend", "threads"), [("asyncio", 40), ("trio", 80)])
def test_with_a_host_name_all_calls_end_well(backend: str, threads: int) -> None:
    """As docs/starlette.md has it: under trio there are more threads than requests at once."""
    with provider() as origin:
        assert sixty_calls(backend, origin, threads) == [200] * 60


def test_with_too_few_threads_trio_ends_in_a_timeout_and_not_in_a_deadlock() -> None:
    with provider() as origin:
        assert len(sixty_calls("trio", origin, 40, timeout=1)) < 60
