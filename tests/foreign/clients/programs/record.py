"""What each program here shares: nothing is sent, each request is written down, nonce and timestamp are fixed.

A program runs in an environment of its client library alone, so it imports nothing of ours.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable
from typing import Any

import requests

NONCE, TIMESTAMP = "kllo9940pd9333jh", 1191242096
KEY, SECRET, TOKEN, TOKEN_SECRET = "consumer-key", "consumer-secret", "token", "token-secret"
requests_made: list[dict[str, Any]] = []


def send(self: requests.Session, request: requests.PreparedRequest, **_: Any) -> requests.Response:
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    requests_made.append(
        {
            "method": request.method,
            "url": request.url,
            "headers": {
                name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
            },
            "body": base64.b64encode(body or b"").decode(),
        }
    )
    response = requests.Response()
    response.status_code = 200
    response.request, response.url = request, request.url or ""
    is_token = "token" in request.url.rsplit("/", 1)[-1] or "Special" in request.url
    response.raw = io.BytesIO(_answer(is_token))
    response.headers["Content-Type"] = "text/plain" if is_token else "application/json"
    return response


def _answer(is_token: bool) -> bytes:
    if is_token:
        return b"oauth_token=token&oauth_token_secret=token-secret&oauth_callback_confirmed=true"
    return b"{}"


def fix() -> None:
    """Fix what oauthlib makes anew for each request, and send nothing."""
    requests.Session.send = send
    try:
        from oauthlib.oauth1 import rfc5849
    except ImportError:
        return
    rfc5849.generate_nonce = lambda: NONCE
    rfc5849.generate_timestamp = lambda: str(TIMESTAMP)


def calls(**named: Callable[[], object]) -> None:
    """Run each call, and print its request. What a library makes of the empty answer does not matter."""
    made = {}
    for name, call in named.items():
        requests_made.clear()
        error = ""
        try:
            call()
        except Exception as problem:  # whatever it is: the request was made
            error = repr(problem)
        assert len(requests_made) == 1, (name, len(requests_made), error)
        made[name] = requests_made[0]
    sys.stdout.write(json.dumps(made))


fix()
