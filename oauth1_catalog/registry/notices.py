"""Warnings about what works today and still needs attention, for the list of ``check()``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationNotice
from oauth1_catalog.registry.login_checks import RISK, has_fixable_login
from oauth1_catalog.registry.settings import Settings

EXCHANGE = (
    "Call exchange_token() to exchange a user's token for one of OAuth 2.0, without another login, or run "
    "`oauth1-catalog migrate` or `manage.py oauth1_migrate` for a whole table."
)
"""The advice at a provider with a ``successor``."""


class HostProblem(NamedTuple):
    """Why the address in a request's Host header cannot be trusted.

    Args:
        cause: what is set or missing; the first half of a sentence.
        cure: what to set besides the redirect URI, the second half of one; empty where nothing helps.
    """

    cause: str
    cure: str = ""


def notices(
    client: str, provider: Provider, settings: Settings, *, allow_session_fixation: bool = False
) -> Iterator[ConfigurationNotice]:
    """The warnings about one client.

    Args:
        client: the registered name.
        provider: what it is registered for, with the parameters of the registration over it.
        settings: where its User-Agent can be set.
        allow_session_fixation: whether logins without verifier are allowed.

    >>> from oauth1_catalog.registry.settings import NoSettings
    >>> provider = Provider(name="garmin", status="deprecated", sunset="2026-12-31")
    >>> [notice.description for notice in notices("garmin", provider, NoSettings())]
    ['garmin: OAuth 1.0 will be switched off on 2026-12-31.']
    """
    if provider.status == "deprecated":
        exchange = "" if provider.successor is None else EXCHANGE
        yield ConfigurationNotice("deprecated_provider", provider.status_sentence, provider=client, advice=exchange)
    if provider.user_agent_required and not _has_user_agent(provider):
        example = f", such as {provider.user_agent_example!r}" if provider.user_agent_example else ""
        yield ConfigurationNotice(
            "missing_user_agent",
            f"{client}: the provider asks for a User-Agent that names your application, and refuses or slows down "
            "those of HTTP libraries.",
            provider=client,
            advice=f"{settings.advise(client, 'user_agent')}{example}.",
        )
    if allow_session_fixation and has_fixable_login(provider):
        yield ConfigurationNotice(
            "session_fixation_allowed",
            f"{client}: {RISK}.",
            provider=client,
            advice="allow_session_fixation is set: log nobody in by this provider alone, and let a user who is logged "
            "in confirm which account was linked.",
        )


def host_notices(problem: HostProblem | None, base: str) -> Iterator[ConfigurationNotice]:
    """The warning about an application that may build its redirect URI from a Host header that anyone can send.

    Args:
        problem: why the header cannot be trusted.
        base: where the application's public address is configured.

    >>> problem = HostProblem("TRUSTED_HOSTS is not set", "set TRUSTED_HOSTS in app.config")
    >>> [notice.error for notice in host_notices(problem, "OAUTH1_CATALOG_REDIRECT_BASE_URL in app.config")]
    ['untrusted_host']
    """
    if problem is None:
        return
    cure = f" Or {problem.cure}." if problem.cure else ""
    yield ConfigurationNotice(
        "untrusted_host",
        f"{problem.cause}, so a redirect URI that is built from the request goes to the host in its Host header, and "
        "takes a victim's login there.",
        advice="Configure the redirect URI of each client (redirect_uri), or your application's public address for "
        f"all of them: {base}.{cure}",
    )


def session_cookie_notices(same_site: object, place: str) -> Iterator[ConfigurationNotice]:
    """The warning about the cookie that the session is in, or that names it.

    Args:
        same_site: its ``SameSite`` attribute.
        place: where that is set.

    >>> [notice.error for notice in session_cookie_notices("Strict", "SESSION_COOKIE_SAMESITE")]
    ['strict_session_cookie']
    """
    if str(same_site).lower() == "strict":
        yield ConfigurationNotice(
            "strict_session_cookie",
            "The session's cookie is SameSite=Strict, so a browser leaves it out when the provider sends the user "
            "back, and every login ends in a StateError.",
            advice=f"Set {place} to 'Lax'. Only where a front end receives the callback and hands it on (callback=) "
            "can it stay.",
        )


def _has_user_agent(provider: Provider) -> bool:
    options = provider.client_kwargs.get("headers")
    given = (*provider.all_headers, *(options if isinstance(options, Mapping) else ()))
    return any(name.lower() == "user-agent" for name in given)
