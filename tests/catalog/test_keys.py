"""What a file has to answer about keys and status, and with which evidence (P050, P070 to P073, P075)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from oauth1_catalog.catalog.validate_files import check_files

URL = "https://api.acme.example/1/"


def codes(tmp_path: Path, more: str, *, url: str = URL, confirmed: str = "status, access") -> list[tuple[str, str]]:
    path = tmp_path / "acme.yaml"
    path.write_text(
        f"schema_version: 1\nname: acme\nflows: [static_token]\napi_base_url: {url}\n{more}"
        f"evidence:\n  - fields: [api_base_url, {confirmed}]\n    kind: provider_docs\n    checked: 2026-11-25\n"
        "    source: https://acme.example/docs\n",
        encoding="utf-8",
    )
    (checked,) = check_files([path], today=dt.date(2026, 11, 30))
    return [(finding.code, finding.field) for finding in checked.findings if finding.code != "P081"]


KEYS = "setup: [Create a key.]\nregistration_url: https://acme.example/apps\n"
RETIRED = "status: retired\nsunset: 2024\nreplaced_by: OAuth 2.0\n"


@pytest.mark.parametrize(
    ("more", "confirmed", "missing"),
    [
        ("access: {state: open}\n" + KEYS, "status, access", []),
        ("access: {state: open}\n" + KEYS, "access", ["status"]),
        ("access: {state: open}\n" + KEYS, "status", ["access"]),
        ("status: active\naccess: {state: open}\n" + KEYS, "flows", ["access", "status"]),
        ("status: limited\naccess: {state: closed}\n", "status", ["access"]),
        ("status: limited\naccess: {state: unknown, note: Searched the docs.}\n", "status", []),
        ("status: limited\naccess: {state: unknown, note: Searched the docs.}\n", "access", ["status"]),
        (RETIRED, "status", []),
        (RETIRED, "flows", ["status"]),
    ],
)
def test_status_and_access_have_evidence(tmp_path: Path, more: str, confirmed: str, missing: list[str]) -> None:
    assert sorted(codes(tmp_path, more, confirmed=confirmed)) == [("P050", field) for field in missing]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", [("P070", "access")]),
        (RETIRED, []),
        ("status: limited\naccess: {state: unknown}\n", [("P071", "access.state")]),
        ("status: limited\naccess: {state: closed}\n", []),
        ("access: {state: open}\n", [("P072", "access"), ("P072", "access")]),
        ("access: {state: review}\nsetup: [Ask.]\n", [("P072", "access")]),
        ("access: {state: paid}\nregistration_url: https://acme.example/\n", [("P072", "access")]),
        ("access: {state: open}\n" + KEYS, []),
    ],
)
def test_a_file_answers_whether_keys_can_be_had_and_how(tmp_path: Path, more: str, found: list[object]) -> None:
    assert codes(tmp_path, more) == found


@pytest.mark.parametrize("url", ['"{base_url}/1/"', "https://{host}/1/", "https://{shop}.acme.example/"])
def test_each_tenant_has_another_page(tmp_path: Path, url: str) -> None:
    variables = (
        "variables:\n  base_url: {format: uri, example: https://a.example}\n"
        "  host: {format: hostname, example: a.example}\n  shop: {pattern: '[a-z]+', example: one}\n"
    )
    used = "".join(
        line + "\n" for line in variables.splitlines() if line[0] == "v" or line[2:].partition(":")[0] in url
    )
    assert codes(tmp_path, used + "access: {state: open}\nsetup: [Ask the administrator.]\n", url=url) == []
    assert codes(tmp_path, used + "access: {state: open}\n", url=url) == [("P072", "access")]


@pytest.mark.parametrize("status", ["active", "limited", "deprecated", "retired"])
@pytest.mark.parametrize("state", ["open", "review", "paid", "closed", "unknown"])
def test_status_and_access_agree(tmp_path: Path, status: str, state: str) -> None:
    gives_keys = state in {"open", "review", "paid"}
    agree = {"active": gives_keys, "limited": not gives_keys, "deprecated": True, "retired": False}[status]
    more = f"status: {status}\nsunset: {'2024' if status == 'retired' else '2030'}\nreplaced_by: OAuth 2.0\n"
    found = codes(tmp_path, f"{more}access: {{state: {state}, note: Searched.}}\n{KEYS}")
    assert [code for code, _ in found if code == "P073"] == ([] if agree else ["P073"])


@pytest.mark.parametrize(
    ("option", "found"),
    [
        ("{enum: [read, write], sets: {}}", [("P075", "options.scope.enum")]),
        ("{enum: [read, write], meanings: {read: Read}, sets: {}}", [("P075", "options.scope.enum")]),
        ("{enum: [read, write], meanings: {read: Read, write: Write}, sets: {}}", []),
        ('{enum: ["true"], sets: {}}', []),
        ("{pattern: '[a-z]+', sets: {}}", []),
        ("{pattern: '[a-z]+', meanings: {read: Read}, sets: {}}", []),
        ("{pattern: '[a-z]+', meanings: {READ: Read}, sets: {}}", [("P074", "options.scope.meanings.READ")]),
    ],
)
def test_values_have_meanings(tmp_path: Path, option: str, found: list[object]) -> None:
    assert codes(tmp_path, f"access: {{state: open}}\n{KEYS}options: {{scope: {option}}}\n") == found
