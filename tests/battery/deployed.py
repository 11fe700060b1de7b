"""A site as it is deployed: two processes behind one port, Redis, PostgreSQL, and a provider in its own process."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx2
import trustme
from sqlalchemy import Table, create_engine

from oauth1_catalog.integrations.sqlalchemy_tokens.store import tokens_in
from oauth1_catalog.registry.encryption import TokenCipher
from tests.battery.crowd_provider import CLIENT_ID, CLIENT_SECRET
from tests.many_machines.conftest import SESSION_IN_CACHE
from tests.many_machines.redis_server import RedisServer
from tests.servers import ROOT, child_process, serving
from tests.tokens.models import OAuth1Token
from tests.tokens.postgresql_server import PostgreSQLServer

SITES = Path(__file__).parent / "sites"
# The servers' defaults, 2 s and 5 s, end connections that a slow machine has just begun to use again.
KEPT = ("--keep-alive", "300"), ("--timeout-keep-alive", "300")
QUIET = ("--workers", "2", "--log-level", "warning")
GUNICORN = ("gunicorn", "--bind", "fd://{fd}", "--threads", "32", *KEPT[0], *QUIET)
UVICORN = ("uvicorn", "--fd", "{fd}", *KEPT[1], *QUIET)
SERVERS = {
    "flask": (*GUNICORN, "flask_crowd:app"),
    "django": (*GUNICORN, "django_crowd:app"),
    "starlette": (*UVICORN, "starlette_crowd:app"),
}
TABLES = {"flask": "oauth1_token", "starlette": "oauth1_token", "django": "oauth1_catalog_tokens_oauth1token"}
PROGRAM = (sys.executable, "-m", "tests.battery.crowd")
CROWD_SECONDS = 3600
"""After which a crowd hangs."""

MIB = 2**20


@dataclass(frozen=True)
class Provider:
    """``crowd_provider`` in a process."""

    origin: str
    ca_file: str

    def ask(self, path: str) -> Any:
        """The JSON of a page for the tests."""
        trusted = ssl.create_default_context(cafile=self.ca_file)
        return httpx2.get(f"{self.origin}{path}", verify=trusted, timeout=60).raise_for_status().json()

    @property
    def environment(self) -> dict[str, str]:
        """What a process of a client must know."""
        trusted = {"REQUESTS_CA_BUNDLE": self.ca_file, "SSL_CERT_FILE": self.ca_file}
        return {**os.environ, **trusted, "PROVIDER": self.origin, "PYTHONPATH": str(ROOT)}


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    """Serve it over TLS until the end of the block; its certificate is in ``folder``."""
    authority = trustme.CA()
    ca_file, certificate = folder / "authority.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    options = (
        "--fd",
        "{fd}",
        "--ssl-certfile",
        str(certificate),
        *KEPT[1],
        "--log-level",
        "warning",
        "--no-date-header",
    )
    arguments = ("uvicorn", *options, "tests.battery.crowd_provider:app")
    with serving(*arguments, folder=folder, environment=os.environ) as port:
        yield Provider(f"https://localhost:{port}", str(ca_file))


@dataclass(frozen=True)
class Outcome:
    """How the login of a user ended; a ``status`` of 0 is an answer that did not come."""

    user: int
    status: int
    text: str

    @property
    def json(self) -> dict[str, Any]:
        page: dict[str, Any] = json.loads(self.text)
        return page

    @property
    def error(self) -> str:
        """What a login that failed is known by."""
        if self.status in {403, 503}:
            return str(self.json["error"])
        return f"{self.status} {self.text[:300]}"


@dataclass(frozen=True)
class Site:
    """A site that is running."""

    framework: str
    origin: str
    provider: Provider
    database: str
    keys: str

    def crowd(self, *, first: int, logins: int, at_once: int) -> list[Outcome]:
        """Let so many users log in, from another process, and wait until they have."""
        with self.begin(first=first, logins=logins, at_once=at_once) as process:
            return outcomes(process)

    @contextmanager
    def begin(self, *, first: int, logins: int, at_once: int, attempts: int = 1) -> Iterator[subprocess.Popen[str]]:
        """Let them begin, each up to so often; ``outcomes`` waits for the end."""
        arguments = (self.origin, self.provider.origin, *map(str, (first, logins, at_once, attempts)))
        environment = self.provider.environment
        options = {"cwd": ROOT, "env": environment, "stdout": subprocess.PIPE}
        with child_process([*PROGRAM, *arguments], seconds=CROWD_SECONDS, **options) as process:
            yield process

    def stored(self, users: Sequence[int]) -> dict[int, tuple[str, str]]:
        """The tokens of these users, read from the table by this process."""
        engine = create_engine(self.database)
        try:
            table: Any = tokens_in(engine, TABLES[self.framework], keys=self.keys)
            found = {user: table.find("shop", user) for user in users}
        finally:
            engine.dispose()
        return {
            user: (token["oauth_token"], token["oauth_token_secret"])
            for user, token in found.items()
            if token is not None
        }


def outcomes(process: subprocess.Popen[str]) -> list[Outcome]:
    """What a crowd has met."""
    written, _ = process.communicate()
    assert process.returncode == 0
    return [Outcome(*one) for one in json.loads(written)]


@contextmanager
def running_site(
    framework: str,
    provider: Provider,
    redis: RedisServer,
    postgresql: PostgreSQLServer,
    *,
    users: int,
    session_engine: str = SESSION_IN_CACHE,
) -> Iterator[Site]:
    """Two processes of the framework's site, with an empty table of tokens, and users up to a number."""
    keys = TokenCipher.new_key()
    environment = {
        **provider.environment,
        "REDIS_URL": redis.url,
        "DATABASE_URL": postgresql.url,
        "TOKEN_KEYS": keys,
        "SITE_SECRET_KEY": "a secret key that both processes have",
        "SITE_SHOP_CLIENT_ID": CLIENT_ID,
        "SITE_SHOP_CLIENT_SECRET": CLIENT_SECRET,
        "SESSION_ENGINE": session_engine,
    }
    if framework == "django":
        command = [sys.executable, "-c", f"import django_crowd; django_crowd.prepare({users})"]
        subprocess.run(command, cwd=SITES, env=environment, check=True, timeout=120)
    else:
        engine = create_engine(postgresql.url)
        # Not the other tables of the model: their indexes have the names of those of Django's.
        table = cast("Table", OAuth1Token.__table__)
        table.drop(engine, checkfirst=True)
        table.create(engine)
        engine.dispose()
    with serving(*SERVERS[framework], folder=SITES, environment=environment) as port:
        yield Site(framework, f"http://127.0.0.1:{port}", provider, postgresql.url, keys)


def resident(process: int) -> int:
    """The memory that a process has, in bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def report(text: str) -> None:
    """Print a figure for the section `Battery` of docs/security.md; ``pytest -s`` shows it."""
    print(text)  # noqa: T201 - that is the purpose


def processes(ended: Sequence[Outcome]) -> Counter[int]:
    """How many logins each process of the site has ended."""
    return Counter(one.json["process"] for one in ended if one.status == 200)
