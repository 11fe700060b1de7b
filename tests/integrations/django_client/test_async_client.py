"""Async views under a real ASGI server and Django's ``AsyncClient``, with the session in a database.

A database refuses to be touched from an event loop (``SynchronousOnlyOperation``), so these tests fail where the client
does so. The views are ``async_views.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from oauth1_catalog.emulator import Emulator
from tests.integrations.django_client.conftest import Project
from tests.servers import serving

URLS = (Path(__file__).parent / "async_views.py").read_text(encoding="utf-8")
VERBS = ["aget", "apost", "aput", "apatch", "adelete", "ahead", "aoptions"]


@pytest.fixture
def site(project: Project, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The site's address."""
    migrated = project("-m", "django", "migrate", "--verbosity", "0", urls=URLS)
    assert migrated.returncode == 0, migrated.stderr
    asgi = "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
    (tmp_path / "asgi.py").write_text(asgi, encoding="utf-8")
    command = ("uvicorn", "--fd", "{fd}", "--log-level", "warning", "--lifespan", "off", "asgi:application")
    with serving(*command, folder=tmp_path, environment=environment) as port:
        yield f"http://127.0.0.1:{port}"


def test_logins_and_calls_in_async_views(site: str, emulator: Emulator) -> None:
    with requests.Session() as browser:
        sent = browser.get(f"{site}/login?next=/cart", allow_redirects=False)
        assert sent.status_code == 302, sent.text
        assert sent.headers["Cache-Control"] == "no-store"
        callback = emulator.approve(sent.headers["Location"], user="grace")
        answer = browser.get(callback)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "state_data": {"next": "/cart"},
            "without token": "grace",
            "fetched": "grace",
            "verbs": dict.fromkeys(VERBS, 200),
        }
        again = browser.get(callback)
        assert (again.status_code, again.text) == (403, "invalid_state")


def test_the_steps_one_by_one(site: str, emulator: Emulator) -> None:
    with requests.Session() as browser:
        sent = browser.get(f"{site}/begin", allow_redirects=False)
        callback = emulator.approve(sent.headers["Location"], user="lin")
        verifier = callback.partition("oauth_verifier=")[2]
        answer = browser.get(f"{site}/end", params={"oauth_verifier": verifier})
        assert answer.json() == {"preferred_username": "lin"}


def test_the_async_test_client(project: Project, emulator: Emulator, tmp_path: Path) -> None:
    project("-m", "django", "migrate", "--verbosity", "0", urls=URLS)
    issued = emulator.issue_token("twitter", user="ada")
    done = project(
        "-c",
        "import asyncio, django; django.setup()\n"
        "from django.test import AsyncClient\n"
        "async def main():\n"
        "    browser = AsyncClient()\n"
        "    sent = await browser.get('/login')\n"
        "    print(sent.status_code, 'sessionid' in browser.cookies)\n"
        f"    query = {{'token': '{issued.oauth_token}', 'secret': '{issued.oauth_token_secret}'}}\n"
        "    print((await browser.get('/profile', query)).json()['preferred_username'])\n"
        "asyncio.run(main())\n",
        settings="ALLOWED_HOSTS = ['*']",
    )
    assert done.stdout.splitlines() == ["302 True", "ada"], done.stderr
