"""The applications of the framework pages, served by several processes with the command that stands in the page."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from oauth1_catalog.emulator import Client, Emulator
from tests.docs.conftest import ROOT, python_blocks
from tests.many_machines.redis_server import PROGRAM, RedisServer

PAGES = {
    "docs/flask.md": "--bind 127.0.0.1:{port}",
    "docs/django.md": "--bind 127.0.0.1:{port}",
    "docs/starlette.md": "--port {port}",
}
"""What is added to the page's last command, so that it listens where nobody else does."""
VISITORS = 12


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip("redis-server is not installed")
    with RedisServer() as running:
        yield running


def commands(page: str) -> list[str]:
    """The commands of the page's chapter on many machines."""
    chapter = (ROOT / page).read_text(encoding="utf-8").partition("## Deploy on many machines")[2]
    (block,) = re.findall(r"^```console\n(.*?)^```", chapter, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\$ (.*)$", block, re.MULTILINE)


@pytest.fixture
def origin(page: str, redis: RedisServer, twitter: Client, tmp_path: Path) -> Iterator[str]:
    """Where the page's application listens, once it does."""
    for block in python_blocks(page):
        name = re.match(r"# (\w+\.py)\n", block)
        assert name
        with (tmp_path / name[1]).open("a", encoding="utf-8") as file:
            file.write(block.replace("redis://localhost:6379/0", redis.url))
    keys = {
        "TWITTER_CLIENT_ID": twitter.client_id,
        "TWITTER_CLIENT_SECRET": twitter.client_secret,
        "SECRET_KEY": "s3cr",
    }
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    keys["OAUTH1_CATALOG_REDIRECT_BASE_URL"] = keys["PUBLIC_ADDRESS"] = f"http://127.0.0.1:{port}"
    settings = {**keys, **{f"FLASK_{name}": value for name, value in keys.items()}, "DJANGO_SECRET_KEY": "s3cr"}
    environment = {**os.environ, **settings, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    *before, serve = commands(page)
    for command in before:
        if command.startswith("pip install "):
            continue  # tests/installed/test_typed_pages.py does
        if command.startswith("export "):
            environment.update(pair.split("=", 1) for pair in shlex.split(command)[1:])
            continue
        subprocess.run(shlex.split(command), cwd=tmp_path, env=environment, check=True, capture_output=True)
    words = shlex.split(f"{serve} {PAGES[page].format(port=port)}")
    log = tmp_path / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=output, stderr=output)
    try:
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_visitor_logs_in_and_sees_the_own_timeline(page: str, origin: str, emulator: Emulator) -> None:
    """A new connection for each request, so that the processes take turns."""
    assert re.search(r"-w 4|--workers 2", commands(page)[-1])
    for number in range(VISITORS):
        cookies: dict[str, str] = {}

        def get(url: str, cookies: dict[str, str] = cookies) -> requests.Response:
            answer = requests.get(url, cookies=cookies, allow_redirects=False, timeout=30)
            cookies.update(answer.cookies.get_dict())
            return answer

        consent = get(f"{origin}/login").headers["Location"]
        callback = emulator.approve(consent, user=f"visitor{number}")
        assert callback.startswith(origin)
        done = get(callback)
        assert done.headers.get("Location", "").endswith("/timeline"), done.text
        for _ in range(3):
            timeline = get(f"{origin}/timeline")
            assert (timeline.status_code, timeline.json()["user"]) == (200, f"visitor{number}")
