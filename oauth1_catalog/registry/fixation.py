"""Logins without a verifier, as in OAuth Core 1.0: an attacker can fixate them (oauth.net advisory 2009-1).

The attacker begins a login and sends its consent page to the victim. Nothing in the callback proves that it comes from
the browser in which the victim agreed, so the attacker can type the callback, and gets the victim's account. OAuth 1.0a
and RFC 5849 end this with the verifier. Where a provider has none, the application decides whether to accept that.
"""

from __future__ import annotations

import dataclasses

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError

RISK = (
    "the provider's callback need not have a verifier (OAuth Core 1.0), so a login can be fixated: an attacker who "
    "begins one, and has a victim agree to it, ends it with the victim's account (oauth.net advisory 2009-1)"
)
"""What is wrong with such a login, for messages."""


def has_fixable_login(provider: Provider) -> bool:
    """Whether users log in at this provider, and come back without a verifier."""
    return "redirect" in provider.flows and provider.callback.verifier != "required"


def check_fixation(provider: Provider, *, allowed: bool) -> None:
    """Refuse a login without verifier where the application has not allowed it.

    Raises:
        ConfigurationError: it was not allowed; nothing was sent.

    >>> from oauth1_catalog.catalog.provider import CallbackRules
    >>> check_fixation(Provider(name="tripit", callback=CallbackRules(verifier="none")), allowed=True)
    """
    if allowed or not has_fixable_login(provider):
        return
    raise ConfigurationError(
        "session_fixation",
        f"{provider.name}: {RISK}. To accept that, pass allow_session_fixation=True at registration; "
        "docs/security.md tells what to do beside it.",
        provider=provider.name,
    )


def held_to_rfc5849(provider: Provider) -> Provider:
    """``provider``, where its file leaves open whether there is a verifier: the login then needs one.

    A server that does not confirm the callback ignores a verifier, which anybody can make up; so it must confirm.
    """
    if provider.callback.verifier != "optional":
        return provider
    rules = dataclasses.replace(provider.callback, verifier="required", confirmed="required")
    return dataclasses.replace(provider, callback=rules)
