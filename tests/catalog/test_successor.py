"""The way out of OAuth 1.0 in provider files: what X's and Garmin's contain, and what a file needs beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import ExchangeLimit, Successor
from oauth1_catalog.catalog.validate_files import check_files

CATALOG = Catalog()
HEAD = """schema_version: 1
name: acme
status: limited
status_note: No date is known.
access: {{state: unknown, note: Invented}}
flows: [redirect]
variables: {{shop: {{pattern: "[a-z]+", example: one}}}}
request_token_url: https://{{shop}}.acme.example/request
authorize_url: https://{{shop}}.acme.example/authorize
access_token_url: https://{{shop}}.acme.example/access
api_base_url: https://{{shop}}.acme.example/1/
{successor}
evidence:
  - fields: [request_token_url, authorize_url, access_token_url, api_base_url, status, {confirmed}]
    kind: provider_docs
    checked: 2026-11-25
    source: https://acme.example/docs
"""
SUCCESSOR = """options:
  slow: {enum: ["yes"], sets: {successor: {limit: {requests: 1, seconds: 2}}}}
successor:
  url: https://{shop}.acme.example/exchange
  auth: client
  params: {t: "{oauth_token}", s: "{shop}"}
environments:
  test: {successor: {url: "https://{shop}.test.acme.example/exchange", params: {u: "1"}}}"""


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
    itself = Successor(url="https://a.acme.example/exchange", auth="client", params={"t": "{oauth_token}", "s": "a"})
    test = replace(itself, url="https://a.test.acme.example/exchange", params={**itself.params, "u": "1"})
    acme = Catalog(tmp_path)
    assert acme.provider("acme", values={"shop": "a"}).successor == itself
    assert acme.provider("acme", environment="test", values={"shop": "a"}).successor == test
    slow = replace(test, limit=ExchangeLimit(requests=1, seconds=2))
    assert acme.provider("acme", environment="test", values={"shop": "a", "slow": "yes"}).successor == slow


@pytest.mark.parametrize("place", ["environments: {{test: {}}}", "options: {{o: {{enum: [a], sets: {}}}}}"])
@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ("{auth: signature}", ["url"]),
        ("{url: https://acme.example/e}", ["auth"]),
        ("{limit: {requests: 1, seconds: 2}}", ["auth", "url"]),
        ("{auth: signature, url: https://acme.example/e}", []),
    ],
)
def test_one_that_only_an_environment_or_an_option_has_is_whole(
    tmp_path: Path, place: str, fields: str, missing: list[str]
) -> None:
    path = tmp_path / "acme.yaml"
    own = place.format(f"{{successor: {fields}}}")
    path.write_text(HEAD.format(successor=own, confirmed="flows"), encoding="utf-8")
    (checked,) = check_files([path], today=dt.date(2026, 11, 30))
    found = sorted(finding.field.rpartition(".")[2] for finding in checked.findings if finding.code == "P012")
    assert found == missing
    assert not missing or "successor" in checked.findings[0].field


def test_an_environment_leads_to_http(tmp_path: Path) -> None:
    own = "successor: {url: https://acme.example/e, auth: client}\nenvironments: {t: {successor: {url: http://acme.example/e}}}"
    path = tmp_path / "acme.yaml"
    path.write_text(HEAD.format(successor="insecure_transport: true\n" + own, confirmed="successor"), encoding="utf-8")
    (checked,) = check_files([path], today=dt.date(2026, 11, 30))
    assert [finding.field for finding in checked.findings if finding.code == "P087"] == ["environments.t.successor.url"]
