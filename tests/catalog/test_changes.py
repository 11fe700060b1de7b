"""What counts as a change for users, and how important it is."""

from __future__ import annotations

from typing import Any

import pytest

from oauth1_catalog.catalog.changes import KINDS, changes

BASE: dict[str, Any] = {
    "name": "x",
    "aliases": ["ex"],
    "display_name": "X",
    "status": "active",
    "sunset": None,
    "flows": ["redirect"],
    "request_token_url": "https://api.example/request",
    "request_token_method": "POST",
    "docs_url": "https://docs.example/",
    "api_base_url": "https://api.example/1/",
    "api_hosts": ["upload.example"],
    "client_kwargs": {"signature_method": "HMAC-SHA1", "realm": None},
    "callback": {"verifier": "required", "extra": []},
    "options": {
        "scope": {"enum": ["read", "write"], "default": "read", "sets": {"authorize_params": {"s": "{value}"}}}
    },
    "variables": {},
    "renew": {"url": "https://api.example/renew", "method": "POST"},
    "environments": {"sandbox": {"description": "Test data", "api_base_url": "https://sandbox.example/1/"}},
    "access": {"state": "open", "since": None, "note": None},
    "setup": ["Register."],
    "evidence": [{"fields": ["status"], "checked": "2026-01-01"}],
    "probed": {"on": "2026-01-01", "result": "oauth1"},
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**BASE, **fields}


NEW_SANDBOX = {"sandbox": {"description": "Test data", "api_base_url": "https://sandbox.example/2/"}}
OPTION = BASE["options"]["scope"]
TABLE: list[tuple[dict[str, Any], list[str]]] = [
    (changed(), []),
    (changed(evidence=[]), []),
    (changed(probed={"on": "2026-12-01", "result": "gone"}), []),
    (changed(maintainers=["@ada"]), []),
    (changed(multipart=None, quirks=[], headers={}), []),
    (
        changed(request_token_url="https://new.example/request"),
        ["endpoint: request_token_url: https://api.example/request is now https://new.example/request"],
    ),
    (
        changed(renew={"url": "https://api.example/renew2", "method": "POST"}),
        ["endpoint: renew.url: https://api.example/renew is now https://api.example/renew2"],
    ),
    (changed(renew=None), ["login: renew: https://api.example/renew is gone"]),
    (
        changed(environments=NEW_SANDBOX),
        [
            "endpoint: environments.sandbox.api_base_url: https://sandbox.example/1/ is now https://sandbox.example/2/"
        ],
    ),
    (changed(environments={}), ["choice: environments.sandbox is gone"]),
    (
        changed(client_kwargs={"signature_method": "HMAC-SHA256", "realm": None}),
        ["signature: client_kwargs.signature_method: HMAC-SHA1 is now HMAC-SHA256"],
    ),
    (
        changed(client_kwargs={"signature_method": "HMAC-SHA1", "realm": "r"}),
        ["signature: client_kwargs.realm: r is new"],
    ),
    (
        changed(api_hosts=["media.example"]),
        ["host: api_hosts: media.example is new", "host: api_hosts: upload.example is gone"],
    ),
    (changed(status="limited"), ["access: status: active is now limited"]),
    (
        changed(access={"state": "closed", "since": "2026-02", "note": None}),
        ["access: access.since: 2026-02 is new", "access: access.state: open is now closed"],
    ),
    (changed(sunset="2027"), ["access: sunset: 2027 is new"]),
    (
        changed(status="retired", sunset="2026-11-01", replaced_by="OAuth 2.0", request_token_url=None),
        ["retired: OAuth 1.0 was switched off on 2026-11-01. Use OAuth 2.0 instead."],
    ),
    (changed(aliases=[]), ["removed: aliases: ex is gone"]),
    (changed(aliases=["ex", "exx"]), ["information: aliases: exx is new"]),
    (changed(request_token_method="GET"), ["login: request_token_method: POST is now GET"]),
    (
        changed(callback={"verifier": "none", "extra": ["user"]}),
        ["login: callback.extra: user is new", "login: callback.verifier: required is now none"],
    ),
    (changed(flows=["static_token", "redirect"]), ["login: flows: static_token is new"]),
    (
        changed(options={"scope": {**OPTION, "enum": ["read", "all"], "default": "all"}}),
        [
            "choice: options.scope.default: read is now all",
            "choice: options.scope.enum: all is new",
            "choice: options.scope.enum: write is gone",
        ],
    ),
    (
        changed(options={"scope": {**OPTION, "meanings": {"read": "Look"}}}),
        ["information: options.scope.meanings is new"],
    ),
    (changed(options={"scope": OPTION, "size": {"enum": ["s"]}}), ["choice: options.size is new"]),
    (changed(docs_url="https://new.example/"), ["information: docs_url: https://docs.example/ is now https://new.example/"]),
    (changed(setup=["Register.", "Wait."]), ["information: setup has changed"]),
    (changed(unknown_field="a"), ["login: unknown_field: a is new"]),
]  # fmt: skip


@pytest.mark.parametrize(("new", "expected"), TABLE)
def test_a_change(new: dict[str, Any], expected: list[str]) -> None:
    assert [f"{change.kind}: {change.text()}" for change in changes({"x": BASE}, {"x": new})] == expected


def test_a_provider_that_comes_and_one_that_goes() -> None:
    found = changes({"x": BASE, "old": changed(name="old")}, {"x": BASE, "new": changed(name="new", status="limited")})
    assert [(change.kind, change.provider, change.text()) for change in found] == [
        ("removed", "old", "old is not in the catalog any more"),
        ("new", "new", "limited; redirect"),
    ]


def test_a_name_that_becomes_an_alias() -> None:
    (gone, new) = changes({"old": BASE}, {"new": changed(name="new", aliases=["old"])})
    assert (gone.kind, gone.text()) == ("removed", "old is an alias of new now")
    assert new.kind == "new"


def test_a_retired_provider_that_is_new() -> None:
    (new,) = changes({}, {"x": changed(status="retired", sunset="2019", replaced_by="OAuth 2.0")})
    assert (new.kind, new.text()) == ("new", "OAuth 1.0 was switched off in 2019. Use OAuth 2.0 instead.")


def test_the_most_important_comes_first() -> None:
    """Whatever the order of the names."""
    new = {
        "a": changed(docs_url="https://new.example/"),
        "b": changed(api_base_url="https://new.example/"),
        "c": changed(status="retired"),
    }
    found = changes(dict.fromkeys(new, BASE), new)
    assert [change.kind for change in found] == ["retired", "endpoint", "information"]
    assert [change.sort_key[0] for change in found] == sorted(KINDS.index(change.kind) for change in found)


def test_an_environment_that_shares_a_change_is_named_once() -> None:
    """It contains the whole value of each field that it changes."""
    there = {"sandbox": {"client_kwargs": {"signature_method": "HMAC-SHA1", "realm": "s"}}}
    then = {"sandbox": {"client_kwargs": {"signature_method": "HMAC-SHA256", "realm": "s"}}}
    kwargs = {"signature_method": "HMAC-SHA256", "realm": None}
    found = changes({"x": changed(environments=there)}, {"x": changed(environments=then, client_kwargs=kwargs)})
    assert [change.field for change in found] == ["client_kwargs.signature_method"]


def test_a_provider_that_ended_before() -> None:
    """Nobody signs for it any more, but people read about it."""
    (change,) = changes({"x": changed(status="retired")}, {"x": changed(status="retired", api_base_url="https://a.b/")})
    assert change.kind == "information"


def test_a_provider_that_comes_back() -> None:
    (change,) = changes({"x": changed(status="retired")}, {"x": BASE})
    assert (change.kind, change.text()) == ("access", "status: retired is now active")


def test_keys_that_become_known() -> None:
    (change,) = changes({"x": changed(access=None)}, {"x": BASE})
    assert (change.kind, change.text()) == ("access", "access: open is new")


def test_a_long_value_is_not_shown() -> None:
    (change,) = changes({"x": BASE}, {"x": changed(status_note="a" * 500)})
    assert change.text() == "status_note is new"
    assert change.after == "a" * 500


def test_long_lists_are_compared_in_one_pass() -> None:
    """An item is not compared with each item of the other list."""
    compared = 0

    class Host(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    old, new = (changed(api_hosts=[Host(f"{side}{number}.example") for number in range(500)]) for side in "ab")
    assert len(changes({"x": old}, {"x": new})) == 1000
    assert compared < 5000


def test_a_provider_that_is_left_out_can_be_named_as_the_heir() -> None:
    found = changes({"ex": changed(), "y": changed()}, {"x": changed()}, left_out={"x", "y"})
    assert [change.text() for change in found] == ["ex is an alias of x now"]
