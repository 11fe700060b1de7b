"""The code of the page about LTI runs as it stands; oauthlib verifies the launch and the outcome."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from tests.docs.conftest import python_blocks

FORM = "application/x-www-form-urlencoded"


class Known(RequestValidator):
    """One client, ``key`` with ``secret``."""

    enforce_ssl = False
    client_key_length = (1, 100)
    nonce_length = (1, 100)
    safe_characters = frozenset(map(chr, range(0x21, 0x7F)))
    dummy_client = "dummy"

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == "key"

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return "secret"

    def validate_timestamp_and_nonce(self, *args: Any, **kwargs: Any) -> bool:
        return True


class Form(HTMLParser):
    """The form of a page, as a browser reads it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag == "input":
            self.fields.append((given["name"], given["value"]))


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for code in python_blocks("docs/lti.md"):
        exec(compile(code, "docs/lti.md", "exec"), names)
    return names


def is_launch(form: Form) -> bool:
    fields = [(name, value.replace("\r\n", "\n").replace("\n", "\r\n")) for name, value in form.fields]  # a browser's
    body = urlencode(fields)
    valid, _ = SignatureOnlyEndpoint(Known()).validate_request(form.action, "POST", body, {"Content-Type": FORM})
    return bool(valid)


@pytest.mark.parametrize(
    "fields",
    [
        {"user_id": "7"},
        {"lis_person_name_full": "Zoë & Søn's <b>", "context_title": "100% + 1"},
        {"custom_text": "one\ntwo\r\nthree\rfour", "custom_empty": ""},
        {"roles": "Instructor,urn:lti:role:ims/lis/Learner"},
    ],
)
@pytest.mark.parametrize("url", ["https://tool.example/launch", "https://tool.example/launch?course=7&x=a%20b"])
def test_a_tool_takes_the_launch(page: dict[str, Any], url: str, fields: dict[str, str]) -> None:
    form = Form(page["launch_page"](url, "key", "secret", fields))
    assert form.action == url
    assert ("oauth_callback", "about:blank") in form.fields
    assert is_launch(form)
    changed = Form(page["launch_page"](url, "key", "secret", fields))
    changed.fields[0] = (changed.fields[0][0], "changed")
    assert not is_launch(changed)
    assert not is_launch(Form(page["launch_page"](url, "key", "another", fields)))


@pytest.fixture
def platform() -> Iterator[tuple[str, list[Any]]]:
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((f"http://{self.headers['Host']}{self.path}", dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"success")

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/outcomes", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_platform_takes_the_outcome(page: dict[str, Any], platform: tuple[str, list[Any]]) -> None:
    url, received = platform
    answer = page["report_score"](url, "key", "secret", sourcedid="a & <b>", score=0.92, message="m1")
    assert answer == "success"
    asked, headers, body = received[0]
    valid, request = SignatureOnlyEndpoint(Known()).validate_request(asked, "POST", "", headers)
    assert valid
    digest = base64.b64encode(hashlib.sha1(body).digest()).decode()
    assert dict(request.oauth_params)["oauth_body_hash"] == digest
    assert b"<sourcedId>a &amp; &lt;b&gt;</sourcedId>" in body
    assert headers["Content-Type"] == "application/xml"
