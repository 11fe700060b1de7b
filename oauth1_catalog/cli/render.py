"""Findings for people and for logs: ``full`` with the source line, ``concise``, and GitHub's annotations.

Rule: a source line is shown with the values of credentials masked, and with no character that a terminal would obey.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import click

from oauth1_catalog.catalog.diagnostics import Diagnostic, one_line
from oauth1_catalog.catalog.document import LINE_BREAK
from oauth1_catalog.catalog.masking import mask_lines
from oauth1_catalog.catalog.reader import read_bytes
from oauth1_catalog.catalog.source import MAX_LINES

WIDTH = 140
Renderer = Callable[[Diagnostic], str]


def full(finding: Diagnostic) -> str:
    """Code and message, the place, the source with a caret, and what would be right."""
    colour = "red" if finding.severity == "error" else "yellow"
    kind = "" if finding.severity == "error" else " (warning)"
    head = f"{_styled(finding.code, colour)}{kind} {_styled(finding.message, None)}"
    lines = _source(finding.path)
    margin = " " * len(str(finding.line))
    shown = [head, f"{margin}{_dim('-->')} {finding.shown_path}:{finding.line}:{finding.column}"]
    if finding.line <= len(lines) and lines[finding.line - 1].strip():
        shown.append(f"{margin} {_dim('|')}")
        if finding.line > 1 and lines[finding.line - 2].strip():
            shown.append(f"{_dim(f'{finding.line - 1:>{len(margin)}} |')} {_window(lines[finding.line - 2], 1)[0]}")
        line, shift = _window(lines[finding.line - 1], finding.column)
        start = max(finding.column - 1 - shift, 0)
        length = min(max(finding.end_column - finding.column, 1), max(len(line) - start, 1))
        caret = " " * _columns(line[:start]) + "^" * max(_columns(line[start : start + length]), 1)
        shown += [f"{_dim(f'{finding.line} |')} {line}", f"{margin} {_dim('|')} {_styled(caret, colour)}"]
    if finding.help:
        shown.append(f"{margin} {_dim('=')} help: {finding.help}")
    return "\n".join(shown) + "\n"


def concise(finding: Diagnostic) -> str:
    """One line, which a terminal makes a link."""
    return str(finding)


def github(finding: Diagnostic) -> str:
    """A workflow command, which GitHub shows beside the line."""
    properties = {
        "file": finding.shown_path,
        "line": finding.line,
        "col": finding.column,
        "endColumn": finding.end_column,
        "title": finding.code,
    }
    place = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    text = f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message
    return f"::{finding.severity} {place}::{_escaped(text)}"


LINE_BY_LINE: Mapping[str, Renderer] = {"full": full, "concise": concise, "github": github}


def _escaped(text: str, also: str = "") -> str:
    """Percent-encoded as workflow commands want it."""
    return "".join(f"%{ord(letter):02X}" if letter in "%\r\n" + also else letter for letter in text)


@lru_cache(maxsize=4)
def _source(path: str) -> list[str]:
    """The masked lines of a file, without what a terminal would obey."""
    try:
        text = read_bytes(Path(path)).decode("utf-8-sig", "replace")
    except OSError:
        return []
    return [one_line(line) for line in mask_lines(LINE_BREAK.split(text)[:MAX_LINES])]


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and how much of its beginning is left out."""
    if len(line) <= WIDTH:
        return line, 0
    start = max(min(column - WIDTH // 2, len(line) - WIDTH), 0)
    return line[start : start + WIDTH], start


def _columns(text: str) -> int:
    """How wide a terminal shows the text."""
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 0 if unicodedata.combining(letter) else 1
        for letter in text
    )


def _styled(text: str, colour: str | None) -> str:
    return text if "NO_COLOR" in os.environ else click.style(text, fg=colour, bold=True)


def _dim(text: str) -> str:
    return text if "NO_COLOR" in os.environ else click.style(text, fg="blue")
