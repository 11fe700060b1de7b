"""``oauth1-catalog migrate``: what it prints, and what it refuses; the emulator plays X.

``tests/migration`` stops it, takes its output away, and lets it exchange whole tables.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import sessionmaker

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_environment
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from tests.tokens.models import OAuth1Token
from tests.tokens.x_tables import TOKENS, Tables


@pytest.fixture
def tables(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    monkeypatch.chdir(tmp_path)
    made = Tables(emulator, tmp_path)
    yield made
    made.engine.dispose()


def test_a_dry_run_only_counts(tables: Tables) -> None:
    status, out, err = tables.run("x", "--dry-run")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"x: 0 exchanged, 0 refused, {TOKENS} to be asked.",
        "The provider's limit is 10000 requests in 900 seconds.",
    ]
    assert (tables.asked, tables.rows()) == (0, [])
    summary = json.loads(tables.run("x", "--dry-run", "--json")[1])
    assert (summary["asked"], summary["again"]) == (0, TOKENS)


def test_the_summary(tables: Tables) -> None:
    status, out, err = tables.run("x", "--limit", "2")
    assert (status, err) == (0, "")
    first, asked, states = out.splitlines()
    assert first == "x: 1 of 2"
    assert asked.startswith("x: asked 2 in ")
    assert states == f"2 exchanged, 0 refused, {TOKENS - 2} to be asked again."
    wrong = next(row.user_id for row in tables.rows() if row.state == "again")
    tables.store.save_token("x", wrong, {"oauth_token": "unknown", "oauth_token_secret": "s"})
    status, out, err = tables.run("x")
    assert (status, err) == (0, "")
    assert out.splitlines()[-2:] == [
        f"{TOKENS - 1} exchanged, 1 refused, 0 to be asked again.",
        "  1 x 400 invalid_grant",
    ]
    summary = json.loads(tables.run("x", "--json")[1])
    assert summary.pop("seconds") >= 0
    assert summary == {
        "provider": "x",
        "asked": 0,
        "unreadable": 0,
        "failed": 0,
        "lost": 0,
        "exchanged": TOKENS - 1,
        "refused": 1,
        "again": 0,
        "reasons": {"400 invalid_grant": 1},
        "stopped": "",
    }


def test_garmin_verifies_a_signature(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And names no limit; that it is deprecated is no news here."""
    monkeypatch.chdir(tmp_path)
    garmin = Tables(emulator, tmp_path, "garmin")
    for name in ("GARMIN_OAUTH2_CLIENT_ID", "GARMIN_OAUTH2_CLIENT_SECRET"):
        del garmin.environment[name]
    assert garmin.run("garmin", "--dry-run")[1] == f"garmin: 0 exchanged, 0 refused, {TOKENS} to be asked.\n"
    status, _, err = garmin.run("garmin")
    assert (status, err, garmin.states()) == (0, "", ["exchanged"] * TOKENS)
    assert garmin.store.find_oauth2_token("garmin", 0)["refresh_token"]
    garmin.engine.dispose()


def test_keys_come_from_a_named_file(tables: Tables) -> None:
    write_environment(tables.folder / ".env", tables.keys)
    for name in tables.keys:
        tables.environment[name] = ""
    assert tables.run("x")[0] == 2
    status, out, _ = tables.run("x", "--env-file", ".env")
    assert (status, tables.states()) == (0, ["exchanged"] * TOKENS), out


def test_a_client_with_another_name(tables: Tables) -> None:
    token = tables.emulator.issue_token("x", user="ada")
    tables.store.save_token("mine", 7, token)
    tables.environment |= {name.replace("X_", "MINE_", 1): value for name, value in tables.keys.items()}
    assert tables.run("x", "--name", "mine")[0] == 0
    assert [(row.name, row.user_id, row.state) for row in tables.rows()] == [("mine", 7, "exchanged")]


def test_a_file_instead_of_the_table(tables: Tables) -> None:
    status, _, _ = tables.run("x", "--output", "tokens.jsonl")
    assert status == 0
    path = tables.folder / "tokens.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(line["user_id"] for line in lines) == list(range(TOKENS))
    assert all(line["access_token"] and line["refresh_token"] and line["expires_at"] for line in lines)
    assert {(row.state, row.access_token, row.key_id) for row in tables.rows()} == {("exchanged", None, None)}
    assert tables.store.find_oauth2_token("x", 0) is None


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ("flickr", 2, "flickr: no client_id"),
        (
            "x --table nothing",
            2,
            "nothing: the database has no such table. Pass the value of your model's __tablename__.",
        ),
        ("x --oauth2-table oauth1_token", 2, "oauth1_token: this is not a table of tokens: it lacks access_token"),
        ("x --output link", 2, "link is a link, and tokens are not written there. Choose another file"),
        ("x --output missing/tokens", 1, "missing/tokens: No such file or directory."),
        ("x --param scope", 2, "--param scope: use NAME=VALUE"),
        ("x --param client_secret=hush", 2, "--param client_secret: other users of this machine can read a command"),
        ("x --set oauth2_client_secret=hush", 2, "--set oauth2_client_secret: other users of this machine can read"),
        ("x --set fetch_token=x", 2, "x: the command was given fetch_token"),
        ("x --database tokens.db", 1, "--database: this is not an SQLAlchemy URL."),
        ("twiter", 2, "Did you mean"),
    ],
)
def test_what_is_refused(tables: Tables, arguments: str, status: int, words: str) -> None:
    (tables.folder / "link").symlink_to("other")
    found = tables.run(*arguments.split())
    assert (found[0], found[1]) == (status, "")
    assert words in found[2]
    assert "hush" not in found[2]
    assert (tables.asked, tables.rows()) == (0, [])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"X_OAUTH2_CLIENT_ID": ""}, "x: no oauth2_client_id. Set X_OAUTH2_CLIENT_ID in the environment.\n"),
        ({"OAUTH1_CATALOG_TOKEN_KEYS": ""}, "there is no key. Make one with `oauth1-catalog keys new`"),
        ({"FLICKR_CLIENT_ID": "k", "FLICKR_CLIENT_SECRET": "s"}, "flickr: its file does not describe how to exchange"),
    ],
)
def test_what_is_missing_is_found_before_anything_is_sent(tables: Tables, changed: dict[str, str], words: str) -> None:
    tables.environment |= changed
    status, out, err = tables.run("flickr" if "FLICKR_CLIENT_ID" in changed else "x")
    assert (status, out) == (2, "")
    assert words in err
    assert tables.asked == 0


def test_a_warning_is_a_sentence(tables: Tables) -> None:
    tables.environment |= {"DISCOGS_CLIENT_ID": "k", "DISCOGS_CLIENT_SECRET": "s"}
    process = tables.start("discogs", "--dry-run")
    status, out, err = tables.end(process)
    assert (status, out) == (2, "")
    warning, error = err.splitlines()
    assert warning.startswith("Warning: discogs: the provider asks for a User-Agent that names your application")
    assert warning.endswith("Set DISCOGS_USER_AGENT in the environment, such as 'MyApp/1.0 +https://myapp.example'.")
    assert error.startswith("Error: discogs: its file does not describe how to exchange")


def test_the_wrong_client_ends_the_run_after_one_row(tables: Tables) -> None:
    tables.environment["X_OAUTH2_CLIENT_SECRET"] = "wrong"
    status, out, err = tables.run("x", "--json")
    assert status == 1
    assert "Check oauth2_client_id and oauth2_client_secret" in err
    summary = json.loads(out)
    assert (summary["asked"], summary["again"], summary["reasons"]) == (1, TOKENS, {"400 invalid_client": 1})
    assert summary["stopped"] == "exchange_denied"
    assert tables.asked == 1


@pytest.mark.parametrize("limit", [(), ("--limit", "4")])
def test_keys_of_another_table_end_the_run_before_anything_is_sent(tables: Tables, limit: tuple[str, ...]) -> None:
    tables.environment["OAUTH1_CATALOG_TOKEN_KEYS"] = TokenCipher.new_key()
    status, out, err = tables.run("x", *limit, "--json")
    assert status == 2
    assert (
        f"x: none of the first {TOKENS} tokens can be decrypted, so nothing was sent. Set OAUTH1_CATALOG_TOKEN" in err
    )
    assert "later" not in err
    summary = json.loads(out)
    assert (summary["asked"], summary["unreadable"], summary["again"], tables.asked) == (0, TOKENS, TOKENS, 0)
    tables.environment |= tables.keys
    assert (tables.run("x")[0], tables.states()) == (0, ["exchanged"] * TOKENS)


def test_one_token_that_cannot_be_decrypted_is_counted_apart(tables: Tables) -> None:
    other: Any = SQLAlchemyTokens(sessionmaker(tables.engine), OAuth1Token, keys=TokenCipher.new_key())
    other.save_token("x", 3, {"oauth_token": "a", "oauth_token_secret": "b"})
    status, out, err = tables.run("x")  # without a wait: another attempt would fail as well
    assert (status, err) == (1, "")
    assert f"asked {TOKENS - 1} in " in out
    assert out.splitlines()[-2:] == [
        "  1 x token_key_error",
        "1 token cannot be decrypted with OAUTH1_CATALOG_TOKEN_KEYS; nothing was sent there.",
    ]
    assert sorted(row.state for row in tables.rows()) == ["again", *["exchanged"] * (TOKENS - 1)]


@pytest.mark.parametrize(("failures", "status"), [(0, 0), (1, 1)])
def test_the_status_of_a_limited_run_is_that_of_its_rows(tables: Tables, failures: int, status: int) -> None:
    for _ in range(failures):
        tables.emulator.fail_next("exchange", status=503)
    found, out, err = tables.run("x", "--limit", "2", "--attempts", "1", "--json")
    assert (found, err) == (status, "")
    summary = json.loads(out)
    assert (summary["asked"], summary["failed"], tables.asked) == (2, failures, 2)


def test_rows_that_are_left(tables: Tables) -> None:
    tables.emulator.fail_next("exchange", status=503)
    status, out, err = tables.run("x", "--attempts", "1", "--json")
    assert (status, err) == (1, "")
    assert (json.loads(out)["again"], json.loads(out)["reasons"]) == (1, {"503": 1})
    assert tables.run("x")[0] == 0
