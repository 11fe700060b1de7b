"""The servers of the faults, and a catalog with the provider that has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oauth1_catalog import Catalog
from tests.battery.scene import Scene
from tests.battery.steps import catalog_in


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("battery"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("catalog"))
