"""Text data of a provider file, as the frozen dataclasses that a login reads.

Rule: this is no check. ``model.py`` checks; what comes here has been checked, when it was loaded or before it was
shipped.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar

Made = TypeVar("Made")


def typed(kind: type[Made], data: Mapping[str, Any]) -> Made:
    """An instance of the dataclass ``kind`` with the fields that ``data`` has; other keys are left out.

    >>> from oauth1_catalog.catalog.provider import CallbackRules
    >>> typed(CallbackRules, {"registered": "true", "extra": ["realmId"], "verifier": "none"}).extra
    ('realmId',)
    """
    fields = _fields(typing.cast("Hashable", kind))
    return kind(**{name: read(data[name]) for name, read in fields.items() if name in data})


@cache
def _fields(kind: Hashable) -> dict[str, Callable[[Any], Any]]:
    made = typing.cast("type[Any]", kind)
    hints = typing.get_type_hints(made)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(made)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of a type; types are looked at once, and not for each provider of a thousand tenants."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {UnionType, typing.Union}:
        (hint,) = (argument for argument in arguments if argument is not NoneType)
        of_some = _reader(hint)
        return lambda value: None if value is None else of_some(value)
    if hint is bool:
        return lambda value: value == "true"
    if hint is int:
        return int
    if origin is tuple:
        of_item = _reader(arguments[0])
        return lambda value: tuple(map(of_item, value))
    if dataclasses.is_dataclass(hint):
        return lambda value: typed(typing.cast("type[Any]", hint), value)
    return lambda value: dict(value) if isinstance(value, Mapping) else value
