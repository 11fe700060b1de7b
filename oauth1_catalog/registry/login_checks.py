"""What a login is refused for: the checks that keep an attacker from finishing it with another user's account.

A login needs a verifier, unless the application accepts the risk of session fixation; it is finished once, in the
browser and by the user that started it; and, if the application wants that, at the path where it was started.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote, urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, ExpiredStateError, StateError
from oauth1_catalog.flow.redirection import OUT_OF_BAND
from oauth1_catalog.registry.settings import Settings

RISK = (
    "the provider's callback need not have a verifier (OAuth Core 1.0), so a login can be fixated: an attacker who "
    "begins one, and has a victim agree to it, ends it with the victim's account (oauth.net advisory 2009-1)"
)
"""What is wrong with such a login, for messages."""


def has_fixable_login(provider: Provider) -> bool:
    """Whether users log in at this provider, and come back without a verifier."""
    return "redirect" in provider.flows and provider.callback.verifier != "required"


def check_fixation(provider: Provider, *, allowed: bool, settings: Settings) -> None:
    """Refuse a login without verifier, unless the application allows it.

    Args:
        provider: where the login would begin.
        allowed: whether the client was given ``allow_session_fixation``.
        settings: name the function that takes it.

    Raises:
        ConfigurationError: it is not allowed; nothing was sent.

    >>> from oauth1_catalog.catalog.provider import CallbackRules
    >>> from oauth1_catalog.registry.settings import NoSettings
    >>> provider = Provider(name="tripit", callback=CallbackRules(verifier="none"))
    >>> check_fixation(provider, allowed=True, settings=NoSettings())
    """
    if allowed or not has_fixable_login(provider):
        return
    accept = settings.advise_argument(
        "allow_session_fixation=True", to="accept this risk", from_catalog=provider.from_catalog
    )
    raise ConfigurationError(
        "session_fixation",
        f"{provider.name}: {RISK}.",
        provider=provider.name,
        advice=f"{accept} Then follow docs/security.md.",
    )


def held_to_rfc5849(provider: Provider) -> Provider:
    """``provider``, changed to require a verifier if its file leaves this open.

    A server that does not confirm the callback ignores a verifier, which anyone can make up; so it must confirm.
    """
    if provider.callback.verifier != "optional":
        return provider
    rules = replace(provider.callback, verifier="required", confirmed="required")
    return replace(provider, callback=rules)


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


def unknown_login(client: str) -> StateError:
    """The error for a callback whose login this browser did not start."""
    return StateError(
        description=f'{client}: Missing "request_token" in temporary data: this browser has no such login '
        "under way. It has ended already, it began in another browser, or the session's cookie did not come back: "
        "because it is SameSite=Strict, because the login began under another host name (localhost is not "
        "127.0.0.1), or because it is Secure and this is http. Ask the user to log in again, with a page and not "
        "with a redirect.",
        provider=client,
        step="callback",
    )


def used_login(client: str) -> StateError:
    """The error for a second callback of one login."""
    return StateError(
        "state_used",
        f"{client}: this login has ended already: its callback came twice.",
        provider=client,
        step="callback",
        advice="Ask the user to log in again.",
    )


def expired_login(client: str, lifetime: int) -> ExpiredStateError:
    """The error for a login that took longer than ``lifetime`` seconds."""
    return ExpiredStateError(
        description=f"{client}: the login took longer than {lifetime} s, or the cache lost it.",
        provider=client,
        step="callback",
        advice="Ask the user to log in again.",
    )


def unreadable_login(client: str) -> StateError:
    """The error for a record that was encrypted with another key, or by another version."""
    return StateError(
        description=f"{client}: the login's record cannot be read: the application's secret key or this "
        "package's version has changed since, or the record was not ours.",
        provider=client,
        step="callback",
        advice="Ask the user to log in again. If the login began in another application than it ends in, "
        "such as a mounted one, pass OAuth(secret_key=...).",
    )


def foreign_login(client: str) -> StateError:
    """The error for a record of another client, consumer key or provider."""
    return StateError(
        "mismatching_state",
        f"{client}: the login was started with a different client, consumer key or address.",
        provider=client,
        step="callback",
        advice="Ask the user to log in again.",
    )
