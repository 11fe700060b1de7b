"""Bodies that requests reads while it sends them: files and generators, with the signature in each place."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog.clients.requests_client import OAuth1Auth, OAuth1Session
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import SigningError

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError

    def seek(self, *_: object) -> int:
        raise OSError


STREAMS: dict[str, Callable[[], Any]] = {
    "file": lambda: io.BytesIO(b"a=1&b=2"),
    "empty file": io.BytesIO,
    "text file": lambda: io.StringIO("a=1&b=2"),
    "pipe": lambda: Unseekable(b"a=1&b=2"),
    "generator": lambda: (piece for piece in (b"a=1", b"&b=2")),
}


@pytest.fixture(params=["session", "pool"])
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    def made(method: str, url: str, *, signature_type: str, **options: Any) -> Any:
        if request.param == "session":
            with OAuth1Session(**KEYS, signature_type=signature_type) as session:
                return session.request(method, url, **options)
        with RequestsPool() as pool:
            return pool.request(method, url, auth=OAuth1Auth(**KEYS, signature_type=signature_type), **options)

    return made


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json"}])
@pytest.mark.parametrize("stream", STREAMS)
def test_in_the_body_what_is_not_a_form_is_refused(wire, call, stream, headers, method):
    with pytest.raises(SigningError, match="signature_type is BODY, but the body is"):
        call(method, wire.url, signature_type="BODY", data=STREAMS[stream](), headers=headers)
    assert wire.received == b""


@pytest.mark.parametrize("stream", ["file", "empty file", "text file"])
def test_in_the_body_a_form_in_a_file_is_signed_and_sent_whole(wire, call, judge, stream):
    call("POST", wire.url, signature_type="BODY", data=STREAMS[stream](), headers=FORM)
    assert judge(wire.last)["place"] == "BODY"
    assert judge.parameters == ([] if stream == "empty file" else [("a", "1"), ("b", "2")])
    assert wire.last.header("Transfer-Encoding") is None
    assert wire.last.header("Content-Length") == str(len(wire.last.body))


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
@pytest.mark.parametrize("stream", ["pipe", "generator"])
def test_a_form_that_can_be_read_once_is_refused(wire, call, stream, signature_type):
    with pytest.raises(SigningError, match="can be read only once"):
        call("POST", wire.url, signature_type=signature_type, data=STREAMS[stream](), headers=FORM)
    assert wire.received == b""


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
@pytest.mark.parametrize("stream", STREAMS)
def test_elsewhere_a_stream_is_sent_as_it_is(wire, call, judge, stream, signature_type):
    call("PUT", wire.url, signature_type=signature_type, data=STREAMS[stream](), headers={"Content-Type": "text/plain"})
    assert judge(wire.last)["place"] == signature_type
    assert wire.last.body == (b"" if stream == "empty file" else b"a=1&b=2")
    assert (wire.last.header("Transfer-Encoding") is None) != (wire.last.header("Content-Length") is None)


@pytest.mark.parametrize(
    "options",
    [
        {"data": b"\x00\x01"},
        {"json": {"a": 1}},
        {"files": {"f": b"x"}},
        {"data": "{}", "headers": {"Content-Type": "x/y"}},
    ],
    ids=["bytes", "json", "multipart", "text"],
)
def test_in_the_body_nothing_else_is_lost_either(wire, call, options):
    with pytest.raises(SigningError, match="signature_type is BODY, but the body is"):
        call("POST", wire.url, signature_type="BODY", **options)
    assert wire.received == b""
