"""The table of providers is the one that the provider files give."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from oauth1_catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def build_providers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_providers", ROOT / "docs" / "build_providers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_is_up_to_date(build_providers: ModuleType) -> None:
    written = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    assert written == build_providers.page(Catalog()), "run: python docs/build_providers.py"


def test_page_names_every_provider_and_its_way_out(build_providers: ModuleType) -> None:
    catalog = Catalog()
    page = build_providers.page(catalog)
    in_use, _, retired = page.partition("## Retired")
    for name in catalog.names():
        file = catalog.file(name)
        rows = (retired if file.status == "retired" else in_use).splitlines()
        row = next(row for row in rows if row.startswith(f"| [`{name}`](../providers/{name}.yaml)"))
        assert all(f"`{alias}`" in row for alias in file.aliases)
        assert (file.sunset if file.status == "retired" else file.status) in row
        assert row.count("|") == (5 if file.status == "retired" else 10), "a cell holds a bar"
