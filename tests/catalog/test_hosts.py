"""``api_hosts``: how far a wildcard may reach, as the validator sees it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from oauth1_catalog.catalog.validate_files import check_files

TODAY = dt.date(2026, 11, 30)
FILE = """schema_version: 1
name: acme
status: limited
access: {{state: unknown, note: Invented}}
request_token_url: https://api.acme.example/request
authorize_url: https://acme.example/authorize
access_token_url: https://api.acme.example/access
api_base_url: https://api.acme.example/
{hosts}
evidence:
  - fields: [request_token_url, authorize_url, access_token_url, api_base_url, status{fields}]
    kind: provider_docs
    checked: 2026-11-25
    source: https://acme.example/docs
    {note}
"""
NOTE = "note: all hosts below are Acme's own"


def codes(folder: Path, hosts: str, *, fields: str = ", api_hosts", note: str = NOTE) -> list[str]:
    path = folder / "acme.yaml"
    path.write_text(FILE.format(hosts=hosts, fields=fields, note=note), encoding="utf-8")
    (checked,) = check_files([path], today=TODAY)
    return [finding.code for finding in checked.findings]


@pytest.mark.parametrize(
    "host", ["*.acme.example", "*.acme.co.uk", "*.api.acme.com", "*.ACME.com", "*.xn--bcher-kva.example"]
)
def test_below_a_domain_of_one_owner(tmp_path: Path, host: str) -> None:
    assert codes(tmp_path, f'api_hosts: ["{host}"]') == []


@pytest.mark.parametrize(
    "host",
    ["*.co.uk", "*.github.io", "*.myshopify.com", "*.s3.amazonaws.com", "*.CO.UK", "*.blogspot.com", "*.herokuapp.com"],
)
@pytest.mark.parametrize(
    "where",
    [
        'api_hosts: ["{host}"]',
        'environments: {{sandbox: {{api_hosts: ["{host}"]}}}}',
        'options: {{region: {{enum: [eu], sets: {{api_hosts: ["{host}"]}}}}}}',
    ],
    ids=["file", "environment", "option"],
)
def test_a_public_suffix_has_many_owners(tmp_path: Path, host: str, where: str) -> None:
    assert codes(tmp_path, where.format(host=host)) == ["P084"]


@pytest.mark.parametrize(
    ("fields", "note"), [("", NOTE), (", api_hosts", ""), ("", ""), (", api_base_url.x", NOTE)], ids=str
)
def test_a_wildcard_needs_evidence_with_a_note(tmp_path: Path, fields: str, note: str) -> None:
    assert codes(tmp_path, 'api_hosts: ["*.acme.example"]', fields=fields, note=note) == ["P085"]
    assert codes(tmp_path, "api_hosts: [files.acme.example]", fields=fields, note=note) == []


def test_the_list_of_suffixes_is_for_the_validator_alone() -> None:
    program = """
import sys
sys.modules["publicsuffixlist"] = None  # as where the extra cli is not installed
import requests
from flask import Flask
from oauth1_catalog.integrations.flask_client import OAuth
app = Flask("x")
app.secret_key = "secret"
oauth = OAuth(app)
wiki = oauth.register_from_catalog("wikimedia", client_id="key", client_secret="secret", user_agent="x/1")
requests.Session.send = lambda self, request, **options: sys.exit(request.url)
wiki.get("https://en.wikipedia.org/w/api.php", token={"oauth_token": "t", "oauth_token_secret": "s"})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == "https://en.wikipedia.org/w/api.php\n"
