"""The page on recipes shows the files that tests/recipes runs in the real tools."""

from __future__ import annotations

import re

import pytest
import urllib3

from oauth1_catalog.emulator import Client, Emulator
from tests.docs.conftest import ROOT, python_blocks

*SHOWN, SIGN = python_blocks("docs/recipes.md")
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")


def test_the_page_shows_each_file() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "recipes").glob("*.py")}
    assert dict(zip(re.findall(r"^\[(\w+\.py)\]\(recipes/\1\)", PAGE, re.MULTILINE), SHOWN, strict=True)) == files


def test_each_file_has_a_test() -> None:
    for path in (ROOT / "docs" / "recipes").glob("*.py"):
        tests = [one.read_text(encoding="utf-8") for one in (ROOT / "tests" / "recipes").glob("test_*.py")]
        assert any(path.name in text for text in tests), path.name


def test_another_library_sends_what_is_signed(
    twitter: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = emulator.issue_token("twitter")
    monkeypatch.setenv("TWITTER_CLIENT_ID", twitter.client_id)
    monkeypatch.setenv("TWITTER_CLIENT_SECRET", twitter.client_secret)
    monkeypatch.setenv("TWITTER_TOKEN", token.oauth_token)
    monkeypatch.setenv("TWITTER_TOKEN_SECRET", token.oauth_token_secret)
    with urllib3.PoolManager(ca_certs=emulator.ca_file) as pool:
        monkeypatch.setattr(urllib3, "request", pool.request)  # which trusts the emulator
        exec(compile(SIGN, "docs/recipes.md", "exec", dont_inherit=True), {})
    assert capsys.readouterr().out == "200\n"


def test_ci_runs_the_recipes() -> None:
    assert re.search(r"-m pytest .*\btests/recipes\b", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
