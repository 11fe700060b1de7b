"""The provider's side of a login, without I/O: takes a request as it was on the wire, and returns the response.

Every signed request goes through ``verification.py``, where oauthlib verifies it.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

from oauth1_catalog.catalog.provider import Provider, UserinfoRules
from oauth1_catalog.emulator import pages, recent, session_tokens, verification
from oauth1_catalog.emulator.examples import DEFAULT_USER, User, example_profile, example_xml, token_fields
from oauth1_catalog.emulator.exchange import answer_exchange, bearer_of
from oauth1_catalog.emulator.pages import answer_browser
from oauth1_catalog.emulator.providers import Registration, leads_to, place_of
from oauth1_catalog.emulator.rate_limits import RateLimits
from oauth1_catalog.emulator.recent import Recent
from oauth1_catalog.emulator.refusals import Refusal, absent, rejected
from oauth1_catalog.emulator.store import AccessToken, Client, TemporaryToken
from oauth1_catalog.emulator.validator import Validator, form_parameters, query_parameters
from oauth1_catalog.hosts import host_of, is_loopback
from oauth1_catalog.rfc5849.messages import Request, Response

log: logging.Logger = logging.getLogger(__name__)

TOKEN_LIFETIME = 3600
"""The value of ``expires_in`` in seconds, if the provider has such a field and its file gives no lifetime."""

_CONSUMER_KEY = re.compile(r"""\boauth_consumer_key="?([^"&,]+)""")


class Server:
    """Several emulated providers; safe to use from many threads.

    Args:
        rate_limits: whether the rate limits of their files are enforced.

    >>> Server().handle(Request("GET", "https://127.0.0.1:8443/nobody/api/x")).status
    404
    """

    def __init__(self, *, rate_limits: bool = False) -> None:
        self._registrations: dict[str, Registration] = {}
        self._limits: dict[str, RateLimits] | None = {} if rate_limits else None
        self.recent: Recent = Recent()

    def add(self, registration: Registration) -> None:
        """Emulate this provider from now on; the registration's store holds its state."""
        self._registrations[registration.key] = registration
        provider = registration.original
        if self._limits is not None:
            counted = self._limits.get(registration.key)
            if counted is None or counted.limits != provider.rate_limits:
                header = provider.api_auth_header or "Authorization"
                self._limits[registration.key] = RateLimits(provider.rate_limits, header)

    def forget_requests(self) -> None:
        """Forget the last requests, and how many there were."""
        self.recent.clear()
        for counted in (self._limits or {}).values():
            counted.clear()

    def registration(self, key: str) -> Registration | None:
        """The provider with this key, if it is emulated."""
        return self._registrations.get(key)

    def find(self, request: Request) -> tuple[Registration | None, str]:
        """The provider that a request is for, and the role of the endpoint.

        An absolute path, such as ``/1.1/me.json`` joined to ``api_base_url``, does not contain the provider's key. The
        consumer key identifies the provider then.
        """
        key, role = place_of(request.url)
        if role:
            registration = self._registrations.get(key)
            if registration and role == "api" and (behind := registration.role_of(request)) != "api":
                return registration, behind
            return (registration if registration and registration.serves(role, request.url) else None), role
        signed = _CONSUMER_KEY.search(f"{request.header('Authorization')}&{urlsplit(request.url).query}")
        known = list(self._registrations.values())
        return next((r for r in known if signed and r.store.knows(unquote(signed[1]))), None), "api"

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Args:
            request: its URL is absolute, from the target and the ``Host`` header on the wire.
        """
        if not is_loopback(host_of(request.url)):  # DNS rebinding
            return pages.misdirected()
        registration, role = self.find(request)
        if registration is None:
            response = pages.not_found(request, tuple(sorted(self._registrations)))
            self.recent.add(request, role, response.status, "No emulated provider has this address.")
            return response
        # A browser is not limited, and an exchange has the limit of `successor`.
        limits = None if role in {"authorize", "exchange"} else (self._limits or {}).get(registration.key)
        if limits is not None and (beyond := limits.refuse(request)) is not None:
            self.recent.add(request, role, beyond.status, beyond.text.strip(), registration)
            return beyond
        validator = Validator(registration, role, request)
        try:
            response = self._answer(validator)
        except Refusal as refusal:
            is_page = role == "authorize"
            response = pages.refused(registration, refusal) if is_page else refusal.response(registration.realm)
            number = self.recent.add(request, role, response.status, refusal.advice, registration, validator.keys)
            report = f"report: {registration.origins.consent}{recent.PATH}/{number}"
            lines = "".join(f"\n  {line}" for line in (*refusal.log_lines, report))
            log.warning("emulation of %s: %s refused: %s%s", registration.key, role, refusal, lines)
            return response
        self.recent.add(request, role, response.status, "", registration, validator.keys)
        log.info("emulation of %s: %s answered with %d", registration.key, role, response.status)
        return response

    def _answer(self, validator: Validator) -> Response:
        registration, role, request = validator.registration, validator.role, validator.request
        if role == "authorize":
            return answer_browser(registration, request)
        if not request.url.startswith("https:"):
            raise Refusal(
                "parameter_rejected",
                "Credentials and tokens need https. Use the https address of this emulator.",
                status=403,
            )
        answers: Mapping[str, Callable[[Validator], Response]] = {
            "request_token": _request_token,
            "access_token": _access_token,
            "renew": _renew,
            "revoke": _revoke,
            "session_token": _session_token,
            "exchange": answer_exchange,
            "api": _answer_call,
        }
        return answers[role](validator)


def _request_token(validator: Validator) -> Response:
    token = verification.new_temporary_token(validator)
    return _temporary_answer(validator.registration, token)


def _access_token(validator: Validator) -> Response:
    registration = validator.registration
    form = dict(form_parameters(validator.request) + query_parameters(validator.request))
    if "xauth" in registration.original.flows and "x_auth_mode" in form:
        return _xauth(validator, form)
    if "signed_grant" in registration.original.flows:
        client_id = verification.verify_client_request(validator)
        return _access_answer(
            registration.original, registration.store.issue(registration.key, client_id, DEFAULT_USER)
        )
    return _access_answer(registration.original, verification.new_access_token(validator))


def _xauth(validator: Validator, form: Mapping[str, str]) -> Response:
    """Exchange a user name and a password for a token (xAuth). Every password that is not empty is accepted."""
    registration = validator.registration
    if missing := [name for name in ("x_auth_username", "x_auth_password") if not form.get(name)]:
        raise absent(*missing)
    if form["x_auth_mode"] != "client_auth":
        raise rejected("x_auth_mode", "x_auth_mode must be client_auth.")
    client_id = verification.verify_client_request(validator)
    token = registration.store.issue(registration.key, client_id, User(form["x_auth_username"]))
    return _access_answer(registration.original, token)


def _renew(validator: Validator) -> Response:
    """Renew a token, whether or not it has expired (OAuth Session 1.0, or E*TRADE's way)."""
    registration = validator.registration
    endpoint = registration.original.renew
    validator.expired_token_is_fine = True
    token = verification.verify_resource_request(validator)
    if endpoint is None or not endpoint.session_handle:
        registration.store.mark(token, "valid")
        return _access_answer(registration.original, token)
    handle = validator.call.protocol.get("oauth_session_handle") if validator.call else None
    if not handle:
        raise absent("oauth_session_handle")
    if not secrets.compare_digest(handle, token.session_handle):
        raise rejected("oauth_session_handle", "This session handle does not belong to the token.")
    return _access_answer(registration.original, registration.store.renew(token))


def _revoke(validator: Validator) -> Response:
    token = verification.verify_resource_request(validator)
    validator.registration.store.mark(token, "revoked")
    return Response(200, {"Content-Type": "application/json"}, b'{"revoked": true}')


def _session_token(validator: Validator) -> Response:
    """Agree on a session token; the access token itself does not end."""
    registration, rules = validator.registration, validator.registration.original.session_token
    if rules is None:  # pragma: no cover - such a provider has no such endpoint
        raise Refusal("parameter_rejected", "This provider has no session tokens.", status=404)
    validator.expired_token_is_fine = True
    token = verification.verify_resource_request(validator)
    if not (challenge := validator.parameters.get(rules.challenge)):
        raise absent(rules.challenge)
    agreed = session_tokens.agree(rules.challenge, challenge, token.decrypted_secret, token.client_id)
    ends = int(time.time()) + session_tokens.LIFETIME
    registration.store.add_session(token, agreed.session, ends)
    answer: dict[str, object] = {rules.response: agreed.response, rules.proof: agreed.proof}
    if rules.expires_at:
        answer[rules.expires_at] = ends * (1000 if rules.expires_unit == "milliseconds" else 1)
    return _json(answer)


def _answer_call(validator: Validator) -> Response:
    registration, request = validator.registration, validator.request
    client_id: str
    token: AccessToken | None
    if registration.original.successor is not None and (bearer := bearer_of(request)):
        token = registration.store.of_bearer(bearer)
        client_id = token.client_id
    elif registration.original.api_auth == "signature":
        client_id, token = verification.verify_api_request(validator)
    else:
        client_id, token = verification.verify_token_header(validator)
    rules = registration.original.userinfo
    if token is not None and rules is not None:
        if _is_profile(registration, request):
            nonce = validator.call.protocol.get("oauth_nonce", "") if validator.call else ""
            asked = urlsplit(request.url)
            issuer = f"{asked.scheme}://{asked.netloc}"
            client = registration.store.client(client_id)
            return _profile_answer(rules, token.user, client, issuer=issuer, nonce=nonce)
        if _is_followup(registration, request):  # it completes the profile, always as JSON
            return _profile_answer(replace(rules, format="json"), token.user, registration.store.client(client_id))
    return _json(_echo(request, client_id, token, registration.original.api_auth_header or ""))


def _is_profile(registration: Registration, request: Request) -> bool:
    rules = registration.provider.userinfo
    if rules is None or rules.endpoint == "token_response":
        return False
    return request.method == rules.method and leads_to(rules.endpoint, request.url)


def _is_followup(registration: Registration, request: Request) -> bool:
    rules = registration.provider.userinfo
    if rules is None or rules.followup is None:
        return False
    return leads_to(rules.followup, request.url)


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


def _temporary_answer(registration: Registration, token: TemporaryToken) -> Response:
    """Temporary credentials (RFC 5849, section 2.1); a 1.0 provider does not confirm the callback."""
    provider = registration.original
    fields = {"oauth_token": token.token}
    if token.secret:
        fields["oauth_token_secret"] = token.secret
    if provider.callback.confirmed != "none":
        is_unset = token.callback == "oob" and provider.callback.value == "oob" and provider.callback.registered
        # E*TRADE answers so for a key without a callback URL, and the user types the verifier.
        is_denied = is_unset and provider.callback.confirmed == "optional"
        fields["oauth_callback_confirmed"] = "false" if is_denied else "true"
    if provider.authorize_url_field:
        known = {"{client_id}": token.client_id, "{oauth_token}": token.token, "{oauth_callback}": token.callback}
        query = {name: known.get(value, value) for name, value in provider.authorize_params.items()}
        query[provider.authorize_token_param] = token.token
        fields[provider.authorize_url_field] = f"{registration.endpoint('authorize')}?{urlencode(query)}"
    return _token_answer(provider, fields)


def _access_answer(provider: Provider, token: AccessToken) -> Response:
    """Token credentials (section 2.3), with the provider's additional fields."""
    return _token_answer(provider, access_fields(provider, token))


def access_fields(provider: Provider, token: AccessToken) -> dict[str, str]:
    """The fields of the response to an access token request, under their standard names.

    >>> from oauth1_catalog.emulator.examples import DEFAULT_USER
    >>> list(access_fields(Provider(name="x"), AccessToken("t", "s", "key", None, DEFAULT_USER)))
    ['oauth_token', 'oauth_token_secret']
    """
    rules = provider.token_response
    fields = {"oauth_token": token.token, "oauth_token_secret": token.secret}
    lifetime = (rules.lifetime and rules.lifetime.seconds) or TOKEN_LIFETIME
    unit = 1000 if rules.expires_unit == "milliseconds" else 1
    if rules.expires_in:
        fields[rules.expires_in] = str(lifetime * unit)
    if rules.expires_at:
        end = int(time.time()) + lifetime
        is_iso = rules.expires_unit == "iso8601"
        fields[rules.expires_at] = (
            f"{datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}" if is_iso else str(end * unit)
        )
    if rules.session_handle:
        fields[rules.session_handle] = token.session_handle
    return {**fields, **token_fields(provider.userinfo, rules.extra, token.user)}


def _profile_answer(rules: UserinfoRules, user: User, client: Client, *, issuer: str = "", nonce: str = "") -> Response:
    """The profile as JSON, XML or text, or as MediaWiki's JWT, signed with the client secret (HS256, RFC 7515)."""
    if rules.format == "xml":
        return _no_store("text/xml; charset=utf-8", example_xml(rules.claims, user))
    profile = example_profile(rules, user)
    if rules.format == "json" or not isinstance(profile, dict):
        return _no_store("application/json", json.dumps(profile))
    if rules.format == "text":
        return _no_store("text/plain; charset=utf-8", str(profile["text"]))
    now = int(time.time())
    own = {"iss": issuer, "aud": client.client_id, "iat": now, "exp": now + 100, "nonce": nonce}
    claims = {**profile, **own}
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.digest(client.client_secret.encode(), signed.encode(), "sha256")
    return _no_store("application/jwt", f"{signed}.{_base64url(signature)}")


def _token_answer(provider: Provider, fields: Mapping[str, str]) -> Response:
    """A response with the provider's own field names, in its own format.

    >>> _token_answer(Provider(name="x"), {"oauth_token": "a b"}).text
    'oauth_token=a+b'
    """
    named = {provider.token_response.fields.get(name, name): value for name, value in fields.items()}
    if provider.token_response.format == "json":
        return _no_store("application/json", json.dumps(named))
    if provider.token_response.format == "xml":
        elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in named.items())
        return _no_store("text/xml; charset=utf-8", f"<?xml version='1.0' encoding='utf-8'?>\n<auth>{elements}</auth>")
    return _no_store("application/x-www-form-urlencoded", urlencode(named))


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _no_store(content_type: str, text: str) -> Response:
    return Response(200, {"Content-Type": content_type, "Cache-Control": "no-store"}, text.encode("utf-8"))
