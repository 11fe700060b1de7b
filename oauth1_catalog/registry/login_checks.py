"""The checks that keep an attacker from finishing a login with another user's account.

A login needs a verifier, unless the application accepts the risk of session fixation; the user who started a login
finishes it; and, if the application wants that, it finishes at the path where it was started.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import unquote, urlsplit
from uuid import UUID

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, StateError
from oauth1_catalog.flow.redirection import OUT_OF_BAND

RISK = (
    "the provider's callback need not have a verifier (OAuth Core 1.0), so a login can be fixated: an attacker who "
    "begins one, and has a victim agree to it, ends it with the victim's account (oauth.net advisory 2009-1)"
)
"""What is wrong with such a login, for messages."""


def has_fixable_login(provider: Provider) -> bool:
    """Whether users log in at this provider, and come back without a verifier."""
    return "redirect" in provider.flows and provider.callback.verifier != "required"


def check_fixation(provider: Provider, *, allowed: bool) -> None:
    """Refuse a login without verifier, unless the application allows it.

    Raises:
        ConfigurationError: it is not allowed; nothing was sent.

    >>> from oauth1_catalog.catalog.provider import CallbackRules
    >>> check_fixation(Provider(name="tripit", callback=CallbackRules(verifier="none")), allowed=True)
    """
    if allowed or not has_fixable_login(provider):
        return
    raise ConfigurationError(
        "session_fixation",
        f"{provider.name}: {RISK}.",
        provider=provider.name,
        advice="To accept this risk, pass allow_session_fixation=True at registration, and follow docs/security.md.",
    )


def held_to_rfc5849(provider: Provider) -> Provider:
    """``provider``, changed to require a verifier if its file leaves this open.

    A server that does not confirm the callback ignores a verifier, which anyone can make up; so it must confirm.
    """
    if provider.callback.verifier != "optional":
        return provider
    rules = replace(provider.callback, verifier="required", confirmed="required")
    return replace(provider, callback=rules)


_IDENTIFIERS = ("pk", "get_id", "id")
"""What the identifier of a user object is called: Django, Flask-Login, and the mapped classes of SQLAlchemy."""


def user_digest(client: str, user: object) -> str | None:
    """What a login's record contains of a user; ``None`` if nobody is logged in.

    Args:
        client: the registered name.
        user: an identifier, or an object that has one (``pk``, ``get_id()``, ``id``).

    Raises:
        ConfigurationError: the object has no identifier.

    >>> user_digest("twitter", 7) == user_digest("twitter", "7"), user_digest("twitter", None)
    (True, None)
    """
    identifier = user
    if not isinstance(user, str | int | UUID | None):
        if getattr(user, "is_authenticated", True) is False:
            return None  # Django's AnonymousUser, Starlette's UnauthenticatedUser
        identifier = next((found for name in _IDENTIFIERS if (found := _attribute(user, name)) is not None), None)
        if not isinstance(identifier, str | int | UUID):
            raise ConfigurationError(
                "unknown_user",
                f"{client}: a login cannot remember a {type(user).__name__} as its user.",
                provider=client,
                advice="Pass an identifier as user=, such as the primary key: text, a number or a UUID.",
            )
    return None if identifier is None else hashlib.sha256(f"user:{identifier}".encode()).hexdigest()[:24]


def check_same_user(client: str, started_by: str | None, finished_by: str | None) -> None:
    """Refuse to finish a login that another user started. If nobody was logged in then, any user can finish it.

    Raises:
        StateError: another user is logged in now, or nobody.
    """
    if started_by is None or started_by == finished_by:
        return
    raise StateError(
        "mismatching_user",
        f"{client}: this login was started by a user who is no longer logged in.",
        provider=client,
        step="callback",
        advice="Ask the user to log in again. If you pass user= to authorize_redirect(), pass the same user to "
        "authorize_access_token().",
    )


def check_path(provider: Provider, redirect_uri: str | None, path: str) -> None:
    """Refuse a callback whose path differs from that of the redirect URI, if the application asks for this check."""
    if redirect_uri is None or redirect_uri == OUT_OF_BAND:
        started = "without a redirect URI to check"
    else:
        expected = unquote(urlsplit(redirect_uri).path) or "/"
        if expected.rstrip("/") == path.rstrip("/"):
            return
        started = f"for {expected!r}, not for {path!r}"
    raise StateError(
        "mismatching_redirect_uri",
        f"{provider.name}: this login was started {started}.",
        provider=provider.name,
        step="callback",
        advice="Ask the user to log in again. If a proxy changes paths, omit check_redirect_uri and compare "
        "token.redirect_uri.",
    )


def _attribute(user: object, name: str) -> object:
    value = getattr(user, name, None)
    return value() if name == "get_id" and callable(value) else value
