"""Threat 20: an answer without end, one that drips, one that grows when it is decompressed, or one of odd headers."""

from __future__ import annotations

import asyncio
import gzip
import resource
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import flask
import httpx2
import pytest
import requests
from requests.adapters import HTTPAdapter

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.options import httpx_options, requests_options
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import ConfigurationError, OAuthError, TransportError
from oauth1_catalog.integrations import flask_client, starlette_client
from oauth1_catalog.registry.token import Token
from oauth1_catalog.rfc5849.messages import Request
from tests.clients.conftest import Dripping, Wire, response, serving

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
SMALL = Limits(answer_bytes=100_000, answer_deadline=20.0, token_deadline=20.0)
SHORT = Limits(answer_bytes=100_000, answer_deadline=0.8, token_deadline=0.8)
MEBI = 1024**2
CLIENTS = ["session", "requests pool", "session_factory", "client", "async client", "httpx pool", "client_factory"]
Call = Callable[..., Any]


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as server:
        yield server


@pytest.fixture(params=CLIENTS)
def call(request: pytest.FixtureRequest) -> Call:
    """``call(url, limits, **kwargs)``: an API call by one of the clients; gives the body's length."""

    def made(url: str, limits: Limits, **kwargs: Any) -> int:
        if request.param == "session":
            return len(requests_client.OAuth1Session(**KEYS, limits=limits).get(url, **kwargs).content)
        if request.param in ("requests pool", "session_factory"):
            options = {"session_factory": own_session} if request.param == "session_factory" else {}
            with RequestsPool(limits=limits, **options) as pool:
                return len(pool.request("GET", url, auth=requests_client.OAuth1Auth(**KEYS), **kwargs).content)
        if request.param == "client":
            with httpx_client.OAuth1Client(**KEYS, limits=limits) as client:
                return len(client.get(url, **kwargs).content)
        return asyncio.run(awaited(url, limits, **kwargs))

    async def awaited(url: str, limits: Limits, **kwargs: Any) -> int:
        if request.param == "async client":
            async with httpx_client.AsyncOAuth1Client(**KEYS, limits=limits) as client:
                return len((await client.get(url, **kwargs)).content)
        options = {"client_factory": httpx2.AsyncClient} if request.param == "client_factory" else {}
        async with HttpxPool(limits=limits, **options) as pool:
            return len((await pool.request("GET", url, auth=httpx_client.OAuth1Auth(**KEYS), **kwargs)).content)

    return made


def own_session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter())
    return session


def compressed(coding: str, size: int) -> bytes:
    body = b"\0" * size
    for one in coding.split(", "):
        body = gzip.compress(body) if one == "gzip" else zlib.compress(body)
    return body


@pytest.mark.parametrize("coding", ["", "gzip", "deflate", "gzip, gzip", "deflate, gzip", "gzip, gzip, gzip"])
def test_an_answer_that_is_longer_than_the_bound(wire: Wire, call: Call, coding: str) -> None:
    headers = (("Content-Encoding", coding),) if coding else ()
    wire.answer = lambda _: response(compressed(coding, 50 * MEBI) if coding else b"x" * 200_000, headers=headers)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TransportError, match=r"100000 bytes .* stream=True .* answer_bytes=") as caught:
        call(wire.url, SMALL)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 150 * MEBI  # making it takes 50
    assert caught.value.__cause__ is None


def test_an_answer_without_end(wire: Wire, call: Call) -> None:
    def endless() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"1000\r\n" + b"x" * 4096 + b"\r\n"

    wire.answer = lambda _: endless()
    with pytest.raises(TransportError, match="answer_bytes"):
        call(wire.url, SMALL)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"", b"H"),
    ],
    ids=["body", "chunks", "a header", "headers", "status"],
)
def test_an_answer_that_drips_ends_by_the_deadline(wire: Wire, call: Call, head: bytes, piece: bytes) -> None:
    wire.answer = drips = Dripping(head, piece)
    # What is too odd may be refused for that before.
    with pytest.raises((OAuthError, requests.RequestException, httpx2.HTTPError)) as caught:
        call(wire.url, SHORT)
    assert not drips.is_over
    if head:
        assert isinstance(caught.value, TransportError)
        assert "after 0.8 seconds" in caught.value.description
        assert "answer_deadline=" in caught.value.description


@pytest.mark.parametrize("kind", ["session", "client", "requests pool", "httpx pool"])
def test_a_token_endpoint_that_drips_its_headers(wire: Wire, kind: str) -> None:
    wire.answer = drips = Dripping(b"HTTP/1.1 200 OK\r\n", b"X")
    with pytest.raises(TransportError, match=r"longer than 0\.8 seconds"):
        ask_for_a_token(wire.url, kind)
    assert not drips.is_over


@pytest.mark.parametrize("piece", [b"X", b"X-A: b\r\n"], ids=["a header", "headers"])
@pytest.mark.parametrize("kind", ["session", "requests pool", "httpx pool"])
def test_a_proxy_that_drips_the_headers_of_its_answer_to_connect(wire: Wire, kind: str, piece: bytes) -> None:
    """requests read them without a deadline, and each piece was there in time."""
    wire.answer = drips = Dripping(b"HTTP/1.1 200 Connection established\r\n", piece)
    proxies, request = {"https": wire.url}, Request("POST", "https://provider.example/token")
    ask: dict[str, Callable[[], Any]] = {
        "session": lambda: requests_client.OAuth1Session("ck", "cs", limits=SHORT, proxies=proxies).fetch_request_token(
            request.url
        ),
        "requests pool": lambda: RequestsPool(limits=SHORT, proxies=proxies).send(request),
        "httpx pool": lambda: asyncio.run(HttpxPool(limits=SHORT, proxy=wire.url).send(request)),
    }
    with pytest.raises(TransportError, match=r"longer than 0\.8 seconds"):
        ask[kind]()
    assert not drips.is_over


def ask_for_a_token(url: str, kind: str) -> None:
    if kind == "session":
        requests_client.OAuth1Session("ck", "cs", limits=SHORT).fetch_request_token(url)
    elif kind == "client":
        with httpx_client.OAuth1Client("ck", "cs", limits=SHORT) as client:
            client.fetch_request_token(url)
    elif kind == "requests pool":
        RequestsPool(limits=SHORT).send(Request("POST", url))
    else:
        asyncio.run(HttpxPool(limits=SHORT).send(Request("POST", url)))


def test_one_dripping_answer_leaves_the_clients_other_connections_alone(wire: Wire) -> None:
    """The sync client closed all of its connections, those of other threads too."""
    with httpx_client.OAuth1Client(**KEYS, limits=SHORT) as client, client.stream("GET", f"{wire.url}/kept") as kept:
        wire.answer = Dripping(b"HTTP/1.1 200 OK\r\n", b"X")
        with pytest.raises(TransportError):
            client.get(wire.url)
        assert kept.read() == b"ok"


def test_the_bounds_can_be_lifted(wire: Wire, call: Call) -> None:
    wire.answer = lambda _: response(compressed("gzip", MEBI), headers=(("Content-Encoding", "gzip"),))
    assert call(wire.url, Limits(answer_bytes=None, answer_deadline=None)) == MEBI


def test_a_streamed_answer_has_no_bound(wire: Wire) -> None:
    wire.answer = lambda _: response(b"x" * 200_000)
    session = requests_client.OAuth1Session(**KEYS, limits=SMALL)
    assert sum(map(len, session.get(wire.url, stream=True).iter_content(8192))) == 200_000
    with httpx_client.OAuth1Client(**KEYS, limits=SMALL) as client, client.stream("GET", wire.url) as answer:
        assert sum(map(len, answer.iter_bytes())) == 200_000


def test_an_answer_within_the_bound_is_whole_and_read_again(wire: Wire) -> None:
    wire.answer = lambda _: response(b"x" * 100_000)
    answer = requests_client.OAuth1Session(**KEYS, limits=SMALL).get(wire.url)
    assert len(answer.content) == len(b"".join(answer.iter_content(100))) == 100_000
    with httpx_client.OAuth1Client(**KEYS, limits=SMALL) as client:
        again = client.get(wire.url)
        assert len(again.content) == len(b"".join(again.iter_bytes())) == 100_000


def test_an_applications_hook_reads_within_the_bound(wire: Wire) -> None:
    wire.answer = lambda _: response(b"x" * 200_000)
    read: list[int] = []
    pool = RequestsPool(limits=SMALL, hooks={"response": lambda r, **_: read.append(len(r.content))})
    with pool, pytest.raises(TransportError, match="answer_bytes"):
        pool.request("GET", wire.url, auth=requests_client.OAuth1Auth(**KEYS))

    def hook(answer: httpx2.Response) -> None:
        read.append(len(answer.read()))

    client = httpx_client.OAuth1Client(**KEYS, limits=SMALL, event_hooks={"response": [hook]})
    with client, pytest.raises(TransportError, match="answer_bytes"):
        client.get(wire.url)
    assert not read


@pytest.mark.parametrize("options", [requests_options, httpx_options])
def test_each_client_has_bounds_of_its_own(options: Callable[..., dict[str, Any]]) -> None:
    limits = options({"answer_bytes": 7, "answer_deadline": None}, name="x")["limits"]
    assert (limits.answer_bytes, limits.answer_deadline) == (7, None)
    assert (Limits().answer_bytes, Limits().answer_deadline) == (128 * MEBI, 300.0)
    for wrong in ({"answer_bytes": "7"}, {"answer_bytes": 0}, {"answer_deadline": 0}, {"answer_deadline": "1"}):
        with pytest.raises(ConfigurationError, match="answer_"):
            options(wrong, name="x")


@pytest.mark.parametrize("kind", ["session", "client", "requests pool", "httpx pool"])
@pytest.mark.parametrize("size", [b"-40", b"-1", b"0x40", b"f" * 40, b"", b"zz", b"\xff"])
def test_a_token_endpoint_whose_chunks_have_no_length(wire: Wire, kind: str, size: bytes) -> None:
    """``http.client`` has a ``ValueError`` of its own for a negative one."""
    body = b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"
    wire.answer = lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + body
    with pytest.raises(TransportError):
        ask_for_a_token(wire.url, kind)


def test_an_api_call_whose_chunks_have_no_length(wire: Wire) -> None:
    wire.answer = lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-40\r\nok"
    with pytest.raises(requests.RequestException):
        requests_client.OAuth1Session(**KEYS, limits=SHORT).get(wire.url)


class Store:
    """A token store with one token, which counts what is removed."""

    def __init__(self) -> None:
        self.removed = 0

    def delete_token(self, name: str, user: Any, token: Any = None) -> None:
        self.removed += 1


@pytest.mark.parametrize("face", ["flask", "starlette"])
@pytest.mark.parametrize("head", [b"Content-Length: 60000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_streamed_error_that_drips_is_not_read_to_its_end_for_a_rejected_token(
    wire: Wire, face: str, head: bytes
) -> None:
    """It was bounded by bytes alone: 64 KiB at a byte in a few seconds are days."""
    said, is_chunked = b"oauth_problem=token_revoked&", b"chunked" in head
    first = b"%x\r\n%s\r\n" % (len(said), said) if is_chunked else said
    head = b"HTTP/1.1 401 Unauthorized\r\n" + head + first
    wire.answer = drips = Dripping(head, b"1\r\nx\r\n" if is_chunked else b"x")
    store: Any = Store()
    options: Any = {"token_store": store, "forget_rejected_tokens": True}
    app, is_flask = flask.Flask("x"), face == "flask"
    oauth: Any = flask_client.OAuth(app, **options) if is_flask else starlette_client.OAuth(**options)
    client = oauth.register("shop", client_id="k", client_secret="s", api_base_url=wire.url)
    client.pool.limits = SHORT
    token = Token(oauth_token="t", oauth_token_secret="s")
    token.user = 7

    async def read() -> bytes:
        response = await client.get(wire.url, token=token, stream=True)
        first = await anext(response.aiter_bytes())
        await client.aclose()
        return bytes(first)

    if is_flask:
        response = client.get(wire.url, token=token, stream=True)
        beginning = next(response.iter_content(100))
        response.close()
        client.close()
    else:
        beginning = asyncio.run(read())
    assert not drips.is_over
    assert beginning.startswith(said)
    assert store.removed == 1
