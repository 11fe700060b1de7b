"""The page on the command ``login``: its commands run as they stand, with an emulator that another process runs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.cli.login_callback import DEFAULT_PORT
from tests.docs.conftest import ROOT, python_blocks

PAGE = (ROOT / "docs" / "login.md").read_text(encoding="utf-8")
(HELLO,) = python_blocks("docs/login.md")
INSTALL, EMULATE, SOURCE, LOGIN, RUN = (
    line.removeprefix("$ ")
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
)
BROWSER = """
import sys
import requests
from oauth1_catalog.emulator.testing import submit_consent
back = submit_consent(sys.argv[1], fields={"decision": "authorize", "user": "grace"})
open("page.html", "w").write(requests.get(back, timeout=60).text)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def environment(folder: Path) -> Iterator[dict[str, str]]:
    """A folder with the page's script, an emulator in another process, and a browser that allows access."""
    (folder / "hello.py").write_text(HELLO, encoding="utf-8")
    (folder / "browser.py").write_text(BROWSER, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BROWSER": f"{sys.executable} browser.py %s",
        "TWITTER_REDIRECT_URI": f"http://127.0.0.1:{port}/callback",  # another test can have the port of the page
    }
    with subprocess.Popen(
        ["sh", "-c", f"exec {EMULATE}"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as emulator:
        assert emulator.stdout is not None
        try:
            assert any("until you press Ctrl+C" in line for line in emulator.stdout)
            yield environment
        finally:
            emulator.terminate()


def run(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"{SOURCE}\n{command}"], cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def test_the_commands_of_the_page(environment: dict[str, str], folder: Path) -> None:
    done = run(LOGIN, folder, environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("You are logged in to X (Twitter) as grace. The token is in .env.\n")
    assert "You are logged in to X (Twitter) as grace. The token is in .env.\n" in PAGE
    assert done.stdout == ""
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    assert "TWITTER_TOKEN" in (folder / ".env").read_text(encoding="utf-8")
    assert "TWITTER_TOKEN=" not in (folder / ".env.emulated").read_text(encoding="utf-8")
    done = run(RUN, folder, environment)
    assert (done.returncode, done.stdout) == (0, "Hello grace\n"), done.stderr


def test_the_keys_and_the_token_in_one_file(environment: dict[str, str], folder: Path) -> None:
    """The first command of the page."""
    (command,) = re.findall(r"^```\n\$ (oauth1-catalog login .*)\n", PAGE, re.MULTILINE)
    keys = (folder / ".env.emulated").read_text(encoding="utf-8")
    (folder / ".env").write_text(keys, encoding="utf-8")
    done = run(
        f"unset TWITTER_CLIENT_ID TWITTER_CLIENT_SECRET OAUTH1_CATALOG_PATH\n{command}\n{RUN}", folder, environment
    )
    assert (done.returncode, done.stdout) == (0, "Hello grace\n"), done.stderr
    assert (folder / ".env").read_text(encoding="utf-8").startswith(keys)


def test_what_the_page_names_exists() -> None:
    options = set(re.findall(r"`(?:oauth1-catalog login )?(--[a-z-]+)", PAGE))
    shown = subprocess.run(
        [sys.executable, "-m", "oauth1_catalog", "login", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert len(options) > 10
    assert [option for option in options if f"{option} " not in shown] == []
    assert f"127.0.0.1:{DEFAULT_PORT}/callback" in PAGE
    flows = {"Instapaper": "xauth", "Magento": "two_legged", "HERE": "signed_grant", "BrickLink": "static_token"}
    flows |= {"Cardmarket": "static_token", "WooCommerce": "signed_client"}
    names = {"Magento": "magento2"}
    for name, flow in flows.items():
        assert name in PAGE
        assert flow in Catalog().file(names.get(name, name.lower())).flows
    only_oob = {"E*TRADE": "etrade", "Wikimedia": "wikimedia"}
    for shown_name, name in only_oob.items():
        assert shown_name in PAGE
        assert Catalog().file(name).callback.value == "oob"
