"""Take no answer of httpx2 for that of a request which it was there before.

A server, or somebody who can add to its answers, may send two answers to one request. What comes late is found by
httpx2: it looks whether there is something to read on a connection before it uses it again. What comes in one piece
with the first answer has been read already, and would be the answer to the next request on that connection, which may
be another user's. (requests forgets what it has read beyond an answer.)

So the bytes that are read between a request and its answer are counted: an answer has to be made of them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import httpx2

from oauth1_catalog.clients.failures import failure

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
        is_async = isinstance(response.stream, httpx2.AsyncByteStream)
        write, read = stream.write, stream.read
        stream.write, stream.read = (_aheard if is_async else _heard)(connection, write, read)
        return connection


def _heard(
    connection: _Connection, write: Callable[..., None], read: Callable[..., bytes]
) -> tuple[Callable[..., None], Callable[..., bytes]]:
    def writing(*args: Any, **kwargs: Any) -> None:
        connection.written()
        write(*args, **kwargs)

    def reading(*args: Any, **kwargs: Any) -> bytes:
        piece = read(*args, **kwargs)
        connection.read(piece)
        return piece

    return writing, reading


def _aheard(
    connection: _Connection, write: Callable[..., Awaitable[None]], read: Callable[..., Awaitable[bytes]]
) -> tuple[Callable[..., Awaitable[None]], Callable[..., Awaitable[bytes]]]:
    async def writing(*args: Any, **kwargs: Any) -> None:
        connection.written()
        await write(*args, **kwargs)

    async def reading(*args: Any, **kwargs: Any) -> bytes:
        piece = await read(*args, **kwargs)
        connection.read(piece)
        return piece

    return writing, reading
