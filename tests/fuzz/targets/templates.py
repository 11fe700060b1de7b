"""Values of variables in the URLs, headers and parameters of every provider: none leaves its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote, urlsplit

from oauth1_catalog.catalog.templates import (
    PLACEHOLDER,
    check_hostname,
    check_uri,
    constraint_error,
    fill_at,
    kind_of_text,
    placeholders,
    templates_of,
)
from oauth1_catalog.errors import ConfigurationError
from tests.fuzz.target import Target, catalog, check_shown, joined, parts_of

ADDRESSES = ("request_token_url", "authorize_url", "access_token_url", "api_base_url", "userinfo_endpoint")
OWN = (
    (("api_base_url",), "https://{a}.example.com/{b}/x"),
    (("api_base_url",), "https://{a}.{b}.example.com:8443/"),
    (("api_base_url",), "{a}/x/{b}"),
    (("api_base_url",), "https://{a}/{b}?q={b}"),
    (("userinfo_endpoint",), "users/{a}/{b}"),
    (("headers", "X-Account"), "{a}; {b}"),
    (("client_kwargs", "realm"), "{a}_{b}"),
    (("api_params", "x"), "{a}{b}"),
)


@cache
def templates() -> tuple[tuple[tuple[str | int, ...], str], ...]:
    """Each text with variables in the catalog, once for each kind."""
    found = {}
    for name in catalog().names():
        for path, text, _, _ in templates_of(catalog().entry(name).data):
            if placeholders(text):
                found.setdefault((kind_of_text(path, text), text), path)
    return (*OWN, *sorted(((path, text) for (_, text), path in found.items()), key=repr))


@cache
def with_variables() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The providers that have variables, with their names."""
    return tuple((name, tuple(found)) for name in catalog().names() if (found := catalog().required(name)))


def check(data: bytes) -> None:
    chosen, provider, *values = parts_of(data, 4)
    path, text = templates()[sum(map(ord, chosen)) % len(templates())]
    names = placeholders(text)
    check_text(path, text, {name: values[place % 2] for place, name in enumerate(names)})
    for value in values:
        check_value(value)
    name, required = with_variables()[sum(map(ord, provider)) % len(with_variables())]
    check_provider(name, {one: values[place % 2] for place, one in enumerate(required)})


def check_text(path: tuple[str | int, ...], text: str, values: dict[str, str]) -> None:
    kind = kind_of_text(path, text)
    if text.startswith("{") and kind == "url" and check_uri(values[placeholders(text)[0]]):
        return  # a value that is a whole URL is checked before
    try:
        filled = fill_at(path, text, values)
    except ConfigurationError as error:
        check_shown(error)
        return
    if kind in {"header", "realm"}:
        assert filled.isascii()
        assert filled.isprintable()
        return
    if kind == "parameter":
        assert filled == PLACEHOLDER.sub(lambda match: values[match[1]], text)
        return
    assert filled.isascii()
    assert filled.isprintable()
    assert not set(filled) & set(' "<>\\^`{|}')
    if text.startswith("{"):
        assert filled.startswith(values[placeholders(text)[0]].rstrip("/"))
        return
    before = {"path": "https://relative.invalid/", "host": "https://"}.get(kind, "")
    there, plain = urlsplit(before + filled), urlsplit(before + PLACEHOLDER.sub("x", text))
    assert there.scheme == plain.scheme
    assert there.port == plain.port
    assert "@" not in there.netloc
    whole_host = re.match(rf"[a-z]+://{PLACEHOLDER.pattern}(:|/|$)", before + text)
    if not whole_host:
        assert str(there.hostname).count(".") == str(plain.hostname).count(".")
        assert str(there.hostname).rpartition(".")[2] == str(plain.hostname).rpartition(".")[2]
    else:
        assert check_hostname(str(there.hostname)) is None
    assert there.path.count("/") == plain.path.count("/")
    assert [there.query.count(mark) for mark in "&=?"] == [plain.query.count(mark) for mark in "&=?"]
    assert bool(there.fragment) == bool(plain.fragment)
    assert not {".", ".."} & (set(there.path.split("/")) - set(plain.path.split("/")))
    if not PLACEHOLDER.search(urlsplit(before + text).netloc):
        wanted = PLACEHOLDER.sub(lambda match: values[match[1]], text)
        assert unquote(filled) == wanted or "%" in text


def check_value(value: str) -> None:
    """What the checks of a value accept is what ``urllib`` reads."""
    for kind in (None, "uri", "hostname"):
        if fault := constraint_error(value, "[a-z0-9]+(?:-[a-z0-9]+)*", ("acme", "one-two"), kind):
            check_shown(fault)
    if (fault := check_uri(value)) is not None:
        check_shown(fault)
        return
    parts = urlsplit(value)
    assert parts.scheme in {"http", "https"}
    assert value.startswith(f"{value.partition('://')[0]}://{parts.netloc}")
    assert parts.netloc.rpartition(":")[0].lower() == parts.hostname or str(parts.hostname) in parts.netloc.lower()
    assert not parts.query
    assert not parts.fragment


def check_provider(name: str, values: dict[str, str]) -> None:
    try:
        provider = catalog().provider(name, values=values)
    except ConfigurationError as error:
        check_shown(error)
        return
    for address in (getattr(provider, one, None) for one in ADDRESSES):
        if isinstance(address, str) and "://" in address:
            assert address.isascii()
            assert address.isprintable()
            assert urlsplit(address).hostname


def seeds() -> Iterator[bytes]:
    values = [
        "acme",
        "1234567_SB1",
        "https://jira.example.com/jira",
        "10.0.0.5",
        "::1",
        "a/b",
        "..",
        "evil.test/x",
        "a\nb",
    ]
    values += ["0x7f.1", "127。0。0。1", "a@b", "é", "https://a.example:0/", "https://[::1", "%2e%2e", "{a}", "x" * 64]
    for place, value in enumerate(values):
        yield joined(chr(65 + place % len(OWN)), chr(48 + place), value, "b")
        yield joined(chr(200 + place * 7), chr(60 + place * 3), value, value)


TARGET = Target(
    "values of variables in every text with a variable in the catalog, and through Catalog.provider()",
    check,
    seeds,
    (
        "https://", "http://", "://", "@", ":", "[::1]", "[", "]", "%", "%2F", "%2e", "..", "/", "\\", "?", "#", "{a}",
        "}", "\r\n", "\x00", "\u3002", "\uff0e", "\u2100", "localhost", "127.0.0.1", ".example.com", "xn--",
    ),
    longest=600,
)  # fmt: skip
