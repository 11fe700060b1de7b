"""Every example in a docstring of the signing core."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import oauth1_catalog.rfc5849

MODULES = [module.name for module in pkgutil.iter_modules(oauth1_catalog.rfc5849.__path__, "oauth1_catalog.rfc5849.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS, raise_on_error=True)
    assert results.attempted > 0 or name.endswith("rsa")
