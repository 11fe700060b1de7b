"""Follow the redirects of a signed API call in requests.

requests itself would keep the signature on the same host, where it is not valid any more, and Authlib signs for any
host that it is sent to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from oauth1_catalog.clients.redirects import check_redirect, too_many_redirects, without_protocol_parameters


def follow_redirects(
    session: requests.Session, response: requests.Response, call: Mapping[str, Any], *, limit: int
) -> requests.Response:
    """The answer at the end of the redirects that begin with ``response``.

    Args:
        session: sent the call, with ``allow_redirects=False``.
        response: its answer.
        call: the call's keyword arguments: ``timeout``, ``verify`` and so on hold for every hop.
        limit: how many redirects to follow.

    Raises:
        ProviderError: a redirect that may not be followed, or too many.
    """
    history: list[requests.Response] = []
    while response.is_redirect:
        sent, following = response.request, response.next
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
        response = session.send(following, allow_redirects=False, timeout=call.get("timeout"), **settings)
        response.history = list(history)
    return response
