"""The weekly workflow, and its two scripts with a real Git; stand-ins play `oauth1-catalog` and GitHub's `gh`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOW = yaml.load((ROOT / ".github" / "workflows" / "probe.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
SCRIPTS = (".ci/probe", ".ci/propose-probe")
PROBE = """#!/bin/sh
echo "$*" >>"$CALLS"
echo "acme: ${RESULT:-oauth1} (it says *bold* and @somebody)"
[ -z "${RESULT:-}" ] || echo "probed: {on: 2026-11-30, result: $RESULT}" >>providers/acme.yaml
exit "$STATUS"
"""
BUILD = """#!/bin/sh
echo "python $*" >>"$CALLS"
echo rebuilt >docs/providers.md
"""
GH = """#!/bin/sh
echo "gh $*" >>"$CALLS"
for last; do :; done
case "$1 $2" in
    "pr list") echo "$OPEN" ;;
    "pr create") cat "$last" >body ;;
    "api --silent") cat "${last#body=@}" >body ;;
esac
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path, git_program: None) -> Path:
    """A clone with one provider; the repository that it was cloned from is ``origin.git``."""
    folder = tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(tmp_path, "init", "-q", "-b", "main", "clone")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    for name in SCRIPTS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("providers/acme.yaml", "docs/providers.md"):
        (folder / name).parent.mkdir()
        (folder / name).write_text("name: acme\n", encoding="utf-8")
    executable(folder / ".venv" / "bin" / "oauth1-catalog", PROBE)
    executable(folder / ".venv" / "bin" / "python", BUILD)
    executable(tmp_path / "programs" / "gh", GH)
    (folder / ".gitignore").write_text(".venv\nbody\n", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "first")
    git(folder, "push", "-q", "origin", "main")
    return folder


def week(clone: Path, *, status: int, result: str = "", number: str = "") -> tuple[int, list[str]]:
    """Run the steps of the workflow; the status of the last one that ran, and the calls of the stand-ins."""
    calls = clone.parent / "calls"
    calls.unlink(missing_ok=True)
    environment = {"PATH": f"{clone.parent / 'programs'}:{os.environ['PATH']}", "HOME": str(clone.parent)}
    environment |= {"CALLS": str(calls), "STATUS": str(status), "RESULT": result, "OPEN": number}
    code = 0
    for step in WORKFLOW["jobs"]["probe"]["steps"]:
        if step.get("run", "").startswith(SCRIPTS) and code == 0:
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=clone,
                env={**environment, "RUNNER_TEMP": str(clone.parent)},
                capture_output=True,
                text=True,
                check=False,
            )
            code = done.returncode
    return code, calls.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_week_without_news(clone: Path, status: int) -> None:
    code, calls = week(clone, status=status)
    assert code == 0
    assert calls == ["probe --write --only-news", "python docs/build_providers.py"]
    assert git(clone.parent / "origin.git", "branch", "--list").split() == ["*", "main"]


def test_a_week_with_news_opens_a_pull_request_and_the_next_one_brings_it_up_to_date(clone: Path) -> None:
    code, calls = week(clone, status=1, result="gone")
    assert code == 0
    assert [call.partition(" --")[0] for call in calls[2:]] == ["gh auth setup-git", "gh pr list", "gh pr create"]
    origin = clone.parent / "origin.git"
    assert git(origin, "diff", "--name-only", "main", "probe").split() == ["docs/providers.md", "providers/acme.yaml"]
    assert "result: gone" in git(origin, "show", "probe:providers/acme.yaml")
    body = (clone / "body").read_text(encoding="utf-8")
    assert "\n    acme: gone (it says *bold* and @somebody)\n" in body, "a block of code"
    git(clone, "switch", "-q", "main")
    code, calls = week(clone, status=1, result="moved", number="17")
    assert code == 0
    assert calls[-1].startswith("gh api --silent --method PATCH repos/{owner}/{repo}/pulls/17 --field body=@")
    assert "acme: moved" in (clone / "body").read_text(encoding="utf-8")
    assert git(origin, "log", "--format=%s", "main..probe").splitlines() == [
        "Record what the providers answered to the probe"
    ]
    assert "result: moved" in git(origin, "show", "probe:providers/acme.yaml")


@pytest.mark.parametrize("status", [3, 137])
def test_a_probe_that_fails_fails_the_week(clone: Path, status: int) -> None:
    code, calls = week(clone, status=status, result="gone")
    assert (code, calls) == (1, ["probe --write --only-news"])


def test_it_never_runs_for_a_pull_request_and_has_few_permissions() -> None:
    assert set(WORKFLOW["on"]) == {"schedule", "workflow_dispatch"}
    assert WORKFLOW["permissions"] == {}
    (job,) = WORKFLOW["jobs"].values()
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}
    holding = [step["name"] for step in job["steps"] if "token" in str(step.get("env", {}))]
    assert holding == ["Open a pull request with what has changed"], "the step that asks strangers has no token"
    for step in job["steps"]:
        assert "${{" not in step.get("run", ""), "an expression in a script becomes code"
        if "uses" in step:
            assert len(step["uses"].partition("@")[2]) == 40, "a commit"
            assert step["with"]["persist-credentials"] == "false"


def test_no_other_workflow_probes() -> None:
    """Neither does ``.ci/run``, the action, or a hook: the servers of others must not fail a pull request."""
    places = [".ci/run", "action.yml", ".pre-commit-hooks.yaml", "Makefile", "noxfile.py"]
    places += [str(path.relative_to(ROOT)) for path in (ROOT / ".github").rglob("*.yml") if path.name != "probe.yml"]
    for place in places:
        assert "probe" not in (ROOT / place).read_text(encoding="utf-8")
