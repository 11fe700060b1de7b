"""The page on the proxy: its commands run as they stand, with an emulator that another process runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oauth1_catalog.cli.proxy.allowance import Rule
from oauth1_catalog.cli.proxy.headers import ERROR_HEADER, TOKEN_HEADER
from oauth1_catalog.cli.proxy.listening import DEFAULT_PORT
from tests.cli.proxies import LAST
from tests.cli.users import free_port
from tests.docs.conftest import ROOT
from tests.programs import needs_curl

PAGE = (ROOT / "docs" / "proxy.md").read_text(encoding="utf-8")
INSTALL, EMULATE, SOURCE, STARTED, ALONE, CURL, BY_HEADER = (
    line.removeprefix("$ ")
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("agent")


@pytest.fixture(scope="module")
def environment(folder: Path) -> Iterator[dict[str, str]]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    with subprocess.Popen(
        ["sh", "-c", f"exec {EMULATE}"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as emulator:
        assert emulator.stdout is not None
        try:
            assert any(LAST in line for line in emulator.stdout)
            yield environment
        finally:
            emulator.terminate()


def shell(command: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_extras_are_enough() -> None:
    assert INSTALL == "pip install 'oauth1-catalog[proxy,emulator]'"


@needs_curl
def test_a_program_that_is_started(folder: Path, environment: dict[str, str]) -> None:
    """The token of the emulator's console belongs to its first user."""
    assert json.loads(shell(f"{SOURCE}\n{STARTED}", folder, environment))


@needs_curl
def test_a_proxy_that_runs_by_itself(folder: Path, environment: dict[str, str]) -> None:
    port = free_port()  # another process of these tests can have the port of the page
    with subprocess.Popen(
        ["bash", "-c", f"{SOURCE}\nexec {ALONE} --port {port}"],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as proxy:
        assert proxy.stderr is not None
        try:
            assert any(LAST in line for line in proxy.stderr)
            for command in (CURL, BY_HEADER):
                assert json.loads(shell(command.replace(str(DEFAULT_PORT), str(port)), folder, environment))
            proxy.send_signal(signal.SIGINT)
            assert proxy.wait(30) == 0
        finally:
            proxy.kill()
    assert not (folder / "proxy.env").exists()


def test_the_rules_of_the_page_can_be_read() -> None:
    table = PAGE.partition("| rule | allows |")[2].partition("\n\n")[0]
    rules = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(rules) == 7
    for rule in rules:
        Rule.read(rule)


def test_the_names_on_the_page() -> None:
    assert f"`{TOKEN_HEADER}`" in PAGE
    assert f"`{ERROR_HEADER}`" in PAGE
    assert f"port {DEFAULT_PORT} of" in PAGE


def test_every_code_of_an_answer_is_on_the_page() -> None:
    files = (ROOT / "oauth1_catalog" / "cli" / "proxy").glob("*.py")
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    codes = set(re.findall(r'RefusedError\(\s*\d+,\s*"(\w+)"', source))
    assert len(codes) > 10
    assert [code for code in sorted(codes) if f"`{code}`" not in PAGE] == []
