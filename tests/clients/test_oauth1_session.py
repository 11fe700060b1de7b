"""The three steps of the sessions, against a provider whose judge is oauthlib."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    ConfigurationError,
    MissingRequestTokenError,
    MissingTokenError,
    MissingVerifierError,
    StateError,
    TokenRequestDeniedError,
    TransportError,
)

SECRETS = {None: "", "rt": "rs", "at": "as"}


class Provider:
    """Answers like a provider, and asserts that each request has what its step needs and nothing else."""

    def __init__(self, wire: Any, judge: Any, answer_with: Callable[..., bytes]) -> None:
        self.url = wire.url
        self.judge = judge
        self.answer_with = answer_with
        self.failures: list[Exception] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.parameters: list[list[tuple[str, str]]] = []
        wire.answer = self.answer

    def answer(self, request: Any) -> bytes:
        fields = [("oauth_token", ""), *parse_qsl(request.target.partition("?")[2]), *parse_qsl(request.body.decode())]
        token = dict(fields)["oauth_token"] or None
        if "oauth_token=" in (request.header("Authorization") or ""):
            token = (request.header("Authorization") or "").partition('oauth_token="')[2].partition('"')[0]
        self.judge.token_secret = SECRETS[token]
        path = request.target.partition("?")[0]
        try:
            protocol = self.judge(request)
        except AssertionError as error:
            self.failures.append(error)
            return self.answer_with("oauth_problem=signature_invalid", "401 Unauthorized")
        self.seen.append((path, protocol))
        self.parameters.append(self.judge.parameters)
        if path == "/request_token":
            return self.answer_with("oauth_token=rt&oauth_token_secret=rs&oauth_callback_confirmed=true&lang=en")
        if path == "/access_token":
            return self.answer_with("oauth_token=at&oauth_token_secret=as&screen_name=O'Neil %C3%A9")
        return self.answer_with("hello")

    def step(self, path: str) -> dict[str, str]:
        return dict(self.seen)[path]


@pytest.fixture
def provider(wire, judge, answer_with) -> Provider:
    return Provider(wire, judge, answer_with)


class Awaiting:
    """The asynchronous client with each call run to its end, so that one test serves all."""

    def __init__(self, runner: asyncio.Runner, client: httpx_client.AsyncOAuth1Client) -> None:
        self.runner = runner
        self.client = client

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.client, name)
        if not inspect.iscoroutinefunction(attribute):
            return attribute
        return lambda *args, **kwargs: self.runner.run(attribute(*args, **kwargs))


@pytest.fixture(params=["requests", "httpx", "httpx async"])
def session(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes sessions, and closes them in the end."""
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner()) if request.param == "httpx async" else None

        def make(*args: Any, **kwargs: Any) -> Any:
            if request.param == "requests":
                return stack.enter_context(requests_client.OAuth1Session(*args, **kwargs))
            if runner is None:
                return stack.enter_context(httpx_client.OAuth1Client(*args, **kwargs))
            client = Awaiting(runner, httpx_client.AsyncOAuth1Client(*args, **kwargs))
            stack.callback(client.aclose)
            return client

        yield make


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
def test_a_whole_login(provider, session, signature_type):
    callback = "https://app.example/cb?next=%2Fa%20b"
    client = session("ck", "cs", redirect_uri=callback, signature_type=signature_type)
    request_token = client.fetch_request_token(f"{provider.url}/request_token")
    assert request_token == {"oauth_token": "rt", "oauth_token_secret": "rs", "lang": "en"}

    url = client.create_authorization_url("https://provider.example/authorize?a=%5b", force_login=True)
    assert url == "https://provider.example/authorize?a=%5b&force_login=True&oauth_token=rt"

    answer = f"{callback}&oauth_verifier=v%2B1&oauth_token=rt&oauth_token_secret=evil&lang=de"
    assert client.parse_authorization_response(answer)["lang"] == "de"
    assert client.token == {"oauth_token": "rt", "oauth_token_secret": "rs", "oauth_verifier": "v+1"}

    token = client.fetch_access_token(f"{provider.url}/access_token")
    assert token == {"oauth_token": "at", "oauth_token_secret": "as", "screen_name": "O'Neil é"}
    assert client.token == {"oauth_token": "at", "oauth_token_secret": "as", "oauth_verifier": None}
    assert client.post(f"{provider.url}/api", data={"a": "b"}).text == "hello"

    assert provider.failures == []
    assert provider.step("/request_token")["oauth_callback"] == callback
    assert not {"oauth_token", "oauth_verifier"} & provider.step("/request_token").keys()
    assert provider.step("/access_token")["oauth_verifier"] == "v+1"
    assert "oauth_callback" not in provider.step("/access_token")
    assert not {"oauth_callback", "oauth_verifier"} & provider.step("/api").keys()
    assert {protocol["place"] for _, protocol in provider.seen} == {signature_type}


def test_a_second_login_begins_anew(provider, session):
    client = session("ck", "cs", token="at", token_secret="as", redirect_uri="https://app.example/cb")
    client.fetch_request_token(f"{provider.url}/request_token")
    assert "oauth_token" not in provider.step("/request_token")
    assert client.token["oauth_token"] == "rt"


def test_a_login_ends_with_a_pin(provider, session):
    client = session("ck", "cs", redirect_uri="oob")
    client.fetch_request_token(f"{provider.url}/request_token")
    client.fetch_access_token(f"{provider.url}/access_token", "1234567")
    assert provider.step("/request_token")["oauth_callback"] == "oob"
    assert provider.step("/access_token")["oauth_verifier"] == "1234567"
    assert provider.failures == []


def test_the_callback_in_another_process(provider, session):
    """The request token comes out of a session store."""
    for client in (
        session("ck", "cs", token="rt", token_secret="rs"),
        session("ck", "cs", token={"oauth_token": "rt", "oauth_token_secret": "rs"}),
    ):
        client.parse_authorization_response("https://app.example/cb?oauth_token=rt&oauth_verifier=v")
        assert client.fetch_access_token(f"{provider.url}/access_token")["oauth_token"] == "at"
    client = session("ck", "cs", token="rt", token_secret="rs", verifier="v")
    assert client.fetch_access_token(f"{provider.url}/access_token")["oauth_token"] == "at"
    assert provider.failures == []


def test_static_token_and_two_legged(provider, session):
    session("ck", "cs", token="at", token_secret="as").get(f"{provider.url}/api")
    session("ck", "cs").get(f"{provider.url}/two")
    assert provider.step("/api")["oauth_token"] == "at"
    assert "oauth_token" not in provider.step("/two")
    assert provider.failures == []


@pytest.mark.parametrize("place", ["data", "params"])
def test_xauth(provider, session, place):
    parameters = {"x_auth_username": "me", "x_auth_password": "hush & +", "x_auth_mode": "client_auth"}
    client = session("ck", "cs")
    assert client.fetch_access_token(f"{provider.url}/access_token", **{place: parameters})["oauth_token"] == "at"
    assert sorted(provider.parameters[-1]) == sorted(parameters.items())
    assert client.token["oauth_token"] == "at"
    assert provider.failures == []


def test_a_provider_without_verifier(provider, session):
    client = session("ck", "cs", token="rt", token_secret="rs")
    with pytest.raises(MissingVerifierError, match='Missing "verifier" value'):
        client.fetch_access_token(f"{provider.url}/access_token")
    assert provider.seen == []
    client.fetch_access_token(f"{provider.url}/access_token", verifier="")
    assert "oauth_verifier" not in provider.step("/access_token")


def test_parameters_headers_and_query_of_a_token_request(provider, session, wire):
    client = session("ck", "cs")
    client.fetch_request_token(
        f"{provider.url}/request_token?a=1",
        params=[("b", "2 3")],
        data="scope=read&x=%20",
        headers={"X-Mine": "yes"},
        timeout=3,
    )
    assert sorted(provider.parameters[-1]) == [("a", "1"), ("b", "2 3"), ("scope", "read"), ("x", " ")]
    assert wire.last.header("X-Mine") == "yes"
    assert provider.failures == []


def test_a_wrong_keyword_of_a_token_request(provider, session):
    with pytest.raises(ConfigurationError, match=r"was given json, parms\. It takes .*data, headers, params"):
        session("ck", "cs").fetch_request_token(f"{provider.url}/request_token", parms={}, json={})
    assert provider.seen == []


def test_a_parameter_twice_in_a_token_request(provider, session):
    with pytest.raises(ConfigurationError, match=r"comes twice: it has a, b\."):
        session("ck", "cs").fetch_request_token(f"{provider.url}/request_token", data="a=1&b=2&a=3")
    assert provider.seen == []


@pytest.mark.parametrize("session", ["httpx", "httpx async"], indirect=True)
def test_what_httpx2_does_not_take_for_one_request_is_not_dropped_in_silence(provider, session):
    with pytest.raises(ConfigurationError, match="was given verify"):
        session("ck", "cs").fetch_request_token(f"{provider.url}/request_token", verify=False)
    assert provider.seen == []


class TestCallbacks:
    def test_denied(self, session):
        for query in ("denied=rt", "oauth_token=rt&oauth_problem=user_refused"):
            with pytest.raises(AuthorizationDeniedError):
                session("ck", "cs", token="rt", token_secret="rs").parse_authorization_response(f"https://a/?{query}")

    def test_of_nobody(self, session):
        with pytest.raises(MissingRequestTokenError):
            session("ck", "cs").parse_authorization_response("https://a/?x=y")

    def test_of_another_login(self, session):
        with pytest.raises(StateError, match="another request token"):
            session("ck", "cs", token="rt", token_secret="rs").parse_authorization_response(
                "https://a/?oauth_token=other&oauth_verifier=v"
            )

    def test_with_a_parameter_twice(self, session):
        with pytest.raises(StateError, match="twice"):
            session("ck", "cs").parse_authorization_response("https://a/?oauth_token=rt&oauth_token=rt")


def test_nothing_to_ask_with(session):
    with pytest.raises(MissingVerifierError, match=r"Pass verifier=.*for xAuth data="):
        session("ck", "cs").fetch_access_token("http://127.0.0.1:9/access_token")
    with pytest.raises(MissingTokenError, match=r"Call fetch_request_token\(\) first"):
        session("ck", "cs").create_authorization_url("https://a/")


def test_an_address_from_a_token_that_is_passed(session):
    client = session("ck", "cs")
    assert client.create_authorization_url("https://a/", "x") == "https://a/?oauth_token=x"
    assert client.create_authorization_url("https://a/", {"oauth_token": "y"}) == "https://a/?oauth_token=y"
    assert "oauth_callback=oob" in client.create_authorization_url("https://a/", "x", oauth_callback="oob")


def test_a_refusal_of_the_provider_raises(provider, session):
    with pytest.raises(TokenRequestDeniedError) as caught:
        session("ck", "wrong").fetch_request_token(f"{provider.url}/request_token")
    assert caught.value.problem == "signature_invalid"
    assert caught.value.status == 401


def test_a_provider_that_does_not_answer_raises(session):
    with pytest.raises(TransportError, match=r"127\.0\.0\.1:9: the connection was refused"):
        session("ck", "cs").fetch_request_token("http://127.0.0.1:9/request_token")


def test_the_token_can_be_set(provider, session):
    client = session("ck", "cs")
    assert client.token == {"oauth_token": None, "oauth_token_secret": None, "oauth_verifier": None}
    inner = getattr(client, "client", client)
    inner.token = {"oauth_token": "at", "oauth_token_secret": "as", "screen_name": "me"}
    client.get(f"{provider.url}/api")
    inner.token = None
    client.get(f"{provider.url}/two")
    assert provider.step("/api")["oauth_token"] == "at"
    assert "oauth_token" not in provider.step("/two")
    with pytest.raises(ConfigurationError, match="no oauth_token"):
        inner.token = {"token": "x"}
    assert provider.failures == []


def test_the_arguments_are_authlibs():
    """In the same order, with the same defaults; our own come behind them."""
    from authlib.integrations import httpx_client as their_httpx
    from authlib.integrations import requests_client as theirs

    pairs = [
        (requests_client.OAuth1Session, theirs.OAuth1Session),
        (httpx_client.OAuth1Client, their_httpx.OAuth1Client),
        (httpx_client.AsyncOAuth1Client, their_httpx.AsyncOAuth1Client),
        (requests_client.OAuth1Auth, theirs.OAuth1Auth),
        (httpx_client.OAuth1Auth, their_httpx.OAuth1Auth),
    ]
    for ours, authlibs in pairs:
        mine = [
            (parameter.name, parameter.default)
            for parameter in inspect.signature(ours).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        their = [
            (parameter.name, parameter.default)
            for parameter in inspect.signature(authlibs).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        assert mine[: len(their)] == their, ours


def test_the_names_are_authlibs():
    from authlib.integrations import httpx_client as their_httpx
    from authlib.integrations import requests_client as theirs

    for ours, authlibs in ((requests_client, theirs), (httpx_client, their_httpx)):
        wanted = {name for name in authlibs.__all__ if "OAuth2" not in name and "Assertion" not in name}
        assert wanted <= set(ours.__all__)
        for name in wanted:
            if name.startswith("SIGNATURE"):
                assert getattr(ours, name) == getattr(authlibs, name)
