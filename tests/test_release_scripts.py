"""The scripts of a release: tags, notes, the audit, the table of `make release-check`.

Stand-ins play `gh` and pip-audit.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.test_hooks import WORKFLOWS, load

ROOT = Path(__file__).parents[1]
GH = """#!/bin/sh
printf '%s\\n' "$@" >calls
while [ $# -gt 0 ]; do
    [ "$1" != --notes-file ] || cp "$2" notes
    shift
done
"""


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A version of each kind, and the scripts."""
    for name in (".ci", "docs", "providers"):
        (tmp_path / name).mkdir()
    for name in ("check-tag", "publish-release", "audit"):
        shutil.copy(ROOT / ".ci" / name, tmp_path / ".ci" / name)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n', encoding="utf-8")
    (tmp_path / "providers" / "VERSION").write_text("2026.11.30\n", encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## 1.2.3 (2026-12-01)\n\n- A repair.\n\n### More\n\n- Another.\n\n"
        "## 1.2.2 (2026-10-01)\n\n- Old.\n",
        encoding="utf-8",
    )
    (tmp_path / "docs" / "catalog-changes.md").write_text(
        "# Changes\n\n## 2026.11.30\n\n- A new endpoint.\n\n## 2026.10.1\n\n- Old.\n", encoding="utf-8"
    )
    (tmp_path / "constraints.txt").write_text("click==8.3 \\\n    --hash=sha256:00\nflask==3.1\n", encoding="utf-8")
    return tmp_path


def run(repository: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [f".ci/{script}", *arguments],
        cwd=repository,
        env={**os.environ, "PATH": f"{repository / 'programs'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("tag", ["v1.2.3", "data-2026.11.30"])
def test_a_tag_that_is_the_version_passes(repository: Path, tag: str) -> None:
    assert run(repository, "check-tag", tag).returncode == 0


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("v1.2.4", "the version in the repository belongs to 'v1.2.3'"),
        ("data-2026.11.30.2", "belongs to 'data-2026.11.30'"),
        ("1.2.3", "neither v1.2.3 nor data-2026.11.30"),
    ],
)
def test_another_tag_fails(repository: Path, tag: str, message: str) -> None:
    done = run(repository, "check-tag", tag)
    assert done.returncode == 1
    assert message in done.stderr


def test_a_changelog_without_the_date_fails(repository: Path) -> None:
    changelog = repository / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("1.2.3 (2026-12-01)", "1.2.3 (Unreleased)"), encoding="utf-8")
    done = run(repository, "check-tag", "v1.2.3")
    assert done.returncode == 1
    assert "Write the date of the release into its heading" in done.stderr


@pytest.mark.parametrize(
    ("tag", "wanted", "unwanted"),
    [
        ("v1.2.3", ["- A repair.", "### More", "- Another."], "- Old."),
        ("data-2026.11.30", ["- A new endpoint."], "- Old."),
    ],
)
def test_the_notes_are_the_section_of_the_version_and_the_hashes(
    repository: Path, tag: str, wanted: list[str], unwanted: str
) -> None:
    executable(repository / "programs" / "gh", GH)
    (repository / "files").mkdir()
    (repository / "files" / "catalog.json").write_text("{}", encoding="utf-8")
    done = run(repository, "publish-release", tag, "files")
    assert done.returncode == 0, done.stderr
    notes = (repository / "notes").read_text(encoding="utf-8")
    assert [line for line in wanted if line not in notes] == []
    assert unwanted not in notes
    assert "    44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a  catalog.json" in notes
    calls = (repository / "calls").read_text(encoding="utf-8").splitlines()
    assert calls[:4] == ["release", "create", tag, "--verify-tag"]
    assert calls[-1] == "files/catalog.json"


@pytest.mark.parametrize(
    ("tag", "option"),
    [("v1.2.3", "--title"), ("v1.2.3rc1", "--prerelease"), ("data-2026.11.30", "--latest=false")],
)
def test_only_a_version_of_the_package_is_the_latest_release(repository: Path, tag: str, option: str) -> None:
    executable(repository / "programs" / "gh", GH)
    (repository / "files").mkdir()
    (repository / "files" / "catalog.json").write_text("{}", encoding="utf-8")
    changelog = repository / "CHANGELOG.md"
    changelog.write_text(changelog.read_text() + "\n## 1.2.3rc1 (2026-09-01)\n\n- First.\n", encoding="utf-8")
    done = run(repository, "publish-release", tag, "files")
    assert done.returncode == 0, done.stderr
    assert (repository / "calls").read_text(encoding="utf-8").splitlines()[4] == option


def test_a_release_without_its_section_fails(repository: Path) -> None:
    executable(repository / "programs" / "gh", GH)
    (repository / "files").mkdir()
    done = run(repository, "publish-release", "data-2026.12.24", "files")
    assert done.returncode == 1
    assert "docs/catalog-changes.md has no section '## 2026.12.24'" in done.stderr
    assert not (repository / "calls").exists()


@pytest.mark.parametrize(
    ("status", "output", "code"),
    [
        (0, "No known vulnerabilities found", 0),
        (1, "Found 1 known vulnerability in 1 package", 1),
        (0, "No known vulnerabilities found\nclick  Dependency not found and could not be audited: click (8.3)", 75),
        (1, "Found 1 known vulnerability in 1 package\nclick  could not be audited: click (8.3)", 1),
        (1, "requests.exceptions.ConnectionError: no address", 75),
    ],
)
def test_an_audit_without_an_answer_is_not_passed(repository: Path, status: int, output: str, code: int) -> None:
    """pip-audit itself ends with 0 for packages that the service does not know."""
    executable(repository / ".venv" / "bin" / "pip-audit", f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit {status}\n")
    done = run(repository, "audit")
    assert done.returncode == code
    assert ("the service with the vulnerabilities did not answer" in done.stderr) == (code == 75)


@pytest.fixture
def release_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    specification = importlib.util.spec_from_file_location("release_check", ROOT / ".ci" / "release_check.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "release_check", module)  # dataclass() looks there
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "Makefile").write_text("lint:\n\techo fine\n", encoding="utf-8")
    return module


@pytest.mark.parametrize(
    ("command", "result", "remark"),
    [
        ("echo one; echo ' == 7 passed =='", "passed", "7 passed"),
        ("echo broken; exit 1", "FAILED", "broken ("),
        ("echo 'needs root' >&2; exit 75", "hosted only", "needs root"),
        ("make battery", "not written", "the Makefile has no target battery"),
        ("", "hosted only", "needs a hosted machine"),
    ],
)
def test_a_step_ends_with(release_check: ModuleType, tmp_path: Path, command: str, result: str, remark: str) -> None:
    step = release_check.Step("one", "shows", command, "needs a hosted machine")
    found, text = release_check.result_of(step, tmp_path / "log.txt")
    assert (found, text[: len(remark)]) == (result, remark)


@pytest.mark.parametrize(("command", "status"), [("true", 0), ("false", 1), ("exit 75", 0)])
def test_the_table_fails_if_a_step_fails(
    release_check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    command: str, status: int,
) -> None:  # fmt: skip
    steps = [release_check.Step("first", "one thing", command), release_check.Step("second", "another", "true")]
    monkeypatch.setattr(release_check, "STEPS", steps)
    monkeypatch.setattr(sys, "argv", ["release_check.py"])
    assert release_check.main() == status
    rows = capsys.readouterr().out.splitlines()[-3:]
    assert [row.split()[0] for row in rows] == ["step", "first", "second"]
    assert "passed" in rows[2]


@pytest.mark.parametrize(
    ("arguments", "result"), [([], "left out"), (["--only={}"], "passed"), (["--skip=everything"], "passed")]
)
def test_no_python_is_tested_twice(
    release_check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], result: str,
) -> None:  # fmt: skip
    own = release_check.OWN_PYTHON
    steps = [release_check.Step(own, "tests", "true"), release_check.Step("everything", "all tests", "true")]
    monkeypatch.setattr(release_check, "STEPS", steps)
    monkeypatch.setattr(sys, "argv", ["release_check.py", *(argument.format(own) for argument in arguments)])
    assert release_check.main() == 0
    assert f"{own}  {result}" in capsys.readouterr().out


def test_the_script_of_each_workflow_s_step_is_a_row(release_check: ModuleType) -> None:
    """What the workflows run and a developer can run is in the table."""
    commands = " ".join(step.command for step in release_check.STEPS)
    commands += (ROOT / ".ci" / "run").read_text(encoding="utf-8") + (ROOT / "Makefile").read_text(encoding="utf-8")
    used = {
        script
        for workflow in WORKFLOWS
        for job in load(workflow)["jobs"].values()
        for step in job.get("steps", ())
        for script in re.findall(r"\.ci/([\w-]+)", step.get("run", ""))
    }
    assert len(used) > 8
    of_a_release = {"check-tag", "publish-release", "probe", "propose-probe"}
    assert {script for script in used - of_a_release if f".ci/{script}" not in commands} == set()
