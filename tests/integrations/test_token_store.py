"""``OAuth(token_store=...)`` in each framework: who is found, who is saved, and what is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.pool import NullPool

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import OAuthError, TokenNotSavedError
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token import Token
from tests.clients.conftest import serving
from tests.integrations.applications import ASYNC, Application, now

ME = "account/verify_credentials.json"


class Base(DeclarativeBase):
    pass


class OAuth1Token(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token"
    user_id: Mapped[int] = mapped_column()


class Site:
    """An application with a token store, and what a test wants to know of both."""

    app: Application

    def __init__(self, stored: SQLAlchemyTokens) -> None:
        self.store = stored
        self.user: int | None = 7

    def stored(self, user: int = 7, *, name: str = "twitter") -> Any:
        return self.store.find(name, user)

    def view(self, body: Callable[..., Any]) -> Any:
        """What a view answers to a browser."""
        self.app.views["/view"] = body
        answer = self.app.browser().get("/view")
        return answer.json


@pytest.fixture
def site(framework: str, make: Callable[..., Application], tmp_path: Path) -> Iterator[Callable[..., Site]]:
    engine = create_engine(f"sqlite:///{tmp_path / 'tokens.db'}")
    Base.metadata.create_all(engine)
    key = TokenCipher.new_key()
    sessions: Any = sessionmaker(engine)
    if framework in ASYNC:
        # Each request of a test client has an event loop of its own, which a pooled connection would outlive.
        sessions = async_sessionmaker(
            create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'tokens.db'}", poolclass=NullPool)
        )

    def application(**options: Any) -> Site:
        shop = Site(SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=key))
        tokens = SQLAlchemyTokens(sessions, OAuth1Token, keys=key, user=lambda request: shop.user)
        shop.app = make(token_store=tokens, **options)
        return shop

    yield application
    engine.dispose()


def requested(request: tuple[Any, ...]) -> dict[str, Any]:
    """How a call hands over the request; Flask knows it."""
    return {"request": request[0]} if request else {}


async def me(app: Application, *request: Any) -> Any:
    return {"status": (await now(app.client.get(ME, **requested(request)))).status_code}


def test_a_login_of_a_known_user_is_saved_and_found(site: Callable[..., Site], emulator: Emulator) -> None:
    shop = site()
    assert shop.app.browser().log_in(emulator, user="grace").status == 200
    assert shop.stored()["screen_name"] == "grace"
    assert shop.view(me) == {"status": 200}
    shop.user = 8
    assert shop.view(me)["error"] == "missing_token"
    shop.user = None
    assert shop.view(me)["error"] == "missing_token"


def test_the_token_that_a_login_gave_knows_its_user(site: Callable[..., Site], emulator: Emulator) -> None:
    shop = site()

    @shop.app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        return {"user": (await now(app.client.authorize_access_token(*request))).user}

    assert shop.app.browser().log_in(emulator).json == {"user": 7}


def test_a_login_whose_token_cannot_be_saved_gives_it_in_the_error(
    site: Callable[..., Site], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The callback works only once, so the token was lost."""
    shop = site()

    def fail(*arguments: object) -> None:
        raise ConnectionError("the database has gone")

    @shop.app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        store = app.client.framework.token_store
        with monkeypatch.context() as patch:
            patch.setattr(store, "save_token", fail)
            with pytest.raises(TokenNotSavedError) as caught:
                await now(app.client.authorize_access_token(*request))
        error = caught.value
        await now(app.client.save_token(error.token, user=error.user))
        return {"step": error.step, "user": error.user, "cause": type(error.__cause__).__name__}

    told = shop.app.browser().log_in(emulator, user="grace").json
    assert told == {"step": "access_token", "user": 7, "cause": "ConnectionError"}
    assert shop.stored()["screen_name"] == "grace"
    assert shop.view(me) == {"status": 200}


def test_a_user_who_is_known_only_after_the_profile(site: Callable[..., Site], emulator: Emulator) -> None:
    shop = site()
    shop.user = None
    assert shop.app.browser().log_in(emulator).status == 200
    assert shop.stored() is None

    @shop.app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        token = await now(app.client.authorize_access_token(*request))
        await now(app.client.save_token(token, user=9))
        return dict(await now(app.client.find_token(user=9)))

    assert shop.app.browser().log_in(emulator).json["screen_name"] == "ada"
    assert shop.stored(9)["screen_name"] == "ada"

    async def forget(app: Application, *request: Any) -> Any:
        await now(app.client.forget_token(user=9))
        return await now(app.client.find_token(user=9))

    assert shop.view(forget) is None


def test_ones_own_fetch_token_goes_before_the_store(site: Callable[..., Site], emulator: Emulator) -> None:
    issued = emulator.issue_token("twitter", user="grace")
    shop = site(fetch_token=lambda name, *request: issued)

    async def name(app: Application, *request: Any) -> Any:
        return (await now(app.client.get(ME, **requested(request)))).json()["screen_name"]

    assert shop.app.browser().log_in(emulator, user="ada").status == 200
    assert shop.stored()["screen_name"] == "ada"
    assert shop.view(name) == "grace"


@pytest.mark.parametrize("problem", ["token_revoked", "token_rejected", "token_expired"])
@pytest.mark.parametrize("where", ["body", "header"])
def test_a_rejected_token_is_forgotten_when_that_is_asked(
    site: Callable[..., Site], emulator: Emulator, problem: str, where: str
) -> None:
    said = {"body": f"oauth_problem={problem}"}
    if where == "header":
        said = {"headers": {"WWW-Authenticate": f'OAuth realm="x", oauth_problem="{problem}"'}}
    for asked in (False, True):
        shop = site(forget_rejected_tokens=asked)
        shop.app.browser().log_in(emulator)
        emulator.fail_next("api", status=401, **said)
        assert shop.view(me) == {"status": 401}
        assert (shop.stored() is None) is asked


def test_a_rejected_token_is_forgotten_though_the_answer_is_streamed(
    site: Callable[..., Site], emulator: Emulator
) -> None:
    shop = site(forget_rejected_tokens=True)
    shop.app.browser().log_in(emulator)

    async def streamed(app: Application, *request: Any) -> Any:
        response = await now(app.client.get(ME, stream=True, **requested(request)))
        pieces = response.aiter_bytes() if hasattr(response, "aiter_bytes") else None
        body = b"".join([piece async for piece in pieces]) if pieces else b"".join(response.iter_content())
        return {"status": response.status_code, "body": body.decode()}

    assert shop.view(streamed)["status"] == 200
    emulator.fail_next("api", status=401, body="oauth_problem=token_revoked")
    assert shop.view(streamed) == {"status": 401, "body": "oauth_problem=token_revoked"}
    assert shop.stored() is None


@pytest.mark.parametrize("length", [64 * 1024, 64 * 1024 + 1, 300_000])
def test_a_streamed_error_is_read_no_further_than_a_problem_can_be(
    site: Callable[..., Site], emulator: Emulator, length: int
) -> None:
    """And the application has the whole of it, in either way of reading."""
    shop = site(forget_rejected_tokens=True)
    shop.app.browser().log_in(emulator)
    body = "oauth_problem=token_revoked&" + "x" * (length - 28)

    def reading(how: str) -> Callable[..., Any]:
        async def streamed(app: Application, *request: Any) -> Any:
            response = await now(app.client.get(ME, stream=True, **requested(request)))
            if how == "whole":
                whole = await response.aread() if hasattr(response, "aread") else response.content
            elif hasattr(response, "aiter_text"):
                whole = "".join([piece async for piece in response.aiter_text()]).encode()
            else:
                whole = b"".join(response.iter_content(1000))
            return {"same": whole.decode() == body}

        return streamed

    for how in ("whole", "pieces"):
        shop.app.browser().log_in(emulator)
        emulator.fail_next("api", status=401, body=body)
        assert shop.view(reading(how)) == {"same": True}
        assert shop.stored() is None


def test_a_streamed_error_without_end_is_given_to_the_application(
    site: Callable[..., Site], emulator: Emulator
) -> None:
    written: list[int] = []

    def endless(_: Any) -> Iterator[bytes]:
        yield b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n"
        yield b"1c\r\noauth_problem=token_revoked&\r\n"
        while True:
            written.append(1)
            yield b"10000\r\n" + b"x" * 65536 + b"\r\n"

    shop = site(forget_rejected_tokens=True)
    shop.app.browser().log_in(emulator)
    with serving() as wire:
        wire.answer = endless

        async def begun(app: Application, *request: Any) -> Any:
            options = {"stream": True, "allow_any_host": True, **requested(request)}
            response = await now(app.client.get(f"{wire.url}/x", **options))
            pieces = response.aiter_bytes() if hasattr(response, "aiter_bytes") else None
            first = await anext(pieces) if pieces else next(response.iter_content(1000))
            await now(response.aclose() if pieces else response.close())
            return {"status": response.status_code, "first": first[:27].decode()}

        assert shop.view(begun) == {"status": 401, "first": "oauth_problem=token_revoked"}
    assert shop.stored() is None
    assert len(written) < 1000  # what the sockets' buffers hold, and no more


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, "oauth_problem=timestamp_refused"),
        (401, "Unauthorized: token_revoked"),
        (200, "oauth_problem=token_revoked"),
    ],
)
def test_other_answers_leave_it(site: Callable[..., Site], emulator: Emulator, status: int, body: str) -> None:
    shop = site(forget_rejected_tokens=True)
    shop.app.browser().log_in(emulator)
    emulator.fail_next("api", status=status, body=body)
    assert shop.view(me) == {"status": status}
    assert shop.stored() is not None


class TestRenewal:
    """Yahoo's tokens live an hour, and are renewed with a session handle."""

    @pytest.fixture
    def shop(self, site: Callable[..., Site], emulator: Emulator) -> Site:
        emulator.catalog.provider("yahoo")
        yahoo = emulator.client("yahoo")
        keys = {"client_id": yahoo.client_id, "client_secret": yahoo.client_secret}
        shop = site(config={"yahoo": keys}, register=False, forget_rejected_tokens=True)
        shop.app.oauth.register_from_catalog("yahoo", allow_retired=True)
        shop.app.name = "yahoo"

        @shop.app.view("/authorize")
        async def authorize(app: Application, *request: Any) -> Any:
            await now(app.client.authorize_access_token(*request))
            return {}

        assert shop.app.browser().log_in(emulator).status == 200
        return shop

    def test_the_renewed_token_is_saved(self, shop: Site, emulator: Emulator) -> None:
        before = shop.stored(name="yahoo")
        emulator.expire_tokens("yahoo")

        async def renew(app: Application, *request: Any) -> Any:
            return dict(await now(app.client.renew_token(user=7)))

        renewed = shop.view(renew)
        assert renewed["oauth_token"] != before["oauth_token"]
        stored = shop.stored(name="yahoo")
        assert (dict(stored), stored.version) == (renewed, 2)
        assert stored.expires_at > before.expires_at - 1

    def test_a_token_that_another_has_renewed(self, shop: Site, emulator: Emulator) -> None:
        before = shop.stored(name="yahoo")
        shop.store.save_token("yahoo", 7, Token({**before, "oauth_token": "newer"}))
        emulator.journal.clear()

        async def renew(app: Application, *request: Any) -> Any:
            return [dict(await now(app.client.renew_token(old)))["oauth_token"] for old in (before,)]

        assert shop.view(renew) == ["newer"]
        assert emulator.journal.count(role="renew") == 0

    def test_a_failure_ends_the_claim(self, shop: Site, emulator: Emulator) -> None:
        async def renew(app: Application, *request: Any) -> Any:
            return dict(await now(app.client.renew_token(user=7)))

        emulator.fail_next("renew", status=500)
        assert shop.view(renew)["error"] == "fetch_token_denied"
        assert shop.view(renew)["oauth_token"] == shop.stored(name="yahoo")["oauth_token"]

    def test_a_renewal_that_is_refused_for_good(self, shop: Site, emulator: Emulator) -> None:
        async def renew(app: Application, *request: Any) -> Any:
            return dict(await now(app.client.renew_token(user=7)))

        emulator.fail_next("renew", status=401, body="oauth_problem=token_rejected")
        assert shop.view(renew)["error"] == "fetch_token_denied"
        assert shop.stored(name="yahoo") is None
        assert shop.view(renew)["error"] == "missing_token"

    def test_an_expired_token_that_can_be_renewed_is_kept(self, shop: Site, emulator: Emulator) -> None:
        async def call(app: Application, *request: Any) -> Any:
            url = app.client.api_base_url or app.client.provider.userinfo.endpoint
            return (await now(app.client.get(url, **requested(request)))).status_code

        emulator.fail_next("api", status=401, body="oauth_problem=token_expired")
        assert shop.view(call) == 401
        assert shop.stored(name="yahoo") is not None


def test_without_a_store_it_is_said_what_is_missing(app: Application) -> None:
    async def find(app: Application, *request: Any) -> Any:
        return await now(app.client.find_token(user=7))

    app.views["/view"] = find
    answer = app.browser().get("/view").json
    assert answer["error"] == "no_token_store"
    assert "OAuth(token_store=...)" in answer["description"]


def test_an_async_store_in_a_sync_client(tmp_path: Path) -> None:
    from flask import Flask

    from oauth1_catalog.integrations.flask_client import OAuth

    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'tokens.db'}", poolclass=NullPool)
    store = SQLAlchemyTokens(async_sessionmaker(engine), OAuth1Token, keys=TokenCipher.new_key())
    app = Flask(__name__)
    app.config.update(SECRET_KEY="s", TWITTER_CLIENT_ID="i", TWITTER_CLIENT_SECRET="s")
    oauth = OAuth(app, token_store=store)
    oauth.register_from_catalog("twitter")
    with pytest.raises(TypeError, match="the token store is async, and this client is not"):
        oauth.twitter.find_token(user=7)
    asyncio.run(engine.dispose())


def test_a_row_of_the_table_without_a_store(app: Application, emulator: Emulator) -> None:
    """What comes from ``to_token()`` knows its user; without a store that means nothing."""
    issued = emulator.issue_token("twitter")
    token = Token(oauth_token=issued.oauth_token, oauth_token_secret=issued.oauth_token_secret)
    token.user, token.version = 7, 1

    async def call(app: Application, *request: Any) -> Any:
        emulator.fail_next("api", status=401, body="oauth_problem=token_revoked")
        return (await now(app.client.get(ME, token=token))).status_code

    async def renew(app: Application, *request: Any) -> Any:
        return await now(app.client.renew_token(token))

    app.views["/call"], app.views["/renew"] = call, renew
    assert app.browser().get("/call").json == 401
    assert app.browser().get("/renew").json["error"] == "no_renew"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Any]:
    engine = create_engine(f"sqlite:///{tmp_path / 'tokens.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_a_store_for_each_flask_application(table: Any) -> None:
    """One registry, two applications that come from a factory; each has its own table's keys."""
    from flask import Flask

    from oauth1_catalog.integrations.flask_client import OAuth

    oauth = OAuth()
    oauth.register_from_catalog("twitter")
    applications = []
    for user in (1, 2):
        app = Flask(__name__)
        app.config.update(SECRET_KEY="s", TWITTER_CLIENT_ID="i", TWITTER_CLIENT_SECRET="s")
        store = SQLAlchemyTokens(
            sessionmaker(table), OAuth1Token, keys=TokenCipher.new_key(), user=lambda request, user=user: user
        )
        oauth.init_app(app, token_store=store)
        applications.append(app)
    for user, app in enumerate(applications, start=1):
        with app.app_context():
            oauth.twitter.save_token({"oauth_token": f"token-{user}"}, user=user)
            assert oauth.twitter.token is None, "outside of a request nobody is logged in"
        with app.test_request_context():
            assert oauth.twitter.token["oauth_token"] == f"token-{user}"


def test_endpoints_of_fastapi_that_are_not_async(table: Any, tmp_path: Path) -> None:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from oauth1_catalog.integrations.starlette_client import OAuth

    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'tokens.db'}", poolclass=NullPool)
    tokens = SQLAlchemyTokens(async_sessionmaker(engine), OAuth1Token, keys=TokenCipher.new_key())
    oauth = OAuth({"TWITTER_CLIENT_ID": "i", "TWITTER_CLIENT_SECRET": "s"}, token_store=tokens)
    oauth.register_from_catalog("twitter")
    app = FastAPI(lifespan=oauth.lifespan)

    @app.get("/")
    def use() -> list[str | None]:
        twitter = oauth.twitter.blocking
        twitter.save_token({"oauth_token": "token-7"}, user=7)
        found = twitter.find_token(user=7)
        errors = []
        for call in (twitter.renew_token, twitter.revoke_token):
            try:
                call(user=7)
            except OAuthError as error:
                errors.append(error.error)
        twitter.forget_token(user=7)
        return [found and found["oauth_token"], *errors, twitter.find_token(user=7)]

    with TestClient(app) as browser:
        answer = browser.get("/").json()
    assert answer[:2] == ["token-7", "no_renew"]
    assert answer[-1] is None
