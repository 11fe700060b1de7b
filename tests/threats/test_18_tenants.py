# ruff: noqa: E501 - lists of odd texts
"""Threat 18: a tenant's value that sends signed requests to another host."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.templates import fill_at, fill_url
from oauth1_catalog.errors import OAuthError

VALUES = 100_000
OF_EACH = 60
PIECES = [
    "evil.example", "evil", "a", "1234567", "_SB1", ".", "..", "/", "//", "\\", "@", ":", ":443", "?", "#", "%", "%2e", "%2f", "%40",
    "%00", "\0", "\n", "\r", "\t", " ", "-", "_", "[", "]", "{", "}", "{account}", "{value}", "\u3002", "\uff0e", "\u2024", "\uff0f",
    "\uff20", "\u202e", "\u00ad", "\u200d", "\u0131", "\u00df", "xn--", "http://", "https://", "javascript:", "127.0.0.1", "0x7f.1", "::1", "*",
]  # fmt: skip
CATALOG = Catalog()


def hostile(rng: random.Random) -> str:
    return "".join(rng.choices(PIECES, k=rng.randint(1, 6)))


def test_a_label_and_a_segment_stay_in_their_place() -> None:
    rng, accepted = random.Random(18), 0
    for _ in range(VALUES):
        account, kind = hostile(rng), hostile(rng)
        try:
            url = fill_url("https://{account}.suite.example.com:8443/{kind}/rest", {"account": account, "kind": kind})
        except OAuthError:
            continue
        accepted += 1
        parts = urlsplit(url)
        assert (parts.scheme, parts.port) == ("https", 8443)
        assert (parts.hostname or "").endswith(".suite.example.com")
        assert parts.netloc == f"{account}.suite.example.com:8443"
        assert parts.path.count("/") == 2
        assert parts.query == parts.fragment == ""
    assert accepted > 100  # else nothing was tried


@pytest.mark.parametrize("field", ["api_hosts", "options", "environments", "renew", "userinfo_endpoint"])
def test_a_value_stays_in_its_place_wherever_it_is_filled_in(field: str) -> None:
    path, text, before = {
        "api_hosts": (("api_hosts", 0), "{value}.example.com", "https://"),
        "options": (("options", "o", "sets", "authorize_url"), "https://{value}.example.com/", ""),
        "environments": (("environments", "e", "api_base_url"), "https://{value}.example.com/", ""),
        "renew": (("renew", "url"), "https://{value}.example.com/", ""),
        "userinfo_endpoint": (("userinfo_endpoint",), "users/{value}", "https://api.example.com/"),
    }[field]
    rng = random.Random(field)
    for _ in range(2_000):
        try:
            url = before + fill_at(path, text, {"value": hostile(rng)})
        except OAuthError:
            continue
        parts = urlsplit(url)
        assert (parts.hostname or "").endswith(".example.com")
        assert "@" not in parts.netloc


TENANTS = [name for name in CATALOG.names() if CATALOG.choices(name)]


@pytest.mark.parametrize("name", TENANTS)
def test_every_provider_keeps_its_hosts(name: str) -> None:
    """A host that is the tenant's own is one that was given; any other ends as the file's text does."""
    rng = random.Random(name)
    outline, required = CATALOG.outline(name), CATALOG.required(name)
    fields = ("request_token_url", "authorize_url", "access_token_url", "api_base_url")
    for _ in range(OF_EACH):
        given = {key: hostile(rng) for key in CATALOG.choices(name) if key in required or rng.random() < 0.5}
        try:
            provider = CATALOG.provider(name, values=given)
        except OAuthError:
            continue
        for field in fields:
            template, url = getattr(outline, field), getattr(provider, field)
            if template is None or url is None or template.startswith("{"):
                continue
            suffix = urlsplit(template.rpartition("}")[2] if "}" in template.split("/")[2] else template)
            host = urlsplit(url).netloc
            assert host.endswith((suffix.netloc or suffix.path.split("/")[0]).lstrip("-")), (given, url)
            assert "@" not in host
