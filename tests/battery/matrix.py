"""The matrix of faults and steps: what has to come out of each, which docs/security.md has as a table, and the check.

The table is the only place of the outcomes. A row has the faults that end alike, a column a step. ``a / b`` is ``a``
with requests and ``b`` with httpx2.
"""

from __future__ import annotations

import re
import sys
import tracemalloc
from functools import cache
from pathlib import Path

from oauth1_catalog import Catalog
from oauth1_catalog.errors import OAuthError
from tests.battery.faults import MEBI, SECRET, Fault
from tests.battery.scene import Scene
from tests.battery.steps import STEPS, Outcome, perform
from tests.clients.conftest import Dripping

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
KEPT = 8 * MEBI
"""The memory that the largest answers may take at the highest; the servers and the libraries are in it. The bounds of
the client are 16 and 64 KiB, and httpx2 decompresses 1 MiB at a time."""
SENT = 64 * MEBI
"""What a server without end can get rid of before the client goes away; the kernel's buffers are in it."""

DECOMPRESSED = {"zstd bomb": "gzip bomb"} if sys.version_info >= (3, 14) else {}
"""What ends like another fault where Python can decompress it."""


@cache
def rows() -> list[tuple[list[str], dict[str, tuple[str, str]], int]]:
    """The table's rows: the faults, the outcome of each step with requests and with httpx2, and the combinations."""
    section = PAGE.read_text(encoding="utf-8").partition("## Battery\n")[2].partition("\n## ")[0]
    found = []
    for line in section.splitlines():
        faults, *outcomes = (cell.strip() for cell in line.strip("|").split(" | "))
        number = outcomes.pop() if outcomes else ""
        if len(outcomes) == len(STEPS) and number.isdigit():
            pairs = [(cell.partition(" / ")[0], cell.rpartition(" / ")[2]) for cell in outcomes]
            plain = [(first.strip("`"), second.strip("`")) for first, second in pairs]
            found.append((faults.split("; "), dict(zip(STEPS, plain, strict=True)), int(number)))
    return found


def check(scene: Scene, catalog: Catalog, fault: Fault, step: str, way: str) -> None:
    """Let ``step`` meet ``fault``, and compare all that must hold."""
    met, strangers = scene.times_met(fault), scene.reached_by_strangers()
    if fault.is_large:
        tracemalloc.start()
    try:
        outcome = perform(scene, catalog, fault, step, way)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    alike = DECOMPRESSED.get(fault.name, fault.name)
    expected = next(outcomes for names, outcomes, _ in rows() if alike in names)[step][way != "requests"]
    assert outcome.code == expected, f"{outcome.code} in place of {expected}: {outcome.error}"
    assert SECRET not in outcome.shown
    assert scene.reached_by_strangers() == strangers
    unmet = fault.proxy in {"refusing", "unknown host"} or fault.place in {"closed port", "unknown host"}
    assert unmet or scene.times_met(fault) > met, "the fault was not met"
    _check_error(outcome, step)
    if fault.is_large:
        assert peak < KEPT
    server = scene.server if fault.place == "server" and not fault.proxy else scene.proxy
    if isinstance(server.answer, Dripping):
        assert not server.answer.is_over, "the client did not go away"
        assert fault.slow or server.answer.sent < SENT


def _check_error(outcome: Outcome, step: str) -> None:
    """An error of ours names the client and the step; a message has no address with a query."""
    if isinstance(outcome.error, OAuthError):
        assert (outcome.error.provider, outcome.error.step) == ("battery", step)
        assert not re.search(r"\?\w+=", str(outcome.error))
