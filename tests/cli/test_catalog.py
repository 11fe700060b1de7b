"""``list``, ``search``, ``show``, ``rule`` and ``schema``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from oauth1_catalog.catalog import Catalog, pinned
from oauth1_catalog.catalog.grade import support_of
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.catalog.rules import rule_codes
from oauth1_catalog.catalog.schema import schema_text
from oauth1_catalog.cli import COMMANDS, cli, provider_named, providers_named

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch):
    monkeypatch.chdir(ROOT)


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code == status, result.output
    return result.output


def test_list():
    lines = run("list").splitlines()
    assert [line.split()[0] for line in lines] == sorted(path.stem for path in (ROOT / "providers").glob("*.yaml"))
    support = support_of(Catalog().file("jira_data_center"))
    jira = f"jira_data_center Jira Data Center deprecated {support.grade} {support.oldest} also jira"
    assert jira in [" ".join(line.split()) for line in lines]
    wikis = json.loads(run("list", "--category", "wiki", "--json"))
    assert "wikimedia" in [provider["name"] for provider in wikis]
    assert {provider["status"] for provider in json.loads(run("list", "--status", "active", "--json"))} == {"active"}
    (shown,) = [provider for provider in wikis if provider["name"] == "wikimedia"]
    support = support_of(Catalog().file("wikimedia"))
    assert (shown["grade"], shown["decided_by"], shown["probed"]) == (support.grade, support.decided_by, None)
    assert shown["checked"] == {"oldest": str(support.oldest), "newest": str(support.newest)}


def test_show_has_the_grade_and_the_age(tmp_path):
    support = support_of(Catalog().file("trello"))
    last = run("show", "trello").splitlines()[-1]
    assert last == f"# Grade: {support.grade} ({support.decided_by}). Sources: {support.checked}."
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in run("show", "trello", "--resolved").splitlines()}
    assert rows["grade"] == f"{support.grade} ({support.decided_by})"
    assert rows["sources"] == f"{support.checked}"
    (tmp_path / "acme.yaml").write_text(
        "schema_version: 1\nname: acme\nflows: [static_token]\napi_base_url: https://a.example/\n"
    )
    told = run("show", str(tmp_path / "acme.yaml"))
    assert told.endswith("# Grade: none (api_base_url: no source). Sources: never checked.\n")


def test_a_broken_file_does_not_hide_the_others(tmp_path):
    (tmp_path / "broken.yaml").write_text("name: [", encoding="utf-8")
    for command in (["list"], ["search", "twitter"]):
        told = run(*command, "--directory", str(tmp_path), status=1)
        assert "the file is not valid YAML" in told
        assert "twitter " in told


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("netsuite", "netsuite"),
        ("JIRA", "jira_data_center"),
        ("x", "x"),
        ("twit", "twitter"),
        ("X", "x"),
        (" etsy ", "etsy"),
    ],
)
def test_search_shows_exact_matches_first(word, first):
    assert run("search", word).split()[0] == first


@pytest.mark.parametrize("word", ["wiki", "project-management", "api.twitter.com"])
def test_search_looks_through_categories_and_addresses(word):
    assert run("search", word)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("acme", "no provider matches `acme`; near: alchemer, yammer\n"),
        ("flikr", "no provider matches `flikr`; near: flickr\n"),
        ("zzzz", "no provider matches `zzzz`. `oauth1-catalog list` shows all.\n"),
        ("", "no provider matches ``. `oauth1-catalog list` shows all.\n"),
    ],
)
def test_search_for_what_is_not_there(word, told):
    result = CliRunner().invoke(cli, ["search", word])
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)
    assert CliRunner().invoke(cli, ["search", word, "--json"]).stdout == "[]\n"


def test_show_is_the_file():
    shown = run("show", "x")
    assert shown.startswith("# providers/x.yaml\n")
    assert "# providers/twitter.yaml" in shown
    assert json.loads(run("show", "jira", "--json"))["name"] == "jira_data_center"


def test_show_resolved_says_where_each_value_comes_from():
    shown = run("show", "netsuite", "--resolved", "--set", "account_id=1234567_SB1")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in shown.splitlines()}
    lines = (ROOT / "providers" / "netsuite.yaml").read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if line.startswith("request_token_url"))
    url = "https://1234567-sb1.restlets.api.netsuite.com/rest/requesttoken"
    assert rows["request_token_url"] == f"{url} providers/netsuite.yaml:{number}"
    assert rows["account_host"] == "1234567-sb1 from account_id: lower, underscore_to_dash"
    assert rows["client_kwargs.realm"].startswith("1234567_SB1 providers/netsuite.yaml:")
    assert "NETSUITE_CLIENT_ID (Consumer Key), NETSUITE_CLIENT_SECRET (Consumer Secret)" in shown


def test_show_resolved_has_the_successor():
    rows = {line.split()[0]: line.split()[1] for line in run("show", "x", "--resolved").splitlines()}
    assert rows["successor.url"] == "https://api.x.com/2/oauth2/token"
    assert (rows["successor.limit.requests"], rows["successor.limit.seconds"]) == ("10000", "900")
    assert "successor" not in run("show", "x_ads", "--resolved")


def test_show_resolved_has_what_a_developer_needs_first(tmp_path):
    (tmp_path / "acme.yaml").write_text(
        "schema_version: 1\nname: acme\nsetup: [Sign in., 'Create a key, and save it.']\n"
        "access: {state: paid, since: 2025-03}\nflows: [static_token]\napi_base_url: https://acme.example/\n"
        "rate_limits: [{requests: 10, seconds: 60, per: client}]\n"
        'signature_methods: [{method: HMAC-SHA1}, {method: HMAC-SHA256, since: "2"}]\n',
        encoding="utf-8",
    )
    path = str(tmp_path / "acme.yaml")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in run("show", path, "--resolved").splitlines()}
    assert rows["setup[0]"] == f"Sign in. {path}:3"
    assert rows["setup[1]"] == f"Create a key, and save it. {path}:3"
    assert rows["access.state"] == f"paid {path}:4"
    assert rows["access.since"] == f"2025-03 {path}:4"
    assert rows["rate_limits[0]"] == f"10 requests in 60 seconds for each client {path}:7"
    assert rows["signature_methods[1]"] == f"HMAC-SHA256 (since 2) {path}:8"
    assert json.loads(run("show", path, "--resolved", "--json"))["rate_limits"][0]["per"] == "client"


def test_origins_of_options_environments_and_bases():
    trello = run("show", "trello", "--resolved", "--set", "expiration=1day")
    lines = (ROOT / "providers" / "trello.yaml").read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if "{expiration:" in line)
    assert any(line.split()[-1] == f"providers/trello.yaml:{number}" for line in trello.splitlines() if "1day" in line)
    etrade = run("show", "etrade", "--resolved", "--environment", "sandbox")
    assert "https://apisb.etrade.com/v1/" in etrade
    x = run("show", "x", "--resolved")
    assert "providers/twitter.yaml:" in x
    assert json.loads(run("show", "x", "--resolved", "--json"))["api_base_url"] == "https://api.x.com/1.1/"


@pytest.mark.parametrize(
    "spelling", ["providers/{}", "./providers/{}", "docs/../providers/{}", str(ROOT / "providers/{}"), "link/{}"]
)
def test_a_file_of_the_catalog_is_itself_however_it_is_spelt(tmp_path, monkeypatch, spelling):
    if spelling.startswith("link"):
        monkeypatch.chdir(tmp_path)
        Path("link").symlink_to(ROOT / "providers")
    path = spelling.format("x.yaml")
    assert run("show", path).startswith("# ")
    assert json.loads(run("show", path, "--resolved", "--json"))["api_base_url"] == "https://api.x.com/1.1/"


def test_every_file_of_a_clone_is_itself_whatever_is_installed(tmp_path, monkeypatch):
    """A clone beside an installed wheel: the clone's files are no copies of those of the wheel."""
    shutil.copytree(ROOT / "providers", tmp_path / "providers")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    paths = sorted(Path("providers").glob("*.yaml"))
    assert len(paths) == len(Catalog().names())
    for path in paths:
        name, catalog = provider_named(str(path), ())
        assert catalog.findings(name) == ()
        assert catalog.entry(name).documents[0].path == str(path)


def test_two_files_and_a_name():
    names, catalog = providers_named(("tests/catalog/across/shop_one.yaml", "providers/x.yaml", "flickr"), ())
    assert names == ("shop_one", "x", "flickr")
    assert all(catalog.provider(name) for name in names[1:])
    assert catalog.entry("shop_one").documents[0].path == "tests/catalog/across/shop_one.yaml"


@pytest.mark.parametrize("command", ["show", "try", "emulate"])
def test_a_file_that_is_not_there(command):
    assert "the file providers/nobody.yaml does not exist" in run(command, "providers/nobody.yaml", status=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "twiter"], "Did you mean `twitter`?"),
        (["show", "jira", "--resolved"], "no base_url"),
        (["show", "etrade", "--resolved", "--environment", "live"], "It has `sandbox`"),
    ],
)
def test_what_cannot_be_shown_says_why(arguments, message):
    assert message in run(*arguments, status=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["search", "x"],
        ["show", "x"],
        ["validate"],
        ["try", "x"],
        ["emulate", "x"],
        ["new", "acme"],
        ["demo"],
        ["probe", "x", "--contact", "me@example.com"],
    ],
)
def test_a_wrong_setting_is_a_sentence_whatever_the_command(monkeypatch, arguments):
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", "nope")
    told = run(*arguments, status=2)
    wrong = "OAUTH1_CATALOG_PATH in the environment: the directory 'nope' does not exist."
    assert told == f"Error: {wrong} Correct the setting, or remove it.\n"


def test_wrong_use_ends_with_a_message():
    run("show", "trello", "--resolved", "--set", "expiration", status=2)
    assert "did you mean" in run("rule", "P0361", status=2)


@pytest.mark.parametrize("command", ["show", "emulate", "try"])
@pytest.mark.parametrize("secret", ["client_secret=hush", "consumer_secret=hush", "rsa_key=-----BEGIN hush"])
def test_no_command_takes_a_secret_from_the_command_line(command, secret):
    told = run(command, "twitter", "--set", secret, status=2)
    assert f"--set {secret.partition('=')[0]}: other users of this machine can read a command line." in told
    assert "hush" not in told


def test_rule():
    assert [line.split()[0] for line in run("rule").splitlines()] == list(rule_codes())
    assert run("rule", "p036").startswith("# P036: ")


def test_schema(tmp_path):
    assert run("schema") == schema_text()
    assert "up to date" in run("schema", "--check", "schemas")
    (tmp_path / "old.json").write_text("{}\n", encoding="utf-8")
    assert "-{}" in run("schema", "--check", str(tmp_path / "old.json"), status=1)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    assert "Usage: cli " + command in run(command, "--help").replace("Usage: cli  ", "Usage: cli ")


def completed(*words: str, shell: str = "bash") -> list[str]:
    """What the command tells a shell at Tab, as its completion script asks for it."""
    environment = {"_OAUTH1_CATALOG_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(("oauth1-catalog", *words))}
    environment |= {"COMP_CWORD": str(len(words))}
    done = subprocess.run(
        [sys.executable, "-m", "oauth1_catalog"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_tab_completes_commands_providers_files_and_codes():
    assert completed("em") == ["plain,emulate"]
    for command in ("show", "try", "emulate", "probe"):
        assert completed(command, "twit") == ["plain,twitter"]
        assert completed(command, "providers/") == ["file,providers/"]
    assert completed("emulate", "twitter", "flic") == ["plain,flickr"]
    assert len(completed("show", "")) > 100
    assert completed("rule", "p02")[0] == "plain,P020"
    assert completed("list", "--category", "project-m") == ["plain,project-management"]
    assert completed("show", "--directory", "tests/catalog/across", "shop_o") == ["plain,shop_one"]


def test_tab_in_a_wrong_setting_is_silent(monkeypatch):
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", "nope")
    assert completed("show", "twit") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_takes_the_script():
    """The documented line, in a real bash: what its completion function puts before the user."""
    script = 'eval "$(_OAUTH1_CATALOG_COMPLETE=bash_source oauth1-catalog)"; COMP_WORDS=(oauth1-catalog show twit); '
    script += (
        'COMP_CWORD=2; _oauth1_catalog_completion oauth1-catalog; echo "${COMPREPLY[@]}"; complete -p oauth1-catalog'
    )
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "twitter"
    assert done.stdout.splitlines()[1].endswith("oauth1-catalog")


def test_the_versions() -> None:
    assert run("--version") == f"oauth1-catalog, version {version('oauth1-catalog')} (catalog {Catalog().version})\n"


class TestNewerData:
    """``OAUTH1_CATALOG_DATA`` in the commands."""

    @pytest.fixture
    def data(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        content = catalog_json(Catalog(), version="2999.01.31")
        content = content.replace(b"https://api.twitter.com/1.1/", b"https://newer.example/")
        path = tmp_path / "newer.json"
        path.write_bytes(content)
        monkeypatch.setenv("OAUTH1_CATALOG_DATA", f"{path}#sha256={hashlib.sha256(content).hexdigest()}")
        return path

    def test_show_names_the_file(self, data: Path) -> None:
        lines = [line.split() for line in run("show", "twitter", "--resolved").splitlines()]
        number = next(n for n, line in enumerate(data.read_text().splitlines(), 1) if line.startswith('"twitter":'))
        assert ["api_base_url", "https://newer.example/", f"{data}:{number}"] in lines
        assert ["client_kwargs.signature_method", "HMAC-SHA1", f"{data}:{number}"] in lines
        assert not [line for line in lines if line[0] == "client_kwargs.version"]  # a default
        whole = run("show", "twitter")
        assert whole.startswith(f"# {data}\n{{\n")
        assert '"api_base_url": "https://newer.example/"' in whole
        assert json.loads(run("show", "twitter", "--json"))["api_base_url"] == "https://newer.example/"

    def test_own_values_are_told_apart(self, data: Path, tmp_path: Path) -> None:
        own = tmp_path / "own" / "mine.yaml"
        own.parent.mkdir()
        own.write_text("schema_version: 1\nname: mine\nextends: twitter\nuserinfo_endpoint: me.json\n")
        shown = run("show", str(own), "--resolved")
        assert f"{own}:4" in shown
        assert f"{data}:" in shown
        assert "mine.yaml" not in run("validate", str(own))

    def test_the_version_is_that_of_the_data(self, data: Path) -> None:
        assert run("--version").endswith(" (catalog 2999.01.31)\n")
        data.write_bytes(data.read_bytes() + b" ")
        pinned._load.cache_clear()  # private: this process has read the file
        result = CliRunner().invoke(cli, ["--version"])
        assert result.exit_code == 0
        assert result.stdout == f"oauth1-catalog, version {version('oauth1-catalog')}\n"
        assert "is not the file that was pinned" in result.stderr
        assert "is not the file that was pinned" in run("show", "twitter", status=2)

    def test_the_schemas_and_the_vectors(self) -> None:
        assert run("schema") == schema_text()
        assert json.loads(run("schema", "catalog"))["title"] == "oauth1-catalog catalog.json"
        assert json.loads(run("schema", "vectors"))["title"] == "oauth1-catalog vectors.json"
        assert run("vectors") == (ROOT / "vectors" / "vectors.json").read_text(encoding="utf-8")
        for kind in ("catalog", "vectors"):
            assert "is up to date" in run("schema", kind, "--check", "schemas")
