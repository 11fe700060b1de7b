"""Requests that people paste. The real curl is the judge of what a curl command sends."""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from oauth1_catalog.diagnosis.curl import words_of
from oauth1_catalog.diagnosis.pasted import read_request, read_response
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849 import Request
from tests.programs import needs_curl

COMMANDS = [
    "curl {url}/a?b=1",
    "curl -X DELETE '{url}/a'",
    "curl -XPUT {url}/a -d x=1 -d y=2",
    "curl {url}/a --data-raw 'a=1&b=it'\"'\"'s'",
    "curl {url}/a --data-urlencode 'a=two words' --data-urlencode '=x&y' --data-urlencode plain~x",
    "curl -G {url}/a?z=1 -d a=1 --data-urlencode 'b=c d'",
    "curl -sSL -H 'Authorization: OAuth oauth_nonce=\"x\"' -H 'X-A:b' {url}/a",
    "curl -I {url}/a",
    "curl --request PATCH --url {url}/a --header 'Content-Type: application/json' --data '{{\"a\": 1}}'",
    "curl --json '{{\"a\": 1}}' {url}/a",
    "curl {url}/a \\\n  -A agent/1 \\\n  -e http://from.example/ \\\n  --compressed",
    "curl {url}/a --url-query 'a=b c' --url-query d=1",
    "curl -G '{url}/a?' -d b=1",
    "curl -G '{url}/a?b=1&' -d c=1",
    "curl -G {url}/a -d a=b -H ': no name'",
    "$ curl -u user:password -b cookie=1 -o /dev/null {url}/a",
    "curl {url}/a --data-binary 'line one\nline two'",
    "curl {url}/a -d 'line one\nline two'",
]


BASH = [
    "curl {url}/a --data-raw $'status=it%27s+hi\\u0021&b=it\\'s\\n'",
    'curl {url}/a --data-raw "a=\\"q\\"&b=\\\\c" --max-redirs 5 -kL',
    "curl {url}/a\\ b -d a=b\\&c",
    "curl {url}/a -d $'a=\\xc3\\xa9\\303\\251\\xff'",
]
"""Commands that a shell must read."""


class Seen(HTTPServer):
    requests: list[Request]


class Handler(BaseHTTPRequestHandler):
    server: Seen

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline()
        if not self.parse_request():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append(Request(self.command, self.path, dict(self.headers.items()), body or None))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Seen]:
    with Seen(("127.0.0.1", 0), Handler) as serving:
        serving.requests = []
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield serving
        finally:
            serving.shutdown()
            thread.join()


@needs_curl
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_read_as_curl_sends_it(server: Seen, command: str) -> None:
    text = command.format(url=f"http://127.0.0.1:{server.server_address[1]}")
    words = shlex.split(text.removeprefix("$ ").replace("\\\n", " "))
    probe = subprocess.run([words[0], "--help", "all"], capture_output=True, text=True, check=True).stdout
    if missing := [word for word in words if word in {"--url-query", "--json"} and word not in probe]:
        pytest.skip(f"this curl has no {missing[0]}")
    subprocess.run([*words, "--silent"], check=True, capture_output=True, timeout=30)
    sent, read = server.requests[-1], read_request(text)
    assert read.method == sent.method
    assert read.url == f"http://127.0.0.1:{server.server_address[1]}{sent.url}"
    assert read.body == sent.body
    own = {"host", "accept", "content-length", "accept-encoding", "authorization", "cookie"}
    expected = {name.lower(): value for name, value in sent.headers.items() if name.lower() not in own}
    found = {name.lower(): value for name, value in read.headers.items() if name.lower() not in own}
    if "user-agent" not in found:
        expected.pop("user-agent")
    assert found == expected


@needs_curl
@pytest.mark.parametrize("command", BASH[:2])
def test_a_command_is_read_as_bash_reads_it(server: Seen, command: str) -> None:
    text = command.format(url=f"http://127.0.0.1:{server.server_address[1]}")
    subprocess.run(["bash", "-c", f"{text} --silent"], check=True, capture_output=True, timeout=30)
    sent, read = server.requests[-1], read_request(text)
    assert (read.method, read.body) == (sent.method, sent.body)


@pytest.mark.parametrize("command", BASH)
def test_words_are_those_of_bash(command: str) -> None:
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True)
    assert words_of(command) == done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


def test_windows_command_prompt() -> None:
    text = 'curl ^"https://a.example/1^" ^\n  -H ^"X-A: b^" ^\n  --data-raw ^"a=1^&b=2^"'
    read = read_request(text)
    assert (read.url, read.header("X-A"), read.body) == ("https://a.example/1", "b", b"a=1&b=2")


def test_long_words_are_read_soon() -> None:
    """In a time that grows with the length: what is quadratic takes minutes here."""
    assert len(read_request(f"curl https://a.example/ -H 'X-A: {'a' * 2_000_000}'").header("X-A")) == 2_000_000


def test_raw_http() -> None:
    read = read_request("POST /1/a?b=1 HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: text/plain\r\n\r\nhello\n")
    assert (read.method, read.url, read.body) == ("POST", "https://api.example.com/1/a?b=1", b"hello\n")
    whole = read_request("GET https://api.example.com/1\nAuthorization: OAuth oauth_nonce=x\n")
    assert whole.header("authorization") == "OAuth oauth_nonce=x"


def test_har() -> None:
    entry = {
        "request": {
            "method": "POST",
            "url": "https://api.example.com/1",
            "headers": [{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}],
            "postData": {"params": [{"name": "a", "value": "b c"}]},
        }
    }
    for text in (entry, entry["request"], {"log": {"entries": [entry]}}):
        read = read_request(json.dumps(text))
        assert (read.method, read.url, read.body) == ("POST", "https://api.example.com/1", b"a=b%20c")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "is not a request"),
        ("hello", "is not a request"),
        ("curl", "no URL"),
        ("curl https://a.example https://b.example", "2 URLs"),
        ("curl 'https://a.example", "quotation"),
        ("curl https://a.example -d @secret.txt", "in the file 'secret.txt'"),
        ("curl 'https://[::1/a'", "Write a URL that begins with https://"),
        ("curl --unknown 5 https://a.example", "its option '--unknown' is not known here"),
        ("curl https://a.example/x?token=y --unknown 5", "Understood so far: https://a.example/x$"),
        ("curl -G 'https://[::1/a' -d a=b", "Write a URL that begins with https://"),
        ("curl '\x01\x02https://a.example'", "Write a URL that begins with https://"),
        ("curl 'ftp://me:hush@a.example/?oauth_token=hush'", r"its URL is 'ftp://\*+@a.example/'\. Write"),
        ("GET https://a.example/?oauth_token=hush HTTP/1.1 x\n", "its first line is 'GET https://a.example/'"),
        ("GET ftp://a.example/?oauth_token=hush\n", "its URL is 'ftp://a.example/'"),
        ("curl file:///etc/passwd", "Write a URL that begins with https://"),
        ("GET /a HTTP/1.1\n\n", "no Host header"),
        ("{}", "HAR"),
        ("{", "HAR"),
        ('{"log": {"entries": []}}', "HAR"),
        ('{"method": 1, "url": 2, "headers": 3}', "HAR"),
        ("[" * 9999, "is not a request"),
        ("{" + '"a":{' * 9999, "HAR"),
    ],
)
def test_what_is_no_request(text: str, cause: str) -> None:
    with pytest.raises(ConfigurationError, match=cause):
        read_request(text)


POSTED = {"method": "POST", "url": "https://a.example", "headers": []}


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("curl https://a.example -d 'a=\udcff\udcfe'", b"a=\xff\xfe"),
        ("curl https://a.example --data-urlencode 'a=\udcff'", b"a=%FF"),
        ("curl https://a.example -d $'a=\\xff\\ud83d'", b"a=\xff\xed\xa0\xbd"),
        ("POST https://a.example\n\na=\udcff", b"a=\xff"),
        ("POST https://a.example\n\na=\ud83d", b"a=\xed\xa0\xbd"),
        (
            json.dumps({"method": "POST", "url": "https://a.example", "headers": [], "postData": {"text": "\ud83d"}}),
            b"\xed\xa0\xbd",
        ),
    ],
)
def test_bytes_that_are_not_utf8_are_sent_as_they_are(text: str, body: bytes) -> None:
    assert read_request(text).body == body


def test_messages_are_one_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_request("curl 'a\x1b[31m\udcff' --unknown 5")
    assert str(caught.value).isprintable()


def test_an_answer() -> None:
    response = read_response("HTTP/1.1 403 Forbidden\nDate: Tue, 14 Nov 2023 23:13:20 GMT\n\nno")
    assert (response.status, response.header("date")[:3], response.body) == (403, "Tue", b"no")
    assert read_response("oauth_problem=x").status == 401
