"""Files are put right without losing a comment, or anything that they say."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oauth1_catalog.catalog.fmt import ORDER, apply_fixes, sort_fields
from oauth1_catalog.catalog.layers import read_file
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.validate_files import check_files

PROVIDERS = sorted((Path(__file__).parents[2] / "providers").glob("*.yaml"))


def blocks(text: str) -> list[str]:
    """The fields of a file in our own form: each begins in the first column."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if found and (
            line.startswith((" ", "-")) or (found[-1].startswith("#") and not found[-1].startswith("# yaml"))
        ):
            found[-1] += line
        else:
            found.append(line)
    return found


@pytest.mark.parametrize("path", PROVIDERS[::7], ids=lambda path: path.stem)
def test_a_shuffled_file_comes_back_as_it_was(path):
    text = path.read_text(encoding="utf-8")
    head, *fields = blocks(text)
    random.Random(path.stem).shuffle(fields)
    assert sort_fields(head + "".join(fields)) == text


@pytest.mark.parametrize("path", PROVIDERS, ids=lambda path: path.stem)
def test_our_files_are_in_our_form(path):
    text = path.read_text(encoding="utf-8")
    assert sort_fields(text) == text


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "# a comment\n", "\n", "name: acme\n", "aliases: [a]\n", "docs_url: https://a.example/\n", "zzz: 1\n",
                "callback:\n  # inside\n  extra: [a]\n", "headers: {A: b,\n  C: d}\n",
                "status_note: >\n  folded\n\n  text\n",
                "flows:\n- redirect\n- xauth\n", "\t\n", "homepage: 'it''s'", "---\n", "...\n", "{a: 1}\n",
            ]
        ),
        max_size=8,
    ).map("".join)
)  # fmt: skip
def test_nothing_is_lost(text):
    after = sort_fields(text)
    assert sorted(line.strip() for line in after.splitlines()) == sorted(line.strip() for line in text.splitlines())
    before = read(text, path="x")
    if not before.findings:
        assert read(after, path="x").data == before.data
    assert sort_fields(after) == after


def test_comments_go_with_the_field_below_them():
    head, name, end = "# about the file\nschema_version: 1\n", "name: a\n", "# end\n"
    docs = "# the address\n# of the docs\ndocs_url: https://a.example/\n"
    assert sort_fields(head + docs + name + end) == head + name + docs + end


def test_what_has_one_answer_is_put_right(tmp_path):
    path = tmp_path / "acme.yaml"
    path.write_text(
        "schema_version: 1\nname: acme\n"
        "api_base_url: 'http://api.acme.example/1'  # no slash, and no TLS\n"
        "flowz: [static_token]  # a slip\n"
        'client_kwargs: {signature_metod: "HMAC-SHA256", signature_type: header, body_hash: x}\n',
        encoding="utf-8",
    )
    (checked,) = check_files([path], today=dt.date(2026, 11, 25))
    path.write_text(apply_fixes(read_file(path), checked.findings), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == (
        "schema_version: 1\nname: acme\nflows: [static_token]  # a slip\n"
        "api_base_url: 'http://api.acme.example/1'  # no slash, and no TLS\n"
        'client_kwargs: {signature_method: "HMAC-SHA256", signature_type: HEADER, body_hash: x}\n'
    )
    path.write_text(path.read_text(encoding="utf-8").replace("http:", "https:"), encoding="utf-8")
    (checked,) = check_files([path], today=dt.date(2026, 11, 25))
    assert "api_base_url: 'https://api.acme.example/1/'  # no slash" in apply_fixes(read_file(path), checked.findings)


@pytest.mark.parametrize("url", [">-\n  https://api.acme.example/1", '"https://api.acme.example\\\n  /1"'])
def test_a_value_on_several_lines_is_left_as_it_is(tmp_path, url):
    path = tmp_path / "acme.yaml"
    text = f"schema_version: 1\nname: acme\nflows: [static_token]\napi_base_url: {url}\n"
    path.write_text(text, encoding="utf-8")
    (checked,) = check_files([path], today=dt.date(2026, 11, 25))
    assert "P080" in {finding.code for finding in checked.findings}
    assert apply_fixes(read_file(path), checked.findings) == text


def test_two_near_words_are_nobody_s_to_choose(tmp_path):
    path = tmp_path / "acme.yaml"
    text = "schema_version: 1\nname: acme\nclient_kwargs: {signature_method: HMAC-SHA257}\n"
    path.write_text(text, encoding="utf-8")
    (checked,) = check_files([path], today=dt.date(2026, 11, 25))
    assert apply_fixes(read_file(path), checked.findings) == text


def test_the_order_is_the_format_s():
    assert list(ORDER)[:3] == ["schema_version", "name", "aliases"]
