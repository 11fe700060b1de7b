"""The authorization endpoint (RFC 5849, section 2.2): a browser comes, the user decides, the browser goes back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from oauthlib.common import add_params_to_uri

from oauth1_catalog.emulator import judge, pages
from oauth1_catalog.emulator.demands import check_names, form_parameters
from oauth1_catalog.emulator.problems import Refusal, absent, rejected
from oauth1_catalog.emulator.registration import Registration
from oauth1_catalog.emulator.store import TemporaryToken
from oauth1_catalog.emulator.users import DEFAULT_USER, User
from oauth1_catalog.emulator.validator import Validator
from oauth1_catalog.rfc5849.messages import Request, Response


def answer_browser(registration: Registration, request: Request) -> Response:
    """Show the consent page, or do what the user has decided on it.

    Raises:
        Refusal: the browser brings what this provider does not take.
    """
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
    if request.header("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        advice = "This decision comes from a page of another site. Decide on the consent page itself."
        raise Refusal("permission_denied", advice, status=403)
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
    """A callback on the authorization address is OAuth Core 1.0's way; where the file has another, it is not looked at.

    Some clients always send it (Authlib), and a server of RFC 5849 knows no such parameter: the callback is the one of
    the signed request for temporary credentials.
    """
    rules = registration.original.callback
    callback = query.get("oauth_callback")
    wanted = rules.send_at_authorize == "always" or (
        rules.send_at_authorize == "if_unconfirmed" and rules.confirmed == "none"
    )
    if not wanted:
        return temporary
    if callback is None:
        raise absent("oauth_callback")
    if temporary.callback != "oob":
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
        if rules.denied_value is not None:
            said = {rules.token_param: temporary.token, rules.denied_param: rules.denied_value}
    return pages.redirect(add_params_to_uri(temporary.callback, said.items()))
