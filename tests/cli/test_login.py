"""``oauth1-catalog login``: the real command in a real terminal, against the emulator.

``tests/installed/test_login.py`` does the same for every provider, with the wheel.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from oauth1_catalog import Catalog, client
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli.login_callback import HEADERS, read_pasted
from oauth1_catalog.cli.terminal import read_answer
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import StateError
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
from tests.cli.users import User, free_port
from tests.servers import child_process

PIN = "PIN, or the address"


@pytest.fixture
def user(emulator: Emulator, tmp_path: Path) -> Iterator[User]:
    """Someone with the command and a browser. At the end, no secret may be on any of the screens."""
    someone = User(emulator, tmp_path, [sys.executable, "-m", "oauth1_catalog"])
    yield someone
    someone.check_screens()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("discogs", "You are logged in to Discogs as grace."),
        ("goodreads", "You are logged in to Goodreads as "),  # OAuth Core 1.0: no verifier
    ],
)
def test_a_login_in_the_browser(user: User, name: str, words: str) -> None:
    user.has_keys(name)
    with user.login(name, "--output", "token.env", "--port", "0") as terminal:
        url = user.address(terminal)
        page = user.allows(url)
        assert terminal.end() == 0
    assert words in terminal.screen
    assert words in page.text
    assert "Warning" not in terminal.screen  # a risk of web applications is none here
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    assert user.token(name)
    file = user.folder / "token.env"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in user.folder.iterdir() if "token" in path.name] == ["token.env"]
    with user.environment():
        assert client(name, env_file=file).static_token.oauth_token == user.token(name)[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("jira_data_center", "You are logged in to Jira"),  # RSA, at a tenant's address
        ("allura", "You have a token of"),  # no profile
        ("evernote", "The token is in token.env."),  # a denial is a callback without a verifier
        ("garmin", "Warning: garmin: OAuth 1.0 will be switched off on 2026-12-31."),
    ],
)
def test_other_kinds_of_logins(user: User, name: str, words: str) -> None:
    user.has_keys(name)
    result, page = user.runs(name, "--output", "token.env", "--port", "0", browser=user.allows)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert words in result.stderr
    assert "<h1>You are logged in</h1>" in page
    assert user.token(name)


def test_the_browser_is_opened_and_a_registered_callback_is_used_as_it_is(user: User) -> None:
    user.has_keys("twitter")
    port = free_port()
    user.emulator.client("twitter", redirect_uri=f"http://127.0.0.1:{port}/callback")
    opened = user.folder / "opened"
    user.env["BROWSER"] = f"sh -c 'echo \"$0\" > {opened}.tmp; mv {opened}.tmp {opened}' %s"
    with user.login("twitter", "--output", "token.env", "--port", port) as terminal:
        url = user.address(terminal)
        assert f"registered at the provider (https://console.x.com): http://127.0.0.1:{port}/c" in (terminal.screen)
        ends = time.monotonic() + 30
        while not opened.exists() and time.monotonic() < ends:
            time.sleep(0.05)
        assert opened.read_text(encoding="utf-8") == f"{url}\n"
        user.allows(url)
        assert terminal.end() == 0
    with user.environment():
        twitter = client("twitter", env_file=user.folder / "token.env")
        assert twitter.get("oauth1/echo").json()["user"] == "grace"


def test_a_configured_callback_on_this_machine_is_listened_for(user: User) -> None:
    user.has_keys("discogs")
    callback = f"http://localhost:{free_port()}/auth/discogs"
    user.env["DISCOGS_REDIRECT_URI"] = callback
    back: list[str] = []

    def browser(url: str) -> requests.Response:
        back.append(user.approves(url))
        return requests.get(back[0], timeout=60)

    result, page = user.runs("discogs", "--output", "token.env", browser=browser)
    assert result.exit_code == 0, result.output
    assert back[0].startswith(f"{callback}?oauth_token=")
    assert "You are logged in to Discogs as grace." in page


def test_a_configured_callback_elsewhere_is_pasted(user: User) -> None:
    user.has_keys("discogs")
    user.env["DISCOGS_REDIRECT_URI"] = "https://shop.example/auth/discogs"
    with user.login("discogs", "--output", "token.env") as terminal:
        back = user.emulator.deny(user.address(terminal))
        assert back.startswith("https://shop.example/auth/discogs?")
        terminal.answer(PIN, back)
        assert terminal.end() == 1
    assert "Error: discogs: access was denied at the provider." in terminal.screen


def test_a_denial_in_the_browser(user: User) -> None:
    user.has_keys("discogs")
    with user.login("discogs", "--output", "token.env", "--port", "0") as terminal:
        page = requests.get(user.emulator.deny(user.address(terminal)), timeout=60)
        assert terminal.end() == 1
    assert "<h1>Access was denied</h1>" in page.text
    assert "Error: discogs: access was denied at the provider. Run the command again to log in." in terminal.screen
    assert not (user.folder / "token.env").exists()


def test_a_refusal_of_the_token_is_shown_in_both_places(user: User) -> None:
    user.has_keys("discogs")

    def browser(url: str) -> requests.Response:
        back = user.approves(url)
        user.emulator.fail_next("access_token", status=401, body="oauth_problem=<b>no</b>")
        return requests.get(back, timeout=60)

    result, page = user.runs("discogs", "--output", "token.env", "--port", "0", browser=browser)
    assert result.exit_code == 1
    assert "<h1>The login failed</h1>" in page
    assert "was refused with status 401" in page
    assert "<b>" not in page
    assert "was refused with status 401" in result.stderr
    assert list(user.folder.glob("*token*")) == []


def test_callbacks_of_others_are_refused_and_the_login_goes_on(user: User) -> None:
    user.has_keys("discogs")
    with user.login("discogs", "--output", "token.env", "--port", "0") as terminal:
        back = user.approves(user.address(terminal))
        parts = urlsplit(back)
        (token,) = parse_qs(parts.query)["oauth_token"]
        assert re.fullmatch(r"/callback/[\w-]{22}", parts.path)
        assert status(parts.port, f"{parts.path}?{parts.query}", "evil.example") == 421
        assert status(parts.port, f"{parts.path}?{parts.query}", f"localhost:{parts.port}") == 421
        assert status(parts.port, f"{parts.path}?{parts.query}", parts.netloc, parts.netloc) == 421
        assert status(parts.port, f"/callback?{parts.query}", parts.netloc) == 404
        assert status(parts.port, f"/callback/guess?{parts.query}", parts.netloc) == 404
        assert status(parts.port, f"/callback/%C3?{parts.query}", parts.netloc) == 404
        assert status(parts.port, f"{parts.path}?{parts.query.replace(token, 'other')}", parts.netloc) == 403
        assert status(parts.port, f"{parts.path}?oauth_token={token}&{parts.query}", parts.netloc) == 403
        assert status(parts.port, f"{parts.path}?denied=other", parts.netloc) == 403
        assert status(parts.port, f"{parts.path}", parts.netloc) == 403
        assert status(parts.port, f"{parts.path}?{parts.query}", parts.netloc, method="POST") == 501
        with socket.create_connection(("127.0.0.1", parts.port)):  # a browser opens one that it does not use
            assert "as grace" in requests.get(back, timeout=60).text
            assert terminal.end() == 0
    with pytest.raises(ConnectionRefusedError):
        status(parts.port, "/", parts.netloc)


def status(port: int | None, target: str, *hosts: str, method: str = "GET") -> int:
    """The status of a request to the server of the callback, whose pages never repeat what they were sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, target, skip_host=True)
    for host in hosts:
        connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    page = response.read().decode()
    connection.close()
    assert response.headers["Server"].strip() == "oauth1-catalog"
    assert urlsplit(target).query not in page or not urlsplit(target).query
    return response.status


def test_nothing_comes_back(user: User) -> None:
    user.has_keys("discogs")
    with user.login("discogs", "--output", "token.env", "--port", "0", "--timeout", "1") as terminal:
        assert terminal.end() == 1
    assert "Error: discogs: no callback came within 1 seconds; the browser may have been closed." in terminal.screen
    assert list(user.folder.glob("*token*")) == []


def test_a_port_that_is_taken(user: User) -> None:
    user.has_keys("discogs")
    try:
        taken = socket.create_server(("127.0.0.1", 5849))  # the default
    except OSError:
        taken = socket.socket()  # someone else has it
    with taken:
        result, _ = user.runs("discogs", "--output", "token.env")
    assert result.exit_code == 1
    assert "Error: 127.0.0.1:5849, the address of the callback: Address already in use." in result.output
    assert "Choose another port with --port, or use --headless." in result.output
    assert user.emulator.journal.count("discogs") == 0


@pytest.mark.parametrize("name", ["twitter", "etrade"])
def test_a_pin_with_blanks(user: User, name: str) -> None:
    user.has_keys(name)
    headless = [] if name == "etrade" else ["--headless"]  # E*TRADE knows only oob
    with user.login(name, "--output", "token.env", *headless) as terminal:
        pin = user.approves(user.address(terminal))
        assert re.fullmatch(r"\d{7}", pin)
        terminal.answer(PIN, f" {pin[:3]} {pin[3:]}\t ")
        assert terminal.end() == 0
    assert user.token(name)
    assert bool(re.search(r"It expires on \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", terminal.screen)) == (name == "etrade")


def test_a_pasted_address_and_what_is_not_one(user: User) -> None:
    user.has_keys("wikimedia")  # oob, and the callback that is registered
    user.emulator.client("wikimedia", redirect_uri="https://shop.example/wiki")
    with user.login("wikimedia", "--output", "token.env") as terminal:
        url = user.address(terminal)
        terminal.answer(PIN, url)
        terminal.answer(
            r"This is the address to open, (?s:.*)PIN", "https://shop.example/wiki?oauth_token=other&oauth_verifier=1"
        )
        back = user.approves(url)
        terminal.answer(r"the callback of another login\. (?s:.*)PIN", f"\x1b[200~{back}\x1b[201~")
        assert terminal.end() == 0
    assert "as grace" in terminal.screen


def test_three_wrong_answers_are_enough(user: User) -> None:
    user.has_keys("discogs")
    wrong = f"\nhttps://shop.example/\n{'x' * 3000}\n"
    result, _ = user.runs("discogs", "--headless", "--output", "token.env", typed=wrong)
    assert result.exit_code == 1
    assert "Error: discogs: no PIN and no callback URL. Run the command again." in result.output
    assert user.emulator.journal.count("discogs", role="access_token") == 0


def test_a_wrong_pin(user: User) -> None:
    user.has_keys("discogs")
    result, _ = user.runs("discogs", "--headless", "--output", "token.env", typed="\nwrong\n")
    assert result.exit_code == 1
    assert "This is neither a PIN nor an address." in result.output
    assert "Error: discogs: the access_token request was refused with status" in result.output


def test_the_end_of_the_input(user: User) -> None:
    user.has_keys("discogs")
    result, _ = user.runs("discogs", "--headless", "--output", "token.env")
    assert result.exit_code == 1
    assert result.output.endswith("Aborted!\n")


def test_missing_keys_are_asked_for(user: User) -> None:
    keys = user.has_keys("netsuite")
    for name in ("NETSUITE_CLIENT_ID", "NETSUITE_CLIENT_SECRET", "NETSUITE_ACCOUNT_ID"):
        del user.env[name]
    with user.login("netsuite", "--headless", "--output", "token.env") as terminal:
        terminal.expect("netsuite: no account_id (?s:.*)NETSUITE_ACCOUNT_ID: ")
        terminal.type("1234567_SB1")
        terminal.expect("NETSUITE_CLIENT_ID: ")
        terminal.type(f"\x1b[200~{keys.client_id}\x1b[201~ ")
        terminal.answer("NETSUITE_CLIENT_SECRET: ", keys.client_secret)
        terminal.answer(PIN, user.approves(user.address(terminal)))
        assert terminal.end() == 0
    names = "NETSUITE_ACCOUNT_ID, NETSUITE_CLIENT_ID, NETSUITE_CLIENT_SECRET"
    assert f"The keys and values that you typed are not saved: {names}. client() needs them as well" in terminal.screen
    assert keys.client_secret not in (user.folder / "token.env").read_text(encoding="utf-8")


def test_the_steps_to_get_keys_come_before_the_question(user: User) -> None:
    (user.folder / "acme.yaml").write_text(
        "schema_version: 1\nname: acme\nsetup: [Sign in at https://acme.example., Create a key.]\n"
        "access: {state: paid, since: 2025-03, note: Only Pro accounts can create keys.}\nflows: [xauth]\n"
        "access_token_url: https://acme.example/access\napi_base_url: https://acme.example/\n",
        encoding="utf-8",
    )
    with user.login("acme.yaml", "--output", "token.env") as terminal:
        terminal.expect("acme: no client_id(?s:.*)The provider gives keys only to paying customers, since 2025-03. ")
        terminal.expect("Only Pro accounts can create keys.\\s+To get keys:\\s+1. Sign in at https://acme.example.\\s+")
        terminal.expect("2. Create a key.\\s+ACME_CLIENT_ID: ")


def test_a_private_key_is_asked_for_as_a_path(user: User) -> None:
    user.has_keys("jira_data_center")
    path = user.env.pop("JIRA_DATA_CENTER_RSA_KEY")
    with user.login("jira_data_center", "--headless", "--output", "token.env") as terminal:
        terminal.expect(r"JIRA_DATA_CENTER_RSA_KEY \(a path\): ")
        terminal.type(path)
        terminal.answer(PIN, user.approves(user.address(terminal)))
        assert terminal.end() == 0


def test_a_question_without_an_answer(user: User) -> None:
    user.has_keys("twitter")
    user.env["TWITTER_API_SECRET"] = user.env.pop("TWITTER_CLIENT_SECRET")
    with user.login("twitter", "--output", "token.env") as terminal:
        terminal.expect(r"twitter: no client_secret .* Did you mean TWITTER_API_SECRET \(set in the environment\)\?")
        for _ in range(3):
            terminal.answer("TWITTER_CLIENT_SECRET: ", "")
        assert terminal.end() == 2
    assert "Error: TWITTER_CLIENT_SECRET: there is no answer." in terminal.screen


def test_the_keys_of_a_file_and_the_token_beside_them(user: User) -> None:
    keys = user.has_keys("twitter")
    del user.env["TWITTER_CLIENT_ID"], user.env["TWITTER_CLIENT_SECRET"]
    file = user.folder / "my.env"
    file.write_text(
        f"# mine\nTWITTER_CLIENT_ID={keys.client_id}\nexport TWITTER_TOKEN=old\nOTHER='a\nTWITTER_TOKEN=b\n'\n"
        f"TWITTER_CLIENT_SECRET='{keys.client_secret}'",
        encoding="utf-8",
    )
    file.chmod(0o644)
    with user.login("twitter", "--env-file", "my.env", "--headless") as terminal:
        terminal.expect(r"File for the token \[my.env\]: ")
        terminal.type("")
        terminal.answer(PIN, user.approves(user.address(terminal)))
        assert terminal.end() == 0
    assert "The token is in my.env." in terminal.screen
    token, secret = user.token("twitter", "my.env")
    assert file.read_text(encoding="utf-8") == (
        f"# mine\nTWITTER_CLIENT_ID={keys.client_id}\nexport TWITTER_TOKEN={token}\nOTHER='a\nTWITTER_TOKEN=b\n'\n"
        f"TWITTER_CLIENT_SECRET='{keys.client_secret}'\nTWITTER_TOKEN_SECRET={secret}\n"
    )
    assert file.stat().st_mode & 0o777 == 0o600
    with user.environment():
        assert client("twitter", env_file=file).userinfo()["preferred_username"] == "grace"


def test_another_name_and_another_environment(user: User) -> None:
    keys = user.has_keys("evernote")
    user.env |= {"SHOP_CLIENT_ID": keys.client_id, "SHOP_CLIENT_SECRET": keys.client_secret}
    options = ["--name", "shop", "--environment", "china", "--output", "token.env", "--port", "0"]
    result, _ = user.runs("evernote", *options, browser=user.allows)
    assert result.exit_code == 0, result.output
    assert user.token("shop")


def test_own_files_and_options(user: User) -> None:
    user.has_keys("flickr")
    del user.env["OAUTH1_CATALOG_PATH"]
    seen: list[str] = []

    def browser(url: str) -> requests.Response:
        seen.append(url)
        return user.allows(url)

    options = ["--set", "perms=write", "--output", "token.env", "--port", "0"]
    for where in (["providers/flickr.yaml"], ["flickr", "--directory", "providers"]):
        result, _ = user.runs(*where, *options, browser=browser)
        assert result.exit_code == 0, result.output
        assert user.token("flickr")
    assert ["perms=write" in url for url in seen] == [True, True]


def test_local_hosts_are_allowed_as_for_other_commands(user: User) -> None:
    user.has_keys("allura")
    options = ["allura", "--set", "base_url=https://allura.corp.local", "--port", "0", "--output", "x"]
    del user.env["ALLURA_BASE_URL"], user.env["OAUTH1_CATALOG_PATH"]
    refused, _ = user.runs(*options)
    assert refused.exit_code == 2
    assert "allow_local_hosts" in refused.output
    allowed, _ = user.runs(*options, "--allow-local-hosts")
    assert allowed.exit_code == 1
    assert "Error: allura: the request_token request got no answer" in allowed.output


def test_the_line_breaks_of_an_env_file_stay(user: User) -> None:
    user.has_keys("twitter")
    file = user.folder / "windows.env"
    file.write_bytes(b'A="one\r\ntwo"\r\nB=2\r\n')
    result, _ = user.runs("twitter", "--output", "windows.env", "--port", "0", browser=user.allows)
    assert result.exit_code == 0, result.output
    written = file.read_bytes()
    assert written.startswith(b'A="one\r\ntwo"\r\nB=2\r\nTWITTER_TOKEN=')
    assert written.count(b"\n") == written.count(b"\r\n") == 5
    with user.environment():
        assert client("twitter", env_file=file).static_token.oauth_token


def test_a_token_that_a_shell_would_run_is_in_no_env_file(user: User) -> None:
    user.has_keys("cardmarket")
    user.env |= {"CARDMARKET_TOKEN": "t", "CARDMARKET_TOKEN_SECRET": "'; touch run; '"}
    for target in (["--output", "token.env"], []):
        result, _ = user.runs("cardmarket", *target)
        assert result.exit_code == 1
        assert "Error: CARDMARKET_TOKEN_SECRET contains a quote, a backslash" in result.output
        assert result.stdout == ""
    result, _ = user.runs("cardmarket", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["oauth_token_secret"] == "'; touch run; '"


def test_json_in_a_pipe_has_every_field_and_nothing_else(user: User) -> None:
    user.has_keys("zotero")
    result, _ = user.runs("zotero", "--format", "json", "--port", "0", browser=user.allows)
    assert result.exit_code == 0, result.output
    token = json.loads(result.stdout)
    assert {"oauth_token", "oauth_token_secret", "userID"} <= token.keys()
    assert token["oauth_token_secret"] not in result.stderr


def test_a_json_file_is_a_token_for_the_client(user: User) -> None:
    user.has_keys("twitter")
    for _ in range(2):  # the second one replaces the first
        result, _page = user.runs(
            "twitter", "--format", "json", "--output", "token.json", "--port", "0", browser=user.allows
        )
        assert result.exit_code == 0, result.output
    file = user.folder / "token.json"
    assert file.stat().st_mode & 0o777 == 0o600
    with user.environment():
        token = json.loads(file.read_text(encoding="utf-8"))
        assert client("twitter").userinfo(token=token)["preferred_username"] == "grace"


def test_a_terminal_gets_the_token_only_if_it_is_wanted(user: User) -> None:
    user.has_keys("twitter")
    with user.login("twitter", "--headless", "--show-secrets") as terminal:
        terminal.answer(PIN, user.approves(user.address(terminal)))
        assert terminal.end() == 0
    assert re.search(r"\nTWITTER_TOKEN=\w+\nTWITTER_TOKEN_SECRET=\w+\n", terminal.screen)


class Base(DeclarativeBase):
    pass


class Row(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token"
    user_id: Mapped[int] = mapped_column()


def test_a_token_table(user: User, request: pytest.FixtureRequest) -> None:
    user.has_keys("twitter")
    database, key = f"sqlite:///{user.folder}/app.db", TokenCipher.new_key()
    user.env["OAUTH1_CATALOG_TOKEN_KEYS"] = key
    engine = create_engine(database)
    request.addfinalizer(engine.dispose)
    Base.metadata.create_all(engine)
    for _ in range(2):  # the second one replaces the first
        result, _page = user.runs("twitter", "--database", database, "--user", "7", "--port", "0", browser=user.allows)
        assert result.exit_code == 0, result.output
        assert "The token is in the table oauth1_token, for the user 7." in result.stderr
        token = SQLAlchemyTokens(sessionmaker(engine), Row, keys=key).find("twitter", 7)
        assert token["screen_name"] == "grace"
        assert token["oauth_token_secret"] not in result.output
    with engine.connect() as connection:
        assert connection.execute(text("select count(*), max(version) from oauth1_token")).one() == (1, 2)
    with user.environment():
        twitter = client("twitter", token_store=SQLAlchemyTokens(sessionmaker(engine), Row, keys=key))
        assert twitter.get("oauth1/echo", token=twitter.find_token(7)).json()["user"] == "grace"


DATABASE = {"DATABASE_URL": "sqlite:///app.db"}


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        ("--user 7", DATABASE, "there is no key. Make one with"),
        ("--user x", DATABASE | {"OAUTH1_CATALOG_TOKEN_KEYS": TokenCipher.new_key()}, "holds whole numbers"),
        ("--user 7 --table t", DATABASE, "t: the database has no such table"),
        ("--database sqlite://", {}, "--database and --user belong together."),
        ("--user 7", {}, "--database and --user belong together."),
        ("--user 7 --output x", DATABASE, "--output and --database: choose one of them."),
        ("--output x --show-secrets", {}, "--show-secrets prints the token instead of saving it."),
        ("--output none/x", {}, "--output: none/x is in the folder none, which does not exist."),
        ("--output link", {}, "--output: link is not a regular file."),
        ("--output /dev/null", {}, "--output: /dev/null is not a regular file."),
        ("--output latin.env", {}, "--output: latin.env is not UTF-8 text."),
        ("--output large.env", {}, "--output: large.env cannot be read (it is larger than 1,048,576 bytes)."),
        ("--output x --env-file /dev/zero", {}, "'/dev/zero' cannot be read (it is not a regular file)."),
        ("--output other.json --format json", {}, "other.json already exists, and does not contain a token."),
        ("--output other.json", {}, "--output: other.json contains JSON, and not lines NAME=VALUE. Add --format json"),
        (
            "--output double.env",
            {},
            "--output: double.env has a line behind which nothing can be read, such as",
        ),
        (
            "--output mixed.env",
            {},
            "--output: mixed.env has line breaks of several kinds. Save it with one kind first.",
        ),
        ("--output open.env", {}, "--output: open.env has a line behind which nothing can be read, such as one with"),
        ("--output x --set client_secret=hush", {}, "--set client_secret: other users of this machine can read"),
        ("--output x --set token=hush", {}, "--set token: other users of this machine can read"),
        (
            "--output x --set redirect_uri=http://127.0.0.1:no/cb",
            {},
            "Set TWITTER_REDIRECT_URI or --set redirect_uri to a whole address such as http://127.0.0.1:5849/callback",
        ),
        (
            "--output x --set client_secert=hush",
            {},
            "the command has an unknown option 'client_secert'. Did you mean 'client_",
        ),
        ("--output x --set fetch_token=x", {}, "twitter: the command was given fetch_token, which only"),
        ("--output x --timeout inf", {}, "'inf' is not a valid integer range"),
        ("--output x --port 65536", {}, "65536 is not in the range 0<=x<=65535"),
        ("--output x --flow xauth", {}, "--flow xauth: twitter has redirect, static_token."),
        ("--output x", {"TWITTER_REDIRECT_URI": "http://127.0.0.1:99999/"}, "Port out of range"),
        ("--output x", {"TWITTER_REDIRECT_URI": "http://["}, "the redirect URI 'http://[' cannot be read"),
        ("--output x", {"TWITTER_REDIRECT_URI": "/auth"}, "OAUTH1_CATALOG_REDIRECT_BASE_URL"),
        ("--output x --env-file none", {}, "File 'none' does not exist."),
    ],
)
def test_wrong_use_is_found_before_the_login(
    user: User, arguments: str, environment: dict[str, str], words: str
) -> None:
    user.has_keys("twitter")
    user.env |= environment
    engine = create_engine(f"sqlite:///{user.folder}/app.db")
    Base.metadata.create_all(engine)
    engine.dispose()
    (user.folder / "victim").write_text("mine\n", encoding="utf-8")
    (user.folder / "link").symlink_to("victim")
    (user.folder / "double.env").write_text('A="not closed\nB=1\n', encoding="utf-8")
    (user.folder / "mixed.env").write_bytes(b"A=1\r\nB=2\n")
    (user.folder / "open.env").write_text("A='not closed\nB=1\n", encoding="utf-8")
    (user.folder / "latin.env").write_bytes(b"NAME=\xe9\n")
    (user.folder / "large.env").write_bytes(b"#" * 1_100_000)
    (user.folder / "other.json").write_text('{"name": "mine"}', encoding="utf-8")
    before = sorted(path.name for path in user.folder.iterdir())
    result, _ = user.runs("twitter", *arguments.split())
    assert result.exit_code == 2, result.output
    assert words in result.output
    assert "hush" not in result.output
    assert sorted(path.name for path in user.folder.iterdir()) == before
    assert user.emulator.journal.count("twitter") == 0


def test_a_driver_for_asyncio(user: User) -> None:
    user.has_keys("twitter")
    result, _ = user.runs("twitter", "--user", "7", "--database", "sqlite+aiosqlite://")
    assert result.exit_code == 1
    assert "--database: aiosqlite is a driver for asyncio. Use another driver" in result.output


def test_a_password_is_asked_for(user: User) -> None:
    user.has_keys("instapaper")
    with user.login("instapaper", "--output", "token.env") as terminal:
        terminal.expect("Name or e-mail address of the user: ")
        terminal.type("grace")
        user.secrets.add("a password")
        terminal.answer("Password: ", " a password ")
        assert terminal.end() == 0
    assert "logged in to Instapaper as grace" in terminal.screen
    assert user.token("instapaper")


def test_a_token_of_the_console(user: User) -> None:
    user.has_keys("cardmarket")
    issued = user.emulator.issue_token("cardmarket", user="grace")
    user.env.pop("CARDMARKET_TOKEN", None), user.env.pop("CARDMARKET_TOKEN_SECRET", None)
    with user.login("cardmarket", "--output", "token.env") as terminal:
        terminal.expect("cardmarket: the provider issues tokens in its console ")
        terminal.answer("Token: ", issued.oauth_token)
        terminal.answer("Token secret: ", issued.oauth_token_secret)
        assert terminal.end() == 0
    assert "logged in to Cardmarket as " in terminal.screen
    assert user.token("cardmarket") == (issued.oauth_token, issued.oauth_token_secret)


def test_a_token_of_the_console_that_is_configured_and_does_not_work(user: User) -> None:
    user.has_keys("cardmarket")
    user.env |= {"CARDMARKET_TOKEN": "wrong", "CARDMARKET_TOKEN_SECRET": "wrong-too"}
    result, _ = user.runs("cardmarket", "--output", "token.env")
    assert result.exit_code == 0
    assert "Warning: the profile cannot be read. " in result.output
    assert "The environment has CARDMARKET_TOKEN, too, which client() prefers: unset it." in result.output
    assert user.token("cardmarket") == ("wrong", "wrong-too")


@pytest.mark.parametrize("name", ["magento2", "here"])
def test_a_token_for_the_client_itself(user: User, name: str) -> None:
    user.has_keys(name)
    result, _ = user.runs(name, "--output", "token.env")
    assert result.exit_code == 0
    assert "You have a token of" in result.output
    assert user.token(name)[0] not in result.output


@pytest.mark.parametrize(
    ("name", "words", "status"),
    [
        ("woocommerce", "woocommerce has no tokens: calls are signed with the client's keys only.", 2),
        ("twiter", "Did you mean `twitter`?", 2),
        ("yelp_v2", "OAuth 1.0 was switched off", 1),
        ("instapaper", "exchanges a user's name and password for a token. Run the command in a terminal", 2),
        ("bricklink", "Set BRICKLINK_TOKEN and BRICKLINK_TOKEN_SECRET where client() reads them", 2),
    ],
)
def test_providers_without_a_login(user: User, name: str, words: str, status: int) -> None:
    if name not in {"twiter", "yelp_v2"}:
        user.has_keys(name)
    for variable in ("BRICKLINK_TOKEN", "BRICKLINK_TOKEN_SECRET"):
        user.env.pop(variable, None)
    result, _ = user.runs(name, "--output", "token.env")
    assert result.exit_code == status
    assert words in result.output
    assert list(user.folder.glob("*token*")) == []


def test_without_a_terminal_nothing_is_asked(user: User) -> None:
    result, _ = user.runs("twitter", "--output", "token.env")
    assert result.exit_code == 2
    assert "Set TWITTER_CLIENT_ID and TWITTER_CLIENT_SECRET in the environment.\n" in result.output
    keys = user.has_keys("twitter")
    user.env["TWITTER_CONSUMER_KEY"] = user.env.pop("TWITTER_CLIENT_ID")
    (user.folder / "keys.env").write_text(f"TWITTER_API_SECRET={keys.client_secret}\n", encoding="utf-8")
    result, _ = user.runs("twitter", "--env-file", "keys.env")
    assert result.exit_code == 2
    assert "Set TWITTER_CLIENT_ID in the environment or keys.env. Did" in result.output
    assert "Did you mean TWITTER_CONSUMER_KEY (set in the environment)?" in result.output


def test_another_flow_of_a_provider(user: User) -> None:
    user.has_keys("twitter")
    issued = user.emulator.issue_token("twitter", user="grace")
    user.env |= {"TWITTER_TOKEN": issued.oauth_token, "TWITTER_TOKEN_SECRET": issued.oauth_token_secret}
    result, _ = user.runs("twitter", "--flow", "static_token", "--output", "token.env")
    assert result.exit_code == 0
    assert "You are logged in to X (Twitter) as grace." in result.output
    assert user.token("twitter") == (issued.oauth_token, issued.oauth_token_secret)


def test_a_program_can_give_the_answers(user: User) -> None:
    """Without a terminal, for a program that drives the command."""
    user.has_keys("twitter")
    command, pipe = [*user.command, "login", "twitter", "--headless"], subprocess.PIPE
    with child_process(command, env=user.env, cwd=user.folder, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stderr is not None
        url = ""
        for line in process.stderr:
            if found := re.search(r"http://\S+/authorize\S+", line):
                url = found[0]
                break
        out, err = process.communicate(f"{user.approves(url)}\n", timeout=60)
    assert process.returncode == 0, err
    assert re.fullmatch(r"TWITTER_TOKEN=\w+\nTWITTER_TOKEN_SECRET=\w+\n", out)


@pytest.mark.parametrize(
    ("place", "how"),
    [
        ("a question", "Ctrl+C"),
        ("a hidden question", "Ctrl+C"),
        ("the callback", "Ctrl+C"),
        ("the callback", "SIGTERM"),
    ],
)
def test_it_can_be_stopped_at_any_time(user: User, place: str, how: str) -> None:
    user.has_keys("twitter")
    if place == "a question":
        del user.env["TWITTER_CLIENT_ID"]
    if place == "a hidden question":
        del user.env["TWITTER_CLIENT_SECRET"]
    shown = {
        "a question": "TWITTER_CLIENT_ID: ",
        "a hidden question": "TWITTER_CLIENT_SECRET: ",
        "the callback": "/authorize",
    }
    with user.login("twitter", "--port", "0", "--output", "token.env") as terminal:
        terminal.expect(shown[place])
        for _ in range(10):  # a signal just before a command reads is seen after it
            terminal.press_ctrl_c() if how == "Ctrl+C" else terminal.process.send_signal(signal.SIGTERM)
            try:
                terminal.process.wait(timeout=2)
                break
            except subprocess.TimeoutExpired:
                continue
        assert terminal.end() == 1
        assert terminal.shows_typing
    assert terminal.screen.rstrip().endswith("Aborted!")
    assert list(user.folder.glob("*token*")) == []


def test_a_file_of_the_shell_that_others_can_read(user: User) -> None:
    user.has_keys("magento2")
    file = user.folder / "shell.env"
    for mode, warns in ((0o644, True), (0o600, False)):
        file.touch()
        file.chmod(mode)
        with file.open("w") as stdout, user.login("magento2", stdout=stdout) as terminal:
            assert terminal.end() == 0
        assert ("Others can read the file with the token: next time, use --output." in terminal.screen) == warns
        assert user.token("magento2", "shell.env")[0]


def test_wrong_keys(user: User) -> None:
    user.has_keys("discogs")
    user.env["DISCOGS_CLIENT_SECRET"] = "wrong"
    result, _ = user.runs("discogs", "--output", "token.env", "--port", "0")
    assert result.exit_code == 1
    assert "Error: discogs: the request_token request was refused with status 401" in result.output


def test_a_disk_that_is_full_after_the_login(user: User) -> None:
    user.has_keys("magento2")
    with Path("/dev/full").open("w") as full, user.login("magento2", stdout=full) as terminal:
        assert terminal.end() == 1
    assert "Error: the token was not saved: No space left on device. Log in again." in terminal.screen


def test_a_reader_that_has_gone(user: User) -> None:
    user.has_keys("magento2")
    reading, writing = os.pipe()
    os.close(reading)
    with user.login("magento2", stdout=writing) as terminal:
        os.close(writing)
        assert terminal.end() == 1
    assert "Error: the token was not saved: the program that reads standard output has ended. Log in" in terminal.screen


def test_the_help_has_examples_that_are_wrong_nowhere(user: User) -> None:
    done = subprocess.run([*user.command, "login", "--help"], capture_output=True, text=True, check=True)
    examples = re.findall(r"^ +oauth1-catalog login (.*)$", done.stdout, re.MULTILINE)
    assert len(examples) == 3
    for example in examples:
        name, *options = example.partition(" >")[0].split()
        assert name in Catalog()
        assert all(option in done.stdout for option in options if option.startswith("--"))


def test_a_page_shows_a_profile_as_text(user: User) -> None:
    user.has_keys("discogs")
    result, page = user.runs(
        "discogs", "--output", "token.env", "--port", "0",
        browser=lambda url: requests.get(user.emulator.approve(url, user="<script>\x1b[31m"), timeout=60),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "as <script>\N{REPLACEMENT CHARACTER}[31m" in result.stderr


@pytest.mark.parametrize(("strip", "answer"), [(True, "a b"), (False, " a b ")])
def test_only_a_password_keeps_the_blanks_at_its_ends(
    strip: bool, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("\x1b[200~ a b \x1b[201~\nnext\n"))
    assert read_answer("Question", strip=strip) == answer
    assert capsys.readouterr() == ("", "Question: ")


BACK = "https://a.example/cb?oauth_token=t&oauth_verifier=v"


@pytest.mark.parametrize(
    ("pasted", "verifier"),
    [
        ("123 4567", "1234567"),
        ("\tabc-_.~\n", "abc-_.~"),
        (BACK, "v"),
        (f" {BACK[:30]} {BACK[30:]} ", "v"),  # broken by a terminal
        (BACK.removeprefix("https://"), "v"),  # browsers hide it
        (BACK.partition("?")[2], "v"),
        (f"{BACK}#_=_", "v"),
        (f"{BACK}&x=%C3%A9", "v"),
        (f"{BACK}&state=a?b", "v"),
    ],
)
def test_what_may_be_pasted(pasted: str, verifier: str) -> None:
    callback = read_pasted(Provider(name="x"), pasted, oauth_token="t", authorize_url="https://b.example/authorize?a=b")
    assert (callback.oauth_token, callback.oauth_verifier, callback.failure) == ("t", verifier, None)


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("", "neither a PIN nor an address"),
        ("x" * 2049, "neither a PIN nor an address"),
        ("1\x0034", "neither a PIN nor an address"),
        ("https://b.example/authorize?oauth_token=t", "This is the address to open"),
        ("https://a.example/cb", 'Missing "oauth_token".* callback. Paste the whole address that the browser shows'),
        ("https://x/?", "Paste the whole address that the browser shows after this login.$"),
        (BACK.replace("=t", "=u"), "another login"),
        (BACK.replace("&oauth_verifier=v", ""), "The address has no oauth_verifier. Copy all of it"),
        (f"{BACK}&oauth_token=t", "comes twice.*Paste the whole address"),
    ],
)
def test_what_may_not_be_pasted(pasted: str, words: str) -> None:
    with pytest.raises(StateError, match=words):
        read_pasted(Provider(name="x"), pasted, oauth_token="t", authorize_url="https://b.example/authorize?a=b")
