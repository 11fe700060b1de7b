"""Every example in a docstring of the package runs, and gives what it shows."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import oauth1_catalog
import tests.django_settings  # noqa: F401 - before what needs settings

ROOT = Path(oauth1_catalog.__file__).parent
EXAMPLE = re.compile(r"^ *>>> ", re.MULTILINE)
MODULES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): count
    for path in sorted(ROOT.rglob("*.py"))
    if (count := len(EXAMPLE.findall(path.read_text(encoding="utf-8"))))
}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_each_docstring_run(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.failed == 0
    assert results.attempted == MODULES[name]  # doctest has found every example that the file holds


def test_they_are_found_everywhere():
    folders = {name.split(".")[1] for name in MODULES}
    assert folders >= {"catalog", "cli", "clients", "emulator", "flow", "integrations", "registry", "rfc5849"}


def test_a_wrong_example_fails(tmp_path, monkeypatch):
    (tmp_path / "wrong_example.py").write_text('"""\n>>> 1 + 1\n3\n"""\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert doctest.testmod(importlib.import_module("wrong_example"), report=False).failed == 1
