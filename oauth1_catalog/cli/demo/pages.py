"""The pages of the demo's application, which all three frameworks show; their HTML is in ``templates``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from markupsafe import Markup

from oauth1_catalog.cli.demo import FRAMEWORKS
from oauth1_catalog.cli.demo.providers import Demo, DemoProvider
from oauth1_catalog.emulator.pages import document, facts, template
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


def _template(name: str) -> Markup:
    return template(name, "oauth1_catalog.cli.demo")


def picker(demo: Demo) -> str:
    """The start page: the providers of the catalog, each with a link that logs in."""
    row = _template("provider")
    rows = Markup("").join(
        row.format(name=o.name, display_name=o.display_name, signature=o.signature, host=o.host) for o in demo.offers
    )
    others = [name for name in FRAMEWORKS if name != demo.framework]
    content = _template("picker").format(framework=demo.framework.title(), rows=rows, others=others)
    return document("Log in with OAuth 1.0", note=_NOTE, content=content)


def profile(offer: DemoProvider, login: Login) -> str:
    """The page after a successful login.

    Args:
        offer: the provider.
        login: the result of ``login_record`` for the token and the profile.
    """
    nothing = Markup("<p>The file of this provider does not describe a profile.</p>")
    shown = facts(dict(login["claims"])) if login["claims"] else nothing
    content = _template("profile").format(
        display_name=offer.display_name, profile=shown, token=facts(dict(login["token"]))
    )
    return document(f"Logged in with {offer.display_name}", note=_NOTE, content=content)


def login_record(token: Mapping[str, str], claims: Mapping[str, object]) -> Login:
    """What the session keeps after a login: enough for the page, and no secret. Lists, because Flask sorts mappings.

    >>> login_record({"oauth_token": "abcdefghijkl", "oauth_token_secret": "s"}, {"sub": "1"})
    {'claims': [['sub', '1']], 'token': [['oauth_token', 'abcd…'], ['oauth_token_secret', '********']]}
    """
    hidden = {name: "********" for name in token if name.startswith("oauth_")}
    masked = {**token, **hidden, "oauth_token": f"{token['oauth_token'][:4]}…"}
    return {"claims": [[n, str(v)] for n, v in claims.items()], "token": [[n, v] for n, v in masked.items()]}


def failure(demo: Demo, error: OAuthError) -> tuple[str, int]:
    """The page after a failed login, with the cause and the next step, and its HTTP status."""
    title, advice, status = _explain(error)
    offer = demo.offer(error.provider or "")
    again = _template("again").format(name=offer.name) if offer else Markup("")
    got = {
        "exception": type(error).__name__,
        "error": error.error,
        "step": error.step or "",
        "description": error.description,
    }
    content = _template("failure").format(title=title, advice=advice, facts=facts(got), again=again)
    return document(title, note=_NOTE, content=content), status


def _explain(error: OAuthError) -> tuple[str, str, int]:
    if isinstance(error, AuthorizationDeniedError):
        advice = (
            "The application received no token and cannot act in your name. Log in again, or choose another provider."
        )
        return ("You denied access", advice, 403)
    if isinstance(error, StateError | MissingVerifierError):
        advice = "Finish a login in the browser in which it began, once, and within ten minutes. Log in again."
        return ("This login cannot continue", advice, 400)
    if isinstance(error, ProviderError):
        advice = "Nothing was stored. Log in again. If that does not help, see the description below."
        return ("The provider did not let you in", advice, 502)
    if isinstance(error, ConfigurationError):
        return (
            "The application is not set up",
            "Only its developer can correct this. The description below shows how.",
            500,
        )
    return ("The login failed", "Log in again, or choose another provider.", 400)
