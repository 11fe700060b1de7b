"""The how-tos run as they stand, with the programs that they are about: a proxy, Redis, other people's libraries.

`.ci/run` runs these tests; `make test` does not, because such programs take their time to install and to start.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import BUNDLE, write_files
from tests.docs.conftest import ROOT, python_blocks

HOW_TO = ROOT / "docs" / "how-to"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def commands(page: str) -> list[str]:
    """What a reader types, without the comments behind it."""
    text = (HOW_TO / f"{page}.md").read_text(encoding="utf-8")
    shells = re.findall(r"^ *```console\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    typed = [line for shell in shells for line in re.findall(r"^ *\$ (.*)$", shell, re.MULTILINE)]
    return [re.sub(r"\s+# .*$", "", command) for command in typed]


def wait_for(process: subprocess.Popen[Any], port: int, log: Path) -> None:
    """Until the server listens; what it has written to its log is shown if it ends instead."""
    for _ in range(1200):
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)


@dataclass
class Place:
    """A folder with the files of a page, and the variables of its commands."""

    folder: Path
    variables: dict[str, str]

    def write(self, page: str, replaced: Mapping[str, str] | None = None) -> None:
        """Save the Python blocks of a page under the names in their first lines, with other addresses in them."""
        for block in python_blocks(f"docs/how-to/{page}.md"):
            named = re.match(r"# (\w+\.py)\n", block)
            assert named, block
            code = block
            for before, after in (replaced or {}).items():
                code = code.replace(before, after)
            (self.folder / named[1]).write_text(code, encoding="utf-8")

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "PYTHONPATH": f"{self.folder}:{ROOT}", **self.variables, **more}

    def run(self, command: str, *, answers: str = "", status: int = 0, **more: str) -> str:
        """A command of the page, in a shell; what it prints."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment(more), input=answers, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"$ {command}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextlib.contextmanager
    def serving(self, command: str, port: int, **more: str) -> Iterator[None]:
        """Run a server until the end of the block, which begins when it listens."""
        log = self.folder / "server.log"
        with log.open("w") as output, subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment(more), stdout=output,
            stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            try:
                wait_for(process, port, log)
                yield
            finally:
                process.terminate()
                process.wait(timeout=60)


@pytest.fixture
def place(emulator: Emulator, tmp_path: Path) -> Place:
    """A folder whose commands find an emulated Twitter, and keys for it under the names of each framework."""
    emulated = tmp_path / "emulated"
    write_files(emulator, [emulator.catalog.provider("twitter")], emulated)
    client, trusted = emulator.client("twitter"), str(emulated / BUNDLE)
    keys = {
        "TWITTER_CLIENT_ID": client.client_id,
        "TWITTER_CLIENT_SECRET": client.client_secret,
        "SECRET_KEY": "a secret key of the test",
    }
    (tmp_path / "here").mkdir()
    return Place(
        tmp_path / "here",
        {
            "OAUTH1_CATALOG_PATH": str(emulated),
            "REQUESTS_CA_BUNDLE": trusted,
            "SSL_CERT_FILE": trusted,
            **keys,
            **{f"FLASK_{name}": value for name, value in keys.items()},
        },
    )


def new_browser() -> requests.Session:
    """A browser that trusts any certificate, and asks no proxy."""
    browser = requests.Session()
    browser.trust_env, browser.verify = False, False
    return browser


def log_in(
    url: str, *, user: str = "grace", decision: str = "authorize", browser: requests.Session | None = None
) -> requests.Response:
    """Open a login and allow it, or ``deny``; the page where it ends."""
    browser = browser or new_browser()
    consent = browser.get(url, timeout=60)
    assert '<form method="post">' in consent.text, f"{consent.status_code} {consent.text}"
    return browser.post(consent.url, data={"user": user, "decision": decision}, timeout=60)
