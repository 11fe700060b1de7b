"""Where one request ends and another begins, for calls that name no request: Django's signals tell.

A thread of a WSGI server serves one request after the other in one context. Under ASGI a request has a context of its
own, but Django 5 sends ``request_started`` in a task whose context goes with it, and a server may begin a request in
the context of the one before.
"""

from __future__ import annotations

from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished, request_started

from oauth1_catalog.registry import current_token


def observe_requests() -> None:
    """Have each request begin without a token of another one; a second call changes nothing."""
    request_started.connect(_begin, dispatch_uid=__name__)
    request_finished.connect(_end, dispatch_uid=__name__)


def _begin(*, sender: Any, environ: Any = None, scope: Any = None, **_: object) -> None:
    outer = current_token.serving()
    tokens = current_token.tokens_on(scope if environ is None else environ)
    if outer is not None and scope is not None:
        # What is entered here may be lost with this task's context, which leaves the new request in the outer one's.
        if isinstance(sender, type) and issubclass(sender, ASGIHandler):
            outer.clear()  # a server that serves in the context of a request has served that
        else:
            outer.hidden += 1  # a test client in a view
            tokens.within = outer
    current_token.enter(tokens)


def _end(**_: object) -> None:
    tokens = current_token.serving()
    if tokens is None:
        return
    if tokens.hidden:
        tokens.hidden -= 1
        return
    if tokens.within is not None:
        tokens.within.hidden -= 1
    current_token.leave()
