"""``oauth1-catalog sign``: the real curl sends what is signed, and the emulator, which is oauthlib, accepts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from oauth1_catalog import Catalog
from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from tests.cli.terminal import Terminal
from tests.cli.users import User
from tests.programs import needs_curl

pytestmark = needs_curl
CATALOG = Catalog()
CALLED = [
    name
    for name in CATALOG.names()
    if (file := CATALOG.file(name)).status != "retired"
    and file.api_base_url
    and (file.client_kwargs.profile or "rfc5849") == "rfc5849"  # others cannot be emulated
]


@pytest.fixture
def user(emulator: Emulator, tmp_path: Path) -> User:
    return User(emulator, tmp_path, [sys.executable, "-m", "oauth1_catalog"])


def has_token(user: User, name: str) -> None:
    """Keys and a token in the environment."""
    user.has_keys(name)
    if set(CATALOG.file(name).flows) != {"signed_client"}:
        token = user.emulator.issue_token(name, user="grace")
        user.env |= {
            f"{name}_TOKEN".upper(): token.oauth_token,
            f"{name}_TOKEN_SECRET".upper(): token.oauth_token_secret,
        }


def signed(user: User, *arguments: str) -> Result:
    with user.environment():
        return CliRunner().invoke(cli, ["sign", *arguments])


def curl(user: User, *arguments: str) -> tuple[int, str]:
    """The status and the body of the answer."""
    result = signed(user, *arguments)
    assert result.exit_code == 0, result.output
    command = ["curl", "-q", "--silent", "--show-error", "--cacert", user.emulator.ca_file, "--config", "-"]
    done = subprocess.run(
        [*command, "--write-out", "\n%{http_code}"], input=result.stdout, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


@pytest.mark.parametrize("name", CALLED)
@pytest.mark.filterwarnings("ignore::oauth1_catalog.errors.DeprecatedProviderWarning")
def test_a_call_to_each_provider(name: str, user: User) -> None:
    has_token(user, name)
    http = ["--insecure-transport"] if CATALOG.file(name).insecure_transport else []
    form = ["-d", "f=g%20h"] if CATALOG.file(name).client_kwargs.signature_type == "BODY" else []
    status, body = curl(user, name, "no/such/endpoint?a=b%20c&e=%C3%A9", *http, *form)
    assert status == 200, body


@pytest.mark.parametrize(
    "arguments",
    [
        ("-d", "status=Hello World & more"),
        ("-d", 'status="quotes" \\ and\nlines'),
        ("-d", "status=@/etc/passwd"),
        ("-d", '{"status": "é"}', "-H", "Content-Type: application/json"),
        ("-X", "PUT", "-d", "a=b"),
        ("-X", "DELETE"),
        ("-H", 'X-Quoted: "a"'),
    ],
)
def test_what_curl_must_not_change(arguments: tuple[str, ...], user: User) -> None:
    has_token(user, "twitter")
    status, body = curl(user, "twitter", "statuses/update.json", *arguments)
    assert status == 200, body
    assert json.loads(body)["user"] == "grace"


def test_a_url_with_what_curl_expands(user: User) -> None:
    has_token(user, "twitter")
    assert curl(user, "twitter", "https://api.twitter.com/2/tweets?ids=[1-3]&x={a,b}")[0] == 200


def test_the_profile(user: User) -> None:
    for name in ("twitter", "discogs", "ravelry"):
        has_token(user, name)
        status, body = curl(user, name)
        assert (status, "grace" in body.lower()) == (200, True), body


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("flickr",), "flickr: the provider has no URL for the profile. Pass the URL of another call."),
        (("twitter", "https://evil.example/"), "evil.example"),
        (("twitter", "x", "-H", "Broken"), "--header Broken: use NAME:VALUE"),
        (("twitter", "x", "-H", "X: hush\nB: c"), "The header X contains a line break or another control"),
        (("twitter", "x", "-H", "X: hush\r"), "The header X contains a line break or another control"),
        (("twitter", "x", "-H", "X: hush\x00"), "The header X contains a line break or another control"),
        (("twitter", "x", "-H", "X\nB: hush"), "'X\\nB' is not the name of a header"),
        (("twitter", "x", "-H", "X: hush\udcff"), "a lone surrogate"),
        (("twitter", "x", "-H", "X\udcff: hush"), "is not the name of a header"),
        (("twitter", "x", "-d", "hush\udcff"), "a lone surrogate"),
        (("twitter", "x", "-X", "GET\nA"), "'GET\\nA' is not an HTTP method"),
        (("twitter", "x\udcff"), "The URL has a lone surrogate"),
        (("twitter", "x?a=\udcff"), "The URL has a lone surrogate"),
        (("twitter", "x", "--set", "token=hush"), "other users of this machine can read a command line"),
        (("twitter", "x", "--env-file", "/nowhere"), "does not exist"),
    ],
)
def test_what_is_not_signed(arguments: tuple[str, ...], message: str, user: User) -> None:
    has_token(user, arguments[0])
    result = signed(user, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "hush" not in result.stderr


def test_without_keys_the_variables_are_named(user: User) -> None:
    result = signed(user, "twitter", "x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "TWITTER_CLIENT_ID" in result.stderr


@pytest.mark.parametrize("name", ["maas", "zotero"])
def test_a_request_that_contains_a_secret_is_not_shown(name: str, user: User) -> None:
    """The signature of PLAINTEXT is the two secrets, and another provider's header is the token."""
    has_token(user, name)
    command = [*user.command, "sign", name, "x"]
    with Terminal(command, env=user.env, cwd=user.folder) as terminal:
        terminal.expect("the signed request contains a secret. Pass it to curl")
        assert terminal.end() == 2
    with Terminal([*command, "--show-secrets"], env=user.env, cwd=user.folder) as terminal:
        terminal.expect("header = ")
        assert terminal.end() == 0


def test_a_signature_is_shown(user: User) -> None:
    has_token(user, "twitter")
    with Terminal([*user.command, "sign", "twitter", "x"], env=user.env, cwd=user.folder) as terminal:
        terminal.expect('header = "Authorization: OAuth ')
        assert terminal.end() == 0
