"""HTTPie's own commands sign for a provider of the catalog, by the entry point of the wheel."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import addresses
from tests.clients.conftest import response, serving
from tests.installed.conftest import ROOT
from tests.recipes.conftest import Place, requirements
from tests.recipes.test_scrapy import moved, parameters

Http = Callable[..., Any]


@pytest.fixture
def http(place: Callable[..., Place]) -> Callable[[dict[str, str]], Http]:
    """``http(variables)(*words)``: what ``http`` prints, as JSON if it is JSON."""

    def of(variables: dict[str, str]) -> Http:
        here = place("httpie", "httpie>=3.2.4", *requirements("script"), variables=variables)

        def run(*words: object, provider: str = "twitter", status: int | None = 0, **more: str) -> Any:
            options = ["--ignore-stdin", "--check-status", "-A", "oauth1-catalog", "-a", provider]
            done = here.run("http", *options, *words, status=status, **more)
            assert "Traceback" not in done.stderr
            for name, value in variables.items():
                if name.endswith("SECRET"):
                    assert value not in done.stdout + done.stderr
            return done

        run.here = here  # type: ignore[attr-defined] # where it works
        return run

    return of


@pytest.fixture
def twitter(http: Any, emulated: Callable[..., dict[str, str]]) -> Http:
    return http(emulated("twitter"))


@pytest.fixture
def echo(emulator: Emulator) -> str:
    return f"{emulator.catalog.provider('twitter').api_base_url}oauth1/echo"


def test_every_kind_of_request_is_signed(twitter: Any, echo: str, emulator: Emulator) -> None:
    got = json.loads(twitter("--body", echo, "text==a b+c", "tag==é", provider="twitter:").stdout)
    assert (got["user"], got["query"]) == ("grace", [["text", "a b+c"], ["tag", "é"]])
    form = json.loads(twitter("--body", "--form", "POST", echo, "status=a b+c", "lang=é").stdout)
    assert (form["user"], form["form"]) == ("grace", [["status", "a b+c"], ["lang", "é"]])
    sent = json.loads(twitter("--body", "POST", echo, "status=a b", "count:=3").stdout)
    assert (sent["user"], json.loads(sent["body"])) == ("grace", {"status": "a b", "count": 3})
    file = twitter.here.folder / "photo.bin"
    file.write_bytes(bytes(range(256)))
    upload = json.loads(twitter("--body", "--form", "POST", echo, "title=A b", f"photo@{file}").stdout)
    assert upload["user"] == "grace"
    assert "multipart/form-data" in str(upload["headers"])
    raw = json.loads(twitter("--body", "PUT", echo, f"@{file}").stdout)
    assert (raw["user"], raw["method"]) == ("grace", "PUT")
    assert emulator.journal.count(role="api", status=200) == 5


def test_a_download_and_what_is_not_sent(twitter: Any, echo: str, emulator: Emulator) -> None:
    twitter("--download", "--output", "answer.json", echo)
    assert json.loads((twitter.here.folder / "answer.json").read_text(encoding="utf-8"))["user"] == "grace"
    emulator.journal.clear()
    printed = twitter("--offline", "GET", echo).stdout
    assert "Authorization: OAuth oauth_consumer_key=" in printed
    assert emulator.journal.exchanges == ()


def test_a_session_of_httpie_keeps_the_provider_and_no_key(twitter: Any, echo: str) -> None:
    twitter("--session", "./mine.json", echo)
    kept = (twitter.here.folder / "mine.json").read_text(encoding="utf-8")
    assert json.loads(kept)["auth"]["raw_auth"] == "twitter"
    assert "oauth_" not in kept
    done = twitter.here.run("http", "--ignore-stdin", "--check-status", "--body", "--session", "./mine.json", echo)
    assert json.loads(done.stdout)["user"] == "grace"


def test_a_form_that_is_sent_in_chunks_is_refused(twitter: Any, echo: str, emulator: Emulator) -> None:
    done = twitter("--form", "--chunked", "POST", echo, "a=b", status=1)
    assert "The signature covers the body" in done.stderr
    assert emulator.journal.exchanges == ()
    sent = json.loads(twitter("--body", "--chunked", "POST", echo, "a=b").stdout)
    assert (sent["user"], json.loads(sent["body"])) == ("grace", {"a": "b"})


def test_keys_of_a_named_file(http: Any, emulated: Callable[..., dict[str, str]], echo: str) -> None:
    variables = emulated("twitter")
    mine = {name: value for name, value in variables.items() if name.startswith("TWITTER_")}
    run = http({name: value for name, value in variables.items() if name not in mine})
    (run.here.folder / "keys.env").write_text("".join(f"{name}={value}\n" for name, value in mine.items()), "utf-8")
    assert json.loads(run("--body", echo, provider="twitter:keys.env").stdout)["user"] == "grace"
    assert "no client_id" in run(echo, status=1).stderr


def test_the_command_of_the_page(http: Any, emulated: Callable[..., dict[str, str]], emulator: Emulator) -> None:
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    command, at_the_emulator = re.findall(r"^\$ (http .*)$", page, re.MULTILINE)
    values = {"account_id": "1234567_SB1"}
    base = emulator.catalog.provider("netsuite", values=values).api_base_url
    command = command.replace("https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/", str(base))
    here = http(emulated("netsuite", **values)).here
    answer = json.loads(here.run("bash", "-c", command).stdout)
    assert (answer["user"], answer["query"]) == ("grace", [["limit", "10"]])
    answer = json.loads(here.run("bash", "-c", at_the_emulator, **addresses(emulator, "netsuite", values)).stdout)
    assert (answer["user"], answer["query"]) == ("grace", [["limit", "10"]])


def test_variables_of_the_environment(http: Any, emulated: Callable[..., dict[str, str]], emulator: Emulator) -> None:
    values = {"account_id": "1234567_SB1"}
    run = http(emulated("netsuite", **values))
    base = emulator.catalog.provider("netsuite", values=values).api_base_url
    assert json.loads(run("--body", f"{base}record/v1/customer", provider="netsuite").stdout)["user"] == "grace"
    missing = run(f"{base}record", provider="netsuite", status=1, NETSUITE_ACCOUNT_ID="")
    assert missing.stderr.strip().endswith("Set NETSUITE_ACCOUNT_ID in the environment.")


def test_a_provider_whose_calls_carry_the_token(
    http: Any, emulated: Callable[..., dict[str, str]], emulator: Emulator
) -> None:
    run = http(emulated("zotero"))
    base = emulator.catalog.provider("zotero").api_base_url
    assert json.loads(run("--body", f"{base}oauth1/echo", provider="zotero").stdout)["user"] == "grace"
    refused = run("--offline", "https://evil.example/", provider="zotero", status=1)
    assert "is not a host of this provider" in refused.stderr
    assert "allow_any_host" not in refused.stderr  # HTTPie has no such argument
    with serving() as other:
        other.answer = lambda _: response("{}")
        emulator.fail_next("api", status=302, headers={"Location": f"{other.url}/steal"})
        run("--follow", f"{base}oauth1/echo", provider="zotero")
        assert other.last.target == "/steal"
        assert "zotero-api-key" not in other.received.decode("latin-1").lower()
        emulator.fail_next("api", status=302, headers={"Location": f"{base}oauth1/echo?again=1"})
        answer = json.loads(run("--body", "--follow", f"{base}oauth1/echo", provider="zotero").stdout)
        assert (answer["user"], answer["query"]) == ("grace", [["again", "1"]])


def test_a_mistake_is_a_sentence(twitter: Any, echo: str) -> None:
    for words, provider, variables, cause in (
        ([echo], "twiter", {}, "Did you mean `twitter`?"),
        (["https://evil.example/"], "twitter", {}, "https://evil.example is not a host of this provider"),
        (["http://api.twitter.com/"], "twitter", {}, "begin the URL with https://"),
        ([echo], "twitter", {"TWITTER_CLIENT_SECRET": ""}, "Set TWITTER_CLIENT_SECRET in the environment."),
        ([echo], "twitter", {"TWITTER_TOKEN": ""}, "Set TWITTER_TOKEN and TWITTER_TOKEN_SECRET in the environment"),
        ([echo], "twitter:canary", {}, "is not the path of a file"),
        ([echo, "Authorization:Basic x"], "twitter", {}, "has an Authorization header already"),
    ):
        done = twitter(*words, provider=provider, status=1, **variables)
        assert cause in done.stderr, done.stderr
        assert done.stderr.strip().startswith("http: error: ")
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert "client()" not in done.stderr
        assert "canary" not in done.stderr
        assert done.stdout == ""


def test_a_provider_whose_logins_can_be_fixated_needs_a_token_like_others(
    http: Any, emulated: Callable[..., dict[str, str]]
) -> None:
    run = http(emulated("tripit", token=False))
    done = run("--offline", "https://api.tripit.com/v1/list/trip", provider="tripit", status=1)
    assert done.stderr.strip().endswith("Set TRIPIT_TOKEN and TRIPIT_TOKEN_SECRET in the environment.")


def test_a_warning_is_a_sentence(http: Any, emulated: Callable[..., dict[str, str]]) -> None:
    run = http(emulated("discogs"))
    done = run("--offline", "https://api.discogs.com/oauth/identity", provider="discogs")
    assert done.stderr.startswith("http: warning: discogs: the provider asks for a User-Agent")
    named = run("--offline", "https://api.discogs.com/", provider="discogs", DISCOGS_USER_AGENT="shop/1.0")
    assert named.stderr == ""
    assert "User-Agent: shop/1.0" in named.stdout
    own = run("--offline", "https://api.discogs.com/", "User-Agent:mine/2", provider="discogs", DISCOGS_USER_AGENT="x")
    assert "User-Agent: mine/2" in own.stdout


def test_a_redirect_is_signed_for_the_provider_and_for_no_other_host(http: Any, tmp_path: Path) -> None:
    with serving() as wire, serving() as other:
        here, away = (("Location", "/1.1/there?oauth_signature=x&a=b"),), (("Location", f"{other.url}/steal"),)
        wire.answer = lambda arrived: {
            "/1.1/here": response(status="307 Temporary Redirect", headers=here),
            "/1.1/away": response(status="307 Temporary Redirect", headers=away),
        }.get(arrived.target, response("{}"))
        run = http(moved(tmp_path / "own", wire.url))
        run("--follow", "POST", f"{wire.url}/1.1/here", "a=b")
        run("--follow", "POST", f"{wire.url}/1.1/away", "a=b")
        run("--follow", "--form", "POST", f"{wire.url}/1.1/away", "a=b")
        first, second, *_ = wire.arrived
        assert (second.target, second.body) == ("/1.1/there?a=b", first.body)
        assert parameters(first)["oauth_nonce"] != parameters(second)["oauth_nonce"]
        assert [one.target for one in other.arrived] == ["/steal"] * 2
        assert [one.header("Authorization") for one in other.arrived] == [None] * 2
        assert "oauth" not in other.received.decode("latin-1").lower()
