"""The formats of ``validate``: lines for people and GitHub, or a report in JSON, SARIF, GitLab's or JUnit's format."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import click

from oauth1_catalog.catalog.document import LINE_BREAK, Diagnostic
from oauth1_catalog.catalog.files import read_bytes
from oauth1_catalog.catalog.rules import rule_codes, rule_page
from oauth1_catalog.catalog.source import MAX_LINES
from oauth1_catalog.redaction import mask_lines, one_line

WIDTH = 140
Renderer = Callable[[Diagnostic], str]


def full(finding: Diagnostic) -> str:
    """Code and message, the place, the source with a caret, and the correction."""
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


def github(finding: Diagnostic) -> str:
    """A workflow command, which GitHub shows next to the line."""
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


LINE_BY_LINE: Mapping[str, Renderer] = {"full": full, "concise": str, "github": github}


def _escaped(text: str, also: str = "") -> str:
    """Percent-encoded for a workflow command."""
    return "".join(f"%{ord(letter):02X}" if letter in "%\r\n" + also else letter for letter in text)


@lru_cache(maxsize=4)
def _source(path: str) -> list[str]:
    """The masked lines of a file, without control characters."""
    try:
        text = read_bytes(Path(path)).decode("utf-8-sig", "replace")
    except OSError:
        return []
    return [one_line(line) for line in mask_lines(LINE_BREAK.split(text)[:MAX_LINES])]


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and the number of characters before it."""
    if len(line) <= WIDTH:
        return line, 0
    start = max(min(column - WIDTH // 2, len(line) - WIDTH), 0)
    return line[start : start + WIDTH], start


def _columns(text: str) -> int:
    """The width of the text in a terminal."""
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 0 if unicodedata.combining(letter) else 1
        for letter in text
    )


def _styled(text: str, colour: str | None, *, bold: bool = True) -> str:
    return text if "NO_COLOR" in os.environ else click.style(text, fg=colour, bold=bold)


def _dim(text: str) -> str:
    return _styled(text, "blue", bold=False)


# From the findings and all files that were checked.
Report = Callable[[Sequence[Diagnostic], Sequence[str]], str]


def as_json(findings: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """JSON; the fields are those of ``Diagnostic``."""
    report = {
        "version": 1,
        "files": len(files),
        "errors": sum(finding.severity == "error" for finding in findings),
        "warnings": sum(finding.severity == "warning" for finding in findings),
        "findings": [
            {name: getattr(finding, name) for name in Diagnostic.__slots__} | {"path": finding.shown_path}
            for finding in findings
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def as_sarif(findings: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """SARIF 2.1.0, for code scanning."""
    codes = [code for code in rule_codes() if any(finding.code == code for finding in findings)]
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": finding.severity,
            "message": {"text": finding.text},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(finding.path)},
                        "region": {
                            "startLine": finding.line,
                            "startColumn": finding.column,
                            "endLine": finding.line,
                            "endColumn": finding.end_column,
                        },
                    }
                }
            ],
            "partialFingerprints": {"oauth1Catalog/v1": _fingerprint(finding)},
        }
        for finding in findings
    ]
    driver = {
        "name": "oauth1-catalog",
        "version": version("oauth1-catalog"),
        "rules": [_sarif_rule(code) for code in codes],
    }
    report = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "artifacts": [{"location": {"uri": _uri(path)}} for path in files],
                "results": results,
            }
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _sarif_rule(code: str) -> dict[str, Any]:
    page = rule_page(code)
    return {
        "id": code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.why},
        "help": {"text": page.text, "markdown": page.text},
    }


def as_gitlab(findings: Sequence[Diagnostic], files: Sequence[str]) -> str:  # noqa: ARG001 - one signature for all
    """GitLab's Code Quality report."""
    report = [
        {
            "description": finding.text,
            "check_name": finding.code,
            "fingerprint": _fingerprint(finding),
            "severity": "major" if finding.severity == "error" else "minor",
            "location": {"path": _uri(finding.path), "lines": {"begin": finding.line, "end": finding.line}},
        }
        for finding in findings
    ]
    return json.dumps(report, indent=2, ensure_ascii=False)


def as_junit(findings: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """JUnit's XML, with a case for each file."""
    by_file: dict[str, list[Diagnostic]] = defaultdict(list)
    for finding in findings:
        by_file[finding.path].append(finding)
    suite = ET.Element("testsuite", name="oauth1-catalog validate", tests=str(len(files)), failures=str(len(by_file)))
    for path in dict.fromkeys((*files, *by_file)):
        case = ET.SubElement(suite, "testcase", name=one_line(path), classname="provider file", file=one_line(path))
        if by_file[path]:
            failure = ET.SubElement(case, "failure", message=by_file[path][0].text)
            failure.text = "\n".join(map(str, by_file[path]))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _uri(path: str) -> str:
    shown = Path(one_line(path))
    return shown.as_uri() if shown.is_absolute() else shown.as_posix()


def _fingerprint(finding: Diagnostic) -> str:
    """An identifier that does not change if the finding moves within its file."""
    return hashlib.sha256(
        f"{finding.shown_path}\0{finding.code}\0{finding.field}\0{finding.message}".encode()
    ).hexdigest()[:32]


REPORTS: Mapping[str, Report] = {"json": as_json, "sarif": as_sarif, "gitlab": as_gitlab, "junit": as_junit}
