"""Who can get keys, and what the provider accepts: the fields in a file, after ``extends``, and in a ``Provider``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.document import inherit
from oauth1_catalog.catalog.provider import Access, RateLimit, SignatureMethod
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.validation import validate

BASE = """schema_version: 1
name: base
setup:
  - Sign in at https://base.example/apps, and open Keys.
  - Create a key.
access: {state: paid, since: 2025-03, note: Only for Pro accounts}
flows: [static_token]
api_base_url: https://api.base.example/
rate_limits:
  - {requests: 10, seconds: 60, per: client}
  - {requests: 1000, seconds: 86400, note: of the free plan}
options:
  scope:
    enum: [read, write]
    meanings: {read: Read boards, write: Change them}
    sets: {api_params: {scope: "{value}"}}
signature_methods:
  - {method: HMAC-SHA256, since: "2.4.4"}
  - {method: HMAC-SHA1, until: "2.4.3"}
probed: {on: 2026-11-30, result: moved}
"""
HEAD = "schema_version: 1\nname: acme\nextends: base\n"


def catalog_of(tmp_path: Path, own: str = HEAD) -> Catalog:
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    (tmp_path / "acme.yaml").write_text(own, encoding="utf-8")
    return Catalog(tmp_path)


def test_an_application_reads_them(tmp_path: Path) -> None:
    base = catalog_of(tmp_path).provider("base")
    assert base.access == Access(state="paid", since="2025-03", note="Only for Pro accounts")
    assert base.setup == ("Sign in at https://base.example/apps, and open Keys.", "Create a key.")
    assert base.signature_methods == (
        SignatureMethod(method="HMAC-SHA256", since="2.4.4"),
        SignatureMethod(method="HMAC-SHA1", until="2.4.3"),
    )
    assert base.rate_limits == (
        RateLimit(requests=10, seconds=60, per="client"),
        RateLimit(requests=1000, seconds=86_400, note="of the free plan"),
    )


def test_a_file_inherits_what_it_does_not_change(tmp_path: Path) -> None:
    file = catalog_of(tmp_path).file("acme")
    assert file.access is not None
    assert (file.access.state, len(file.setup), len(file.rate_limits)) == ("paid", 2, 2)
    assert file.options["scope"].meanings == {"read": "Read boards", "write": "Change them"}
    assert file.probed is None, "nobody has probed this file's endpoints"


def test_mappings_are_merged_and_lists_are_replaced(tmp_path: Path) -> None:
    own = (
        "access: {state: open, note: null}\n"
        "setup: [Ask the administrator.]\n"
        "rate_limits: [{requests: 1, seconds: 1}]\n"
        "options: {scope: {enum: [read, all], meanings: {write: null, all: Do everything}}}\n"
        "signature_methods: null\n"
    )
    file = catalog_of(tmp_path, HEAD + own).file("acme")
    assert file.access is not None
    assert (file.access.state, file.access.since, file.access.note) == ("open", "2025-03", None)
    assert file.setup == ("Ask the administrator.",)
    assert [limit.requests for limit in file.rate_limits] == [1]
    assert file.options["scope"].meanings == {"read": "Read boards", "all": "Do everything"}
    assert file.signature_methods == ()


def test_null_removes_them(tmp_path: Path) -> None:
    provider = catalog_of(tmp_path, HEAD + "access: null\nsetup: null\nrate_limits: null\n").provider("acme")
    assert (provider.access, provider.setup, provider.rate_limits) == (None, (), ())


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("access", "open", "access"),
        ("access", {"since": "2026"}, "access.state"),
        ("access", {"state": "free"}, "access.state"),
        ("access", {"state": "open", "since": "spring"}, "access.since"),
        ("access", {"state": "open", "price": "5"}, "access.price"),
        ("setup", "Sign in.", "setup"),
        ("setup", ["Sign in.", ""], "setup[1]"),
        ("setup", ["x" * 201], "setup[0]"),
        ("signature_methods", ["HMAC-SHA1"], "signature_methods[0]"),
        ("signature_methods", [{"method": "MD5"}], "signature_methods[0].method"),
        ("rate_limits", [{"requests": "10"}], "rate_limits[0].seconds"),
        ("rate_limits", [{"requests": "0", "seconds": "60"}], "rate_limits[0].requests"),
        ("rate_limits", [{"requests": "1", "seconds": "1", "per": "day"}], "rate_limits[0].per"),
        ("probed", {"on": "2026-11-30", "result": "fine"}, "probed.result"),
        ("probed", {"result": "oauth1"}, "probed.on"),
        ("options", {"scope": {"meanings": {"read": ""}, "sets": {}}}, "options.scope.meanings.read"),
    ],
)
def test_a_wrong_value_is_found_in_its_place(field: str, value: object, place: str) -> None:
    whole = {"schema_version": "1", "name": "acme", "flows": ["static_token"], "api_base_url": "https://acme.example/"}
    findings = validate(inherit([read(json.dumps({**whole, field: value}), path="acme.yaml")])).findings
    assert [finding.field for finding in findings] == [place]
