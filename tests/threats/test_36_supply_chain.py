"""Threat 36: a dependency is replaced on its way, or an action of the CI by another of its name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINTS = (ROOT / "constraints.txt").read_text().replace("\\\n", " ")
LINES = [line for line in CONSTRAINTS.splitlines() if line.strip() and not line.startswith("#")]


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_one_version_and_a_hash() -> None:
    assert len(LINES) > 50
    for line in LINES:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line
        assert "://" not in line, line


def test_all_that_is_asked_for_is_locked() -> None:
    asked = [
        *PROJECT["project"]["dependencies"],
        *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
        *(one for group in PROJECT["dependency-groups"].values() for one in group if isinstance(one, str)),
    ]
    names = {normalized(re.match(r"[A-Za-z0-9._-]+", one)[0]) for one in asked}
    locked = {normalized(line.split("==")[0]) for line in LINES}
    bench = {"authlib", "requests-oauthlib", "pytest-benchmark"}
    assert names - locked - bench - {normalized(PROJECT["project"]["name"])} == set()


def test_it_is_installed_with_those_hashes_alone() -> None:
    script = (ROOT / ".ci" / "create-venv").read_text()
    assert "--require-hashes -r constraints.txt" in script
    assert "--no-deps --no-build-isolation" in script


def test_actions_are_named_by_their_commit() -> None:
    files = [ROOT / "action.yml", *(ROOT / ".github").rglob("*.y*ml")]
    used = [
        name for file in files for name in re.findall(r"uses:\s*(\S+)", file.read_text()) if not name.startswith("./")
    ]
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []
