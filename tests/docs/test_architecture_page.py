"""The page on the architecture names files, functions and layers that exist, and those that a login passes through."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import oauth1_catalog
from tests.docs.walk import walk_of_a_login

ROOT = Path(__file__).parents[2]
PACKAGE = Path(oauth1_catalog.__file__).parent
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/.]+\.py|\w+/[\w/]*/)(?:: (\w+))?`", PAGE)
ELSEWHERE = {"clients/httpx_pool.py", "registry/async_client.py", "diagnosis/problems.py", "registry/login_checks.py"}
ELSEWHERE |= {"registry/framework.py", "registry/web_clients.py"}
"""Files of the login that Starlette passes through, or a refusal, or a base class."""


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_each_file_and_function_exists(file, name):
    found = ROOT / file if file.startswith(("tests/", "hatch_build")) else PACKAGE / file
    assert found.exists()
    if name:
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        defined = ast.walk(ast.parse(found.read_text(encoding="utf-8")))
        assert name in {node.name for node in defined if isinstance(node, definitions)}


def test_files_and_functions_are_found():
    assert {("rfc5849/signer.py", ""), ("flow/driver.py", "run"), ("catalog/rules/", "")} <= set(NAMED)


def test_each_module_and_folder_of_the_package_has_a_row():
    rows = set(re.findall(r"^\| `([\w/.]+)` \|", PAGE.partition("\n## ")[0], re.MULTILINE))
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}
    folders = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert rows == modules | folders


def test_the_layers_are_those_of_the_import_contract():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [found for found in project["tool"]["importlinter"]["contracts"] if found["id"] == "layers"]
    layers = [set(layer.split(" | ")) for layer in reversed(contract["layers"]) if layer != "__main__"]
    (shown,) = re.findall(r"^```\n(errors .*)\n```", PAGE, re.MULTILINE)
    assert [set(layer.split(" | ")) for layer in shown.split(" < ")] == layers


def test_a_login_passes_through_the_files_of_its_section():
    named = set(re.findall(r"`(\w+/[\w/]+\.py)", section("The steps of a login"))) - ELSEWHERE
    assert len(named) > 10
    assert named - set(walk_of_a_login().files) == set()


def test_a_login_and_a_call_are_a_short_walk():
    """More files or more changes of file are more hand-overs: see ``python -m tests.docs.walk -v`` for where."""
    walk = walk_of_a_login()
    assert len(walk.files) <= 28
    assert len(walk.path) - 1 <= 130
