"""The grade and the age of a file's evidence."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.document import inherit
from oauth1_catalog.catalog.grade import Support, required_facts, support_of
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.validation import ALL_RULES, model_of, validate

FIRST, LAST = dt.date(2025, 3, 1), dt.date(2026, 11, 30)
ADDRESSES = ("request_token_url", "authorize_url", "access_token_url")


def file(*evidence: tuple[str, str], **more: object):
    """A file with an entry for each pair: its fields and its kind."""
    entries = [
        {
            "fields": fields.split(),
            "kind": kind,
            "checked": str(FIRST if index else LAST),
            "source": "https://a.example/",
        }
        for index, (fields, kind) in enumerate(evidence)
    ]
    urls = {field: f"https://acme.example/{field}" for field in ADDRESSES}
    return model_of({"schema_version": "1", "name": "acme", **urls, "evidence": entries, **more})


ALL = "request_token_url authorize_url access_token_url status"
METHOD = {"client_kwargs": {"signature_method": "HMAC-SHA256"}}
OPEN = {"access": {"state": "open"}}
CASES = {
    "a live test": ((file((ALL, "live_test"))), "gold", "request_token_url: live_test"),
    "documentation": ((file((ALL, "provider_docs"))), "silver", "request_token_url: provider_docs"),
    "an answer": ((file((ALL, "provider_response"))), "silver", "request_token_url: provider_response"),
    "a library": ((file((ALL, "library"))), "bronze", "request_token_url: library"),
    "a community": ((file((ALL, "community"))), "bronze", "request_token_url: community"),
    "nothing": (file(), "none", "request_token_url: no source"),
    "the best source of a fact counts": (
        file((ALL, "library"), (ALL, "provider_docs"), ("status", "live_test")),
        "silver",
        "request_token_url: provider_docs",
    ),
    "a weaker second source does not count": (
        file((ALL, "live_test"), ("authorize_url", "community"), ("callback", "library")),
        "gold",
        "request_token_url: live_test",
    ),
    "the weakest fact counts": (
        file(("request_token_url authorize_url status", "live_test"), ("access_token_url", "library")),
        "bronze",
        "access_token_url: library",
    ),
    "one fact has no source": (
        file(("request_token_url authorize_url status", "live_test")),
        "none",
        "access_token_url: no source",
    ),
    "the status needs a source": (
        file((" ".join(ADDRESSES), "live_test")),
        "none",
        "status: no source",
    ),
    "the method has none": (file((ALL, "live_test"), **METHOD), "none", "client_kwargs.signature_method: no source"),
    "a section stands for its fields": (
        file((f"{ALL} client_kwargs", "provider_docs"), **METHOD),
        "silver",
        "request_token_url: provider_docs",
    ),
    "a field does not stand for its section": (
        file((f"{ALL} access.state", "provider_docs"), **OPEN),
        "none",
        "access: no source",
    ),
    "access": (file((f"{ALL}", "live_test"), ("access", "community"), **OPEN), "bronze", "access: community"),
    "unknown access": (
        file((ALL, "live_test"), access={"state": "unknown", "note": "I searched."}),
        "gold",
        "request_token_url: live_test",
    ),
    "access of a retired provider": (
        file((ALL, "library"), status="retired", sunset="2024", replaced_by="OAuth 2.0", **OPEN),
        "bronze",
        "request_token_url: library",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_grade_and_what_decides_it(case: str) -> None:
    subject, grade, decided_by = CASES[case]
    support = support_of(subject)
    assert (support.grade, support.decided_by) == (grade, decided_by)


def test_the_age() -> None:
    one, two = support_of(file((ALL, "library"))), support_of(file((ALL, "library"), ("callback", "library")))
    assert (one.oldest, one.newest, one.checked) == (LAST, LAST, "checked 2026-11-30")
    assert (two.oldest, two.newest, two.checked) == (FIRST, LAST, "checked 2025-03-01 to 2026-11-30")
    assert support_of(file()).checked == "never checked"


def test_a_probe_changes_nothing() -> None:
    probed = {"probed": {"on": "2026-11-30", "result": "gone"}}
    assert support_of(file((ALL, "library"), **probed)) == support_of(file((ALL, "library")))


def test_each_fact_without_evidence_is_one_that_the_grade_counts() -> None:
    """P050 and the grade agree on the facts that need a source."""
    data = {**file(**METHOD, **OPEN).model_dump(mode="json", exclude_defaults=True), "status": "active"}
    document = read(json.dumps({**data, "schema_version": "1"}), path="acme.yaml")
    validated = validate(inherit([document]), rules=ALL_RULES)
    assert validated.file is not None
    missing = {finding.field for finding in validated.findings if finding.code == "P050"}
    assert missing
    assert missing <= {*required_facts(validated.file)}


def test_the_catalog() -> None:
    catalog = Catalog()
    for name in catalog.names():
        support = support_of(catalog.file(name))
        assert isinstance(support, Support)
        assert (support.grade == "none") == support.decided_by.endswith(": no source")
        assert support.oldest is not None, f"{name} has no evidence"
