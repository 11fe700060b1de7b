"""The provider's side of the dance, without I/O: a request as it was on the wire in, the answer out.

Rule: every signed request goes through ``judge.py``, which lets oauthlib verify it.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from oauthlib.common import add_params_to_uri

from oauth1_catalog.emulator import judge, pages
from oauth1_catalog.emulator.answers import access_answer, profile_answer, temporary_answer
from oauth1_catalog.emulator.demands import check_names, form_parameters, query_parameters
from oauth1_catalog.emulator.problems import Refusal, absent, rejected
from oauth1_catalog.emulator.registration import Registration
from oauth1_catalog.emulator.store import AccessToken, TemporaryToken
from oauth1_catalog.emulator.users import DEFAULT_USER, User
from oauth1_catalog.emulator.validator import Validator
from oauth1_catalog.rfc5849.messages import Request, Response

log = logging.getLogger(__name__)

ROLES = ("request_token", "authorize", "access_token", "renew", "revoke", "api")
_PATH = re.compile(r"/([^/]+)/([a-z_]+)(?:/|$)")


def place_of(url: str) -> tuple[str, str]:
    """The provider's key and the role that an address of the emulator names; empty where it names none.

    >>> place_of("https://127.0.0.1:8443/twitter/request_token/api.twitter.com/oauth/request_token")
    ('twitter', 'request_token')
    """
    found = _PATH.match(urlsplit(url).path)
    return (found[1], found[2]) if found and found[2] in ROLES else ("", "")


class Server:
    """Several emulated providers; safe to use from many threads.

    >>> Server().handle(Request("GET", "https://127.0.0.1:8443/nobody/api/x")).status
    404
    """

    def __init__(self) -> None:
        self._registrations: dict[str, Registration] = {}

    def add(self, registration: Registration) -> None:
        """Play this provider from now on. One of the same key and the same file keeps its memory."""
        self._registrations.setdefault(registration.key, registration)

    def registration(self, key: str) -> Registration | None:
        """The provider of that key, if it is played."""
        return self._registrations.get(key)

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of all providers that are played, sorted."""
        return tuple(sorted(self._registrations))

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Args:
            request: its URL absolute, as its target and its ``Host`` were on the wire.
        """
        key, role = place_of(request.url)
        registration = self._registrations.get(key)
        if registration is None or not registration.serves(role, request.url):
            return pages.not_found(request, self.names)
        try:
            response = self._answer(registration, role, request)
        except Refusal as refusal:
            log.warning("emulation of %s: %s refused: %s", key, role, refusal.problem)
            if role == "authorize":
                return pages.refused(registration, refusal)
            return refusal.response(registration.realm)
        log.info("emulation of %s: %s answered with %d", key, role, response.status)
        return response

    def _answer(self, registration: Registration, role: str, request: Request) -> Response:
        if role == "authorize":
            return _authorize(registration, request)
        if not request.url.startswith("https:"):
            raise Refusal(
                "parameter_rejected",
                "Credentials and tokens go over https alone. Use the https address of this emulation.",
                status=403,
            )
        answers: Mapping[str, Callable[[Validator], Response]] = {
            "request_token": _request_token,
            "access_token": _access_token,
            "renew": _renew,
            "revoke": _revoke,
            "api": _api,
        }
        return answers[role](Validator(registration, role, request))


def _request_token(validator: Validator) -> Response:
    token = judge.new_temporary_token(validator)
    return temporary_answer(validator.registration, token)


def _authorize(registration: Registration, request: Request) -> Response:
    original = registration.original
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    token = query.get(original.authorize_token_param, "")
    if not token:
        raise absent(original.authorize_token_param)
    validator = Validator(registration, "authorize", request)
    temporary = judge.find_temporary_token(validator, token)
    check_names(original.authorize_params, query, {"client_id": temporary.client_id, "oauth_token": token})
    temporary = _with_callback(registration, temporary, query)
    if request.method == "GET":
        return pages.consent(registration, temporary, query)
    if request.method != "POST":
        raise Refusal("parameter_rejected", "A browser comes here with GET, and decides with POST.", status=405)
    form = dict(form_parameters(request))
    decision = form.get("decision")
    if decision == "deny":
        registration.store.deny(temporary)
        return _denied(registration, temporary, form.get("problem", ""))
    if decision != "authorize":
        raise rejected("decision", "Decide with the buttons of the page: authorize or deny.")
    user = User(form["user"].strip()) if form.get("user", "").strip() else DEFAULT_USER
    verifier = secrets.token_urlsafe(16) if temporary.callback != "oob" else f"{secrets.randbelow(10**7):07}"
    extra = {name: f"example-{name}" for name in original.callback.extra} | _state(registration, query)
    location = judge.authorize(validator, token, extra, verifier)
    registration.store.authorize(temporary, verifier=verifier, user=user)
    return pages.redirect(location) if location else pages.pin(registration, verifier)


def _with_callback(registration: Registration, temporary: TemporaryToken, query: Mapping[str, str]) -> TemporaryToken:
    """A callback on the authorization address is OAuth Core 1.0's way, and refused where the file has another."""
    rules = registration.original.callback
    callback = query.get("oauth_callback")
    wanted = rules.send_at_authorize == "always" or (
        rules.send_at_authorize == "if_unconfirmed" and rules.confirmed == "none"
    )
    if wanted and callback is None:
        raise absent("oauth_callback")
    if not wanted and callback is not None:
        raise rejected("oauth_callback", "The callback belongs to the request for temporary credentials alone.")
    if callback is None or temporary.callback != "oob":
        return temporary
    return registration.store.bind_callback(temporary, callback)


def _state(registration: Registration, query: Mapping[str, str]) -> dict[str, str]:
    name = registration.original.callback.state_param
    return {name: query[name]} if name and name in query else {}


def _denied(registration: Registration, temporary: TemporaryToken, problem: str) -> Response:
    """Back to the application without a verifier, said in the provider's way or with ``problem``."""
    rules = registration.original.callback
    if temporary.callback == "oob":
        return pages.denied(registration)
    if problem:
        said = {rules.token_param: temporary.token, "oauth_problem": problem}
    elif rules.denied_when == "no_verifier":
        said = {rules.token_param: temporary.token}
    elif rules.denied_when == "empty_verifier":
        said = {rules.token_param: temporary.token, rules.verifier_param: ""}
    else:
        said = {rules.denied_param: temporary.token}
    return pages.redirect(add_params_to_uri(temporary.callback, said.items()))


def _access_token(validator: Validator) -> Response:
    registration = validator.registration
    form = dict(form_parameters(validator.request) + query_parameters(validator.request))
    if "xauth" in registration.original.flows and "x_auth_mode" in form:
        return _xauth(validator, form)
    return access_answer(registration.original, judge.new_access_token(validator))


def _xauth(validator: Validator, form: Mapping[str, str]) -> Response:
    """User name and password for a token (xAuth): any password but an empty one is right."""
    registration = validator.registration
    if missing := [name for name in ("x_auth_username", "x_auth_password") if not form.get(name)]:
        raise absent(*missing)
    if form["x_auth_mode"] != "client_auth":
        raise rejected("x_auth_mode", "x_auth_mode must be client_auth.")
    client_id = judge.verify_client_request(validator)
    token = registration.store.issue(registration.key, client_id, User(form["x_auth_username"]))
    return access_answer(registration.original, token)


def _renew(validator: Validator) -> Response:
    """A token that has expired, or still lives, for one that lives (OAuth Session 1.0, or E*TRADE's way)."""
    registration = validator.registration
    endpoint = registration.original.renew
    validator.expired_token_is_fine = True
    token = judge.verify_resource_request(validator)
    if endpoint is None or not endpoint.session_handle:
        registration.store.mark(token, "valid")
        return access_answer(registration.original, token)
    handle = validator.call.protocol.get("oauth_session_handle") if validator.call else None
    if not handle:
        raise absent("oauth_session_handle")
    if not secrets.compare_digest(handle, token.session_handle):
        raise rejected("oauth_session_handle", "This is not the session handle that came with the token.")
    renewed = registration.store.issue(registration.key, token.client_id, token.user)
    registration.store.mark(token, "revoked")
    return access_answer(registration.original, renewed)


def _revoke(validator: Validator) -> Response:
    token = judge.verify_resource_request(validator)
    validator.registration.store.mark(token, "revoked")
    return _json({"revoked": True})


def _api(validator: Validator) -> Response:
    """The profile, and an echo of everything else that was asked with a valid signature."""
    registration, request = validator.registration, validator.request
    client_id, token = judge.verify_api_request(validator)
    rules = registration.original.userinfo
    if token is not None and rules is not None and _is_profile(registration, request):
        check_names(rules.params, dict(query_parameters(request) + form_parameters(request)), {})
        return profile_answer(rules, token.user, registration.store.client(client_id))
    return _json(_echo(request, client_id, token))


def _is_profile(registration: Registration, request: Request) -> bool:
    """Whether the request is for the profile, or for what its follow-up adds to it."""
    rules = registration.provider.userinfo
    if rules is None or rules.endpoint == "token_response":
        return False
    asked, wanted = urlsplit(request.url), urlsplit(rules.endpoint)
    if asked.path == wanted.path and set(parse_qsl(wanted.query)) <= set(parse_qsl(asked.query)):
        return request.method == rules.method
    if rules.followup is None:
        return False
    pattern = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(urlsplit(rules.followup).path))
    return re.fullmatch(pattern, asked.path) is not None


def _echo(request: Request, client_id: str, token: AccessToken | None) -> dict[str, object]:
    body = request.body or b""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
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
