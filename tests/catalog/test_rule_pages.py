"""Each rule has a page, whose wrong example gives exactly its code and whose right one gives nothing."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from oauth1_catalog.catalog.rules import rule_codes, rule_page
from oauth1_catalog.catalog.validate_files import CrossFileChecks, check_files, provider_files

TODAY = dt.date(2026, 11, 25)
PACKAGE = Path(__file__).parents[2] / "oauth1_catalog" / "catalog"
FIELDS = {
    "schema_version": "1",
    "name": "acme",
    "flows": "[redirect]",
    "request_token_url": "https://api.acme.example/oauth/request_token",
    "authorize_url": "https://acme.example/oauth/authorize",
    "access_token_url": "https://api.acme.example/oauth/access_token",
    "api_base_url": "https://api.acme.example/1/",
}
EVIDENCE = """evidence:
  - fields: [request_token_url, authorize_url, access_token_url, api_base_url, client_kwargs, status, access]
    kind: provider_docs
    checked: 2026-11-25
    source: https://acme.example/docs
"""
# The order of fields is P081's alone: an example is laid over a file as it comes. So is the missing `access` P070's.
BESIDE = {"P070", "P081"}


def file_with(example: str) -> bytes:
    """A whole, right file with the example's fields in place of its own."""
    given = set(re.findall(r"^([a-z_]+):", example, re.MULTILINE))
    whole = "schema_version" in given
    fields = {} if whole else {name: value for name, value in FIELDS.items() if name not in given}
    evidence = "" if "evidence" in given else EVIDENCE
    text = "".join(f"{name}: {value}\n" for name, value in fields.items())
    text = example + evidence if whole else text + (example + evidence if "---" not in example else evidence + example)
    return text.encode().replace(rb"\xe9", b"\xe9")


def codes_of(directory: Path, code: str, example: str) -> set[str]:
    name = "flickr" if code == "P027" else "acme"
    (directory / "neighbour.yaml").write_bytes(
        file_with(
            "schema_version: 1\nname: neighbour\nstatus: limited\naccess: {state: unknown, note: Invented}\n"
            "request_token_url: https://neighbour.example/request\n"
            "authorize_url: https://neighbour.example/authorize\naccess_token_url: https://neighbour.example/access\n"
            "api_base_url: https://neighbour.example/\n" + EVIDENCE.replace("acme", "neighbour")
        )
    )
    (directory / f"{name}.yaml").write_bytes(file_with(example))
    across = CrossFileChecks()
    found = set()
    for checked in check_files(sorted(provider_files([directory]), reverse=True), today=TODAY):
        across.add(checked)
        found |= {finding.code for finding in checked.findings}
    found |= {finding.code for finding in across.findings()}
    return found - (BESIDE - {code})


@pytest.mark.parametrize("code", rule_codes())
def test_the_wrong_example_gives_exactly_its_code(tmp_path, code):
    assert codes_of(tmp_path, code, rule_page(code).wrong) == {code}


@pytest.mark.parametrize("code", rule_codes())
def test_the_right_example_gives_nothing(tmp_path, code):
    assert codes_of(tmp_path, code, rule_page(code).right) == set()


def test_every_code_has_a_page_and_every_page_a_code():
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.parent.name != "pages"]
    used = {code for text in sources for code in re.findall(r'"(P0[0-9]{2})"', text)}
    assert used == set(rule_codes())
