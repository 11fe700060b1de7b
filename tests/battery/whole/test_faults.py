"""Each fault of a network and a server at each step, with requests, and with httpx2 on asyncio and trio."""

from __future__ import annotations

import pytest

from oauth1_catalog import Catalog
from tests.battery.faults import FAULTS, Fault
from tests.battery.matrix import check
from tests.battery.scene import Scene
from tests.battery.steps import LEFT_BY_HTTPX2, STEPS, WAYS

pytestmark = pytest.mark.filterwarnings(LEFT_BY_HTTPX2)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_ends_in_its_error(scene: Scene, catalog: Catalog, fault: Fault, step: str, way: str) -> None:
    check(scene, catalog, fault, step, way)
