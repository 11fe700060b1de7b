"""The page on tokens: its application logs in, finds the token later, in a job as well."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from oauth1_catalog.emulator import Client, Emulator
from oauth1_catalog.errors import TokenNotSavedError
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin
from oauth1_catalog.registry.encryption import TokenCipher
from tests.docs.conftest import ROOT, python_blocks

FLASK, JOB, MODEL, SETTINGS, DJANGO, RENEWAL, NOT_SAVED = python_blocks("docs/tokens.md")


def test_the_flask_application(
    emulator: Emulator, twitter: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEY", "a secret key of the test")
    monkeypatch.setenv("FLASK_TWITTER_CLIENT_ID", twitter.client_id)
    monkeypatch.setenv("FLASK_TWITTER_CLIENT_SECRET", twitter.client_secret)
    monkeypatch.setenv("FLASK_OAUTH1_CATALOG_REDIRECT_BASE_URL", "http://localhost")
    monkeypatch.setenv("OAUTH1_CATALOG_TOKEN_KEYS", TokenCipher.new_key())
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'tokens.db'}")
    app = ModuleType("app")
    monkeypatch.setitem(sys.modules, "app", app)
    names = vars(app)
    exec(compile(FLASK, "docs/tokens.md", "exec", dont_inherit=True), names)
    browser = names["app"].test_client()
    ended = browser.get(emulator.approve(browser.get("/login").headers["Location"]))
    assert ended.headers["Location"] == "/timeline"
    assert "user_timeline" in browser.get("/timeline").text

    exec(compile(JOB, "docs/tokens.md", "exec", dont_inherit=True), {})
    assert re.fullmatch(r"\d+ 200\n", capsys.readouterr().out)
    exec(compile(MODEL, "docs/tokens.md", "exec", dont_inherit=True), {})
    assert capsys.readouterr().out == "t\n"
    names["engine"].dispose()


def test_the_other_blocks_are_python() -> None:
    for block in (SETTINGS, DJANGO, RENEWAL):
        assert ast.parse(block).body


def test_a_token_that_was_not_saved_is_handed_over() -> None:
    class Client:
        def renew_token(self, token: Any) -> Any:
            raise TokenNotSavedError("not saved", token={"oauth_token": "new"}, user=7)

    names: dict[str, Any] = {}
    exec(compile(NOT_SAVED, "docs/tokens.md", "exec", dont_inherit=True), names)
    later: list[Any] = []
    assert names["renewed"](Client(), None, lambda *kept: later.append(kept)) == {"oauth_token": "new"}
    assert later == [({"oauth_token": "new"}, 7)]


def test_every_column_is_in_the_table() -> None:
    page = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")
    table = page.partition("## The table")[2].partition("## ")[0]
    columns = [name for name in vars(OAuth1TokenMixin)["__annotations__"] if name not in {"token_cipher", "sealed_as"}]
    assert len(columns) == 11
    assert all(f"`{column}`" in table for column in columns)
