"""The authorization endpoint, and the pages that it shows: consent, PIN, and errors.

The HTML and CSS are in ``templates``, as package data. Every page shows that it is an emulation.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup
from oauthlib.common import add_params_to_uri

from oauth1_catalog.emulator import verification
from oauth1_catalog.emulator.examples import DEFAULT_USER, User
from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.emulator.refusals import Refusal, absent, rejected
from oauth1_catalog.emulator.store import TemporaryToken
from oauth1_catalog.emulator.validator import Validator, check_names, form_parameters
from oauth1_catalog.hosts import authority_of
from oauth1_catalog.rfc5849.messages import Request, Response

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def answer_browser(registration: Registration, request: Request) -> Response:
    """Show the consent page, or carry out the decision that the user made on it.

    Raises:
        Refusal: this provider does not accept the browser's request.
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
        return _consent_page(registration, temporary, query)
    if request.method != "POST":
        raise Refusal(
            "parameter_rejected", "Open this page with GET. Its form sends the decision with POST.", status=405
        )
    if request.header("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        advice = "This decision was sent by a page of another site. Use the buttons on the consent page."
        raise Refusal("permission_denied", advice, status=403)
    form = dict(form_parameters(request))
    decision = form.get("decision")
    if decision == "deny":
        registration.store.deny(temporary)
        return _send_denial(registration, temporary, form.get("problem", ""))
    if decision != "authorize":
        raise rejected("decision", "Use one of the two buttons on the consent page: Authorize or Deny.")
    user = User(form["user"].strip()) if form.get("user", "").strip() else DEFAULT_USER
    verifier = secrets.token_urlsafe(16) if temporary.callback != "oob" else f"{secrets.randbelow(10**7):07}"
    extra = {name: f"example-{name}" for name in original.callback.extra} | _state(registration, query)
    location = verification.authorize(validator, token, extra, verifier)
    registration.store.authorize(temporary, verifier=verifier, user=user)
    if not location:
        return _page(registration, "Your PIN", template("pin").format(verifier=verifier))
    return _redirect(location)


def _with_callback(registration: Registration, temporary: TemporaryToken, query: Mapping[str, str]) -> TemporaryToken:
    """Take the callback from the authorization URL if the provider reads it there (OAuth Core 1.0).

    Other providers ignore it: some clients always send it (Authlib), but in RFC 5849 the callback is part of the signed
    request for temporary credentials.
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


def _send_denial(registration: Registration, temporary: TemporaryToken, problem: str) -> Response:
    """Send the browser back without a verifier, in the provider's way or with this ``oauth_problem``."""
    rules = registration.original.callback
    if temporary.callback == "oob":
        return _page(registration, "Denied", template("denied"))
    if problem:
        answer = {rules.token_param: temporary.token, "oauth_problem": problem}
    elif rules.denied_when == "no_verifier":
        answer = {rules.token_param: temporary.token}
    elif rules.denied_when == "empty_verifier":
        answer = {rules.token_param: temporary.token, rules.verifier_param: ""}
    else:
        answer = {rules.denied_param: temporary.token}
        if rules.denied_value is not None:
            answer = {rules.token_param: temporary.token, rules.denied_param: rules.denied_value}
    return _redirect(add_params_to_uri(temporary.callback, answer.items()))


def _consent_page(registration: Registration, token: TemporaryToken, query: Mapping[str, str]) -> Response:
    """Ask the user: which application wants what, and where the browser goes afterwards."""
    own = {registration.original.authorize_token_param, *registration.original.authorize_params} - {"perms", "scope"}
    asked = {**token.asked, **{n: v for n, v in query.items() if n not in own and not n.startswith("oauth_")}}
    shown: dict[str, object] = {"Consumer key": Markup("<code>{}</code>").format(token.client_id)}
    if asked:
        shown["It asks for"] = ", ".join(f"{name} = {value}" for name, value in asked.items())
    shown["Afterwards"] = (
        "you get a PIN to type into the application"
        if token.callback == "oob"
        else f"you go back to {authority_of(token.callback)}"
    )
    content = template("consent").format(
        provider=registration.display_name, facts=facts(shown), user=DEFAULT_USER.username
    )
    return _page(registration, "Authorize an application", content)


def refused(registration: Registration, refusal: Refusal) -> Response:
    """The page for a browser's request that this provider does not accept."""
    content = template("refused").format(advice=refusal.advice, facts=facts({"oauth_problem": refusal.problem}))
    return _page(registration, "This login cannot continue", content, status=refusal.status)


def not_found(request: Request, keys: tuple[str, ...]) -> Response:
    """The page for an address that no emulated provider has."""
    emulated = facts({"Emulated here": ", ".join(keys) or "no provider yet"})
    content = template("not_found").format(path=urlsplit(request.url).path, facts=emulated)
    note = Markup("<strong>Emulation.</strong> oauth1-catalog emulates OAuth 1.0 providers on this machine.")
    return html_response(document("Nothing here", note=note, content=content), status=404)


def misdirected() -> Response:
    """The answer to a request for another host, from a page whose name leads to this machine (DNS rebinding)."""
    text = b"The emulator answers to localhost, 127.0.0.1 and [::1]. Use one of them in the address.\n"
    return Response(421, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}, text)


def _redirect(location: str) -> Response:
    return Response(302, {**HEADERS, "Location": location}, b"")


def _page(registration: Registration, title: str, content: Markup, status: int = 200) -> Response:
    name = registration.display_name
    note = Markup("<strong>Emulation of {}.</strong> This is not {}, and no real account is involved.").format(
        name, name
    )
    return html_response(document(f"{title} · emulation of {name}", note=note, content=content), status)


def html_response(text: str, status: int) -> Response:
    """A page, with the headers of all pages."""
    return Response(status, HEADERS, text.encode("utf-8", "replace"))


def document(title: str, *, note: Markup, content: Markup) -> str:
    """A whole page as HTML; the demo's application uses it too.

    Args:
        title: the title of the window.
        note: the note at the top of the page, which mentions the emulation.
        content: the rest of the page.
    """
    return template("page").format(title=title, style=_style(), note=note, content=content)


def facts(pairs: Mapping[str, object]) -> Markup:
    """A list of names and values.

    >>> facts({"a": "<b>"})
    Markup('<dl><dt>a</dt><dd>&lt;b&gt;</dd></dl>')
    """
    return Markup("<dl>{}</dl>").format(
        Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in pairs.items())
    )


@cache
def template(name: str, package: str = "oauth1_catalog.emulator") -> Markup:
    """The file ``templates/NAME.html`` of a package; ``format`` fills in its ``{fields}`` and escapes the values."""
    text = files(package).joinpath("templates", f"{name}.html").read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - the package's own file


@cache
def _style() -> Markup:
    return Markup(files("oauth1_catalog.emulator").joinpath("templates", "style.css").read_text(encoding="utf-8"))  # noqa: S704 - the same
