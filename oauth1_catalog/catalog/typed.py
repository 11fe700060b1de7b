"""Text data of a provider file, as the frozen dataclasses that a login reads.

Rule: this is no check. ``model.py`` checks; what comes here has been checked, when it was loaded or before it was
shipped.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Hashable, Mapping
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
    return kind(
        **{
            name: _value(hint, data[name])
            for name, hint in _fields(typing.cast("Hashable", kind)).items()
            if name in data
        }
    )


@cache
def _fields(kind: Hashable) -> dict[str, object]:
    made = typing.cast("type[Any]", kind)
    hints = typing.get_type_hints(made)
    return {field.name: hints[field.name] for field in dataclasses.fields(made)}


def _value(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {UnionType, typing.Union}:
        (hint,) = (argument for argument in arguments if argument is not NoneType)
        return None if value is None else _value(hint, value)
    if hint is bool:
        return value == "true"
    if hint is int:
        return int(value)
    if origin is tuple:
        return tuple(_value(arguments[0], item) for item in value)
    if dataclasses.is_dataclass(hint):
        return typed(typing.cast("type[Any]", hint), value)
    return dict(value) if isinstance(value, Mapping) else value
