"""A store with each kind of cache, and without one."""

from __future__ import annotations

from typing import Any

import pytest

from oauth1_catalog.registry.temporary import TemporaryStore
from tests.registry.caches import CACHES, store


@pytest.fixture(params=[None, *CACHES])
def cache(request: pytest.FixtureRequest) -> Any:
    return CACHES[request.param]() if request.param else None


@pytest.fixture
def kept(cache: Any) -> TemporaryStore:
    return store(cached=cache is not None)
