"""One exchange with a token endpoint over a session of requests: bounded, within a deadline, never redirected.

By ``Session.send``, as everything that this package sends: it is what tests replace and what instrumentation watches.
Not by ``Session.request``: that would write the request anew, and put the password that .netrc holds for the host in
the place of our signature.
"""

from __future__ import annotations

import json
import re
from contextlib import closing
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from oauth1_catalog.clients.deadline import deadline, is_over
from oauth1_catalog.clients.failures import failure, transport_error, without_secrets
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.requests_bounds import whole_chunks
from oauth1_catalog.clients.requests_redirects import redirects_unread
from oauth1_catalog.errors import SigningError, TransportError
from oauth1_catalog.rfc5849.messages import Request, Response

# What urllib3 leaves as it is in a path.
_UNCHANGED_PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})*")


def exchange(session: requests.Session, request: Request, limits: Limits, **call: Any) -> Response:
    """Send a signed request and read its answer.

    Args:
        session: whose adapters, headers and proxies are used.
        request: exactly as it is to go on the wire.
        limits: bounds the exchange.
        call: ``verify``, ``cert``, ``proxies`` and ``timeout``, as for ``requests.Session.request``.

    Raises:
        TransportError: no answer, one that took too long or one that is too long; ``__cause__`` has the detail.
        SigningError: urllib3 would write the URL in another way than it was signed.
    """
    with deadline(limits.token_deadline) as moment, redirects_unread():
        try:
            return _exchange(session, request, limits, call, moment)
        except (requests.RequestException, HTTPError, OSError) as error:
            without_secrets(error)
            problem = _too_late(request.url, limits) if is_over(moment) else transport_error(request.url, error)
            cause = error
    raise problem from cause


def _exchange(
    session: requests.Session, request: Request, limits: Limits, call: dict[str, Any], moment: float | None
) -> Response:
    prepared = _prepared(request, session)
    timeout = call.get("timeout", (limits.connect, limits.read))
    proxies = dict(call.get("proxies") or {})
    settings = session.merge_environment_settings(request.url, proxies, True, call.get("verify"), call.get("cert"))
    response = session.send(prepared, timeout=timeout, allow_redirects=False, **settings)
    # By its type: a mock with a specification passes for an instance.
    if issubclass(type(response), requests.Response) and response.raw is not None:
        with closing(response):
            body = _bounded_body(response, limits, moment)
    else:
        body = _stand_ins_body(response)
    return Response(response.status_code, dict(getattr(response, "headers", {})), body)


def _bounded_body(response: requests.Response, limits: Limits, moment: float | None) -> bytes:
    body = BytesIO()  # whose repr does not show the token that may be in it
    for chunk in whole_chunks(response.iter_content(8192)):
        body.write(chunk)
        del chunk
        if body.tell() > limits.token_bytes:
            raise failure(response.url, f"the answer is longer than {limits.token_bytes} bytes; not read on.")
        if is_over(moment):
            raise _too_late(response.url, limits)
    return body.getvalue()


def _too_late(url: str, limits: Limits) -> TransportError:
    return failure(url, f"the answer took longer than {limits.token_deadline} seconds.")


def _stand_ins_body(response: Any) -> bytes:
    """The body of what a test has put in the place of an answer; it has ``content``, ``text`` or ``json()``."""
    content = getattr(response, "content", None)
    if isinstance(content, bytes):
        return content
    return (response.text if isinstance(response.text, str) else json.dumps(response.json())).encode()


def _prepared(request: Request, session: requests.Session) -> requests.PreparedRequest:
    """``request`` as requests sends it, with nothing written anew."""
    path = urlsplit(request.url).path
    if not _UNCHANGED_PATH.fullmatch(path):
        raise SigningError(
            description=f"The path {path!r} would be sent in another way than it was signed. Percent-encode what is "
            "neither a letter, a digit nor one of -._~!$&'()*+,;=:@/ in the endpoint's URL, with capitals (%5B)."
        )
    prepared = requests.PreparedRequest()
    prepared.prepare_method(request.method)
    prepared.url = request.url
    prepared.prepare_headers({**session.headers, "Accept-Encoding": "identity", **request.headers})
    # Not by prepare_body, which looks for files, streams and mappings in what is known to be bytes or nothing.
    prepared.body = request.body
    if request.body is not None or request.method not in {"GET", "HEAD"}:
        prepared.headers["Content-Length"] = str(len(request.body or b""))
    return prepared
