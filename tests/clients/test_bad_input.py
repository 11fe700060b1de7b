"""What cannot be signed is an error of ours that says what to do, raised before anything is sent."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import ConfigurationError, OAuthError, SigningError
from oauth1_catalog.rfc5849.messages import Request

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CONSTRUCTORS = [
    requests_client.OAuth1Auth,
    requests_client.OAuth1Session,
    httpx_client.OAuth1Auth,
    httpx_client.OAuth1Client,
    httpx_client.AsyncOAuth1Client,
]


@pytest.fixture(params=["session", "requests pool", "client", "async client", "httpx pool"])
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``call(method, url, options={}, body=..., **kwargs)`` by one of the clients."""

    def made(method: str, url: str, *, options: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        keys = {**KEYS, **(options or {})}
        if "body" in kwargs:
            kwargs["data" if request.param in ("session", "requests pool") else "content"] = kwargs.pop("body")
        if request.param == "session":
            return requests_client.OAuth1Session(**keys).request(method, url, **kwargs)
        if request.param == "requests pool":
            return RequestsPool().request(method, url, auth=requests_client.OAuth1Auth(**keys), **kwargs)
        if request.param == "client":
            with httpx_client.OAuth1Client(**keys) as client:
                return client.request(method, url, **kwargs)
        return asyncio.run(awaited(method, url, keys, **kwargs))

    async def awaited(method: str, url: str, keys: dict[str, Any], **kwargs: Any) -> Any:
        if request.param == "async client":
            async with httpx_client.AsyncOAuth1Client(**keys) as client:
                return await client.request(method, url, **kwargs)
        return await HttpxPool().request(method, url, auth=httpx_client.OAuth1Auth(**keys), **kwargs)

    made.asynchronous = request.param in ("async client", "httpx pool")
    return made


@pytest.mark.parametrize("constructor", CONSTRUCTORS, ids=lambda c: f"{c.__module__.rpartition('.')[2]}.{c.__name__}")
class TestConstructors:
    def test_a_key_that_is_none(self, constructor):
        with pytest.raises(SigningError, match="rsa_key"):
            constructor(**KEYS, signature_method="RSA-SHA1", rsa_key="junk")

    def test_no_key(self, constructor):
        with pytest.raises(SigningError, match="rsa_key"):
            constructor(**KEYS, signature_method="RSA-SHA1")

    def test_a_method_that_is_none(self, constructor):
        with pytest.raises(SigningError, match="HMAC-SHA1"):
            constructor(**KEYS, signature_method="hmac_sha1")

    def test_a_type_that_is_none(self, constructor):
        with pytest.raises(SigningError, match="Did you mean 'HEADER'"):
            constructor(**KEYS, signature_type="header")

    @pytest.mark.parametrize("client_id", ["", None, 7])
    def test_no_client(self, constructor, client_id):
        with pytest.raises(ValueError, match="client_id"):
            constructor(client_id)

    def test_a_misspelt_keyword(self, constructor):
        with pytest.raises(ConfigurationError, match=r"'signature_metod'. Did you mean 'signature_method'"):
            constructor("ck", signature_metod="PLAINTEXT")

    def test_a_keyword_of_the_wrong_type(self, constructor):
        with pytest.raises(ConfigurationError, match=r"force_include_body is str. Give True or False"):
            constructor("ck", force_include_body="no")

    def test_an_unknown_keyword_is_a_warning(self, constructor):
        with pytest.warns(UserWarning, match="unknown option 'zzz'; it is ignored"):
            constructor("ck", zzz=1)

    def test_a_mapping_that_is_no_token(self, constructor):
        with pytest.raises(ConfigurationError, match="no oauth_token, only"):
            constructor("ck", token={"access_token": "x"})


CALLS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "token without secret": ("GET", "{}", {"options": {"token_secret": None}}, "oauth_token_secret"),
    "path alone": ("GET", "/x", {}, "Give an absolute URL|not absolute|no host"),
    "no host": ("GET", "http:///x", {}, "No host|no host|not absolute"),
    "no scheme": ("GET", "127.0.0.1/x", {}, "scheme|absolute"),
    "another scheme": ("GET", "ftp://127.0.0.1/x", {}, "absolute"),
    "user information": ("GET", "http://me:pw@127.0.0.1:{port}/", {}, "user information"),
    "label that is too long": ("GET", f"https://{'a' * 64}.invalid/", {}, "host|absolute"),
    "label that is empty": ("GET", "https://a..invalid/", {}, "host|absolute"),
    "international label that is too long": ("GET", f"https://é{'a' * 64}.invalid/", {}, "domain name|absolute"),
    "port": ("GET", "http://127.0.0.1:99999/", {}, "port|URL"),
    "no UTF-8 in the query": ("GET", "{}/?a=%ff", {}, "UTF-8"),
    "no UTF-8 in a form": ("POST", "{}", {"body": b"a=\xff", "headers": FORM}, "UTF-8"),
    "no UTF-8 escape in a form": ("POST", "{}", {"body": b"a=%ff", "headers": FORM}, "UTF-8"),
    "no escape in a form": ("POST", "{}", {"body": b"a=%zz", "headers": FORM}, "escape|percent|%"),
    "protocol parameter in the query": ("GET", "{}/?oauth_token=x", {}, "oauth_"),
    "protocol parameter in the form": ("POST", "{}", {"data": {"oauth_verifier": "x"}}, "oauth_"),
    "own authorization": ("GET", "{}", {"headers": {"authorization": "Bearer x"}}, "Authorization"),
    "form on a GET": ("GET", "{}", {"options": {"signature_type": "BODY"}}, "HEADER"),
    "JSON in the form's place": ("POST", "{}", {"json": {}, "options": {"signature_type": "BODY"}}, "HEADER"),
    "secrets in the clear": (
        "GET",
        "http://provider.invalid/",
        {"options": {"signature_method": "PLAINTEXT"}},
        "https",
    ),
    "hash of nothing": (
        "GET",
        "{}",
        {"options": {"signature_method": "PLAINTEXT", "body_hash": "always"}},
        "body_hash",
    ),
    "realm in the query": ("GET", "{}", {"options": {"signature_type": "QUERY", "realm": "x"}}, "realm"),
    "realm that breaks out": ("GET", "{}", {"options": {"realm": 'x", oauth_token="y'}}, "realm"),
    "header that breaks out": ("GET", "{}", {"options": {"realm": "x\r\nCookie: y"}}, "realm"),
    "nonce": ("GET", "{}", {"options": {"nonce": 7}}, "nonce"),
    "timestamp": ("GET", "{}", {"options": {"timestamp": "yesterday"}}, "timestamp"),
    "lone surrogate": ("GET", "{}", {"options": {"token": "\ud800"}}, "surrogate"),
}


@pytest.mark.parametrize(("method", "url", "kwargs", "says"), CALLS.values(), ids=CALLS.keys())
def test_a_call_that_cannot_be_signed_raises_before_anything_is_sent(wire, call, method, url, kwargs, says):
    with pytest.raises(OAuthError, match=says) as caught:
        call(method, url.replace("{}", wire.url).replace("{port}", str(wire.port)), **kwargs)
    assert isinstance(caught.value, ConfigurationError)
    assert wire.received == b""


@pytest.mark.parametrize(
    ("options", "headers"), [({}, FORM), ({"body_hash": "non_form"}, {}), ({"force_include_body": True}, {})], ids=str
)
def test_a_body_that_cannot_be_read_twice(wire, call, options, headers):
    def sync() -> Any:
        yield b"a=b"

    async def asynchronous() -> Any:
        yield b"a=b"

    body = asynchronous() if call.asynchronous else sync()
    with pytest.raises(SigningError, match=r"only once. Read it first, and pass bytes|read only once"):
        call("POST", wire.url, body=body, headers=headers, options=options)
    assert wire.received == b""


class Pipe:
    """A file that cannot be rewound."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("it was read")

    def __iter__(self) -> Any:
        raise AssertionError("it was read")


def test_a_pipe_is_not_read_at_all(wire):
    with requests_client.OAuth1Session(**KEYS) as session, pytest.raises(SigningError, match="Pipe"):
        session.post(wire.url, data=Pipe(), headers=FORM)
    assert wire.received == b""


def generator() -> Iterator[bytes]:
    yield b"a=1"


NO_FORMS: dict[str, Callable[[], Any]] = {
    "BytesIO": lambda: io.BytesIO(b"a=1"),
    "StringIO": lambda: io.StringIO("a=1"),
    "_TemporaryFileWrapper": tempfile.NamedTemporaryFile,
    "generator": generator,
    "list_iterator": lambda: iter([b"a=1"]),
    "zip": lambda: zip(["a"], ["1"], strict=True),
    "Pipe": Pipe,
    "int": lambda: 7,
}


@pytest.fixture(params=NO_FORMS)
def no_form(request: pytest.FixtureRequest) -> Iterator[Any]:
    value = NO_FORMS[request.param]()
    yield value
    if hasattr(value, "close"):
        value.close()


@pytest.mark.parametrize("place", ["HEADER", "QUERY", "BODY"])
@pytest.mark.parametrize("call", ["client", "async client", "httpx pool"], indirect=True)
def test_data_that_is_no_form(wire, call, no_form, place):
    """httpx2 takes a stream as ``content``."""
    with pytest.raises(SigningError, match=rf"data is {type(no_form).__name__}, .* Pass a mapping, a list of pairs"):
        call("POST", wire.url, data=no_form, options={"signature_type": place})
    assert wire.received == b""


@pytest.mark.parametrize("call", ["session", "requests pool"], indirect=True)
def test_data_that_is_no_form_with_requests(wire, call, no_form):
    """Where the signature is in the header, requests streams it."""
    says = r"data is int, .* Pass" if no_form == 7 else rf"the body is {type(no_form).__name__} .* Pass the form's"
    with pytest.raises(SigningError, match=says):
        call("POST", wire.url, data=no_form, options={"signature_type": "BODY"})
    assert wire.received == b""


@pytest.mark.parametrize("argument", ["data", "params"])
@pytest.mark.parametrize("constructor", CONSTRUCTORS[1::2], ids=lambda c: c.__name__)
def test_a_token_request_of_what_holds_no_pairs(wire, constructor, no_form, argument):
    for value in (no_form, [b"a=1"], ["ab"], [("a", "b", "c")]):
        says = rf"{argument} is {type(value).__name__}, .* Pass a mapping, a list of pairs"
        with pytest.raises(ConfigurationError, match=says):
            constructor(**KEYS).fetch_request_token(wire.url, **{argument: value})
    assert wire.received == b""


def test_bytes_of_another_type_are_a_form(wire, judge):
    for body in (bytearray(b"a=1"), memoryview(b"a=1")):
        with requests_client.OAuth1Session(**KEYS) as session:
            session.post(wire.url, data=body, headers=FORM)
        judge(wire.last)
        assert judge.parameters == [("a", "1")]


@pytest.mark.parametrize("url", ["http://127.0.0.1/a[b]", "http://127.0.0.1/%zz", "http:///x"])
def test_a_token_endpoint_that_cannot_be_used(url):
    for constructor in (requests_client.OAuth1Session, httpx_client.OAuth1Client):
        with constructor("ck", "cs") as client, pytest.raises(OAuthError):
            client.fetch_request_token(url)


def test_a_pool_refuses_what_would_change_on_the_way(wire):
    with RequestsPool() as pool, pytest.raises(SigningError, match=r"'/a\[b\]' would be sent in another way"):
        pool.send(Request("POST", f"{wire.url}/a[b]"))
    with pytest.raises(SigningError, match=r"'/a/../b' would be sent as '/b'"):
        asyncio.run(HttpxPool().send(Request("POST", f"{wire.url}/a/../b")))
    assert wire.received == b""
