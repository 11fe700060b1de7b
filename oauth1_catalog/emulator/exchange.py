"""The exchange of a token of OAuth 1.0 for one of OAuth 2.0 (``successor`` in a provider's file), and its tokens.

A signed exchange is verified by oauthlib, and refused like other signed requests. Otherwise the client authenticates
itself as in RFC 6749, section 2.3, and errors are those of its section 5.2.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Mapping
from secrets import compare_digest
from urllib.parse import parse_qsl, unquote_plus

from oauth1_catalog.catalog.provider import Successor
from oauth1_catalog.catalog.templates import PLACEHOLDER
from oauth1_catalog.emulator import verification
from oauth1_catalog.emulator.refusals import Refusal
from oauth1_catalog.emulator.store import AccessToken, Client
from oauth1_catalog.emulator.validator import Validator, is_form
from oauth1_catalog.rfc5849.messages import Request, Response

LIFETIME = 7200
"""The value of ``expires_in``, in seconds."""


class _Denied(Exception):  # noqa: N818 - the emulator works as it should
    """An error of RFC 6749, section 5.2."""


def answer_exchange(validator: Validator) -> Response:
    """Exchange a token, as the provider's file describes it.

    Raises:
        Refusal: a signed request is not accepted.
    """
    registration, rules = validator.registration, validator.registration.original.successor
    if rules is None:  # pragma: no cover - such a provider has no such endpoint
        raise Refusal("parameter_rejected", "This provider exchanges no tokens.", status=404)
    store = registration.store
    if rules.limit and (wait := store.count_exchange(rules.limit.requests, rules.limit.seconds, now=time.time())):
        return _error(429, "rate_limited", {"Retry-After": str(int(wait) + 1)})
    again, ends = rules.again != "refused", rules.old_token == "ends"
    if rules.auth == "signature":
        token = verification.verify_resource_request(validator)
        return _pair(rules, *store.issue_bearer(token, again=again, ends_old=ends))
    try:
        token = _authenticated(validator, rules)
        return _pair(rules, *store.issue_bearer(token, again=again, ends_old=ends))
    except _Denied as denied:
        return _error(400, str(denied))
    except Refusal:
        return _error(400, "invalid_grant")


def bearer_of(request: Request) -> str:
    """The token of an ``Authorization: Bearer`` header, empty without one."""
    scheme, _, token = request.header("Authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _authenticated(validator: Validator, rules: Successor) -> AccessToken:
    """The token of a request that the OAuth 2.0 client sends."""
    request, registration = validator.request, validator.registration
    if request.method != rules.method or not is_form(request):
        raise _Denied("invalid_request")
    client = registration.store.client_of(registration.original.name)
    form = dict(parse_qsl((request.body or b"").decode("utf-8", "replace"), keep_blank_values=True))
    if not _is_client(client, request, form):
        raise _Denied("invalid_client")
    values: dict[str, str] = {}
    for name, text in rules.params.items():
        found = _pattern(text).fullmatch(form.get(name, ""))
        if found is None:
            raise _Denied("invalid_request")
        values |= found.groupdict()
    if values.get("client_id", client.client_id) != client.client_id:
        raise _Denied("invalid_client")
    token = registration.store.access(values.get("oauth_token", ""), registration.key, client.client_id)
    if token.state != "valid" or not compare_digest(
        values.get("oauth_token_secret", token.secret).encode(), token.secret.encode()
    ):
        raise _Denied("invalid_grant")
    return token


def _is_client(client: Client, request: Request, form: Mapping[str, str]) -> bool:
    """Whether the request has the credentials of the OAuth 2.0 client; a public client sends only its identifier."""
    scheme, _, pair = request.header("Authorization").partition(" ")
    if not scheme:
        return form.get("client_id") == client.oauth2_client_id
    try:
        client_id, _, secret = base64.b64decode(pair, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return False
    given = f"{unquote_plus(client_id)}:{unquote_plus(secret)}"
    wanted = f"{client.oauth2_client_id}:{client.oauth2_client_secret}"
    return scheme.lower() == "basic" and compare_digest(given.encode(), wanted.encode())


def _pattern(text: str) -> re.Pattern[str]:
    """What a parameter's value has to match, with a group for each placeholder.

    >>> _pattern("{oauth_token}:{oauth_token_secret}").fullmatch("t:s").groupdict()
    {'oauth_token': 't', 'oauth_token_secret': 's'}
    """
    pattern, seen = "", set[str]()
    for index, part in enumerate(PLACEHOLDER.split(text)):
        is_name = index % 2 == 1
        pattern += (f"(?P={part})" if part in seen else f"(?P<{part}>.+?)") if is_name else re.escape(part)
        seen |= {part} if is_name else set()
    return re.compile(pattern, re.DOTALL)


def _pair(rules: Successor, access_token: str, refresh_token: str) -> Response:
    fields = {
        "token_type": "bearer",
        "expires_in": LIFETIME,
        "access_token": access_token,
        "refresh_token": refresh_token,
    }
    return _json(200, {rules.fields.get(name, name): value for name, value in fields.items()})


def _error(status: int, code: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json(status, {"error": code}, headers)


def _json(status: int, document: object, headers: Mapping[str, str] | None = None) -> Response:
    own = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(status, {**own, **(headers or {})}, json.dumps(document).encode("utf-8"))
