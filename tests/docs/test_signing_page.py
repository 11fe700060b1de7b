"""The table of shapes in docs/signing.md names those servers that tests/foreign has seen to refuse them."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.docs.conftest import ROOT

TITLES = {
    "authlib": "Authlib",
    "net_oauth": "Net::OAuth",
    "ruby_oauth": "ruby-oauth",
    "oauth_provider": "PECL OAuthProvider",
    "passport_http_oauth": "passport-http-oauth",
    "oauth_1_0a": "oauth-1.0a",
    "oauth_signature": "oauth-signature",
}
ROWS = {
    "a name twice in the query": {"twice_query", "twice_form", "twice_same"},
    "a name in both the query and the form": {"twice_both"},
    "`a[]=1`": {"array", "array_two", "array_form"},
    "`a[0]=1`": {"array_index", "array_key"},
    "non-ASCII **names**": {"non_ascii_name", "non_ascii_name_sorted"},
    "`a-`, `a[`": {"names_encoded_order"},
    "non-ASCII, `[` or `;` in a value": {"non_ascii", "brackets_value", "reserved", "lower_case"},
    "`a.b`, a space in a name": {"dot", "space_name"},
    "`=v`": {"no_name"},
    "`&&`": {"empty_piece"},
    "`=` in a value": {"equals"},
    "`;` in a query": {"semicolon"},
    "a form by PUT": {"form_put", "form_patch", "form_delete", "form_get"},
    "multipart with text fields": {"multipart_text"},
    "body hash": {"body_hash", "body_hash_always"},
    "`%2541`": {"percent", "percent_form"},
    "`%2F`, lower-case": {"slash_path", "lower_case_path", "non_ascii_path"},
    "a comma or a space in the realm": {"realm_comma", "realm_space"},
    "secrets with": {"odd_secrets"},
    "protocol parameters in the query": {"in_query", "in_query_form"},
}
REFUSALS = yaml.safe_load((ROOT / "tests" / "foreign" / "refusals.yaml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "signing.md").read_text(encoding="utf-8")


def row(shape: str) -> str:
    (found,) = re.findall(rf"^\| {re.escape(shape)}[^|]*\|([^|]*)\|", PAGE, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("shape", ROWS)
def test_a_row_names_who_refuses_the_shape(shape: str) -> None:
    refusing = {
        TITLES[server]
        for server, entries in REFUSALS.items()
        for entry in entries
        if ROWS[shape] & set(entry["shapes"])
    }
    told = row(shape).partition(";")[0]
    named = {title for title in TITLES.values() if re.search(rf"(?<![\w-]){re.escape(title)}(?![\w-])", told)}
    assert named == refusing


def test_every_refusal_is_in_the_table() -> None:
    seen = {shape for entries in REFUSALS.values() for entry in entries for shape in entry["shapes"]}
    assert set(REFUSALS) <= set(TITLES)
    # Raw reserved characters and an encoded semicolon are kinds of what two rows tell.
    assert seen - set().union(*ROWS.values()) <= {"reserved_raw", "semicolon_encoded"}
