"""The servers of the faults, and a catalog with the provider that has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oauth1_catalog import Catalog
from tests.battery.faults import BY_NAME
from tests.battery.scene import Scene
from tests.battery.steps import WAYS, catalog_in, perform


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("battery"))
    for way in WAYS:  # what the first call imports is not what it keeps of an answer
        perform(made, catalog, BY_NAME["wrong content type"], "revoke", way)
    yield made
    made.close()


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("catalog"))
