"""P059: which sources can be the documentation of a provider, and which a library."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from oauth1_catalog.catalog.validate_files import check_files

TEXT = """schema_version: 1
name: tripit
aliases: [tripit_travel]
homepage: https://www.travel-home.example
docs_url: https://github.com/acme-labs/docs/blob/0123456/oauth.md
flows: [static_token]
variables: {{base_url: {{format: uri, example: https://travel.example.org}}}}
api_base_url: "{{base_url}}/v1/"
renew: {{url: https://auth.acme.example/renew}}
evidence:
  - fields: [api_base_url, renew]
    kind: {kind}
    checked: 2026-11-25
    source: {source}
    note: {note}
"""


def fault(tmp_path: Path, kind: str, source: str, note: str = "a note") -> str | None:
    path = tmp_path / "tripit.yaml"
    path.write_text(TEXT.format(kind=kind, source=source, note=note), encoding="utf-8")
    (checked,) = check_files([path], today=dt.date(2026, 11, 30))
    found = [finding for finding in checked.findings if finding.code == "P059"]
    assert all(finding.field == "evidence[0].kind" for finding in found)
    return found[0].message if found else None


@pytest.mark.parametrize(
    "source",
    [
        "https://travel-home.example/oauth",
        "https://developers.acme.example/",
        "https://github.com/acme-labs/docs/issues/7",
        "https://github.com/tripit/api/issues/288",
        "https://github.com/TripIt-Dev/api/pull/2",
        "https://github.com/somebody/tripit-docs/blob/0123456/README.md",
        "https://www.npmjs.com/package/tripit-api",
        "https://developers.tripitblog.example/the-end",
        "https://tripit.travel-agency.example.org/developers/",
    ],
)
def test_the_documentation_of_the_provider(tmp_path: Path, source: str) -> None:
    assert fault(tmp_path, "provider_docs", source) is None


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("https://github.com/PeWu/osm-history/issues/19", "is a conversation in the repository of others"),
        ("https://github.com/roznet/connectstats/pull/28", "is a conversation in the repository of others"),
        ("https://github.com/o/trip/discussions/1", "is a conversation in the repository of others"),
        ("https://github.com/simov/grant/blob/500ab20/config/oauth.json", "is a library for many providers"),
        ("https://stackoverflow.com/questions/1", "is not on a site of the provider"),
        ("https://www.nextgov.com/one-closed-api/86668/", "is not on a site of the provider"),
        ("https://medium.com/@a/oauth", "is not on a site of the provider"),
        ("https://www.npmjs.com/package/passport-appfigures", "is not on a site of the provider"),
        ("https://travel.example.com/", "is not on a site of the provider"),
        ("https://travel.example.org/docs", "is not on a site of the provider"),
    ],
)
def test_what_is_not_the_provider_s(tmp_path: Path, source: str, why: str) -> None:
    assert fault(tmp_path, "provider_docs", source) == f"the source cannot be `provider_docs`: {source} {why}"
    assert fault(tmp_path, "community", source) is None


@pytest.mark.parametrize(
    "source",
    [
        "https://github.com/simov/grant/blob/500ab20/config/oauth.json",
        "https://github.com/shazino/MendeleySDK/pull/15",
        "https://rdrr.io/cran/conflr/src/R/user.R",
        "https://gist.github.com/clnt/0d74367",
        "https://gitlab.example.org/o/r/-/blob/0123456/a.py",
        "https://docs.rs/smugmug-cli/latest/",
        "https://www.npmjs.com/package/passport-appfigures",
        "https://mrrefactoring.github.io/trello.js/recipes/tokens",
        "https://python-social-auth.readthedocs.io/en/latest/",
        "https://socket.dev/npm/package/twitter-api-v2/diff/1.17.0",
    ],
)
def test_libraries(tmp_path: Path, source: str) -> None:
    assert fault(tmp_path, "library", source) is None


@pytest.mark.parametrize(
    "source",
    [
        "https://github.com/beetbox/beets/issues/3862",
        "https://stackoverflow.com/questions/1",
        "https://docs.devart.com/ssis/freshbooks.htm",
        "https://github.io.example/a",
    ],
)
def test_what_is_no_repository(tmp_path: Path, source: str) -> None:
    assert fault(tmp_path, "library", source) == f"the source cannot be `library`: {source} is not a repository"
    assert fault(tmp_path, "community", source) is None


def test_another_site_of_the_provider_is_named_in_the_note(tmp_path: Path) -> None:
    source = "https://www.concur.example/oauth"
    assert fault(tmp_path, "provider_docs", source, "concur.example is another domain of the company") is None
    assert fault(tmp_path, "provider_docs", source, "another domain of the company") is not None
