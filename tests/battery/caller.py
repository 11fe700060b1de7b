"""Very many API calls by one client: ``python -m tests.battery.caller sync|async TOKEN CALLS``.

The output is what memory the process has after a tenth of the calls, and at the end, in bytes.
"""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask

from oauth1_catalog.integrations import flask_client, starlette_client
from tests.battery.crowd_provider import CLIENT_ID, CLIENT_SECRET
from tests.battery.deployed import resident

AT_ONCE = 4


def registered(oauth: Any) -> Any:
    """The client of the provider of the crowd."""
    return oauth.register(
        "shop",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        api_base_url=f"{os.environ['PROVIDER']}/",
        client_kwargs={"timeout": 60},
    )


def call_sync(token: dict[str, str], calls: int) -> list[int]:
    """By threads, with requests."""
    app = flask.Flask(__name__)
    client = registered(flask_client.OAuth(app))

    def call(number: int) -> None:
        with app.app_context():
            for _ in range(number):
                assert client.get("me", token=token).json() == {"user": "ada"}

    def calls_at_once(number: int) -> int:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(call, [number // AT_ONCE] * AT_ONCE))
        return resident(os.getpid())

    sizes = [calls_at_once(calls // 10), calls_at_once(calls - calls // 10)]
    client.close()
    return sizes


async def call_async(token: dict[str, str], calls: int) -> list[int]:
    """By tasks, with httpx2."""
    client = registered(starlette_client.OAuth())

    async def call(number: int) -> None:
        for _ in range(number):
            assert (await client.get("me", token=token)).json() == {"user": "ada"}

    async def calls_at_once(number: int) -> int:
        await asyncio.gather(*(call(number // AT_ONCE) for _ in range(AT_ONCE)))
        return resident(os.getpid())

    sizes = [await calls_at_once(calls // 10), await calls_at_once(calls - calls // 10)]
    await client.aclose()
    return sizes


if __name__ == "__main__":
    kind, identifier, number = sys.argv[1:]
    given = {"oauth_token": identifier, "oauth_token_secret": "secret"}
    found = call_sync(given, int(number)) if kind == "sync" else asyncio.run(call_async(given, int(number)))
    sys.stdout.write(" ".join(map(str, found)))
