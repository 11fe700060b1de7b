"""The memory of a process that makes very many API calls stays what it is after the first ones.

``test_crowd.py`` has the memory of sites while thousands of users log in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.battery.deployed import MIB, report, running_provider
from tests.servers import ROOT, child_process

CALLS = int(os.environ.get("OAUTH1_CATALOG_BATTERY_CALLS", "2000"))
"""``make battery`` has 100,000."""
BOUND = 8 * MIB
"""How much the process may grow during the last nine tenths of the calls."""


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_calls_leave_nothing_behind(kind: str, tmp_path: Path) -> None:
    with running_provider(tmp_path) as provider:
        token = provider.ask("/issue?user=ada")
        command = (sys.executable, "-m", "tests.battery.caller", kind, token, CALLS)
        options = {"cwd": ROOT, "env": provider.environment, "stdout": subprocess.PIPE}
        with child_process(command, seconds=3600, **options) as process:
            written, _ = process.communicate()
        kept = provider.ask("/kept")
    assert process.returncode == 0
    warm, after = map(int, written.split())
    assert kept["refused"] == []
    assert (kept["calls"], kept["nonces"]) == (CALLS, CALLS)
    report(f"\n{kind}: {CALLS} calls, {warm / MIB:.1f} MiB after a tenth, then {(after - warm) / MIB:+.1f} MiB")
    assert after - warm < BOUND
