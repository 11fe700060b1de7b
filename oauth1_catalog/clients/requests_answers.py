"""Answers of requests: which redirects are followed, and how much of a body is read.

No redirect of a token endpoint is followed, and one of an API call is signed anew. requests itself would keep the
signature on the same host, where it is not valid any more, and Authlib signs for any host that it is sent to. Even
where it does not follow a redirect, ``Session.send`` reads the whole body of the answer and takes its address apart,
which raises ``ValueError`` for ``https://[``. So it is shown no redirect of ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain
from typing import Any

import requests
from requests.utils import stream_decode_response_unicode

from oauth1_catalog.clients.failures import answer_too_late, answer_too_long
from oauth1_catalog.clients.limits import Limits, deadline, deadline_in_force, is_over
from oauth1_catalog.clients.redirects import (
    check_redirect,
    too_many_redirects,
    unreadable_redirect,
    without_protocol_parameters,
)

_unread: ContextVar[bool] = ContextVar("oauth1_catalog_unread_redirects", default=False)


@contextmanager
def redirects_unread() -> Iterator[None]:
    """Within this block, a session of ours gives an answer that is a redirect as it is, its body unread."""
    token = _unread.set(True)
    try:
        yield
    finally:
        _unread.reset(token)


class RedirectsUnread(requests.Session):
    """A session that keeps to ``redirects_unread``."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where ``resp`` redirects to; ``None`` also where nobody is to look."""
        return None if _unread.get() else super().get_redirect_target(resp)


def keep_redirects_unread(session: requests.Session) -> None:
    """Let an application's session keep to ``redirects_unread``; its own requests are redirected as before."""
    if isinstance(session, RedirectsUnread) or "get_redirect_target" in vars(session):
        return
    theirs = session.get_redirect_target

    def get_redirect_target(resp: requests.Response) -> str | None:
        return None if _unread.get() else theirs(resp)

    session.get_redirect_target = get_redirect_target  # type: ignore[method-assign] # this session alone


def follow_redirects(
    session: requests.Session, response: requests.Response, call: Mapping[str, Any], *, limit: int
) -> requests.Response:
    """The answer at the end of the redirects that begin with ``response``.

    Args:
        session: sent the call, within ``redirects_unread``.
        response: its answer.
        call: the call's keyword arguments: ``timeout``, ``verify`` and so on hold for every hop.
        limit: how many redirects to follow.

    Raises:
        ProviderError: a redirect that may not be followed or cannot be read, or too many.
    """
    history: list[requests.Response] = []
    # What a test has put in the place of Session.send may be no response of requests.
    while isinstance(response, requests.Response) and response.is_redirect:
        sent = response.request
        following = _following(session, response, call)
        auth = getattr(sent, "oauth1_auth", None)
        if following is None:
            return response
        if len(history) >= limit:
            raise too_many_redirects(
                method=str(sent.method), url=str(sent.url), status=response.status_code, limit=limit
            )
        if auth is not None:
            check_redirect(
                status=response.status_code,
                method=str(sent.method),
                url=str(sent.url),
                new_method=str(following.method),
                new_url=str(following.url),
            )
            following.headers.pop("Authorization", None)
            following.prepare_url(without_protocol_parameters(str(following.url)), None)
            following.prepare_auth(auth)
        history.append(response)
        settings = session.merge_environment_settings(
            str(following.url),
            dict(call.get("proxies") or {}),
            call.get("stream"),
            call.get("verify"),
            call.get("cert"),
        )
        with redirects_unread():
            response = session.send(following, allow_redirects=False, timeout=call.get("timeout"), **settings)
        response.history = list(history)
    return response


def _following(
    session: requests.Session, response: requests.Response, call: Mapping[str, Any]
) -> requests.PreparedRequest | None:
    """The request that ``response`` redirects to, as requests would make it."""
    sent = response.request
    requested = session.resolve_redirects(response, sent, proxies=call.get("proxies"), yield_requests=True)
    try:
        return next(requested, None)  # type: ignore[return-value] # it yields requests, as it was told
    except ValueError:
        problem = unreadable_redirect(method=str(sent.method), url=str(sent.url), status=response.status_code)
    raise problem


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
        response.iter_content = iter_again  # type: ignore[method-assign] # of this answer alone
        return b"".join(pieces)
    vars(response).pop("iter_content", None)
    return content
