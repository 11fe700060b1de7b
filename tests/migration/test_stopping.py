"""``oauth1-catalog migrate`` as a process: on a terminal, stopped by signals, and without its streams."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator
from tests.cli.terminal import Terminal
from tests.tokens.x_tables import TOKENS, Tables


@pytest.fixture
def tables(new_emulator: Emulator, tmp_path: Path) -> Iterator[Tables]:
    made = Tables(new_emulator, tmp_path)
    yield made
    made.engine.dispose()


def test_a_terminal_shows_a_bar(tables: Tables) -> None:
    command = [sys.executable, "-m", "oauth1_catalog", "migrate", "x"]
    with Terminal(command, env={**os.environ, **tables.environment}, cwd=tables.folder) as terminal:
        terminal.expect("Exchanging x")
        terminal.expect(f"{TOKENS}/{TOKENS}")
        terminal.expect(f"{TOKENS} exchanged, 0 refused, 0 to be asked again.")
        assert terminal.end() == 0


SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_after_the_row_in_hand(tables: Tables, number: int) -> None:
    """A second one changes nothing."""
    tables.emulator.latency = 0.7
    process = tables.start("x")
    tables.wait_for(1)
    time.sleep(0.2)  # it waits for the answer about the second row
    process.send_signal(number)
    time.sleep(0.1)
    process.send_signal(number)
    status, out, err = tables.end(process)
    assert (status, err) == (1, "")
    assert out.splitlines()[-1] == (
        "Stopped: a signal ended it after the row in hand. Run the command again to continue."
    )
    assert f"2 exchanged, 0 refused, {TOKENS - 2} to be asked again." in out
    assert (tables.asked, tables.states().count("exchanged")) == (2, 2)
    assert [row.lease for row in tables.rows()] == [None] * TOKENS


def test_a_third_signal_ends_it_at_once(tables: Tables) -> None:
    tables.emulator.latency = 5.0
    process = tables.start("x")
    ends = time.monotonic() + 60
    while not any(row.lease for row in tables.rows()):
        assert time.monotonic() < ends
        time.sleep(0.02)
    time.sleep(0.3)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    status, out, _ = tables.end(process)
    assert status == 128 + signal.SIGINT
    assert "Stopped" not in out
    assert tables.states() == ["again"] * TOKENS


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_provider_asks_to_wait(tables: Tables, number: int) -> None:
    tables.emulator.fail_next("exchange", status=429, headers={"Retry-After": "600"})
    process = tables.start("x")
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    assert lines[1] == "x: waiting, because the provider asks to wait.\n"
    process.send_signal(number)
    status, out, err = tables.end(process)
    assert (status, err) == (1, "")
    assert f"0 exchanged, 0 refused, {TOKENS} to be asked again." in out
    assert "  1 x 429" in out


def redirected(tables: Tables, redirection: str) -> tuple[int, str, str]:
    shell = f'exec "$0" -m oauth1_catalog migrate x {redirection}'
    environment, pipe = {**os.environ, **tables.environment}, subprocess.PIPE
    command = ["sh", "-c", shell, sys.executable]
    return tables.end(
        subprocess.Popen(command, cwd=tables.folder, env=environment, stdout=pipe, stderr=pipe, text=True)
    )


def test_a_full_disk(tables: Tables) -> None:
    assert redirected(tables, "> /dev/full") == (1, "", "Error: No space left on device.\n")
    assert tables.states().count("exchanged") == tables.asked


def test_an_output_that_nobody_reads(tables: Tables) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as output:
        status, _, err = tables.end(tables.start("x", stdout=output))
    assert (status, err) == (1, "")
    assert tables.states().count("exchanged") == tables.asked


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(tables: Tables, closed: str) -> None:
    status, _, err = redirected(tables, closed)
    assert (status, err) == (0, "")
    assert tables.states() == ["exchanged"] * TOKENS
