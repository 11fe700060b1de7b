"""Calls of the provider's API: whose token, which address, which options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from starlette.datastructures import URL, QueryParams

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.rfc5849.messages import TokenCredentials
from tests.integrations.applications import ASYNC, Application, Body, now
from tests.integrations.faces import other_face

Call = Callable[..., Any]


@pytest.fixture
def token(emulator: Emulator) -> dict[str, str]:
    emulator.catalog.provider("twitter")
    issued = emulator.issue_token("twitter", user="ada")
    return {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}


def serve(app: Application, body: Body) -> Any:
    """What the body of one view gives."""
    app.views["/it"] = body
    answer = app.browser().get("/it")
    assert answer.status in {200, 400}, answer.text
    return answer.json


class Row:
    def __init__(self, token: dict[str, str]) -> None:
        self._token = token

    def to_token(self) -> dict[str, str]:
        return self._token


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "options"])
def test_verbs_parameters_and_bodies(app: Application, token: dict[str, str], verb: str) -> None:
    async def body(app: Application, *request: Any) -> Any:
        options: dict[str, Any] = {"params": {"q": "a b&c", "n": 1}, "token": token}
        if verb in {"post", "put", "patch"}:
            options["json"] = {"text": "é"}
        return (await now(getattr(app.client, verb)("statuses/x.json", **options))).json()

    echo = serve(app, body)
    assert (echo["method"], echo["user"]) == (verb.upper(), "ada")
    assert echo["query"] == [["q", "a b&c"], ["n", "1"]]
    assert echo["body"].replace(" ", "") in {"", '{"text":"é"}', '{"text":"\\u00e9"}'}


FLICKR = "?method=flickr.photos.search&text=cat"
METHOD, JSON = ["method", "flickr.photos.search"], [["format", "json"], ["nojsoncallback", "1"]]


@pytest.mark.parametrize(
    ("url", "params", "query"),
    [
        (FLICKR, None, [METHOD, ["text", "cat"], *JSON]),
        (FLICKR, {}, [METHOD, ["text", "cat"], *JSON]),
        (FLICKR, {"page": 2}, [METHOD, ["text", "cat"], *JSON, ["page", "2"]]),
        (FLICKR, [("tag", "a"), ("tag", "b")], [METHOD, ["text", "cat"], *JSON, ["tag", "a"], ["tag", "b"]]),
        (FLICKR, "page=2", [METHOD, ["text", "cat"], *JSON, ["page", "2"]]),
        (FLICKR, QueryParams("tag=a&tag=b"), [METHOD, ["text", "cat"], *JSON, ["tag", "a"], ["tag", "b"]]),
        (f"{FLICKR}&format=xml", None, [METHOD, ["text", "cat"], ["format", "xml"], JSON[1]]),
        ("", {"format": "xml"}, [["format", "xml"], JSON[1]]),
        ("", [("format", "xml")], [JSON[1], ["format", "xml"]]),
        ("", "format=xml", [JSON[1], ["format", "xml"]]),
        ("", b"format=xml", [JSON[1], ["format", "xml"]]),
    ],
)
def test_the_query_the_parameters_and_those_of_the_file(
    make: Callable[..., Application], emulator: Emulator, url: str, params: Any, query: list[list[str]]
) -> None:
    """Nothing of the three is lost, and what the call names wins over the provider's file."""
    client, issued = emulator.client("flickr"), emulator.issue_token("flickr")
    config = {"flickr": {"client_id": client.client_id, "client_secret": client.client_secret}}
    app = make(config=config, register=False)
    app.oauth.register_from_catalog("flickr")
    app.name = "flickr"

    async def body(app: Application, *request: Any) -> Any:
        return (await now(app.client.get(url, params=params, token=issued))).json()["query"]

    assert sorted(serve(app, body)) == sorted(query)


def test_a_form_and_head(app: Application, token: dict[str, str]) -> None:
    async def body(app: Application, *request: Any) -> Any:
        posted = await now(app.client.post("statuses/update.json", data={"status": "hi & bye"}, token=token))
        head = await now(app.client.head("statuses/x.json", token=token))
        return [posted.json()["form"], head.status_code]

    assert serve(app, body) == [[["status", "hi & bye"]], 200]


@pytest.mark.parametrize("verb", ["request", "get", "post", "put", "patch", "delete", "head", "options"])
def test_extra_protocol_parameters_are_signed_and_sent(app: Application, token: dict[str, str], verb: str) -> None:
    async def body(app: Application, *request: Any) -> Any:
        where = ["GET", "lti.json"] if verb == "request" else ["lti.json"]
        extra = {"oauth_callback": "about:blank"}
        answer = await now(getattr(app.client, verb)(*where, oauth_params=extra, token=token))
        return [answer.status_code, answer.request.headers["Authorization"]]

    status, header = serve(app, body)
    assert status == 200  # oauthlib has verified the signature
    assert 'oauth_callback="about%3Ablank"' in header


def test_extra_protocol_parameters_in_the_other_faces(app: Application, token: dict[str, str]) -> None:
    async def body(app: Application, *request: Any) -> Any:
        call = other_face(app, "post")
        answer = await now(call("lti.json", oauth_params={"oauth_callback": "about:blank"}, token=token))
        return [answer.status_code, answer.request.headers["Authorization"]]

    status, header = serve(app, body)
    assert status == 200
    assert 'oauth_callback="about%3Ablank"' in header


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"params": {"oauth_callback": "about:blank"}}, "pass it in oauth_params="),
        ({"data": {"oauth_callback": "about:blank"}}, "pass it in oauth_params="),
        ({"oauth_params": {"oauth_nonce": "1"}}, "'oauth_nonce' is not an extra protocol parameter"),
        ({"oauth_params": {"callback": "1"}}, "'callback' is not an extra protocol parameter"),
        ({"oauth_params": [("oauth_callback", "1")]}, "are list. Pass a dictionary"),
        ({"oauth_params": {"oauth_callback": 1}}, "oauth_callback is int. Pass text"),
    ],
)
def test_protocol_parameters_that_cannot_be_sent(
    app: Application, token: dict[str, str], given: dict[str, Any], words: str
) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.post("lti.json", token=token, **given))

    error = serve(app, body)
    assert (error["error"], error["provider"]) == ("signing_error", "twitter")
    assert words in error["description"]


@pytest.mark.parametrize("kind", ["mapping", "object", "credentials"])
def test_tokens_of_every_kind(app: Application, token: dict[str, str], kind: str) -> None:
    given = {"mapping": token, "object": Row(token), "credentials": TokenCredentials(*token.values())}[kind]

    async def body(app: Application, *request: Any) -> Any:
        return (await now(app.client.get("me.json", token=given))).json()["user"]

    assert serve(app, body) == "ada"


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, "token"),
        ({"oauth_token": ""}, "it has the fields oauth_token"),
        ({"access_token": "canary"}, "it has the fields access_token"),
        (Row({}), "it is empty"),
        ("canary", "it is of type str"),
        (b"canary", "it is of type bytes"),
        (7, "it is of type int"),
        (["canary"], "it is of type list"),
    ],
)
def test_tokens_that_are_none(app: Application, given: Any, fault: str) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.get("me.json", token=given))

    error = serve(app, body)
    assert (error["error"], error["provider"], error["step"]) == ("missing_token", "twitter", "api")
    assert fault in error["description"]
    assert "canary" not in error["description"]


def test_a_forgotten_await(app: Application) -> None:
    async def find() -> dict[str, str]:
        return {"oauth_token": "t"}

    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.get("me.json", token=find()))

    error = serve(app, body)
    assert "it is of type coroutine. Await the call that gives the token." in error["description"]


@pytest.mark.parametrize("given", [("ada", "canary"), "canary", None, lambda request: request])
def test_auth_is_no_argument_of_a_call(app: Application, token: dict[str, str], given: Any) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.get("me.json", token=token, auth=given))

    error = serve(app, body)
    assert (error["error"], error["provider"], error["step"]) == ("unknown_parameter", "twitter", "api")
    assert "Pass token= to choose whose call it is, or withhold_token=True" in error["description"]


def test_a_url_object(app: Application, token: dict[str, str]) -> None:
    async def body(app: Application, *request: Any) -> Any:
        urls = [httpx2.URL("me.json"), URL("me.json"), httpx2.URL(f"{app.client.api_base_url}me.json")]
        return [(await now(app.client.get(url, token=token))).json()["user"] for url in urls]

    assert serve(app, body) == ["ada", "ada", "ada"]


@pytest.mark.parametrize("url", [b"me.json", bytearray(b"me.json"), None, 7, 1.5, True, ["me.json"], {}, object()])
def test_what_is_no_url(app: Application, token: dict[str, str], url: Any) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.get(url, token=token))

    error = serve(app, body)
    assert (error["error"], error["provider"], error["step"]) == ("forbidden_url", "twitter", "api")
    assert f"the URL of a call is of type {type(url).__name__}" in error["description"]


def test_without_a_token_on_purpose(app: Application, token: dict[str, str]) -> None:
    async def body(app: Application, *request: Any) -> Any:
        both = [await now(app.client.get("x.json", withhold_token=True, token=given)) for given in (None, token)]
        return [response.request.headers["Authorization"] for response in both]

    headers = serve(app, body)
    assert len(headers) == 2
    for header in headers:
        assert header.startswith("OAuth oauth_consumer_key")
        assert "oauth_token=" not in header


class TestFetchToken:
    @pytest.mark.parametrize("shared", [False, True])
    def test_of_a_client_and_of_all(
        self, make: Callable[..., Application], framework: str, token: dict[str, str], shared: bool
    ) -> None:
        asked: list[Any] = []

        def fetch(*arguments: Any) -> Any:
            asked.append(arguments)
            return token

        async def afetch(*arguments: Any) -> Any:
            return fetch(*arguments)

        async def body(app: Application, *request: Any) -> Any:
            return (await now(app.client.get("me.json", **({"request": request[0]} if request else {})))).json()["user"]

        for function in (fetch, afetch) if framework in ASYNC else (fetch,):
            app = make(fetch_token=function) if shared else make(register=False)
            if not shared:
                app.oauth.register_from_catalog("twitter", fetch_token=function)
            assert serve(app, body) == "ada"
            assert len(asked[-1]) == shared + (framework not in {"flask", "quart"})
            assert not shared or asked[-1][0] == "twitter"

    def test_the_clients_own_comes_first(self, make: Callable[..., Application], token: dict[str, str]) -> None:
        app = make(register=False, fetch_token=lambda *_: pytest.fail("the shared one was asked"))
        app.oauth.register_from_catalog("twitter", fetch_token=lambda *_: token)

        async def body(app: Application, *request: Any) -> Any:
            options = {"request": request[0]} if request else {}
            claims = await now(app.client.userinfo(**options))
            return [(await now(app.client.get("me.json", **options))).json()["user"], claims["preferred_username"]]

        assert serve(app, body) == ["ada", "ada"]

    def test_it_has_none(self, make: Callable[..., Application]) -> None:
        app = make(fetch_token=lambda *_: None)

        async def body(app: Application, *request: Any) -> Any:
            return await now(app.client.get("me.json", **({"request": request[0]} if request else {})))

        assert serve(app, body)["error"] == "missing_token"


class TestAddresses:
    async def call(self, app: Application, url: str, **options: Any) -> Any:
        return await now(app.client.get(url, **options))

    def ask(self, app: Application, url: str, **options: Any) -> Any:
        async def body(app: Application, *request: Any) -> Any:
            return (await self.call(app, url, **options)).json()

        return serve(app, body)

    def test_relative_and_absolute(self, app: Application, emulator: Emulator, token: dict[str, str]) -> None:
        base = f"{emulator.origins.secure}/twitter/api/api.twitter.com/1.1/"
        for url, path in (
            ("account/x", "1.1/account/x"),
            (f"{base}account/x", "1.1/account/x"),
            ("../2/users/me", "2/users/me"),
        ):
            assert self.ask(app, url, token=token)["path"].endswith(f"/api.twitter.com/{path}")

    @pytest.mark.parametrize("url", ["//evil.example/x", "/\\evil.example/x", "\\\\evil.example\\x", "///evil.example"])
    def test_a_host_without_a_scheme_is_refused_everywhere(
        self, app: Application, token: dict[str, str], url: str
    ) -> None:
        app.oauth.register("by_hand", client_id="k", client_secret="s", api_base_url="https://api.example.com/")
        for name in ("twitter", "by_hand"):
            app.name = name
            error = self.ask(app, url, token=token, allow_any_host=True)
            assert (error["error"], error["step"]) == ("forbidden_url", "api")

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/x",
            "http://api.twitter.com/1.1/x",
            "https://api.twitter.com.evil.example/",
            "https:evil",
        ],
    )
    def test_strangers_get_no_token(self, app: Application, token: dict[str, str], url: str) -> None:
        error = self.ask(app, url, token=token)
        assert error["error"] in {"forbidden_host", "forbidden_url", "insecure_transport"}
        assert error["provider"] == "twitter"

    def test_a_stranger_whom_the_caller_vouches_for(
        self, app: Application, emulator: Emulator, token: dict[str, str]
    ) -> None:
        app.oauth.register_from_catalog("twitter", api_base_url="https://api.example.com/")
        url = f"{emulator.origins.secure}/twitter/api/api.twitter.com/1.1/x"
        assert self.ask(app, url, token=token, allow_any_host=True)["user"] == "ada"

    def test_a_client_by_hand_may_call_anybody(
        self, app: Application, emulator: Emulator, token: dict[str, str]
    ) -> None:
        twitter = emulator.client("twitter")
        app.oauth.register("by_hand", client_id=twitter.client_id, client_secret=twitter.client_secret)
        app.name = "by_hand"
        assert (
            self.ask(app, f"{emulator.origins.secure}/twitter/api/api.twitter.com/1.1/x", token=token)["user"] == "ada"
        )
        assert self.ask(app, "x", token=token)["error"] == "missing_setting"

    def test_a_redirect_to_a_stranger_is_an_error_of_ours(
        self, app: Application, emulator: Emulator, token: dict[str, str], framework: str
    ) -> None:
        emulator.fail_next("api", status=302, headers={"Location": "https://evil.example/?x=canary"})
        options = {"follow_redirects": True} if framework in ASYNC else {}
        error = self.ask(app, "x", token=token, **options)
        assert (error["error"], error["provider"], error["step"]) == ("redirect_refused", "twitter", "api")
        assert "canary" not in error["description"]


def test_options_of_the_transport(make: Callable[..., Application], framework: str, token: dict[str, str]) -> None:
    options: dict[str, Any] = {"timeout": 5, "headers": {"X-Mine": "1"}, "trust_env": True, "max_connections": 2}
    app = make(register=False)
    app.oauth.register_from_catalog("twitter", client_kwargs=options, user_agent="mine/1", headers={"X-All": "2"})

    async def body(app: Application, *request: Any) -> Any:
        return (await now(app.client.get("x.json", token=token, headers={"X-Call": "3"}, timeout=3))).json()["headers"]

    headers = {name.lower(): value for name, value in serve(app, body).items()}
    assert [headers[name] for name in ("x-mine", "x-all", "x-call", "user-agent")] == ["1", "2", "3", "mine/1"]


def test_options_of_the_other_transport_are_refused(make: Callable[..., Application], framework: str) -> None:
    app = make(register=False)
    wrong = {"proxies": {}} if framework in ASYNC else {"proxy": "http://p"}
    with pytest.raises(OAuthError, match="which this client's HTTP library does not know"):
        app.oauth.register_from_catalog("twitter", client_kwargs=wrong)


def test_connections_are_kept(app: Application, emulator: Emulator, token: dict[str, str]) -> None:
    async def body(app: Application, *request: Any) -> Any:
        for _ in range(5):
            await now(app.client.get("x.json", token=token))
        return {}

    serve(app, body)
    assert emulator.journal.connections_opened == 1
