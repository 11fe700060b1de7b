"""The rows of a migration on each real database: leases, outcomes, the pace, and the tokens that are read back."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog import OAuth2Token as BearerToken
from oauth1_catalog.catalog.provider import ExchangeLimit
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingTokenError,
    OAuthError,
    ProviderError,
    TokenExchangeDeniedError,
    TokenKeyError,
    TokenResponseError,
    TransportError,
)
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.integrations.sqlalchemy_tokens.migration import SQLAlchemyMigration
from oauth1_catalog.integrations.sqlalchemy_tokens.store import SQLAlchemyRows
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.migration import Asked, Counts, Lease, Outcome, Waiting, migrate
from oauth1_catalog.registry.migration_run import TokenFile
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_table import rotate
from tests.tokens.models import OAuth1Token, OAuth2Token, OAuth2TokenOfUUID, TokenOfUUID, token

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What does not depend on the database's own ways."""


@pytest.fixture
def store(sessions: sessionmaker[Session], key: str) -> Any:  # its methods give no awaitables here
    return SQLAlchemyTokens(sessions, OAuth1Token, keys=key, oauth2_model=OAuth2Token)


@pytest.fixture
def table(engine: Engine, store: Any, key: str) -> SQLAlchemyMigration:
    """Three tokens of X, and one of another client."""
    for user in range(3):
        store.save_token("x", user, token(user))
    store.save_token("garmin", 0, token(0))
    return SQLAlchemyMigration(engine, "x", TokenCipher(key))


def exchanged(given: Token) -> BearerToken:
    found = BearerToken(access_token=f"new-{given['oauth_token']}", refresh_token="r", expires_in="7200", scope="read")
    found.expires_at = 1_900_000_000.0
    return found


def events(table: SQLAlchemyMigration, exchange: Callable[[Token], BearerToken] = exchanged, **how: Any) -> list[Any]:
    """What a run does; waits for rows are short."""
    found = []
    options = {"provider": "x", "limit": None, "deadline": 1.0, "attempts": 1, **how}
    for event in migrate(table, exchange, **options):
        found.append(event)
        if isinstance(event, Waiting):
            time.sleep(min(event.seconds, 0.2))
    return found


def rows(engine: Engine, name: str = "x") -> dict[int, OAuth2Token]:
    with Session(engine) as session:
        found = {row.user_id: row for row in session.scalars(select(OAuth2Token).filter_by(name=name))}
        session.expunge_all()
        return found


def failing(error: Exception) -> Callable[[Token], BearerToken]:
    def exchange(given: Token) -> BearerToken:
        raise error

    return exchange


def test_every_token_of_the_client_is_exchanged(table: SQLAlchemyMigration, engine: Engine, store: Any) -> None:
    assert table.counts() == Counts(new=3)
    done = events(table)
    assert sorted(event.user for event in done) == [0, 1, 2]
    assert table.counts() == Counts(exchanged=3)
    for user in range(3):
        found = store.find_oauth2_token("x", user)
        assert isinstance(found, BearerToken)
        assert found == {**exchanged(Token(token(user)))}
        assert found.expires_at == 1_900_000_000.0
    assert store.find_oauth2_token("garmin", 0) is None
    assert store.find_oauth2_token("x", 3) is None
    assert rows(engine, "garmin") == {}
    assert events(table) == []
    with engine.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM oauth2_token")).all())
    assert "token-" not in stored


REFUSED = TokenExchangeDeniedError(status=400, problem="invalid_grant", is_final=True)


@ON_SQLITE
@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (REFUSED, "refused", "400 invalid_grant"),
        (TokenExchangeDeniedError(status=503), "again", "503"),
        (TokenExchangeDeniedError(status=403, problem="forbidden"), "again", "403 forbidden"),
        (TokenResponseError(status=200), "again", "invalid_token_response 200"),
        (TransportError(), "again", "provider_unreachable"),
        (MissingTokenError(description="x: the token has no user_id."), "again", "missing_token"),
    ],
    ids=lambda part: part if isinstance(part, str) else type(part).__name__,
)
def test_a_failure_is_the_state_of_its_row(
    table: SQLAlchemyMigration, engine: Engine, error: OAuthError, state: str, reason: str
) -> None:
    done = events(table, failing(error))
    assert [(event.outcome.state, event.outcome.reason) for event in done] == [(state, reason)] * 3
    found = rows(engine).values()
    assert {(row.state, row.reason, row.lease, row.access_token) for row in found} == {(state, reason, None, None)}
    assert table.reasons() == {reason: 3}
    # A row to be asked again is asked by the next run; a refused one is not.
    assert len(events(table)) == (3 if state == "again" else 0)


def test_a_refused_row_is_asked_again_when_the_user_has_another_token(
    table: SQLAlchemyMigration, engine: Engine, store: Any
) -> None:
    events(table, failing(REFUSED))
    store.delete_token("x", 0)
    store.save_token("x", 0, token(10))
    store.save_token("x", 1, token(11))
    assert sorted(event.user for event in events(table)) == [0, 1]
    assert {user: row.state for user, row in rows(engine).items()} == {0: "exchanged", 1: "exchanged", 2: "refused"}
    store.save_token("x", 0, token(20))
    assert events(table) == []  # the token of OAuth 2.0 stays valid


@ON_SQLITE
def test_a_token_that_was_deleted_meanwhile(table: SQLAlchemyMigration, engine: Engine, store: Any) -> None:
    table.prepare()
    store.delete_token("x", 1)
    events(table)
    row = rows(engine)[1]
    assert (row.state, row.reason) == ("refused", "the token of OAuth 1.0 was deleted")
    store.save_token("x", 1, token(1))
    assert [event.user for event in events(table)] == [1]


@ON_SQLITE
def test_a_row_that_no_key_opens_does_not_stop_the_others(
    table: SQLAlchemyMigration, engine: Engine, sessions: sessionmaker[Session]
) -> None:
    other: Any = SQLAlchemyTokens(sessions, OAuth1Token, keys=TokenCipher.new_key())
    other.save_token("x", 1, token(1))
    events(table)
    assert {user: (row.state, row.reason) for user, row in rows(engine).items()} == {
        0: ("exchanged", ""),
        1: ("again", "token_key_error"),
        2: ("exchanged", ""),
    }


@ON_SQLITE
@pytest.mark.parametrize(
    "error",
    [TokenExchangeDeniedError(status=400, problem="invalid_client"), ConfigurationError(description="wrong")],
    ids=["invalid_client", "configuration"],
)
def test_what_every_row_would_fail_with_ends_the_run(
    table: SQLAlchemyMigration, engine: Engine, error: OAuthError
) -> None:
    with pytest.raises(type(error)):
        events(table, failing(error))
    assert sorted((row.state, row.lease, row.attempts) for row in rows(engine).values()) == [
        ("again", None, 0),
        ("again", None, 0),
        ("again", None, 1),
    ]


@ON_SQLITE
def test_ten_failures_in_a_row_end_the_run(table: SQLAlchemyMigration, store: Any) -> None:
    for user in range(3, 15):
        store.save_token("x", user, token(user))
    with pytest.raises(ProviderError, match=r"x: the last 10 exchanges failed, the last one with: 503\. Run"):
        events(table, failing(TokenExchangeDeniedError(status=503)))
    assert table.counts() == Counts(again=15)


@ON_SQLITE
def test_a_failed_row_waits_longer_each_time(table: SQLAlchemyMigration, engine: Engine, store: Any) -> None:
    for user in (1, 2):
        store.delete_token("x", user)
    asked: list[float] = []

    def exchange(given: Token) -> BearerToken:
        asked.append(time.monotonic())
        raise TransportError

    events(table, exchange, attempts=2)
    assert len(asked) == 2
    assert 2.0 <= asked[1] - asked[0] < 60
    assert rows(engine)[0].attempts == 2


def test_the_provider_s_wait_is_every_worker_s(table: SQLAlchemyMigration, engine: Engine, key: str) -> None:
    """A 429 stops the rows that were not asked, too, also those of another worker."""
    busy = TokenExchangeDeniedError(status=429, problem="rate_limited", retry_after=900.0)
    steps = migrate(table, failing(busy), provider="x", limit=None, deadline=1.0)
    assert isinstance(next(steps), Asked)
    waiting = next(steps)
    assert isinstance(waiting, Waiting)
    assert waiting.cause == "provider"
    other = SQLAlchemyMigration(engine, "x", TokenCipher(key))
    sent, pause = other.sent(60)
    assert sent == 1
    assert 890 < pause <= 900
    first = next(migrate(other, exchanged, provider="x", limit=None, deadline=1.0))
    assert isinstance(first, Waiting)


def test_a_lease_is_one_worker_s_until_it_ends(table: SQLAlchemyMigration, engine: Engine, key: str) -> None:
    other = SQLAlchemyMigration(engine, "x", TokenCipher(key))
    table.prepare()
    other.prepare()
    leases = [table.lease(60, period=60, attempts=5) for _ in range(3)]
    assert {lease.user for lease in leases if lease} == {0, 1, 2}
    assert other.lease(60, period=60, attempts=5) is None
    due = other.next_due(5)
    assert due is not None
    assert 50 < due <= 60
    other.prepare()  # a run that starts now ends no lease
    assert other.lease(60, period=60, attempts=5) is None


def test_a_run_does_not_end_while_another_has_the_last_attempt(
    table: SQLAlchemyMigration, engine: Engine, key: str, store: Any
) -> None:
    """Its status says whether a row is left, so it waits for what becomes of this one."""
    for user in (1, 2):
        store.delete_token("x", user)
    table.prepare()
    last = table.lease(60, period=60, attempts=1)
    assert last is not None
    other = SQLAlchemyMigration(engine, "x", TokenCipher(key))
    due = other.next_due(1)
    assert due is not None
    assert 50 < due <= 60
    assert table.finish(last, Outcome("again", "503", delay=2.0))
    assert other.next_due(1) is None


def test_a_run_does_not_wait_for_a_worker_that_died_at_the_last_attempt(
    table: SQLAlchemyMigration, engine: Engine, key: str
) -> None:
    table.prepare()
    assert all(table.lease(0.05, period=60, attempts=1) for _ in range(3))
    time.sleep(0.1)
    assert SQLAlchemyMigration(engine, "x", TokenCipher(key)).next_due(1) is None


def test_a_result_that_comes_after_the_lease_is_not_stored(
    table: SQLAlchemyMigration, engine: Engine, key: str, store: Any
) -> None:
    for user in (1, 2):
        store.delete_token("x", user)
    table.prepare()
    late = table.lease(0.05, period=60, attempts=5)
    assert late is not None
    time.sleep(0.1)
    other = SQLAlchemyMigration(engine, "x", TokenCipher(key))
    mine = other.lease(60, period=60, attempts=5)
    assert mine is not None
    assert (mine.row, mine.attempt) == (late.row, 2)
    kept: list[str] = []
    assert not table.finish(late, Outcome("exchanged", token=exchanged(Token(token(99)))), lambda: kept.append("late"))
    assert not table.finish(late, Outcome("refused", "400 invalid_grant"))
    assert kept == []
    assert rows(engine)[0].state == "again"
    assert other.finish(mine, Outcome("exchanged", token=exchanged(Token(token(0)))), lambda: kept.append("mine"))
    assert kept == ["mine"]
    assert store.find_oauth2_token("x", 0)["access_token"] == "new-token-0"


@ON_SQLITE
def test_a_lease_that_ended_unseen_still_stores_its_result(table: SQLAlchemyMigration, store: Any) -> None:
    """Nobody else has asked, so it is the newest pair."""
    table.prepare()
    lease = table.lease(0.01, period=60, attempts=5)
    assert lease is not None
    time.sleep(0.05)
    assert table.finish(lease, Outcome("exchanged", token=exchanged(Token(token(7)))))
    assert store.find_oauth2_token("x", lease.user)["access_token"] == "new-token-7"


def test_what_is_kept_elsewhere_is_kept_before_the_commit(
    table: SQLAlchemyMigration, engine: Engine, database: str
) -> None:
    """An error while it is written leaves the row to be asked again."""

    def full(lease: Lease, given: BearerToken) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        events(table, keep=full)
    assert {row.state for row in rows(engine).values()} == {"again"}
    kept: dict[object, str] = {}
    with engine.begin() as connection:
        connection.execute(update(OAuth2Token).values(lease=None, not_before=None))
    events(table, keep=lambda lease, given: kept.update({lease.user: given["access_token"]}))
    assert kept == {user: f"new-token-{user}" for user in range(3)}
    assert {(row.state, row.access_token) for row in rows(engine).values()} == {("exchanged", None)}


@ON_SQLITE
def test_a_worker_that_was_stopped_before_its_request_sends_none(table: SQLAlchemyMigration) -> None:
    moments = iter([0.0, 0.0, 100.0])
    asked: list[Token] = []

    def exchange(given: Token) -> BearerToken:
        asked.append(given)
        return exchanged(given)

    steps = migrate(table, exchange, provider="x", limit=None, deadline=1.0, clock=lambda: next(moments, 100.0))
    event = next(steps)
    assert isinstance(event, Asked)
    assert event.outcome == Outcome("again", "the worker was stopped before it sent the request", sent=False)
    assert asked == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_workers_share_the_limit(table: SQLAlchemyMigration, engine: Engine, store: Any, key: str) -> None:
    """Three workers at once do not send more than the limit in a period."""
    for user in range(3, 60):
        store.save_token("x", user, token(user))
    table.prepare()
    sent: list[Token] = []

    def exchange(given: Token) -> BearerToken:
        sent.append(given)
        return exchanged(given)

    def work() -> None:
        mine = SQLAlchemyMigration(engine, "x", TokenCipher(key))
        for event in migrate(mine, exchange, provider="x", limit=ExchangeLimit(requests=20, seconds=900), deadline=1.0):
            if isinstance(event, Waiting):
                assert event.cause == "limit"
                break

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # A twentieth stays free, and each of the others can send one request more than it has read.
    assert 19 <= len(sent) <= 21


def test_a_code_that_no_database_would_take(table: SQLAlchemyMigration, engine: Engine) -> None:
    hostile = TokenExchangeDeniedError(status=400, problem="a\x00\x1b[2J\u2603" * 100, is_final=True)
    events(table, failing(hostile))
    (reason,) = table.reasons()
    assert reason.startswith("400 a??[2J?a??[2J?")
    assert len(reason) == 200


@ON_SQLITE
def test_nothing_waits_when_no_row_is_left(table: SQLAlchemyMigration) -> None:
    """Neither for the limit nor for the provider."""
    limit = ExchangeLimit(requests=3, seconds=900)
    assert [event.outcome.state for event in events(table, most=2, limit=limit)] == ["exchanged"] * 2
    (waiting,) = (event for event in [next(migrate(table, exchanged, provider="x", limit=limit, deadline=1.0))])
    assert waiting == Waiting(1.0, "limit")
    busy = TokenExchangeDeniedError(status=429, problem="invalid_grant", retry_after=900.0, is_final=True)
    assert len(events(table, failing(busy))) == 1
    assert events(table, limit=limit) == []


def test_requests_count_until_the_period_ends(table: SQLAlchemyMigration) -> None:
    table.prepare()
    assert table.sent(60) == (0, 0.0)
    for expected in (1, 2, 3):
        assert table.lease(0.0, period=60, attempts=5) is not None
        assert table.sent(60)[0] == expected
    time.sleep(0.05)
    # A row that is asked again counts twice, as long as its first request does.
    assert table.lease(60, period=60, attempts=5) is not None
    assert table.sent(60)[0] == 4
    assert table.sent(0.0)[0] == 0


def test_uuids(engine: Engine, sessions: sessionmaker[Session], key: str) -> None:
    """Some databases keep them as text, from which the command has to know them again."""
    store: Any = SQLAlchemyTokens(sessions, TokenOfUUID, keys=key, oauth2_model=OAuth2TokenOfUUID)
    users = [uuid.uuid4() for _ in range(3)]
    for user in users:
        store.save_token("x", user, token(1))
    cipher = TokenCipher(key)
    names = {"table": "oauth1_token_of_uuid", "oauth2_table": "oauth2_token_of_uuid"}
    done = events(SQLAlchemyMigration(engine, "x", cipher, **names))
    assert {event.outcome.state for event in done} == {"exchanged"}
    assert {store.find_oauth2_token("x", user)["access_token"] for user in users} == {"new-token-1"}


@ON_SQLITE
def test_a_moved_token_is_refused(table: SQLAlchemyMigration, engine: Engine, store: Any) -> None:
    events(table)
    with engine.begin() as connection:
        columns = (OAuth2Token.access_token, OAuth2Token.refresh_token, OAuth2Token.extra)
        values = connection.execute(select(*columns).where(OAuth2Token.user_id == 0)).one()
        moved = dict(zip(("access_token", "refresh_token", "extra"), values, strict=True))
        connection.execute(update(OAuth2Token).where(OAuth2Token.user_id == 1).values(**moved))
        connection.execute(update(OAuth2Token).where(OAuth2Token.user_id == 2).values(access_token=values[1]))
    assert store.find_oauth2_token("x", 0)
    for user in (1, 2):
        with pytest.raises(TokenKeyError, match=f"x: the token of user {user} cannot be read: it was sealed for anot"):
            store.find_oauth2_token("x", user)


def test_a_refreshed_token_is_saved(store: Any, engine: Engine, table: SQLAlchemyMigration) -> None:
    """As Authlib gives it: with numbers, and its own expiry."""
    refreshed = {"access_token": "a", "refresh_token": "b", "expires_in": 7200, "expires_at": 1_900_000_000, "id": None}
    store.save_oauth2_token("x", 0, refreshed)
    found = store.find_oauth2_token("x", 0)
    assert found == {"access_token": "a", "refresh_token": "b", "expires_in": "7200"}
    assert found.expires_at == 1_900_000_000.0
    assert sorted(event.user for event in events(table)) == [1, 2]
    store.save_oauth2_token("x", 1, refreshed)
    assert store.find_oauth2_token("x", 1) == found
    assert {row.state for row in rows(engine).values()} == {"exchanged"}
    with pytest.raises(MissingTokenError, match=r"x: the token has no access_token\. Pass a mapping with"):
        store.save_oauth2_token("x", 0, {"refresh_token": "b"})


@ON_SQLITE
def test_a_store_without_the_second_table(tokens: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"find_oauth2_token\(\) needs a table of OAuth 2.0 tokens"):
        tokens.find_oauth2_token("x", 0)


async def _read(url: str, key: str) -> Any:
    engine = create_async_engine(url)
    store: Any = SQLAlchemyTokens(async_sessionmaker(engine), OAuth1Token, keys=key, oauth2_model=OAuth2Token)
    await store.save_oauth2_token("x", 7, {"access_token": "a"})
    found = await store.find_oauth2_token("x", 7)
    await engine.dispose()
    return found


@ON_SQLITE
def test_async_sessions(database: str, key: str) -> None:
    import anyio

    assert anyio.run(_read, database.replace("sqlite:", "sqlite+aiosqlite:"), key) == {"access_token": "a"}


def test_another_key(table: SQLAlchemyMigration, engine: Engine, sessions: sessionmaker[Session], key: str) -> None:
    """Rows without a token need none."""
    table.prepare()
    events(table, most=2)
    newer = TokenCipher.new_key()
    cipher, found = TokenCipher([newer, key]), SQLAlchemyRows(engine, "oauth2_token")
    assert found.count(cipher.key_id) == 2
    assert [step.rows for step in rotate(found, cipher, batch=10)] == [2]
    assert found.count(cipher.key_id) == 0
    only: Any = SQLAlchemyTokens(sessions, OAuth1Token, keys=newer, oauth2_model=OAuth2Token)
    read = [only.find_oauth2_token("x", user) for user in range(3)]
    assert sorted(one["access_token"] for one in read if one) == sorted(
        f"new-token-{user}" for user, row in rows(engine).items() if row.state == "exchanged"
    )


@pytest.fixture
def lease() -> Lease:
    return Lease(1, 7, "owner", 1)


def test_a_file_of_tokens(tmp_path: Path, lease: Lease) -> None:
    path = tmp_path / "tokens.jsonl"
    file = TokenFile(path, "x")
    file.keep(lease, exchanged(Token(token(1))))
    file.keep(Lease(2, "ada", "owner", 1), BearerToken(access_token="a"))
    file.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == {"name": "x", "user_id": 7, **exchanged(Token(token(1))), "expires_at": 1_900_000_000.0}
    assert second == {"name": "x", "user_id": "ada", "access_token": "a"}


def test_a_line_that_was_cut_stays_alone(tmp_path: Path, lease: Lease) -> None:
    path = tmp_path / "tokens.jsonl"
    path.write_text('{"name": "x", "us', encoding="utf-8")
    path.chmod(0o600)
    file = TokenFile(path, "x")
    file.keep(lease, BearerToken(access_token="a"))
    file.close()
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1])["access_token"] == "a"


def _link(path: Path) -> None:
    (path.parent / "other").touch(mode=0o600)
    path.symlink_to("other")


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda path: path.touch(mode=0o644), "can be read by others"),
        (_link, "is a link"),
        (lambda path: os.mkfifo(path, 0o600), "is not a file"),
    ],
    ids=["mode", "link", "fifo"],
)
def test_a_file_that_is_not_the_owner_s_alone(tmp_path: Path, make: Callable[[Path], None], fault: str) -> None:
    path = tmp_path / "tokens.jsonl"
    make(path)
    with pytest.raises(ConfigurationError, match=f"{fault}, and tokens are not written there. Choose another file"):
        TokenFile(path, "x")


@pytest.fixture
def another_database(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE oauth1_token (id INTEGER, name TEXT)")
    yield engine
    engine.dispose()


def test_tables_that_are_not_there(another_database: Engine, key: str) -> None:
    cipher = TokenCipher(key)
    with pytest.raises(ConfigurationError, match="oauth1_token: this is not a table of tokens: it lacks expires_at"):
        SQLAlchemyMigration(another_database, "x", cipher)
    with pytest.raises(ConfigurationError, match=r"nothing: the database has no such table\..*create_all"):
        SQLAlchemyMigration(another_database, "x", cipher, table="nothing")
