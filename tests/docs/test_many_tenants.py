"""The page on many tenants: 5,000 of them are called by one process that may open 256 files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from oauth1_catalog.errors import ConfigurationError
from tests.docs.conftest import python_blocks

PATTERN, TRYING = python_blocks("docs/many-tenants.md")
TENANTS, LIMIT = 5000, 256


class Jira(BaseHTTPRequestHandler):
    """Says which host was called, by whom."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        key = re.search(r'oauth_consumer_key="([^"]*)"', self.headers["Authorization"])
        assert key is not None
        body = json.dumps([self.headers["Host"].partition(".")[0], unquote(key[1])]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 256


@pytest.fixture
def port() -> Iterator[int]:
    with Server(("127.0.0.1", 0), Jira) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def rsa_key() -> str:
    key = generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


COMMON = f"""
import asyncio, os, resource, socket, sys, threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

resource.setrlimit(resource.RLIMIT_NOFILE, ({LIMIT}, {LIMIT}))
asked = socket.getaddrinfo
socket.getaddrinfo = lambda host, port, *a, **k: asked(
    "127.0.0.1" if ".example.com" in str(host) else host, port, *a, **k
)
port, TOKEN = os.environ["PORT"], {{"oauth_token": "t", "oauth_token_secret": "s"}}
began = datetime(2026, 11, 30)
tenants = [Tenant(n, f"http://jira{{n}}.example.com:{{port}}", f"key {{n}}", began) for n in range({TENANTS})]
open_files = []

def look(tenant, answer):
    host, key = answer.json()
    assert (host, key) == (f"jira{{tenant.id}}", tenant.consumer_key), (host, key)
    open_files.append(len(os.listdir("/proc/self/fd")))

def change():
    for tenant in tenants[:100]:
        tenant.consumer_key += " changed"
        tenant.changed_at += timedelta(hours=1)

def report():
    print(len(open_files), max(open_files), len(oauth._registry))
"""

SYNC = """
def call(tenant):
    look(tenant, jira_of(tenant).get("myself", token=TOKEN))

def run(some):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(call, some))

with app.app_context():
    pass
run(tenants)
change()
run(tenants[:200])
report()
"""

ASYNC = """
async def run(some):
    waiting = iter(some)
    async def work():
        for tenant in waiting:
            look(tenant, await jira_of(tenant).get("myself", token=TOKEN))
    await asyncio.gather(*(work() for _ in range(20)))

async def main():
    await run(tenants)
    change()
    await run(tenants[:200])
    await oauth.aclose()

asyncio.run(main())
report()
"""


def in_starlette(code: str) -> str:
    code = code.replace("flask_client", "starlette_client").replace("OAuth(app, ", "OAuth(")
    code = code.replace("app.config.from_prefixed_env()", "")
    return code.replace("app = Flask(__name__)", "class app: config = {}")


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the open files are counted in /proc")
@pytest.mark.parametrize("face", ["flask", "starlette"])
def test_five_thousand_tenants(port: int, rsa_key: str, face: str) -> None:
    pattern, calls = (PATTERN, SYNC) if face == "flask" else (in_starlette(PATTERN), ASYNC)
    program = f"{pattern}\napp.config['JIRA_RSA_KEY'] = {rsa_key!r}\n{COMMON}{calls}"
    environment = {**os.environ, "PORT": str(port), "OAUTH1_CATALOG_INSECURE_TRANSPORT": "1", "NO_PROXY": "*"}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    calls_made, most_open, clients = map(int, ran.stdout.split())
    assert calls_made == TENANTS + 200
    assert clients == TENANTS
    assert most_open < LIMIT / 2


@pytest.fixture
def page(rsa_key: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "many_tenants_page"}
    exec(compile(PATTERN, "docs/many-tenants.md", "exec", dont_inherit=True), names)
    exec(compile(TRYING, "docs/many-tenants.md", "exec", dont_inherit=True), names)
    names["app"].config["JIRA_RSA_KEY"] = rsa_key
    return names


def test_a_client_is_made_once_and_again_after_a_change(page: dict[str, Any]) -> None:
    tenant = page["Tenant"](1, "https://jira.example.com", "key", datetime(2026, 1, 1, tzinfo=UTC))
    first = page["jira_of"](tenant)
    assert page["jira_of"](tenant) is first
    tenant.changed_at = datetime(2026, 1, 2, tzinfo=UTC)
    tenant.consumer_key = "another"
    second = page["jira_of"](tenant)
    assert second is not first
    assert second.client_id == "another"


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:6379",
        "https://localhost",
        "https://10.0.0.5",
        "http://169.254.169.254",
        "https://jira.corp.local",
        "https://[::1]",
        "http://127.1",
        "https://2130706433",
    ],
)
def test_a_tenant_cannot_name_this_machine_or_the_network(page: dict[str, Any], base_url: str) -> None:
    tenant = page["Tenant"](1, base_url, "key", datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigurationError):
        page["jira_of"](tenant)
    assert page["settings_saved"](tenant).startswith("jira")
    assert page["made"] == {}
    tenant.base_url = "https://jira.example.com"
    assert page["settings_saved"](tenant) == ""
