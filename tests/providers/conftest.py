"""One emulator that plays the whole catalog, and the frameworks' applications of ``tests/integrations``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import tests.django_settings  # noqa: F401 - before what needs settings
from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(Catalog()) as running:
        yield running
