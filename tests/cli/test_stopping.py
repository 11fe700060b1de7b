"""Ctrl+C at the least convenient moment: a command that runs until then ends quietly, whenever it is pressed."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from oauth1_catalog.cli import cli


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("demo", "A demonstration"),
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
