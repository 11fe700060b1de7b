"""The provider's side of the dance, without I/O: a request as it was on the wire in, the answer out.

Rule: every signed request goes through ``judge.py``, which lets oauthlib verify it.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from oauth1_catalog.emulator import judge, pages
from oauth1_catalog.emulator.answers import access_answer, temporary_answer
from oauth1_catalog.emulator.consent import answer_browser
from oauth1_catalog.emulator.demands import form_parameters, query_parameters
from oauth1_catalog.emulator.problems import Refusal, absent, rejected
from oauth1_catalog.emulator.registration import Registration
from oauth1_catalog.emulator.relocation import place_of
from oauth1_catalog.emulator.resources import answer_call
from oauth1_catalog.emulator.users import DEFAULT_USER, User
from oauth1_catalog.emulator.validator import Validator
from oauth1_catalog.hosts import is_loopback
from oauth1_catalog.rfc5849.messages import Request, Response

log = logging.getLogger(__name__)

_CONSUMER_KEY = re.compile(r"""\boauth_consumer_key="?([^"&,]+)""")


class Server:
    """Several emulated providers; safe to use from many threads.

    >>> Server().handle(Request("GET", "https://127.0.0.1:8443/nobody/api/x")).status
    404
    """

    def __init__(self) -> None:
        self._registrations: dict[str, Registration] = {}

    def add(self, registration: Registration) -> None:
        """Play this provider from now on; what it remembers is in the registration's store."""
        self._registrations[registration.key] = registration

    def registration(self, key: str) -> Registration | None:
        """The provider of that key, if it is played."""
        return self._registrations.get(key)

    def find(self, request: Request) -> tuple[Registration | None, str]:
        """Which provider a request is for, and in which role.

        A path from the root, such as ``/1.1/me.json`` joined to ``api_base_url``, has lost the provider's key; then the
        consumer key tells whose API it is.
        """
        key, role = place_of(request.url)
        if role:
            registration = self._registrations.get(key)
            return (registration if registration and registration.serves(role, request.url) else None), role
        signed = _CONSUMER_KEY.search(f"{request.header('Authorization')}&{urlsplit(request.url).query}")
        known = list(self._registrations.values())
        return next((r for r in known if signed and r.store.knows(unquote(signed[1]))), None), "api"

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Args:
            request: its URL absolute, as its target and its ``Host`` were on the wire.
        """
        if not _is_of_this_machine(request.url):
            return pages.misdirected()
        registration, role = self.find(request)
        if registration is None:
            return pages.not_found(request, tuple(sorted(self._registrations)))
        try:
            response = self._answer(registration, role, request)
        except Refusal as refusal:
            told = "".join(f"\n  {line}" for line in refusal.told)
            log.warning("emulation of %s: %s refused: %s%s", registration.key, role, refusal, told)
            if role == "authorize":
                return pages.refused(registration, refusal)
            return refusal.response(registration.realm)
        log.info("emulation of %s: %s answered with %d", registration.key, role, response.status)
        return response

    def _answer(self, registration: Registration, role: str, request: Request) -> Response:
        if role == "authorize":
            return answer_browser(registration, request)
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
            "api": answer_call,
        }
        return answers[role](Validator(registration, role, request))


def _is_of_this_machine(url: str) -> bool:
    """Whether a request's Host names this machine: a page of a stranger, whose name leads here, gets no answer."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def _request_token(validator: Validator) -> Response:
    token = judge.new_temporary_token(validator)
    return temporary_answer(validator.registration, token)


def _access_token(validator: Validator) -> Response:
    registration = validator.registration
    form = dict(form_parameters(validator.request) + query_parameters(validator.request))
    if "xauth" in registration.original.flows and "x_auth_mode" in form:
        return _xauth(validator, form)
    if "signed_grant" in registration.original.flows:
        client_id = judge.verify_client_request(validator)
        return access_answer(registration.original, registration.store.issue(registration.key, client_id, DEFAULT_USER))
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
    return access_answer(registration.original, registration.store.renew(token))


def _revoke(validator: Validator) -> Response:
    token = judge.verify_resource_request(validator)
    validator.registration.store.mark(token, "revoked")
    return Response(200, {"Content-Type": "application/json"}, b'{"revoked": true}')
