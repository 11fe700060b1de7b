"""What a provider's file requires of a request besides a valid signature.

Each check raises a ``Refusal`` that names what the provider expects.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from oauthlib.oauth1 import SIGNATURE_TYPE_AUTH_HEADER, SIGNATURE_TYPE_BODY, SIGNATURE_TYPE_QUERY

from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.emulator.responses import Refusal, absent, rejected
from oauth1_catalog.rfc5849.messages import Request

FORM = "application/x-www-form-urlencoded"

_PLACES = {SIGNATURE_TYPE_AUTH_HEADER: "HEADER", SIGNATURE_TYPE_BODY: "BODY", SIGNATURE_TYPE_QUERY: "QUERY"}
_LIBRARY = re.compile(r"$|python|requests|httpx|urllib|curl", re.IGNORECASE)
_RUN_TIME_VALUES = ("{client_id}", "{oauth_token}", "{oauth_callback}")


@dataclass(frozen=True, slots=True)
class Call:
    """A signed request as oauthlib reads it: its protocol parameters, and where they were."""

    role: str
    request: Request
    place: str
    protocol: Mapping[str, str] = field(repr=False)
    realm: str | None = None


def check_requirements(registration: Registration, call: Call) -> None:
    """Check a signed request against the provider's file.

    Raises:
        Refusal: a requirement is not met.
    """
    _check_method(registration, call)
    _check_place(registration, call)
    _check_realm(registration, call)
    _check_headers(registration, call)
    _check_parameters(registration, call)
    _check_body_hash(registration, call)
    if (
        call.role == "api"
        and registration.original.client_kwargs.get("empty_token")
        and "oauth_token" not in call.protocol
    ):
        raise absent("oauth_token")


def check_unsigned_requirements(registration: Registration, call: Call) -> None:
    """Check a call that is not signed.

    Raises:
        Refusal: a requirement is not met.
    """
    _check_headers(registration, call)
    _check_parameters(registration, call)


def is_form(request: Request) -> bool:
    """Whether the body's parameters belong to the signature (RFC 5849, section 3.4.1.3.1).

    >>> is_form(Request("POST", "https://a.example/", {"content-type": "Application/X-WWW-Form-Urlencoded; charset=x"}))
    True
    """
    return request.header("Content-Type").partition(";")[0].strip().lower() == FORM


def query_parameters(request: Request) -> list[tuple[str, str]]:
    """The query's own parameters, without the protocol's."""
    return _own(urlsplit(request.url).query)


def form_parameters(request: Request) -> list[tuple[str, str]]:
    """The form's own parameters, without the protocol's."""
    return _own((request.body or b"").decode("utf-8", "replace")) if is_form(request) else []


def multipart_fields(request: Request) -> list[tuple[str, str]]:
    """The text fields of a multipart body (RFC 7578): the parts without a file name."""
    content_type = request.header("Content-Type")
    if not content_type.lower().startswith("multipart/form-data"):
        return []
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + (request.body or b""))
    parts: Any = message.get_payload() if message.is_multipart() else []  # messages, where it is multipart
    return [
        (str(part.get_param("name", header="Content-Disposition")), part.get_payload(decode=True).decode("utf-8"))
        for part in parts
        if part.get_filename() is None
    ]


def _own(text: str) -> list[tuple[str, str]]:
    return [(n, v) for n, v in parse_qsl(text, keep_blank_values=True) if not n.startswith("oauth_")]


def check_names(wanted: Mapping[str, str], found: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Require the parameters that a provider's file lists. An application may choose other values.

    Args:
        wanted: the file's parameters. For a run-time placeholder, the request must have its value.
        found: the request's parameters.
        values: the values of the placeholders, by their names without braces.

    Raises:
        Refusal: a parameter is missing, or does not have the value of its placeholder.
    """
    if missing := [name for name in wanted if name not in found]:
        raise absent(*missing)
    for name, text in wanted.items():
        if text in _RUN_TIME_VALUES and (value := values.get(text[1:-1])) is not None and found[name] != value:
            raise rejected(name, f"{name} must be the {text[1:-1]} of this login.")


def _check_method(registration: Registration, call: Call) -> None:
    if call.role == "api":
        return
    wanted = registration.method(call.role)
    if "xauth" in registration.original.flows and "x_auth_mode" in dict(form_parameters(call.request)):
        wanted = "POST"  # a password is sent in a form, also if the method of the access token is GET
    if call.request.method != wanted:
        raise Refusal("parameter_rejected", f"This endpoint expects {wanted}, not {call.request.method}.", status=405)


def _check_place(registration: Registration, call: Call) -> None:
    wanted = registration.setting("signature_type", "HEADER").upper()
    if call.role != "api":
        wanted = registration.original.token_signature_type or wanted
    found = _PLACES[call.place]
    # Without a form, a client has to put the parameters elsewhere.
    if wanted == "BODY" and found != "BODY" and not is_form(call.request) and call.role == "api":
        return
    if found != wanted:
        raise Refusal(
            "parameter_rejected", f"This provider expects the OAuth parameters in the {wanted}, not in the {found}."
        )


def _check_realm(registration: Registration, call: Call) -> None:
    wanted = registration.setting("realm").replace("{request_url}", call.request.url.partition("?")[0])
    if wanted and _PLACES[call.place] == "HEADER" and (call.realm or "") != wanted:
        raise rejected("realm", f'This provider expects realm="{wanted}" in the Authorization header.')


def _check_headers(registration: Registration, call: Call) -> None:
    original = registration.original
    wanted = dict(original.headers)
    if call.role == "request_token":
        wanted |= original.request_token_headers
    for name, value in wanted.items():
        given = call.request.header(name)
        # An API call may ask for another format, but "*/*" is only the default of every library.
        if given in {"", "*/*"} or (call.role != "api" and given != value):
            raise Refusal("parameter_rejected", f"This provider expects the header {name}: {value}.")
    wants_agent = original.user_agent_required or original.user_agent is not None
    if wants_agent and _LIBRARY.match(call.request.header("User-Agent")):
        raise Refusal("parameter_rejected", "This provider expects a User-Agent that names your application.")


def _check_parameters(registration: Registration, call: Call) -> None:
    original, request = registration.original, call.request
    values = {
        "client_id": call.protocol.get("oauth_consumer_key", ""),
        "oauth_token": call.protocol.get("oauth_token", ""),
    }
    anywhere = {**call.protocol, **dict(query_parameters(request)), **dict(form_parameters(request))}
    if call.role == "api":
        host = urlsplit(original.api_base_url or "").netloc
        if not original.api_base_url or urlsplit(request.url).path.split("/")[3:4] == [host]:
            check_names(original.api_params, anywhere, values)
        return
    endpoint = original.renew if call.role == "renew" else original.revoke
    if call.role in {"renew", "revoke"}:
        check_names(endpoint.params if endpoint else {}, anywhere, values)
        return
    first = call.role == "request_token"
    places: Mapping[str, Mapping[str, str]] = {
        "query": dict(query_parameters(request)),
        "body": dict(form_parameters(request)),
    }
    wanted = original.request_token_params if first else original.access_token_params
    check_names(wanted, places[original.request_token_params_in if first else original.access_token_params_in], values)


def _check_body_hash(registration: Registration, call: Call) -> None:
    """The Request Body Hash extension, draft 4: on every request, except for forms."""
    wanted = registration.setting("body_hash", "none").lower()
    given = call.protocol.get("oauth_body_hash")
    if is_form(call.request):
        if given is not None:
            raise rejected(
                "oauth_body_hash", "A form must not have an oauth_body_hash, because its parameters are signed."
            )
        return
    if given is None:
        if wanted != "none" and call.role == "api":
            raise absent("oauth_body_hash")
        return
    # If the file does not name the hash: that of the signature method, or SHA-1 as in the extension.
    _, has_hash, bits = registration.signature_method.partition("SHA")
    own = f"sha{bits}" if has_hash else "sha1"
    for algorithm in {own, "sha1"} if wanted == "none" else {wanted}:
        digest = hashlib.new(algorithm, call.request.body or b"").digest()
        if hmac.compare_digest(given, base64.b64encode(digest).decode("ascii")):
            return
    raise rejected("oauth_body_hash", "oauth_body_hash does not match the body.")
