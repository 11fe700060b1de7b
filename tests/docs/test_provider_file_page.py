"""The page on the provider file: its tables are the models', its examples are right."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog import model
from oauth1_catalog.catalog.model import Section

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "provider-file.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_provider_file", DOCS / "build_provider_file.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_up_to_date(page: str, build: ModuleType) -> None:
    assert page == build.filled(page), "run: python docs/build_provider_file.py"


def test_every_section_has_a_table(page: str) -> None:
    models = {name for name, value in vars(model).items() if isinstance(value, type) and issubclass(value, Section)}
    assert set(re.findall(r"<!-- fields of (\w+) -->", page)) == models - {"Section"}


def test_examples_are_right(page: str, tmp_path: Path) -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        name = re.search(r"^name: (\w+)$", example, re.MULTILINE)
        assert name is not None
        (tmp_path / f"{name[1]}.yaml").write_text(example, encoding="utf-8")
        provider = Catalog(tmp_path).provider(name[1])
        assert provider.request_token_url
