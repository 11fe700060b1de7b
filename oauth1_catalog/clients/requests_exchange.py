"""How a request goes over a session of requests, and how its answer is read: bounded, within a deadline.

A token endpoint is never redirected, and the redirect of an API call is signed again. requests itself would keep the
signature on the same host, where it is not valid any more, and Authlib signs for any host that it is sent to. Even
where it does not follow a redirect, ``Session.send`` reads the whole body of the answer and takes its address apart,
which raises ``ValueError`` for ``https://[``. So it is shown no redirect of ours.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from io import BytesIO
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import stream_decode_response_unicode
from urllib3.exceptions import HTTPError

from oauth1_catalog.clients.failures import (
    answer_too_late,
    answer_too_long,
    failure,
    token_answer_too_long,
    transport_error,
    without_secrets,
)
from oauth1_catalog.clients.limits import (
    DEADLINE,
    Limits,
    check_redirect,
    too_many_redirects,
    unreadable_redirect,
    without_protocol_parameters,
)
from oauth1_catalog.clients.transport import check_session_proxies
from oauth1_catalog.errors import SigningError, TransportError
from oauth1_catalog.redaction import MaskedMapping, MaskedText
from oauth1_catalog.rfc5849.messages import Request, Response

UNUSABLE = (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)
"""What requests raises while it prepares a request for a URL that cannot be used."""

_bounds: ContextVar[Limits | None] = ContextVar("oauth1_catalog_answer", default=None)
_redirects_unread: ContextVar[bool] = ContextVar("oauth1_catalog_unread_redirects", default=False)


def exchange(session: requests.Session, request: Request, limits: Limits, **call: Any) -> Response:
    """Send a signed request to a token endpoint and read its answer.

    Args:
        session: whose adapters, headers and proxies are used.
        request: exactly as it is to go on the wire.
        limits: bounds the exchange.
        call: ``verify``, ``cert``, ``proxies`` and ``timeout``, as for ``requests.Session.request``.

    Raises:
        TransportError: no answer, one that took too long or one that is too long; ``__cause__`` has the detail.
        SigningError: urllib3 would write the URL in another way than it was signed.
    """
    moment = min(DEADLINE.get(), time.monotonic() + limits.token_deadline)
    in_force = DEADLINE.set(moment), _redirects_unread.set(True)
    try:
        prepared = _prepared(request, session)
        settings = session.merge_environment_settings(
            request.url, dict(call.get("proxies") or {}), True, call.get("verify"), call.get("cert")
        )
        timeout = call.get("timeout", (limits.connect, limits.read))
        response = session.send(prepared, timeout=timeout, allow_redirects=False, **settings)
        # By its type: a mock with a specification passes for an instance.
        if issubclass(type(response), requests.Response) and response.raw is not None:
            with closing(response):
                body = _bounded_body(response, limits, moment)
        else:
            body = _stand_ins_body(response)
        return Response(response.status_code, dict(getattr(response, "headers", {})), body)
    except (requests.RequestException, HTTPError, OSError) as error:
        without_secrets(error)
        late = time.monotonic() >= moment
        problem = _too_late(request.url, limits) if late else transport_error(request.url, error)
        cause = error
    finally:
        DEADLINE.reset(in_force[0])
        _redirects_unread.reset(in_force[1])
    raise problem from cause


# What urllib3 leaves as it is in a path.
_UNCHANGED_PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})*")


def _prepared(request: Request, session: requests.Session) -> requests.PreparedRequest:
    """``request`` as requests sends it, without rewriting any part of it."""
    path = urlsplit(request.url).path
    if not _UNCHANGED_PATH.fullmatch(path):
        raise SigningError(
            description=f"The path {path!r} would be sent in another way than it was signed. Percent-encode what is "
            "neither a letter, a digit nor one of -._~!$&'()*+,;=:@/ in the endpoint's URL, with capitals (%5B)."
        )
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    prepared.prepare_headers({**session.headers, "Accept-Encoding": "identity", **request.headers})
    # Not by prepare_body, which looks for files, streams and mappings in what is known to be bytes or nothing.
    prepared.body = request.body
    if request.body is not None or request.method not in {"GET", "HEAD"}:
        prepared.headers["Content-Length"] = str(len(request.body or b""))
    return prepared


def _bounded_body(response: requests.Response, limits: Limits, moment: float) -> bytes:
    body = BytesIO()  # whose repr does not show the token that may be in it
    try:
        for chunk in response.iter_content(8192):
            body.write(chunk)
            del chunk
            if body.tell() > limits.token_bytes:
                raise token_answer_too_long(response.url, response.status_code, response.headers, limits)
            if time.monotonic() >= moment:
                raise _too_late(response.url, limits)
    except ValueError as error:  # a chunk of a negative length, which is the provider's fault
        raise requests.exceptions.ChunkedEncodingError(error) from error
    return body.getvalue()


def _too_late(url: str, limits: Limits) -> TransportError:
    return failure(url, f"the answer took longer than {limits.token_deadline} seconds.")


def _stand_ins_body(response: Any) -> bytes:
    """The body of what a test has put in the place of an answer; it has ``content``, ``text`` or ``json()``."""
    content = getattr(response, "content", None)
    if isinstance(content, bytes):
        return content
    return (response.text if isinstance(response.text, str) else json.dumps(response.json())).encode()


@contextmanager
def redirects_unread() -> Iterator[None]:
    """Within this block, a session of ours gives an answer that is a redirect as it is, its body unread."""
    in_force = _redirects_unread.set(True)
    try:
        yield
    finally:
        _redirects_unread.reset(in_force)


class RedirectsUnread(requests.Session):
    """A session that keeps to ``redirects_unread``."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where ``resp`` redirects to; ``None`` also where nobody is to look."""
        return None if _redirects_unread.get() else super().get_redirect_target(resp)


def keep_redirects_unread(session: requests.Session) -> None:
    """Let an application's session keep to ``redirects_unread``; its own requests are redirected as before."""
    if isinstance(session, RedirectsUnread) or "get_redirect_target" in vars(session):
        return
    theirs = session.get_redirect_target

    def get_redirect_target(resp: requests.Response) -> str | None:
        return None if _redirects_unread.get() else theirs(resp)

    session.get_redirect_target = get_redirect_target  # type: ignore[method-assign] # this session alone


MAX_ORIGINS = 64
"""How many origins are remembered: an application may call addresses that its users give."""


class PoolSession(RedirectsUnread):
    """A session that caches the environment's settings of an origin."""

    def __init__(self) -> None:
        super().__init__()
        self._environment: dict[tuple[object, ...], dict[str, Any]] = {}

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """As in requests, which takes a third of its time to merge what is empty."""
        if request.auth is None or request.cookies or len(self.cookies) or self.params or any(self.hooks.values()):
            return super().prepare_request(request)
        headers: Any = self.headers.copy()  # a call may have bytes, and None for "leave it out"
        headers.update(request.headers or {})
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=str(request.method).upper(),
            url=request.url,
            headers={name: value for name, value in headers.items() if value is not None},
            files=request.files,
            data=request.data,
            json=request.json,
            params=request.params,
            auth=request.auth,
            cookies={},
            hooks=request.hooks,
        )
        return prepared

    def merge_environment_settings(
        self, url: str, proxies: dict[str, str] | None, stream: Any, verify: Any, cert: Any
    ) -> dict[str, Any]:
        """As in requests; only the settings of a call without ``proxies`` are remembered."""
        url = MaskedText(url)
        if proxies:
            proxies = MaskedMapping(proxies)
            own = dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
            check_session_proxies(own["proxies"])
            return own
        parts = urlsplit(url)  # not the canonical origin: another spelling is only looked up once more
        key = (parts.scheme, parts.netloc, stream, verify, tuple(cert) if isinstance(cert, list) else cert)
        settings = self._environment.get(key)
        if settings is None:
            if len(self._environment) >= MAX_ORIGINS:
                self._environment.clear()
            settings = dict(super().merge_environment_settings(url, {}, stream, verify, cert))
            check_session_proxies(settings["proxies"])
            self._environment[key] = settings
        return {**settings, "proxies": dict(settings["proxies"] or {})}


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


@contextmanager
def answers_bounded(url: str, limits: Limits, *, stream: bool) -> Iterator[None]:
    """Within this block, answers keep to ``answer_bytes`` and ``answer_deadline``, unless they are streamed.

    Raises:
        TransportError: an answer is too long, or takes too long.
    """
    if stream:
        yield
        return
    moment = min(DEADLINE.get(), time.monotonic() + (limits.answer_deadline or math.inf))
    in_force = DEADLINE.set(moment), _bounds.set(limits)
    try:
        yield
    except requests.RequestException as error:
        if time.monotonic() < moment:
            raise
        problem, cause = answer_too_late(url, limits), error
    else:
        return
    finally:
        DEADLINE.reset(in_force[0])
        _bounds.reset(in_force[1])
    raise problem from cause


def bound_answer(response: Any) -> Any:
    """``response``, which now keeps to the bounds in force."""
    limits, moment = _bounds.get(), DEADLINE.get()
    if limits is None or not isinstance(response, requests.Response):
        return response
    theirs = response.iter_content

    def iter_content(*args: Any, **kwargs: Any) -> Iterator[Any]:
        return read_on(theirs(*args, **kwargs))

    def read_on(pieces: Iterator[Any]) -> Iterator[Any]:
        length = 0
        try:
            for piece in pieces:
                length += len(piece)
                if limits.answer_bytes is not None and length > limits.answer_bytes:
                    response.close()
                    raise answer_too_long(response.url, limits)
                if time.monotonic() >= moment:
                    response.close()
                    raise answer_too_late(response.url, limits)
                yield piece
        except ValueError as error:  # a chunk of a negative length, which is the provider's fault
            raise requests.exceptions.ChunkedEncodingError(error) from error
        finally:
            vars(response).pop("iter_content", None)  # it refers to the answer, which would be kept by itself

    response.iter_content = iter_content  # type: ignore[method-assign] # of this answer alone
    return response


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
            if length > size or time.monotonic() >= end:
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
