"""What the pytest plugin costs where nothing uses it: a pytest that collects one test, with and without it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.conftest import LIMIT, OURS, TABLE, Row

ROW = Row("a start of pytest with the plugin, unused; limit: without it", slower=1.1)
WITHOUT = {OURS: [], LIMIT: ["-p", "no:oauth1-catalog"]}
STARTS = 5


@pytest.mark.parametrize("contender", ROW.contenders)
def test_start(turn: object, contender: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
    (tmp_path / "pytest.ini").touch()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *WITHOUT[contender]]
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    request.config.stash[TABLE].add(ROW, contender, sorted(times)[STARTS // 2])
