"""How an answer is read over a client of httpx2: bounded, and refused if it arrived before its request was sent.

A server, or an attacker who can extend its responses, may send two responses to one request. httpx2 detects a late one,
because it checks a connection for unread data before it uses it again. But if both arrive together, httpx2 has already
read the second one, and would return it for the next request on this connection, which can belong to another user.
(requests discards data after a response.)

Therefore the bytes that arrive between a request and its response are counted: the response must consist of them.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import anyio
import httpx2

from oauth1_catalog.clients.failures import answer_too_late, answer_too_long, failure
from oauth1_catalog.clients.limits import DEADLINE, Limits

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)")


@dataclass(slots=True)
class _Connection:
    """What was read on a connection since the request was written."""

    pieces: list[bytes] = field(default_factory=list)
    is_read_for_the_head: bool = True

    def written(self) -> None:
        if not self.is_read_for_the_head:
            self.pieces.clear()
            self.is_read_for_the_head = True

    def read(self, piece: bytes) -> None:
        if self.is_read_for_the_head:
            self.pieces.append(piece)

    def made(self, response: httpx2.Response) -> bool:
        """Whether ``response`` is made of what was read; from here on it is the body that is read."""
        read = b"".join(self.pieces)
        self.pieces.clear()
        self.is_read_for_the_head = False
        while _INTERIM.match(read) and (end := _END_OF_HEAD.search(read)):
            read = read[end.end() :]
        end = _END_OF_HEAD.search(read)
        lines = read[: end.start()].split(b"\n")[1:] if end else []
        fields = [line for line in lines if not line.startswith((b" ", b"\t"))]
        return end is not None and len(fields) == len(response.headers.raw)


class Answers:
    """The connections of one client of httpx2; its methods are hooks for the client's answers."""

    def __init__(self) -> None:
        self._connections: WeakKeyDictionary[Any, _Connection] = WeakKeyDictionary()

    @classmethod
    def watch(cls, client: httpx2.Client | httpx2.AsyncClient) -> None:
        """Look at every answer of ``client``, before its body is read and before hooks of the application."""
        hooks = client.event_hooks
        if any(isinstance(getattr(hook, "__self__", None), cls) for hook in hooks.get("response", [])):
            return
        answers = cls()
        own = answers.acheck if isinstance(client, httpx2.AsyncClient) else answers.check
        client.event_hooks = {**hooks, "response": [own, *hooks.get("response", [])]}

    def check(self, response: httpx2.Response) -> None:
        """Refuse an answer that was there before its request.

        Raises:
            httpx2.RemoteProtocolError: it was.
        """
        stream = response.extensions.get("network_stream")
        if (
            stream is None
            or response.http_version == "HTTP/2"
            or response.status_code == httpx2.codes.SWITCHING_PROTOCOLS
        ):
            return
        connection = self._connections.get(stream)
        if connection is None:  # the first answer on this connection
            self._connections[stream] = self._listen(stream, response)
        elif not connection.made(response):
            url = str(response.request.url)
            raise httpx2.RemoteProtocolError(failure(url, "it sent more than one answer to a request.").description)

    async def acheck(self, response: httpx2.Response) -> None:
        """As ``check``, for an asynchronous client."""
        self.check(response)

    def _listen(self, stream: Any, response: httpx2.Response) -> _Connection:
        """Hear of what is written and read on ``stream`` from now on: its methods are called by ours."""
        connection = _Connection(is_read_for_the_head=False)
        write, read = stream.write, stream.read

        def writing(*args: Any, **kwargs: Any) -> Any:
            connection.written()
            return write(*args, **kwargs)

        def reading(*args: Any, **kwargs: Any) -> bytes:
            piece: bytes = read(*args, **kwargs)
            connection.read(piece)
            return piece

        async def areading(*args: Any, **kwargs: Any) -> bytes:
            piece: bytes = await read(*args, **kwargs)
            connection.read(piece)
            return piece

        is_async = isinstance(response.stream, httpx2.AsyncByteStream)
        stream.write, stream.read = writing, areading if is_async else reading
        return connection


_limits: ContextVar[Limits | None] = ContextVar("oauth1_catalog_httpx_answer", default=None)


@contextmanager
def answers_bounded(client: httpx2.Client, url: str, limits: Limits, *, stream: bool) -> Iterator[None]:
    """Within this block, the answers of ``client`` keep to ``answer_bytes`` and ``answer_deadline``, unless streamed.

    Raises:
        TransportError: an answer is too long, or takes too long.
    """
    if stream:
        yield
        return
    _put_first(client, _bound)
    moment = min(DEADLINE.get(), time.monotonic() + (limits.answer_deadline or math.inf))
    in_force = DEADLINE.set(moment), _limits.set(limits)
    try:
        yield
    except httpx2.HTTPError as error:
        if time.monotonic() < moment:
            raise
        problem, cause = answer_too_late(url, limits), error
    else:
        return
    finally:
        DEADLINE.reset(in_force[0])
        _limits.reset(in_force[1])
    raise problem from cause


@contextmanager
def aanswers_bounded(client: httpx2.AsyncClient, url: str, limits: Limits, *, stream: bool) -> Iterator[None]:
    """As ``answers_bounded``, with an asynchronous client."""
    if stream:
        yield
        return
    _put_first(client, _abound)
    token = _limits.set(limits)
    try:
        with anyio.move_on_after(limits.answer_deadline) as scope:
            yield
        if scope.cancelled_caught:
            raise answer_too_late(url, limits)
    finally:
        _limits.reset(token)


def _put_first(client: httpx2.Client | httpx2.AsyncClient, hook: Any) -> None:
    hooks: list[Any] = client.event_hooks["response"]
    if hook not in hooks[:1]:
        hooks.insert(0, hook)


def _bound(response: httpx2.Response) -> None:
    limits, moment, theirs = _limits.get(), DEADLINE.get(), response.iter_bytes
    if limits is None:
        return

    def iter_bytes(chunk_size: int | None = None) -> Iterator[bytes]:
        length = 0
        try:
            for piece in theirs(chunk_size):
                length += len(piece)
                _check(response, length, limits)
                if time.monotonic() >= moment:
                    raise answer_too_late(str(response.url), limits)
                yield piece
        finally:
            vars(response).pop("iter_bytes", None)  # it refers to the answer, which would be kept by itself

    response.iter_bytes = iter_bytes  # type: ignore[method-assign] # of this answer alone


async def _abound(response: httpx2.Response) -> None:
    limits, theirs = _limits.get(), response.aiter_bytes
    if limits is None:
        return

    async def aiter_bytes(chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        length = 0
        try:
            async with aclosing(theirs(chunk_size)) as pieces:  # trio warns of one that is left unread
                async for piece in pieces:
                    length += len(piece)
                    _check(response, length, limits)
                    yield piece
        finally:
            vars(response).pop("aiter_bytes", None)

    response.aiter_bytes = aiter_bytes  # type: ignore[method-assign] # of this answer alone


def _check(response: httpx2.Response, length: int, limits: Limits) -> None:
    if limits.answer_bytes is not None and length > limits.answer_bytes:
        raise answer_too_long(str(response.url), limits)


class _LongerError(Exception):
    """The body goes on."""


async def abeginning_of(response: httpx2.Response, size: int, seconds: float) -> bytes:
    """The body of ``response`` where it is no longer than ``size`` bytes, and otherwise not much more than those.

    What was streamed can be read from its beginning afterwards, by ``aread`` or ``aiter_bytes``, ``aiter_text`` and
    ``aiter_lines``.

    Args:
        response: an answer, read or not.
        size: in bytes, after decompression.
        seconds: after which what has come is enough, for a body that drips. What waits for the next byte waits longer.

    Raises:
        httpx2.HTTPError: the connection broke.
    """
    pieces: list[bytes] = []
    theirs = response.aiter_bytes()  # as it comes
    end = time.monotonic() + seconds

    async def aiter_bytes(chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:  # noqa: ARG001 - httpx2's name
        length = 0
        async for piece in theirs:
            pieces.append(piece)
            length += len(piece)
            if length > size or time.monotonic() >= end:
                raise _LongerError
            yield piece

    async def aiter_again(chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        async for piece in _chained(pieces, theirs):
            size = chunk_size or len(piece)
            for start in range(0, len(piece), size):
                yield piece[start : start + size]

    response.aiter_bytes = aiter_bytes  # type: ignore[method-assign] # of this answer alone
    try:
        content = await response.aread()
    except _LongerError:
        response.aiter_bytes = aiter_again  # type: ignore[method-assign] # of this answer alone
        return b"".join(pieces)
    vars(response).pop("aiter_bytes", None)
    return content


async def _chained(first: list[bytes], rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in first:
        yield piece
    async for piece in rest:
        yield piece
