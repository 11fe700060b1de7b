"""Follow the redirects of a signed API call in httpx2, sync and async alike.

httpx2 itself would keep the signature on the same host, where it is not valid any more, and resend a signed form.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

import httpx2

from oauth1_catalog.clients.redirects import check_redirect, too_many_redirects, without_protocol_parameters

Exchanges: TypeAlias = Generator[httpx2.Request, httpx2.Response, httpx2.Response]


def following_redirects(request: httpx2.Request, *, limit: int) -> Exchanges:
    """The exchanges of one signed call: yields each request to sign and send, returns the last answer.

    Driven by ``flow.drive.run`` or ``arun``. ``limit`` is how many redirects are followed; 0 gives the first answer as
    it is.

    Raises:
        ProviderError: a redirect that may not be followed, or too many.
    """
    history: list[httpx2.Response] = []
    response = yield request
    while limit and response.has_redirect_location and response.next_request is not None:
        if len(history) >= limit:
            raise too_many_redirects(
                method=request.method, url=str(request.url), status=response.status_code, limit=limit
            )
        following = response.next_request
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
