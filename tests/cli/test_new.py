"""From an empty folder to a registered client, with the commands alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import FLOW_URLS
from oauth1_catalog.cli import cli
from oauth1_catalog.cli.new import URLS
from oauth1_catalog.integrations.flask_client import OAuth

URL_OPTIONS = {
    "--request-token-url": "https://api.acme.example/oauth/request_token",
    "--authorize-url": "https://acme.example/oauth/authorize",
    "--access-token-url": "https://api.acme.example/oauth/access_token",
    "--api-base-url": "https://api.acme.example/1",
}
ACCESS = ["--registration-url", "https://acme.example/apps", "--setup", "Sign in: then create a key."]
OPTIONS = [*ACCESS, *(word for pair in URL_OPTIONS.items() for word in pair)]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def run(*arguments: str, status: int = 0, typed: str = "") -> str:
    result = CliRunner().invoke(cli, list(arguments), input=typed)
    assert result.exit_code == status, result.output
    return result.output


def test_the_whole_path():
    written = run("new", "acme", "--docs-url", "https://acme.example/docs", *OPTIONS)
    assert written.startswith("Wrote providers/acme.yaml\n")
    assert "no problems found" in run("validate", "--strict")
    assert run("fmt", "--check", "providers") == ""
    assert "oauth1-catalog schema --write schemas" in written
    assert run("schema", "--write", "schemas") == "Wrote schemas/provider.schema.json\n"
    assert run("schema", "--check", "schemas") == "schemas/provider.schema.json is up to date\n"
    assert "ACME_CLIENT_ID" in run("show", "providers/acme.yaml", "--resolved")
    tried = run("try", "providers/acme.yaml")
    assert "consent given" in tried
    assert "all succeeded" in tried
    app = Flask(__name__)
    app.config.update(ACME_CLIENT_ID="key", ACME_CLIENT_SECRET="secret")
    oauth = OAuth(app, catalog=Catalog("providers"))
    oauth.register_from_catalog("acme")
    assert oauth.acme.api_base_url == "https://api.acme.example/1/"
    file = Catalog("providers").file("acme")
    assert file.access is not None
    assert (file.access.state, file.status, file.setup) == ("open", "active", ("Sign in: then create a key.",))
    assert file.registration_url == "https://acme.example/apps"


@pytest.mark.parametrize(("access", "status"), [("paid", "active"), ("closed", "limited"), ("unknown", "limited")])
def test_the_status_follows_from_the_access(access, status):
    run("new", "acme", "--docs-url", "https://acme.example/docs", "--access", access, *OPTIONS)
    file = Catalog("providers").file("acme")
    assert file.access is not None
    assert (file.access.state, file.status) == (access, status)
    assert ("access" in file.evidence[0].fields) == (access != "unknown")


def test_what_is_not_given_is_asked_for():
    answers = ["https://acme.example/docs#oauth", "https://acme.example/apps", "Sign in.", *URL_OPTIONS.values()]
    run("new", "acme", "--display-name", 'Acme: the "best"', typed="\n".join(answers) + "\n")
    file = Catalog("providers").file("acme")
    assert file.display_name == 'Acme: the "best"'
    assert file.authorize_url == URL_OPTIONS["--authorize-url"]
    assert (file.registration_url, file.setup) == ("https://acme.example/apps", ("Sign in.",))


@pytest.mark.parametrize("flow", FLOW_URLS)
def test_every_flow_makes_a_file_that_validates_and_its_next_steps_work(flow):
    urls = dict.fromkeys((*FLOW_URLS[flow], "api_base_url"))
    given = [word for url in urls for word in (f"--{url.replace('_', '-')}", f"https://api.acme.example/{url}")]
    docs = ["--display-name", "null", "--docs-url", "https://acme.example/d", *ACCESS]
    told = run("new", "acme", "--flow", flow, *docs, *given)
    assert "no problems found" in run("validate", "--strict")
    steps = re.findall(r"^  oauth1-catalog (.*)$", told, re.MULTILINE)
    assert [step.split()[0] for step in steps] == ["validate", "try", "show"]
    for step in steps:
        assert run(*step.split())
    assert Catalog("providers").file("acme").display_name == "null"
    assert set(urls) <= set(URLS)


def test_a_wrong_answer_is_told_at_once():
    wrong = ["--docs-url", "https://acme.example/docs", *OPTIONS, "--authorize-url", "http://acme.example/a"]
    assert "P031" in run("new", "acme", *wrong, status=1)
    assert Path("providers/acme.yaml").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Acme-1", "is not a name"),
        ("twitter", "already has"),
        ("jira", "already has"),
        ("class", "a Python keyword"),
        ("register", "is an attribute of the registry"),
    ],
)
def test_names_that_cannot_be_taken(name, words):
    assert words in run("new", name, status=2)


def test_what_is_needed_is_spelt_as_it_is():
    # A process: where the input ends, the runner of click 8.2.0 gives empty lines for ever.
    command = [sys.executable, "-m", "oauth1_catalog", "new", "acme"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "--docs-url is required: URL of its OAuth 1.0 documentation.\n" in done.stderr


def test_nothing_is_written_over():
    Path("providers").mkdir()
    Path("providers/acme.yaml").write_text("mine", encoding="utf-8")
    assert "already exists" in run("new", "acme", status=2)


@pytest.mark.parametrize("target", ["out/file", "file"])
def test_nothing_is_written_through_a_link(target):
    """Whether or not there is a file at its end."""
    for folder in ("providers", "schemas", "out"):
        Path(folder).mkdir()
    Path("file").write_text("mine", encoding="utf-8")
    for link in ("providers/acme.yaml", "schemas/provider.schema.json"):
        Path(link).symlink_to(Path.cwd() / target)
    new = run("new", "acme", "--docs-url", "https://acme.example/docs", *OPTIONS, status=2)
    assert "providers/acme.yaml already exists" in new
    written = run("schema", "--write", "schemas", status=2)
    assert "schemas/provider.schema.json is not a regular file. Remove it" in written
    assert not Path("out/file").exists()
    assert Path("file").read_text(encoding="utf-8") == "mine"


def test_one_url_for_all_is_told_by_each_command():
    same = [word for url in URL_OPTIONS for word in (url, "https://acme.example/oauth")]
    assert "P028" in run("new", "acme", "--docs-url", "https://acme.example/docs", *ACCESS, *same, status=1)
    assert "P028" in run("validate", "--strict", status=1)
    assert "`authorize_url` is the URL of `request_token_url`" in run("try", "providers/acme.yaml", status=2)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("bricklink", ["static_token"]),
        ("cardmarket", ["static_token", "signed_client"]),
        ("here", ["signed_grant"]),
        ("instapaper", ["xauth", "xauth"]),
        ("magento2", ["two_legged", "two_legged", "static_token"]),
        ("wikimedia", [*["flask"] * 5, "flask:", "static_token"]),
    ],
)
def test_every_flow_is_tried(name, lines):
    tried = run("try", name).splitlines()
    assert [line.split()[0] for line in tried] == lines
    assert all(line.endswith((" ok", "succeeded.")) or " start " in line for line in tried)


@pytest.mark.parametrize(
    ("name", "words", "status"),
    [
        ("twiter", "Did you mean `twitter`?", 2),
        ("yelp_v2", "has switched OAuth 1.0 off, so there is nothing to try", 1),
        ("mastercard", "supports only RFC 5849", 2),
    ],
)
def test_what_cannot_be_tried_says_why(name, words, status):
    assert words in run("try", name, status=status)
