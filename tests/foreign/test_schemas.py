"""The schemas of ``catalog.json`` and ``vectors.json`` in a validator that others wrote: npm's ajv."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json
from tests.foreign.environments import NODE, node_missing

pytestmark = pytest.mark.foreign

ROOT = Path(__file__).resolve().parents[2]


def results(schema: str, *files: Path) -> list[str]:
    if missing := node_missing():
        pytest.skip(missing)
    command = ["node", "ajv.mjs", str(ROOT / "schemas" / schema), *map(str, files)]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_catalog(tmp_path: Path) -> None:
    content = catalog_json(Catalog())
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_bytes(content)
    data = json.loads(content)
    data["providers"]["twitter"]["callback"]["registered"] = "true"
    del data["providers"]["flickr"]["headers"]
    wrong.write_text(json.dumps(data), encoding="utf-8")
    valid, errors = results("catalog.schema.json", right, wrong)
    assert valid == "valid"
    assert "/providers/twitter/callback/registered must be boolean" in errors
    assert "/providers/flickr must have required property 'headers'" in errors


def test_vectors() -> None:
    assert results("vectors.schema.json", ROOT / "vectors" / "vectors.json") == ["valid"]
