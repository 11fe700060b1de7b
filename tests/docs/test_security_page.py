"""The page on security: its table holds the 38 threats, and the tests that it names can be collected."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def rows() -> dict[int, list[str]]:
    """The tests of each threat."""
    return {int(number): re.findall(r"`(tests/[^`]+)`", tests) for number, _, _, tests in ROW.findall(PAGE)}


def test_every_threat_has_its_row_and_a_test() -> None:
    assert [int(number) for number, *_ in ROW.findall(PAGE)] == list(range(1, 39))
    assert [number for number, tests in rows().items() if not tests] == []


def test_the_tests_named_after_a_threat_stand_in_its_row() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "threats").glob("test_*.py")]
    missing = [
        file for file in files if not any(test.startswith(file) for test in rows()[int(file.split("/test_")[1][:2])])
    ]
    assert missing == []


def test_the_tests_can_be_collected() -> None:
    named = sorted({test for tests in rows().values() for test in tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *named]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    lost = [test for test in named if f"\n{test}" not in f"\n{done.stdout}"]
    assert lost == []
