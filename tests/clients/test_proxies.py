"""PLAINTEXT to this machine takes no proxy of the environment, by any client; what else is sent does."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import anyio
import pytest
import requests

from oauth1_catalog.clients.httpx_client import AsyncOAuth1Client, OAuth1Client
from oauth1_catalog.clients.httpx_client import OAuth1Auth as HttpxAuth
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.requests_client import OAuth1Auth, OAuth1Session
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849.messages import Request

PLAINTEXT = {"signature_method": "PLAINTEXT"}
TOKEN_FORM = "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"


@pytest.fixture
def proxy(stranger: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The proxy that the environment names, for everything."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, stranger.url)
    return stranger


def by_session(url: str, **options: Any) -> None:
    session = OAuth1Session("key", "hush", **options)
    session.get(f"{url}/api")
    session.post(f"{url}/api", data={"a": "b"})
    session.fetch_request_token(f"{url}/initiate")


def by_client(url: str, **options: Any) -> None:
    with OAuth1Client("key", "hush", **options) as client:
        client.get(f"{url}/api")
        client.fetch_request_token(f"{url}/initiate")


def by_async_client(url: str, **options: Any) -> None:
    async def run() -> None:
        async with AsyncOAuth1Client("key", "hush", **options) as client:
            await client.get(f"{url}/api")
            await client.fetch_request_token(f"{url}/initiate")

    anyio.run(run)


def by_pool(url: str, *, is_plaintext: bool = True, **options: Any) -> None:
    options.pop("signature_method", None)
    with RequestsPool(is_plaintext=is_plaintext, **options) as pool:
        pool.send(Request("POST", f"{url}/initiate"))
        pool.request("GET", f"{url}/api", auth=OAuth1Auth("key", "hush", **PLAINTEXT))


def by_pool_with_a_session_of_ones_own(url: str, *, is_plaintext: bool = True, **options: Any) -> None:
    by_pool(url, is_plaintext=is_plaintext, session_factory=requests.Session, **options)


def by_async_pool(url: str, *, is_plaintext: bool = True, **options: Any) -> None:
    options.pop("signature_method", None)

    async def run() -> None:
        async with HttpxPool(is_plaintext=is_plaintext, **options) as pool:
            await pool.send(Request("POST", f"{url}/initiate"))
            await pool.request("GET", f"{url}/api", auth=HttpxAuth("key", "hush", **PLAINTEXT))

    anyio.run(run)


SESSIONS = [by_session, by_client, by_async_client]
POOLS = [by_pool, by_pool_with_a_session_of_ones_own, by_async_pool]


@pytest.mark.parametrize("send", [*SESSIONS, *POOLS])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_this_machine_is_reached_directly(
    proxy: Any,
    serve: Callable[..., AbstractContextManager[Any]],
    answer_with: Callable[..., bytes],
    send: Callable[..., None],
    host: str,
) -> None:
    with serve(None, "127.0.0.1" if host == "localhost" else host) as server:
        server.answer = lambda _: answer_with(TOKEN_FORM)
        send(f"http://localhost:{server.port}" if host == "localhost" else server.url, **PLAINTEXT)
        assert len(server.arrived) >= 2
    assert proxy.received == b""


@pytest.mark.parametrize("send", SESSIONS)
def test_other_methods_and_other_hosts_take_the_proxy(
    proxy: Any, answer_with: Callable[..., bytes], send: Callable[..., None]
) -> None:
    proxy.answer = lambda _: answer_with(TOKEN_FORM)
    send("http://127.0.0.1:9")
    send("http://provider.example", allow_plaintext_over_http=True, **PLAINTEXT)
    assert {request.target.split("/")[2] for request in proxy.arrived} == {"127.0.0.1:9", "provider.example"}


@pytest.mark.parametrize("send", POOLS)
def test_pools_of_other_methods_take_the_proxy(
    proxy: Any, answer_with: Callable[..., bytes], send: Callable[..., None]
) -> None:
    proxy.answer = lambda _: answer_with(TOKEN_FORM)
    send("http://127.0.0.1:9", is_plaintext=False)
    assert len(proxy.arrived) == 2


@pytest.mark.parametrize(
    ("send", "name"), [(by_session, "proxies"), (by_pool, "proxies"), (by_client, "proxy"), (by_async_pool, "proxy")]
)
def test_a_proxy_of_the_application_is_used(
    serve: Callable[..., AbstractContextManager[Any]],
    answer_with: Callable[..., bytes],
    send: Callable[..., None],
    name: str,
) -> None:
    with serve() as own:
        own.answer = lambda _: answer_with(TOKEN_FORM)
        send("http://127.0.0.1:9", **PLAINTEXT, **{name: {"http": own.url} if name == "proxies" else own.url})
        assert len(own.arrived) >= 2


BAD = [
    "user:hush@proxy.example:x",
    "http://user:hu/sh@proxy.example:1",
    "http://user:hu?sh@proxy.example:1",
    "http://user:hu#sh@proxy.example:1",
    "http://user:1/hush@proxy.example:1",
    "http://user:hush@[::1",
    "http://user:hush@proxy.example:x",
    "http://user:hu\nsh@proxy.example:1",
    "http://user:hush@",
]


@pytest.mark.parametrize("url", BAD)
@pytest.mark.parametrize("where", ["argument", "call", "environment"])
@pytest.mark.parametrize("send", [*SESSIONS, *POOLS])
def test_the_url_of_a_proxy_is_quoted_by_no_error(
    monkeypatch: pytest.MonkeyPatch, send: Callable[..., None], url: str, where: str
) -> None:
    takes_proxies = send in {by_session, by_pool, by_pool_with_a_session_of_ones_own}
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    options: dict[str, Any] = {}
    if where == "environment":
        if send is by_pool_with_a_session_of_ones_own:
            return  # a session of requests' own, which takes what it takes
        monkeypatch.setenv("HTTP_PROXY", url)
    elif where == "argument":
        options = {"proxies": {"http": url, "https": url}} if takes_proxies else {"proxy": url}
    elif send is not by_session:
        return
    if send in POOLS:
        options["is_plaintext"] = False
    if where == "call":
        options = {"proxies": {"http": url}}
        send = OAuth1Session("key", "secret").get
    with pytest.raises(ConfigurationError, match="is not the URL of a proxy") as caught:
        send("http://provider.example", **options)
    told = "".join(traceback.format_exception(caught.value))
    assert "hu" not in caught.value.description.replace("http", "")
    assert not any(part in told for part in ("user:hu", "hush@", "sh@proxy", "'hu'"))


@pytest.mark.parametrize("send", [by_client, by_async_client, by_async_pool])
def test_httpx2_wants_a_scheme(send: Callable[..., None]) -> None:
    with pytest.raises(ConfigurationError, match=r"proxy is not the URL of a proxy\. Write http://host:port"):
        send("http://provider.example", proxy="user:hush@proxy.example:3128")
