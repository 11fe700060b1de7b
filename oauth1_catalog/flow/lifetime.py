"""When a token ends: what its answer says, else what the provider's file says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from oauth1_catalog.catalog.provider import Lifetime, Provider


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
    rules = provider.token_response
    unit = 1000 if rules.expires_unit == "milliseconds" else 1
    for field, since in ((rules.expires_in, issued), (rules.expires_at, 0.0)):
        number = _number(token.get(field or ""))
        if number is not None:
            return since + number / unit
    return None if rules.lifetime is None else _end(rules.lifetime, issued)


def _end(lifetime: Lifetime, issued: float) -> float | None:
    if lifetime.seconds is not None:
        return issued + lifetime.seconds
    if lifetime.until == "midnight":
        day = datetime.fromtimestamp(issued, ZoneInfo(lifetime.timezone or "UTC")) + timedelta(days=1)
        return day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return None


def _number(text: str | None) -> float | None:
    """The digits of a field; an answer that holds something else says nothing."""
    return float(text) if text and text.isdecimal() and len(text) < 16 else None
