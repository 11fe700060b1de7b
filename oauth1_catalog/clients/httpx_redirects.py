"""Follow the redirects of a signed API call in httpx2, sync and async alike.

httpx2 itself would keep the signature on the same host, where it is not valid any more, and resend a signed form.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator

import httpx2

from oauth1_catalog.clients.redirects import (
    check_redirect,
    too_many_redirects,
    unreadable_redirect,
    without_protocol_parameters,
)
from oauth1_catalog.flow.drive import arun, run


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
