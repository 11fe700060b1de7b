"""P029: two steps of a flow with one URL."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from oauth1_catalog.catalog.validate_files import check_files

TEXT = """schema_version: 1
name: acme
flows: [redirect]
request_token_url: https://acme.example/request
authorize_url: https://acme.example/authorize
access_token_url: https://acme.example/access
api_base_url: https://acme.example/1/
"""


def found(tmp_path: Path, more: str, text: str = TEXT) -> list[str]:
    path = tmp_path / "acme.yaml"
    path.write_text(text + more, encoding="utf-8")
    (checked,) = check_files([path], today=dt.date(2026, 11, 30))
    return [finding.message for finding in checked.findings if finding.code == "P029"]


@pytest.mark.parametrize(
    ("more", "step", "other"),
    [
        ("revoke: {url: https://acme.example/access}", "revoke.url", "access_token_url"),
        ("revoke: {url: https://acme.example/request/}", "revoke.url", "request_token_url"),
        ("renew: {url: https://acme.example/request}", "renew.url", "request_token_url"),
        ("renew: {url: https://a.example/r}\nrevoke: {url: https://a.example/r}", "revoke.url", "renew"),
        (
            "status_note: No date.\nsuccessor: {url: https://acme.example/access, auth: signature}",
            "successor.url",
            "access_token_url",
        ),
    ],
)
def test_one_url_for_two_steps(tmp_path: Path, more: str, step: str, other: str) -> None:
    assert found(tmp_path, more) == [f"`{step}` is the URL of `{other}`, too"]


@pytest.mark.parametrize(
    "more",
    [
        "renew: {url: https://acme.example/access, session_handle: true}",
        "revoke: {url: https://acme.example/access, method: DELETE}",
        'revoke: {url: https://acme.example/access, params: {revoke: "1"}}',
        "renew: {url: https://acme.example/renew}\nrevoke: {url: https://acme.example/revoke}",
    ],
)
def test_steps_that_are_told_apart(tmp_path: Path, more: str) -> None:
    assert found(tmp_path, more) == []


def test_one_url_for_both_tokens_is_declared(tmp_path: Path) -> None:
    same = TEXT.replace("https://acme.example/access", "https://acme.example/request")
    assert found(tmp_path, "", same) == ["`access_token_url` is the URL of `request_token_url`, too"]
    assert found(tmp_path, "quirks: [{id: one-token-url, note: Both tokens.}]\n", same) == []
    assert found(tmp_path, "access_token_params: {step: '2'}\n", same) == []
