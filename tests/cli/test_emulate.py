"""``oauth1-catalog emulate``: an application in another process logs in, with its environment and its keys alone."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import certifi
import flask
import pytest
import requests
import starlette.config
import trustme
from click.testing import CliRunner
from dotenv import dotenv_values
from requests_oauthlib import OAuth1, OAuth1Session

from oauth1_catalog import Catalog
from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import BUNDLE, write_files, write_private
from oauth1_catalog.emulator.testing import submit_consent
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.flask_client import OAuth
from tests.docs.conftest import python_blocks

CALLBACK = "https://app.example/callback"
ARGUMENTS = ["twitter", "jira", "netsuite", "etrade", "bricklink", "--set", "account_id=99_SB2", "--callback", CALLBACK]
CHOSEN = {
    "twitter": {"always_prompt": "true", "force_login": "true"},
    "jira": {"base_url": "https://jira.my.example"},
    "netsuite": {"account_id": "99_SB2"},
    "etrade": {"environment": "sandbox"},
    "bricklink": {},
}


@contextmanager
def emulating(*arguments: str) -> Iterator[str]:
    """The running command; gives what it says."""
    command = [sys.executable, "-m", "oauth1_catalog", "emulate", *arguments]
    plain = {name: value for name, value in os.environ.items() if name not in {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=plain) as process:
        assert process.stdout
        try:
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "Ctrl+C" in line:
                    break
            yield "".join(lines)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Iterator[dict[str, str]]:
    """What the running command says to set."""
    folder = tmp_path_factory.mktemp("emulated")
    with emulating(*ARGUMENTS, "--write", str(folder)) as words:
        yield dict(re.findall(r"^  ([A-Z0-9_]+)=(.*)$", words, re.MULTILINE))


@pytest.fixture
def oauth(told, monkeypatch) -> Iterator[OAuth]:
    app = flask.Flask(__name__)
    app.config["SECRET_KEY"] = "a secret key of the test"
    for name, value in told.items():
        if name in {"OAUTH1_CATALOG_PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}:
            monkeypatch.setenv(name, value)
        else:
            app.config[name] = value
    with app.test_request_context():
        yield OAuth(app)


@pytest.mark.parametrize("name", ["twitter", "jira", "netsuite", "etrade"])
def test_an_application_in_another_process_logs_in(name, oauth, told):
    client = oauth.register_from_catalog(name, **CHOSEN[name])
    consent = client.create_authorization_url(None if name == "etrade" else CALLBACK)  # E*TRADE takes oob alone
    client.save_authorize_data(redirect_uri=CALLBACK, **consent)
    assert consent["url"].startswith("http://127.0.0.1:")
    back = submit_consent(consent["url"], fields={"decision": "authorize", "user": "ada"}, verify=told["SSL_CERT_FILE"])
    assert back.startswith(CALLBACK)
    with flask.current_app.test_request_context(back.removeprefix("https://app.example")):
        flask.session.update(dict(flask.session))
        verifier = flask.request.args["oauth_verifier"]
        token = client.fetch_access_token(request_token=consent["request_token"], verifier=verifier)
        assert token["oauth_token"]
        if client.provider.successor is not None:
            assert client.exchange_token(token)["refresh_token"]


def test_absolute_urls_of_the_provider_are_played(oauth, told):
    """X v2, and NetSuite's RESTlets, as an application in another process calls them."""
    for name, url, values in (
        ("twitter", "https://api.twitter.com/2/users/me", {}),
        (
            "netsuite",
            "https://99-sb2.restlets.api.netsuite.com/app/site/hosting/restlet.nl?script=1",
            CHOSEN["netsuite"],
        ),
    ):
        client = oauth.register_from_catalog(name, **values)
        answer = client.get(url, token={"oauth_token": "made-up", "oauth_token_secret": "s"})
        assert "token_rejected" in answer.text  # the emulator's words; its own tokens are in another process
        with pytest.raises(ConfigurationError, match="is not a host of this provider"):
            client.get("https://evil.example/", token={"oauth_token": "t", "oauth_token_secret": "s"})


def test_a_token_of_the_console(oauth):
    answer = oauth.register_from_catalog("bricklink").get("orders")
    assert answer.status_code == 200


SOURCED = """
import json, os
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.flask_client import OAuth
from flask import Flask
app = Flask("shop")
app.config.from_prefixed_env()
with app.app_context():
    client = OAuth(app).register_from_catalog("magento2", base_url="https://shop.example.com")
    print(client.get("products").status_code)
"""


def test_a_file_for_the_environment_is_all_that_a_script_needs(tmp_path):
    env = tmp_path / "script.env"
    script = tmp_path / "customers.py"
    script.write_text(python_blocks("docs/scripts.md")[0], encoding="utf-8")
    with emulating("netsuite", "--env-file", str(env), "--console-token") as words:
        (line,) = re.findall(r"^All of these are in .*?\. To set them in a shell: (set -a; .*)$", words, re.MULTILINE)
        command = ["sh", "-c", f"{line}; exec {sys.executable} {script}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "'query': [['limit', '10']]" in done.stdout, done.stderr
        assert set(re.findall(r"^  ([A-Z0-9_]+)=", words, re.MULTILINE)) == set(dotenv_values(env))


def test_a_token_of_the_console_is_not_in_the_file_of_a_web_application(tmp_path):
    env = tmp_path / "web.env"
    with emulating("netsuite", "--env-file", str(env), "--prefix", "FLASK_") as words:
        assert "All of these but the token of the console (--console-token) are in " in words
        assert dotenv_values(env)["FLASK_NETSUITE_ACCOUNT_ID"]
        assert "FLASK_NETSUITE_TOKEN" not in dotenv_values(env)
        assert "  FLASK_NETSUITE_TOKEN=" in words


def test_a_file_for_the_environment_is_the_owner_s_alone_and_can_be_sourced(tmp_path):
    env = tmp_path / "my own.env"
    with emulating("magento2", "--env-file", str(env), "--prefix", "FLASK_") as words:
        assert env.stat().st_mode & 0o777 == 0o600
        (line,) = re.findall(r"^All of these are in .*?\. To set them in a shell: (set -a; .*)$", words, re.MULTILINE)
        done = subprocess.run(
            ["sh", "-c", f"{line}; exec {sys.executable} -c '{SOURCED}'"], capture_output=True, text=True, check=False
        )
        assert done.stdout == "200\n", done.stderr
        for name, value in starlette.config.Config(env).file_values.items():
            assert f"  {name}={value}\n" in words


def test_a_file_of_one_s_own_is_not_written_over(tmp_path):
    env = tmp_path / ".env"
    env.write_text("MINE=1\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["emulate", "twitter", "--env-file", str(env)])
    assert result.exit_code == 2
    assert "already exists, and `emulate` did not write it" in result.output
    assert env.read_text(encoding="utf-8") == "MINE=1\n"


@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_written_through_a_link(tmp_path, there):
    """In a folder that all may write to, somebody else has put the link there."""
    victim, env = tmp_path / "profile", tmp_path / "keys.env"
    if there:
        victim.write_text("# oauth1-catalog\n", encoding="utf-8")
    env.symlink_to(victim)
    result = CliRunner().invoke(cli, ["emulate", "twitter", "--env-file", str(env)])
    assert result.exit_code == 2
    assert "already exists, and `emulate` did not write it" in result.output
    assert victim.exists() == there
    with pytest.raises(OSError, match="symbolic links"):
        write_private(env, "x")


@pytest.mark.parametrize("name", [BUNDLE, "twitter.yaml"])
@pytest.mark.parametrize("victim", ["a file", "nothing", "a link"])
def test_no_file_of_somebody_else_is_written_over(tmp_path, name, victim):
    """A certificate bundle of the project's own was, and whatever a link of that name led to."""
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    folder.mkdir()
    kept.write_text("mine", encoding="ascii")
    if victim == "a file":
        (folder / name).write_text("mine", encoding="ascii")
    else:
        (folder / name).symlink_to(kept if victim == "a link" else tmp_path / "new")
    result = CliRunner().invoke(cli, ["emulate", "twitter", "--write", str(folder)])
    assert result.exit_code == 2
    assert f"{folder / name} already exists, and `emulate` did not write it" in result.output
    assert kept.read_text(encoding="ascii") == "mine"
    assert not (tmp_path / "new").exists()
    assert [path.name for path in folder.iterdir()] == [name]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    env = tmp_path / "nowhere" / ".env"
    result = CliRunner().invoke(cli, ["emulate", "twitter", "--env-file", str(env)])
    assert result.exit_code == 1
    assert f"{env}: No such file or directory." in result.output


def keys_in(words: str) -> dict[str, str]:
    found = dict(re.findall(r"^  ([A-Z0-9_]+)=(.*)$", words, re.MULTILINE))
    return {name: value for name, value in found.items() if name.startswith(("TWITTER", "NETSUITE", "JIRA"))}


def test_keys_that_stay(tmp_path):
    arguments = ["twitter", "netsuite", "jira", "--write", str(tmp_path)]
    with emulating(*arguments, "--stable-keys") as first:
        pem = (tmp_path / "jira_data_center.pem").read_text(encoding="ascii")
    with emulating(*arguments, "--stable-keys") as second:
        assert (tmp_path / "jira_data_center.pem").read_text(encoding="ascii") == pem
        assert (tmp_path / "jira_data_center.pem").stat().st_mode & 0o777 == 0o600
    with emulating(*arguments) as third:
        pass
    assert keys_in(first) == keys_in(second)
    assert {"TWITTER_CLIENT_SECRET", "NETSUITE_TOKEN", "NETSUITE_TOKEN_SECRET"} <= keys_in(first).keys()
    same = {name for name, value in keys_in(first).items() if keys_in(third)[name] == value}
    assert same == {"JIRA_BASE_URL", "JIRA_RSA_KEY", "NETSUITE_ACCOUNT_ID"}  # a path, and values of variables


def test_the_keys_that_the_application_has(tmp_path, monkeypatch):
    monkeypatch.setenv("OAUTH1_CATALOG_CLIENT_SECRET", "kept out of `ps`")
    with emulating("twitter", "--client-id", "the-key/of+my=app", "--write", str(tmp_path)) as words:
        keys = keys_in(words)
        assert keys["TWITTER_CLIENT_ID"] == "the-key/of+my=app"
        assert keys["TWITTER_CLIENT_SECRET"] == "kept out of `ps`"
        pair = [keys[f"TWITTER_{name}"] for name in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN", "TOKEN_SECRET")]
        url = re.findall(r'"api_base_url": "(.*?)"', (tmp_path / "twitter.yaml").read_text(encoding="utf-8"))[0]
        ca_file = str(tmp_path / BUNDLE)
        assert requests.get(f"{url}x", auth=OAuth1(*pair), verify=ca_file, timeout=30).status_code == 200
        refused = requests.get(f"{url}x", auth=OAuth1("another-key", *pair[1:]), verify=ca_file, timeout=30)
        assert "consumer_key_unknown" in refused.text


def test_failures(tmp_path):
    options = ["--fail", "api:503:2", "--fail", "api:drop", "--fail", "access_token:429"]
    with emulating("twitter", *options, "--write", str(tmp_path)) as words:
        keys = keys_in(words)
        auth = OAuth1(*(keys[f"TWITTER_{name}"] for name in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN", "TOKEN_SECRET")))
        data = json.loads((tmp_path / "twitter.yaml").read_text(encoding="utf-8").partition("\n")[2])

        def status(url: str) -> int:
            return requests.get(url, auth=auth, verify=str(tmp_path / BUNDLE), timeout=30).status_code

        url = f"{data['api_base_url']}x"
        assert [status(url), status(url)] == [503, 503]
        with pytest.raises(requests.ConnectionError):
            status(url)
        assert status(url) == 200
        assert status(data["access_token_url"]) == 429
        assert status(data["access_token_url"]) == 405


def test_latency(tmp_path):
    with emulating("twitter", "--latency", "60", "--write", str(tmp_path)) as words:
        origin = re.findall(r"https://127[.0-9:]+", words)[0]
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{origin}/twitter/api/x", verify=str(tmp_path / BUNDLE), timeout=1)


LIMITED = """schema_version: 1
name: photos
flows: [static_token]
api_base_url: https://api.photos.example/
rate_limits: [{requests: 1, seconds: 300, per: client}]
"""


def test_rate_limits(tmp_path):
    (tmp_path / "photos.yaml").write_text(LIMITED, encoding="utf-8")
    keys = ("--client-id", "key", "--client-secret", "made-up", "--write", str(tmp_path / "out"))
    with emulating(str(tmp_path / "photos.yaml"), "--rate-limits", *keys) as words:
        assert "  - at most 1 requests in 300 seconds for each client\n" in words
        told = dict(re.findall(r"^  ([A-Z0-9_]+)=(.*)$", words, re.MULTILINE))
        url = f"{told['EMULATED_PHOTOS_API_BASE_URL']}me"
        auth = OAuth1("key", "made-up", told["PHOTOS_TOKEN"], told["PHOTOS_TOKEN_SECRET"])
        answers = [requests.get(url, auth=auth, verify=str(tmp_path / "out" / BUNDLE), timeout=30) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert 0 < int(answers[1].headers["Retry-After"]) <= 300


def test_there_is_no_limit_to_play(tmp_path):
    (tmp_path / "photos.yaml").write_text(LIMITED.partition("rate_limits")[0], encoding="utf-8")
    result = CliRunner().invoke(cli, ["emulate", str(tmp_path / "photos.yaml"), "--rate-limits"])
    assert (result.exit_code, "--rate-limits: the catalog knows no rate limit of photos." in result.output) == (2, True)


def test_the_secret_is_better_in_the_environment():
    text = " ".join(CliRunner().invoke(cli, ["emulate", "--help"]).output.split())
    assert "Other users of this machine can read the arguments of a command" in text
    assert "OAUTH1_CATALOG_CLIENT_SECRET" in text


def test_an_identifier_of_one_s_own_in_python(new_emulator):
    client = new_emulator.client("twitter", client_id="mine", client_secret="s")
    assert (client.client_id, client.client_secret) == ("mine", "s")
    assert new_emulator.client("twitter") == client
    with pytest.raises(ConfigurationError, match="the client_id is empty or too long"):
        new_emulator.client("twitter", client_id="")
    with pytest.raises(ConfigurationError, match="Did you mean `access_token`"):
        new_emulator.fail_next("accesstoken")


@pytest.mark.parametrize("name", ["netsuite", "magento2", "jira", "trello", "maas"])
def test_a_token_works_at_each_tenant_without_a_key(name):
    catalog = Catalog()
    values = {n: about.example for n, about in catalog.file(name).variables.items() if about.source is None}
    with Emulator(catalog, seed="s") as emulator:
        app = flask.Flask(__name__)
        app.secret_key = "s"
        client = emulator.client(name)
        keys = {"client_id": client.client_id, "client_secret": client.client_secret, "rsa_key": client.rsa_key}
        if name != "jira":
            del keys["rsa_key"]
        else:
            del keys["client_secret"]
        token = emulator.issue_token(name, user="grace")
        assert token == emulator.issue_token(name, user="grace")
        assert token != emulator.issue_token(name)
        with app.test_request_context():
            registered = OAuth(app, catalog=emulator.catalog).register_from_catalog(
                name, **values, **keys, client_kwargs={"verify": emulator.ca_file}
            )
            given = {"oauth_token": token.oauth_token, "oauth_token_secret": token.oauth_token_secret}
            assert registered.get("x", token=given).json()["user"] == "grace"


def test_other_servers_are_trusted_as_before(told):
    def trusted(path: str) -> set[bytes]:
        return set(ssl.create_default_context(cafile=path).get_ca_certs(binary_form=True))

    before = trusted(certifi.where())
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        after = trusted(told[variable])
        assert before < after
        assert len(after - before) == 1


def test_a_reader_that_goes_away_is_no_fault_of_the_ports():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "oauth1_catalog", "emulate", "twitter"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_authorities_of_ones_own_are_kept(tmp_path, monkeypatch):
    own = tmp_path / "own.pem"
    trustme.CA().cert_pem.write_to_path(str(own))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    with Emulator(Catalog()) as emulator:
        write_files(emulator, [], tmp_path)
        written = (tmp_path / BUNDLE).read_text(encoding="ascii")
        assert own.read_text(encoding="ascii") in written
        assert Path(emulator.ca_file).read_text(encoding="ascii") in written


def test_no_choice_leads_to_the_real_provider(told):
    paths = list(Path(told["OAUTH1_CATALOG_PATH"]).glob("*.yaml"))
    assert paths
    for path in paths:
        addresses = re.findall(r'"(https?://[^/]*)', path.read_text(encoding="utf-8"))
        assert addresses
        assert {address.rpartition(":")[0].partition("://")[2] for address in addresses} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["twiter"], "Did you mean `twitter`?"),
        (["twitter", "--set", "tenant=x"], "--set tenant: unknown variable; the provider has no variables."),
        (["netsuite", "--set", "account=x"], "--set account: unknown variable; the variables are account_id."),
        (["netsuite", "--set", "account_id=x/y"], "it does not match"),
        (["mastercard"], "supports only RFC 5849"),
        (["twitter", "--write", "mine"], "mine/twitter.yaml already exists"),
        (["twitter", "flickr", "--client-id", "k"], "belong to one provider, but you named 2."),
        (["twitter", "flickr", "--client-secret", "s"], "Start the command for each of them."),
        (["jira", "--client-secret", "s"], "jira has no client secret. It needs client_id, rsa_key."),
        (["twitter", "--client-id", ""], "the client_id is empty or too long"),
        (["twitter", "--client-id", "key\n"], "it has a blank, a line break or another character"),
        (
            ["twitter", "--client-secret", " secret-of-mine"],
            "the client_secret has a line break or a control character",
        ),
        (["twitter", "--latency", "slow"], "'slow' is not a number of seconds from 0 to 600"),
        (["twitter", "--latency", "nan"], "'nan' is not a number of seconds"),
        (["twitter", "--latency", "-1"], "'-1' is not a number of seconds"),
        (["twitter", "--latency", "inf"], "'inf' is not a number of seconds"),
        (
            ["twitter", "--fail", "acces_token:503"],
            "'acces_token' is not a role of a request. Did you mean `access_token`",
        ),
        (["twitter", "--fail", "xyz:503"], "The roles are request_token, authorize, access_token,"),
        (["twitter", "--fail", "api"], "'api' does not have the form STEP:STATUS"),
        (["twitter", "--fail", "api:200"], "STATUS is 400 to 599 or drop"),
        (["twitter", "--fail", "api:503:0"], "TIMES is 1 to 10000"),
        (["twitter", "--fail", "api:503:10001"], "TIMES is 1 to 10000"),
    ],
)
def test_wrong_use_ends_with_a_message_and_writes_nothing(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/twitter.yaml").write_text("schema_version: 1\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["emulate", *arguments])
    assert result.exit_code == 2
    assert message in result.output
    assert "secret-of-mine" not in result.output
    assert Path("mine/twitter.yaml").read_text(encoding="utf-8") == "schema_version: 1\n"


def test_the_printed_page_shows_why_a_request_of_any_client_was_refused(tmp_path):
    """Two mistakes at once, as the answer names them, too."""
    with emulating("twitter", "--write", str(tmp_path)) as words:
        (page,) = re.findall(r"^What each request signed, and why it was refused: (http://\S+)$", words, re.MULTILINE)
        found = dict(re.findall(r"^  ([A-Z0-9_]+)=(.*)$", words, re.MULTILINE))
        secure = re.search(r"on (https://\S+),", words)[1]
        session = OAuth1Session(found["TWITTER_CLIENT_ID"], f"{found['TWITTER_CLIENT_SECRET']}\n", callback_uri="oob")
        session.verify = found["REQUESTS_CA_BUNDLE"]
        address = f"{secure}/twitter/request_token/api.twitter.com/oauth/request_token"
        prepared = session.prepare_request(
            requests.Request("POST", address.replace("https:", "http:"), auth=session.auth)
        )
        prepared.url = address
        answer = parse_qs(session.send(prepared, timeout=60).text)
        assert answer["mistakes"] == ["other-scheme space-around-secret"]
        listed = requests.get(page, timeout=60).text
        assert "The address is signed with http:." in listed
        report = requests.get(f"{page}/1", timeout=60).text
        assert "space-around-secret" in report
        assert found["TWITTER_CLIENT_SECRET"] not in report
