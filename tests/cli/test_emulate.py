"""``oauth1-catalog emulate``: an application in another process logs in, with its environment and its keys alone."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from click.testing import CliRunner

from oauth1_catalog.cli import cli
from oauth1_catalog.emulator.browser import press
from oauth1_catalog.integrations.flask_client import OAuth

CALLBACK = "https://app.example/callback"
ARGUMENTS = ["twitter", "jira", "netsuite", "etrade", "bricklink", "--set", "account_id=99_SB2", "--callback", CALLBACK]
CHOSEN = {
    "twitter": {"always_prompt": "true", "force_login": "true"},
    "jira": {"base_url": "https://jira.my.example"},
    "netsuite": {"account_id": "99_SB2"},
    "etrade": {"environment": "sandbox"},
    "bricklink": {},
}


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Iterator[dict[str, str]]:
    """What the running command says to set."""
    folder = tmp_path_factory.mktemp("emulated")
    command = [sys.executable, "-m", "oauth1_catalog", "emulate", *ARGUMENTS, "--write", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl+C" in line:
                break
        try:
            yield dict(re.findall(r"^  ([A-Z0-9_]+)=(.*)$", "".join(lines), re.MULTILINE))
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


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
def test_a_login(name, oauth, told):
    client = oauth.register_from_catalog(name, **CHOSEN[name])
    consent = client.create_authorization_url(CALLBACK)
    client.save_authorize_data(redirect_uri=CALLBACK, **consent)
    assert consent["url"].startswith("http://127.0.0.1:")
    back = press(consent["url"], fields={"decision": "authorize", "user": "ada"}, verify=told["SSL_CERT_FILE"])
    assert back.startswith(CALLBACK)
    with flask.current_app.test_request_context(back.removeprefix("https://app.example")):
        flask.session.update(dict(flask.session))
        assert client.fetch_access_token(
            request_token=consent["request_token"], verifier=flask.request.args["oauth_verifier"]
        )["oauth_token"]


def test_a_token_of_the_console(oauth):
    answer = oauth.register_from_catalog("bricklink").get("orders")
    assert answer.status_code == 200


def test_no_choice_leads_to_the_real_provider(told):
    for path in Path(told["OAUTH1_CATALOG_PATH"]).glob("*.yaml"):
        addresses = re.findall(r'"(https?://[^/]*)', path.read_text(encoding="utf-8"))
        assert addresses
        assert {address.rpartition(":")[0].partition("://")[2] for address in addresses} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["twiter"], "Did you mean `twitter`?"),
        (["twitter", "--set", "tenant=x"], "--set tenant: no such variable; there is none."),
        (["netsuite", "--set", "account=x"], "--set account: no such variable; there are account_id."),
        (["netsuite", "--set", "account_id=x/y"], "it does not match"),
        (["mastercard"], "knows RFC 5849 alone"),
        (["twitter", "--write", "mine"], "mine/twitter.yaml is there already"),
    ],
)
def test_wrong_use(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/twitter.yaml").write_text("schema_version: 1\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["emulate", *arguments])
    assert result.exit_code in {1, 2}
    assert message in result.output
    assert Path("mine/twitter.yaml").read_text(encoding="utf-8") == "schema_version: 1\n"
