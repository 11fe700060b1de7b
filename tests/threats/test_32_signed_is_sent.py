"""Threat 32: what is sent is not what was signed: a server's view of the bytes, against oauthlib, for each client.

``tests/clients/test_wire.py`` has the shapes one by one; here they are drawn, and all clients have to say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.clients.conftest import Judge, Wire, serving
from tests.clients.test_wire import CLIENTS, caller

TEXT = st.text(alphabet="az09 +%&=/?#~é日😀[]{}()'\"!*$,;:@\\|^`<>-._", max_size=8)
PAIRS = st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=4)
PATH = st.lists(st.text(alphabet="az09 é%~-._!$'()*+,;=:@", min_size=1, max_size=6), max_size=3)


@pytest.fixture(scope="module")
def echo() -> Iterator[Wire]:
    with serving() as wire:
        yield wire


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATH, query=PAIRS, params=PAIRS, form=PAIRS)
def test_every_client_sends_what_it_signed(
    echo: Wire,
    signature_type: str,
    path: list[str],
    query: list[tuple[str, str]],
    params: list[tuple[str, str]],
    form: list[tuple[str, str]],
) -> None:
    url = echo.url + "/" + "/".join(quote(part, safe="~-._!$'()*+,;=:@") for part in path if part not in {".", ".."})
    assume(not re.search("/[^;/]*;$", url))  # oauthlib drops an empty parameter (RFC 2396) from the end of a path
    if query:
        url += "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    seen = []
    for kind in CLIENTS:
        judge = Judge()
        call: dict[str, Any] = {"params": params} if params else {}
        method = "POST" if form else "GET"
        if form:
            call["data"] = dict(form)
        caller(kind, signature_type=signature_type)(method, url, **call)
        assert judge(echo.last)["place"] == signature_type, kind
        seen.append(sorted(judge.parameters))
    assert all(parameters == seen[0] for parameters in seen), dict(zip(CLIENTS, seen, strict=True))


@pytest.mark.parametrize("kind", CLIENTS)
def test_cookies_headers_and_hosts_of_the_caller_do_not_undo_it(echo: Wire, kind: str) -> None:
    judge = Judge()
    headers = {"Cookie": "a=1; oauth_token=evil", "X-Forwarded-Host": "evil.example", "X-Original-URL": "/evil"}
    caller(kind)("GET", f"{echo.url}/a?x=1", headers=headers)
    assert judge(echo.last)["oauth_token"] == "tk"
