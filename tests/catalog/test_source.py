"""Text to data with places: what is let in, what is refused, and that nothing raises."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.catalog.data import dotted
from oauth1_catalog.catalog.document import Span
from oauth1_catalog.catalog.source import MAX_FINDINGS, read
from oauth1_catalog.redaction import MASK, is_credential, mask_line

ROOT = Path(__file__).parents[2]


def codes(text: str | bytes) -> list[str]:
    return [finding.code for finding in read(text, path="x.yaml").findings]


def test_scalars_are_text():
    text = "[no, yes, on, 12:30:45, 1_000, 2026-01-01, 0777, 1e3, .inf, 0x1F, true, 1.10]"
    assert read(f"a: {text}\n", path="x.yaml").data["a"] == text.strip("[]").split(", ")


@pytest.mark.parametrize("null", ["", "~", "null", "NULL"])
def test_null_is_null_and_quoted_null_is_text(null):
    document = read(f"a: {null}\nb: '{null}'\n", path="x.yaml")
    assert document.data == {"a": None, "b": null}


def test_places_of_keys_and_values():
    document = read("name: x\ncallback:\n  extra: [company, rôle, entity]\n", path="x.yaml")
    assert document.span(["callback", "extra", 2]) == Span(3, 26, 32)
    assert document.span(["callback", "extra"], key=True) == Span(3, 3, 8)
    assert document.span(["callback"], key=True) == Span(2, 1, 9)
    assert document.span(["callback", "verifier"]) == Span(2, 1, 9), "what is missing is told where it would be"
    assert document.span(["nothing", "here"]) == Span(1, 1, 2)


def test_a_value_of_several_lines_is_marked_on_its_first():
    document = read("headers:\n  A: >\n    one\n    two\nname: x\n", path="x.yaml")
    assert document.span(["headers", "A"]) == Span(2, 6, 7)
    assert read('status_note: "one\n  two"\n', path="x.yaml").span(["status_note"]) == Span(1, 14, 18)


def test_a_byte_order_mark_is_let_in():
    assert read("\ufeffname: x\n".encode(), path="x.yaml").data == {"name": "x"}


def test_all_findings_of_one_file_are_told():
    text = "a: &x 1\nb: *x\nc: !!int 2\nc: 3\n"
    assert codes(text) == ["P003", "P003", "P004", "P002"]


def test_of_two_equal_keys_the_first_is_kept():
    assert read("a: 1\na: {b: 2}\nc: 3\n", path="x.yaml").data == {"a": "1", "c": "3"}


def test_alias_bomb_is_not_expanded():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 20)]
    document = read("\n".join(lines), path="x.yaml")
    assert {finding.code for finding in document.findings} == {"P003"}
    assert document.data["a19"] == [None] * 4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"a: " + b"x" * 1_000_001, "P009"),
        ("a: " + "[" * 25 + "]" * 25, "P009"),
        ("a: [" + "x, " * 251 + "]", "P009"),
        ("a: [" + "[], " * 251 + "]", "P009"),
        ("".join(f"k{n}: v\n" for n in range(251)), "P009"),
        ("a: " + str([["x"] * 200] * 26), "P009"),
        ("a: " + "x" * 2_001, "P009"),
        ("x" * 2_001 + ": a", "P009"),
        ("#\n" * 5_001, "P009"),
        # PyYAML 6.0.2 comes further than its successors.
        ("a: " + "[" * 3_000, "P009" if yaml.__version__ == "6.0.2" else "P001"),
        ("\x00", "P007"),
        ("a: b\x85c: d", "P007"),
        ("a: \ud800", "P007"),
        ("name: x\n".encode("utf-16"), "P008"),
        ("name: x\n".encode("utf-16-le"), "P007"),
        ("name: x\n".encode("utf-32"), "P008"),
    ],
)
def test_a_text_that_cannot_be_a_file_has_one_finding(text, code):
    document = read(text, path="x.yaml")
    assert [finding.code for finding in document.findings] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "a: [" + "x, " * 249 + "x]",
        "".join(f"k{n}: v\n" for n in range(250)),
        "a: " + "x" * 2_000,
        "#\n" * 4_990 + "a: b",
    ],
)
def test_what_is_just_within_the_limits_is_read(text):
    document = read(text, path="x.yaml")
    assert not document.findings
    assert document.data


def test_after_a_hundred_findings_nothing_more_is_read():
    document = read("a:\n" + "".join(f"- &x{n} b\n" for n in range(200)), path="x.yaml")
    assert len(document.findings) == MAX_FINDINGS


def test_zero_width_joiners_of_real_scripts_are_let_in():
    assert not read("display_name: \u0645\u06cc\u200c\u062e\u0648\n", path="x.yaml").findings


@given(st.one_of(st.text(), st.binary(), st.text("[]{}:,-&*!|>'\"%@`#? \n\tab<~0")))
def test_no_input_raises(source):
    document = read(source, path="x.yaml")
    for finding in document.findings:
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.end_column > finding.column
    assert document.findings or isinstance(document.data, dict)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("client_secret: hunter2", f"client_secret: {MASK}"),
        ("  'client-secret' : \"hunter2\"  # mine", f"  'client-secret' : {MASK}  # mine"),
        ("x: {token_secret: 'a, b', realm: y}", f"x: {{token_secret: {MASK}, realm: y}}"),
        ("client_kwargs: {rsa_key: abc, realm: x}", f"client_kwargs: {{rsa_key: {MASK}, realm: x}}"),
        ("credential_labels: {client_id: API Key, token: Access Token}",) * 2,
        ("# credential_labels: {client_id: API Key}    # the provider's own words",) * 2,
        (
            "credential_labels: {client_id: API Key}, token: hunter2",
            f"credential_labels: {{client_id: API Key}}, token: {MASK}",
        ),
        ("x: {credential_labels: {client_id: hunter2}}", f"x: {{credential_labels: {{client_id: {MASK}}}}}"),
        ("x: -----BEGIN RSA PRIVATE KEY-----", f"x: {MASK}"),
        ("  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", f"  {MASK}"),
        ("request_token_url: https://api.twitter.com/oauth/request_token",) * 2,
        ("authorize_token_param: token",) * 2,
        # A permalink is no key, however long; nor is what only names a credential, or stands for one.
        ("source: https://github.com/owner/repository/blob/0123456789abcdef0123456789abcdef01234567/lib/client.py",)
        * 2,
        ("source: github.com/owner/repository/blob/0123456789abcdef0123456789abcdef01234567/lib/client/file",) * 2,
        ("  - https://web.archive.org/web/20120101000000/https://acme.example/a/very/long/path/that/goes/on/and/on",)
        * 2,
        ("callback: {secret: optional, confirmed: none}",) * 2,
        ("  secret: none  # it gives none",) * 2,
        ('revoke: {url: "https://acme.example/r", params: {token: "{oauth_token}", key: \'{client_id}\'}}',) * 2,
        ("token_response: {fields: {oauth_token: access_token}}",) * 2,
        ("x: {token: '{oauth_token}hunter2'}", f"x: {{token: {MASK}}}"),
        ("  fields: {oauth_token: hunter2-0451}", f"  fields: {{oauth_token: {MASK}}}"),
        ("x: {fields: {a: b}, token: hunter}", f"x: {{fields: {{a: b}}, token: {MASK}}}"),
        # A password in a URL is one.
        ("docs_url: https://user:pw@host.example/a", f"docs_url: https://{MASK}@host.example/a"),
        ("# see ftp://token@host.example:21/a?b=c", f"# see ftp://{MASK}@host.example:21/a?b=c"),
        (
            'note: "https://u:p@a.example, https://u:p@b.example"',
            f'note: "https://{MASK}@a.example, https://{MASK}@b.example"',
        ),
        (
            "authorize_url: https://a.example/?api_key=hunter2&x=1",
            f"authorize_url: https://a.example/?api_key={MASK}&x=1",
        ),
        ('authorize_url: "https://a.example/?oauth_token={oauth_token}"',) * 2,
        ("source: https://unpkg.com/oauth-1.0a@2.2.6/oauth-1.0a.js",) * 2,
        ('x: "-----BEGIN PRIVATE KEY-----\\n' + "MIIEvQIBADANBgkqhkiG9w0B" * 3 + '\\n"', f'x: "{MASK}\\n{MASK}\\n"'),
    ],
)
def test_credentials_are_masked_in_excerpts(line, shown):
    assert mask_line(line) == shown


@pytest.mark.parametrize("path", sorted((ROOT / "providers").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_catalog_is_shown_whole(path):
    """It holds no credential, which its own tests see to."""
    text = path.read_text(encoding="utf-8")
    assert read(text, path="x.yaml").lines() == text.split("\n")


def test_field_names_below_one_another():
    text = "token_response:\n  fields:\n    oauth_token: access_token\n    token: hunter2\nclient_secret: hunter2\n"
    shown = read(text, path="x.yaml").lines()
    assert shown[2:] == ["    oauth_token: access_token", f"    token: {MASK}", f"client_secret: {MASK}", ""]


def test_labels_below_one_another_are_no_credentials():
    text = "credential_labels:\n  client_id: API Key\n  token: Access\n    Token\nclient_secret: hunter2\n"
    assert read(text, path="x.yaml").lines() == [*text.splitlines()[:-1], f"client_secret: {MASK}", ""]
    inside = "client_secret:\n  credential_labels:\n    hunter2\n"
    assert "hunter2" not in "".join(read(inside, path="x.yaml").lines())


def test_masked_lines_keep_their_number():
    document = read("a: 1\r\nclient_secret: hunter2\rb: 2\n", path="x.yaml")
    assert document.lines() == ["a: 1", f"client_secret: {MASK}", "b: 2", ""]


@pytest.mark.parametrize(
    "text",
    [
        "client_secret: |\n  hunter2\n\n  hunter2\nname: x",
        "client_secret:\n  hunter2\nname: x",
        "client_secret: one\n  hunter2\nname: x",
        "client_kwargs:\n  rsa_key: >-\n    hunter2\nname: x",
        "headers: {client_secret:\n  hunter2}\nname: x",
        "- client_secret:\n    hunter2\nname: x",
    ],
)
def test_a_credential_below_its_key_is_masked_too(text):
    lines = read(text, path="x.yaml").lines()
    assert not any("hunter2" in line for line in lines)
    assert lines[-1] == "name: x"
    assert len(lines) == text.count("\n") + 1


def test_names_of_credentials_and_paths():
    assert is_credential("API_KEY")
    assert is_credential("oauth2_client_secret")
    assert is_credential("oauth2_client_id")
    assert not is_credential("token_response")
    assert dotted(["a", 0, "b"]) == "a[0].b"
