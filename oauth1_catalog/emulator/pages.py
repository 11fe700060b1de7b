"""What a person sees of an emulated provider: the consent page, the PIN, and that it is all an emulation."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from markupsafe import Markup

from oauth1_catalog.emulator.layout import HEADERS, facts, page
from oauth1_catalog.emulator.problems import Refusal
from oauth1_catalog.emulator.registration import Registration
from oauth1_catalog.emulator.store import TemporaryToken
from oauth1_catalog.emulator.users import DEFAULT_USER
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
