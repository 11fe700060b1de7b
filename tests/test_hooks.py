"""What others run of us: the pre-commit hooks, the GitHub Action, the issue form."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from oauth1_catalog.cli import COMMANDS

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(".github/workflows/*.yml"))
FORMS = sorted(
    path.relative_to(ROOT).as_posix() for path in ROOT.glob(".github/ISSUE_TEMPLATE/*.yml") if path.name != "config.yml"
)


def load(name: str):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.dependabot", ".github/dependabot.yml"),
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        *(("vendor.github-issue-forms", form) for form in FORMS),
        *(("vendor.github-workflows", workflow) for workflow in WORKFLOWS),
    ],
)
def test_github_takes_our_files(schema, file):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("form", FORMS)
def test_a_form_warns_of_secrets_and_asks_whether_there_is_one(form):
    parts = load(form)["body"]
    assert re.search(r"\*\*Never paste a key, a secret", parts[0]["attributes"]["value"])
    (promised,) = parts[-1]["attributes"]["options"]
    assert promised["required"] is True
    assert "no key, secret" in promised["label"]


def test_the_forms_ask_for_what_is_needed():
    asked = {Path(form).stem: {part.get("id") for part in load(form)["body"]} for form in FORMS}
    assert asked.keys() == {"bug", "provider", "provider_correction"}
    assert {"explain", "versions", "code", "provider"} <= asked["bug"]
    assert {"evidence", "source", "values"} <= asked["provider_correction"]
    assert {"docs", "facts", "access"} <= asked["provider"]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_has_few_rights_and_runs_scripts_of_ours(workflow):
    """What a workflow runs can be run by a developer as well: each step calls a script in .ci, or make."""
    read = yaml.load((ROOT / workflow).read_text(encoding="utf-8"), yaml.BaseLoader)
    assert read["permissions"] == {}
    for job in read["jobs"].values():
        assert job["permissions"]
        assert "timeout-minutes" in job or "uses" in job
        for step in job.get("steps", ()):
            assert "${{" not in step.get("run", ""), "an expression in a script becomes code"
            if "run" in step:
                (script,) = re.findall(r"\.ci/[\w-]+|make [\w-]+", step["run"])
                assert script.startswith("make") or os.access(ROOT / script, os.X_OK) or step["run"].startswith("sh ")
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false"


def test_each_action_has_its_version_beside_its_commit():
    lines = [line.strip() for workflow in WORKFLOWS for line in (ROOT / workflow).read_text().splitlines()]
    used = [line for line in lines if "uses: " in line and "uses: ./" not in line]
    assert [line for line in used if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []
    versions: dict[str, set[str]] = {}
    for line in used:
        name, _, version = line.partition("uses: ")[2].partition("@")
        versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_a_release_takes_the_files_by_their_id():
    """Another job of the run can replace an artifact of the same name."""
    built = load(".github/workflows/build.yml")["jobs"]["build"]
    (upload,) = [step for step in built["steps"] if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert built["outputs"] == {"artifact": f"${{{{ steps.{upload['id']}.outputs.artifact-id }}}}"}
    for job in ("publish", "announce"):
        steps = load(".github/workflows/release.yml")["jobs"][job]["steps"]
        (download,) = [step for step in steps if step.get("uses", "").startswith("actions/download-artifact@")]
        assert download["with"] == {"artifact-ids": "${{ needs.tests.outputs.artifact }}", "path": "dist"}


def test_a_checkout_on_windows_has_the_same_bytes(tmp_path, git_program):
    """Git for Windows writes CRLF otherwise, with which no script of ours runs, and no saved hash is right."""
    folder = tmp_path / "from"
    (folder / ".ci").mkdir(parents=True)
    for name in (".gitattributes", ".ci/test-python"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    user = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    for command in (["init", "-q"], ["add", "."], [*user, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    subprocess.run(["git", "clone", "-q", "-c", "core.autocrlf=true", folder, tmp_path / "to"], check=True)
    assert (tmp_path / "to/.ci/test-python").read_bytes() == (ROOT / ".ci/test-python").read_bytes()


def test_hooks_run_commands_that_there_are():
    requirements = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    hooks = load(".pre-commit-hooks.yaml")
    assert hooks
    for hook in hooks:
        program, command, *_ = shlex.split(hook["entry"])
        assert program == "oauth1-catalog"
        assert command in COMMANDS
        assert re.match(hook["files"], "my/providers/acme.yaml")
        for requirement in hook["additional_dependencies"]:
            assert f'"{requirement}"' in requirements, "as the extra [cli] has it"


@pytest.fixture
def runner(tmp_path):
    """A runner on which the action has been installed: with this environment's command in its place."""
    commands = tmp_path / "temp" / "oauth1-catalog" / "bin"
    commands.mkdir(parents=True)
    (commands / "oauth1-catalog").symlink_to(Path(sys.executable).parent / "oauth1-catalog")
    (tmp_path / "one").mkdir()
    (tmp_path / "two dirs").mkdir()
    return tmp_path


def validate(runner: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    step = load("action.yml")["runs"]["steps"][1]
    defaults = {name: about["default"] for name, about in load("action.yml")["inputs"].items()}
    given = {**defaults, **inputs}
    environment = {**os.environ, "RUNNER_TEMP": str(runner / "temp")}
    for name, expression in step["env"].items():
        environment[name] = given[re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", expression)[1]]
    command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
    return subprocess.run(command, cwd=runner, env=environment, capture_output=True, text=True, check=False)


def test_the_action_annotates_and_fails(runner):
    (runner / "one" / "acme.yaml").write_text("name: acme\n", encoding="utf-8")
    (runner / "two dirs" / "acme.yaml").write_text("name: acme\nflowz: 1\n", encoding="utf-8")
    run = validate(runner, paths="one\ntwo dirs\n")  # a block of YAML ends with a line's end
    assert run.returncode == 1, run.stderr
    assert "::error file=one/acme.yaml,line=1,col=1" in run.stdout
    assert "file=two dirs/acme.yaml,line=2" in run.stdout


def test_inputs_are_no_shell(runner):
    run = validate(runner, paths="one; touch owned $(touch owned) --help")
    assert run.returncode == 2
    assert not (runner / "owned").exists()


def test_strict_can_be_left_out(runner):
    text = "schema_version: 1\nname: acme\nflows: [static_token]\napi_base_url: https://api.acme.example/1/\n"
    (runner / "one" / "acme.yaml").write_text(text, encoding="utf-8")
    assert validate(runner, paths="one").returncode == 1
    assert validate(runner, paths="one", strict="false").returncode == 0
