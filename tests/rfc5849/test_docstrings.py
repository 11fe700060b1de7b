"""Every example in a docstring of the signing core, and those of its page."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import oauth1_catalog.rfc5849

MODULES = [module.name for module in pkgutil.iter_modules(oauth1_catalog.rfc5849.__path__, "oauth1_catalog.rfc5849.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS, raise_on_error=True)
    assert results.attempted > 0 or name.endswith("rsa")


@pytest.mark.usefixtures("registry")
def test_the_examples_of_the_page():
    page = (Path(__file__).parents[2] / "docs" / "signing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    exec("\n".join(blocks), {})
