"""A pasted request as raw HTTP or as an entry of a HAR file, and a pasted answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from oauth1_catalog.diagnosis.pasted import names_no_scheme, read_request, read_response
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849.parameters import FORM
from tests.fuzz.target import Target, check_shown, joined, parts_of

HIDDEN = "hunter2hunter2"


def check(data: bytes) -> None:
    (text,) = parts_of(data, 1)
    response = read_response(text)
    assert 0 <= response.status <= 999
    assert response.text is not None
    for scheme in ("https", "http"):
        check_request(text, scheme)


def check_request(text: str, scheme: str) -> None:
    try:
        request = read_request(text, scheme=scheme)
    except ConfigurationError as error:
        check_shown(error)
        assert f"?oauth_token={HIDDEN}" not in str(error)
        return
    assert request.method == request.method.upper()
    assert request.url.lower().startswith(("http://", "https://"))
    if names_no_scheme(text):
        assert request.url.startswith(f"{scheme}://")
    # The request as it would be pasted again. A body of text ends without the line break that an editor adds.
    headers = "".join(f"{name}: {value}\n" for name, value in request.headers.items())
    again = f"{request.method} {request.url}\n{headers}\n{(request.body or b'').decode('utf-8', 'surrogateescape')}"
    is_one_line = not any(len(f"x{value}x".splitlines()) > 1 for pair in request.headers.items() for value in pair)
    can_be_written = all(":" not in name and value == value.strip() for name, value in request.headers.items())
    is_word = request.method.isascii() and request.method.isalpha() and re.fullmatch(r"\S+", request.url)
    is_form = FORM in request.header("Content-Type")
    if is_one_line and can_be_written and is_word and not is_form and b"\r" not in (request.body or b""):
        assert read_request(again, scheme=scheme) == request


def seeds() -> Iterator[bytes]:
    entry = {"method": "POST", "url": "https://a.example/?b=1", "headers": [{"name": "X-A", "value": "b"}]}
    yield joined(json.dumps({"log": {"entries": [{"request": entry}]}}))
    yield joined(json.dumps({**entry, "postData": {"text": "YT0x", "encoding": "base64"}}))
    yield joined(json.dumps({**entry, "postData": {"params": [{"name": "a", "value": "\ud83d"}]}}))
    yield joined('GET /1/me HTTP/1.1\nHost: a.example\nAuthorization: OAuth oauth_nonce="x"\n\n')
    yield joined(f"POST https://a.example/1\r\nContent-Type: {FORM}\r\n\r\na=1\n")
    yield joined(f"GET ftp://a.example/?oauth_token={HIDDEN}")
    yield joined("HTTP/1.1 403 Forbidden\nX-A: b\n\noauth_problem=token_rejected")
    yield joined("$ curl https://a.example/ -d a=1")


TARGET = Target(
    "a pasted request (raw HTTP, HAR) and a pasted answer",
    check,
    seeds,
    (
        '{"request": {', '"method": "', '"url": "https://', '"headers": [', '{"name": "', '"value": "',
        '"postData": {', '"text": "', '"encoding": "base64"', '"params": [', "\\ud83d", "GET /",
        "GET https://a.example/", "Host: ", "HTTP/1.1 ", "\r\n\r\n", "Content-Type: ", FORM, "http://[", "null",
        '"log": {"entries": [',
    ),
    longest=1024,
)  # fmt: skip
