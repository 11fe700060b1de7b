"""The way out of OAuth 1.0 in provider files: what X's and Garmin's contain, and what a file needs beside it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import ExchangeLimit, Successor
from oauth1_catalog.catalog.validate_files import check_files

CATALOG = Catalog()
HEAD = """schema_version: 1
name: acme
status_note: No date is known.
flows: [redirect]
variables: {{shop: {{pattern: "[a-z]+", example: one}}}}
request_token_url: https://{{shop}}.acme.example/request
authorize_url: https://{{shop}}.acme.example/authorize
access_token_url: https://{{shop}}.acme.example/access
api_base_url: https://{{shop}}.acme.example/1/
{successor}
evidence:
  - fields: [request_token_url, authorize_url, access_token_url, api_base_url, {confirmed}]
    kind: provider_docs
    checked: 2026-11-25
    source: https://acme.example/docs
"""
SUCCESSOR = """successor:
  url: https://{shop}.acme.example/exchange
  auth: client
  params: {t: "{oauth_token}", s: "{shop}"}
environments:
  test: {successor: {url: "https://{shop}.test.acme.example/exchange", auth: client}}"""


def test_x() -> None:
    for name in ("x", "twitter"):
        assert CATALOG.provider(name).successor == Successor(
            url="https://api.x.com/2/oauth2/token",
            method="POST",
            auth="client",
            params={
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": "{oauth_token}",
                "subject_token_type": "urn:x:params:oauth:token-type:oauth1_token",
                "oauth_token_secret": "{oauth_token_secret}",
            },
            again="new_pair",
            old_token="stays",
            refused=("invalid_grant",),
            limit=ExchangeLimit(requests=10_000, seconds=900),
            docs_url="https://docs.x.com/fundamentals/authentication/oauth-2-0/oauth-1-0a-token-exchange",
        )


def test_garmin() -> None:
    garmin = CATALOG.provider("garmin")
    url = "https://apis.garmin.com/partner-gateway/rest/user/token-exchange"
    assert garmin.successor == Successor(url=url, auth="signature", old_token_days=30)
    assert garmin.sunset == "2026-12-31"


def test_the_ads_api_stays_with_oauth_1() -> None:
    assert CATALOG.provider("x_ads").successor is None


def file_with(tmp_path: Path, *, confirmed: str) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(HEAD.format(successor=SUCCESSOR, confirmed=confirmed), encoding="utf-8")
    return path


@pytest.mark.parametrize(("confirmed", "codes"), [("flows", ["P050"]), ("successor", [])])
def test_it_needs_evidence(tmp_path: Path, confirmed: str, codes: list[str]) -> None:
    (checked,) = check_files([file_with(tmp_path, confirmed=confirmed)], today=dt.date(2026, 11, 30))
    assert [finding.code for finding in checked.findings] == codes
    assert all("`successor`" in finding.message for finding in checked.findings)


def test_variables_and_environments_are_applied(tmp_path: Path) -> None:
    file_with(tmp_path, confirmed="successor")
    found = [Catalog(tmp_path).provider("acme", environment=one, values={"shop": "a"}) for one in (None, "test")]
    successors = [provider.successor for provider in found]
    assert [one.url for one in successors if one] == [
        "https://a.acme.example/exchange",
        "https://a.test.acme.example/exchange",
    ]
    assert [one.params for one in successors if one] == [{"t": "{oauth_token}", "s": "a"}] * 2
