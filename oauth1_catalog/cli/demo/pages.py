"""The pages of the demo's application; the three frameworks share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from markupsafe import Markup

from oauth1_catalog.cli.demo import FRAMEWORKS
from oauth1_catalog.cli.demo.providers import Demo, DemoProvider
from oauth1_catalog.emulator.providers import document, facts
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    ConfigurationError,
    MissingVerifierError,
    OAuthError,
    ProviderError,
    StateError,
)

Login: TypeAlias = dict[str, list[list[str]]]
"""Names and values of the claims, and of the token."""

_NOTE = Markup(
    "<strong>Demonstration.</strong> Every provider here is emulated on this machine, and no real account is involved."
)

_PICKER = Markup("""<h1>Log in with OAuth 1.0</h1>
<p>This is a small {framework} application. Choose a provider of the catalog: its emulation asks for your consent and
sends you back here.</p>
<section class="card" aria-label="Providers">
<ul class="providers">
{rows}
</ul>
</section>
<p class="soft">The same in {others[0]}: <code>oauth1-catalog demo --framework {others[0]}</code><br>
The same in {others[1]}: <code>oauth1-catalog demo --framework {others[1]}</code></p>""")

_ROW = Markup("""<li><span class="name"><strong>{display_name}</strong>
<small>{signature} · {host}</small></span>
<a class="button" href="/login/{name}" aria-label="Log in with {display_name}">Log in</a></li>""")

_PROFILE = Markup("""<section class="card">
<h1><span class="good" aria-hidden="true">✓</span> You are logged in with {display_name}</h1>
<h2>Profile</h2>
{profile}
<h2>Access token</h2>
{token}
<div class="buttons"><a class="button first" href="/">Choose another provider</a></div>
</section>""")

_FAILURE = Markup("""<section class="card">
<h1>{title}</h1>
<p>{advice}</p>
<div class="buttons">{again}<a class="button" href="/">Choose another provider</a></div>
<h2>What the application got</h2>
{facts}
</section>""")

_AGAIN = Markup('<a class="button first" href="/login/{name}">Log in again</a>')


def picker(demo: Demo) -> str:
    """The start page: the providers of the catalog, each with its login."""
    rows = Markup("\n").join(
        _ROW.format(name=o.name, display_name=o.display_name, signature=o.signature, host=o.host) for o in demo.offers
    )
    others = [name for name in FRAMEWORKS if name != demo.framework]
    content = _PICKER.format(framework=demo.framework.title(), rows=rows, others=others)
    return document("Log in with OAuth 1.0", note=_NOTE, content=content)


def profile(offer: DemoProvider, login: Login) -> str:
    """The end of a login that went well.

    Args:
        offer: the provider.
        login: what ``login_record`` made of the token and the profile.
    """
    nothing = Markup("<p>The file of this provider says nothing of a profile.</p>")
    shown = facts(dict(login["claims"])) if login["claims"] else nothing
    content = _PROFILE.format(display_name=offer.display_name, profile=shown, token=facts(dict(login["token"])))
    return document(f"Logged in with {offer.display_name}", note=_NOTE, content=content)


def login_record(token: Mapping[str, str], claims: Mapping[str, object]) -> Login:
    """What the session keeps of a login: enough for the page, and no secret. Lists, because Flask sorts mappings.

    >>> login_record({"oauth_token": "abcdefghijkl", "oauth_token_secret": "s"}, {"sub": "1"})
    {'claims': [['sub', '1']], 'token': [['oauth_token', 'abcd…'], ['oauth_token_secret', '********']]}
    """
    hidden = {name: "********" for name in token if name.startswith("oauth_")}
    masked = {**token, **hidden, "oauth_token": f"{token['oauth_token'][:4]}…"}
    return {"claims": [[n, str(v)] for n, v in claims.items()], "token": [[n, v] for n, v in masked.items()]}


def failure(demo: Demo, error: OAuthError) -> tuple[str, int]:
    """A login that did not go well: what happened and what to do, and the status of that answer."""
    title, advice, status = _explain(error)
    offer = demo.offer(error.provider or "")
    again = _AGAIN.format(name=offer.name) if offer else Markup("")
    got = {
        "exception": type(error).__name__,
        "error": error.error,
        "step": error.step or "",
        "description": error.description,
    }
    content = _FAILURE.format(title=title, advice=advice, facts=facts(got), again=again)
    return document(title, note=_NOTE, content=content), status


def _explain(error: OAuthError) -> tuple[str, str, int]:
    if isinstance(error, AuthorizationDeniedError):
        advice = (
            "The application got nothing and can do nothing in your name. Log in again, or choose another provider."
        )
        return ("You denied access", advice, 403)
    if isinstance(error, StateError | MissingVerifierError):
        advice = "A login ends once, in the browser in which it began, and within ten minutes. Begin again."
        return ("This login cannot go on", advice, 400)
    if isinstance(error, ProviderError):
        advice = "Nothing is stored. Log in again; if that does not help, the words below are what it said."
        return ("The provider did not let you in", advice, 502)
    if isinstance(error, ConfigurationError):
        return ("The application is not set up", "Only its developer can mend that; the words below say how.", 500)
    return ("The login failed", "Log in again, or choose another provider.", 400)
