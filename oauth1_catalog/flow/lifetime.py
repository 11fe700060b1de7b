"""When a token ends: what its answer says, else what the provider's file says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from oauth1_catalog.application_warnings import warn
from oauth1_catalog.catalog.provider import Lifetime, Provider, time_zone

LAST = 253_402_214_400.0
"""The last day that a date can be, in every time zone: 9999-12-31. What ends later ends then."""


def expires_at(provider: Provider, token: Mapping[str, str], issued: float) -> float | None:
    """The end of a token's life, in seconds since the epoch; ``None`` for one that ends when somebody revokes it.

    Args:
        provider: says which fields of the answer speak of it, and how long a token lives where none does.
        token: the token's answer.
        issued: when the token was issued, in seconds since the epoch.

    >>> from oauth1_catalog.catalog.provider import TokenResponseRules
    >>> jira = Provider(name="jira", token_response=TokenResponseRules(expires_in="oauth_expires_in"))
    >>> expires_at(jira, {"oauth_expires_in": "3600"}, issued=1000.0)
    4600.0
    """
    moment = _moment(provider, token, issued)
    return None if moment is None else min(max(moment, 0.0), LAST)


def _moment(provider: Provider, token: Mapping[str, str], issued: float) -> float | None:
    rules = provider.token_response
    unit = 1000 if rules.expires_unit == "milliseconds" else 1
    life, end = _number(token.get(rules.expires_in or "")), token.get(rules.expires_at or "")
    if life is not None:
        return issued + life / unit
    if (moment := _number(end)) is not None:
        return moment / unit
    if (moment := _date_and_time(end)) is not None:
        return moment
    return None if rules.lifetime is None else _end(provider.name, rules.lifetime, issued)


def _end(name: str, lifetime: Lifetime, issued: float) -> float | None:
    if lifetime.seconds is not None:
        return issued + lifetime.seconds
    if lifetime.until == "midnight":
        zone = time_zone(lifetime.timezone or "UTC")
        if zone is None:
            # The token is there and must not be lost; its end is not known, and the provider will tell.
            warn(f"{name}: {missing_time_zone(lifetime.timezone)}")
            return None
        day = datetime.fromtimestamp(issued, zone) + timedelta(days=1)
        return day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return None


def missing_time_zone(name: str | None) -> str:
    """The sentence for a time zone that this machine does not know.

    >>> missing_time_zone("America/New_York")
    'the time zone America/New_York is not known on this machine. Install the database: pip install tzdata.'
    """
    return f"the time zone {name or 'UTC'} is not known on this machine. Install the database: pip install tzdata."


def _number(text: str | None) -> float | None:
    """The digits of a field; an answer that holds something else says nothing."""
    return float(text) if text and text.isdecimal() and len(text) < 16 else None


def _date_and_time(text: str | None) -> float | None:
    """A moment as ISO 8601 writes it (Keystone, Clever Cloud); in UTC where it names no offset."""
    if not text or len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
