"""The page on foreign verifiers is the one that the tables of tests/foreign give."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("build_page", ROOT / "docs" / "build_foreign_verifiers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (ROOT / "docs" / "foreign-verifiers.md").read_text(encoding="utf-8")
    assert written == module.page(), "run: python docs/build_foreign_verifiers.py"
