"""Calls in async views have threads of the client's own: many at once, and nobody else waits behind them."""

from __future__ import annotations

import asyncio
import io
import threading
from typing import Any

import pytest
import requests
from django.test import override_settings

from oauth1_catalog.integrations.django_client import OAuth

AT_ONCE = 30
TOKEN = {"oauth_token": "t", "oauth_token_secret": "s"}


class Slow(requests.adapters.BaseAdapter):
    """Answers when as many calls as are expected wait for an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.all_are_there = threading.Barrier(AT_ONCE + 1, timeout=30)

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.all_are_there.wait()
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, str(request.url)
        answer.raw = io.BytesIO(b"oauth_token=t&oauth_token_secret=s")
        return answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("kind", ["calls", "token requests"])
def test_as_many_calls_at_once_as_the_client_has_connections(kind: str) -> None:
    slow = Slow()

    def session() -> requests.Session:
        made = requests.Session()
        made.mount("https://", slow)
        return made

    async def views() -> None:
        if kind == "calls":
            calls = [twitter.aget("me.json", token=TOKEN) for _ in range(AT_ONCE)]
        else:
            calls = [twitter.afetch_access_token(TOKEN, verifier="v") for _ in range(AT_ONCE)]
        waiting = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(lambda: "another view's own work") == "another view's own work"
        await asyncio.to_thread(slow.all_are_there.wait)
        await asyncio.gather(*waiting)

    with override_settings(OAUTH1_CATALOG={}):
        oauth = OAuth()
        oauth.register_from_catalog(
            "twitter", client_id="k", client_secret="s", client_kwargs={"session_factory": session}
        )
        twitter = oauth.twitter
        asyncio.run(views())
        before = threading.active_count()
        twitter.close()
        assert before >= AT_ONCE
