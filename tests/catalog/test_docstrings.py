"""Every example in a docstring of the catalog, of the flow and of the emulator."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import oauth1_catalog.catalog
import oauth1_catalog.emulator
import oauth1_catalog.flow

MODULES = [
    module.name
    for package in (oauth1_catalog.catalog, oauth1_catalog.flow, oauth1_catalog.emulator)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS, raise_on_error=True)
