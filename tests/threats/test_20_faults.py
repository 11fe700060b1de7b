"""Threat 20, and all else that a network and a server can do: each fault once, at one of the steps.

``make battery`` runs each fault at each step, in each way to run a client.
"""

from __future__ import annotations

import re

import pytest

from oauth1_catalog import Catalog
from tests.battery.conftest import catalog, scene  # noqa: F401 - fixtures
from tests.battery.database import FAULTS as DATABASE_FAULTS
from tests.battery.faults import FAULTS
from tests.battery.matrix import PAGE, check, rows
from tests.battery.scene import Scene
from tests.battery.steps import LEFT_BY_HTTPX2, STEPS, WAYS

pytestmark = pytest.mark.filterwarnings(LEFT_BY_HTTPX2)

# Seven steps and three ways have no common divisor, so that each fault meets another pair of them.
CHOSEN = [(fault, [*STEPS][number % len(STEPS)], WAYS[number % len(WAYS)]) for number, fault in enumerate(FAULTS)]


@pytest.mark.parametrize(("fault", "step", "way"), CHOSEN, ids=lambda value: getattr(value, "name", value))
def test_a_fault_ends_in_its_error(scene: Scene, catalog: Catalog, fault: object, step: str, way: str) -> None:  # noqa: F811
    check(scene, catalog, fault, step, way)


def test_the_table_has_each_fault_once_and_counts_the_combinations() -> None:
    named = [name for names, _, _ in rows() for name in names]
    assert sorted(named) == sorted(fault.name for fault in FAULTS)
    assert [number for *_, number in rows()] == [len(names) * len(STEPS) * len(WAYS) for names, _, _ in rows()]
    total = sum(number for *_, number in rows())
    assert total >= 300
    assert f"{total:,} calls." in PAGE.read_text(encoding="utf-8")


def test_the_table_of_stores_counts_the_combinations() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("A token store and a cache behind")[2].partition("\n## ")[0]
    counted = re.findall(
        r"^\| (?:store|cache): (.*?)(?:,? (?:when|before) [^|]*)? \| [^|]+ \| (\d+) \|$", section, re.MULTILINE
    )
    assert len(counted) == 4
    for operations, number in counted:
        assert int(number) == len(re.findall(r"`\w+`", operations)) * len(DATABASE_FAULTS) * len(WAYS)


def test_each_step_and_each_way_is_among_the_chosen() -> None:
    assert {step for _, step, _ in CHOSEN} == {*STEPS}
    assert {way for *_, way in CHOSEN} == {*WAYS}
