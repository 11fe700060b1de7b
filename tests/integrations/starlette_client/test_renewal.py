"""A stored token is renewed in Starlette: whoever waits may go away meanwhile, and another worker waits."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import Any

import anyio
import httpx2
import pytest

from oauth1_catalog.integrations.starlette_client import OAuth
from oauth1_catalog.registry.token import Token
from tests.registry.test_token_store import DictTokens

BACKENDS = ["asyncio", *(["trio"] if importlib.util.find_spec("trio") else [])]
NEW = "oauth_token=new&oauth_token_secret=s&oauth_session_handle=h2&oauth_expires_in=3600"


class Provider:
    """Answers a renewal when it is told to, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.refuses = False
        self.answers: anyio.Event | None = None
        self.is_asked: anyio.Event

    def hold_back(self) -> None:
        """In the event loop: answer only when ``answers`` is set."""
        self.answers, self.is_asked = anyio.Event(), anyio.Event()

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        if self.answers is not None:
            self.is_asked.set()
            await self.answers.wait()
        if self.refuses:
            await anyio.sleep(0.1)
            return httpx2.Response(401, text="oauth_problem=token_rejected")
        return httpx2.Response(200, text=NEW)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def store() -> DictTokens:
    tokens = DictTokens()
    token = {"oauth_token": "old", "oauth_token_secret": "s", "oauth_session_handle": "h1"}
    tokens.save_token("yahoo", 7, Token(token))
    return tokens


@pytest.fixture
def yahoo(store: DictTokens, provider: Provider) -> Any:
    oauth = OAuth(token_store=store)
    kwargs = {"transport": httpx2.MockTransport(provider)}
    keys = {"client_id": "key", "client_secret": "secret"}
    oauth.register_from_catalog("yahoo", **keys, client_kwargs=kwargs, allow_retired=True)
    return oauth.yahoo


def renewed(store: DictTokens) -> bool:
    return store.rows["yahoo", 7]["oauth_token"] == "new" and not store.claimed


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_one_who_waits_is_cancelled_by_a_scope(
    yahoo: Any, store: DictTokens, provider: Provider, backend: str
) -> None:
    """As where the browser has gone. The token is changed at the provider by then, so it is saved."""

    async def work() -> None:
        provider.hold_back()
        async with anyio.create_task_group() as tasks:
            with anyio.CancelScope() as scope:
                tasks.start_soon(answer_after_cancelling, scope)
                await yahoo.renew_token(user=7)
        assert scope.cancel_called
        assert renewed(store)
        assert (await yahoo.renew_token(await waits_for_nobody(yahoo)))["oauth_token"] == "new"

    async def answer_after_cancelling(scope: anyio.CancelScope) -> None:
        await provider.is_asked.wait()
        scope.cancel()
        await anyio.sleep(0.05)
        assert provider.answers is not None
        provider.answers.set()

    anyio.run(work, backend=backend)
    assert provider.asked == 2


async def waits_for_nobody(yahoo: Any) -> Any:
    with anyio.fail_after(5):
        return await yahoo.find_token(7)


def test_the_one_who_waits_is_cancelled_by_asyncio(yahoo: Any, store: DictTokens, provider: Provider) -> None:
    """As ``asyncio.wait_for`` and ``asyncio.timeout`` do it, and Django where the browser has gone."""

    async def work() -> None:
        provider.hold_back()
        task = asyncio.create_task(yahoo.renew_token(user=7))
        await provider.is_asked.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        assert not task.done()
        provider.answers.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert renewed(store)

    asyncio.run(work())


def test_a_renewal_that_fails_after_its_cancellation_gives_its_claim_back(
    yahoo: Any, store: DictTokens, provider: Provider
) -> None:
    provider.refuses = True

    async def work() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await yahoo.renew_token(user=7)

    asyncio.run(work())
    assert store.claimed == {}
    assert store.rows["yahoo", 7]["oauth_token"] == "old"


@pytest.mark.parametrize("backend", BACKENDS)
def test_two_workers_renew_at_once(yahoo: Any, store: DictTokens, provider: Provider, backend: str) -> None:
    """One asks the provider; the other waits, looks again, and has the same token."""
    got: list[Any] = []

    async def worker() -> None:
        got.append((await yahoo.renew_token(user=7))["oauth_token"])

    async def work() -> None:
        provider.hold_back()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker)
            tasks.start_soon(worker)
            await anyio.sleep(0.25)  # long enough for the second to look again
            provider.answers.set()

    anyio.run(work, backend=backend)
    assert got == ["new", "new"]
    assert provider.asked == 1
    assert renewed(store)
