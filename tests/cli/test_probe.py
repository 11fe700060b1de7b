"""``oauth1-catalog probe`` with real servers on loopback, of 24 kinds, and what it writes."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
import trustme
from click.testing import CliRunner, Result

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.sections import Probed
from oauth1_catalog.catalog.source import read
from oauth1_catalog.cli import cli
from oauth1_catalog.clients import lookups
from oauth1_catalog.diagnosis.liveness import Outcome
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import moved_fields
from tests.clients.conftest import Arrived, Dripping, Wire, response, serving

FILE = """\
# yaml-language-server: $schema=../schemas/provider.schema.json
schema_version: 1
name: {name}   # the name
request_token_url: "{url}/oauth/request"
authorize_url: "{url}/oauth/authorize"
access_token_url: "{url}/oauth/access"
"""
PAGE = "<!doctype html><title>Acme</title>"
HTML = ("Content-Type", "text/html")
JSON = ("Content-Type", "application/json")
TOKEN = "oauth_token=hush-token&oauth_token_secret=hush-secret&oauth_callback_confirmed=true"
CONTACT = ("--contact", "me@example.com")

Made = "bytes | Dripping | None"
# kind -> (the answer of the token endpoints, the result, a part of the reason)
KINDS: dict[str, tuple[object, str, str]] = {
    "challenge": (response("", "401 Unauthorized", (("WWW-Authenticate", 'OAuth realm="x"'),)), "oauth1", "WWW-Auth"),
    "problem": (response("oauth_problem=consumer_key_unknown", "401 Unauthorized"), "oauth1", "consumer_key_unknown"),
    "form": (response("oauth_parameters_absent=oauth_token", "400 Bad Request"), "oauth1", "oauth_parameters_absent"),
    "prose": (response("Invalid signature", "401 Unauthorized"), "oauth1", "signature_invalid"),
    "token": (response(TOKEN), "oauth1", "a token for a made-up key"),
    "plain_401": (response("Unauthorized", "401 Unauthorized"), "unclear", "without a word of OAuth 1.0"),
    "moved_here": (response("", "301 Moved", (("Location", "/v2/oauth"),)), "moved", "301 to the same host"),
    "moved_away": (response("", "308 Moved", (("Location", "https://new.example/o?t=hush"),)), "moved", "another host"),
    "not_found": (response("no such page", "404 Not Found"), "gone", "404"),
    "gone": (response(PAGE, "410 Gone", (HTML,)), "gone", "410"),
    "start_page": (response(PAGE, headers=(HTML,)), "gone", "a web page"),
    "invalid_client": (response('{"error": "invalid_client"}', "401 No", (JSON,)), "oauth2", "error=invalid_client"),
    "bearer": (response("", "401 No", (("WWW-Authenticate", "Bearer"),)), "oauth2", "WWW-Authenticate: Bearer"),
    "wall": (response(f"{PAGE}Just a moment...", "403 Forbidden", (HTML,)), "blocked", "a wall against programs"),
    "too_many": (response("", "429 Slow", (("Retry-After", "3600"),)), "blocked", "asks to wait 3600 s"),
    "server_error": (response("", "500 Error"), "unclear", "fails with 500"),
    "unavailable": (response("", "503 Unavailable"), "unreachable", "fails with 503"),
    "silent": (Dripping(b"", b""), "unreachable", "the answer took longer than 1.0 seconds"),
    "endless": (Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, 0), "unclear", "is longer than 524288 bytes"),
    "dripping": (Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), "unreachable", "the answer took longer"),
    "hangs_up": (None, "unreachable", "the connection was closed"),
    "no_http": (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "unreachable", ""),
}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as server:
        yield server


def answering(made: object, robots: bytes = response("", "404 Not Found")) -> Callable[[Arrived], object]:
    def answer(request: Arrived) -> object:
        if request.target == "/robots.txt":
            return robots
        if request.target.startswith("/oauth/authorize"):
            return response(PAGE, headers=(HTML,))
        return made(request) if isinstance(made, Dripping) else made

    return answer


def run(folder: Path, *arguments: object, status: int) -> Result:
    options = ("--allow-local-hosts", "--timeout", "1", *CONTACT)
    result = CliRunner().invoke(cli, ["probe", *options, *(str(one) for one in arguments)])
    assert result.exit_code == status, result.output
    assert "hush" not in result.output
    return result


def write(folder: Path, name: str, url: str, more: str = "") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(FILE.format(name=name, url=url) + more, encoding="utf-8")
    return path


def test_the_file_can_record_each_result() -> None:
    results = get_args(Probed.model_fields["result"].annotation)
    assert {*results} == {*get_args(Outcome)} - {"there"} == STATUS.keys()


STATUS = {"oauth1": 0, "moved": 1, "gone": 1, "oauth2": 1, "blocked": 2, "unclear": 2, "unreachable": 2}


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_of_each_kind(kind: str, wire: Wire, tmp_path: Path) -> None:
    made, outcome, words = KINDS[kind]
    wire.answer = answering(made)
    report = run(tmp_path, write(tmp_path, kind, wire.url), "--json", status=STATUS[outcome])
    (provider,) = json.loads(report.stdout)["providers"]
    assert (provider["name"], provider["result"]) == (kind, outcome)
    assert words in provider["reason"]
    assert provider["endpoints"]["authorize_url"]["outcome"] in {"there", outcome if kind == "too_many" else "there"}


@contextlib.contextmanager
def closed() -> Iterator[str]:
    """The address of a port on which nothing listens; it is taken, so that nothing else does."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def untrusted() -> Iterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serving(context) as wire:
        yield wire.url


class WithoutTls(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@contextlib.contextmanager
def without_tls() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), WithoutTls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def unknown() -> Iterator[str]:
    yield "https://nowhere.invalid"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (closed, "the connection was refused"),
        (untrusted, "its certificate could not be verified"),
        (without_tls, "no TLS connection could be made"),
        (unknown, "there is no such host"),
    ],
)
def test_a_server_that_cannot_be_reached(
    place: Callable[[], contextlib.AbstractContextManager[str]], words: str, tmp_path: Path
) -> None:
    with place() as url:
        report = run(tmp_path, write(tmp_path, "acme", url), "--json", status=2)
    (provider,) = json.loads(report.stdout)["providers"]
    assert provider["result"] == "unreachable"
    assert words in provider["reason"]
    assert len(provider["endpoints"]) == 3


def test_each_request_has_a_connection_of_its_own(wire: Wire, tmp_path: Path) -> None:
    """Some servers close a connection that they seemed to keep, and the next request on it would get no answer."""
    seen: set[int] = set()

    def answer(request: Arrived) -> object:
        if request.connection in seen:
            return None
        seen.add(request.connection)
        return answering(KINDS["challenge"][0])(request)

    wire.answer = answer
    shown = run(tmp_path, write(tmp_path, "acme", wire.url), status=0).stdout
    assert "unreachable" not in shown
    assert {request.header("Connection") for request in wire.arrived} == {"close"}


def test_the_lines_for_people(wire: Wire, tmp_path: Path) -> None:
    wire.answer = answering(KINDS["moved_away"][0])
    shown = run(tmp_path, write(tmp_path, "acme", wire.url), status=1).stdout
    assert shown.splitlines() == [
        "acme: moved (request_token_url: 308 to another host: https://new.example/o)",
        "  request_token_url  moved        308 to another host: https://new.example/o",
        "  access_token_url   moved        308 to another host: https://new.example/o",
        "  authorize_url      there        200",
        "1 asked: 1 moved",
    ]


def test_a_sandbox_that_is_gone_is_reported_and_does_not_decide(wire: Wire, tmp_path: Path) -> None:
    def answer(request: Arrived) -> object:
        if request.target.startswith("/sandbox"):
            return response("", "404 Not Found")
        return answering(KINDS["challenge"][0])(request)

    wire.answer = answer
    more = f"environments:\n  sandbox: {{access_token_url: {wire.url}/sandbox/access}}\n"
    shown = run(tmp_path, write(tmp_path, "acme", wire.url, more), status=1).stdout.splitlines()
    assert shown[0].startswith("acme: oauth1 (")
    assert shown[-2].split() == ["environments.sandbox.access_token_url", "gone", "404"]
    assert len(wire.arrived) == 5, "what both have in common is asked once"


def test_no_answer_speaks_to_a_terminal_or_a_log(wire: Wire, tmp_path: Path) -> None:
    for place in ("/\x1b]0;owned\x07", "/%0A::error::x", "/\u202e", "https://new.example/" + "x" * 5000):
        wire.answer = answering(b"HTTP/1.1 301 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % place.encode())
        shown = run(tmp_path, write(tmp_path, "acme", wire.url), status=1).stdout
        assert "\n::" not in shown
        assert all(line.isprintable() and len(line) < 400 for line in shown.splitlines())


def test_the_emulator_speaks_oauth1(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
    for name in ("twitter", "flickr", "netsuite", "instapaper", "bricklink", "here", "noun_project"):
        values = {"account_id": "1"} if name == "netsuite" else {}
        moved = emulator.catalog.provider(name, values=values)
        fields = {"schema_version": 1, "name": name, "extends": name, **moved_fields(emulator, moved), "docs_url": None}
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps(fields), encoding="utf-8")
        settings = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        assert f"{name}: oauth1 (" in run(tmp_path, path, *settings, status=0).stdout


def test_a_host_that_asks_to_wait_is_not_asked_again(wire: Wire, tmp_path: Path) -> None:
    wire.answer = answering(KINDS["too_many"][0])
    files = [write(tmp_path, name, wire.url) for name in ("one", "two")]
    run(tmp_path, *files, status=2)
    assert [request.target.partition("?")[0] for request in wire.arrived] == ["/robots.txt", "/oauth/request"]


def test_robots_txt_is_obeyed(wire: Wire, tmp_path: Path) -> None:
    wire.answer = answering(KINDS["challenge"][0], response("User-agent: *\nDisallow: /oauth/\n"))
    shown = run(tmp_path, write(tmp_path, "acme", wire.url), status=2).stdout
    assert "acme: blocked (request_token_url: not asked, because robots.txt disallows it)" in shown
    assert [request.target for request in wire.arrived] == ["/robots.txt"]


def test_who_asks_and_what_is_sent(wire: Wire, tmp_path: Path) -> None:
    wire.answer = answering(KINDS["challenge"][0])
    headers = response("", "401 No", (("Set-Cookie", "a=b"), ("WWW-Authenticate", "OAuth")))
    wire.answer = answering(headers)
    run(tmp_path, write(tmp_path, "acme", wire.url), status=0)
    assert [(request.method, request.target.partition("?")[0]) for request in wire.arrived] == [
        ("GET", "/robots.txt"),
        ("POST", "/oauth/request"),
        ("POST", "/oauth/access"),
        ("GET", "/oauth/authorize"),
    ]
    for request in wire.arrived:
        agent = request.header("User-Agent") or ""
        assert agent.startswith("oauth1-catalog-probe/")
        assert agent.endswith(" (+me@example.com)")
        assert request.header("Cookie") is None


def test_a_redirect_is_not_followed(wire: Wire, tmp_path: Path) -> None:
    with serving() as stranger:
        moved = response("", "301 Moved", (("Location", f"{stranger.url}/oauth".replace("127.0.0.1", "localhost")),))
        wire.answer = answering(moved)
        run(tmp_path, write(tmp_path, "acme", wire.url), status=1)
        assert stranger.arrived == []


def test_a_local_host_is_asked_only_if_the_user_allows_it(wire: Wire, tmp_path: Path) -> None:
    path = write(tmp_path, "acme", wire.url)
    result = CliRunner().invoke(cli, ["probe", str(path), *CONTACT])
    assert result.exit_code == 2
    assert "not asked, because its host is local or an IP address" in result.stdout
    assert wire.arrived == []


def test_a_name_that_leads_to_this_machine_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As names of services do that have ended."""
    with serving() as wire:

        def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, wire.port))]

        monkeypatch.setattr(lookups.socket, "getaddrinfo", look_up)
        path = write(tmp_path, "acme", f"https://shop.example:{wire.port}")
        for address in ("127.0.0.1", "10.0.0.5", "169.254.169.254", "::1"):
            result = CliRunner().invoke(cli, ["probe", str(path), *CONTACT])
            assert result.exit_code == 2
            assert f"its name leads to the local address {address}" in result.stdout
        assert wire.connections == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["twitter"], "Missing option '--contact'"),
        (["twitter", "--contact", "nobody"], "--contact: write an e-mail address or a URL"),
        (["twitter", "--contact", "me@example.com\r\nX: y"], "--contact: write an e-mail address or a URL"),
        (["twitter", *CONTACT, "--only-news"], "--only-news: add --write"),
        (["twitter", "flickr", *CONTACT, "--set", "a=b"], "--set: name the one provider"),
        ([*CONTACT, "--set", "a=b"], "--set: name the one provider"),
        (["jira", *CONTACT, "--write", "--set", "base_url=https://a.example"], "--write: leave out --set"),
        (["twiter", *CONTACT], "Did you mean `twitter`?"),
        (["jira", *CONTACT], "no base_url"),
        (["jira", *CONTACT, "--set", "base_url=https://10.0.0.5"], "needs allow_local_hosts=True"),
        (["twitter", *CONTACT, "--pause", "0"], "Invalid value for '--pause'"),
        (["twitter", *CONTACT, "--pause", "nan"], "Invalid value for '--pause': nan is not a number of seconds"),
        (["twitter", *CONTACT, "--total", "NaN"], "Invalid value for '--total': NaN is not a number of seconds"),
        (["twitter", *CONTACT, "--timeout", "-nan"], "Invalid value for '--timeout': -nan is not a number of seconds"),
        (["twitter", *CONTACT, "--total", "inf"], "Invalid value for '--total'"),
        (["twitter", *CONTACT, "--set", "client_secret=x"], "other users of this machine can read a command line"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OAUTH1_CATALOG_PROBE_CONTACT", raising=False)
    result = CliRunner().invoke(cli, ["probe", *arguments])
    assert result.exit_code == 2
    assert message in result.output


def test_without_names_all_are_asked_that_can_be(wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.answer = answering(KINDS["challenge"][0])
    write(tmp_path, "acme", wire.url)
    write(tmp_path, "ended", wire.url, "status: retired\nsunset: 2024\nreplaced_by: OAuth 2.0\n")
    write(tmp_path, "tenant", "{base_url}", "variables: {base_url: {format: uri}}\n")
    write(tmp_path, "broken", wire.url, "unknown: x\n")
    monkeypatch.setattr("oauth1_catalog.cli.probe.Catalog", partial(Catalog, builtin=False))
    report = json.loads(run(tmp_path, "--directory", tmp_path, "--json", status=2).stdout)
    assert [provider["name"] for provider in report["providers"]] == ["acme"]
    assert {name: reason.partition("\n")[0] for name, reason in report["skipped"].items()} == {
        "ended": "retired",
        "tenant": "--set base_url=...",
        "broken": report["skipped"]["broken"],
    }
    assert "unknown field `unknown`" in report["skipped"]["broken"]
    (tmp_path / "broken.yaml").unlink()
    shown = run(tmp_path, "--directory", tmp_path, status=0).stdout
    assert shown.splitlines()[-3:] == [
        "1 asked: 1 oauth1",
        "not asked (--set base_url=...): tenant",
        "not asked (retired): ended",
    ]


MORE = """\
quirks:   # what surprises
  - {id: odd, note: "It is # odd"}
# Where each fact was read.
evidence:
  - fields: [request_token_url]
    kind: provider_docs
    checked: 2026-11-25   # a Wednesday
    source: https://acme.example/docs

# The end.
"""


def test_write_adds_the_field_and_changes_nothing_else(wire: Wire, tmp_path: Path) -> None:
    wire.answer = answering(KINDS["gone"][0])
    path = write(tmp_path, "acme", wire.url, MORE)
    before = path.read_text(encoding="utf-8")
    run(tmp_path, path, "--write", status=1)
    today = dt.datetime.now(tz=dt.UTC).date()
    after = path.read_text(encoding="utf-8")
    line = f"probed: {{on: {today}, result: gone}}\n"
    assert after.replace(line, "") == before
    assert read(after, path="").data == {**read(before, path="").data, "probed": {"on": str(today), "result": "gone"}}
    assert CliRunner().invoke(cli, ["fmt", "--check", str(path)]).exit_code == 0
    wire.answer = answering(KINDS["challenge"][0])
    run(tmp_path, path, "--write", status=0)
    assert path.read_text(encoding="utf-8") == after.replace("result: gone", "result: oauth1")


def test_write_keeps_the_layout_of_a_field_that_is_there(wire: Wire, tmp_path: Path) -> None:
    wire.answer = answering(KINDS["bearer"][0])
    path = write(tmp_path, "acme", wire.url, "probed:   # by the command\n  result: moved # once\n  on: 2020-01-01\n")
    run(tmp_path, path, "--write", status=1)
    today = dt.datetime.now(tz=dt.UTC).date()
    written = path.read_text(encoding="utf-8")
    assert written.endswith(f"probed:   # by the command\n  result: oauth2 # once\n  on: {today}\n")


@pytest.mark.parametrize(
    ("recorded", "kind", "is_written"),
    [
        (None, "challenge", True),
        ("oauth1", "challenge", False),
        ("oauth1", "moved_here", True),
        ("oauth1", "plain_401", False),
        ("oauth1", "unavailable", False),
        ("unreachable", "challenge", True),
        (None, "wall", False),
    ],
)
def test_only_news(recorded: str | None, kind: str, is_written: bool, wire: Wire, tmp_path: Path) -> None:
    made, outcome, _ = KINDS[kind]
    wire.answer = answering(made)
    more = f"probed: {{on: 2020-01-01, result: {recorded}}}\n" if recorded else ""
    path = write(tmp_path, "acme", wire.url, more)
    before = path.read_bytes()
    run(tmp_path, path, "--write", "--only-news", status=STATUS[outcome])
    assert (path.read_bytes() != before) == is_written


def test_a_file_that_has_no_line_for_the_field_is_not_changed(wire: Wire, tmp_path: Path) -> None:
    wire.answer = answering(KINDS["challenge"][0])
    path = tmp_path / "acme.yaml"
    fields = {"schema_version": 1, "name": "acme", "flows": ["static_token"], "api_base_url": f"{wire.url}/"}
    path.write_text(json.dumps(fields), encoding="utf-8")
    before = path.read_bytes()
    told = run(tmp_path, path, "--write", status=1).output
    assert "acme.yaml: `probed` cannot be written into it." in told
    assert path.read_bytes() == before


def test_the_file_of_a_wheel_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "acme", "http://127.0.0.1:9")
    monkeypatch.setattr("oauth1_catalog.cli.probe.shipped_directory", lambda: tmp_path)
    told = run(tmp_path, path, "--write", status=2).output
    assert "the file of acme is that of the installed package; run it in a clone" in told
