"""``oauth1-catalog diff`` as a person or a job calls it: states of three kinds, in a real repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.files import builtin_directory
from oauth1_catalog.cli import cli

FILE = """\
schema_version: 1
name: {name}
display_name: {title}
request_token_url: https://{host}/request
authorize_url: https://{host}/authorize
access_token_url: https://{host}/access
api_base_url: https://{host}/1/
"""
MOVED = "acme  request_token_url: https://api.example/request is now https://new.example/request"


def write(folder: Path, name: str, host: str = "api.example", more: str = "") -> None:
    folder.mkdir(exist_ok=True, parents=True)
    text = FILE.format(name=name, title=name.title(), host=host) + more
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def git(repository: Path, *arguments: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=repository, env=environment, check=True, capture_output=True)


@pytest.fixture
def repository(git_program: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three commits: ``first``, ``second`` with an endpoint that has moved, and ``third`` without providers."""
    folder = tmp_path / "repository"
    write(folder / "providers", "acme")
    write(folder / "ours", "corp", more="extends: twitter\n")
    git(folder, "init", "-q", "-b", "main")
    for tag in ("first", "second", "third"):
        if tag == "second":
            write(folder / "providers", "acme", "new.example")
            write(folder / "ours", "corp", "corp.example", more="extends: twitter\n")
        if tag == "third":
            (folder / "providers" / "acme.yaml").unlink()
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", tag)
        git(folder, "tag", tag)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["diff", *map(str, arguments)])


def test_revisions(repository: Path) -> None:
    ran = run("first", "second")
    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[0] == "Endpoints:"
    assert MOVED in ran.stdout
    assert run("first", "first").exit_code == 0
    assert run("first", "HEAD~1").output == ran.output


def test_a_revision_and_the_working_tree(repository: Path) -> None:
    write(repository / "providers", "acme", "new.example")
    assert run("second", "providers").exit_code == 0
    assert run("first", "providers").output == run("first", "second").output


def test_another_folder_of_a_revision(repository: Path) -> None:
    """Its files can extend those of the built-in catalog."""
    ran = run("first:ours", "second:ours")
    assert (ran.exit_code, ran.stderr) == (1, "")
    assert "corp  api_base_url: https://api.example/1/ is now https://corp.example/1/" in ran.stdout


def test_files_with_the_names_of_built_in_providers(tmp_path: Path) -> None:
    """As in every revision of this repository."""
    write(tmp_path, "twitter")
    ran = run(tmp_path, tmp_path)
    assert (ran.exit_code, ran.output) == (0, "")


def test_from_a_folder_below(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "ours")
    assert MOVED in run("first", "second").stdout


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("nosuch", "Not a valid object name nosuch:providers"),
        ("third", "Not a valid object name third:providers"),
        ("first:nosuch", "Not a valid object name first:nosuch"),
        ("--output=x", "a revision does not begin with `-`"),
        ("-x", "a revision does not begin with `-`"),
        ("first\nsecond", "is one line of text"),
    ],
)
def test_what_is_no_state(repository: Path, state: str, reason: str) -> None:
    ran = run("--", "first", state)
    assert ran.exit_code == 2
    assert reason in ran.stderr
    assert "Name a revision with the folder `providers`, or REVISION:FOLDER." in ran.stderr
    assert (
        sorted(path.name for path in repository.iterdir())
        == [".git", "ours"] + ["providers"] * (repository / "providers").is_dir()
    )


def test_git_runs_no_program_of_the_repository(repository: Path, tmp_path: Path) -> None:
    """A repository of a stranger can configure filters and pagers."""
    mark = tmp_path / "mark"
    (repository / ".gitattributes").write_text("*.yaml filter=x diff=x export-ignore\n")
    for setting in ("filter.x.smudge", "filter.x.clean", "diff.x.textconv", "core.pager", "core.fsmonitor"):
        git(repository, "config", setting, f"touch {mark}; cat")
    assert run("first", "second").exit_code == 1
    assert not mark.exists()


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ran = run("first", "second")
    assert ran.exit_code == 2
    assert "git: [Errno 2]" in ran.stderr


def test_links_and_other_files_are_left_out(repository: Path) -> None:
    (repository / "providers").mkdir(exist_ok=True)
    (repository / "providers" / "passwd.yaml").symlink_to("/etc/passwd")
    (repository / "providers" / "README.md").write_text("x")
    write(repository / "providers", "acme")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "links")
    assert run("first", "HEAD").exit_code == 0


def test_a_link_in_a_folder_is_left_out_as_in_a_revision(repository: Path) -> None:
    write(repository / "providers", "acme")
    (repository / "providers" / "other.yaml").symlink_to("acme.yaml")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "link")
    assert run("first", "providers").exit_code == run("first", "HEAD").exit_code == 0


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        ({"more": "shiny: true\n"}, "unknown field `shiny`"),
        ({"host": "new.example/x y"}, "`https://new.example/x y/request` has a space"),
        ({"more": "name: acme\n"}, "`name` appears twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_not_compared(
    repository: Path, wrong: dict[str, str], finding: str
) -> None:
    """A field that cannot be read is not one that is gone, nor is an alias. The others are compared."""
    folder, page = repository / "providers", repository / "changes.md"
    write(folder, "acme", **{**wrong, "more": wrong.get("more", "") + "aliases: [corp]\n"})
    write(folder, "other")
    write(repository / "ours", "acme")
    git(repository, "add", "ours")
    git(repository, "commit", "-q", "-m", "ours")
    for old, new in (("HEAD:ours", "providers"), ("providers", "HEAD:ours")):
        ran = run(old, new, "--changelog", page, "--markdown")
        assert ran.exit_code == 2
        assert f"Warning: not compared: providers: acme.yaml: {finding}" in ran.stderr
        for text in (ran.stdout, page.read_text(encoding="utf-8")):
            assert ("`other`" in text, "`acme`" in text, "`corp`" in text) == (True, False, False)


def test_a_provider_that_extends_one_that_cannot_be_read(tmp_path: Path) -> None:
    for folder, more in (("old", ""), ("new", "homepage: https://a.example/\nhomepage: https://b.example/\n")):
        write(tmp_path / folder, "acme", more=more)
        (tmp_path / folder / "heir.yaml").write_text("schema_version: 1\nname: heir\nextends: acme\n")
    ran = run(tmp_path / "old", tmp_path / "new", "--markdown")
    assert (ran.exit_code, ran.stdout.splitlines()[2]) == (
        2,
        "Nothing changed for users in the providers that could be compared.",
    )
    assert "heir.yaml: `homepage` appears twice" in ran.stderr


def test_a_catalog_json_and_the_files_that_it_was_made_of(tmp_path: Path) -> None:
    """Also one of an earlier version of the format, in which a field is missing."""
    assert (
        CliRunner().invoke(cli, ["export", "--all", "--format", "json", "-o", str(tmp_path / "a.json")]).exit_code == 0
    )
    ran = run(tmp_path / "a.json", builtin_directory())
    assert (ran.exit_code, ran.output) == (0, "")
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    for provider in data["providers"].values():
        del provider["multipart"], provider["callback"]["registered_match"]
    data["version"] = "2020.01.01"
    data["providers"]["etrade"]["environments"]["sandbox"]["api_base_url"] = "https://old.example/"
    data["providers"]["flickr"]["multipart"] = "sign_fields"
    (tmp_path / "b.json").write_text(json.dumps(data), encoding="utf-8")
    found = json.loads(run(tmp_path / "b.json", tmp_path / "a.json", "--json").stdout)
    assert (found["from"], found["to"]) == ("2020.01.01", Catalog().version)
    assert [change["field"] for change in found["changes"]] == ["environments.sandbox.api_base_url"]


def catalog_json(path: Path, **changed: Any) -> Path:
    """A ``catalog.json`` with one provider, and other values in the file or, below ``provider``, in the provider."""
    ran = CliRunner().invoke(cli, ["export", "twitter", "--format", "json"])
    assert ran.exit_code == 0
    data = json.loads(ran.stdout)
    provider = data["providers"]["twitter"] | changed.pop("provider", {})
    path.write_text(json.dumps({**data, "providers": {"twitter": provider}, **changed}), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["--json", "--markdown"])
@pytest.mark.parametrize("version", [5, {}, None, "\x1b[31m"])
def test_a_version_of_another_type(tmp_path: Path, version: object, form: str) -> None:
    path = catalog_json(tmp_path / "catalog.json", version=version)
    ran = run(path, path, form)
    assert (ran.exit_code, "its `version` is not a date" in ran.stderr) == (2, True)


@pytest.mark.parametrize("field", ["aliases", "api_hosts", "environments", "flows", "options", "renew"])
@pytest.mark.parametrize("value", [5, [[1], {}], {"x": 1}, "\ud800", {"x": {"y": [True]}}])
def test_a_field_of_another_type(tmp_path: Path, field: str, value: object) -> None:
    """It ends with a sentence and 2: 1 would mean that something has changed."""
    old, new = catalog_json(tmp_path / "a.json"), catalog_json(tmp_path / "b.json", provider={field: value})
    for states in ((old, new), (new, old)):
        ran = run(*states, "--json")
        assert (ran.exit_code, json.loads(ran.stdout)["changes"]) == (2, [])
        assert f"Warning: not compared: {new}: twitter: " in ran.stderr


def test_a_provider_that_is_nested_too_deeply(tmp_path: Path) -> None:
    value: dict[str, object] = {}
    for _ in range(300):
        value = {"x": value}
    path = catalog_json(tmp_path / "a.json", provider={"headers": value})
    assert run(path, path).exit_code == 2


def test_what_is_no_name_of_a_provider(tmp_path: Path) -> None:
    name = "twi\x1b[31mtter\n::error::x"
    path = catalog_json(tmp_path / "a.json", providers={name: {"name": name}})
    for form in ([], ["--markdown"], ["--json"], ["--changelog", tmp_path / "page.md"]):
        ran = run(path, builtin_directory(), *form)
        assert (ran.exit_code, ran.stdout, ran.stderr.count("\n"), "\x1b" in ran.stderr) == (2, "", 1, False)
    assert not (tmp_path / "page.md").exists()


def test_json_is_ascii(tmp_path: Path) -> None:
    """No text of a file can control a terminal, or turn its line around."""
    old = catalog_json(tmp_path / "a.json")
    new = catalog_json(tmp_path / "b.json", provider={"display_name": "\u00fc \u00ad"})
    ran = run(old, new, "--json")
    assert (ran.exit_code, ran.stdout.isascii()) == (1, True)
    assert [change["after"] for change in json.loads(ran.stdout)["changes"]] == ["\u00fc \u00ad"]


def test_a_repository_in_which_a_file_is_missing(repository: Path) -> None:
    said = subprocess.run(["git", "rev-parse", "first:providers/acme.yaml"], capture_output=True, text=True, check=True)
    blob = said.stdout.strip()
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    ran = run("first", "second")
    assert ran.exit_code == 2
    assert "git has no content for acme.yaml" in ran.stderr


def test_the_cause_that_git_names_comes_after_warnings(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\necho 'warning: lazy fetching disabled' >&2\necho 'fatal: no tree' >&2\nexit 128\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert "git: fatal: no tree." in run("first", "second").stderr


def test_a_folder_without_files(tmp_path: Path) -> None:
    ran = run(tmp_path, tmp_path)
    assert ran.exit_code == 2
    assert "there is no provider file (NAME.yaml)" in ran.stderr


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"providers": []}', '{"providers": {"x": 1}, "version": "1"}', "[" * 9000, "\xff"]
)
def test_a_file_that_is_no_catalog(tmp_path: Path, content: str) -> None:
    (tmp_path / "catalog.json").write_text(content, encoding="latin-1")
    ran = run(tmp_path / "catalog.json", tmp_path / "catalog.json")
    assert (ran.exit_code, "is not a catalog.json" in ran.stderr) == (2, True)


def test_json(repository: Path) -> None:
    found = json.loads(run("first", "second", "--json").stdout)["changes"]
    assert found[0] == {
        "kind": "endpoint",
        "provider": "acme",
        "field": "access_token_url",
        "before": "https://api.example/access",
        "after": "https://new.example/access",
        "text": "access_token_url: https://api.example/access is now https://new.example/access",
    }


def test_markdown(repository: Path) -> None:
    ran = run("first", "second", "--markdown", "--title", "2026.11.30")
    assert ran.stdout.splitlines()[:5] == [
        "## 2026.11.30",
        "",
        "### Endpoints",
        "",
        "- Acme (`acme`): `access_token_url`: `https://api.example/access` is now `https://new.example/access`",
    ]


def test_texts_of_a_file_stay_in_their_place(tmp_path: Path) -> None:
    """Neither a heading, a link nor a command of a terminal."""
    write(tmp_path / "old", "acme")
    note = 'status: limited\nstatus_note: "\\e[2J` [x](https://evil.example) `"\n'
    write(tmp_path / "new", "acme", more=note)
    for form in ([], ["--markdown"]):
        ran = run(tmp_path / "old", tmp_path / "new", *form)
        assert "\x1b" not in ran.output
        assert "` [x]" not in ran.output or not form


def test_the_version_of_the_data_is_the_title(repository: Path) -> None:
    (repository / "providers").mkdir(exist_ok=True)
    (repository / "providers" / "VERSION").write_text("2026.11.30\n")
    write(repository / "providers", "acme", "new.example")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "version")
    for state in ("providers", "HEAD"):
        assert run("first", state, "--markdown").stdout.startswith("## 2026.11.30\n")
    assert run("first", "second", "--markdown").stdout.startswith("## second\n")


def test_the_changelog(repository: Path) -> None:
    page = repository / "changes.md"
    assert run("first", "second", "--changelog", page, "--title", "1").exit_code == 1
    assert run("second", "second", "--changelog", page, "--title", "2").exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Changes of the catalog\n")
    assert text.index("## 2\n\nNothing changed for users.") < text.index("## 1\n\n### Endpoints")
    assert run("first", "second", "--changelog", page, "--title", "2").exit_code == 1
    again = page.read_text(encoding="utf-8")
    assert again.count("## 2\n") == 1
    assert again.count("### Endpoints") == 2


def test_a_changelog_that_cannot_be_written(repository: Path) -> None:
    ran = run("first", "second", "--changelog", repository / "no" / "page.md")
    assert ran.exit_code == 2
    assert f"--changelog: {repository / 'no' / 'page.md'} cannot be written (No such file or directory)." in ran.stderr
    ran = run("first", "second", "--changelog", os.devnull)
    assert ran.exit_code == 2
    assert f"--changelog: {os.devnull} cannot be read (it is not a regular file)." in ran.stderr


def test_json_and_markdown_exclude_each_other(repository: Path) -> None:
    assert run("first", "second", "--json", "--markdown").exit_code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a device that is full")
def test_a_full_disk_is_trouble(repository: Path) -> None:
    """1 would mean that something has changed."""
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "oauth1_catalog", "diff", "first", "second"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (2, "Error: No space left on device.\n")
