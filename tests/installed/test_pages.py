"""The documentation as typed: every command block of README, CONTRIBUTING and docs runs as it stands.

A page is run from top to bottom in one folder: in a clean clone with its own environment, or with the wheel in an empty
one, as the page says. A command ends with status 0 unless ``TYPED`` says how else it is used.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import pages as written
from tests.installed.conftest import ROOT, blocks, new_environment, run, strangers_environment
from tests.installed.test_typed_pages import APPLICATIONS, chapter
from tests.servers import child_process

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
ANSWERS = """\
https://acme.example/developers/oauth
https://acme.example/apps
Create an application.
https://acme.example/oauth/request
https://acme.example/oauth/authorize
https://acme.example/oauth/access
https://acme.example/api/
"""


@dataclass(frozen=True)
class Typed:
    """How a command is used, where it does not simply end with status 0."""

    status: int = 0
    says: str = ""
    answers: str = ""
    until: str = ""
    """Ctrl+C is pressed once the command has said this."""
    instead: str = ""
    """What runs in its place, for the reason that stands behind it."""
    why: str = ""
    before: Callable[[Path], None] | None = None

    @property
    def statuses(self) -> set[int]:
        """With which it may end. Where Ctrl+C ends a command, it ends the shell around it as well."""
        return {0, -signal.SIGINT, 128 + signal.SIGINT} if self.until else {self.status}


def misspell(folder: Path) -> None:
    """The mistake that the page shows."""
    file = folder / "providers" / "acme.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("authorize_url:", "authorise_url:"), encoding="utf-8")


def spell_right(folder: Path) -> None:
    """The page has shown how to find the mistake."""
    file = folder / "providers" / "acme.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("authorise_url:", "authorize_url:"), encoding="utf-8")


TYPED = {
    "make demo": Typed(until="Open http", says="Stopped."),
    "oauth1-catalog demo": Typed(until="Open http", says="Stopped."),
    "oauth1-catalog login discogs --env-file .env --output .env": Typed(
        instead="oauth1-catalog login --help", why="test_tutorials.py types it, with a browser"
    ),
    "oauth1-catalog explain request.txt": Typed(
        instead="oauth1-catalog explain --help", why="tests/docs/test_invalid_signature_page.py types it"
    ),
    "make test": Typed(
        instead="make test ARGS='tests/catalog -k twitter'", why="`.ci/run` runs all of them, as it stands"
    ),
    "make lint": Typed(instead=".venv/bin/lint-imports", why="`.ci/run` runs all of it, as it stands"),
    "make release-check": Typed(
        instead="make release-check ARGS='--only windows,macos'",
        why="it takes more than an hour, and runs all the others",
    ),
    "make docs": Typed(instead="make -n docs", why="tests/site runs it, as it stands"),
    "make docs-serve": Typed(until="Serving on http"),
    "make bench": Typed(
        instead="make bench ARGS='--benchmark-disable -k signing'",
        why="its ratios need a machine that does nothing else",
    ),
    "make fuzz": Typed(
        instead="make fuzz ARGS='--seconds 2 --only curl'", why="it takes five minutes, and looks for what nobody knows"
    ),
    "make battery": Typed(instead="make -n battery", why="it takes half an hour; `.ci/run` runs it with fewer logins"),
    "git clone <this repository> && cd oauth1-catalog": Typed(
        instead="git rev-parse HEAD", why="the folder is a clone: whose address stands there depends on the reader"
    ),
    "oauth1-catalog new acme": Typed(answers=ANSWERS, says="Wrote providers/acme.yaml"),
    "oauth1-catalog new corp_erp --directory our_providers": Typed(answers=ANSWERS),
    "oauth1-catalog try our_providers/corp_erp.yaml": Typed(says="all succeeded"),
    "pip install 'oauth1-catalog[demo]'": Typed(
        instead="pip show oauth1-catalog", why="PLACES has installed the wheel with this extra"
    ),
    "pip install 'oauth1-catalog[cli,emulator]'": Typed(
        instead="pip show oauth1-catalog", why="PLACES has installed the wheel with these extras"
    ),
}
EMULATES = Typed(until="until you press Ctrl+C")
"""How each command that runs the emulator is used: it ends with Ctrl+C alone."""
OF_ONE_PAGE = {
    ("docs/contributing-a-provider.md", "oauth1-catalog validate providers/acme.yaml"): Typed(
        status=1, says="P010 unknown field `authorise_url`", before=misspell
    ),
    ("docs/contributing-a-provider.md", "oauth1-catalog probe providers/acme.yaml --contact you@example.com"): Typed(
        status=2, says="acme: unreachable", before=spell_right
    ),
}
PLACES = {
    "README.md": "demo",
    "CONTRIBUTING.md": "clone",
    "docs/contributing-a-provider.md": "demo",
    "docs/own-providers.md": "demo",
    "docs/testing.md": "cli,emulator",
}
"""Where a page is run: in a clone, or with these extras of the wheel."""
ELSEWHERE = (
    {"docs/login.md": "tests/docs/test_login_page.py", "docs/proxy.md": "tests/docs/test_proxy_page.py"}
    | {
        f"docs/examples/{path.parent.name}/README.md": "tests/examples"
        for path in ROOT.glob("docs/examples/*/README.md")
    }
    | {f"docs/tutorials/{path.name}": "test_tutorials.py" for path in ROOT.glob("docs/tutorials/*.md")}
    | {
        f"docs/how-to/{path.name}": "tests/how_to"
        for path in ROOT.glob("docs/how-to/*.md")
        if "```console" in path.read_text(encoding="utf-8")
    }
    | {"docs/leaving-oauth1.md": "tests/docs/test_leaving_oauth1_page.py"}
    | {"docs/recipes.md": "tests/recipes", "docs/scripts.md": "tests/docs/test_scripts_page.py"}
    | {"docs/export.md": "tests/docs/test_export_page.py", "docs/newer-data.md": "tests/docs/test_newer_data_page.py"}
    | {"docs/interactive-brokers.md": "tests/docs/test_interactive_brokers_page.py"}
    | {"docs/packaging.md": ".ci/test-sdist", "docs/versioning.md": "make lint, and the failure that it prints"}
    | {"docs/invalid-signature.md": "tests/docs/test_invalid_signature_page.py"}
    | {"docs/custom-framework.md": "tests/docs/test_more_framework_pages.py"}
)
"""Pages whose commands run in other tests, beside the page's own application; test_typed_pages.py has some more."""


def commands(page: str) -> list[tuple[str, str]]:
    """What a reader types, and what the page shows of its output; whole applications are in test_typed_pages.py."""
    text = (ROOT / page).read_text(encoding="utf-8")
    mine = blocks(text)
    for typed, headings in APPLICATIONS:
        if typed == page:
            elsewhere = {block.code for block in blocks(chapter(page, headings))}
            mine = [block for block in mine if block.code not in elsewhere]
    found: list[tuple[str, str]] = []
    for block in mine:
        if block.kind == "console":
            found += block.commands()
        elif block.kind in {"sh", "bash", "shell"}:
            found += [(line, "") for line in block.code.splitlines()]
    return found


def pages() -> Iterator[str]:
    for path in written():
        if commands(page := path.relative_to(ROOT).as_posix()):
            yield page


def test_every_page_with_commands_is_run_somewhere() -> None:
    assert set(pages()) == PLACES.keys() | ELSEWHERE.keys()
    typed = {command for page in PLACES for command, _ in commands(page)}
    typed.update(command for page in WITH_SENTENCES for command in commands_in_sentences(page))
    assert TYPED.keys() | {command for _, command in OF_ONE_PAGE} <= typed, "a line for a command that no page has"


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone; the first `make` sets its environment up."""
    folder = tmp_path_factory.mktemp("clones") / "oauth1-catalog"
    run("git", "clone", "--quiet", ROOT, folder, cwd=folder.parent)
    run("make", ".venv/.ready", cwd=folder, timeout=1800, PYTHON=sys.executable)
    return folder


@pytest.fixture
def place(page: str, clone: Path, wheel: Path, tmp_path: Path) -> tuple[Path, str]:
    """The folder in which a page is run, and where its programs are."""
    if (extras := PLACES[page]) == "clone":
        return clone, f"{clone / '.venv' / 'bin'}"
    environment = new_environment(tmp_path / "environment")
    environment.install(f"oauth1-catalog[{extras}] @ {wheel.as_uri()}")
    (tmp_path / "here").mkdir()
    return tmp_path / "here", f"{environment.folder / 'bin'}"


@pytest.mark.parametrize("page", PLACES)
def test_the_commands_of_a_page_run_as_they_stand(page: str, place: tuple[Path, str]) -> None:
    folder, programs = place
    environment = strangers_environment() | {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHON": sys.executable}
    for command, shown in commands(page):
        usual = EMULATES if command.startswith("oauth1-catalog emulate ") else Typed()
        typed = OF_ONE_PAGE.get((page, command)) or TYPED.get(command) or usual
        if typed.before:
            typed.before(folder)
        said, status = outcome(command, typed, folder, environment)
        assert status in typed.statuses, f"{page}: $ {command}\n{said}"
        assert "Traceback" not in said, f"{page}: $ {command}\n{said}"
        assert typed.says in said, f"{page}: $ {command}\n{said}"
        if not typed.until:  # what an emulator prints has ports and keys of its own
            assert shown.rpartition("...\n")[2] in said, f"{page}: $ {command}\n{said}"


def outcome(command: str, typed: Typed, folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    """What a command says, and its status. Nothing that it has started is left, however the test ends."""
    with child_process(
        ["bash", "-c", typed.instead or command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            said = until(process, typed.until) if typed.until else process.communicate(typed.answers, timeout=600)[0]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return said, process.returncode


def until(process: subprocess.Popen[str], words: str) -> str:
    """What a command says until these words; then it is stopped as Ctrl+C does."""
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    return "".join((*said, process.communicate(timeout=60)[0]))


WITH_SENTENCES = ["CONTRIBUTING.md", "docs/contributing-a-provider.md"]


def commands_in_sentences(page: str) -> list[str]:
    """Commands in a page's text, with a provider in the place of ``<name>`` and of ``acme``."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"`((?:oauth1-catalog|make|.venv/bin/python docs/)[^`]*)`", text)
    return list(dict.fromkeys(re.sub(r"<name>|acme", "twitter", command) for command in found))


@pytest.mark.parametrize("page", WITH_SENTENCES)
def test_the_commands_in_a_page_s_sentences_run(page: str, clone: Path) -> None:
    environment = strangers_environment() | {"PATH": f"{clone / '.venv' / 'bin'}:{os.environ['PATH']}"}
    environment["PYTHONUNBUFFERED"] = "1"  # as on a terminal
    for command in commands_in_sentences(page):
        if re.match(
            r"oauth1-catalog( new| emulate| login| probe|$)|make (test|demo|lint|bench|battery|fuzz)$", command
        ):
            continue  # run above or before a release, no whole command, for the real provider, or with another status
        command = command.replace("diff main ", "diff HEAD ")  # noqa: PLW2901 - the clone may have no branch
        command = command.replace("--seconds 600", "--seconds 2")  # noqa: PLW2901 - ten minutes a target, before a release
        typed = TYPED.get(command, Typed())
        said, status = outcome(command, typed, clone, environment)
        differs = " diff " in command and status == 1  # as diff(1): what the page's commands have written
        assert differs or status in typed.statuses, f"{page}: {command}\n{said}"
        assert typed.says in said, f"{page}: {command}\n{said}"


@pytest.mark.parametrize("name", ["twitter", "jira_data_center", "netsuite", "bricklink"])
def test_a_file_of_a_clone_is_tried_shown_and_emulated(name: str, clone: Path) -> None:
    file = f"providers/{name}.yaml"
    program = clone / ".venv" / "bin" / "oauth1-catalog"
    assert " ok" in run(program, "try", file, cwd=clone).stdout
    values = {"jira_data_center": "base_url=https://j.example.com", "netsuite": "account_id=1"}
    words = ["--set", values[name]] if name in values else []
    assert f"{file}:" in run(program, "show", file, "--resolved", *words, cwd=clone).stdout
    command = [program, "emulate", file]
    with child_process(
        command, cwd=clone, env=strangers_environment(), stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert f"Emulating {name} on https://" in until(process, "until you press Ctrl+C")
    assert process.returncode == 0


def private_catalog(folder: Path) -> None:
    """A company's repository: one file that extends a provider of the catalog, one that takes its place."""
    run("git", "init", "-q", "-b", "main", folder, cwd=folder.parent)
    own = folder / "our_providers"
    own.mkdir()
    (own / "twitter_eu.yaml").write_text(
        "schema_version: 1\nname: twitter_eu\nextends: twitter\n"
        "api_base_url: https://twitter-gateway.corp.example/1.1/\n"
        "evidence:\n  - fields: [api_base_url]\n    kind: provider_docs\n    checked: 2026-11-25\n"
        "    source: https://corp.example/docs\n",
        encoding="utf-8",
    )
    (own / "flickr.yaml").write_text(
        "schema_version: 1\nname: flickr\nreplace: true\nstatus: limited\n"
        "access: {state: unknown, note: The administrator gives keys.}\nflows: [static_token]\n"
        "api_base_url: https://flickr.corp.example/\nclient_kwargs: {signature_method: HMAC-SHA1}\n"
        "evidence:\n  - fields: [api_base_url, client_kwargs.signature_method, status]\n    kind: provider_docs\n"
        "    checked: 2026-11-25\n    source: https://corp.example/docs\n",
        encoding="utf-8",
    )


def test_the_hooks_in_the_real_pre_commit(clone: Path, tmp_path: Path) -> None:
    """The page's .pre-commit-config.yaml: only the repository's address is the reader's."""
    repository = tmp_path / "company"
    repository.mkdir()
    private_catalog(repository)
    page = (ROOT / "docs" / "own-providers.md").read_text(encoding="utf-8")
    (config,) = re.findall(r"^```yaml\n# \.pre-commit-config\.yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    revision = run("git", "rev-parse", "HEAD", cwd=clone).stdout.strip()
    config = config.replace(REPOSITORY, str(clone)).replace("v0.1.0", revision)
    (repository / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    environment = new_environment(tmp_path / "environment")
    environment.install("pre-commit")
    home = {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    run("git", "add", "-A", cwd=repository)
    first = environment.run("pre-commit", "run", "--all-files", cwd=repository, status=None, **home)
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.count("Passed") == 2
    broken = repository / "our_providers" / "twitter_eu.yaml"
    broken.write_text(broken.read_text(encoding="utf-8") + "authorise_url: https://corp.example/\n", encoding="utf-8")
    second = environment.run("pre-commit", "run", "--all-files", cwd=repository, status=1, **home)
    assert "P010" in second.stdout


def test_the_action_s_own_steps(clone: Path, tmp_path: Path) -> None:
    """Both steps of action.yml, as a runner executes them: in an empty environment, from the action's own folder."""
    repository = tmp_path / "company"
    repository.mkdir()
    private_catalog(repository)
    action = yaml.safe_load((clone / "action.yml").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "own-providers.md").read_text(encoding="utf-8")
    (workflow,) = re.findall(r"^```yaml\n(- uses:.*?)^```", page, re.MULTILINE | re.DOTALL)
    given = {name: about["default"] for name, about in action["inputs"].items()} | yaml.safe_load(workflow)[0]["with"]
    shutil.copytree(clone, tmp_path / "action", ignore=shutil.ignore_patterns(".venv", ".git"))
    runner = {"RUNNER_TEMP": str(tmp_path / "temp"), "GITHUB_ACTION_PATH": str(tmp_path / "action")}
    (tmp_path / "temp").mkdir()

    def steps(status: int) -> str:
        said = ""
        for step in action["runs"]["steps"]:
            inputs = {
                name: str(given[re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", expression)[1]])
                for name, expression in step.get("env", {}).items()
            }
            last = step is action["runs"]["steps"][-1]
            command = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"])
            said = run(*command, cwd=repository, status=status if last else 0, **runner, **inputs).stdout
        return said

    assert steps(0) == ""
    (repository / "our_providers" / "flickr.yaml").write_text("schema_version: 1\nname: flickr\n", encoding="utf-8")
    assert "::error file=our_providers/flickr.yaml,line=" in steps(1)
