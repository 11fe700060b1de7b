"""The bounds of an answer of httpx2 that is read at once: its length after decompression, and the time it takes.

They are put on the answer by the first of the client's hooks, so that they hold for the application's own hooks, too.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import anyio
import httpx2

from oauth1_catalog.clients.deadline import deadline, deadline_in_force, is_over
from oauth1_catalog.clients.failures import answer_too_late, answer_too_long
from oauth1_catalog.clients.limits import Limits

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
    token = _limits.set(limits)
    try:
        with deadline(limits.answer_deadline) as moment:
            try:
                yield
            except httpx2.HTTPError as error:
                if not is_over(moment):
                    raise
                problem, cause = answer_too_late(url, limits), error
            else:
                return
        raise problem from cause
    finally:
        _limits.reset(token)


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
    limits, moment, theirs = _limits.get(), deadline_in_force(), response.iter_bytes
    if limits is None:
        return

    def iter_bytes(chunk_size: int | None = None) -> Iterator[bytes]:
        length = 0
        try:
            for piece in theirs(chunk_size):
                length += len(piece)
                _check(response, length, limits)
                if is_over(moment):
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
            async for piece in theirs(chunk_size):
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
            if length > size or is_over(end):
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
        response.aiter_bytes = aiter_again  # type: ignore[method-assign]
        return b"".join(pieces)
    vars(response).pop("aiter_bytes", None)
    return content


async def _chained(first: list[bytes], rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in first:
        yield piece
    async for piece in rest:
        yield piece
