"""Whole applications, typed out of the documentation as a newcomer does: files, commands and servers, in their order.

Each runs in an empty folder, with the wheel and the newest of everything in an empty environment. A server is left
running; once an application listens, a browser without JavaScript logs in to it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from oauth1_catalog.emulator import Emulator
from tests.installed.conftest import ROOT, Environment, blocks, new_environment, run, strangers_environment
from tests.many_machines.redis_server import PROGRAM, RedisServer

SERVERS = {
    "oauth1-catalog emulate ": "",
    "flask run ": "",
    "flask --app ": "",
    "python manage.py runserver": " --noreload {port}",
    "python -m django runserver": " --noreload {port}",
    "uvicorn ": " --port {port}",
    "gunicorn ": " --bind 127.0.0.1:{port}",
    "hypercorn ": "",
}
"""Commands that run until Ctrl+C, and what makes them listen where nobody else does."""


@dataclass
class Typist:
    """Types what a text shows; two terminals, of which the first has the emulator."""

    folder: Path
    environment: Environment
    wheel: Path
    redis: str
    port: int
    exported: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    decisions: list[str] = field(default_factory=list)
    """The buttons of the consent page that a text has an answer for."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    """What the browser has read at the end of each login."""

    def type(self, text: str) -> None:
        """Every block in its order: a file, or commands."""
        text = text.replace("localhost:8000", f"localhost:{self.port}").replace("--port 8000", f"--port {self.port}")
        text = text.replace("redis://localhost:6379/0", self.redis)
        self.decisions = ["authorize", "deny"] if "AuthorizationDeniedError" in text else ["authorize"]
        for block in blocks(text):
            if block.kind == "python":
                self.save(block.before, block.code)
            elif block.kind == "console":
                for command, shown in block.commands():
                    self.run(command, shown)

    def save(self, before: str, code: str) -> None:
        """Into the file that the block's first line names, or as the sentence before tells."""
        if named := re.match(r"# (\w+\.py)\n", code):
            with (self.folder / named[1]).open("a", encoding="utf-8") as file:
                file.write(code)
            return
        told = re.search(r"(Save this as|Replace the content of|Add this to the end of) `([\w/]+\.py)`:$", before)
        assert told, f"what to do with this block?\n{before}\n{code}"
        file = self.folder / told[2]
        assert file.exists() == (told[1] != "Save this as"), f"{before}\n{file}"
        kept = file.read_text(encoding="utf-8") if "Add" in told[1] else ""
        file.write_text(f"{kept}{code}", encoding="utf-8")

    def run(self, command: str, shown: str) -> None:
        """One command, in the terminal that it belongs to; it prints what the page shows behind it."""
        if command.startswith("pip install "):
            words = shlex.split(command)[2:]
            self.environment.install(
                *(re.sub(r"^oauth1-catalog(\[.*])?$", rf"\g<0> @ {self.wheel.as_uri()}", word) for word in words)
            )
            return
        if command.startswith(("export ", "set -a")):
            self.export(command)
            return
        if (server := next((name for name in SERVERS if command.startswith(name)), None)) is not None:
            self.serve(server, command + SERVERS[server].format(port=self.port))
            return
        with self.start(command) as process:
            said, _ = process.communicate(timeout=300)
        assert process.returncode == (1 if "Error: " in shown else 0), f"$ {command}\n{said}"
        assert shown in said, f"$ {command}\n{said}"

    def export(self, command: str) -> None:
        """Keep what a command sets in its shell for those after it."""
        with self.start(f"{command}; env -0") as process:
            said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, f"$ {command}\n{said}"
        self.exported = dict(pair.split("=", 1) for pair in said.rstrip("\0").split("\0"))

    def start(self, command: str) -> subprocess.Popen[str]:
        """Begin a command in a shell with what was exported before it."""
        path = f"{self.environment.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.Popen(
            ["bash", "-e", "-c", command],
            cwd=self.folder,
            env=self.exported or strangers_environment() | {"PATH": path, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def serve(self, name: str, command: str) -> None:
        """Leave the emulator running; stop an application once somebody has logged in to it."""
        process = self.running[name] = self.start(f"exec {command}")
        assert process.stdout
        if "emulate" in name:
            assert any("until you press Ctrl+C" in line for line in process.stdout)
            return
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert process.poll() is None, f"$ {command}\n{process.stdout.read()}"
            with contextlib.suppress(OSError), socket.create_connection(("localhost", self.port), timeout=1):
                break
            time.sleep(0.05)
        for decision in self.decisions:
            self.logins.append((decision, log_in(f"http://localhost:{self.port}/login", decision)))
        self.stop(name)

    def stop(self, name: str) -> None:
        """Press Ctrl+C."""
        process = self.running.pop(name)
        # On Ctrl+C, gunicorn cuts its workers off from what they are sending, with a traceback.
        process.send_signal(signal.SIGTERM if name == "gunicorn " else signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode in {0, -signal.SIGINT, 130}, said
        assert "Traceback" not in said, said


def log_in(url: str, decision: str) -> str:
    """Open a login, press a button of the consent page; the status and text of the page where it ends."""
    with requests.Session() as browser:
        browser.trust_env = False
        consent = browser.get(url, timeout=60)
        assert '<form method="post">' in consent.text, f"{consent.status_code} {consent.text}"
        ended = browser.post(consent.url, data={"user": "ada", "decision": decision}, timeout=60)
        return f"{ended.status_code} {ended.text}"


def chapter(page: str, headings: str) -> str:
    """Chapters of a page, each to the next heading of its level or above; without headings, the whole page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if not headings:
        return text
    found = ""
    for heading in headings.split("; "):
        rest = text.partition(f"\n{heading}\n")[2]
        assert rest, f"{page} has no {heading}"
        found += re.split(rf"^#{{1,{heading.index(' ')}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return found


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    assert PROGRAM, "redis-server is not installed"
    with RedisServer() as running:
        yield running


@pytest.fixture
def typist(wheel: Path, redis: RedisServer, tmp_path: Path) -> Iterator[Typist]:
    (tmp_path / "here").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    typist = Typist(tmp_path / "here", new_environment(tmp_path / "environment"), wheel, redis.url, port)
    try:
        yield typist
    finally:
        for process in typist.running.values():
            process.kill()
            process.communicate()


APPLICATIONS = {
    ("docs/flask.md", ""): '"user":"ada"',
    ("docs/django.md", ""): '"user": "ada"',
    ("docs/starlette.md", ""): '"user":"ada"',
    ("docs/litestar.md", ""): '{"name":"ada"}',
    ("docs/quart.md", ""): '{"name":"ada"}',
    ("docs/tokens.md", "## Create a key; ## SQLAlchemy; ## Change the key"): '"user":"ada"',
}
"""Chapters, or a whole page, and what the browser reads where the login ends."""


@pytest.mark.parametrize(("page", "heading"), APPLICATIONS, ids=map(" ".join, APPLICATIONS))
def test_an_application_as_typed(page: str, heading: str, typist: Typist) -> None:
    typist.type(chapter(page, heading))
    assert typist.logins
    for decision, ended in typist.logins:
        assert ended.startswith("200 " if decision == "authorize" else "403 You declined.")
        assert decision == "deny" or APPLICATIONS[page, heading] in ended
    for server in list(typist.running):
        typist.stop(server)


EXAMPLES = {
    "docs/errors.md": ["oauth1-catalog[flask]"],
    "docs/lti.md": ["oauth1-catalog"],
    "docs/many-tenants.md": ["oauth1-catalog[flask]"],
    "docs/self-hosted.md": ["oauth1-catalog[flask]"],
    "docs/signing.md": ["oauth1-catalog"],
    "docs/testing.md": ["oauth1-catalog[cli,emulator]", "vcrpy"],
}
"""Pages whose Python blocks are one script, and what it needs."""


@pytest.mark.parametrize("page", EXAMPLES)
def test_the_examples_of_a_page_run_in_their_order(page: str, typist: Typist, emulator: Emulator) -> None:
    typist.run(shlex.join(["pip", "install", *EXAMPLES[page]]), shown="")
    code = [block.code for block in blocks(chapter(page, "")) if block.kind == "python"]
    assert code
    (typist.folder / "typed.py").write_text("".join(code), encoding="utf-8")
    keys = {"CLIENT_ID": "key", "CLIENT_SECRET": "hush", "USER_AGENT": "shop/1.0"}
    names = ("JIRA", "MAAS", "MEDIAWIKI", "WIKI")
    settings = {f"FLASK_{name}_{key}": value for name in names for key, value in keys.items()}
    rsa_key = emulator.client("jira").rsa_key
    assert rsa_key
    run(typist.environment.python, "typed.py", cwd=typist.folder, **settings, FLASK_JIRA_RSA_KEY=rsa_key)
