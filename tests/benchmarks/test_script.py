"""What a script costs from its start to its first signed request: a new process that calls an API over TLS.

The limit is a script on requests and requests-oauthlib that knows the address. Ours is run from the wheel. The async
script is compared with one on Authlib's client of httpx2.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from tests.benchmarks.conftest import LIMIT, OURS, TABLE, Row
from tests.benchmarks.test_connections import bundle, server  # noqa: F401 - fixtures
from tests.benchmarks.test_import import installed  # noqa: F401 - a fixture
from tests.benchmarks.tls_server import Server

ROW = Row("a script to its first signed request, Twitter; limit: requests-oauthlib", slower=1.25)
PROGRAMS = {
    OURS: """
from oauth1_catalog import client
with client("twitter", api_base_url=origin + "/1.1/", client_kwargs={"verify": authority}) as twitter:
    twitter.get("account/settings.json").raise_for_status()
""",
    LIMIT: """
import os
from requests_oauthlib import OAuth1Session
keys = [os.environ["TWITTER_" + name] for name in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN", "TOKEN_SECRET")]
with OAuth1Session(*keys) as session:
    session.verify = authority
    session.get(origin + "/1.1/account/settings.json").raise_for_status()
""",
}
ASYNC_ROW = Row("an async script to its first signed request, Twitter", ("Authlib",))
ASYNC_PROGRAMS = {
    OURS: """
import asyncio
from oauth1_catalog import async_client
async def main():
    options = {"verify": authority}
    async with async_client("twitter", api_base_url=origin + "/1.1/", client_kwargs=options) as twitter:
        (await twitter.get("account/settings.json")).raise_for_status()
asyncio.run(main())
""",
    "Authlib": """
import asyncio, os, ssl
from authlib.integrations.httpx_client import AsyncOAuth1Client
keys = [os.environ["TWITTER_" + name] for name in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN", "TOKEN_SECRET")]
async def main():
    context = ssl.create_default_context(cafile=authority)
    async with AsyncOAuth1Client(*keys, verify=context) as client:
        (await client.get(origin + "/1.1/account/settings.json")).raise_for_status()
asyncio.run(main())
""",
}
KEYS = {f"TWITTER_{name}": "value" for name in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN", "TOKEN_SECRET")}
STARTS = 9


@pytest.mark.parametrize(
    ("row", "programs", "contender"),
    [
        (row, programs, one)
        for row, programs in ((ROW, PROGRAMS), (ASYNC_ROW, ASYNC_PROGRAMS))
        for one in row.contenders
    ],
)
def test_start(
    turn: int,
    row: Row,
    programs: dict[str, str],
    contender: str,
    server: Server,  # noqa: F811 - a fixture of another module
    bundle: tuple[Path, Path],  # noqa: F811 - a fixture of another module
    installed: Path,  # noqa: F811 - a fixture of another module
    request: pytest.FixtureRequest,
) -> None:
    # -S and -I leave out the editable install; both get the same path, the wheel's content first.
    head = f"import sys; sys.path[:0] = {[str(installed), sysconfig.get_path('purelib')]!r}\n"
    head += f"origin, authority = {server.url!r}, {str(bundle[0])!r}\n"
    command = [sys.executable, "-I", "-S", "-c", head + programs[contender]]
    subprocess.run(command, check=True, env=KEYS)
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run(command, check=True, env=KEYS)
        times.append(time.perf_counter() - began)
    request.config.stash[TABLE].add(row, contender, sorted(times)[STARTS // 2])
