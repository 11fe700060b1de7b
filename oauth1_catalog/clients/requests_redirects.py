"""The redirects of signed requests in requests: none of a token endpoint, those of an API call signed anew.

requests itself would keep the signature on the same host, where it is not valid any more, and Authlib signs for any
host that it is sent to. Even where it does not follow a redirect, ``Session.send`` reads the whole body of the answer
and takes its address apart, which raises ``ValueError`` for ``https://[``. So it is shown no redirect of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests

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
