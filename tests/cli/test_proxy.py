"""``oauth1-catalog proxy``: the real command in a process. ``tests/proxy`` has other people's programs, and streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from click.testing import CliRunner

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.cli import cli
from oauth1_catalog.cli.proxy import HEAD
from oauth1_catalog.cli.proxy.allowance import Rule, read_host, read_path
from oauth1_catalog.cli.proxy.api import home_of
from oauth1_catalog.cli.proxy.child import child_environment, credentials_of
from oauth1_catalog.cli.proxy.endpoints import (
    TokenEndpoint,
    is_token_endpoint,
    looks_like_token_endpoint,
    token_endpoints,
)
from oauth1_catalog.cli.proxy.forms import replaces_call
from oauth1_catalog.cli.proxy.headers import OVERRIDES, check_headers, sent_headers
from oauth1_catalog.cli.proxy.listening import serving, tcp_socket
from oauth1_catalog.cli.proxy.multipart import read_multipart
from tests.cli.proxies import KEYS, RunningProxy, Upstream, acme, refused, reply, running

FORM = "application/x-www-form-urlencoded"
PART = b'--b\r\nContent-Disposition: form-data; name="a"%b\r\n\r\nx\r\n--b--'


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream().running() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proxy")


@pytest.fixture(scope="module")
def env(folder: Path, upstream: Upstream) -> dict[str, str]:
    return acme(folder, upstream)


@pytest.fixture(scope="module")
def running_proxy(folder: Path, env: dict[str, str]) -> Iterator[RunningProxy]:
    """It may call a part of the API, by three methods."""
    rules = ["GET,POST /1/*", "GET localhost/2/*", "DELETE /1/posts/*/likes"]
    with running(folder, env, "acme", "--verbose", *(word for rule in rules for word in ("--allow", rule))) as proxy:
        yield proxy
    log = proxy.log()
    assert [name for name, value in {**KEYS, "token": proxy.token}.items() if value in log] == []
    assert "hush" not in log


@pytest.fixture
def proxy(running_proxy: RunningProxy, upstream: Upstream) -> RunningProxy:
    upstream.arrived.clear()
    upstream.answer = None
    return running_proxy


class TestCalls:
    def test_a_call_is_signed_and_passed_on(self, proxy: RunningProxy, upstream: Upstream) -> None:
        status, headers, body = proxy.raw(
            f"GET /{proxy.token}/1/a%20b?q=%C3%A9&q=2 HTTP/1.1", "X-Own: 1", "Accept: a/b"
        )
        assert (status, body, headers["content-length"]) == (200, b"hello", "5")
        (arrived,) = upstream.arrived
        assert arrived.target == "/1/a%20b?q=%C3%A9&q=2"
        sent = {name.lower(): value for name, value in arrived.headers.items()}
        assert sent["authorization"].startswith('OAuth oauth_consumer_key="acme-client-id"')
        assert (sent["x-own"], sent["accept"], sent["accept-encoding"]) == ("1", "a/b", "identity")

    def test_the_token_in_a_header(self, proxy: RunningProxy, upstream: Upstream) -> None:
        assert proxy.raw("GET /1/me HTTP/1.1", f"OAuth1-Proxy-Token: {proxy.token}")[0] == 200
        assert proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", f"oauth1-proxy-token: {proxy.token}")[0] == 200
        assert [arrived.target for arrived in upstream.arrived] == ["/1/me", "/1/me"]
        assert proxy.token not in repr(upstream.arrived)

    def test_what_belongs_to_the_program_is_not_sent(self, proxy: RunningProxy, upstream: Upstream) -> None:
        lines = [
            "Authorization: Bearer hush",
            "Cookie: session=hush",
            f"Referer: {proxy.url}1/x",
            "X-Forwarded-For: 10.0.0.1",
            "X-Real-IP: 10.0.0.1",
            "True-Client-IP: 10.0.0.1",
            "Forwarded: for=10.0.0.1",
            "Proxy-Authorization: Basic hush",
            "TE: trailers",
            "Keep-Alive: 5",
            "X-Hop: hush",
            "Sec-Fetch-Mode: cors",
            "Connection: X-Hop",
        ]
        assert proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", *lines)[0] == 200
        shown = repr(upstream.arrived[0].headers)
        assert "hush" not in shown
        assert "10.0.0.1" not in shown
        names = {name.lower() for name in upstream.arrived[0].headers}
        assert names == {"host", "accept", "accept-encoding", "authorization", "connection", "user-agent"}

    def test_what_belongs_to_the_provider_is_not_returned(self, proxy: RunningProxy, upstream: Upstream) -> None:
        headers = {
            "Set-Cookie": "session=hush",
            "Access-Control-Allow-Origin": "*",
            "Alt-Svc": 'h2="evil.example"',
            "Strict-Transport-Security": "max-age=1",
            "OAuth1-Proxy-Error": "token",  # only the proxy's own answers have it
            "X-Kept": "yes",
        }
        upstream.answer = lambda handler, _: reply(handler, b"x", 404, headers)
        status, got, _ = proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1")
        assert (status, got["x-kept"]) == (404, "yes")
        assert not got.keys() & {name.lower() for name in headers if name != "X-Kept"}

    def test_a_redirect_is_passed_on_and_not_followed(self, proxy: RunningProxy, upstream: Upstream) -> None:
        location = {"Location": f"{upstream.origin}/1/there"}
        upstream.answer = lambda handler, _: reply(handler, b"", 307, location)
        status, headers, _ = proxy.raw(f"GET /{proxy.token}/1/here HTTP/1.1")
        assert (status, headers["location"]) == (307, location["Location"])
        assert len(upstream.arrived) == 1

    @pytest.mark.parametrize(("status", "passed_on"), [(420, 420), (599, 599), (600, 502), (999, 502)])
    def test_unusual_statuses(self, status: int, passed_on: int, proxy: RunningProxy, upstream: Upstream) -> None:
        upstream.answer = lambda handler, _: reply(handler, b"x", status)
        answer = proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1")
        assert answer[0] == passed_on
        if passed_on != status:
            assert f"answered with {status}" in refused(answer, 502, "provider_unreachable")

    def test_head(self, proxy: RunningProxy, upstream: Upstream) -> None:
        status, headers, body = proxy.raw(f"HEAD /{proxy.token}/1/me HTTP/1.1")
        assert (status, headers["content-length"], body) == (200, "5", b"")
        assert upstream.arrived[0].method == "HEAD"

    def test_bodies(self, proxy: RunningProxy, upstream: Upstream) -> None:
        def post(kind: str, body: bytes, *lines: str) -> bytes:
            length = lines or (f"Content-Length: {len(body)}",)
            answer = proxy.raw(f"POST /{proxy.token}/1/x HTTP/1.1", f"Content-Type: {kind}", *length, body=body)
            assert answer[0] == 200, answer
            return upstream.arrived.pop().body

        assert post("application/x-www-form-urlencoded", b"a=b+c&d=%2B") == b"a=b%20c&d=%2B"
        assert post("application/json", b'{"a": "b+c"}') == b'{"a": "b+c"}'
        chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
        assert post("text/plain", chunks, "Transfer-Encoding: chunked", "Trailer: X-Trailer") == b"abcde"
        assert (
            post("application/x-www-form-urlencoded", b"3\r\na=b\r\n0\r\n\r\n", "Transfer-Encoding: chunked") == b"a=b"
        )

    def test_expect_100_continue(self, proxy: RunningProxy, upstream: Upstream) -> None:
        with proxy.connected() as connection:
            host = f"Host: 127.0.0.1:{proxy.port}"
            expecting = "Content-Type: text/plain\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close"
            connection.sendall(f"POST /{proxy.token}/1/x HTTP/1.1\r\n{host}\r\n{expecting}\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
            connection.sendall(b"abc")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            assert upstream.arrived[0].body == b"abc"
            assert "Expect" not in {name.title() for name in upstream.arrived[0].headers}
        with proxy.connected() as connection:  # what is refused is not asked to go on
            connection.sendall(f"POST /x/1/x HTTP/1.1\r\n{host}\r\n{expecting}\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 403 ")

    def test_the_name_of_a_host(self, proxy: RunningProxy, upstream: Upstream) -> None:
        host = upstream.origin.removeprefix("http://")
        assert proxy.raw(f"GET /{proxy.token}/@{host}/1/me HTTP/1.1")[0] == 200
        assert proxy.raw(f"GET /@{host}/1/me HTTP/1.1", f"OAuth1-Proxy-Token: {proxy.token}")[0] == 200
        assert [arrived.target for arrived in upstream.arrived] == ["/1/me", "/1/me"]


class TestWithoutTheToken:
    @pytest.mark.parametrize(
        "target", ["/", "/1/me", "//1/me", "/token/1/me", "/%(half)s/1/me", "/%(token)sx/1/me", "/1/%(token)s/me", "*"]
    )
    def test_403(self, target: str, proxy: RunningProxy, upstream: Upstream) -> None:
        target %= {"token": proxy.token, "half": proxy.token[:20]}
        refused(proxy.raw(f"GET {target} HTTP/1.1"), 403, "token")
        assert upstream.arrived == []

    def test_a_wrong_header_beside_a_right_address(self, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", "OAuth1-Proxy-Token: x"), 403, "token")
        refused(proxy.raw("GET /1/me HTTP/1.1", "OAuth1-Proxy-Token: \xe9"), 403, "token")
        refused(proxy.raw(f"GET /1/me?token={proxy.token} HTTP/1.1"), 403, "token")
        assert upstream.arrived == []

    def test_the_path_is_not_logged(self, proxy: RunningProxy) -> None:
        refused(proxy.raw("GET /hush/1/me HTTP/1.1"), 403, "token")
        assert "GET - 403, 0 B sent, 0 B received" in proxy.lines()[-1]

    @pytest.mark.parametrize("place", ["/1/{}", "/1/me?a={}", "/1/me?a=%5F{}"])
    def test_the_token_is_not_sent_on(self, place: str, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(proxy.raw(f"GET /{proxy.token}{place.format(proxy.token)} HTTP/1.1"), 400, "token_sent")
        refused(proxy.raw(f"GET /{proxy.token}/1/x HTTP/1.1", f"X-Copy: {proxy.token}"), 400, "token_sent")
        form = f"a={proxy.token}".encode()
        lines = ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
        refused(proxy.raw(f"POST /{proxy.token}/1/x HTTP/1.1", *lines, body=form), 400, "token_sent")
        assert upstream.arrived == []


class TestWebPages:
    @pytest.mark.parametrize(
        "host",
        [
            "evil.example:{}",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.0.0.1.evil.example:{}",
            "[::1]:{}",
            "0.0.0.0:{}",
            "x@127.0.0.1:{}",
            "localhost:{}",  # it can be ::1, where another user listens
        ],
    )
    def test_dns_rebinding(self, host: str, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", host=host.format(proxy.port)), 421, "host")
        assert upstream.arrived == []

    def test_no_host_and_two(self, proxy: RunningProxy, upstream: Upstream) -> None:
        assert proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", host="")[0] == 400
        assert proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", "Host: evil.example")[0] == 400
        refused(proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.0", host=""), 421, "host")
        assert upstream.arrived == []

    @pytest.mark.parametrize(
        "line",
        [
            "Origin: http://evil.example",
            "Origin: null",
            "Origin: http://127.0.0.1:8800",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
            "Sec-Fetch-Site: same-origin",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    def test_calls_of_other_origins(self, method: str, line: str, proxy: RunningProxy, upstream: Upstream) -> None:
        preflight = ["Access-Control-Request-Method: GET", "Access-Control-Request-Private-Network: true"]
        refused(proxy.raw(f"{method} /{proxy.token}/1/me HTTP/1.1", line, *preflight), 403, "origin")
        assert upstream.arrived == []

    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "FOO", "get"])
    def test_methods_that_cannot_be_allowed(self, method: str, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(proxy.raw(f"{method} /{proxy.token}/1/me HTTP/1.1"), 403, "not_allowed")
        assert upstream.arrived == []

    def test_upgrades(self, proxy: RunningProxy, upstream: Upstream) -> None:
        for lines in (["Upgrade: websocket", "Connection: Upgrade"], ["Upgrade: h2c"]):
            refused(proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", *lines), 400, "upgrade")
        assert upstream.arrived == []

    def test_a_proxy_for_everything_it_is_not(self, proxy: RunningProxy, upstream: Upstream) -> None:
        """As ``curl --proxy`` asks."""
        refused(proxy.raw(f"GET {upstream.origin}/1/me HTTP/1.1"), 403, "token")
        header = f"OAuth1-Proxy-Token: {proxy.token}"
        refused(proxy.raw(f"GET {upstream.origin}/1/me HTTP/1.1", header), 403, "ambiguous_path")
        assert upstream.arrived == []


AMBIGUOUS = [
    "/1/../2/x",
    "/1/..",
    "/1/.",
    "/1/./x",
    "/1/%2e%2e/2/x",
    "/1/%2E./2/x",
    "/1/.%2e/2/x",
    "/1/..%2f2/x",
    "/1%2f..%2f2/x",
    "/1/%2F2",
    "/1/%5c..%5c2",
    "/1/..\\2",
    "//1/me",
    "/1//me",
    "/1/%252e%252e/2",
    "/1/%252fme",
    "/1/me%00",
    "/1/me%0d%0aX-Injected:%201",
    "/1/me%7f",
    "/1/me%",
    "/1/me%2",
    "/1/me%zz",
    "/1/..;/2/x",
    "/1/..;a=b/2/x",
    "/1/.;/x",
    "/1/%c0%ae%c0%ae/2/x",
    "/1/%c0%af2",
    "/1/%ef%bc%8e%ef%bc%8e/2/x",  # full-width dots
    "/1/%ef%bc%8f2",  # a full-width slash
    "/1/%ef%bc%bc2",  # a full-width backslash
    "/1/%e2%80%a5/2/x",  # a two-dot leader
    "/1/..%20/2/x",
    "/1/..%09/2/x",
    "/1/%ff",
    "/1/me#x",
    "/1/me%3fx",
    "/1/me%23x",
    "/1/me%ef%bc%9fx",  # a full-width question mark
    "/1/a%e2%81%84b",  # the slash of a fraction
    "/1/a%e2%88%95b",
    "/1/a%e2%88%96b",
    "/1/a%e2%a7%b8b",
    "/1/%e3%80%82%e3%80%82/2/x",  # ideographic full stops
    "/1/.%e2%80%8b./2/x",  # a blank of no width
    "/1/.%c2%ad./2/x",  # a soft hyphen
    "/1/%e2%80%8b/2/x",
    "/1/..%20./2/x",
    "/1/...%20/2/x",
    "/1/%20/2/x",
    "/1/;a=b/2/x",
]


class TestPaths:
    @pytest.mark.parametrize("path", AMBIGUOUS)
    def test_what_can_be_read_in_two_ways(self, path: str, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(proxy.raw(f"GET /{proxy.token}{path} HTTP/1.1"), 403, "ambiguous_path")
        assert upstream.arrived == []

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/"),
            ("GET", "/2/me"),
            ("GET", "/1"),
            ("GET", "/11/me"),
            ("GET", "/%31x/me"),
            ("PUT", "/1/me"),
            ("PATCH", "/1/me"),
            ("DELETE", "/1/posts/7"),
            ("DELETE", "/1/posts/7/8/likes"),
            ("DELETE", "/1/posts/7/likes/x"),
            ("POST", "/@localhost/2/x"),
        ],
    )
    def test_what_is_not_allowed(self, method: str, path: str, proxy: RunningProxy, upstream: Upstream) -> None:
        text = refused(proxy.raw(f"{method} /{proxy.token}{path} HTTP/1.1"), 403, "not_allowed")
        assert "start the proxy with --allow '" in text
        assert upstream.arrived == []

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/1/"), ("GET", "/%31/me"), ("GET", "/1/a/b/c"), ("GET", "/1/a...b"), ("DELETE", "/1/posts/7/likes")],
    )
    def test_what_is_allowed(self, method: str, path: str, proxy: RunningProxy, upstream: Upstream) -> None:
        assert proxy.raw(f"{method} /{proxy.token}{path} HTTP/1.1")[0] == 200
        assert [(arrived.method, arrived.target) for arrived in upstream.arrived] == [(method, path)]

    @pytest.mark.parametrize(
        ("host", "status", "error"),
        [
            ("evil.example", 403, "forbidden_host"),
            ("evil.example:80", 403, "forbidden_host"),
            ("localhost", 403, "forbidden_host"),
            ("169.254.169.254", 403, "forbidden_host"),
            ("127.0.0.1", 403, "forbidden_host"),
            ("user@evil.example", 403, "host"),
            ("evil.example%2f", 403, "host"),
            ("", 403, "host"),
            ("evil.example?", 403, "forbidden_host"),
            ("a..b", 403, "host"),
            ("evil.example:99999", 403, "host"),
        ],
    )
    def test_hosts_that_are_not_the_providers(
        self, host: str, status: int, error: str, tmp_path: Path, env: dict[str, str], wide_proxy: RunningProxy
    ) -> None:
        answer = wide_proxy.raw(f"GET /{wide_proxy.token}/@{host}/1/me HTTP/1.1")
        refused(answer, status, error)

    @pytest.mark.parametrize(
        "path",
        [
            "/oauth/request_token",
            "/oauth/access_token",
            "/OAuth/Access_Token/",
            "/oauth/access_token;a=b",
            "/oauth/access_token%20",
            "/oauth/access_token.json",
            "/oauth/access_token.xml/x",
            "/oauth/request_token/x",
            "/oauth/access%C2%AD_token",
            "/oauth/revoke",
            "/1/oauth/invalidate_token.json",
            "/2/oauth2/token",
            "/v1/OAuth-1/Access-Token",
        ],
    )
    def test_the_endpoints_that_give_out_tokens(self, path: str, wide_proxy: RunningProxy, upstream: Upstream) -> None:
        upstream.arrived.clear()
        for method in ("GET", "POST"):
            refused(wide_proxy.raw(f"{method} /{wide_proxy.token}{path} HTTP/1.1"), 403, "token_endpoint")
        assert upstream.arrived == []

    @pytest.mark.parametrize("name", sorted(OVERRIDES))
    def test_headers_that_replace_the_method_or_the_path(
        self, name: str, proxy: RunningProxy, upstream: Upstream
    ) -> None:
        refused(proxy.raw(f"POST /{proxy.token}/1/x HTTP/1.1", f"{name}: DELETE", "Content-Length: 0"), 403, "override")
        with_underscore = f"{name.replace('-', '_', 1)}: DELETE"
        refused(proxy.raw(f"POST /{proxy.token}/1/x HTTP/1.1", with_underscore, "Content-Length: 0"), 400, "header")
        assert upstream.arrived == []

    @pytest.mark.parametrize(
        "name",
        [
            "_method",
            "_METHOD",
            "_HttpMethod",
            ".method",
            "%20_method",
            "+_method",
            "a;_method",
            "_method%5B%5D",
            "x_http%5Bmethod_override",
            "rest_route",
            "rest%5Broute",
            "REST.route",
            "rest_oauth1",
            "wc-api-route",
        ],
    )
    def test_parameters_that_replace_the_method_or_the_path(
        self, name: str, proxy: RunningProxy, upstream: Upstream
    ) -> None:
        pair = f"{name}=DELETE"
        answer = proxy.raw(f"POST /{proxy.token}/1/x?{pair} HTTP/1.1", "Content-Length: 0")
        refused(answer, 403, "override")
        refused(post_form(proxy, f"a=b&{pair}".encode()), 403, "override")
        assert upstream.arrived == []
        assert replaces_call(["method", "_methods", "http_method", "route", "rest[route]"]) == ""


def post_form(proxy: RunningProxy, body: bytes, kind: str = FORM, *lines: str) -> tuple[int, dict[str, str], bytes]:
    length = f"Content-Length: {len(body)}"
    return proxy.raw(f"POST /{proxy.token}/1/x HTTP/1.1", f"Content-Type: {kind}", length, *lines, body=body)


class TestHeadersThatServersReadInDifferentWays:
    @pytest.mark.parametrize(
        "line",
        [
            "X_Own: 1",
            "X.Own: 1",
            "X-Own: \xe9",
            "X-Own: \x1b[31m",
            "X-Own: a\x7f",
            "Content-Type: text/plain",
            "Connection: close, Content-Type",
            "Connection: content-length",
            "Connection: authorization",
        ],
    )
    def test_400(self, line: str, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(post_form(proxy, b"_method=DELETE", FORM, line), 400, "header")
        assert upstream.arrived == []

    @pytest.mark.parametrize("kind", [f"{FORM}, text/plain", f"{FORM} charset=utf-8", "form", "", "a/b; c=d, e/f"])
    def test_content_types(self, kind: str, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(post_form(proxy, b"_method=DELETE", kind), 400, "header")
        assert upstream.arrived == []

    @pytest.mark.parametrize(
        "kind",
        [FORM, f"{FORM};", f"{FORM} ; charset=utf-8", 'a/b; c="d, e"; f=g', "multipart/form-data; boundary=--a=_b/c"],
    )
    def test_usual_content_types(self, kind: str) -> None:
        assert check_headers([(b"content-type", kind.encode())]) is None  # it raises where a type is refused


class TestForms:
    def test_what_would_have_to_be_decoded(self, proxy: RunningProxy, upstream: Upstream) -> None:
        refused(post_form(proxy, b"x", FORM, "Content-Encoding: gzip"), 400, "form")
        refused(post_form(proxy, b"x", f"{FORM}; charset=ibm037"), 400, "form")
        refused(post_form(proxy, b"x", f"{FORM}; charset=utf-8; charset=ibm037"), 400, "form")
        refused(post_form(proxy, b"x", f"{FORM}; x*=a; x*0=b"), 400, "form")
        answer = proxy.raw(
            f"GET /{proxy.token}/1/x HTTP/1.1", f"Content-Type: {FORM}", "Content-Length: 3", body=b"a=b"
        )
        refused(answer, 400, "form")
        assert upstream.arrived == []

    def test_the_number_of_fields(self, wide_proxy: RunningProxy, upstream: Upstream) -> None:
        upstream.arrived.clear()
        assert "10,000 fields" in refused(post_form(wide_proxy, b"a&" * 10_001), 413, "form_too_long")
        assert upstream.arrived == []
        assert post_form(wide_proxy, b"&".join([b"a"] * 10_000))[0] == 200

    def test_the_token_is_not_sent_in_any_spelling(self, proxy: RunningProxy, upstream: Upstream) -> None:
        encoded = "".join(f"%{ord(one):02x}" for one in proxy.token).encode()
        refused(post_form(proxy, b"a=" + encoded), 400, "token_sent")
        referer = f"Referer: {proxy.token}"
        refused(post_form(proxy, b"a=b", FORM, referer, f"X-Copy: {proxy.token}"), 400, "token_sent")
        assert upstream.arrived == []

    def test_forms_of_a_provider_that_does_not_sign(
        self, tmp_path: Path, upstream: Upstream, env: dict[str, str]
    ) -> None:
        upstream.arrived.clear()
        env = acme(tmp_path, upstream)
        file = tmp_path / "providers" / "acme.yaml"
        text = file.read_text().replace("api_base_url: http:", "api_base_url: https:")  # as bearer tokens need
        file.write_text(f"{text}api_auth: bearer\n")
        with running(tmp_path, env, "acme", "--allow", "POST /1/*") as proxy:
            refused(post_form(proxy, b"_method=DELETE"), 403, "override")
            refused(post_form(proxy, b"a=b"), 502, "provider_unreachable")
        assert upstream.arrived == []

    def test_parts_that_are_signed(self, tmp_path: Path, upstream: Upstream, env: dict[str, str]) -> None:
        upstream.arrived.clear()
        env = acme(tmp_path, upstream)
        file = tmp_path / "providers" / "acme.yaml"
        file.write_text(f"{file.read_text()}multipart: sign_fields\n")
        with running(tmp_path, env, "acme", "--allow", "POST /1/*") as proxy:
            parts = 'multipart/form-data; boundary="b"'
            part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            refused(post_form(proxy, part % (b"_method", b"PUT") + b"--b--", parts), 403, "override")
            refused(post_form(proxy, part % (b"a", proxy.token.encode()) + b"--b--", parts), 400, "token_sent")
            refused(post_form(proxy, part % (b"a", b"b") * 1001 + b"--b--", parts), 413, "form_too_long")
            refused(post_form(proxy, part % (b"a" * 8192, b"b") + b"--b--", parts), 400, "multipart")
            refused(
                post_form(proxy, part.replace(b'"%s"', b"%s") % (b"a\x00", b"") + b"--b--", parts), 400, "multipart"
            )
        assert upstream.arrived == []


class TestTokenEndpoints:
    TRELLO = TokenEndpoint.read("https://api.trello.com/1/tokens/{oauth_token}")
    WIKI = TokenEndpoint.read("https://meta.wikimedia.org/w/index.php?title=Special:OAuth/initiate")

    def test_a_value_in_the_path(self) -> None:
        assert is_token_endpoint("/1/Tokens/abc.json", [], [self.TRELLO])
        assert not is_token_endpoint("/1/members/abc", [], [self.TRELLO])

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("/w/index.php", "title=Special:OAuth/initiate"),
            ("/w/index.php", "a=b&TITLE=special%3Aoauth%2Finitiate"),
            ("/w/index.php", "title=Special:_OAuth/initiate_"),
            ("/w/index.php", "title=Sp%C3%A9cial:OAuth/initiate"),
            ("/w/", "title=:Special:OAuth/initiate"),
            ("/w/index.php/Special:OAuth/initiate", ""),
            ("/wiki/Special:OAuth/initiate", ""),
            ("/w/index.php", "title=Special:MWOAuth/initiate"),
            ("/w/index.php", "title=Special:OAuth/initiate%23x"),
            ("/w/index.php", "title=%D8%AE%D8%A7%D8%B5:%D8%A3%D9%88_%D8%A3%D9%88%D8%AB/initiate"),  # Arabic
            ("/w/index.php/Special:MWOAuth/initiate/x", ""),
        ],
    )
    def test_a_parameter_that_chooses(self, path: str, query: str) -> None:
        assert is_token_endpoint(path, parse_qsl(query), [self.WIKI])

    @pytest.mark.parametrize("query", ["title=Special:OAuth/identify", "title=Main_Page", "title=Main/initiate", ""])
    def test_a_parameter_that_chooses_something_else(self, query: str) -> None:
        assert not is_token_endpoint("/w/index.php", parse_qsl(query), [self.WIKI])
        assert not is_token_endpoint("/w/api.php", parse_qsl(query), [self.WIKI])
        assert not is_token_endpoint("/wiki/Special:OAuth/identify", parse_qsl(query), [self.WIKI])
        assert self.WIKI.shares_path("/w/index.php")
        assert not self.WIKI.shares_path("/w/api.php")

    def test_it_can_be_in_the_form(self, tmp_path: Path, upstream: Upstream) -> None:
        upstream.arrived.clear()
        env = acme(tmp_path, upstream)
        file = tmp_path / "providers" / "acme.yaml"
        file.write_text(file.read_text().replace("/oauth/request_token", "/1/x?title=Special:OAuth/initiate"))
        with running(tmp_path, env, "acme", "--allow", "* /*", "--allow", "POST /2/oauth2/token") as proxy:
            refused(post_form(proxy, b"title=Special%3AOAuth/initiate"), 403, "token_endpoint")
            refused(post_form(proxy, b"x", "multipart/form-data; boundary=b"), 403, "token_endpoint")
            assert upstream.arrived == []
            assert post_form(proxy, b"title=Main")[0] == 200
            text = refused(proxy.raw(f"GET /{proxy.token}/2/oauth2/token HTTP/1.1"), 403, "token_endpoint")
            assert "--allow 'GET /2/oauth2/token'" in text
            assert proxy.raw(f"POST /{proxy.token}/2/oauth2/token HTTP/1.1", "Content-Length: 0")[0] == 200


@pytest.mark.filterwarnings("ignore::oauth1_catalog.errors.DeprecatedProviderWarning")
def test_the_profile_of_a_provider_is_not_a_token_endpoint() -> None:
    catalog, profiles = Catalog(), 0
    for name in catalog.names():
        values = {key: value for key, value in catalog.required(name).items() if value is not None}
        provider = catalog.provider(name, values=values, insecure_transport=True)
        assert home_of(provider)[0] in {"http", "https"}
        if provider.userinfo and provider.userinfo.endpoint != "token_response":
            url = urljoin(provider.api_base_url or "", provider.userinfo.endpoint)
            parts = urlsplit(url)
            assert not is_token_endpoint(parts.path, parse_qsl(parts.query), token_endpoints(provider)), name
            assert not looks_like_token_endpoint(parts.path), name
            profiles += 1
    assert profiles > 20


@pytest.fixture(scope="module")
def wide_proxy(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[RunningProxy]:
    """Everything on every host is allowed."""
    folder = tmp_path_factory.mktemp("wide")
    with running(folder, acme(folder, upstream), "acme", "--allow", "* */*", "--json", "--max-form", 1) as proxy:
        yield proxy


def test_a_form_that_is_too_long(wide_proxy: RunningProxy, upstream: Upstream) -> None:
    upstream.arrived.clear()
    kind = "Content-Type: application/x-www-form-urlencoded"
    answer = wide_proxy.raw(f"POST /{wide_proxy.token}/1/x HTTP/1.1", kind, f"Content-Length: {2**20 + 1}")
    assert "at most 1,048,576 bytes" in refused(answer, 413, "form_too_long")
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    body = chunk * 17 + b"0\r\n\r\n"
    answer = wide_proxy.raw(f"POST /{wide_proxy.token}/1/x HTTP/1.1", kind, "Transfer-Encoding: chunked", body=body)
    refused(answer, 413, "form_too_long")
    assert upstream.arrived == []


def test_the_log_as_json(wide_proxy: RunningProxy, upstream: Upstream) -> None:
    wide_proxy.raw(f"GET /{wide_proxy.token}/1/files/acme-token/x?q=hush HTTP/1.1", "X-A: hush")
    entry = json.loads(wide_proxy.lines()[-1])
    ms, when = entry.pop("ms"), entry.pop("time")
    assert ms > 0
    assert when.endswith("Z")
    assert entry == {
        "method": "GET",
        "host": upstream.origin.removeprefix("http://"),
        "path": "/1/files/********/x",
        "status": 200,
        "sent": 0,
        "received": 5,
        "note": "",
    }


def test_a_long_method_and_a_long_path_are_not_logged_whole(proxy: RunningProxy) -> None:
    refused(proxy.raw(f"{'A' * 500} /{proxy.token}/1/x HTTP/1.1"), 403, "not_allowed")
    assert " - - 403, " in proxy.lines()[-1]
    assert proxy.raw(f"GET /{proxy.token}/1/{'a' * 5000} HTTP/1.1")[0] == 200
    assert len(proxy.lines()[-1]) < 1200


def test_an_answer_without_the_token_ends_the_connection(proxy: RunningProxy) -> None:
    with proxy.connected() as connection:
        connection.settimeout(30)
        connection.sendall(f"GET /x HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n\r\nGET ".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))  # to its end
    assert answer.startswith(b"HTTP/1.1 403")


def test_a_connection_that_sends_no_request_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def app(scope: dict[str, object], receive: object, send: Callable[[object], Awaitable[None]]) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(0.3)  # longer than a head has
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    monkeypatch.setattr("oauth1_catalog.cli.proxy.listening.SECONDS_FOR_A_HEAD", 0.2)
    with tcp_socket(0) as listening, serving(app, listening):
        for sent, answer in (
            (b"", b""),
            (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
            (b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.1 204"),
        ):
            with socket.create_connection(listening.getsockname()) as connection:
                connection.settimeout(30)
                connection.sendall(sent)
                with contextlib.suppress(ConnectionResetError):
                    assert connection.recv(12) == answer


def test_verbose_adds_names_alone(proxy: RunningProxy) -> None:
    proxy.raw(f"GET /{proxy.token}/1/x?q=hush HTTP/1.1", "X-A: hush")
    assert "GET 127.0.0.1:" in proxy.lines()[-1]
    assert "[q, host, x-a, connection]" in proxy.lines()[-1]


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            ("GET", "use 'METHOD /PATH'"),
            ("GET /a\\b", "backslash"),
            ("FETCH /a", "FETCH is not one of"),
            ("OPTIONS /a", "OPTIONS is not one of"),
            ("GET a", "the path begins with a slash"),
            ("GET /a?b=c", "only the path can be restricted"),
            ("GET /a%20b", "write the path decoded"),
            ("GET /a/../b", "a segment . or .."),
            ("GET /a/**/b", "write one *"),
            ("GET x_y/a", "comes the host of a call"),
        ],
    )
    def test_what_is_not_a_rule(self, rule: str, message: str) -> None:
        result = CliRunner().invoke(cli, ["proxy", "twitter", "--allow", rule, "--show-secrets"])
        assert result.exit_code == 2
        assert message in result.stderr

    @pytest.mark.parametrize("path", AMBIGUOUS)
    def test_ambiguous_paths_are_refused_before_any_rule(self, path: str) -> None:
        with pytest.raises(ValueError, match="path"):
            read_path(path.encode())

    def test_a_rule_with_a_blank_and_other_letters(self) -> None:
        assert Rule.read("GET /a b/é").permits("GET", "", read_path(b"/a%20b/%C3%A9"))

    def test_hosts_with_a_port(self) -> None:
        for host in ("a.example:0", "a.example:0443", "a.example:65536"):
            with pytest.raises(ValueError, match="host of a call"):
                read_host(host)

    def test_the_host_of_the_api_in_a_rule_and_in_a_call(self, tmp_path: Path, upstream: Upstream) -> None:
        host = upstream.origin.removeprefix("http://")
        with running(tmp_path, acme(tmp_path, upstream), "acme", "--allow", f"GET {host}/1/*") as proxy:
            assert proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1")[0] == 200
            assert proxy.raw(f"GET /{proxy.token}/@{host}/1/me HTTP/1.1")[0] == 200

    def test_a_rule_for_another_host(self) -> None:
        rule = Rule.read("POST Upload.Example.com/1.1/*")
        assert rule.permits("POST", "upload.example.com", "/1.1/media")
        assert not rule.permits("POST", "", "/1.1/media")
        assert str(rule) == "POST upload.example.com/1.1/*"


def test_headers_that_a_connection_names_stay_there() -> None:
    raw = [(b"Connection", b"close, X-One"), (b"X-One", b"1"), (b"X-Two", b"2"), (b"Transfer-Encoding", b"chunked")]
    assert sent_headers([*raw, (b"Content-Length", b"3")]) == {"x-two": "2", "accept-encoding": "identity"}


class TestSockets:
    @pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o1777])
    def test_a_directory_that_is_open_to_others(self, mode: int, env: dict[str, str], tmp_path: Path) -> None:
        folder = tmp_path / "open"
        folder.mkdir()
        folder.chmod(mode)
        path = folder / "proxy.sock"
        result = CliRunner().invoke(cli, ["proxy", "acme", "--socket", str(path), "--show-secrets"], env=env)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "others can enter the directory" in result.stderr
        assert not path.exists()

    def test_a_path_that_is_taken(self, env: dict[str, str], tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        (tmp_path / "file").write_text("mine")
        arguments = ["proxy", "acme", "--show-secrets", "--socket"]
        result = CliRunner().invoke(cli, [*arguments, str(tmp_path / "file")], env=env)
        assert "already exists, and is not a socket" in result.stderr
        result = CliRunner().invoke(cli, [*arguments, str(tmp_path / "no" / "file")], env=env)
        assert "No such file or directory" in result.stderr
        assert (tmp_path / "file").read_text() == "mine"

    def test_a_port_in_use(self, env: dict[str, str], proxy: RunningProxy) -> None:
        result = CliRunner().invoke(cli, ["proxy", "acme", "--port", str(proxy.port), "--show-secrets"], env=env)
        assert result.exit_code == 1
        assert f"port {proxy.port}: Address already in use. Choose another one with --port" in result.stderr


class TestCommandLine:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((), "no program could call the proxy"),
            (("--port", "1", "--socket", "x", "--show-secrets"), "--port and --socket: choose one of them."),
            (("--set", "token=hush", "--show-secrets"), "other users of this machine can read a command line"),
        ],
    )
    def test_what_is_missing(self, arguments: tuple[str, ...], message: str, env: dict[str, str]) -> None:
        result = CliRunner().invoke(cli, ["proxy", "acme", *arguments], env=env)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
        assert "hush" not in result.stderr

    def test_a_token_that_is_missing(self, env: dict[str, str]) -> None:
        without = {**env, "ACME_TOKEN": ""}
        result = CliRunner().invoke(cli, ["proxy", "acme", "--show-secrets"], env=without)
        assert result.exit_code == 1
        assert "ACME_TOKEN" in result.stderr

    def test_a_file_that_is_not_ours_is_kept(self, env: dict[str, str], tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_text("MINE=1\n")
        result = CliRunner().invoke(cli, ["proxy", "acme", "--output", str(file), "--port", "0"], env=env)
        assert "`proxy` did not write it" in result.stderr
        assert file.read_text() == "MINE=1\n"

    def test_a_file_of_another_user_is_kept(
        self, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "proxy.env"
        file.write_text(HEAD)
        monkeypatch.setattr("os.geteuid", lambda: file.stat().st_uid + 1)
        result = CliRunner().invoke(cli, ["proxy", "acme", "--output", str(file), "--port", "0"], env=env)
        assert "`proxy` did not write it" in result.stderr
        assert file.read_text() == HEAD

    def test_a_file_that_cannot_be_written(self, env: dict[str, str], tmp_path: Path) -> None:
        arguments = ["proxy", "acme", "--port", "0", "--output", str(tmp_path / "no" / "proxy.env")]
        result = CliRunner().invoke(cli, arguments, env=env)
        assert result.exit_code == 2
        assert f"--output {tmp_path / 'no' / 'proxy.env'}: No such file or directory." in " ".join(
            result.stderr.split()
        )

    def test_who_opened_the_old_file_sees_nothing(self, env: dict[str, str], tmp_path: Path) -> None:
        old = tmp_path / "proxy.env"
        old.write_text(HEAD)
        with old.open() as stream, running(tmp_path, env, "acme") as proxy:
            assert proxy.token not in stream.read()
            assert proxy.file.stat().st_mode & 0o777 == 0o600
            proxy.file.unlink()
            proxy.file.write_text("of another proxy")
            proxy.process.send_signal(signal.SIGQUIT)
            assert proxy.process.wait(30) == 0
        assert proxy.file.read_text() == "of another proxy"
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nsecond-line-of-the-key\nthird\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        (KEY, False),
        (KEY.replace("\n", "\\n"), False),
        ("".join(KEY.split()), False),
        ("x second-line-of-the-key x", False),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nanother\n-----END PRIVATE KEY-----", True),
    ],
)
def test_keys_of_several_lines(value: str, is_kept: bool) -> None:
    found = child_environment({"COPY": value}, {}, clients=["x"], of_file=[], secrets=[KEY])
    assert ("COPY" in found) is is_kept


def test_the_credentials_of_a_client() -> None:
    given = dict.fromkeys(
        ("SHOP_RSA_KEY", "ACME_ENCRYPTION_KEY", "SHOP_RSA_KEY_PASSPHRASE", "ACME_OAUTH2_CLIENT_SECRET", "shop_token"),
        "v",
    )
    assert len(credentials_of({**given, "SHOP_API_URL": "v", "OTHER_TOKEN": "v"}, ["shop", "acme"])) == len(given)
    found = child_environment({"ACME_URL": "x", "SHOP_URL": "x"}, {}, clients=["shop", "acme"], of_file=[], secrets=[])
    assert not found.keys() & {"ACME_URL", "SHOP_URL"}


def test_a_variable_that_contains_a_short_value_stays() -> None:
    found = child_environment({"A": "key"}, {}, clients=["x"], of_file=[], secrets=["key"])
    assert found["A"] == "key"


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"--b--", "multipart/form-data", "no boundary"),
        (b"a=b", "multipart/form-data; boundary=b", "begin and end"),
        (b"--b\r\n\r\nx", "multipart/form-data; boundary=b", "begin and end"),
        (b"--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", "has no name"),
        (PART % (b";a=b" * 40), "multipart/form-data; boundary=b", "more than 32 lines or parameters"),
        (PART % (b"\r\nA: b" * 40), "multipart/form-data; boundary=b", "more than 32 lines or parameters"),
        (PART % (b'; a="%b"' % (b"x" * 8192)), "multipart/form-data; boundary=b", "more than 8,192 bytes"),
        (PART % b"; filename*=punycode''%ff", "multipart/form-data; boundary=b", "cannot be read"),
        (PART % b"; filename*=utf-8''a%0ab", "multipart/form-data; boundary=b", "control character"),
        (PART % b'; filename="a\\\\b"', "multipart/form-data; boundary=b", "a backslash"),
        (PART % b'; filename="f"\r\nContent-Type: a/\x01b', "multipart/form-data; boundary=b", "control character"),
    ],
)
def test_a_body_that_is_not_multipart(body: bytes, kind: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_multipart(body, kind)


@pytest.mark.parametrize("filename", [b'; filename=""', b"; filename=", b"; filename*=utf-8''"])
def test_a_part_with_an_empty_file_name_is_a_text_field(filename: bytes) -> None:
    """The client writes it without a file name, and signs it: what is checked has to be the text, too."""
    assert read_multipart(PART % filename, "multipart/form-data; boundary=b") == [("a", (None, b"x"))]


def test_the_parts_of_a_body_keep_their_bytes() -> None:
    parts = [
        (b'name="a"; filename="\xc3\xa9.png"\r\nContent-Type: image/png', bytes(range(256))),
        (b'name="b"', b"\r\n--x"),
    ]
    body = b"".join(b"--b\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % part for part in parts) + b"--b--\r\n"
    found = read_multipart(body, 'multipart/form-data; boundary="b"')
    assert found == [("a", ("é.png", bytes(range(256)), "image/png")), ("b", (None, b"\r\n--x"))]
