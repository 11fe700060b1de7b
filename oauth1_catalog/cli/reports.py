"""Findings for machines: JSON, SARIF 2.1.0, GitLab's Code Quality, JUnit."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree as ET

from oauth1_catalog.catalog.diagnostics import Diagnostic, one_line
from oauth1_catalog.catalog.rules.pages import rule_codes, rule_page

# The findings, and all files that were looked at.
Report = Callable[[Sequence[Diagnostic], Sequence[str]], str]


def as_json(findings: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """What there is, as JSON; the fields are those of ``Diagnostic``."""
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
    """SARIF 2.1.0, as code scanning reads it."""
    codes = [code for code in rule_codes() if any(finding.code == code for finding in findings)]
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": finding.severity,
            "message": {"text": finding.sentence},
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
            "description": finding.sentence,
            "check_name": finding.code,
            "fingerprint": _fingerprint(finding),
            "severity": "major" if finding.severity == "error" else "minor",
            "location": {"path": _uri(finding.path), "lines": {"begin": finding.line, "end": finding.line}},
        }
        for finding in findings
    ]
    return json.dumps(report, indent=2, ensure_ascii=False)


def as_junit(findings: Sequence[Diagnostic], files: Sequence[str]) -> str:
    """JUnit's XML: a case for each file."""
    by_file: dict[str, list[Diagnostic]] = defaultdict(list)
    for finding in findings:
        by_file[finding.path].append(finding)
    suite = ET.Element("testsuite", name="oauth1-catalog validate", tests=str(len(files)), failures=str(len(by_file)))
    for path in dict.fromkeys((*files, *by_file)):
        case = ET.SubElement(suite, "testcase", name=one_line(path), classname="provider file", file=one_line(path))
        if by_file[path]:
            failure = ET.SubElement(case, "failure", message=by_file[path][0].sentence)
            failure.text = "\n".join(map(str, by_file[path]))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _uri(path: str) -> str:
    shown = PurePath(one_line(path))
    return shown.as_uri() if shown.is_absolute() else shown.as_posix()


def _fingerprint(finding: Diagnostic) -> str:
    """The same for the same finding, wherever in its file it moves to."""
    return hashlib.sha256(
        f"{finding.shown_path}\0{finding.code}\0{finding.field}\0{finding.message}".encode()
    ).hexdigest()[:32]


REPORTS: Mapping[str, Report] = {"json": as_json, "sarif": as_sarif, "gitlab": as_gitlab, "junit": as_junit}
