"""The provider's API: the profile, and an echo of everything else that is asked with a valid signature."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from oauth1_catalog.emulator import judge
from oauth1_catalog.emulator.answers import profile_answer
from oauth1_catalog.emulator.demands import form_parameters, query_parameters
from oauth1_catalog.emulator.registration import Registration, leads_to
from oauth1_catalog.emulator.store import AccessToken
from oauth1_catalog.emulator.validator import Validator
from oauth1_catalog.rfc5849.messages import Request, Response


def answer_call(validator: Validator) -> Response:
    """Verify a call, and answer it.

    Raises:
        Refusal: the request is not what this provider takes.
    """
    registration, request = validator.registration, validator.request
    if registration.original.api_auth == "signature":
        client_id, token = judge.verify_api_request(validator)
    else:
        client_id, token = judge.verify_token_header(validator)
    rules = registration.original.userinfo
    if token is not None and rules is not None:
        if _is_profile(registration, request):
            nonce = validator.call.protocol.get("oauth_nonce", "") if validator.call else ""
            asked = urlsplit(request.url)
            issuer = f"{asked.scheme}://{asked.netloc}"
            client = registration.store.client(client_id)
            return profile_answer(rules, token.user, client, issuer=issuer, nonce=nonce)
        if _is_followup(registration, request):  # it adds to the profile, always as JSON
            return profile_answer(replace(rules, format="json"), token.user, registration.store.client(client_id))
    return _json(_echo(request, client_id, token, registration.original.api_auth_header or ""))


def _is_profile(registration: Registration, request: Request) -> bool:
    """Whether the request is for the profile."""
    rules = registration.provider.userinfo
    if rules is None or rules.endpoint == "token_response":
        return False
    asked, wanted = urlsplit(request.url), urlsplit(rules.endpoint)
    is_there = leads_to(wanted.path, asked.path) and set(parse_qsl(wanted.query)) <= set(parse_qsl(asked.query))
    return is_there and request.method == rules.method


def _is_followup(registration: Registration, request: Request) -> bool:
    """Whether the request is for what the profile's follow-up adds to it."""
    rules = registration.provider.userinfo
    if rules is None or rules.followup is None:
        return False
    return leads_to(urlsplit(rules.followup).path, urlsplit(request.url).path)


def _echo(request: Request, client_id: str, token: AccessToken | None, header: str) -> dict[str, object]:
    body = request.body or b""
    secret = {"authorization", header.lower()}
    headers = {name: value for name, value in request.headers.items() if name.lower() not in secret}
    return {
        "emulation": True,
        "client_id": client_id,
        "user": token and token.user.username,
        "method": request.method,
        "path": urlsplit(request.url).path,
        "query": query_parameters(request),
        "form": form_parameters(request),
        "headers": headers,
        "body": body.decode("utf-8", "replace"),
        "body_base64": base64.b64encode(body).decode("ascii"),
    }


def _json(document: object) -> Response:
    return Response(200, {"Content-Type": "application/json"}, json.dumps(document).encode("utf-8"))
