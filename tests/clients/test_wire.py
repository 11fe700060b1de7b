"""What is signed is what is sent: the raw bytes from the socket, verified with oauthlib, for each client."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import SigningError

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
CLIENTS = ["session", "requests pool", "requests", "client", "async client", "httpx pool"]
SYNC = ["session", "requests pool", "requests", "client"]

Call = Callable[..., Any]


def caller(kind: str, *, proxy: str | None = None, **options: Any) -> Call:
    """``call(method, url, body=..., **kwargs)`` by one of the clients; ``body`` is what each calls a raw body."""
    keys = {**KEYS, **options}

    def by_requests(send: Call) -> Call:
        def call(method: str, url: str, **kwargs: Any) -> Any:
            if "body" in kwargs:
                kwargs["data"] = kwargs.pop("body")
            return send(method, url, proxies={"http": proxy} if proxy else None, **kwargs)

        return call

    def by_httpx(send: Call) -> Call:
        def call(method: str, url: str, **kwargs: Any) -> Any:
            if "body" in kwargs:
                kwargs["content"] = kwargs.pop("body")
            return send(method, url, **kwargs)

        return call

    if kind == "session":
        session = requests_client.OAuth1Session(**keys)
        return by_requests(session.request)
    if kind == "requests pool":
        pool = RequestsPool()
        return by_requests(lambda *args, **kw: pool.request(*args, auth=requests_client.OAuth1Auth(**keys), **kw))
    if kind == "requests":
        import requests

        return by_requests(lambda *args, **kw: requests.request(*args, auth=requests_client.OAuth1Auth(**keys), **kw))
    if kind == "client":

        def sync(*args: Any, **kwargs: Any) -> Any:
            with httpx_client.OAuth1Client(proxy=proxy, **keys) as client:
                return client.request(*args, **kwargs)

        return by_httpx(sync)

    async def awaited(*args: Any, **kwargs: Any) -> Any:
        if kind == "async client":
            async with httpx_client.AsyncOAuth1Client(proxy=proxy, **keys) as client:
                return await client.request(*args, **kwargs)
        return await HttpxPool(proxy=proxy).request(*args, auth=httpx_client.OAuth1Auth(**keys), **kwargs)

    return by_httpx(lambda *args, **kwargs: asyncio.run(awaited(*args, **kwargs)))


@pytest.fixture(params=CLIENTS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


URLS = {
    "query": "/a?x=1&y=2",
    "dollar and quotes": "/a?$filter=name eq 'x'&$top=5",
    "brackets": "/a?ids[]=1&ids[]=2&a[b]=c",
    "braces": '/a?q={"a":1}|b^c',
    "path quotes": "/o'neil/(x)!*",
    "path brackets": "/a[1]/{b}/c|d",
    "not ASCII": "/naïve/日本?q=é&ü=1",
    "lower-case escapes": "/%c3%a9?x=%c3%a9",
    "plus": "/a?q=a+b%2Bc%20d",
    "twice encoded": "/a?q=%2541&p=%25",
    "twice encoded path": "/a%2541/%252F/%2F",
    "repeated names": "/a?b=2&b=1&a=&c&b=10",
    "sorting": "/a?c%40=1&c2=2&f=%C3%9F&f=bar",
    "matrix, slashes and dots": "/a//b/./c/../d;m=1,2@:",
    "tilde": "/~me?x=~&y=%7E",
    "emoji": "/?q=😀",
    "empty path": "",
    "empty path with query": "?a=1",
    "marks in the query": "/a?a=b?c/d:e@f&g=!*()",
    "fragment": "/a?x=1#part",
    "semicolon": "/a?x=1;y=2",
    "empty pieces": "/a?x=1&&y=2&",
}


@pytest.mark.parametrize("path", URLS.values(), ids=URLS.keys())
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
def test_each_url_is_sent_as_it_is_signed(wire, judge, kind, path, signature_type):
    caller(kind, signature_type=signature_type)("GET", wire.url + path)
    protocol = judge(wire.last)
    assert protocol["place"] == signature_type
    assert protocol["oauth_token"] == "tk"


def test_parameters_beside_the_url(wire, judge, kind):
    caller(kind)("GET", f"{wire.url}/a", params={"q": "a b+c&d=é", "x": ["2", "1"]})
    judge(wire.last)
    assert judge.parameters == [("q", "a b+c&d=é"), ("x", "2"), ("x", "1")]


PARAMS = {
    "mapping": ({"q": "a b", "n": 1}, [("q", "a b"), ("n", "1")]),
    "pairs": ([("q", "2"), ("q", "1")], [("q", "2"), ("q", "1")]),
    "generator": (lambda: ((name, "1") for name in "qr"), [("q", "1"), ("r", "1")]),
    "text": ("q=a%20b&r", [("q", "a b"), ("r", "")]),
    "bytes": (b"q=1", [("q", "1")]),
    "brackets": ({"a[]": ["1", "2"], "é": "[x]"}, [("a[]", "1"), ("a[]", "2"), ("é", "[x]")]),
    "name of the URL's query": ({"x": "2"}, [("x", "2")]),
    "empty mapping": ({}, []),
    "empty text": ("", []),
    "none": (None, []),
}
IN_A_QUERY = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")  # RFC 3986, section 3.4


@pytest.mark.parametrize(("params", "sent"), PARAMS.values(), ids=PARAMS.keys())
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
def test_parameters_go_behind_the_query_that_the_url_has(wire, judge, kind, params, sent, signature_type):
    call = caller(kind, signature_type=signature_type)
    call("GET", f"{wire.url}/a?x=1&%c3%A9[]=%5B+&z", params=params() if callable(params) else params)
    judge(wire.last)
    assert judge.parameters == [("x", "1"), ("é[]", "[ "), ("z", ""), *sent]
    assert IN_A_QUERY.fullmatch(wire.last.target.partition("?")[2])


@pytest.mark.parametrize("path", URLS.values(), ids=URLS.keys())
def test_nothing_goes_out_that_no_query_may_hold(wire, kind, path):
    caller(kind)("GET", wire.url + path)
    assert IN_A_QUERY.fullmatch(wire.last.target.partition("?")[2])


@pytest.mark.parametrize(
    ("path", "by_requests", "by_httpx2"),
    [
        ("/?a[]=é b", "/?a%5B%5D=%C3%A9%20b", "/?a%5B%5D=%C3%A9%20b"),
        ("/%c3%a9?x=%c3%a9", "/%C3%A9?x=%C3%A9", "/%c3%a9?x=%c3%a9"),
        ("/%7e?x=%7e", "/~?x=~", "/%7e?x=%7e"),
        ("/x/../y", "/y", "/y"),
        ("/?a=50%&b=%20", "/?a=50%25&b=%2520", None),
    ],
)
def test_what_the_libraries_write_anew_as_the_page_about_signing_tells(wire, judge, kind, path, by_requests, by_httpx2):
    expected = by_requests if kind in {"session", "requests pool", "requests"} else by_httpx2
    if expected is None:
        with pytest.raises(SigningError, match="%"):
            caller(kind)("GET", wire.url + path)
        assert wire.received == b""
        return
    caller(kind)("GET", wire.url + path)
    assert wire.last.target == expected
    judge(wire.last)


def test_parameters_of_the_client_are_added_too(wire, judge):
    with httpx_client.OAuth1Client(params={"v": "1", "w": "1"}, **KEYS) as client:
        client.get(f"{wire.url}/a?x=1")
        client.get(f"{wire.url}/a?x=1", params={"w": "2"})
    found = []
    for arrived in wire.arrived:
        judge(arrived)
        found.append(judge.parameters)
    assert found == [[("x", "1"), ("v", "1"), ("w", "1")], [("x", "1"), ("v", "1"), ("w", "2")]]


@pytest.mark.parametrize("step", ["fetch_request_token", "fetch_access_token"])
@pytest.mark.parametrize("client", [requests_client.OAuth1Session, httpx_client.OAuth1Client])
def test_parameters_of_a_token_request_go_behind_the_query_too(wire, judge, answer_with, client, step):
    wire.answer = lambda _: answer_with("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true")
    with client(verifier="v", redirect_uri="https://app.example/cb", **KEYS) as asking:
        getattr(asking, step)(f"{wire.url}/index.php?title=Special:OAuth", params={"format": "a b", "c[]": "1"})
    judge.token_secret = "ts" if step == "fetch_access_token" else ""
    judge(wire.last)
    assert judge.parameters == [("title", "Special:OAuth"), ("format", "a b"), ("c[]", "1")]


FORMS = {
    "dict": {"data": {"a": "1", "b": "x y+z&é"}},
    "dict with lists": {"data": {"a": ["2", "1"]}},
    "pairs": {"data": [("a", "2"), ("a", "1"), ("b", "'")]},
    "text": {"data": "a=1&b=x+y%2Bz"},
    "bytes": {"data": b"a=1&b=%C3%A9"},
    "declared text": {"data": "a[]=1&b=é", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "declared with charset": {
        "data": b"a=%2541&b='",
        "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
    },
    "empty values": {"data": "a=&b=&a=1"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
def test_each_form_is_sent_as_it_is_signed(wire, judge, kind, form, method, signature_type):
    caller(kind, signature_type=signature_type)(method, f"{wire.url}/a?a=3&c=4", **form)
    assert judge(wire.last)["place"] == signature_type
    assert wire.last.header("Content-Length") == str(len(wire.last.body))
    assert ("a", "3") in judge.parameters
    assert len(judge.parameters) > 2


BLANKS = {
    "params": ("GET", {"params": {"searchCriteria[filterGroups][0][value]": "red shirt", "b": "1+1 =2"}}),
    "params as pairs": ("GET", {"params": [("a", "x y"), ("a", "y z")]}),
    "a name": ("GET", {"params": {"a b": "1"}}),
    "data": ("POST", {"data": {"a": "x y", "b": "1+1"}}),
    "data as pairs": ("PUT", {"data": [("a", "x y"), ("a", "+ +")]}),
    "text": ("POST", {"data": "a=x+y&b=1"}),
    "bytes": ("POST", {"data": b"a=x+y&b=1"}),
    "both": ("POST", {"params": {"q": "a b"}, "data": {"a": "x y"}}),
}


@pytest.mark.parametrize(("method", "call"), BLANKS.values(), ids=BLANKS.keys())
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
def test_a_blank_is_sent_as_it_was_signed(wire, judge, kind, method, call, signature_type):
    caller(kind, signature_type=signature_type)(method, f"{wire.url}/a", **call)
    judge(wire.last)
    written = wire.last.target + wire.last.body.decode()
    assert "+" not in written
    assert "%20" in written
    assert wire.last.header("Content-Length") in {None, str(len(wire.last.body))}


def test_a_plus_elsewhere_stays(wire, judge, kind):
    caller(kind)("POST", f"{wire.url}/a+b", body=b'{"a": "x+y"}', headers={"Content-Type": "application/json"})
    judge(wire.last)
    assert wire.last.target == "/a+b"
    assert wire.last.body == b'{"a": "x+y"}'


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
def test_a_post_of_nothing(wire, judge, kind, signature_type):
    caller(kind, signature_type=signature_type)("POST", f"{wire.url}/a")
    assert judge(wire.last)["place"] == signature_type


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
@pytest.mark.parametrize("options", [{}, {"force_include_body": True}, {"body_hash": "always"}], ids=str)
class TestOtherBodies:
    def test_json(self, wire, judge, kind, signature_type, options):
        document = {"text": "héllo & wörld", "list": [1, {"a": None}]}
        caller(kind, signature_type=signature_type, **options)("POST", f"{wire.url}/a?b=c", json=document)
        protocol = judge(wire.last)
        assert json.loads(wire.last.body) == document
        assert wire.last.header("Content-Type") == "application/json"
        assert judge.parameters == [("b", "c")]
        assert ("oauth_body_hash" in protocol) == bool(options)

    def test_text_and_bytes(self, wire, judge, kind, signature_type, options):
        call = caller(kind, signature_type=signature_type, **options)
        for body in ("plain tëxt=1", b"\x00\xff=&"):
            call("PUT", f"{wire.url}/a", body=body, headers={"Content-Type": "application/octet-stream"})
            judge(wire.last)
            assert wire.last.body == (body.encode() if isinstance(body, str) else body)
            assert judge.parameters == []

    def test_multipart(self, wire, judge, kind, signature_type, options):
        call = caller(kind, signature_type=signature_type, **options)
        call("POST", f"{wire.url}/a", data={"field": "text"}, files={"file": ("a.bin", io.BytesIO(b"\x00\xff" * 999))})
        judge(wire.last)
        assert b"\x00\xff" * 999 in wire.last.body
        assert b'name="field"' in wire.last.body
        assert wire.last.header("Content-Type").startswith("multipart/form-data; boundary=")
        assert judge.parameters == []

    @pytest.mark.parametrize("kind", SYNC)  # httpx2's asynchronous client takes no plain file
    def test_a_file(self, wire, judge, kind, signature_type, options, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"a=b&" * 50_000)
        with path.open("rb") as file:
            caller(kind, signature_type=signature_type, **options)("POST", wire.url, body=file)
        judge(wire.last)
        assert wire.last.body == path.read_bytes()


def numbers(asynchronous: bool) -> Any:
    def sync() -> Iterator[bytes]:
        for number in range(3):
            yield b"%d," % number

    async def awaited() -> Any:
        for number in range(3):
            yield b"%d," % number

    return awaited() if asynchronous else sync()


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
def test_a_stream_that_can_be_read_once_is_left_alone(wire, judge, kind, signature_type):
    call = caller(kind, signature_type=signature_type)
    call("POST", wire.url, body=numbers(asynchronous=kind not in SYNC))
    judge(wire.last)
    assert wire.last.body == b"0,1,2,"
    assert wire.last.header("Transfer-Encoding") == "chunked"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://bücher.example/ä?q=ü", "xn--bcher-kva.example"),
        ("http://straße.example/", "xn--strae-oqa.example"),
        ("http://Api.EXAMPLE:80/x", "api.example"),
        ("http://api.example:8080/x?y=z", "api.example:8080"),
    ],
)
@pytest.mark.parametrize("kind", ["session", "requests", "client", "async client", "httpx pool"])
def test_each_host_is_signed_as_it_is_sent(wire, judge, kind, url, host):
    """By way of a proxy, which gets the whole URL."""
    caller(kind, proxy=wire.url)("GET", url)
    judge(wire.last)
    assert wire.last.header("Host").lower().removesuffix(":80") == host


def test_an_ipv6_host(serve, judge, kind):
    with serve(host="::1") as wire:
        caller(kind)("GET", f"{wire.url}/a")
        judge(wire.last)
    assert wire.last.header("Host") == f"[::1]:{wire.port}"


@pytest.mark.parametrize(
    "method", ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"]
)
def test_signature_methods_over_tls(tls_wire, bundle, judge, method):
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    options = {**KEYS, "signature_method": method, "rsa_key": key if method.startswith("RSA") else None}
    with requests_client.OAuth1Session(verify=bundle, **options) as session:
        session.post(tls_wire.url, data={"a": "b"})
    with httpx_client.OAuth1Client(verify=bundle, **options) as client:
        client.post(tls_wire.url, data={"a": "b"})
    if method.startswith("RSA"):
        judge.rsa_key = key.public_key()
    for arrived in tls_wire.arrived:
        judge(arrived, "https")


def test_debugging_values_can_be_fixed(wire, judge, kind):
    caller(kind, nonce="n" * 20, timestamp=1, version=None, realm="Photos")("GET", wire.url)
    protocol = judge(wire.last)
    assert (protocol["oauth_nonce"], protocol["oauth_timestamp"]) == ("n" * 20, "1")
    assert "oauth_version" not in protocol
    assert wire.last.header("Authorization").startswith('OAuth realm="Photos", oauth_')


def test_a_call_without_a_token_is_signed(wire, judge, kind):
    judge.token_secret = ""
    caller(kind, token=None, token_secret=None)("GET", wire.url)
    assert "oauth_token" not in judge(wire.last)


def test_callback_and_verifier_of_an_auth_object_keep_their_escapes(wire, judge):
    import requests

    callback = "https://app.example/cb?next=%2Finbox%3Fid%3D5&x=a%20b"
    auth = requests_client.OAuth1Auth("ck", "cs", "tk", "ts", redirect_uri=callback, verifier="v%41+ /")
    requests.post(wire.url, auth=auth)
    protocol = judge(wire.last)
    assert protocol["oauth_callback"] == callback
    assert protocol["oauth_verifier"] == "v%41+ /"
