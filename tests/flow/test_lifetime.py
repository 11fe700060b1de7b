"""When a token ends."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from oauth1_catalog.catalog.provider import Lifetime, Provider, TokenResponseRules
from oauth1_catalog.flow.responses import expires_at

NEW_YORK = ZoneInfo("America/New_York")


def provider(**rules: object) -> Provider:
    return Provider(name="example", token_response=TokenResponseRules(**rules))


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
        ({"expires_at": "end"}, {"end": "2013-02-27T18:30:59.000000Z"}, 1361989859.0),  # Keystone
        ({"expires_at": "end"}, {"end": "2013-02-27T18:30:59.5Z"}, 1361989859.5),
        ({"expires_at": "end", "expires_unit": "iso8601"}, {"end": "2013-02-27T19:30:59+01:00"}, 1361989859.0),
        ({"expires_at": "end"}, {"end": "2013-02-27T18:30:59"}, 1361989859.0),
        ({"expires_at": "end"}, {"end": "2013-02-27 18:30:59"}, 1361989859.0),
        ({"expires_at": "end"}, {"end": "2013-02-27"}, 1361923200.0),
        ({"expires_at": "end", "expires_unit": "milliseconds"}, {"end": "1361989859000"}, 1361989859.0),
        ({"expires_at": "end", "expires_in": "ttl"}, {"end": "2013-02-27T18:30:59Z", "ttl": "5"}, 1005.0),
        ({"expires_at": "end"}, {"end": "never"}, None),
        ({"expires_at": "end"}, {"end": "2013-02-30T00:00:00Z"}, None),
        ({"expires_at": "end"}, {"end": "2013-02-27T18:30:59Z" * 9}, None),
        ({"expires_at": "end", "lifetime": Lifetime(seconds=60)}, {"end": "tomorrow"}, 1060.0),
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


def test_a_machine_without_time_zones_keeps_the_token() -> None:
    """As on Windows without the package tzdata: another process, since a zone that was found stays known."""
    program = """
import sys, warnings
sys.modules["tzdata"] = None
from oauth1_catalog.catalog.provider import Lifetime, Provider, TokenResponseRules
from oauth1_catalog.flow.responses import expires_at
rules = TokenResponseRules(lifetime=Lifetime(until="midnight", timezone="America/New_York"))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(expires_at(Provider(name="etrade", token_response=rules), {}, 1000.0))
print(caught[0].message)
from oauth1_catalog import Catalog
print([finding.code for finding in Catalog().findings("etrade")])
from flask import Flask
from oauth1_catalog.integrations.flask_client import OAuth
app = Flask("x")
app.secret_key = "secret"
app.config.update(ETRADE_CLIENT_ID="key", ETRADE_CLIENT_SECRET="secret")
oauth = OAuth(app)
oauth.register_from_catalog("etrade")
print([error.description for error in oauth.check()])
"""
    environment = {**os.environ, "PYTHONTZPATH": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    sentence = (
        "etrade: the time zone America/New_York is not known on this machine. Install the database: pip install tzdata."
    )
    assert done.stdout.splitlines() == ["None", sentence, "[]", f"[{sentence!r}]"]
