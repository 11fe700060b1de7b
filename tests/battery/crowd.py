"""Many users at once, each with a browser of its own.

``python -m tests.battery.crowd SITE PROVIDER FIRST LOGINS AT_ONCE ATTEMPTS``. Each logs in to the site and to the
provider, and follows the redirects to the end; after an error it begins again, if it has attempts left. The output is
JSON: for each attempt ``[user, status, text]``, where a status of 0 is an answer that did not come.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from collections.abc import Iterator

import aiohttp
from yarl import URL

DEADLINE = 120
"""Seconds that one login may take; longer is a login that hangs."""

PAUSE = 0.3
"""Seconds after which a user begins again."""

Outcome = tuple[int, int, str]


async def log_in(connections: aiohttp.TCPConnector, site: str, provider: str, user: int) -> Outcome:
    """One user, from the link on the site to the page with the user's profile."""
    cookies = aiohttp.CookieJar(unsafe=True)  # of 127.0.0.1, too
    cookies.update_cookies({"user": str(user)}, URL(provider))
    options = {"connector": connections, "connector_owner": False, "cookie_jar": cookies}
    try:
        async with (
            asyncio.timeout(DEADLINE),
            aiohttp.ClientSession(**options) as browser,
            browser.get(f"{site}/login", params={"user": user}) as answer,
        ):
            return user, answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        return user, 0, type(error).__name__


async def main(site: str, provider: str, users: Iterator[int], at_once: int, attempts: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    async with aiohttp.TCPConnector(limit=0, ssl=trusted) as connections:

        async def log_in_one_after_the_other() -> None:
            for user in users:
                for attempt in range(attempts):
                    await asyncio.sleep(PAUSE if attempt else 0)
                    outcome = await log_in(connections, site, provider, user)
                    outcomes.append(outcome)
                    if outcome[1] == 200:
                        break

        async with asyncio.TaskGroup() as tasks:
            for _ in range(at_once):
                tasks.create_task(log_in_one_after_the_other())
    return outcomes


if __name__ == "__main__":
    first, logins, number, tries = map(int, sys.argv[3:])
    everybody = iter(range(first, first + logins))
    json.dump(asyncio.run(main(sys.argv[1], sys.argv[2], everybody, number, tries)), sys.stdout)
