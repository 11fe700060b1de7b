"""A command that is stopped at the least convenient moment, or whose input or output has gone, ends quietly."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.serving import HTTPServer
from tests.servers import child_process
from tests.tokens.x_tables import TOKENS, Tables

SERVING = ["demo", "emulate twitter"]
LAST = {"demo": "stop with Ctrl+C", "emulate twitter": "until you press Ctrl+C"}
SIGNALS = {"Ctrl+C": signal.SIGINT, "SIGTERM": signal.SIGTERM}


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("demo", "This is a demo"),
        ("demo", "stop with Ctrl+C"),
        ("emulate twitter", "Emulating"),
        ("emulate twitter", "until you press Ctrl+C"),
    ],
)
def test_ctrl_c_while_a_line_is_written(command: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python raises it between any two instructions, so also before the command begins to wait."""
    written: list[str] = []

    def echo(message: object = None, **_: object) -> None:
        written.append(str(message))
        if line in str(message):
            raise KeyboardInterrupt

    monkeypatch.setattr(click, "echo", echo)
    result = CliRunner().invoke(cli, command.split())
    assert result.exit_code == 0, written
    assert any(line in text for text in written)
    assert "Aborted!" not in written
    assert command != "demo" or written[-1] == "Stopped."


@pytest.mark.parametrize("step", ["shutdown", "_drop_connections"])
def test_ctrl_c_while_the_emulator_ends(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps that follow are done: a thread of a connection that is kept would keep the process."""
    done: list[str] = []

    def interrupted(name: str, own: Callable[[HTTPServer], None]) -> Callable[[HTTPServer], None]:
        def do(self: HTTPServer) -> None:
            own(self)
            done.append(name)
            if name == step:
                raise KeyboardInterrupt

        return do

    for name in ("shutdown", "_drop_connections", "server_close"):
        monkeypatch.setattr(HTTPServer, name, interrupted(name, getattr(HTTPServer, name)))
    server = HTTPServer("127.0.0.1", 0, answer=lambda *_: None, opened=lambda: 1)
    with pytest.raises(KeyboardInterrupt), server:
        pass
    assert done == ["shutdown", "_drop_connections", "server_close"]


# Sends itself one signal where a command has come to, and the next where it cleans up.
SIGNALLED = """
import os, signal, sys, tempfile
from oauth1_catalog import __main__
place, numbers, *sys.argv[1:] = sys.argv[1:]
numbers = [int(number) for number in numbers.split(",")]

def send():
    if numbers:
        os.kill(os.getpid(), numbers.pop(0))

if place == "import":
    class Finder:
        def find_spec(name, path=None, target=None):
            if name == "oauth1_catalog.cli":
                send()
    sys.meta_path.insert(0, Finder)
else:
    import click
    own, cleanup = click.echo, tempfile.TemporaryDirectory.cleanup
    def echo(message=None, **how):
        own(message, **how)
        if place in str(message):
            send()
    def clean_up(self):
        send()
        cleanup(self)
    click.echo, tempfile.TemporaryDirectory.cleanup = echo, clean_up
__main__.main()
"""


def signalled(tmp_path: Path, place: str, numbers: list[int], command: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", SIGNALLED, place, ",".join(map(str, map(int, numbers))), *command.split()]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    return subprocess.run(
        call, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("number", SIGNALS.values(), ids=SIGNALS.keys())
@pytest.mark.parametrize("command", ["demo", "try twitter"])
def test_a_signal_while_the_command_is_imported(tmp_path: Path, command: str, number: int) -> None:
    ran = signalled(tmp_path, "import", [number], command)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "Aborted!\n")


@pytest.mark.parametrize("number", SIGNALS.values(), ids=SIGNALS.keys())
@pytest.mark.parametrize("command", SERVING)
def test_a_signal_ends_what_serves(tmp_path: Path, command: str, number: int) -> None:
    ran = signalled(tmp_path, LAST[command], [number], command)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS.values(), ids=SIGNALS.keys())
@pytest.mark.parametrize("command", ["try twitter", "demo --check --framework flask"])
def test_a_signal_ends_what_checks(tmp_path: Path, command: str, number: int) -> None:
    ran = signalled(tmp_path, "consent given", [number], command)
    assert (ran.returncode, ran.stderr) == (1, "\nAborted!\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [*SERVING, "try twitter"])
def test_a_second_ctrl_c_lets_the_first_end(tmp_path: Path, command: str) -> None:
    place = LAST.get(command, "consent given")
    ran = signalled(tmp_path, place, [signal.SIGINT], command)
    twice = signalled(tmp_path, place, [signal.SIGINT, signal.SIGINT], command)
    assert (twice.returncode, twice.stderr) == (ran.returncode, ran.stderr)
    assert "Traceback" not in twice.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS.values(), ids=SIGNALS.keys())
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_ends_a_migration_after_the_row_in_hand(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, times: int
) -> None:
    """With a summary; ``tests/migration/test_stopping.py`` stops it as a process, and takes its streams away."""
    tables, own = Tables(emulator, tmp_path), click.echo

    def echo(message: object = None, **how: Any) -> None:
        own(message, **how)
        if str(message).startswith("x: 1 of"):
            for _ in range(times):
                os.kill(os.getpid(), number)

    monkeypatch.setattr(click, "echo", echo)
    before = signal.getsignal(number)
    status, out, err = tables.run("x")
    assert (status, err) == (1, "")
    last = "Stopped: a signal ended it after the row in hand. Run the command again to continue."
    assert out.splitlines()[-1] == last
    assert (tables.asked, tables.states()) == (1, ["again"] * (TOKENS - 1) + ["exchanged"])
    assert signal.getsignal(number) is before
    tables.engine.dispose()


def started(command: str, folder: Path, redirections: str) -> subprocess.CompletedProcess[str]:
    shell = f'exec "$0" -m oauth1_catalog {command} {redirections}'
    return subprocess.run(
        ["sh", "-c", shell, sys.executable], cwd=folder, env=buffered(), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def buffered() -> dict[str, str]:
    """The environment, in which Python buffers what it writes, as it does by default."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


PROBE = "probe acme.yaml --allow-local-hosts --contact me@example.com"
REFUSED = "schema_version: 1\nname: acme\nflows: [static_token]\napi_base_url: http://127.0.0.1:9/\n"
"""A provider at a port on which nothing listens."""
COMMANDS = [
    "demo --check --framework flask",
    "try twitter",
    "emulate twitter",
    "demo",
    "list",
    "show twitter",
    "export twitter --format json",
    "schema",
    PROBE,
]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_nobody_reads(tmp_path: Path, command: str) -> None:
    """As in ``| head -1``."""
    (tmp_path / "acme.yaml").write_text(REFUSED)
    reading, writing = os.pipe()
    os.close(reading)
    call = [sys.executable, "-m", "oauth1_catalog", *command.split()]
    with os.fdopen(writing, "w") as output:
        ran = subprocess.run(
            call, cwd=tmp_path, env=buffered(), stdout=output, stderr=subprocess.PIPE, text=True, timeout=120,
            check=False,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a device that is full")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk(tmp_path: Path, command: str) -> None:
    (tmp_path / "acme.yaml").write_text(REFUSED)
    ran = started(command, tmp_path, "> /dev/full")
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: No space left on device.")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["try twitter", "list", "schema"])
def test_streams_that_are_closed(tmp_path: Path, command: str, closed: str) -> None:
    ran = started(command, tmp_path, closed)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_probe_whose_streams_are_closed(tmp_path: Path, closed: str) -> None:
    (tmp_path / "acme.yaml").write_text(REFUSED)
    ran = started(PROBE, tmp_path, closed)
    assert (ran.returncode, ran.stderr) == (2, "")


@pytest.mark.parametrize("number", SIGNALS.values(), ids=SIGNALS.keys())
def test_a_signal_ends_a_probe(tmp_path: Path, number: int) -> None:
    """At once, with what has been asked so far; the second provider is not asked."""
    for name in ("acme", "other"):
        (tmp_path / f"{name}.yaml").write_text(REFUSED.replace("acme", name))
    files = f"{tmp_path / 'acme.yaml'} {tmp_path / 'other.yaml'}"
    ran = signalled(tmp_path, "acme: unreachable", [number], PROBE.replace("acme.yaml", files))
    assert (ran.returncode, ran.stderr) == (1, "\nAborted!\n")
    assert "other" not in ran.stdout


@pytest.mark.parametrize("closed", ["<&-", "</dev/null", ">&- </dev/null", "<&- >&-"])
def test_a_new_file_that_nobody_can_be_asked_about(tmp_path: Path, closed: str) -> None:
    ran = started("new shop", tmp_path, closed)
    assert ran.returncode == 2
    assert "Error: --docs-url is required: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "</dev/null"])
def test_a_login_that_cannot_ask(tmp_path: Path, closed: str) -> None:
    """``test_login.py`` stops logins, and takes their output away."""
    ran = started("login twitter", tmp_path, closed)
    assert ran.returncode == 2
    said = ran.stdout if "2>&-" in closed else ran.stderr  # click has only one stream left
    assert closed.count("&-") == 3 or said.startswith(("Error: twitter: no client_id", "Usage: oauth1-catalog login"))
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_at_a_question(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "oauth1_catalog", "new", "shop"]
    pipe = subprocess.PIPE
    with child_process(call, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe) as asking:
        assert asking.stdout is not None
        assert asking.stdout.read(len("Its documentation"))
        # A signal just before the command reads is not seen until it has read: Python looks for signals between its
        # instructions. A person presses Ctrl+C again.
        for _ in range(10):
            asking.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                asking.wait(timeout=3)
                break
        assert asking.stderr is not None
        assert asking.stderr.read() == "Aborted!\n"
    assert asking.returncode == 1
