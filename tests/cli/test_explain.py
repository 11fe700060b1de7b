"""``oauth1-catalog explain``: pasted requests of any client; keys from the environment, a file or a prompt."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from oauth1_catalog.cli import cli
from tests.cli.terminal import Terminal
from tests.diagnosis.test_explanation import CLIENT_SECRET, TOKEN_SECRET, right_of, signed

KEYS = {"OAUTH1_CLIENT_SECRET": CLIENT_SECRET, "OAUTH1_TOKEN_SECRET": TOKEN_SECRET}
RIGHT = signed("GET", "https://api.example.com/1/items?page=2", None)
CURL = f"curl '{RIGHT.url}' -H 'Authorization: {RIGHT.header('Authorization')}'"
WRONG = CURL.replace("page=2", "page=3")
PROXIED = CURL.replace("https:", "http:")


def run(*arguments: str, text: str = "", keys: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments], input=text, env=KEYS if keys is None else keys)


def test_a_right_request() -> None:
    result = run(text=CURL)
    assert result.exit_code == 0
    assert "The signature is right for these secrets." in result.output
    assert re.search(r"page +2 +\(query\)", result.output)


def test_a_request_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "request.txt").write_text(PROXIED, encoding="utf-8")
    result = run(str(tmp_path / "request.txt"))
    assert result.exit_code == 1
    assert "The address is signed with https:." in " ".join(result.output.split())


def test_a_request_in_options() -> None:
    header = f"Authorization: {RIGHT.header('Authorization')}"
    assert run("--url", RIGHT.url, "--header", header).exit_code == 0
    assert run("--url", RIGHT.url, "--header", header, "--data", "a=1", "--method", "POST").exit_code == 1
    wrong_use = run("--url", RIGHT.url, "--header", "Authorization")
    assert (wrong_use.exit_code, "write NAME: VALUE" in wrong_use.output) == (2, True)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_raw_http_has_no_scheme(scheme: str) -> None:
    """So both are tried before anything is called a mistake."""
    request = signed("GET", f"{scheme}://api.example.com/1/items?page=2", None)
    header = request.header("Authorization")
    text = f"GET /1/items?page=2 HTTP/1.1\nHost: api.example.com\nAuthorization: {header}\n"
    assert run(text=text).exit_code == 0
    assert run(text=text.replace("page=2", "page=3")).exit_code == 1


def test_an_address_that_is_none() -> None:
    result = run("--url", "https://[::1", "--header", f"Authorization: {RIGHT.header('Authorization')}")
    assert (result.exit_code, "is not a URL. Check its host." in result.output) == (2, True)


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    lines = f"OAUTH1_CLIENT_SECRET='{CLIENT_SECRET}'\nOAUTH1_TOKEN_SECRET='{TOKEN_SECRET}'\n"
    (tmp_path / ".env").write_text(lines, encoding="utf-8")
    keys = {"OAUTH1_CLIENT_SECRET": "", "OAUTH1_TOKEN_SECRET": ""}
    assert run("--env-file", str(tmp_path / ".env"), text=CURL, keys=keys).exit_code == 0


def test_json() -> None:
    result = run("--json", text=PROXIED)
    found = json.loads(result.output)
    assert found["verdict"] == "wrong"
    assert [[mistake["code"] for mistake in cause["mistakes"]] for cause in found["causes"]] == [["other-scheme"]]


def test_the_answer_of_a_server(tmp_path: Path) -> None:
    theirs = right_of(RIGHT).base_string.replace("https", "http")
    (tmp_path / "answer.txt").write_text(f"HTTP/1.1 401 No\n\nBase string: {theirs}", encoding="utf-8")
    result = run("--answer", str(tmp_path / "answer.txt"), text=CURL)
    assert result.exit_code == 1
    assert "The server expects another signature. The address is signed with http:." in " ".join(result.output.split())
    assert run("--server-base-string", theirs, text=CURL).exit_code == 1


def test_keys_of_a_file_and_with_a_prefix(tmp_path: Path) -> None:
    lines = f"ACME_CLIENT_SECRET='{CLIENT_SECRET}'\nACME_TOKEN_SECRET='{TOKEN_SECRET}'\n"
    (tmp_path / ".env").write_text(lines, encoding="utf-8")
    result = run("--env-file", str(tmp_path / ".env"), "--prefix", "ACME", text=CURL, keys={})
    assert result.exit_code == 0


def test_missing_keys_without_a_terminal() -> None:
    result = run(text=CURL, keys={})
    assert result.exit_code == 1
    assert "OAUTH1_CLIENT_SECRET is not set, so the signature is not checked." in result.output


@pytest.mark.parametrize("text", ["", "hello", "curl", "{"])
def test_what_is_no_request(text: str) -> None:
    result = run(text=text)
    assert result.exit_code == 2
    assert result.output.startswith("Error: The ")


def test_a_request_that_has_no_end() -> None:
    result = run("/dev/zero")
    assert (result.exit_code, "larger than" in result.output) == (2, True)


def test_keys_are_asked_for_on_a_terminal_and_never_shown(tmp_path: Path) -> None:
    """A real pseudo-terminal, as people have it."""
    (tmp_path / "request.txt").write_text(WRONG, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OAUTH1_")}
    command = [sys.executable, "-m", "oauth1_catalog", "explain", tmp_path / "request.txt"]
    with Terminal(command, env=environment, cwd=tmp_path) as terminal:
        terminal.answer("Client secret", CLIENT_SECRET)
        terminal.answer("Token secret", TOKEN_SECRET)
        assert terminal.end() == 1
    assert "none of the known mistakes leads to it" in " ".join(re.sub(r"\x1b\[[0-9;]*m", "", terminal.screen).split())
    assert CLIENT_SECRET not in terminal.screen
    assert TOKEN_SECRET not in terminal.screen
