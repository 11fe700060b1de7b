"""Validate a provider's data with the models and the rules, and report each problem at its place.

A mistake in one field does not hide other mistakes: the field is removed, and the rest is validated without it.
Findings that only follow from another one are left out.
"""

from __future__ import annotations

import datetime as dt
import re
import types
import typing
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from oauth1_catalog.catalog.data import OWN_FIELDS, Data, Step, dotted
from oauth1_catalog.catalog.document import Diagnostic, Entry
from oauth1_catalog.catalog.fields import INSECURE
from oauth1_catalog.catalog.fmt import fields_are_in_order
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.rules import (
    Rule,
    Subject,
    access,
    choices,
    claims,
    credentials,
    evidence,
    flows,
    session_tokens,
    sources,
    steps,
    urls,
)
from oauth1_catalog.catalog.source import MAX_FINDINGS
from oauth1_catalog.redaction import is_credential, mask_text
from oauth1_catalog.suggestions import did_you_mean, nearest

ALL_RULES: tuple[Rule, ...] = (
    *credentials.RULES,
    *flows.RULES,
    *steps.RULES,
    *urls.RULES,
    *session_tokens.RULES,
    *claims.RULES,
    *evidence.RULES,
    *sources.RULES,
    *access.RULES,
    *choices.RULES,
    fields_are_in_order,
)
"""The rules of the validator. Those that compare several files are in ``validate_files.py``."""

_VALIDATORS_OWN = frozenset({urls.plaintext_goes_over_https, *sources.RULES})
_USABILITY_RULES = tuple(rule for rule in ALL_RULES if rule not in _VALIDATORS_OWN)
"""The rules of the loader: not the one about http, which an application may allow, and not the one that reads the list
of public suffixes and only warns."""


@dataclass(frozen=True, slots=True)
class Validated:
    """The result. If there are mistakes, ``file`` is the model without the invalid fields."""

    entry: Entry
    file: ProviderFile | None
    findings: tuple[Diagnostic, ...]


def validate(
    entry: Entry,
    *,
    between: Sequence[Diagnostic] = (),
    rules: Sequence[Rule] | None = None,
    today: dt.date = dt.date.max,
    max_age: int | None = None,
) -> Validated:
    r"""Validate one provider: YAML, fields, and rules.

    Args:
        entry: the provider's data.
        between: findings about its files that are already known.
        rules: the rules to apply; by default those without which a file cannot be used.
        today: the day to compare dates with.
        max_age: the days after which evidence is an error; ``None`` for no limit.

    >>> from oauth1_catalog.catalog.document import inherit
    >>> from oauth1_catalog.catalog.source import read
    >>> document = read("schema_version: 1\nname: x\nauthorise_url: https://x.example/\n", path="x.yaml")
    >>> str(validate(inherit([document])).findings[-1])
    'x.yaml:3:1: P010 unknown field `authorise_url`: did you mean `authorize_url`?'
    """
    findings = [*entry.own.findings, *entry.findings, *between]
    if any(finding.code in {"P001", "P005", "P006", "P007", "P008", "P009"} for finding in entry.own.findings):
        return Validated(entry, None, _in_order(findings))
    file, problems, silenced = _read_model(entry)
    if any(finding.code == "P025" for finding in between):
        # The missing file can contain the fields that this file lacks, and that most rules require.
        problems = [problem for problem in problems if problem.code != "P012" or problem.field in OWN_FIELDS]
        rules = credentials.RULES
    findings.extend(problems)
    if file is not None:
        subject = Subject(entry, file, frozenset(silenced), today, max_age)
        for rule in _USABILITY_RULES if rules is None else rules:
            findings.extend(found for found in rule(subject) if rules is not None or found.severity == "error")
    return Validated(entry, file, _in_order(findings))


def model_of(data: Mapping[str, object]) -> ProviderFile:
    """The data as a model.

    >>> model_of({"schema_version": "1", "name": "x"}).flows
    ('redirect',)

    Raises:
        ValidationError: the data is not valid.
    """
    return ProviderFile.model_validate(data, context={INSECURE: data.get(INSECURE) == "true"})


def check_filled(data: Mapping[str, object]) -> None:
    """Refuse a provider's data that is not valid with an application's values, though its file is valid without them.

    >>> check_filled({"schema_version": "1", "name": "x", "authorize_url": "ftp://a.example/"})
    Traceback (most recent call last):
    ValueError: `authorize_url`: `ftp://a.example/` is not https; write https://a.example/

    Raises:
        ValueError: the first problem, with its field, and how many more fields have one.
    """
    try:
        model_of(data)
    except ValidationError as error:
        first, *more = error.errors(include_url=False, include_input=False)
        told = first.get("ctx", {})
        problem = "; ".join(filter(None, (str(told.get("message", first["msg"])), str(told.get("help", "")))))
        others = f" (and {len(more)} more)" if more else ""
        raise ValueError(f"`{dotted(first['loc'])}`: {problem}{others}") from None


def _in_order(findings: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    unique = {(finding.sort_key, finding.message): finding for finding in findings}
    return tuple(sorted(unique.values(), key=lambda finding: finding.sort_key))


def _read_model(entry: Entry) -> tuple[ProviderFile | None, list[Diagnostic], set[tuple[Step, ...]]]:
    """The model of the data, without the invalid fields if there are any."""
    try:
        return model_of(entry.data), [], set()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=True)
    findings: list[Diagnostic] = []
    silenced: set[tuple[Step, ...]] = set()
    data = deepcopy(entry.data)
    for _ in range(4):
        more = len(errors) - MAX_FINDINGS
        errors = errors[:MAX_FINDINGS]
        for problem in errors:
            path = _document_path(entry, problem["loc"])
            if problem["type"] == "too_short" and any(other["loc"][:-1] == problem["loc"] for other in errors):
                continue  # the list is only short without its invalid items
            if not _is_below(path, silenced) and not _is_below(path, entry.own.broken):
                finding, meant = _explain(entry, problem, path)
                findings.append(finding)
                silenced.update(meant)
            silenced.add(path)
            _take_out(data, path)
        if more > 0:
            hint = "fix the first ones, and check again"
            findings.append(entry.own.diagnostic("P009", f"{more} more problems are not shown", (), hint=hint))
            return None, findings, silenced
        data.setdefault("name", "unnamed")
        data.setdefault("schema_version", "1")
        try:
            return model_of(data), findings, silenced
        except ValidationError as error:
            errors = error.errors(include_url=False, include_context=True)
    return None, findings, silenced


def _document_path(entry: Entry, loc: Sequence[Step]) -> tuple[Step, ...]:
    """The part of pydantic's location that exists in the file, without union tags and ``[key]``."""
    path: list[Step] = []
    data: Data = entry.data
    for step in loc:
        if step == "[key]" and not (isinstance(data, dict) and step in data):  # a field can have this name
            break
        if isinstance(data, dict) and step in data:
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif step != loc[-1]:
            continue
        path.append(step)
    return tuple(path)


def _is_below(path: tuple[Step, ...], above: set[tuple[Step, ...]] | frozenset[tuple[Step, ...]]) -> bool:
    return any(path[: len(prefix)] == prefix for prefix in above)


def _take_out(data: dict[str, Data], path: tuple[Step, ...]) -> None:
    """Delete the value at ``path``; delete a list as a whole, so that indexes stay those of the file."""
    steps = []
    for step in path:
        if isinstance(step, int):
            break
        steps.append(step)
    here: Data = data
    for step in steps[:-1]:
        here = here.get(step) if isinstance(here, dict) else None
    if steps and isinstance(here, dict):
        here.pop(steps[-1], None)


def _explain(entry: Entry, problem: ErrorDetails, path: tuple[Step, ...]) -> tuple[Diagnostic, list[tuple[Step, ...]]]:
    """A finding for pydantic's error, and the paths that need no further findings."""
    kind, name = problem["type"], dotted(path)
    context = problem.get("ctx", {})
    is_key = problem["loc"][-1:] == ("[key]",)
    near: tuple[str, ...] = ()
    if kind == "extra_forbidden":
        return _unknown_field(entry, path)
    if kind == "missing":
        parent = entry.own.diagnostic("P012", f"`{name}` is missing", path, hint=_MISSING.get(name, "add it"))
        return parent, []
    if kind.startswith("P0"):
        code, message, hint = kind, str(context["message"]), str(context["help"])
    elif kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        value = _shown(path, problem["input"])
        code, message = "P013", f"`{name}` cannot be {value}"
        near = nearest(str(problem["input"]), allowed)
        hint = did_you_mean(near) or _one_of(allowed)
    elif kind in _TYPE_NAMES:
        code, message, hint = "P014", f"`{name}` must be {_TYPE_NAMES[kind]}", _TYPE_HELP.get(kind, "")
    else:
        code, message, hint = "P015", f"`{name}` is not valid: {problem['msg'].lower()}", ""
    return entry.diagnostic(code, message, path, key=is_key, hint=hint, replacement=_only(near)), []


def _only(near: Sequence[str]) -> str | None:
    """The name, if only one resembles the misspelt one: of several, the author has to choose."""
    return near[0] if len(near) == 1 else None


_MISSING = {"schema_version": "add `schema_version: 1`", "name": "add the file's name without .yaml"}
_TYPE_NAMES = {
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}
_TYPE_HELP = {"tuple_type": "write [a, b]", "dict_type": "write {name: value}", "model_type": "write {name: value}"}


def _one_of(allowed: Sequence[str]) -> str:
    shown = ", ".join(allowed[:12])
    return f"use one of {shown}" + (", ..." if len(allowed) > 12 else "")


def _shown(path: tuple[Step, ...], value: object) -> str:
    if not isinstance(value, str):
        return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "empty"
    if path and isinstance(path[-1], str) and is_credential(path[-1]):
        return "that"
    return f"`{mask_text(value)[:80]}`"


def _unknown_field(entry: Entry, path: tuple[Step, ...]) -> tuple[Diagnostic, list[tuple[Step, ...]]]:
    name, parent = str(path[-1]), path[:-1]
    shown = name[:80]
    if is_credential(name):
        hint = "delete the line, revoke the value if it was real, and set it in the framework's configuration"
        message = f"`{shown}` is a credential; a provider file must not contain any"
        return entry.diagnostic("P011", message, path, key=True, hint=hint), []
    known = field_names(parent)
    close = nearest(name, known)
    home = None if close else _home_of(name)
    if " " in name:
        hint = "a comma ends a text inside { }: put the whole text in quotes"
    else:
        hint = did_you_mean(close) or (f"it belongs under `{home}`" if home else _one_of(sorted(known)))
    replacement = None if " " in name else _only(close)
    finding = entry.diagnostic("P010", f"unknown field `{shown}`", path, key=True, hint=hint, replacement=replacement)
    return finding, [(*parent, meant) for meant in close]


def _home_of(name: str) -> str | None:
    """The section that has a field of this name."""
    for section in ("client_kwargs", "callback", "token_response", "userinfo_claims", "credential_labels"):
        if name in field_names((section,)):
            return section
    return None


def field_names(path: Sequence[Step]) -> frozenset[str]:
    """The fields that the model has at a path of the file; empty where any name is allowed.

    >>> "verifier" in field_names(["callback"])
    True
    """
    model: type[BaseModel] | None = ProviderFile
    named = True
    for step in path:
        if model is None or (named and step not in annotations_of(model)):
            return frozenset()
        if named:
            annotation = annotations_of(model)[str(step)]
            model, named = model_in(annotation), typing.get_origin(annotation) not in {dict, tuple}
        else:
            named = True
    return frozenset(annotations_of(model)) if model is not None and named else frozenset()


@cache
def annotations_of(model: type[BaseModel]) -> dict[str, object]:
    """The type of each field, by its name in a file."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def model_in(annotation: object) -> type[BaseModel] | None:
    """The model in the type of a field, such as ``Variable`` in ``dict[str, Variable]``; ``None`` if there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is not None:
        for part in typing.get_args(annotation):
            if (model := model_in(part)) is not None:
                return model
    return None
