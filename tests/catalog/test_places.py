"""No value leaves the place that a file gives it: of variables and of options, given and derived."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.catalog.resolve import resolve
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.templates import fill_at, kind_of_text
from oauth1_catalog.errors import ConfigurationError

PLACES: dict[tuple[str | int, ...], str] = {
    ("request_token_url",): "https://{v}.acme.example/a",
    ("access_token_url",): "https://acme.example/{v}",
    ("authorize_url",): "https://acme.example/a?b={v}",
    ("api_base_url",): "https://{v}/1/",
    ("userinfo_endpoint",): "users/{v}",
    ("userinfo_params", "q"): "{v}",
    ("api_hosts", 0): "{v}.acme.example",
    ("headers", "X-Account"): "{v}",
    ("request_token_headers", "X-Account"): "a {v}",
    ("user_agent",): "{v}/1.0",
    ("user_agent", "value"): "{v}/1.0",
    ("client_kwargs", "realm"): "{v}",
    ("renew", "url"): "https://acme.example/{v}/x",
    ("revoke", "url"): "https://{v}.acme.example/x",
    ("successor", "url"): "https://acme.example/{v}/x",
    ("successor", "params", "shop"): "{v}",
    ("environments", "sandbox", "api_base_url"): "https://{v}.acme.example/",
    ("options", "kind", "sets", "headers", "X-Kind"): "{v}",
    ("api_params", "url"): "{v}",
}
HOSTILE = st.one_of(
    st.text(max_size=20),
    st.text('a1-.@/?#:%\\"[]{} \r\n\t*_', max_size=12),
    st.sampled_from(["evil.example/x?", "evil.example#", "a@evil.example", "..", ".", "%2e%2e", "a\r\nX: y", "*", ""]),
)


@pytest.mark.parametrize("path", PLACES)
@given(HOSTILE)
def test_no_value_leaves_its_place(path: tuple[str | int, ...], value: str) -> None:
    text = PLACES[path]
    try:
        filled = fill_at(path, text, {"v": value})
    except ConfigurationError:
        return
    kind = kind_of_text(path, text)
    if kind in {"header", "realm"}:
        assert filled.isascii()
        assert filled.isprintable()
        assert kind == "header" or not set('"\\') & set(filled)
    elif kind == "path":
        assert filled.startswith("users/")
        assert not set("/?#\\ \r\n") & set(filled.removeprefix("users/"))
        assert filled.removeprefix("users/") not in {".", ".."}
    elif kind == "parameter":
        assert filled == value
    else:
        url = f"https://{filled}" if kind == "host" else filled
        harmless = urlsplit((f"https://{text}" if kind == "host" else text).replace("{v}", "x"))
        parts = urlsplit(url)
        assert parts.scheme == "https"
        assert (parts.username, parts.port, parts.fragment) == (None, None, "")
        assert parts.path.count("/") == harmless.path.count("/")
        assert bool(parts.query) == bool(harmless.query) or not value
        if text != "https://{v}/1/":
            assert (parts.hostname or "").endswith("acme.example")
            assert (parts.hostname or "").count(".") == (harmless.hostname or "").count(".")


FILE = """schema_version: 1
name: acme
request_token_url: https://acme.example/oauth/request_token
authorize_url: https://acme.example/oauth/authorize
access_token_url: https://acme.example/oauth/access_token
api_base_url: https://acme.example/
headers: {X-Shop: "{copy}"}
variables:
  shop: {pattern: "(?s).*", default: main}
  copy: {from: shop, apply: [lower]}
options:
  app: {pattern: "(?s).*", sets: {headers: {X-App: "{value}"}}}
  realm: {pattern: "(?s).*", sets: {client_kwargs: {realm: "{value}"}}}
  kind: {pattern: "(?s).*", sets: {userinfo_endpoint: "users/{value}", userinfo_claims: {sub: $.id}}}
  host: {pattern: "(?s).*", sets: {api_hosts: ["{value}"]}}
"""


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("shop", "a\r\nX-Admin: 1", "`copy` is part of a header"),
        ("app", "a\nX-Admin: 1", "app: `value` is part of a header"),
        ("app", "gr\u00fcn", "printable ASCII"),
        ("realm", 'a", oauth_token="b', "realm: `value` is part of a realm"),
        ("realm", "a\\", "without quotes and backslashes"),
        ("kind", "..", "`value` is part of a path"),
        ("host", "evil.example/x?", "`value` is the host"),
        ("host", "*", "it is not a host name"),
    ],
)
def test_what_is_filled_in_does_not_rely_on_the_rules(name: str, value: str, message: str) -> None:
    data: dict[str, Any] = dict(read(FILE, path="acme.yaml").data)
    with pytest.raises(ConfigurationError) as caught:
        resolve(data, check=lambda data: None, values={name: value})
    assert message in caught.value.description
    assert caught.value.description.startswith("acme: ")
