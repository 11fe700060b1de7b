"""The page on invalid signatures: its list is that of the code, and its command and its example run."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from oauth1_catalog import client
from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from tests.docs.conftest import ROOT, python_blocks

PAGE = ROOT / "docs" / "invalid-signature.md"
KEYS = {"OAUTH1_CLIENT_SECRET": "client secret", "OAUTH1_TOKEN_SECRET": "token secret"}


def test_the_list_is_that_of_the_code() -> None:
    spec = importlib.util.spec_from_file_location("build_mistakes", ROOT / "docs" / "build_mistakes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = PAGE.read_text(encoding="utf-8")
    assert module.filled(text) == text, "run: python docs/build_mistakes.py"


def test_the_command_reports_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text(encoding="utf-8")
    request, result = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    (command,) = re.findall(r"```shell\noauth1-catalog (.*?)\n```", text)
    monkeypatch.chdir(tmp_path)
    Path("request.txt").write_text(request, encoding="utf-8")
    run = CliRunner().invoke(cli, command.split(), env=KEYS)
    assert run.exit_code == 1
    assert result.strip() in run.output


def test_the_example_in_python() -> None:
    block = python_blocks("docs/invalid-signature.md")[0]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(block, str(PAGE), "exec"), {})
    lines = output.getvalue().splitlines()
    assert lines[:2] == ["wrong", "client ['query-left-out']"]
    assert any("The parameters of the query are not signed." in line for line in lines)


def test_the_example_with_a_client(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    block = python_blocks("docs/invalid-signature.md")[1]
    emulator.client("twitter")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
    monkeypatch.setattr("oauth1_catalog.client", functools.partial(client, catalog=emulator.catalog))
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(block, str(PAGE), "exec"), {})
    assert output.getvalue().startswith("The signature is right for these secrets.")
