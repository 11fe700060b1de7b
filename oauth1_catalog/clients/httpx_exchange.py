"""How a request goes over a client of httpx2: token requests in their bounds, arguments and redirects of API calls.

A token request is never redirected. The sync and the async function differ in their ``await``, and in how the deadline
stops what waits for headers.

``params`` of an API call are added to the query that the URL has, where httpx2 replaces that query without a word, and
``data`` may be pairs, text or bytes. Values are written as httpx2 writes them: ``True`` is ``true``, and ``None`` is
empty.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit
from weakref import ref

import anyio
import httpcore2
import httpx2

from oauth1_catalog.clients.auth import no_pairs, pairs_of
from oauth1_catalog.clients.failures import (
    FULL_POOL,
    failure,
    filter_logs_of,
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
from oauth1_catalog.errors import SigningError, TransportError
from oauth1_catalog.flow.driver import arun, run
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.rfc5849.encoding import form_encode
from oauth1_catalog.rfc5849.messages import Request, Response
from oauth1_catalog.rfc5849.parameters import FORM

filter_logs_of("httpx2", *(f"httpcore2.{part}" for part in ("http11", "http2", "connection", "proxy", "socks")))


class SignedRequest(httpx2.Request):
    """A request whose ``repr`` does not show the query: it may hold the signature."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, {str(self.url).partition('?')[0]!r})>"


NO_ANSWER = (httpx2.HTTPError, httpx2.InvalidURL, OSError)


def exchange(client: httpx2.Client, request: Request, limits: Limits, **call: Any) -> Response:
    """Send a signed request and read its answer.

    Args:
        client: sends it, over connections that keep to the deadline.
        request: exactly as it is to go on the wire.
        limits: bounds the exchange.
        call: ``timeout``, as for ``httpx2.Client.request``.

    Raises:
        TransportError: no answer, one that took too long or one that is too long; ``__cause__`` has the detail.
        SigningError: httpx2 would write the URL in another way than it was signed.
    """
    built = _built(request, client, **call)
    moment = min(DEADLINE.get(), time.monotonic() + limits.token_deadline)
    in_force = DEADLINE.set(moment)
    try:
        response = client.send(built, auth=None, stream=True, follow_redirects=False)
        body = BytesIO()  # whose repr does not show the token that may be in it
        try:
            for chunk in response.iter_bytes():
                body.write(chunk)
                del chunk
                _check_length(response, request, body, limits)
                if time.monotonic() >= moment:
                    raise _too_late(request, limits)
        finally:
            response.close()
        return Response(response.status_code, dict(response.headers), body.getvalue())
    except NO_ANSWER as error:
        without_secrets(error)
        late = time.monotonic() >= moment
        problem = _too_late(request, limits) if late else transport_error(request.url, error)
        cause = error
    finally:
        DEADLINE.reset(in_force)
    raise problem from cause


async def aexchange(
    client: httpx2.AsyncClient,
    request: Request,
    limits: Limits,
    send: Callable[..., Awaitable[httpx2.Response]],
    **call: Any,
) -> Response:
    """As ``exchange``, with an asynchronous client, and ``send``, which is its ``send`` or does more."""
    built = _built(request, client, **call)
    try:
        with anyio.fail_after(limits.token_deadline):
            response = await send(built, auth=None, stream=True, follow_redirects=False)
            body = BytesIO()
            try:
                async with aclosing(response.aiter_bytes()) as chunks:
                    async for chunk in chunks:
                        body.write(chunk)
                        del chunk
                        _check_length(response, request, body, limits)
            finally:
                await response.aclose()
            return Response(response.status_code, dict(response.headers), body.getvalue())
    except TimeoutError as error:
        problem = _too_late(request, limits)
        cause: Exception = error
    except NO_ANSWER as error:
        without_secrets(error)
        problem, cause = transport_error(request.url, error), error
    raise problem from cause


def client_limits(limits: Limits) -> dict[str, Any]:
    """``limits`` as keywords of ``httpx2.Client`` and ``httpx2.AsyncClient``."""
    return {
        "timeout": httpx2.Timeout(limits.read, connect=limits.connect),
        "limits": httpx2.Limits(
            max_connections=limits.max_connections,
            max_keepalive_connections=min(limits.max_connections, limits.max_idle_connections),
            keepalive_expiry=limits.keepalive,
        ),
        "max_redirects": limits.max_redirects,
    }


def token_limits(limits: Limits) -> dict[str, Any]:
    """As ``client_limits``, for a client that makes a pool's token requests alone."""
    number = min(limits.max_connections, limits.max_token_connections)
    options = client_limits(replace(limits, max_connections=number, max_idle_connections=number))
    # Waiting for a connection ends before the deadline does, which would blame the provider.
    waiting = min(0.9 * limits.token_deadline, limits.read or float("inf"))
    return {**options, "timeout": httpx2.Timeout(limits.read, connect=limits.connect, pool=waiting)}


def connected(limits: Limits, request: httpx2.Request, send: Callable[[], httpx2.Response]) -> httpx2.Response:
    """Send ``request``, and again where the connection was refused: then nothing was sent."""
    try:
        for _ in range(limits.connect_retries):
            with suppress(httpx2.ConnectError):
                return send()
        return send()
    except httpx2.PoolTimeout as error:
        raise _of_a_full_pool(error, request)  # noqa: B904 - it is the same error


async def aconnected(
    limits: Limits, request: httpx2.Request, send: Callable[[], Awaitable[httpx2.Response]]
) -> httpx2.Response:
    """As ``connected``, with an asynchronous client."""
    try:
        for _ in range(limits.connect_retries):
            with suppress(httpx2.ConnectError):
                return await send()
        return await send()
    except httpx2.PoolTimeout as error:
        raise _of_a_full_pool(error, request)  # noqa: B904 - it is the same error


def _of_a_full_pool(error: httpx2.PoolTimeout, request: httpx2.Request) -> httpx2.PoolTimeout:
    """``error`` with a text: it has none, and is taken for a slow provider, which has not even been asked."""
    error.args = (failure(str(request.url), FULL_POOL).description,)
    return error


def _check_length(response: httpx2.Response, request: Request, body: BytesIO, limits: Limits) -> None:
    if body.tell() > limits.token_bytes:
        raise token_answer_too_long(request.url, response.status_code, response.headers, limits)


def _too_late(request: Request, limits: Limits) -> TransportError:
    return failure(request.url, f"the answer took longer than {limits.token_deadline} seconds.")


@lru_cache(maxsize=256)
def _parsed(endpoint: str) -> httpx2.URL:
    """An endpoint's URL; httpx2 takes longer to read one than it takes to sign. None with a query: it may be secret."""
    return httpx2.URL(endpoint)


def _built(request: Request, client: httpx2.Client | httpx2.AsyncClient, **call: Any) -> httpx2.Request:
    """``request`` as httpx2 sends it, without rewriting any part of it."""
    url, body = httpx2.URL(request.url) if "?" in request.url else _parsed(request.url), request.body or b""
    wanted = {"Accept-Encoding": "identity", **request.headers}
    own = [(name.encode("ascii"), value.encode("ascii")) for name, value in wanted.items()]
    names = {name.lower() for name, _ in own}
    fields = [*(field for field in client.headers.raw if field[0].lower() not in names), *own]
    # With a stream httpx2 takes the headers as they are: to look for what is missing takes it twice as long as this.
    if not any(name.lower() == b"host" for name, _ in fields):
        fields.insert(0, (b"Host", url.netloc))
    if body or request.method not in {"GET", "HEAD"}:
        fields.append((b"Content-Length", str(len(body)).encode("ascii")))
    timeout = httpx2.Timeout(call["timeout"]) if "timeout" in call else client.timeout
    built = SignedRequest(
        request.method,
        url,
        headers=fields,
        cookies=client.cookies,
        stream=httpx2.ByteStream(body),
        extensions={"timeout": timeout.as_dict()},
    )
    built.read()
    path, sent = urlsplit(request.url).path or "/", built.url.raw_path.decode().partition("?")[0]
    if path != sent:
        raise SigningError(
            description=f"The path {path!r} would be sent as {sent!r}, for which the signature is not valid. Write the "
            "endpoint's URL in the second way."
        )
    return built


def read_within_deadline(request: httpx2.Request) -> None:
    """Let a connection that is opened for ``request`` keep to deadlines; a ``trace`` of the caller is called, too."""
    theirs: Callable[[str, Mapping[str, Any]], None] | None = request.extensions.get("trace")

    def trace(event: str, info: Mapping[str, Any]) -> None:
        opened = info.get("return_value")
        if isinstance(opened, httpcore2.NetworkStream):
            _keep_deadline(opened)
        if theirs is not None:
            theirs(event, info)

    request.extensions = {**request.extensions, "trace": trace}


def _keep_deadline(stream: httpcore2.NetworkStream) -> None:
    if "read" in vars(stream):
        return
    weak, theirs = ref(stream), type(stream).read  # a stream that held itself would not be closed with its client

    def read(max_bytes: int, timeout: float | None = None) -> bytes:
        here, left = weak(), DEADLINE.get() - time.monotonic()
        if here is None:
            raise httpcore2.ReadError("the connection is gone")
        if left <= 0:
            raise httpcore2.ReadTimeout("the whole answer took too long")
        if left < math.inf:
            timeout = left if timeout is None else min(left, timeout)
        return theirs(here, max_bytes, timeout)

    stream.read = read  # type: ignore[method-assign] # of this connection alone


def build_request(
    build: Callable[..., httpx2.Request], method: str, url: str | httpx2.URL, *, own: httpx2.QueryParams, **call: Any
) -> httpx2.Request:
    """Make the request of a call.

    Args:
        build: ``build_request`` of httpx2's client.
        method: the HTTP method.
        url: where; a query in it is kept.
        own: the client's own ``params``; those of the call replace them, name by name.
        call: the remaining keywords of ``build``. ``params`` may be all that httpx2 takes (a mapping, pairs, text,
            bytes); ``data`` may also be pairs, text or bytes.

    Raises:
        SigningError: ``data`` is something else, such as a file.

    >>> client, params = httpx2.Client(), {"y[]": "a b"}
    >>> build_request(client.build_request, "GET", "https://a.example/?x=1", own=client.params, params=params).url
    URL('https://a.example/?x=1&y%5B%5D=a%20b')
    """
    call = MaskedMapping(call)
    params = call.pop("params", None)
    request = build(method, url, **_with_form(call))
    if params or own:
        pieces = (httpx2.URL(url).query.decode("ascii"), _query(own, params))
        request.url = request.url.copy_with(query="&".join(filter(None, pieces)).encode("ascii"))
    return request


def _query(own: httpx2.QueryParams, params: Any) -> str:
    if isinstance(params, bytes):
        params = params.decode()
    if isinstance(params, str) and not own:  # it is a query already: its escapes stay as they are
        return httpx2.URL("?" + params.replace("#", "%23")).query.decode("ascii")
    if params is not None and not isinstance(params, str | Mapping):
        params = list(params)
    return form_encode(own.merge(params).multi_items())


def _with_form(call: MaskedMapping) -> MaskedMapping:
    """The keywords of a call, in which ``data`` may be pairs, text or bytes too, as requests takes them."""
    data = masked(call.get("data"))
    if data is None or isinstance(data, Mapping):
        return call
    call = MaskedMapping((name, value) for name, value in call.items() if name != "data")
    if isinstance(data, str | bytes):
        return MaskedMapping(call, content=data)
    pairs = pairs_of(data)
    if pairs is None:
        raise SigningError(
            description=f"{no_pairs('data', data)}: of a file, what read() gives. httpx2 takes a stream as content=."
        )
    headers = httpx2.Headers(call.get("headers"))
    headers.setdefault("Content-Type", FORM)
    return MaskedMapping(call, content=urlencode(pairs), headers=headers)


def send(
    perform: Callable[..., httpx2.Response],
    request: httpx2.Request,
    *,
    signed: bool,
    follow: bool,
    stream: bool,
    limit: int,
) -> httpx2.Response:
    """Send one call, and follow its redirects where they may be followed.

    Args:
        perform: sends one request: ``httpx2.Client.send``, with ``stream`` and ``follow_redirects``.
        request: the call, not yet signed.
        signed: whether ``perform`` signs; the redirects of other calls are httpx2's own affair.
        follow: whether to follow redirects.
        stream: whether the answer's body is left unread.
        limit: how many redirects to follow.

    Raises:
        ProviderError: a redirect that may not be followed or cannot be read, or too many.
    """
    if not (signed and follow):
        return perform(request, stream=stream, follow_redirects=follow)

    def hop(request: httpx2.Request) -> httpx2.Response:
        response = perform(request, stream=stream, follow_redirects=False)
        if stream and response.has_redirect_location:
            response.close()
        return response

    return run(_hops(request, limit), hop)


async def asend(
    perform: Callable[..., Awaitable[httpx2.Response]],
    request: httpx2.Request,
    *,
    signed: bool,
    follow: bool,
    stream: bool,
    limit: int,
) -> httpx2.Response:
    """As ``send``, with an asynchronous client."""
    if not (signed and follow):
        return await perform(request, stream=stream, follow_redirects=follow)

    async def hop(request: httpx2.Request) -> httpx2.Response:
        response = await perform(request, stream=stream, follow_redirects=False)
        if stream and response.has_redirect_location:
            await response.aclose()
        return response

    return await arun(_hops(request, limit), hop)


def _hops(request: httpx2.Request, limit: int) -> Generator[httpx2.Request, httpx2.Response, httpx2.Response]:
    """Each request of one signed call, to be signed and sent; returns the last answer."""
    history: list[httpx2.Response] = []
    response = yield request
    while response.has_redirect_location:
        following = response.next_request
        if following is None:  # httpx2 could make none of its address
            raise unreadable_redirect(method=request.method, url=str(request.url), status=response.status_code)
        if len(history) >= limit:
            raise too_many_redirects(
                method=request.method, url=str(request.url), status=response.status_code, limit=limit
            )
        check_redirect(
            status=response.status_code,
            method=request.method,
            url=str(request.url),
            new_method=following.method,
            new_url=str(following.url),
        )
        following.headers.pop("Authorization", None)
        following.url = httpx2.URL(without_protocol_parameters(str(following.url)))
        history.append(response)
        request = following
        response = yield request
        response.history = list(history)
    return response
