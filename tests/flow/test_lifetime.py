"""When a token ends."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from oauth1_catalog.catalog.provider import Lifetime, Provider, TokenResponseRules
from oauth1_catalog.flow.lifetime import expires_at

NEW_YORK = ZoneInfo("America/New_York")


def provider(**rules: object) -> Provider:
    return Provider(name="example", token_response=TokenResponseRules(**rules))  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("rules", "token", "expected"),
    [
        ({}, {}, None),
        ({"expires_in": "oauth_expires_in"}, {"oauth_expires_in": "3600"}, 4600.0),
        ({"expires_in": "ttl", "expires_unit": "milliseconds"}, {"ttl": "3600"}, 1003.6),
        ({"expires_at": "end"}, {"end": "5000"}, 5000.0),
        ({"expires_in": "oauth_expires_in"}, {"oauth_expires_in": "soon"}, None),
        ({"expires_in": "oauth_expires_in"}, {"oauth_expires_in": "9" * 400}, None),
        ({"lifetime": Lifetime(seconds=60)}, {}, 1060.0),
        ({"lifetime": Lifetime(seconds=60), "expires_in": "ttl"}, {"ttl": "5"}, 1005.0),
        ({"lifetime": Lifetime(idle_seconds=60)}, {}, None),
    ],
)
def test_the_answer_comes_before_the_file(
    rules: dict[str, object], token: dict[str, str], expected: float | None
) -> None:
    assert expires_at(provider(**rules), token, issued=1000.0) == expected


@pytest.mark.parametrize(
    ("issued", "end"),
    [
        (datetime(2026, 11, 25, 9, 30, tzinfo=NEW_YORK), datetime(2026, 11, 26, tzinfo=NEW_YORK)),
        (datetime(2026, 11, 25, 23, 59, 59, tzinfo=NEW_YORK), datetime(2026, 11, 26, tzinfo=NEW_YORK)),
        (datetime(2026, 3, 7, 12, 0, tzinfo=NEW_YORK), datetime(2026, 3, 8, tzinfo=NEW_YORK)),  # the clocks change
        (datetime(2026, 10, 31, 12, 0, tzinfo=NEW_YORK), datetime(2026, 11, 1, tzinfo=NEW_YORK)),
        (datetime(2026, 12, 31, 12, 0, tzinfo=NEW_YORK), datetime(2027, 1, 1, tzinfo=NEW_YORK)),
    ],
)
def test_midnight_is_that_of_the_provider(issued: datetime, end: datetime) -> None:
    etrade = provider(lifetime=Lifetime(until="midnight", timezone="America/New_York"))
    assert expires_at(etrade, {}, issued.timestamp()) == end.timestamp()
