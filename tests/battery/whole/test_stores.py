"""A token store and a cache that fail at each operation: nothing confirmed is lost, and no secret is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import anyio
import flask
import httpx2
import pytest
import requests
from starlette.requests import Request

from oauth1_catalog import Catalog, async_client, client
from oauth1_catalog.errors import CacheError, StateError, TokenNotSavedError, TokenRequestDeniedError
from oauth1_catalog.integrations import flask_client, starlette_client
from oauth1_catalog.registry.token import Token
from tests.battery.database import FAULTS, SECONDS, Database, RemoteCache, RemoteTokens, database
from tests.battery.faults import BY_NAME, SECRET, good
from tests.battery.scene import Scene
from tests.battery.steps import KEYS, LEFT_BY_HTTPX2, LIMITS, TOKEN, WAYS, Outcome, ended
from tests.clients.conftest import Arrived, response

pytestmark = pytest.mark.filterwarnings(LEFT_BY_HTTPX2)

STORES = (requests.RequestException, httpx2.HTTPError, ValueError, RecursionError, KeyError, TypeError)
"""What the clients of the database raise: the store's own errors, which pass unchanged."""


@pytest.fixture
def stored() -> Iterator[Database]:
    with database() as running:
        running.rows["battery:7"] = {"token": TOKEN, "version": 1, "claimed": False}
        yield running


def options(scene: Scene) -> dict[str, Any]:
    scene.server.answer = lambda arrived: response(good(arrived))
    return {"base_url": scene.places["server"], "client_kwargs": {"verify": scene.authorities, **LIMITS[""]}, **KEYS}


def performed(
    scene: Scene, catalog: Catalog, stored: Database, way: str, call: Callable[[Any], Any], fault: str, operation: str
) -> Outcome:
    """How ``call`` of a client ends whose store fails at ``operation``."""
    is_async = way != "requests"
    store: Any = RemoteTokens(stored, is_async=is_async)
    make = partial(
        async_client if is_async else client, "battery", catalog=catalog, token_store=store, **options(scene)
    )
    if operation == "release_renewal":
        scene.server.answer = lambda _: response("oauth_problem=signature_invalid", "401 Unauthorized")
    stored.failing = {operation: fault}

    def blocking() -> Any:
        with make() as made:
            return call(made)

    async def awaited() -> Any:
        async with make() as made:
            return await call(made)

    return ended(partial(anyio.run, awaited, backend=way) if is_async else blocking)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_renewed_token_that_cannot_be_saved_is_in_the_error(
    scene: Scene, catalog: Catalog, stored: Database, way: str, fault: str
) -> None:
    outcome = performed(scene, catalog, stored, way, lambda c: c.renew_token(user=7), fault, "save_token")
    error = outcome.error
    assert isinstance(error, TokenNotSavedError)
    assert isinstance(error.token, Token)
    assert error.token["oauth_token_secret"] == f"{SECRET}issued-secret"
    assert (error.user, error.step, error.provider) == (7, "renew", "battery")
    assert isinstance(error.__cause__, STORES)
    assert SECRET not in f"{error} {error!r} {error.token!r} {outcome.shown}"
    assert stored.rows["battery:7"]["claimed"], "nobody may renew with the old one"
    kept = error.token
    again = performed(scene, catalog, stored, way, lambda c: c.save_token(kept, user=7), fault, "nothing")
    assert again.error is None
    assert stored.rows["battery:7"]["token"] == dict(error.token)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_provider_that_refuses_is_the_error_though_the_claim_cannot_be_released(
    scene: Scene, catalog: Catalog, stored: Database, way: str, fault: str
) -> None:
    outcome = performed(scene, catalog, stored, way, lambda c: c.renew_token(user=7), fault, "release_renewal")
    assert isinstance(outcome.error, TokenRequestDeniedError)
    assert "the token store failed, too" in "".join(outcome.error.__notes__)
    assert SECRET not in outcome.shown
    assert stored.rows["battery:7"]["token"] == TOKEN


CALLS: dict[str, Callable[[Any], Any]] = {
    "find": lambda c: c.find_token(user=7),
    "save_token": lambda c: c.save_token(TOKEN, user=7),
    "delete_token": lambda c: c.forget_token(user=7),
    "claim_renewal": lambda c: c.renew_token(user=7),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_fails_before_the_provider_is_asked_raises_its_own_error(
    scene: Scene, catalog: Catalog, stored: Database, way: str, operation: str, fault: str
) -> None:
    before = len(scene.server.arrived)
    outcome = performed(scene, catalog, stored, way, CALLS[operation], fault, operation)
    assert isinstance(outcome.error, STORES)
    assert not isinstance(outcome.error, TokenNotSavedError)
    assert SECRET not in outcome.shown
    assert len(scene.server.arrived) == before
    assert stored.rows["battery:7"]["token"] == TOKEN


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_a_store_that_hangs_ends_by_the_callers_own_timeout(
    scene: Scene, catalog: Catalog, stored: Database, way: str
) -> None:
    async def call(made: Any) -> None:
        with anyio.fail_after(SECONDS / 4):
            await made.find_token(user=7)

    assert isinstance(performed(scene, catalog, stored, way, call, "silent", "find").error, TimeoutError)


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_a_cancellation_does_not_lose_a_token_that_could_not_be_saved(
    scene: Scene, catalog: Catalog, stored: Database, way: str
) -> None:
    caught: list[TokenNotSavedError] = []

    async def call(made: Any) -> None:
        async with anyio.create_task_group() as group:

            async def cancel() -> None:
                while "save_token" not in stored.asked:  # noqa: ASYNC110 - a thread fills it
                    await anyio.sleep(0.01)
                group.cancel_scope.cancel()

            group.start_soon(cancel)
            try:
                await made.renew_token(user=7)
            except TokenNotSavedError as error:
                caught.append(error)

    assert performed(scene, catalog, stored, way, call, "silent", "save_token").error is None
    assert caught[0].token is not None


def cached_login(
    scene: Scene, catalog: Catalog, cache: Database, way: str, fault: str, operation: str
) -> tuple[Outcome, int]:
    """How a login ends whose cache fails at ``operation``, and how many access tokens were asked for."""
    is_async = way != "requests"
    remote, given = RemoteCache(cache, is_async=is_async), options(scene)
    arrived: list[Arrived] = []

    def answer(request: Arrived) -> bytes:
        arrived.append(request)
        return response(good(request))

    scene.server.answer = answer
    cache.failing = {operation: fault}
    back = f"/back?oauth_token={SECRET}issued&oauth_verifier=v"

    def blocking() -> None:
        app = flask.Flask("battery")
        app.secret_key = "k"
        oauth = flask_client.OAuth(app, cache=remote, catalog=catalog)
        shop: Any = oauth.register_from_catalog("battery", **given)
        with app.test_request_context("/login"):
            shop.authorize_redirect("http://localhost/back")
            kept = dict(flask.session)
        with app.test_request_context(back):
            flask.session.update(kept)
            shop.authorize_access_token()
        shop.close()

    async def awaited() -> None:
        oauth = starlette_client.OAuth(cache=remote, catalog=catalog, secret_key="k" * 32)
        shop: Any = oauth.register_from_catalog("battery", **given)
        scope = {"type": "http", "method": "GET", "path": "/back", "headers": [], "session": {}}
        try:
            await shop.authorize_redirect(Request({**scope, "query_string": b""}), "http://localhost/back")
            query = back.partition("?")[2].encode()
            await shop.authorize_access_token(Request({**scope, "query_string": query}))
        finally:
            await shop.aclose()

    outcome = ended(partial(anyio.run, awaited, backend=way) if is_async else blocking)
    return outcome, sum(request.target == "/access" for request in arrived)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", ["set", "get", "delete"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_cache_that_fails_ends_the_login(
    scene: Scene, catalog: Catalog, way: str, operation: str, fault: str
) -> None:
    with database() as cache:
        outcome, exchanged = cached_login(scene, catalog, cache, way, fault, operation)
        assert isinstance(outcome.error, CacheError)
        assert outcome.error.provider == "battery"
        assert outcome.error.__cause__ is not None
        assert SECRET not in outcome.shown
        assert exchanged == 0
        # Nothing was kept elsewhere, and a new login ends well.
        again, exchanged = cached_login(scene, catalog, cache, way, fault, "nothing")
        assert (again.error, exchanged) == (None, 1)


GARBAGE: list[Any] = [None, "", "nonsense", 7, [], {"data": {}}, "\x80\x04K\x01.", "x" * 100_000]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", GARBAGE, ids=range(len(GARBAGE)))
def test_a_cache_that_gives_garbage_ends_the_login(scene: Scene, catalog: Catalog, way: str, value: Any) -> None:
    with database() as cache:
        cache.garbage = [value]
        outcome, exchanged = cached_login(scene, catalog, cache, way, "empty", "nothing")
    assert isinstance(outcome.error, StateError)
    assert SECRET not in outcome.shown
    assert exchanged == 0


def test_the_faults_are_those_of_the_network() -> None:
    assert {*FAULTS} <= {*BY_NAME}
