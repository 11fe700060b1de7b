"""Verify signed requests with oauthlib's server endpoints.

Nothing here uses our own signing code. oauthlib reads the request, builds the base string and compares, so that a
mistake in our code cannot agree with itself. Three parts are not oauthlib's: RSA (oauthlib would need PyJWT; here
``cryptography`` verifies oauthlib's base string), the body hash (``validator.py``), and what is particular to session
tokens (``session_tokens.py``).
"""

from __future__ import annotations

import base64
import binascii
import re
import string
import time
from collections.abc import Mapping
from email import message_from_bytes
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from oauthlib.oauth1 import (
    AccessTokenEndpoint,
    AuthorizationEndpoint,
    OAuth1Error,
    RequestTokenEndpoint,
    ResourceEndpoint,
    SignatureOnlyEndpoint,
)
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.endpoints.base import BaseEndpoint

from oauth1_catalog.catalog.provider import SessionToken
from oauth1_catalog.emulator import session_tokens
from oauth1_catalog.emulator.explanations import Keys, explain_refusal
from oauth1_catalog.emulator.refusals import Refusal, absent
from oauth1_catalog.emulator.store import AccessToken, TemporaryToken
from oauth1_catalog.emulator.validator import (
    CLOCK_TOLERANCE,
    FORM,
    Call,
    OAuthlibRequest,
    Validator,
    check_requirements,
    is_form,
)
from oauth1_catalog.rfc5849.messages import Request

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm


Found = TypeVar("Found")

_MANDATORY = ("consumer_key", "signature_method", "signature", "timestamp", "nonce")
_SCHEME = re.compile(r"(?:^|,)\s*OAuth\s", re.IGNORECASE)
_QUERY_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_.-=&;:%+~,*@!()/?$'")


class _Endpoint(BaseEndpoint):
    """Adds to oauthlib's endpoints: the provider's own requirements, and the reason of each refusal."""

    request_validator: Validator

    def _create_request(self, uri: str, http_method: str, body: str, headers: Mapping[str, str]) -> OAuthlibRequest:
        validator = self.request_validator
        if len(_SCHEME.findall(validator.request.header("Authorization"))) > 1:
            raise Refusal("parameter_rejected", "The request has two Authorization headers.")
        try:
            request = super()._create_request(uri, http_method, body, headers)  # type: ignore[misc]  # not in the stubs
            place, _, pairs = self._get_signature_type_and_params(request)  # type: ignore[attr-defined]  # not in the stubs
        except (OAuth1Error, ValueError) as error:
            raise _unreadable(error) from error
        if validator.role != "authorize":
            validator.call = Call(validator.role, validator.request, place, dict(pairs), request.realm)
            validator.parameters = dict(request.params)
            check_requirements(validator.registration, validator.call)
        return request

    def _check_mandatory_parameters(self, request: OAuthlibRequest) -> None:
        missing = [name for name in _MANDATORY if not request.oauth_params.get(f"oauth_{name}")]
        if missing:
            raise absent(*(f"oauth_{name}" for name in missing))
        accepted = self.request_validator.allowed_signature_methods
        if request.signature_method not in accepted:
            raise Refusal(
                "signature_method_rejected",
                f"This provider expects {' or '.join(accepted)}, not {request.signature_method}.",
            )
        if (version := request.oauth_params.get("oauth_version", "1.0")) != "1.0":
            advice = f"oauth_version is {version[:40]!r}. Send 1.0, or leave it out."
            raise Refusal("version_rejected", advice, details={"oauth_acceptable_versions": "1.0-1.0"})
        now = int(time.time())
        if not request.timestamp.isdecimal() or abs(now - int(request.timestamp)) > CLOCK_TOLERANCE:
            raise Refusal(
                "timestamp_refused",
                f"The timestamp must be seconds since 1970, at most {CLOCK_TOLERANCE} away from {now}.",
                details={"oauth_acceptable_timestamps": f"{now - CLOCK_TOLERANCE}-{now + CLOCK_TOLERANCE}"},
            )
        try:
            super()._check_mandatory_parameters(request)  # type: ignore[misc]  # not in the stubs
        except OAuth1Error as error:
            raise _unreadable(error) from error

    def _check_signature(self, request: OAuthlibRequest, is_token_request: bool = False) -> bool:
        validator = self.request_validator
        rules = validator.registration.original.session_token
        if rules is not None and validator.role in {"session_token", "api"} and request.resource_owner_key:
            return self._check_session(request, rules)
        secret_of = validator.get_request_token_secret if is_token_request else validator.get_access_token_secret
        token, client = request.resource_owner_key, validator.store.client(request.client_key)
        token_secret = secret_of(request.client_key, token, request) if token else ""
        validator.keys = Keys(client.client_secret, token_secret, client.public_key)
        if request.signature_method.startswith("RSA-"):
            valid = self._check_rsa(request, _base_string(request))
        else:
            valid = super()._check_signature(request, is_token_request)  # type: ignore[misc]  # not in the stubs
        if not valid:
            base_string = "" if request.signature_method == "PLAINTEXT" else _base_string(request)
            explained = explain_refusal(validator.registration, validator.request, validator.keys, base_string)
            raise Refusal("signature_invalid", explained.advice, details=explained.details, log_lines=explained.lines)
        return True

    def _check_session(self, request: OAuthlibRequest, rules: SessionToken) -> bool:
        """Check the request for a session token, or a call that is signed with one."""
        validator = self.request_validator
        token = validator.store.access(request.resource_owner_key, validator.registration.key, request.client_key)
        text = session_tokens.base_string(rules, request, _base_string(request))
        if validator.role == "session_token":
            if self._check_rsa(request, token.decrypted_secret.hex() + text):
                return True
            advice = "The base string begins with the decrypted secret of the token, as hexadecimal digits."
        else:
            sessions = validator.store.sessions(token.token, time.time())
            if not sessions:
                raise Refusal("token_expired", "There is no session token of this token, or it has ended.")
            if any(session_tokens.signs(session, rules, text, request.signature) for session in sessions):
                return True
            advice = "The key of the signature is the session token, decoded from base64."
        line = f"base string of the emulator: {text}"
        raise Refusal("signature_invalid", f"The signature is wrong. {advice}", log_lines=(line,))

    def _check_rsa(self, request: OAuthlibRequest, base_string: str) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        methods: dict[str, HashAlgorithm] = {
            "RSA-SHA1": hashes.SHA1(),  # noqa: S303 - RFC 5849, section 3.4.3
            "RSA-SHA256": hashes.SHA256(),
            "RSA-SHA512": hashes.SHA512(),
        }
        key = self.request_validator.store.client(request.client_key).public_key
        try:
            signed = base64.b64decode(request.signature, validate=True)
            key.verify(signed, base_string.encode("ascii"), PKCS1v15(), methods[request.signature_method])
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class _RequestToken(_Endpoint, RequestTokenEndpoint):
    def _create_request(self, *args: Any, **kwargs: Any) -> OAuthlibRequest:
        request = super()._create_request(*args, **kwargs)
        if not request.redirect_uri:
            original = self.request_validator.registration.original
            if original.callback.confirmed == "required" and "two_legged" not in original.flows:
                raise absent("oauth_callback")
            # OAuth Core 1.0: the authorization URL contains the callback. Two-legged: there is no redirect.
            request.redirect_uri = "oob"
        return request


class _AccessToken(_Endpoint, AccessTokenEndpoint):
    def _create_request(self, *args: Any, **kwargs: Any) -> OAuthlibRequest:
        request = super()._create_request(*args, **kwargs)
        validator = self.request_validator
        if not request.resource_owner_key:
            raise absent("oauth_token")
        if not request.verifier:
            two_legged = "two_legged" in validator.registration.original.flows
            if validator.registration.original.callback.verifier == "required" and not two_legged:
                raise absent("oauth_verifier")
            # OAuth Core 1.0 has no verifier, but oauthlib requires one.
            key = validator.registration.key
            request.verifier = validator.store.temporary(request.resource_owner_key, key).verifier or "none"
        return request


class _Resource(_Endpoint, ResourceEndpoint):
    pass


class _SignatureOnly(_Endpoint, SignatureOnlyEndpoint):
    pass


class _Authorization(_Endpoint, AuthorizationEndpoint):
    def create_verifier(self, request: OAuthlibRequest, credentials: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = super().create_verifier(request, credentials)  # type: ignore[no-untyped-call]  # not in the stubs
        rules = self.request_validator.registration.original.callback
        if rules.verifier == "none":
            del found["oauth_verifier"]
        names = {"oauth_token": rules.token_param, "oauth_verifier": rules.verifier_param}
        return {names.get(name, name): value for name, value in found.items()}


def new_temporary_token(validator: Validator) -> TemporaryToken:
    """Verify a request for temporary credentials (RFC 5849, section 2.1), and issue them.

    Raises:
        Refusal: this provider does not accept the request.
    """
    _accepted(_RequestToken(validator).create_request_token_response(*_arguments(validator)))
    return _present(validator.temporary)


def new_access_token(validator: Validator) -> AccessToken:
    """Verify a request for token credentials (section 2.3), and issue them.

    Raises:
        Refusal: this provider does not accept the request.
    """
    _accepted(_AccessToken(validator).create_access_token_response(*_arguments(validator)))
    return _present(validator.access)


def verify_resource_request(validator: Validator) -> AccessToken:
    """Verify a request that is signed with an access token (section 3.2).

    Raises:
        Refusal: this provider does not accept the request.
    """
    endpoint = _Resource(validator)
    valid, request = endpoint.validate_protected_resource_request(*_arguments(validator))
    if not valid:
        raise (
            absent("oauth_token")
            if request is not None
            else Refusal("parameter_rejected", "oauthlib rejected the request.")
        )
    return _present(validator.access)


def verify_api_request(validator: Validator) -> tuple[str, AccessToken | None]:
    """Verify a request to the API; returns the client's identifier, and the token if the request has one.

    Raises:
        Refusal: this provider does not accept the request.
    """
    try:
        token = verify_resource_request(validator)
    except Refusal:
        has_token = validator.call is None or bool(validator.call.protocol.get("oauth_token"))
        if has_token or "signed_client" not in validator.registration.original.flows:
            raise
        return verify_client_request(validator), None
    return token.client_id, token


def verify_token_header(validator: Validator) -> tuple[str, AccessToken]:
    """Verify a call with the token itself instead of a signature (``api_auth``).

    Raises:
        Refusal: the header has no token, or the token is not valid.
    """
    registration, request = validator.registration, validator.request
    name = registration.original.api_auth_header or "Authorization"
    given = request.header(name)
    if registration.original.api_auth == "bearer":
        scheme, _, given = given.partition(" ")
        given = given if scheme.lower() == "bearer" else ""
    if not given:
        raise Refusal("parameter_absent", f"Calls of this API are not signed. Send the token in {name}.")
    client_id = validator.store.client_of(registration.original.name).client_id
    check_requirements(registration, Call(validator.role, request, "", {"oauth_consumer_key": client_id}))
    validator.validate_access_token(client_id, given, None)
    return client_id, _present(validator.access)


def verify_client_request(validator: Validator) -> str:
    """Verify a request that is signed only with client credentials; returns the client's identifier.

    Raises:
        Refusal: this provider does not accept the request.
    """
    valid, request = _SignatureOnly(validator).validate_request(*_arguments(validator))
    if not valid or request is None:
        raise Refusal("parameter_rejected", "oauthlib rejected the request.")
    client_id: str = request.client_key
    return client_id


def find_temporary_token(validator: Validator, token: str) -> TemporaryToken:
    """The temporary credentials in a browser's request for the consent page (section 2.2).

    Raises:
        Refusal: the token is unknown.
    """
    _Authorization(validator).get_realms_and_credentials(f"https://emulator/?oauth_token={quote(token, safe='')}")
    return _present(validator.temporary)


def authorize(validator: Validator, token: str, extra: Mapping[str, str], verifier: str) -> str | None:
    """Authorize the token; returns the callback URL with ``verifier``, or ``None`` for ``oob``.

    Raises:
        Refusal: the token is unknown.
    """
    endpoint = _Authorization(validator, token_generator=lambda: verifier)
    uri = f"https://emulator/?oauth_token={quote(token, safe='')}"
    headers, _, _ = endpoint.create_authorization_response(uri, credentials=dict(extra))
    location: str | None = headers.get("Location")
    return location


def _arguments(validator: Validator) -> tuple[str, str, str, dict[str, str]]:
    """A request as oauthlib reads it.

    If the provider signs the text fields of a multipart body, oauthlib gets them as a form. Raw characters that
    oauthlib does not decode (``[``, ``{``, ``|``, bytes beyond ASCII) are percent-encoded in the query and the form.
    """
    request = validator.request
    if validator.registration.original.multipart == "sign_fields" and (fields := _multipart_fields(request)):
        request = Request(
            request.method,
            request.url,
            {**request.headers, "Content-Type": FORM},
            urlencode(fields, quote_via=quote).encode("ascii"),
        )
    parts = urlsplit(request.url)
    url = urlunsplit(parts._replace(query=_readable(parts.query), fragment=""))
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-type"}
    if not is_form(request):
        return url, request.method, "", headers
    try:
        body = (request.body or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("parameter_rejected", "The form is not UTF-8.") from error
    return url, request.method, _readable(body), {**headers, "Content-Type": FORM}


def _multipart_fields(request: Request) -> list[tuple[str, str]]:
    """The text fields of a multipart body (RFC 7578): the parts without a file name."""
    content_type = request.header("Content-Type")
    if not content_type.lower().startswith("multipart/form-data"):
        return []
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + (request.body or b""))
    parts: Any = message.get_payload() if message.is_multipart() else []  # messages, where it is multipart
    try:
        return [
            (str(part.get_param("name", header="Content-Disposition")), part.get_payload(decode=True).decode("utf-8"))
            for part in parts
            if part.get_filename() is None
        ]
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # also of parameters in a form of RFC 2231
        raise Refusal("parameter_rejected", "The multipart body cannot be read.") from error


def _readable(text: str) -> str:
    """Encode a query or a form for oauthlib, which decodes the values of protocol parameters in it twice."""
    text = "".join(c if c in _QUERY_CHARACTERS else quote(c, safe="") for c in text)
    pieces = (p.replace("%25", "%2525") if p.startswith("oauth_") else p for p in text.split("&"))
    return "&".join(pieces)


def _base_string(request: OAuthlibRequest) -> str:
    normalized = signature.normalize_parameters(request.params)
    text: str = signature.signature_base_string(request.http_method, signature.base_string_uri(request.uri), normalized)
    return text


def _accepted(answer: tuple[Mapping[str, str], str | None, int]) -> None:
    _, body, status = answer
    if status != 200:
        raise Refusal("parameter_rejected", f"oauthlib rejected the request: {body or 'no reason given'}.")


def _unreadable(error: Exception) -> Refusal:
    """The problem report for an error of oauthlib, one of whose descriptions is a tuple by mistake."""
    description = getattr(error, "description", "") or str(error)
    if "Missing mandatory" in description:
        return absent(*(f"oauth_{name}" for name in _MANDATORY))
    return Refusal("parameter_rejected", "".join(description))


def _present(value: Found | None) -> Found:
    if value is None:  # pragma: no cover - oauthlib has asked the validator for it
        raise Refusal("token_rejected", "No token.")
    return value
