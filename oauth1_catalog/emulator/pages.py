"""What a person sees of an emulated provider: the consent page, the PIN, and that it is all an emulation."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup
from oauthlib.common import add_params_to_uri

from oauth1_catalog.emulator import verification
from oauth1_catalog.emulator.examples import DEFAULT_USER, User
from oauth1_catalog.emulator.providers import HEADERS, Registration, facts, page
from oauth1_catalog.emulator.requirements import check_names, form_parameters
from oauth1_catalog.emulator.responses import Refusal, absent, rejected
from oauth1_catalog.emulator.store import TemporaryToken
from oauth1_catalog.emulator.validator import Validator
from oauth1_catalog.rfc5849.messages import Request, Response

_CONSENT = Markup("""<section class="card">
<h1>Let this application use your {provider} account?</h1>
{facts}
<form method="post">
<label for="user">Sign in as</label>
<input id="user" name="user" value="{user}" autocomplete="off" spellcheck="false" aria-describedby="user-note">
<p class="soft" id="user-note">Any name will do: the emulation invents a profile for it.</p>
<div class="buttons">
<button class="first" name="decision" value="authorize">Authorize</button>
<button name="decision" value="deny">Deny</button>
</div>
</form>
</section>""")

_PIN = Markup("""<section class="card">
<h1>Your PIN</h1>
<p>Go back to the application and type this number there. It can be used once.</p>
<output id="pin">{verifier}</output>
</section>""")


def consent(registration: Registration, token: TemporaryToken, query: Mapping[str, str]) -> Response:
    """The page that asks the user: who wants what, and two buttons."""
    own = {registration.original.authorize_token_param, *registration.original.authorize_params} - {"perms", "scope"}
    asked = {**token.asked, **{n: v for n, v in query.items() if n not in own and not n.startswith("oauth_")}}
    shown: dict[str, object] = {"Consumer key": Markup("<code>{}</code>").format(token.client_id)}
    if asked:
        shown["It asks for"] = ", ".join(f"{name} = {value}" for name, value in asked.items())
    shown["Afterwards"] = _afterwards(token.callback)
    content = _CONSENT.format(provider=registration.display_name, facts=facts(shown), user=DEFAULT_USER.username)
    return _page(registration, "Authorize an application", content)


def pin(registration: Registration, verifier: str) -> Response:
    """The page that shows the verifier to a person, where there is no callback (``oob``)."""
    return _page(registration, "Your PIN", _PIN.format(verifier=verifier))


def denied(registration: Registration) -> Response:
    """The end of a login that the user denied, where there is no callback."""
    text = Markup(
        '<section class="card"><h1>Denied</h1><p>The application gets nothing. Close this page.</p></section>'
    )
    return _page(registration, "Denied", text)


def refused(registration: Registration, refusal: Refusal) -> Response:
    """A browser brought something that this provider does not take."""
    content = Markup(
        '<section class="card"><h1 class="bad">This login cannot go on</h1><p>{advice}</p>'
        "<p>Go back to the application and begin again.</p>{facts}</section>"
    ).format(advice=refusal.advice, facts=facts({"oauth_problem": refusal.problem}))
    return _page(registration, "This login cannot go on", content, status=refusal.status)


def not_found(request: Request, keys: tuple[str, ...]) -> Response:
    """No emulated provider has this address."""
    content = Markup(
        '<section class="card"><h1>Nothing here</h1><p>No emulated provider has the address <code>{path}</code>.</p>'
        "{facts}</section>"
    ).format(path=urlsplit(request.url).path, facts=facts({"Emulated here": ", ".join(keys) or "no provider yet"}))
    note = Markup("<strong>Emulation.</strong> oauth1-catalog plays OAuth 1.0 providers on this machine.")
    return page("Nothing here", note=note, content=content, status=404)


def misdirected() -> Response:
    """The request was made to another host: by a page whose name leads to this machine (DNS rebinding)."""
    text = b"The emulator answers to localhost, 127.0.0.1 and [::1]. Use one of them in the address.\n"
    return Response(421, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}, text)


def redirect(location: str) -> Response:
    """Send the browser back to the application."""
    return Response(302, {**HEADERS, "Location": location}, b"")


def _afterwards(callback: str) -> str:
    if callback == "oob":
        return "you get a PIN to type into the application"
    return f"you go back to {urlsplit(callback).netloc}"


def _page(registration: Registration, title: str, content: Markup, status: int = 200) -> Response:
    note = Markup("<strong>Emulation of {}.</strong> This is not {}, and no real account is involved.").format(
        registration.display_name, registration.display_name
    )
    return page(f"{title} · emulation of {registration.display_name}", note=note, content=content, status=status)


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
    temporary = verification.find_temporary_token(validator, token)
    check_names(original.authorize_params, query, {"client_id": temporary.client_id, "oauth_token": token})
    temporary = _with_callback(registration, temporary, query)
    if request.method == "GET":
        return consent(registration, temporary, query)
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
    location = verification.authorize(validator, token, extra, verifier)
    registration.store.authorize(temporary, verifier=verifier, user=user)
    return redirect(location) if location else pin(registration, verifier)


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
        return denied(registration)
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
    return redirect(add_params_to_uri(temporary.callback, said.items()))
