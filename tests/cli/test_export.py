"""``oauth1-catalog export``: files that contain no key, unless asked for, and that their tools read."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from oauth1_catalog import Catalog, ConfigurationWarning, MissingSettingError, client
from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.session_tokens import dh_parameters
from tests.cli.users import User
from tests.programs import needs_curl

CATALOG = Catalog()
USABLE = [name for name in CATALOG.names() if CATALOG.file(name).status != "retired"]
SECRET = "s3cr%t=$HOME #1"
"""With characters that a shell and a .env file read in their own ways."""


def run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(cli, list(map(str, arguments)))
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def user(emulator: Emulator, tmp_path: Path) -> User:
    """Someone in a folder, whose environment leads to the emulator."""
    return User(emulator, tmp_path, [sys.executable, "-m", "oauth1_catalog"])


def fill_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> dict[str, str]:
    """Every credential and every variable of a provider in the environment."""
    values = {key: value for key, value in CATALOG.required(name).items() if value is not None}
    required = CATALOG.outline(name).required_credentials
    credentials = dict.fromkeys((*required, "token", "token_secret"), SECRET)
    files = {"rsa_key": "key.pem", "encryption_key": "key.pem", "dh_parameters": "dhparam.pem"}
    credentials |= {credential: file for credential, file in files.items() if credential in credentials}
    found = {f"{name}_{key}".upper(): value for key, value in {**credentials, **values}.items()}
    if CATALOG.outline(name).user_agent_required:
        found[f"{name}_USER_AGENT".upper()] = "tests/1.0 (+https://app.example)"
    for key, value in found.items():
        monkeypatch.setenv(key, value)
    return found


@pytest.mark.parametrize("name", USABLE)
@pytest.mark.filterwarnings("ignore::oauth1_catalog.errors.DeprecatedProviderWarning")
def test_a_client_reads_every_variable_of_the_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConfigurationWarning)  # about a name in the file
        warnings.filterwarnings("ignore", message=".*can be fixated")
        run("export", name, "--format", "env", "--output", "empty.env")
        with pytest.raises(MissingSettingError):
            client(name, env_file="empty.env", insecure_transport=CATALOG.file(name).insecure_transport or None)
        found = fill_environment(monkeypatch, name)
        run("export", name, "--format", "env", "--with-secrets", "--output", "full.env")
        for key in found:
            monkeypatch.delenv(key)
        if f"{name}_RSA_KEY".upper() in found:
            from tests.foreign.verifiers import PRIVATE_KEY

            Path("key.pem").write_text(PRIVATE_KEY)
            Path("dhparam.pem").write_text(dh_parameters())
        http = CATALOG.file(name).insecure_transport or None
        made = client(name, env_file="full.env", allow_session_fixation=True, insecure_transport=http)
    assert made.client_id == SECRET
    assert SECRET not in Path("empty.env").read_text()


def test_no_key_is_exported_unless_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fill_environment(monkeypatch, "twitter")
    fill_environment(monkeypatch, "netsuite")
    for form in ("env", "curl", "json"):
        assert SECRET not in run("export", "twitter", "--format", form).output
    assert SECRET not in run("export", "twitter", "netsuite", "--format", "env").output
    run("export", "twitter", "--format", "bruno", "--output", tmp_path / "bruno")
    for path in (tmp_path / "bruno").rglob("*"):
        assert path.is_dir() or SECRET not in path.read_text(encoding="utf-8")


def test_a_file_for_keys_is_private(tmp_path: Path) -> None:
    run("export", "twitter", "--format", "env", "--output", tmp_path / "x.env")
    assert (tmp_path / "x.env").stat().st_mode & 0o777 == 0o600


def test_a_dash_is_the_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "TWITTER_CLIENT_ID=\n" in run("export", "twitter", "--format=env", "-o", "-").stdout
    assert "name a new folder" in run("export", "twitter", "--format=bruno", "-o", "-", status=2).output
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_keys_is_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fill_environment(monkeypatch, "twitter")
    run("export", "twitter", "--format", "env", "--with-secrets", "--output", tmp_path / "x.env")
    assert (tmp_path / "x.env").stat().st_mode & 0o777 == 0o600


def test_keys_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "old.env").write_text("TWITTER_CLIENT_ID=abc\n")
    said = run("export", "twitter", "--format", "env", "--with-secrets", "--env-file", tmp_path / "old.env").output
    assert "TWITTER_CLIENT_ID='abc'\n" in said
    assert "TWITTER_CLIENT_SECRET=\n" in said


def test_a_value_that_readers_would_read_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWITTER_CLIENT_SECRET", "it's")
    said = run("export", "twitter", "--format", "env", "--with-secrets", status=2).output
    assert "TWITTER_CLIENT_SECRET contains a quote" in said
    assert "it's" not in said


def test_the_comments_are_the_provider_s_words() -> None:
    said = run("export", "netsuite", "--format", "env", "--set", "account_id=7").output
    assert "# Token ID. `oauth1-catalog login netsuite` gets it.\nNETSUITE_TOKEN=\n" in said
    assert "NETSUITE_ACCOUNT_ID='7'\n" in said
    launchpad = run("export", "launchpad", "--format", "env").output
    file = CATALOG.file("launchpad")
    assert all(f"# {number}. {step}\n" in launchpad for number, step in enumerate(file.setup, 1))
    (about,) = re.findall(r"# (.*)\nLAUNCHPAD_PERMISSION=\n", launchpad)
    assert all(f"{value} ({words})" in about for value, words in file.options["permission"].meanings.items())


def test_json_is_a_part_of_the_whole_file() -> None:
    part = json.loads(run("export", "twitter", "jira", "--format", "json").output)
    whole = json.loads(run("export", "--all", "--format", "json").output)
    assert list(part["providers"]) == ["jira_data_center", "twitter"]
    assert {**whole, "providers": part["providers"], "sources": part["sources"]} == part
    assert part["providers"].items() <= whole["providers"].items()
    assert list(whole["providers"]) == list(CATALOG.names())
    assert whole["version"] == CATALOG.version


def test_all_providers_in_one_file(tmp_path: Path) -> None:
    run("export", "--all", "--format", "env", "--output", tmp_path / "all.env")
    text = (tmp_path / "all.env").read_text(encoding="utf-8")
    assert [name for name in CATALOG.names() if f"client('{name}', env_file=...)" not in text] == []


def test_an_alias_and_a_file(tmp_path: Path) -> None:
    assert "JIRA_DATA_CENTER_BASE_URL=\n" in run("export", "jira", "--format", "env").output
    (tmp_path / "corp.yaml").write_text("schema_version: 1\nname: corp\nextends: twitter\n")
    assert "CORP_CLIENT_ID=\n" in run("export", tmp_path / "corp.yaml", "--format", "env").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name the providers, or pass --all."),
        (("twitter", "--all"), "Name the providers, or pass --all."),
        (("twitter", "flickr", "--format=curl"), "export one provider at a time"),
        (("--all", "--format=bruno", "--output=x"), "export one provider at a time"),
        (("twitter", "--format=bruno"), "name a new folder with --output"),
        (("twitter", "--format=json", "--with-secrets"), "only the format env contains keys"),
        (("etrade", "--environment=sandbox"), "the format env is for all environments"),
        (("netsuite", "--set=account_id=a/b"), "account_id='a/b' is not allowed"),
        (("netsuite", "--set=acount_id=1"), "--set acount_id: unknown; the variables and options are account_"),
        (("twitter", "--set=client_secret=hush"), "other users of this machine can read a command line"),
        (("etrade", "--format=curl", "--environment=sandbx"), "Did you mean `sandbox`?"),
        (("nosuch",), "no provider `nosuch` in the catalog"),
        (("twitter", "--output=."), "it exists already"),
    ],
)
def test_what_cannot_be_exported(arguments: tuple[str, ...], message: str) -> None:
    form = () if any("--format" in word for word in arguments) else ("--format=env",)
    said = run("export", *arguments, *form, status=2).output
    assert message in said
    assert "hush" not in said


OWN_PROVIDER = """\
schema_version: 1
name: corp
extends: twitter
"""


def own_collection(folder: Path, text: str, *options: object, status: int = 0) -> Result:
    """The collection of a file, in ``corp``."""
    (folder / "corp.yaml").write_text(OWN_PROVIDER + text, encoding="utf-8")
    output = folder / "corp"
    return run("export", folder / "corp.yaml", "--format=bruno", f"--output={output}", *options, status=status)


HOSTILE = '"}).map(()=>0);console.log(process.env);//</script>'
MARKS = ("NAMES", "QUERY", "ADDRESS", "FIELD", "DECLARED", "__NAMES__", "__QUERY__", "__FIELD__")


def test_a_text_of_a_file_is_a_string_in_a_script(tmp_path: Path) -> None:
    params = dict(zip(MARKS, MARKS[1:] + MARKS[:1], strict=True)) | {"x": '"]]);//'}
    fields = {"oauth_token": HOSTILE, "oauth_token_secret": "QUERY"}
    own_collection(
        tmp_path, f"authorize_params: {json.dumps(params)}\ntoken_response: {json.dumps({'fields': fields})}\n"
    )
    literal = json.dumps(HOSTILE).replace("<", "\\u003c")
    for request in ("Request token", "Access token"):
        script = (tmp_path / "corp" / f"{request}.bru").read_text(encoding="utf-8").partition("post-response {")[2]
        assert f'new Map([[{literal}, "oauth_token"], ["QUERY", "oauth_token_secret"]]);\n' in script
        assert "process.env" not in script.replace(literal, "")
        assert "</script" not in script
        if request == "Request token":
            (shown,) = re.findall(r"const parts = (.*)\.map\(\(pair\)", script)
            assert dict(json.loads(shown)).items() >= params.items()


def test_the_field_of_the_address_is_a_string_in_a_script(tmp_path: Path) -> None:
    own_collection(tmp_path, "authorize_url_field: __NAMES__\ntoken_response: {fields: {oauth_token: NAMES}}\n")
    script = (tmp_path / "corp" / "Request token.bru").read_text(encoding="utf-8")
    assert 'const field = "__NAMES__";\n' in script
    assert 'new Map([["NAMES", "oauth_token"]]);\n' in script


def test_an_answer_sets_only_what_the_file_declares(tmp_path: Path) -> None:
    own_collection(tmp_path, "token_response: {extra: [user_id, api_base_url, client_secret, token], fields: {a: b}}\n")
    script = (tmp_path / "corp" / "Access token.bru").read_text(encoding="utf-8")
    assert 'for (const name of ["user_id", "a"]) {\n' in script
    assert script.count("bru.setVar(") == 3


@pytest.mark.parametrize("value", ["'''x", "x'''"])
@pytest.mark.parametrize("place", ["headers", "request_token_params", "authorize_params", "client_kwargs"])
def test_a_value_that_bruno_would_not_read_as_it_is(place: str, value: str, tmp_path: Path) -> None:
    name = "realm" if place == "client_kwargs" else "X-Own"
    said = own_collection(tmp_path, f"{place}: {json.dumps({name: value})}\n", status=2).output
    assert f"{name}: Bruno cannot hold a value with '''" in said
    assert not (tmp_path / "corp").exists()


@pytest.mark.parametrize("name", ["~a", "@a("])
def test_a_name_that_bruno_would_not_read_as_it_is(name: str, tmp_path: Path) -> None:
    text = f"request_token_params: {json.dumps({name: ')'})}\nrequest_token_params_in: body\n"
    said = own_collection(tmp_path, text, status=2).output
    assert f"{name}: Bruno cannot hold a name that begins with {name[0]}" in said


def test_one_environment_for_bruno(tmp_path: Path) -> None:
    run("export", "trademe", "--format=bruno", "--environment=sandbox", f"--output={tmp_path / 'one'}")
    run("export", "trademe", "--format=bruno", f"--output={tmp_path / 'all'}")
    assert [path.name for path in (tmp_path / "one" / "environments").iterdir()] == ["sandbox.bru"]
    for path in (tmp_path / "one").rglob("*.bru"):
        assert path.read_text() == (tmp_path / "all" / path.relative_to(tmp_path / "one")).read_text()


def test_an_environment_named_production(tmp_path: Path) -> None:
    own_collection(tmp_path, "environments: {production: {api_base_url: 'https://api.twitter.com/other/'}}\n")
    found = {path.name: path.read_text() for path in (tmp_path / "corp" / "environments").iterdir()}
    assert found.keys() == {"production.bru", "main-production.bru"}
    assert "/other/" in found["production.bru"]
    assert "/other/" not in found["main-production.bru"]


@pytest.fixture
def shell(user: User) -> dict[str, str]:
    """The environment of a shell that finds the command, and curl that trusts the emulator."""
    program = user.folder / "bin" / "oauth1-catalog"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m oauth1_catalog "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "SSL_CERT_FILE": user.emulator.ca_file,
        "CURL_CA_BUNDLE": user.emulator.ca_file,
    }


@pytest.mark.parametrize("given", ["file", "directory"])
def test_the_script_of_an_own_file_finds_it(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From another folder, with a name that a shell would read in its own way."""
    folder = tmp_path / "my 'own' $files"
    folder.mkdir()
    (folder / "corp.yaml").write_text(OWN_PROVIDER, encoding="utf-8")
    (tmp_path / "oauth1-catalog").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" >&2\n", encoding="utf-8")
    (tmp_path / "oauth1-catalog").chmod(0o755)
    monkeypatch.chdir(folder)
    names = ["corp.yaml"] if given == "file" else ["corp", "--directory=."]
    run("export", *names, "--format=curl", "--output=corp.sh")
    done = subprocess.run(
        ["sh", str(folder / "corp.sh"), "login"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stderr.splitlines() == ["login", "corp", f"--directory={folder}", "--output", ".env"]
    words = done.stderr.splitlines()[1:3]
    assert "CORP_CLIENT_ID=\n" in run("export", *words, "--format=env").output
    assert f"# oauth1-catalog export {shlex.join(words)} --format env" in (folder / "corp.sh").read_text()


@needs_curl
@pytest.mark.parametrize("program", ["sh", "bash"])
def test_the_script_logs_in_and_calls_with_curl(program: str, user: User, shell: dict[str, str]) -> None:
    """From the export to the profile, with no key on a command line."""
    user.has_keys("discogs")
    shell = user.env | shell | {"BROWSER": f"{sys.executable} browser.py %s"}
    shell["DISCOGS_REDIRECT_URI"] = "http://127.0.0.1:0/callback"
    (user.folder / "browser.py").write_text(
        "import sys\nimport requests\nfrom oauth1_catalog.emulator.testing import submit_consent\n"
        "requests.get(submit_consent(sys.argv[1], fields={'decision': 'authorize', 'user': 'grace'}), timeout=60)\n"
    )

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=user.folder, env=shell, capture_output=True, text=True, timeout=120, check=False
        )

    assert call("oauth1-catalog", "export", "discogs", "--format", "curl", "-o", "discogs.sh").returncode == 0
    logged_in = call(program, "discogs.sh", "login", "--port", "0")
    assert (logged_in.returncode, logged_in.stdout) == (0, ""), logged_in.stderr
    assert '"grace"' in call(program, "discogs.sh", "profile").stdout
    assert '"grace"' in call(program, "discogs.sh", "call", "database/search?q=a%20b").stdout
    assert '"grace"' in call(program, "discogs.sh", "call", "users/grace", "-d", "location=New York").stdout
    usage = call(program, "discogs.sh")
    assert (usage.returncode, usage.stdout) == (2, "")
    assert "sh discogs.sh login  " in usage.stderr
    foreign = call(program, "discogs.sh", "call", "https://evil.example/")
    assert foreign.returncode == 2
    assert "evil.example" in foreign.stderr
