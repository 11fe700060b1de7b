"""What a login reads is what the model has checked: the two are made of one file by different code."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pydantic import BaseModel

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.catalog import _check  # private: what Catalog gives to resolve()
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.catalog.resolve import resolve

CATALOG = Catalog()
DIFFERING = {"name", "display_name", "quirks", "variables", "required_credentials", "user_agent", "options"}


@pytest.mark.parametrize("name", CATALOG.names())
def test_every_field_has_the_model_s_value(name: str) -> None:
    file, data = CATALOG.file(name), dict(CATALOG.entry(name).data)
    data.pop("variables", None)
    data.pop("options", None)
    provider = resolve(data, check=_check)
    common = {field.name for field in dataclasses.fields(Provider)} & set(type(file).model_fields) - DIFFERING
    assert len(common) > 30
    for field in common:
        assert _plain(getattr(provider, field)) == _plain(getattr(file, field), like=getattr(provider, field)), field
    for field in ("endpoint", "method", "params", "format", "followup", "claims") if provider.userinfo else ():
        assert getattr(provider.userinfo, field) == getattr(file, f"userinfo_{field}"), field


def _plain(value: Any, *, like: Any = None) -> Any:
    if dataclasses.is_dataclass(value):
        return dataclasses.asdict(value)
    if isinstance(value, tuple):
        return tuple(_plain(item, like=alike) for item, alike in zip(value, like or value, strict=True))
    if isinstance(value, BaseModel):
        fields = value.model_dump(exclude_none=not dataclasses.is_dataclass(like))
        return fields if fields.get("version") != "none" else {**fields, "version": None}
    return value
