"""The bounds of an answer of requests that is read at once: its length after decompression, and the time it takes.

They are put on the answer itself, where the adapter makes it, so that they hold for whatever reads it: requests, a
hook of the application, or what follows a redirect.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain
from typing import Any

import requests
from requests.utils import stream_decode_response_unicode

from oauth1_catalog.clients.deadline import deadline, deadline_in_force, is_over
from oauth1_catalog.clients.failures import answer_too_late, answer_too_long
from oauth1_catalog.clients.limits import Limits

_limits: ContextVar[Limits | None] = ContextVar("oauth1_catalog_answer", default=None)


@contextmanager
def answers_bounded(url: str, limits: Limits, *, stream: bool) -> Iterator[None]:
    """Within this block, answers keep to ``answer_bytes`` and ``answer_deadline``, unless they are streamed.

    Raises:
        TransportError: an answer is too long, or takes too long.
    """
    if stream:
        yield
        return
    token = _limits.set(limits)
    try:
        with deadline(limits.answer_deadline) as moment:
            try:
                yield
            except requests.RequestException as error:
                if not is_over(moment):
                    raise
                problem, cause = answer_too_late(url, limits), error
            else:
                return
        raise problem from cause
    finally:
        _limits.reset(token)


def bound_answer(response: Any) -> Any:
    """``response``, which now keeps to the bounds in force."""
    limits = _limits.get()
    if limits is None or not isinstance(response, requests.Response):
        return response
    moment, theirs = deadline_in_force(), response.iter_content

    def iter_content(*args: Any, **kwargs: Any) -> Iterator[Any]:
        return read_on(theirs(*args, **kwargs))

    def read_on(pieces: Iterator[Any]) -> Iterator[Any]:
        length = 0
        try:
            for piece in whole_chunks(pieces):
                length += len(piece)
                if limits.answer_bytes is not None and length > limits.answer_bytes:
                    response.close()
                    raise answer_too_long(response.url, limits)
                if is_over(moment):
                    response.close()
                    raise answer_too_late(response.url, limits)
                yield piece
        finally:
            vars(response).pop("iter_content", None)  # it refers to the answer, which would be kept by itself

    response.iter_content = iter_content  # type: ignore[method-assign] # of this answer alone
    return response


def whole_chunks(pieces: Iterator[Any]) -> Iterator[Any]:
    """The pieces of a body; a chunk of a negative length is the provider's fault, and not a ``ValueError``.

    Raises:
        requests.RequestException: the connection broke, or what came cannot be read.
    """
    try:
        yield from pieces
    except ValueError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


class _LongerError(Exception):
    """The body goes on."""


def beginning_of(response: requests.Response, size: int, seconds: float) -> bytes:
    """The body of ``response`` where it is no longer than ``size`` bytes, and otherwise not much more than those.

    What was streamed can be read from its beginning afterwards, by ``content`` or ``iter_content``.

    Args:
        response: an answer, read or not.
        size: in bytes, after decompression.
        seconds: after which what has come is enough, for a body that drips. What waits for the next byte waits longer.

    Raises:
        requests.RequestException: the connection broke.
    """
    pieces: list[bytes] = []
    read = response.iter_content
    theirs = read(1)  # urllib3 waits until all that was asked for is there
    end = time.monotonic() + seconds

    def iter_content(*_: Any) -> Iterator[bytes]:
        length = 0
        for piece in theirs:
            pieces.append(piece)
            length += len(piece)
            if length > size or is_over(end):
                raise _LongerError
            yield piece

    def iter_again(chunk_size: int | None = 1, decode_unicode: bool = False, first: Any = theirs) -> Iterator[Any]:  # noqa: ARG001 - `first`, which would close the connection, ends with the answer
        again = chain([b"".join(pieces)], read(chunk_size))
        return stream_decode_response_unicode(again, response) if decode_unicode else again

    response.iter_content = iter_content  # type: ignore[assignment,method-assign] # of this answer alone
    try:
        content: bytes = response.content
    except _LongerError:
        response.iter_content = iter_again  # type: ignore[method-assign]
        return b"".join(pieces)
    vars(response).pop("iter_content", None)
    return content
