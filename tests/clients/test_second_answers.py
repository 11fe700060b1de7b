"""A server that sends two answers to one request: the second is never taken for the answer to another request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import TransportError
from oauth1_catalog.rfc5849.messages import Request

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmine\r\n0\r\n\r\n"
SECOND = {
    "an answer": EVIL,
    "two": EVIL + EVIL,
    "without a body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "whose body is to follow": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nevil",
    "the beginning of one": b"HTTP/1.1 200 OK\r\nX-Evil: evil",
    "up to a name": b"HTTP/1.1 200 OK\r\nSet-Cookie: evil=1\r\nX:",
    "a status line": b"HTTP/1.1 200 OK\r\n",
    "an interim one": b"HTTP/1.1 103 Early Hints\r\n\r\n" + EVIL,
    "no HTTP": b"junk",
}
CLIENTS = ["session", "requests pool", "client", "async client", "httpx pool"]
ERRORS = (httpx_client.httpx2.HTTPError, requests_client.requests.RequestException, TransportError)


def calls(kind: str, url: str, *, verify: Any = None, times: int = 3) -> list[Any]:
    """The answers to some calls by one client, one after the other; an error is the error."""

    def each(call: Callable[[], Any]) -> Iterator[Any]:
        for _ in range(times):
            try:
                yield call()
            except ERRORS as error:
                yield error
            time.sleep(0.02)

    if kind == "session":
        with requests_client.OAuth1Session(**KEYS) as session:
            return list(each(lambda: session.get(url, verify=verify)))
    if kind == "requests pool":
        with RequestsPool(verify=verify) as pool:
            return list(each(lambda: pool.request("GET", url, auth=requests_client.OAuth1Auth(**KEYS))))
    if kind == "client":
        with httpx_client.OAuth1Client(**KEYS, verify=verify) as client:
            return list(each(lambda: client.get(url)))

    async def awaited() -> list[Any]:
        found: list[Any] = []
        context = (
            httpx_client.AsyncOAuth1Client(**KEYS, verify=verify)
            if kind == "async client"
            else HttpxPool(verify=verify)
        )
        async with context as client:
            for _ in range(times):
                auth = {} if kind == "async client" else {"auth": httpx_client.OAuth1Auth(**KEYS)}
                try:
                    found.append(await client.request("GET", url, **auth))
                except ERRORS as error:
                    found.append(error)
                await asyncio.sleep(0.02)
        return found

    return asyncio.run(awaited())


@pytest.fixture(params=CLIENTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def shown(answer: Any) -> str:
    return str(answer) if isinstance(answer, Exception) else f"{dict(answer.headers)} {answer.text}"


@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND.keys())
@pytest.mark.parametrize("first", ["length", "chunked"])
def test_in_one_piece(wire, kind, answer_with, first, second):
    wire.answer = lambda _: (answer_with("mine") if first == "length" else CHUNKED) + second
    answers = calls(kind, wire.url)
    assert answers[0].text == "mine"
    assert "evil" not in "".join(map(shown, answers)).lower()
    assert {answer.status_code for answer in answers if not isinstance(answer, Exception)} == {200}


def test_afterwards(wire, kind, answer_with):
    def answer(_: Any) -> Iterator[bytes]:
        yield answer_with("mine")
        time.sleep(0.005)
        with contextlib.suppress(OSError):
            yield EVIL

    wire.answer = answer
    answers = calls(kind, wire.url)
    assert answers[0].text == "mine"
    assert "evil" not in "".join(map(shown, answers))


def test_a_second_answer_over_tls_is_dropped(tls_wire, bundle, kind, answer_with):
    tls_wire.answer = lambda _: answer_with("mine") + EVIL
    answers = calls(kind, tls_wire.url, verify=bundle)
    assert answers[0].text == "mine"
    assert "evil" not in "".join(map(shown, answers))


@pytest.mark.parametrize("kind", ["client", "async client", "httpx pool"])
def test_the_error_names_the_host(wire, kind, answer_with):
    wire.answer = lambda _: answer_with("mine") + EVIL
    _, error, last = calls(kind, wire.url)
    assert str(error) == f"127.0.0.1:{wire.port}: it sent more than one answer to a request."
    assert last.text == "mine"  # on a connection of its own


def test_a_token_request(wire, answer_with):
    wire.answer = lambda _: answer_with("oauth_token=mine") + answer_with("oauth_token=evil")

    async def requests() -> list[bytes]:
        async with HttpxPool() as pool:
            bodies = []
            for _ in range(3):
                with contextlib.suppress(TransportError):
                    bodies.append((await pool.send(Request("POST", wire.url))).body)
            return bodies

    assert set(asyncio.run(requests())) == {b"oauth_token=mine"}


FINE = {
    "interim answers": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + EVIL,
    "a folded field": b"HTTP/1.1 200 OK\r\nX-Long: a\r\n b\r\n\tc\r\nContent-Length: 4\r\n\r\nevil",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 4\n\nevil",
    "fields that repeat": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 4\r\n\r\nevil",
    "trailers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\nX-Sum: 1\r\n\r\n",
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
}


@pytest.mark.parametrize("answer", FINE.values(), ids=FINE.keys())
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_what_one_answer_may_hold(wire, kind, answer, size):
    def slowly(_: Any) -> Iterator[bytes]:
        for start in range(0, len(answer), size):
            yield answer[start : start + size]

    wire.answer = slowly
    statuses = [answer.status_code for answer in calls(kind, wire.url, times=4)]
    assert statuses in ([200] * 4, [204] * 4)
    assert wire.connections == 1


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints", "199 Odd"])
def test_an_answer_that_comes_after_an_interim_one(wire, kind, answer_with, status):
    """requests took the interim one for the answer, and the answer for that to the next call: another user's."""
    numbers = iter(range(100))

    def answer(_: Any) -> Iterator[bytes]:
        yield f"HTTP/1.1 {status}\r\nLink: </a>\r\n\r\n".encode() * 2
        time.sleep(0.1)  # it is not there yet when the next call looks whether its connection is unread
        yield answer_with(str(next(numbers)))

    wire.answer = answer
    answers = calls(kind, wire.url)
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "0"), (200, "1"), (200, "2")]
    assert wire.connections == 1


def test_another_protocol_is_no_interim_answer(wire, kind):
    wire.answer = lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    assert {getattr(answer, "status_code", 101) for answer in calls(kind, wire.url)} == {101}


def test_a_body_that_is_streamed_and_hooks_of_the_application(wire, answer_with):
    wire.answer = lambda _: answer_with("x" * 200_000)
    seen: list[int] = []
    hooks = {"response": [lambda response: seen.append(response.status_code)]}
    with httpx_client.OAuth1Client(**KEYS, event_hooks=hooks) as client:
        for _ in range(3):
            with client.stream("GET", wire.url) as answer:
                assert len(answer.read()) == 200_000
    assert seen == [200] * 3
    assert wire.connections == 1


CUT = {
    "before the headers": b"HTTP/1.1 200 OK\r\n",
    "inside a name": b"HTTP/1.1 200 OK\r\nContent-Le",
    "before the length": b"HTTP/1.1 200 OK\r\nX: y\r\n",
    "inside the length": b"HTTP/1.1 200 OK\r\nContent-Length: 1",
    "behind the headers": b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n",
    "inside an interim answer": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n",
    "a length below 0": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nwhole",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nwhole",
    "an empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nwhole",
}


@pytest.mark.parametrize("cut", CUT.values(), ids=CUT.keys())
def test_a_head_that_is_cut_off_or_has_no_valid_length_is_no_answer(wire, kind, cut):
    """requests took it for the whole: an empty body, or one that ends where the connection does."""

    def answer(_: Any) -> Iterator[bytes]:
        yield cut
        raise ConnectionAbortedError

    wire.answer = answer
    (error,) = calls(kind, wire.url, times=1)
    assert isinstance(error, ERRORS)
