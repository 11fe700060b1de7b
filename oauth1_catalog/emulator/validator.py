"""What an emulated provider requires of a request: known clients, tokens and nonces, and the rules of its file.

``Validator`` answers oauthlib's questions, and ``check_requirements`` checks the rest. Both raise a ``Refusal`` that
names what the provider expects.
"""

# ruff: noqa: ARG002, D102 - oauthlib's methods and arguments; its documentation describes them

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import compare_digest
from typing import Any, TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlsplit

from oauthlib.oauth1 import (
    SIGNATURE_TYPE_AUTH_HEADER,
    SIGNATURE_TYPE_BODY,
    SIGNATURE_TYPE_QUERY,
    RequestValidator,
)

from oauth1_catalog.emulator.examples import DEFAULT_USER
from oauth1_catalog.emulator.explanations import Keys
from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.emulator.refusals import Refusal, absent, rejected
from oauth1_catalog.emulator.store import AccessToken, Store, TemporaryToken
from oauth1_catalog.hosts import read_url
from oauth1_catalog.rfc5849.messages import Request

FORM = "application/x-www-form-urlencoded"

_PLACES = {SIGNATURE_TYPE_AUTH_HEADER: "HEADER", SIGNATURE_TYPE_BODY: "BODY", SIGNATURE_TYPE_QUERY: "QUERY"}
_LIBRARY = re.compile(r"$|python|requests|httpx|urllib|curl", re.IGNORECASE)
_RUN_TIME_VALUES = ("{client_id}", "{oauth_token}", "{oauth_callback}")

OAuthlibRequest: TypeAlias = Any
"""oauthlib sets OAuth 1.0's attributes on its request at run time; its stubs know those of OAuth 2.0."""

CLOCK_TOLERANCE = 600
"""How far a client's clock may be off, in seconds."""


@dataclass(frozen=True, slots=True)
class Call:
    """A signed request as oauthlib reads it: its protocol parameters, and where they were."""

    role: str
    request: Request
    place: str
    protocol: Mapping[str, str] = field(repr=False)
    realm: str | None = None


class Validator(RequestValidator):
    """Validates one request; a method raises a ``Refusal`` if the provider does not accept it.

    After the validation, ``temporary`` or ``access`` is the token that the request was signed with, and ``keys`` has
    the secrets with which it should have been signed.
    """

    enforce_ssl: bool = False  # endpoints.py requires https, except for the consent page
    nonce_length: tuple[int, int] = (1, 255)
    client_key_length: tuple[int, int] = (1, 2048)
    request_token_length: tuple[int, int] = (1, 2048)
    access_token_length: tuple[int, int] = (1, 2048)
    verifier_length: tuple[int, int] = (1, 2048)
    timestamp_lifetime: int = CLOCK_TOLERANCE
    safe_characters: set[str] = set(map(chr, range(0x21, 0x7F)))  # noqa: RUF012 - oauthlib's type; nobody changes it
    dummy_client = dummy_request_token = dummy_access_token = ""

    def __init__(self, registration: Registration, role: str, request: Request) -> None:
        super().__init__()
        self.registration = registration
        self.store: Store = registration.store
        self.role = role
        self.request = request
        self.call: Call | None = None
        self.temporary: TemporaryToken | None = None
        self.access: AccessToken | None = None
        self.keys: Keys | None = None
        self.expired_token_is_fine = False
        self.parameters: Mapping[str, str] = {}

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return self.registration.accepted_methods(self.role)

    def check_realms(self, realms: list[str]) -> bool:
        return True  # _check_realm compares the whole realm, which can contain a space

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: OAuthlibRequest,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        key = (client_key, request_token or access_token or "", nonce)
        fresh = self.store.use_nonce(int(timestamp), key, forget_before=int(time.time()) - 2 * CLOCK_TOLERANCE)
        if not fresh:
            raise Refusal("nonce_used", "This nonce was used before with the same timestamp, client and token.")
        return True

    def validate_client_key(self, client_key: str, request: OAuthlibRequest) -> bool:
        return self.store.client(client_key).client_id == client_key

    def get_client_secret(self, client_key: str, request: OAuthlibRequest) -> str:
        return self.store.client(client_key).client_secret

    def get_default_realms(self, client_key: str, request: OAuthlibRequest) -> list[str]:
        return []

    def get_realms(self, token: str, request: OAuthlibRequest) -> list[str]:
        return []

    def validate_requested_realms(self, client_key: str, realms: list[str], request: OAuthlibRequest) -> bool:
        return True

    def validate_realms(
        self,
        client_key: str,
        token: str,
        request: OAuthlibRequest,
        uri: str | None = None,
        realms: list[str] | None = None,
    ) -> bool:
        return True

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: OAuthlibRequest) -> bool:
        if redirect_uri == "oob":
            return True
        if self.registration.original.callback.value == "oob":
            raise rejected(
                "oauth_callback", "This provider accepts only oob, because the callback is registered in its console."
            )
        registered = self.store.client(client_key).redirect_uri or redirect_uri
        try:
            parts, prefix = read_url(redirect_uri), read_url(registered)
            is_absolute = parts.scheme in {"http", "https"} and bool(parts.netloc)
        except ValueError:
            is_absolute = False
        if not is_absolute:
            raise rejected("oauth_callback", "oauth_callback must be an absolute http or https address, or oob.")
        if redirect_uri == registered:
            return True
        if self.registration.original.callback.registered_match == "exact":
            raise rejected("oauth_callback", "This is not the callback that is registered for the application.")
        if not _begins_with(parts, prefix):
            raise rejected("oauth_callback", "This callback does not begin with the registered one.")
        return True

    def save_request_token(self, token: dict[str, str], request: OAuthlibRequest) -> None:  # type: ignore[override]  # the stub says str
        self.temporary = TemporaryToken(
            token["oauth_token"],
            token["oauth_token_secret"] if self.registration.gives_secrets else "",
            request.client_key,
            self.registration.key,
            self._where_to_return(request),
            dict(query_parameters(self.request) + form_parameters(self.request)),
        )
        self.store.add_temporary(self.temporary)

    def _where_to_return(self, request: OAuthlibRequest) -> str:
        callback: str = request.redirect_uri
        registered = self.store.client(request.client_key).redirect_uri
        return registered if callback == "oob" and registered else callback

    def verify_request_token(self, token: str, request: OAuthlibRequest) -> bool:
        self.temporary = self.store.temporary(token, self.registration.key)
        return True

    def get_redirect_uri(self, token: str, request: OAuthlibRequest) -> str:
        return self.store.temporary(token, self.registration.key).callback

    def save_verifier(self, token: str, verifier: dict[str, str], request: OAuthlibRequest) -> None:
        """Nothing to do: the consent page saves it, together with the user."""

    def validate_request_token(self, client_key: str, token: str, request: OAuthlibRequest) -> bool:
        self.temporary = found = self.store.temporary(token, self.registration.key, client_key)
        if found.state == "denied":
            raise Refusal("user_refused", "The user did not authorize this application.")
        if found.state == "requested" and "two_legged" in self.registration.original.flows:
            self.store.authorize(found, verifier="none", user=DEFAULT_USER)
            self.temporary = found = self.store.temporary(token, self.registration.key, client_key)
        if found.state != "authorized":
            raise Refusal("permission_unknown", "The user has not authorized this request token yet.")
        return True

    def get_request_token_secret(self, client_key: str, token: str, request: OAuthlibRequest) -> str:
        return self.store.temporary(token, self.registration.key, client_key).secret

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: OAuthlibRequest) -> bool:
        if "two_legged" in self.registration.original.flows and self.temporary is not None:
            return True  # the provider sends it in a request that the emulator does not make
        if self.temporary is None or not compare_digest(verifier.encode(), self.temporary.verifier.encode()):
            raise rejected("oauth_verifier", "This is not the verifier from the callback.")
        return True

    def validate_access_token(self, client_key: str, token: str, request: OAuthlibRequest) -> bool:
        self.access = found = self.store.access(token, self.registration.key, client_key)
        if found.state == "revoked":
            raise Refusal("token_revoked", "This access token was revoked.")
        if found.state == "expired" and not self.expired_token_is_fine:
            raise Refusal("token_expired", "This access token has expired.")
        return True

    def get_access_token_secret(self, client_key: str, token: str, request: OAuthlibRequest) -> str:
        return self.store.access(token, self.registration.key, client_key).secret

    def save_access_token(self, token: dict[str, str], request: OAuthlibRequest) -> None:  # type: ignore[override]  # the stub says str
        if self.temporary is None:  # pragma: no cover - oauthlib has asked validate_request_token before
            raise Refusal("token_rejected", "No request token.")
        access = AccessToken(
            token["oauth_token"],
            token["oauth_token_secret"] if self.registration.gives_secrets else "",
            request.client_key,
            self.registration.key,
            self.temporary.user,
        )
        self.access = self.store.sealed(access)
        self.store.exchange(self.temporary, self.access)

    def invalidate_request_token(self, client_key: str, request_token: str, request: OAuthlibRequest) -> None:
        """Nothing to do: ``save_access_token`` has done it, in the same step."""


def _begins_with(sent: SplitResult, registered: SplitResult) -> bool:
    """MediaWiki's rule for a consumer whose callback is a prefix (``MWOAuthServer::checkCallback``).

    ``http`` may become ``https``, and the registered port 1 stands for any. A path that is registered with a query has
    to be the same; otherwise path and query begin with the registered ones.
    """
    if "@" in sent.netloc or sent.scheme not in {registered.scheme, "https"}:
        return False
    hosts = {url.netloc.removesuffix(f":{url.port}") for url in (sent, registered)}  # MediaWiki minds their case
    if len(hosts) > 1 or registered.port not in {1, sent.port}:
        return False
    if registered.query:
        return sent.path == registered.path and sent.query.startswith(registered.query)
    return sent.path.startswith(registered.path)


def check_requirements(registration: Registration, call: Call) -> None:
    """Check a request against the provider's file. A call without a ``place`` is not signed.

    Raises:
        Refusal: a requirement is not met.
    """
    if call.place:
        _check_method(registration, call)
        _check_place(registration, call)
        _check_realm(registration, call)
    _check_headers(registration, call)
    _check_parameters(registration, call)
    if call.place:
        _check_body_hash(registration, call)
        needs_token = call.role == "api" and registration.original.client_kwargs.get("empty_token")
        if needs_token and "oauth_token" not in call.protocol:
            raise absent("oauth_token")


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
    endpoint = {"renew": original.renew, "revoke": original.revoke, "exchange": original.successor}.get(call.role)
    if call.role in {"renew", "revoke", "exchange", "session_token"}:
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
    wanted = registration.setting("body_hash", "none")
    given = call.protocol.get("oauth_body_hash")
    if is_form(call.request):
        if given is not None:
            raise rejected(
                "oauth_body_hash", "A form must not have an oauth_body_hash, because its parameters are signed."
            )
        return
    if given is None:
        if call.role == "api" and (wanted == "always" or (wanted == "non_form" and call.request.body)):
            raise absent("oauth_body_hash")
        return
    # The hash is that of the signature method; if the file does not mention it, SHA-1 as in the extension, too.
    signed_with = call.protocol.get("oauth_signature_method", "")
    accepted = signed_with in registration.signature_methods
    _, has_hash, bits = (signed_with if accepted else registration.signature_method).partition("SHA")
    own = f"sha{bits}" if has_hash else "sha1"
    for algorithm in {own, "sha1"} if wanted == "none" else {own}:
        digest = hashlib.new(algorithm, call.request.body or b"").digest()
        if hmac.compare_digest(given, base64.b64encode(digest).decode("ascii")):
            return
    raise rejected("oauth_body_hash", "oauth_body_hash does not match the body.")


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


def _own(text: str) -> list[tuple[str, str]]:
    return [(n, v) for n, v in parse_qsl(text, keep_blank_values=True) if not n.startswith("oauth_")]
