"""The clock jumps, forwards and back: the application's, the provider's, or both.

``tests/threats/test_25_clock_skew.py`` has the messages for clocks that are wrong all the time, and
``tests/tokens`` the claims of workers on each database.
"""

from __future__ import annotations

import asyncio
import inspect
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cachelib
import flask
import httpx2
import pytest
import time_machine
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import TokenRequestDeniedError
from oauth1_catalog.integrations import flask_client, starlette_client
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import Token
from tests.battery.crowd_provider import CLIENT_ID, CLIENT_SECRET
from tests.battery.deployed import Provider, running_provider
from tests.integrations.applications import Application
from tests.integrations.conftest import (
    app,  # noqa: F401 - a fixture
    framework,  # noqa: F401 - a fixture
    make,  # noqa: F401 - a fixture
    trusted,  # noqa: F401 - a fixture
)
from tests.tokens.models import Base, OAuth1Token, token

MINUTE, HOUR, DAY = 60, 3600, 86_400
JUMPS = [MINUTE, HOUR, -MINUTE, -DAY]
ENDED = {"expired_state", "invalid_state", "state_used"}
"""A login that the user has to begin again. Signed cookies of Flask and Starlette that are from the future are none."""


@contextmanager
def jumped(seconds: float) -> Iterator[None]:
    """A block in which this process's clock is so far ahead, or behind."""
    with time_machine.travel(time.time() + seconds):
        yield


@pytest.mark.parametrize("kept_in", ["session", "cache"])
@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_during_a_login(
    make: Callable[..., Application],  # noqa: F811 - the fixture
    emulator: Emulator,
    kept_in: str,
    jump: int,
) -> None:
    """It ends well, or the user begins again; it is accepted once, whatever the clock does afterwards."""
    site = make(cache=cachelib.SimpleCache() if kept_in == "cache" else None)
    browser = site.browser()
    back = emulator.approve(browser.get("/login").location)
    old = browser.cookies
    with jumped(jump):
        answers = [browser.get(back)]
        assert browser.log_in(emulator).status == 200
    for later in (0, jump, -jump):
        with jumped(later):
            browser.put_back(old)
            answers.append(browser.get(back))
    if jump == MINUTE:
        assert answers[0].status == 200
    if jump > MINUTE:
        assert answers[0].json["error"] in {"expired_state", "invalid_state"}
    accepted = [answer for answer in answers if answer.status == 200]
    assert len(accepted) <= 1
    assert {answer.json["error"] for answer in answers if answer.status != 200} <= ENDED
    assert emulator.journal.count(role="access_token") == 1 + len(accepted)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_login_that_began_before_a_jump_leaves_room_for_others(
    app: Application,  # noqa: F811 - the fixture
    emulator: Emulator,
    jump: int,
) -> None:
    """What a browser keeps of logins that never ended, of any time, does not stand in the way of the next ones."""
    browser = app.browser()
    with jumped(jump):
        for _ in range(8):
            browser.get("/login")
    assert [browser.log_in(emulator).status for _ in range(8)] == [200] * 8


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture
def provider_right(provider: Provider) -> Iterator[Provider]:
    """The provider, whose clock a test may set wrong."""
    yield provider
    provider.ask("/clock?ahead=0")


@contextmanager
def of_flask() -> Iterator[flask_client.OAuth]:
    site = flask.Flask(__name__)
    with site.app_context():
        yield flask_client.OAuth(site)


@contextmanager
def of_starlette() -> Iterator[starlette_client.OAuth]:
    yield starlette_client.OAuth()


Registry = Callable[[], AbstractContextManager[Any]]


async def now(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def used(provider: Provider, registry: Registry, use: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``use`` have a client of the provider, and close it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", provider.ca_file)
    monkeypatch.setenv("SSL_CERT_FILE", provider.ca_file)
    origin = provider.origin
    with registry() as oauth:
        client = oauth.register(
            "shop",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            request_token_url=f"{origin}/request_token",
            authorize_url=f"{origin}/authorize",
            access_token_url=f"{origin}/access_token",
            api_base_url=f"{origin}/",
        )

        async def run() -> None:
            await use(client)
            await now(client.aclose() if hasattr(client, "aclose") else client.close())

        asyncio.run(run())


def approved(provider: Provider, url: str) -> str:
    """The verifier that the user brings back."""
    context = ssl.create_default_context(cafile=provider.ca_file)
    answer = httpx2.get(url, headers={"Cookie": "user=ada"}, verify=context)
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["Location"]).query)["oauth_verifier"][0]


@pytest.mark.parametrize("registry", [of_flask, of_starlette])
@pytest.mark.parametrize("ahead", [HOUR, -DAY])
def test_the_provider_s_clock_jumps_during_a_login(
    provider_right: Provider, monkeypatch: pytest.MonkeyPatch, registry: Registry, ahead: int
) -> None:
    """The error has the difference. When the clock is right again, the same login goes on, and its token is good."""
    provider = provider_right
    side = "behind" if ahead > 0 else "ahead of"

    async def use(client: Any) -> None:
        begun = await now(client.create_authorization_url("https://app.example/callback"))
        verifier = approved(provider, begun["url"])
        provider.ask(f"/clock?ahead={ahead}")
        with pytest.raises(TokenRequestDeniedError) as refused:
            await now(client.fetch_access_token(begun["request_token"], verifier=verifier))
        assert (refused.value.error, refused.value.step) == ("fetch_token_denied", "access_token")
        assert f"clock is {abs(ahead)} s {side} the provider's" in near(refused.value.description, abs(ahead))
        provider.ask("/clock?ahead=0")
        given = await now(client.fetch_access_token(begun["request_token"], verifier=verifier))
        provider.ask(f"/clock?ahead={ahead}")
        assert (await now(client.get("me", token=given))).status_code == 401
        provider.ask("/clock?ahead=0")
        assert (await now(client.get("me", token=given))).json() == {"user": "ada"}

    used(provider, registry, use, monkeypatch)


def near(text: str, seconds: int) -> str:
    """The text with this number in place of one that is a second or two beside it."""
    for other in range(seconds - 2, seconds + 3):
        text = text.replace(f" {other} s ", f" {seconds} s ")
    return text


@pytest.mark.parametrize("registry", [of_flask, of_starlette])
def test_both_clocks_jump_and_no_nonce_comes_twice(
    provider_right: Provider, monkeypatch: pytest.MonkeyPatch, registry: Registry
) -> None:
    provider = provider_right
    before = provider.ask("/kept")
    given = {"oauth_token": provider.ask("/issue?user=ada"), "oauth_token_secret": "secret"}
    positions = [0, HOUR, 0, -DAY, DAY, 0]

    async def use(client: Any) -> None:
        for position in positions:
            provider.ask(f"/clock?ahead={position}")
            with jumped(position):
                for _ in range(10):
                    assert (await now(client.get("me", token=given))).status_code == 200

    used(provider, registry, use, monkeypatch)
    after = provider.ask("/kept")
    assert after["nonces"] - before["nonces"] == 10 * len(positions)
    assert after["refused"] == before["refused"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Any]:
    engine = create_engine(f"sqlite:///{tmp_path / 'tokens.db'}")
    Base.metadata.create_all(engine)
    yield SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=TokenCipher.new_key())
    engine.dispose()


@pytest.mark.parametrize("jump", JUMPS)
def test_the_token_that_was_saved_last_is_found(store: Any, jump: int) -> None:
    with jumped(jump):
        store.save_token("twitter", 7, token(1))
    store.save_token("twitter", 7, token(2))
    found = store.find("twitter", 7)
    assert (found["oauth_token"], found.version) == ("token-2", 2)
    with jumped(jump):
        assert store.find("twitter", 7)["oauth_token"] == "token-2"


@pytest.mark.parametrize("provider_name", ["yahoo", "etrade"])
@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_token_is_renewed_after_a_worker_died_before_a_jump(
    store: Any, emulator: Emulator, jump: int, provider_name: str
) -> None:
    """A worker claimed it by a clock that was wrong, and died. Nobody waits for it, and the token is not lost."""
    site = flask.Flask(__name__)
    oauth = flask_client.OAuth(site, token_store=store, catalog=emulator.catalog)
    own = emulator.client(provider_name)
    client = oauth.register_from_catalog(
        provider_name,
        client_id=own.client_id,
        client_secret=own.client_secret,
        client_kwargs={"verify": emulator.ca_file},
        allow_retired=True,
    )
    issued = emulator.issue_token(provider_name)
    store.save_token(provider_name, 7, Token(issued.fields))
    with jumped(jump):
        assert store.claim_renewal(provider_name, 7, 1, 60)
    emulator.expire_tokens(provider_name)
    with site.app_context():
        renewed = client.renew_token(user=7)
    assert emulator.journal.count(role="renew", status=200) == 1
    assert store.find(provider_name, 7) == renewed
    assert store.find(provider_name, 7).version == renewed.version == 2
