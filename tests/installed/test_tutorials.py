"""The tutorials, typed word by word in an empty folder: environment, files, emulator, application, and a login in it.

At the end of each page the reader has keys of the real Discogs. Here the emulator goes on playing it, and the keys are
those of the emulator, in the file that the page shows.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import certifi
import pytest
import requests

from tests.installed.conftest import ROOT, Environment, blocks, new_environment, strangers_environment
from tests.installed.test_typed_pages import Typist

WEB = ["flask", "django", "fastapi", "starlette"]
DONE = "until you press Ctrl+C"
SERVERS = {
    "flask run": "",
    "python app.py runserver": " --noreload 127.0.0.1:{port}",
    "uvicorn app:app": " --port {port}",
}
"""What serves an application until Ctrl+C, and what makes it listen where nobody else does."""
BROWSER = """
import sys
import requests
from oauth1_catalog.emulator.testing import submit_consent
requests.get(submit_consent(sys.argv[1], fields={"decision": "authorize", "user": "ada"}), timeout=60)
"""


class Reader(Typist):
    """Follows a tutorial from its first line."""

    real = False
    """Whether the reader has come to the real provider, which the emulator goes on to play."""
    commands = 0

    def follow(self, page: str) -> None:
        """Type every block of a page in its order."""
        text = (ROOT / page).read_text(encoding="utf-8").replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        for block in blocks(text.replace("--port 8000", f"--port {self.port}")):
            if block.kind == "python":
                self.save(block.before, block.code)
            elif block.kind == "ini":
                self.save_keys(block.code)
            else:
                assert block.kind == "console", block
                for command, shown in block.commands():
                    self.commands += 1
                    self.run(command, shown)

    def save_keys(self, code: str) -> None:
        """``.env``. Keys of the provider come from its website, which is the emulator's file here."""
        emulated = (self.folder / ".env.emulated").read_text(encoding="utf-8")
        if "your-consumer" in code:
            self.real = True
            # Its addresses stand for those of the real provider, which the catalog has.
            elsewhere = {"OAUTH1_CATALOG_PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}
            self.exported |= dict(re.findall(rf"^({'|'.join(elsewhere)})=(.*)$", emulated, re.MULTILINE))
            for name in ("key", "secret"):
                (value,) = re.findall(rf"CLIENT_{'ID' if name == 'key' else 'SECRET'}=(.*)$", emulated, re.MULTILINE)
                assert f"your-consumer-{name}" in code
                code = code.replace(f"your-consumer-{name}", value)
        (self.folder / ".env").write_text(code, encoding="utf-8")

    def run(self, command: str, shown: str) -> None:
        """One command; what the page shows behind it is what it prints, but for the ports."""
        if command == "python3 -m venv .venv":
            new_environment(self.folder / ".venv")  # by uv: a Debian without python3-venv cannot make one
            self.environment = Environment(self.folder / ".venv")
        elif command == ". .venv/bin/activate":
            # A new terminal; that of many companies has an authority of theirs in these variables.
            theirs = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), certifi.where())
            self.exported = strangers_environment() | theirs | {"PYTHONUNBUFFERED": "1", **self.browser()}
            self.export(command)
        elif command.startswith("oauth1-catalog emulate"):
            self.emulate(command, shown)
        elif server := next((one for one in SERVERS if f" -- {one}" in command), None):
            self.serve_and_log_in(command + SERVERS[server].format(port=self.port), shown)
        elif command.startswith("pip install "):
            super().run(command, shown)
        else:
            self.check(command, shown)

    def browser(self) -> dict[str, str]:
        """The user's browser, which ``webbrowser`` opens, and a port for the callback that no other test has."""
        program = self.folder.parent / "browser.py"
        program.write_text(BROWSER, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        callback = f"http://127.0.0.1:{port}/callback"
        return {"BROWSER": f"{self.environment.python} {program} %s", "DISCOGS_REDIRECT_URI": callback}

    def emulate(self, command: str, shown: str) -> None:
        process = self.running["emulator"] = self.start(f"exec {command}")
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if DONE in line:
                break
        shows(shown, "".join(said))

    def check(self, command: str, shown: str) -> None:
        with self.start(command) as process:
            said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, f"$ {command}\n{said}"
        shows(shown, said)

    def serve_and_log_in(self, command: str, shown: str) -> None:
        process = self.running["application"] = self.start(f"exec {command}")
        origin = f"http://127.0.0.1:{self.port}"
        wait_for(process, self.port)
        for decision in ("authorize", "deny"):
            self.logins.append((decision, log_in(origin, decision)))
        del self.running["application"]
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert "Traceback" not in said, said
        shows(shown, said)


def shows(page: str, said: str) -> None:
    """A command prints what the page shows, apart from ports; ``...`` stands for any lines."""
    rest = without_ports(said)
    for piece in filter(None, (part.strip() for part in without_ports(page).split("..."))):
        assert piece in rest, f"{piece!r} is not in\n{said}"
        rest = rest.partition(piece)[2]


def without_ports(text: str) -> str:
    return re.sub(r"(?<=127\.0\.0\.1:)\d+", "PORT", text)


def wait_for(process: subprocess.Popen[str], port: int) -> None:
    """Until the application listens."""
    for _ in range(600):
        assert process.poll() is None, process.communicate()[0]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def log_in(origin: str, decision: str) -> str:
    """Open the start page, follow its link, press a button of the consent page; the status and text where it ends."""
    with requests.Session() as browser:
        browser.trust_env = False
        (link,) = re.findall(r'<a href="(.+?)">Log in with Discogs</a>', browser.get(origin, timeout=60).text)
        consent = browser.get(urljoin(origin, link), timeout=60)
        assert "Let this application use your Discogs account?" in unescape(consent.text), consent.text
        ended = browser.post(consent.url, data={"user": "ada", "decision": decision}, timeout=60)
        assert urljoin(ended.url, "/") == f"{origin}/"
        return f"{ended.status_code} {ended.text}"


@pytest.fixture
def reader(wheel: Path, tmp_path: Path) -> Iterator[Reader]:
    (tmp_path / "here").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    reader = Reader(tmp_path / "here", Environment(tmp_path), wheel, redis="", port=port)
    try:
        yield reader
    finally:
        for process in reader.running.values():
            process.kill()
            process.communicate()


@pytest.mark.parametrize("page", WEB)
def test_a_reader_logs_in(page: str, reader: Reader) -> None:
    reader.follow(f"docs/tutorials/{page}.md")
    assert reader.real
    assert [decision for decision, _ in reader.logins] == ["authorize", "deny"] * 2  # emulated, then with own keys
    for decision, ended in reader.logins:
        assert ended == "200 Hello ada" if decision == "authorize" else ended.startswith("403 You declined.")


def test_a_reader_calls_the_api_from_a_script(reader: Reader) -> None:
    reader.follow("docs/tutorials/script.md")
    assert reader.real
    lines = (reader.folder / ".env").read_text(encoding="utf-8").splitlines()
    assert [line.partition("=")[0] for line in lines if line.startswith("DISCOGS_")] == [
        "DISCOGS_USER_AGENT", "DISCOGS_CLIENT_ID", "DISCOGS_CLIENT_SECRET", "DISCOGS_TOKEN", "DISCOGS_TOKEN_SECRET"
    ]  # fmt: skip


def test_every_tutorial_is_followed() -> None:
    assert {path.stem for path in (ROOT / "docs" / "tutorials").glob("*.md")} == {*WEB, "script"}
