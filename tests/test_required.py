"""What `.ci/run` relies on: with OAUTH1_CATALOG_REQUIRE_FOREIGN no test is left out for want of a program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REQUIRED

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

@pytest.mark.skipif(True, reason="Chromium is not installed (Debian: apt-get install chromium)")
def test_marked(): ...

@pytest.fixture
def redis():
    pytest.skip("redis-server is not installed")

def test_fixture(redis): ...

def test_here():
    pytest.skip("npm's packages are not installed")

def test_of_another_reason():
    pytest.skip("this machine has no IPv6")

@pytest.mark.xfail(reason="is not installed")
def test_that_is_expected_to_fail():
    raise AssertionError
"""


@pytest.mark.parametrize(
    ("value", "outcome"), [("1", "1 skipped, 1 xfailed, 1 failed, 2 errors"), ("", "4 skipped, 1 xfailed")]
)
def test_a_missing_program_is_a_failure_where_it_is_required(tmp_path: Path, value: str, outcome: str) -> None:
    (tmp_path / "test_some.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "tests.conftest", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), REQUIRED: value}
    run = subprocess.run(
        [*command, str(tmp_path)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    last = run.stdout.splitlines()[-1]
    for count in outcome.split(", "):
        assert count in last, run.stdout
    assert ("Chromium is not installed (Debian: apt-get install chromium)" in run.stdout) == bool(value)
    assert run.returncode == (1 if value else 0)
