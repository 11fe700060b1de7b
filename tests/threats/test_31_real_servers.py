"""Threat 31, with servers: the token of a login reaches no other request, also one that is pipelined behind it.

Each view keeps an exception, so that its request is never collected; one worker with one or two threads serves all.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import local
from tests.servers import serving

SITES = Path(__file__).parent / "sites"
GUNICORN = ("gunicorn", "--bind", "fd://{fd}", "--workers", "1", "--log-level", "warning")
UVICORN = ("uvicorn", "--fd", "{fd}", "--log-level", "warning")
SERVERS = {
    "flask, gunicorn sync": (*GUNICORN, "token_flask:app"),
    "flask, gunicorn gthread": (*GUNICORN, "--threads", "2", "token_flask:app"),
    "django, gunicorn sync": (*GUNICORN, "token_django:wsgi"),
    "django, gunicorn gthread": (*GUNICORN, "--threads", "2", "--keep-alive", "5", "token_django:wsgi"),
    "django, runserver": ("django", "runserver", "--noreload", "--settings", "token_settings"),
    "django, uvicorn asyncio": (*UVICORN, "--loop", "asyncio", "--lifespan", "off", "token_django:asgi"),
    "django, uvicorn uvloop": (*UVICORN, "--loop", "uvloop", "--lifespan", "off", "token_django:asgi"),
    "starlette, uvicorn asyncio h11": (*UVICORN, "--loop", "asyncio", "--http", "h11", "token_starlette:app"),
    "starlette, uvicorn asyncio": (*UVICORN, "--loop", "asyncio", "--http", "httptools", "token_starlette:app"),
    "starlette, uvicorn uvloop": (*UVICORN, "--loop", "uvloop", "--http", "httptools", "token_starlette:app"),
    "litestar, uvicorn": (*UVICORN, "token_litestar:app"),
    "quart, uvicorn": (*UVICORN, "token_quart:app"),
    "quart, hypercorn": ("hypercorn", "--bind", "fd://{fd}", "token_quart:app"),
}


def exchange(port: int, *requests: tuple[str, str]) -> list[tuple[str, str]]:
    """Send requests (path and cookie) on one connection without waiting in between; the answers' heads and bodies."""
    lines = [
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{f'Cookie: {cookie}' if cookie else 'X: 1'}\r\n\r\n"
        for path, cookie in requests
    ]
    answers: list[tuple[str, str]] = []
    with closing(socket.create_connection(("127.0.0.1", port), timeout=120)) as connection:
        connection.sendall("".join(lines).encode())
        received = b""
        while len(answers) < len(requests):
            head, separator, rest = received.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if separator and (not length or len(rest) >= int(length[1])):
                size = int(length[1]) if length else 0
                answers.append((head.decode(), rest[:size].decode()))
                received = rest[size:]
                continue
            data = connection.recv(65536)
            if not data:
                break
            received += data
    return answers


def cookies(head: str) -> str:
    return "; ".join(re.findall(r"(?i)set-cookie: ([^;]+)", head))


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
@pytest.mark.parametrize(
    "server",
    [pytest.param(one, marks=pytest.mark.long) if one.startswith(("litestar", "quart")) else one for one in SERVERS],
)
def test_no_other_request_gets_it(server: str, is_async: bool, emulator: Emulator) -> None:
    if is_async and "gunicorn" in server:
        pytest.skip("a WSGI server runs async views one by one")
    if not is_async and server.startswith(("litestar", "quart")):
        pytest.skip("its clients are awaited")
    emulator.catalog.provider("twitter")  # it plays what is asked for
    twitter = emulator.client("twitter")
    environment = {
        **os.environ,
        "SECURE": emulator.origins.secure,
        "CONSENT": emulator.origins.consent,
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
        "SSL_CERT_FILE": emulator.ca_file,
        "SITE_SECRET_KEY": "a secret key of this test's site",
        "SITE_TWITTER_CLIENT_ID": twitter.client_id,
        "SITE_TWITTER_CLIENT_SECRET": twitter.client_secret,
        "SITE_ASYNC": "1" if is_async else "0",
        "DJANGO_SETTINGS_MODULE": "token_settings",
    }
    with ExitStack() as stack:
        command = SERVERS[server]
        if "runserver" in server:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            stack.enter_context(serving(*command, f"127.0.0.1:{port}", folder=SITES, environment=environment))
            wait_for(port)
        else:
            port = stack.enter_context(serving(*command, folder=SITES, environment=environment))
        for user in ("ada", "grace"):
            ((head, _),) = exchange(port, ("/login", ""))
            location = re.search(r"(?i)location: (\S+)", head)
            assert location, head
            back = local(emulator.approve(location[1], user=user))
            answers = exchange(port, (back, cookies(head)), ("/somebody", ""), ("/somebody", ""))
            bodies = [body for _, body in answers]
            assert bodies[0] == user, answers
            # A server that keeps no connections answers the first request alone.
            assert set(bodies[1:]) <= {"nobody"}, answers
            assert len(bodies) == 3 or "uvicorn" not in server
            assert [exchange(port, ("/somebody", ""))[0][1] for _ in range(3)] == ["nobody"] * 3


def wait_for(port: int) -> None:
    import time

    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not start")
