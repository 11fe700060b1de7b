"""The example applications, started by the commands of their READMEs: a login, a later request, a background job."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from oauth1_catalog.emulator.testing import submit_consent

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent.name for path in (ROOT / "docs" / "examples").glob("*/README.md"))


def commands(example: str) -> list[list[str]]:
    """The commands of a README, by this Python."""
    text = (ROOT / "docs" / "examples" / example / "README.md").read_text(encoding="utf-8")
    return [[sys.executable, *line.split()] for line in re.findall(r"^\$ \.venv/bin/python (.+)$", text, re.MULTILINE)]


@contextmanager
def running(command: list[str], told: Path) -> Iterator[str]:
    """The example while it serves; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(told) | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                assert process.poll() is None, process.communicate()[0]
                time.sleep(0.1)
            else:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl+C does
        output, _ = process.communicate(timeout=120)
        sys.stdout.write(output)  # pytest shows it where the test fails
    assert not told.exists()


def environment(told: Path) -> dict[str, str]:
    return {**os.environ, "EXAMPLE_TOLD": str(told), "PYTHONWARNINGS": "error"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_log_in_then_call_the_api_in_a_later_request_and_in_a_job(example: str, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    serve, job = commands(example)
    with running(serve, told) as site:
        variables: dict[str, str] = json.loads(told.read_text(encoding="utf-8"))["variables"]
        for user in ("ada", "grace"):
            with requests.Session() as browser:
                assert "Log in" in browser.get(site + "/").text
                assert browser.get(site + "/login").status_code == 405
                assert browser.post(site + "/login", allow_redirects=False).status_code == 403
                ((name, value),) = re.findall('name="(.+?)" value="(.+?)"', browser.get(site + "/").text)
                consent = browser.post(site + "/login", {name: value}, allow_redirects=False).headers["Location"]
                back = submit_consent(
                    consent, fields={"decision": "authorize", "user": user}, verify=variables["REQUESTS_CA_BUNDLE"]
                )
                assert "Your profile" in browser.get(back).text
                assert browser.get(site + "/profile").json()["name"].lower().startswith(user)
        done = subprocess.run(job, cwd=ROOT, env=environment(told), capture_output=True, text=True, check=True)
        assert done.stdout.count("the API answered 200") == 2, done.stdout + done.stderr
        with sqlite3.connect(variables["DATABASE"]) as database:
            (table,) = database.execute("SELECT name FROM sqlite_master WHERE name LIKE '%oauth1%token'").fetchone()
            rows = database.execute(f"SELECT name, oauth_token FROM {table}").fetchall()
        database.close()
    assert [(name, sealed[:5]) for name, sealed in rows] == [("twitter", "gAAAA")] * 2
