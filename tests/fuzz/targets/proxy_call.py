"""A call of the signing proxy: the method, the path, the query and the headers that a program sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli.proxy.allowance import METHODS, SAFE, Rule, read_host, read_path
from oauth1_catalog.cli.proxy.api import Api
from oauth1_catalog.cli.proxy.checks import Checks, RefusedError
from oauth1_catalog.cli.proxy.headers import returned_headers
from tests.fuzz.target import Target, check_shown, joined, parts_of, raw

TOKEN = "Pr0xyT0kenPr0xyT0ken"
HOST = "127.0.0.1:8642"
PROVIDER = Provider(
    name="example",
    from_catalog=True,
    request_token_url="https://api.example.com/oauth/request_token",
    access_token_url="https://api.example.com/oauth/access_token",
    api_base_url="https://api.example.com/1.1/",
    api_hosts=("upload.example.com",),
)
RULES = (*SAFE, Rule.read("POST /1.1/*"), Rule.read("DELETE upload.example.com/media/*/parts"))
CREDENTIALS = {"authorization", "cookie", "host", "proxy-authorization", "oauth1-proxy-token", "transfer-encoding"}


@cache
def checks() -> Checks:
    return Checks(Api.of(PROVIDER), token=TOKEN, authorities=[HOST], rules=RULES)


def check(data: bytes) -> None:
    method, path, query, lines = parts_of(data, 4)
    headers = [(b"host", HOST.encode())]
    for line in raw(lines).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            headers.append((name.lower(), value.strip()))
    check_call(method, raw(path), raw(query), headers)
    returned = {name.lower() for name, _ in returned_headers(headers)}
    assert not returned & {b"set-cookie", b"connection", b"transfer-encoding", b"access-control-allow-origin"}
    check_rule(f"{method} {path}")
    try:
        host = read_host(query)
    except ValueError as error:
        check_shown(error)
        return
    assert urlsplit(f"https://{host}/").netloc == host
    assert host == host.lower()


def check_call(method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    try:
        call = checks().call(checks().target(method, path, query, headers))
    except RefusedError as error:
        # Who is refused is a program of the same user; no message has the token.
        assert TOKEN not in str(error)
        return
    sent = dict(headers)
    assert path.removeprefix(b"/").split(b"/")[0] == TOKEN.encode() or sent.get(b"oauth1-proxy-token") == TOKEN.encode()
    assert [value for name, value in headers if name == b"host"] == [HOST.encode()]
    assert not {b"origin", b"upgrade"} & sent.keys() or not any(
        value for name, value in headers if name in {b"origin", b"upgrade"}
    )
    assert call.method in METHODS
    parts = urlsplit(call.url)
    assert parts.scheme == "https"
    assert (
        parts.netloc in {"api.example.com", "upload.example.com"}
        or "GET /@" in f"GET {path.decode('latin-1')}"
        or (b"/@" in path)
    )
    assert TOKEN not in unquote(call.url)
    assert not any(TOKEN in value for value in call.headers.values())
    assert not CREDENTIALS & call.headers.keys()
    assert all(re.fullmatch("[a-z0-9-]+", name) and value.isascii() for name, value in call.headers.items())
    assert not re.search(r"[\x00-\x20\x7f]", parts.path)
    # The path that was checked is the one that a server finds, whatever it does with it.
    plain = unquote(parts.path)
    assert call.path == plain
    assert plain in (normpath(plain), f"{normpath(plain)}/", "/")
    assert any(rule.permits(call.method, host, call.path) for rule in RULES for host in ("", rule.host))
    assert not re.search(r"/oauth/(request|access)_token(\.[a-z0-9]{1,5})?($|[/;])", plain, re.IGNORECASE)


def check_rule(text: str) -> None:
    """A rule that is printed is read again."""
    try:
        rule = Rule.read(text)
    except ValueError as error:
        assert len(str(error)) > 10
        return
    assert Rule.read(str(rule)) == rule
    assert rule.methods <= METHODS
    try:
        plain = read_path(rule.path.replace("*", "x").encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        return
    assert rule.permits(next(iter(rule.methods)), "" if rule.host == "*" else rule.host, plain)


def seeds() -> Iterator[bytes]:
    yield joined("GET", f"/{TOKEN}/1.1/me", "a=1&b=2", "accept: */*\nuser-agent: x")
    yield joined(
        "POST", f"/{TOKEN}/1.1/status", "", "content-type: application/x-www-form-urlencoded\ncontent-length: 3"
    )
    yield joined("GET", "/1.1/me", "", f"oauth1-proxy-token: {TOKEN}")
    yield joined("DELETE", f"/{TOKEN}/@upload.example.com/media/7/parts", "", "connection: close, x-a\nx-a: b")
    yield joined("GET", f"/{TOKEN}/1.1/%61%2f..;x=1/", "_method=DELETE", "x-http-method-override: PUT")
    yield joined("GET", f"/{TOKEN}/oauth/access_token.json", "", "cookie: a=b\nauthorization: Basic x")
    yield joined("GET", f"/{TOKEN}/OAuth/Access_Token;a=b/x", "", "referer: http://127.0.0.1/")
    yield joined("GET", f"/{TOKEN}/1.1/ad%C3%A9", f"t={TOKEN}", "origin: https://evil.example")
    yield joined("GET", f"/{TOKEN}/1.1/a%2f..%2fx", "")
    yield joined("PUT", "/2/*/x", "Upload.Example.com:8443", "upgrade: websocket")


TARGET = Target(
    "a call of the proxy: method, path, query, headers; and a rule of --allow",
    check,
    seeds,
    (
        TOKEN, "GET\x1e", "POST\x1e", "/@upload.example.com/", "/1.1/", "/oauth/access_token", "%2e", "%2f", "%25",
        "..", ";", "//", "\\", "%ef%bc%8f", "%e2%80%8b", "\x1e\x1e", "oauth1-proxy-token: ", "content-type: ",
        "content-length: 1", "connection: ", "transfer-encoding: chunked", "_method=", "x-http-method-override: ",
        "host: ", "origin: ", "sec-fetch-site: none", "*",
    ),
    longest=512,
)  # fmt: skip
