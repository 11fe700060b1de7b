"""The data of a provider file: mappings, lists and texts, as in its YAML or in the wheel's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
Step: TypeAlias = "str | int"

# The fields that identify a file are not inherited, nor what was found out about its endpoints.
OWN_FIELDS = frozenset({"schema_version", "name", "aliases", "extends", "replace", "probed"})


def dotted(path: Sequence[Step]) -> str:
    """A path in dotted form.

    >>> dotted(["evidence", 0, "source"])
    'evidence[0].source'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def texts_of(data: Data) -> tuple[str, ...]:
    """The texts of a list; empty if the data is not a list."""
    return tuple(item for item in data if isinstance(item, str)) if isinstance(data, list) else ()


def merge(base: dict[str, Data], over: dict[str, Data]) -> dict[str, Data]:
    """A new mapping: ``base`` with the values of ``over``, at every depth; ``None`` removes a key.

    >>> merge({"a": {"b": "1", "c": "2"}, "d": ["x"]}, {"a": {"b": None}, "d": ["y"]})
    {'a': {'c': '2'}, 'd': ['y']}
    """
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged
