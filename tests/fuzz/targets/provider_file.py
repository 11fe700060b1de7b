"""The text of a provider file, through reading, validation and use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import yaml

from oauth1_catalog.catalog.document import inherit
from oauth1_catalog.catalog.fmt import apply_fixes, sort_fields
from oauth1_catalog.catalog.resolve import choices_of, outline, resolve
from oauth1_catalog.catalog.source import MAX_FINDINGS, read
from oauth1_catalog.catalog.validation import ALL_RULES, model_of, validate
from oauth1_catalog.errors import ConfigurationError
from tests.fuzz.target import ROOT, Target, check_shown

TODAY = dt.date(2026, 11, 30)


def check(data: bytes) -> None:
    document = read(data, path="x.yaml")
    assert len(document.findings) <= MAX_FINDINGS
    entry = inherit([document])
    validated = validate(entry, rules=ALL_RULES, today=TODAY, max_age=400)
    for finding in validated.findings:
        check_shown(str(finding))
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.end_column > finding.column
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        assert document.findings
        return
    apply_fixes(document, validated.findings)
    if document.findings:
        return
    theirs = yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    assert same(document.data, theirs), "PyYAML reads other data"
    ordered = sort_fields(text)
    assert read(ordered, path="x.yaml").data == document.data
    assert sort_fields(ordered) == ordered
    if validated.file is None or any(finding.severity == "error" for finding in validated.findings):
        return
    outline(entry.data)
    variables, _ = choices_of(entry.data)
    try:
        provider = resolve(entry.data, check=model_of, values={name: one.example for name, one in variables.items()})
    except ConfigurationError as error:
        check_shown(error)
        return
    assert provider.name == entry.data["name"]


def same(ours: Any, theirs: Any) -> bool:
    """Whether both are the same data, where ours has ``None`` for a null."""
    if ours is None:
        return theirs in {"", "~", "null", "Null", "NULL"}
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(value, theirs[key]) for key, value in ours.items())
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)


def seeds() -> Iterator[bytes]:
    for name in ("twitter", "netsuite", "jira", "mediawiki", "quickbooks", "flickr", "magento", "interactive_brokers"):
        path = ROOT / "providers" / f"{name}.yaml"
        if path.exists():
            yield path.read_bytes()[: TARGET.longest]
    for path in sorted((ROOT / "tests/catalog/broken").glob("*.yaml")):
        if path.stat().st_size < 1500:
            yield path.read_bytes()


TARGET = Target(
    "a provider file: its YAML, its fields, the rules, and the provider that it describes",
    check,
    seeds,
    (
        "schema_version: 1\n", "name: x\n", "extends: ", "variables:\n", "options:\n", "environments:\n",
        "evidence:\n", "userinfo_claims: ", "api_hosts: ", "pattern: ", "enum: [", "default: ", "format: uri",
        "https://", "{account}", "&a ", "*a", "!!python/object:", "<<: ", "%YAML 1.2\n", "---\n", "? ", "|\n", ">-\n",
        '"\\u202e"', "\t", "{}", "[]", "access: ", "status: retired\n", "callback: ", "renew: ", "successor: ",
        "session_token: ", "(a+)+$",
    ),
    longest=4096,
)  # fmt: skip
