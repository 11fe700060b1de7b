"""Another key for a table: in batches, stopped and resumed, while the application saves."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from oauth1_catalog.cli import cli
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.integrations.sqlalchemy_tokens.store import SQLAlchemyRows
from oauth1_catalog.registry.encryption import TokenCipher
from oauth1_catalog.registry.token_table import rotate
from tests.servers import child_process
from tests.tokens.models import OAuth1Token, TokenOfUUID, token


def keys_of(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(OAuth1Token.key_id)))


@pytest.fixture
def table(tokens: Any) -> Any:
    for user in range(25):
        tokens.save_token("twitter", user, token(user))
    return tokens


@pytest.fixture
def newer() -> str:
    return TokenCipher.new_key()


def test_it_can_be_stopped_and_goes_on(table: Any, engine: Engine, key: str, newer: str) -> None:
    cipher, rows = TokenCipher([newer, key]), SQLAlchemyRows(engine, "oauth1_token")
    steps = rotate(rows, cipher, batch=10)
    assert next(steps).rows == 10
    steps.close()
    assert keys_of(engine).count(cipher.key_id) == 10
    assert rows.count(cipher.key_id) == 15
    # Both kinds of rows are read meanwhile, and old keys still save.
    both: Any = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=[newer, key])
    assert [both.find("twitter", user)["oauth_token"] for user in (0, 24)] == ["token-0", "token-24"]
    assert [step.rows for step in rotate(rows, cipher, batch=10)] == [10, 5]
    assert set(keys_of(engine)) == {cipher.key_id}
    only: Any = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=newer)
    for user in range(25):
        assert (dict(only.find("twitter", user)), only.find("twitter", user).version) == (token(user), 1)


def test_what_is_saved_meanwhile_is_left_alone(table: Any, engine: Engine, key: str, newer: str) -> None:
    cipher = TokenCipher([newer, key])
    both: Any = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=[newer, key])

    class Busy(SQLAlchemyRows):
        def batch(self, key_id: str, after: Any, limit: int) -> Any:
            rows = super().batch(key_id, after, limit)
            if after is None:
                both.save_token("twitter", 3, token(333))
            return rows

    assert sum(step.rows for step in rotate(Busy(engine, "oauth1_token"), cipher)) == 25
    assert both.find("twitter", 3)["oauth_token"] == "token-333"
    assert set(keys_of(engine)) == {cipher.key_id}


def test_users_of_another_type(sessions: sessionmaker[Session], engine: Engine, key: str, newer: str) -> None:
    """In SQLite a UUID is a text like any other: a row stays bound to its user all the same."""
    user = uuid.uuid4()
    store: Any = SQLAlchemyTokens(sessions, TokenOfUUID, keys=key)
    store.save_token("twitter", user, token(1))
    list(rotate(SQLAlchemyRows(engine, "oauth1_token_of_uuid"), TokenCipher([newer, key])))
    only: Any = SQLAlchemyTokens(sessions, TokenOfUUID, keys=newer)
    assert dict(only.find("twitter", user)) == token(1)


def test_the_command(table: Any, engine: Engine, database: str, key: str, newer: str) -> None:
    command = ["keys", "rotate", "--database", database, "--table", "oauth1_token", "--batch-size", "10"]
    run = CliRunner().invoke
    done = run(cli, command, env={"OAUTH1_CATALOG_TOKEN_KEYS": f"{newer},{key}"})
    assert done.exit_code == 0, done.output
    assert f"All tokens are encrypted with the key {TokenCipher(newer).key_id}." in done.output
    assert set(keys_of(engine)) == {TokenCipher(newer).key_id}

    lost = run(cli, command, env={"OAUTH1_CATALOG_TOKEN_KEYS": TokenCipher.new_key()})
    assert lost.exit_code == 1
    assert "twitter: the token of user 3 cannot be read" in lost.stderr
    assert "25 of 25 tokens could not be decrypted, and were not changed." in lost.stderr
    assert set(keys_of(engine)) == {TokenCipher(newer).key_id}
    for each in (done, lost):
        assert key not in each.output
        assert newer not in each.output


def test_the_command_killed_and_started_again(
    tokens: Any, sessions: sessionmaker[Session], engine: Engine, database: str, key: str, newer: str
) -> None:
    with sessions.begin() as session:
        for user in range(1_000):
            OAuth1Token.save_token(session, name="twitter", user=user, token=token(user))
    command = [sys.executable, "-m", "oauth1_catalog", "keys", "rotate", "--table", "oauth1_token", "--batch-size"]
    environment = {**os.environ, "DATABASE_URL": database, "OAUTH1_CATALOG_TOKEN_KEYS": f"{newer},{key}"}
    done = TokenCipher(newer).key_id
    with child_process([*command, "1"], env=environment, stdout=subprocess.DEVNULL) as killed:
        while keys_of(engine).count(done) < 10:
            assert killed.poll() is None
            time.sleep(0.05)
        killed.kill()
    assert 10 <= keys_of(engine).count(done) < 1_000
    subprocess.run([*command, "100"], env=environment, stdout=subprocess.DEVNULL, check=True)
    assert set(keys_of(engine)) == {done}
    only: Any = SQLAlchemyTokens(sessions, OAuth1Token, keys=newer)
    assert all(dict(only.find("twitter", user)) == token(user) for user in range(0, 1_000, 37))


def test_mistakes_of_the_command(database: str, key: str) -> None:
    def rotate(**changed: str) -> str:
        options = {"database": database, "table": "oauth1_token", "keys": key} | changed
        command = ["keys", "rotate", "--database", options["database"], "--table", options["table"]]
        done = CliRunner().invoke(cli, command, env={"OAUTH1_CATALOG_TOKEN_KEYS": options["keys"]})
        assert done.exit_code in {1, 2}
        assert "Traceback" not in done.output
        return done.stderr

    assert "oauth1-catalog keys new" in rotate(keys="")
    assert "the database has no such table" in rotate(table="tokens")
    assert "--database: this is not an SQLAlchemy URL. Write it like" in rotate(database="tokens.db")
    assert "the database failed: " in rotate(database="postgresql+psycopg://x@127.0.0.1:1/x")
    for url in ("postgresql://x@host:hunter2/x", "postgresql//x:hunter2@host/x", "hunter2"):
        told = rotate(database=url)
        assert "--database: this is not an SQLAlchemy URL" in told
        assert "hunter2" not in told


def test_a_new_key_is_one() -> None:
    keys = {CliRunner().invoke(cli, ["keys", "new"]).output.strip() for _ in range(3)}
    assert len(keys) == 3
    assert [TokenCipher(key).key_id for key in keys]


def test_another_table_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE another (id INTEGER, name TEXT)")
    try:
        with pytest.raises(ConfigurationError, match="this is not a token table: it lacks extra, key_id"):
            SQLAlchemyRows(engine, "another")
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE another")


WITHOUT_GREENLET = """
import sys
sys.modules["greenlet"] = None  # as where it is not installed
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from tests.tokens.models import Base, OAuth1Token
engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
store = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=TokenCipher.new_key())
store.save_token("twitter", 7, {"oauth_token": "t", "oauth_token_secret": "s"})
print(store.find("twitter", 7)["oauth_token"])
with sessionmaker(engine)() as session:
    print(OAuth1Token.find(session, name="twitter", user=7).to_token()["oauth_token"])
"""


def test_sync_sessions_need_no_greenlet() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_GREENLET], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["t", "t"], done.stderr


@pytest.mark.parametrize(
    ("module", "database", "words"),
    [
        (
            "sqlalchemy",
            "sqlite://",
            "needs the package sqlalchemy. Install it: pip install 'oauth1-catalog[sqlalchemy]'",
        ),
        (
            "psycopg",
            "postgresql+psycopg://u@h/n",
            "--database: its driver cannot be imported (import of psycopg halted",
        ),
        ("pymysql", "mysql+pymysql://u@h/n", "Install it, or use another driver in the URL."),
    ],
)
def test_what_is_not_installed_is_named(monkeypatch: Any, module: str, database: str, words: str, newer: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("OAUTH1_CATALOG_TOKEN_KEYS", newer)
    result = CliRunner().invoke(cli, ["keys", "rotate", "--database", database, "--table", "t"])
    assert result.exit_code == 1
    assert words in result.output
    assert "None." not in result.output
