"""Every word, pattern and required field of the models is held to: a wrong value in its place gives a finding there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from oauth1_catalog.catalog.data import dotted
from oauth1_catalog.catalog.document import inherit
from oauth1_catalog.catalog.schema import provider_schema
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.validation import validate

SCHEMA = provider_schema()
RIGHT: dict[str, Any] = {
    "schema_version": "1",
    "name": "acme",
    "flows": ["static_token"],
    "api_base_url": "https://api.acme.example/1/",
}
# What a section needs beside the field that is looked at.
NEEDED: dict[str, dict[str, Any]] = {
    "Access": {"state": "open"},
    "SignatureMethod": {"method": "HMAC-SHA1"},
    "RateLimit": {"requests": "10", "seconds": "60"},
    "Probed": {"on": "2026-11-30", "result": "oauth1"},
    "Option": {"sets": {}},
    "Renewal": {"url": "https://api.acme.example/r"},
    "Successor": {"url": "https://api.acme.example/r", "auth": "signature"},
    "SessionToken": {"url": "https://api.acme.example/s", "challenge": "a", "response": "b", "proof": "c"},
    "ExchangeLimit": {"requests": "10", "seconds": "60"},
    "Quirk": {"id": "slow", "note": "Slow."},
    "Evidence": {
        "fields": ["flows"],
        "kind": "library",
        "checked": "2026-11-25",
        "source": "https://acme.example/docs",
    },
}
Path = tuple[str | int, ...]


def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema itself, or the ones of which it is any, with references followed."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from parts({"$name": name, **SCHEMA["$defs"][name]})
    elif "anyOf" in schema:
        for part in schema["anyOf"]:
            yield from parts({**part, **({"$name": schema["$name"]} if "$name" in schema else {})})
    elif schema.get("type") != "null":
        yield schema


def places(schema: dict[str, Any], path: Path, wrap: list[dict[str, Any]]) -> Iterator[tuple[Path, str, Any]]:
    """Every place with what is wrong there: a path, the kind of mistake, and the whole file with it."""
    for part in parts(schema):
        kind = part.get("type")
        if "properties" in part:
            needed = NEEDED.get(part.get("$name", ""), {})
            for required in part.get("required", ()):
                if path:
                    yield (*path, required), "missing", whole(path, {k: v for k, v in needed.items() if k != required})
            for name, inner in part["properties"].items():
                yield from places(inner, (*path, name), [*wrap, needed])
        elif kind == "array":
            yield from places(part["items"], (*path, 0), wrap)
            yield path, "type", whole(path, "text")
        elif kind == "object":
            values = part.get("additionalProperties") or next(iter(part["patternProperties"].values()))
            yield from places(values, (*path, "x_one"), wrap)
            yield path, "type", whole(path, "text")
        elif "enum" in part or "const" in part:
            yield path, "word", whole(path, "no-such-word")
        elif "pattern" in part or part.get("format") in {"date", "regex"}:
            yield path, "pattern", whole(path, "[ no/such \\")
        elif kind == "boolean" or kind == "integer":
            yield path, "type", whole(path, "perhaps")


def whole(path: Path, value: Any) -> dict[str, Any]:
    """A right file with a value at a path, and what the sections around it need."""
    schema: dict[str, Any] = SCHEMA
    names = []
    for step in path:
        part = next(p for p in parts(schema) if "properties" in p or "items" in p or p.get("type") == "object")
        names.append(part.get("$name", ""))
        if "properties" in part:
            schema = part["properties"][step]
        elif "items" in part:
            schema = part["items"]
        else:
            schema = part.get("additionalProperties") or next(iter(part["patternProperties"].values()))
    for step, name in zip(reversed(path), reversed(names), strict=True):
        value = [value] if isinstance(step, int) else {**NEEDED.get(name, {}), step: value}
    return {**RIGHT, **value}


CASES = [case for case in places(SCHEMA, (), []) if case[0]]


@pytest.mark.parametrize(
    ("path", "mistake", "file"), CASES, ids=lambda part: dotted(part) if isinstance(part, tuple) else None
)
def test_a_wrong_value_is_told_in_its_place(path, mistake, file):
    document = read(json.dumps(file), path="acme.yaml")
    findings = validate(inherit([document])).findings
    fields = {finding.field for finding in findings}
    assert dotted(path) in fields, findings
    assert {finding.code for finding in findings if finding.field == dotted(path)} <= {
        "missing": {"P012"},
        "word": {"P013", "P014"},
        "type": {"P014", "P015"},
        "pattern": {"P014", "P015", "P021", "P031", "P032", "P037", "P038"},
    }[mistake]


def test_there_are_many():
    assert len(CASES) > 150
