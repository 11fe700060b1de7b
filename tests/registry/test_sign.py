"""``client.sign``: a request that another HTTP library sends, under the rules of the client's own calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import urllib3

import tests.django_settings  # noqa: F401 - before what needs settings
from oauth1_catalog import async_client, client
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, OAuthError, SigningError
from oauth1_catalog.registry.current_token import RequestTokens, serving_within
from oauth1_catalog.rfc5849 import Request
from tests.integrations.applications import FRAMEWORKS
from tests.integrations.test_secrecy import shown

MAKERS = {"client()": client, "async_client()": async_client}
KEYS = {"client_id": "key", "client_secret": "hush"}
TOKEN = {"token": "token", "token_secret": "hush"}
Make = Callable[..., Any]


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    return MAKERS[request.param]


@pytest.fixture
def at_emulator(make: Make, emulator: Emulator) -> Make:
    """``at_emulator("twitter")``: a client there, with a token of ``grace``."""

    def made(name: str, **arguments: Any) -> Any:
        keys, token = emulator.client(name), emulator.issue_token(name, user="grace")
        own = {
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
            "token": token.oauth_token,
            "token_secret": token.oauth_token_secret,
            "user_agent": "shop/1.0",
        }
        return make(name, catalog=emulator.catalog, **own, **arguments)

    return made


@pytest.fixture
def send(emulator: Emulator) -> Callable[[Request], Any]:
    """Sends a request as it is, with a library that knows nothing of OAuth."""

    def answer(request: Request) -> Any:
        with urllib3.PoolManager(ca_certs=emulator.ca_file) as pool:
            response = pool.request(request.method, request.url, headers=dict(request.headers), body=request.body)
        assert response.status == 200, response.data
        return json.loads(response.data)

    return answer


@pytest.mark.parametrize(
    ("arguments", "query", "form", "body"),
    [
        ({"params": {"text": "a b+c", "tag": ["é", 2]}}, [["text", "a b+c"], ["tag", "é"], ["tag", "2"]], [], ""),
        ({"params": "a=b+c"}, [["a", "b c"]], [], ""),
        ({"data": {"status": "a b+c", "none": None}}, [], [["status", "a b+c"]], "status=a%20b%2Bc"),
        ({"data": [("a", "1"), ("a", b"2")]}, [], [["a", "1"], ["a", "2"]], "a=1&a=2"),
        ({"data": "a=1+2"}, [], [["a", "1 2"]], "a=1%202"),
        ({"data": b'{"a": "1+2"}', "headers": {"Content-Type": "application/json"}}, [], [], '{"a": "1+2"}'),
        ({"data": b"\xff\x00"}, [], [], "\ufffd\x00"),
    ],
)
def test_what_is_signed_is_accepted(
    at_emulator: Make, send: Callable[[Request], Any], arguments: Any, query: Any, form: Any, body: str
) -> None:
    answer = send(at_emulator("twitter").sign("post", "oauth1/echo", **arguments))
    assert (answer["user"], answer["method"]) == ("grace", "POST")
    assert (answer["query"], answer["form"], answer["body"]) == (query, form, body)


@pytest.mark.parametrize("name", ["woocommerce", "fatsecret", "seven_digital", "flickr", "zotero", "etrade"])
def test_the_ways_of_the_providers(name: str, at_emulator: Make, emulator: Emulator, send: Any) -> None:
    """The signature in the query or in the form, parameters and headers of every call, a token in the header."""
    file = emulator.catalog.file(name)
    values = {"store_url": "https://shop.example.com"} if name == "woocommerce" else {}
    is_form = file.client_kwargs.signature_type == "BODY"
    api = at_emulator(name, **values)
    signed = api.sign("POST" if is_form else "GET", "oauth1/echo", data={"a": "b"} if is_form else None)
    assert send(signed)["user"] == "grace"
    assert signed.header("User-Agent") == "shop/1.0"
    if name == "flickr":
        assert "format=json" in signed.url
    if name == "zotero":
        assert "Authorization" not in signed.headers


def test_the_clients_of_the_frameworks_have_it(emulator: Emulator, send: Callable[[Request], Any]) -> None:
    keys, token = emulator.client("twitter"), emulator.issue_token("twitter", user="grace")
    for framework in FRAMEWORKS.values():
        app = framework(config={}, register=False)
        try:
            app.oauth.register(
                "twitter",
                client_id=keys.client_id,
                client_secret=keys.client_secret,
                api_base_url=emulator.catalog.provider("twitter").api_base_url,
            )
            signed = app.oauth.twitter.sign("GET", "oauth1/echo", token=dict(token.fields))
            assert send(signed)["user"] == "grace"
        finally:
            app.close()


def test_each_signature_has_its_nonce(make: Make) -> None:
    twitter = make("twitter", **KEYS, **TOKEN)
    assert len({twitter.sign("GET", "me").header("Authorization") for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("url", "arguments", "error", "cause"),
    [
        ("https://evil.example/", {}, "forbidden_host", "is not a host of this provider"),
        ("http://api.twitter.com/1.1/me", {}, "forbidden_host", "begin the URL with https://"),
        ("//evil.example/", {}, "forbidden_url", "names a host without a scheme"),
        ("https://user:pw@api.twitter.com/", {}, "forbidden_url", "holds a user name"),
        ("me", {"data": iter([b"x"])}, "signing_error", "data is list_iterator"),
        ("me", {"params": 7}, "signing_error", "params is int"),
        ("me?oauth_token=x", {}, "signing_error", "oauth_token"),
        ("me", {"headers": {"authorization": "Basic x"}}, "signing_error", "has an Authorization header already"),
    ],
)
def test_what_a_call_refuses_is_not_signed(
    make: Make, url: str, arguments: dict[str, Any], error: str, cause: str
) -> None:
    with pytest.raises(OAuthError) as caught:
        make("twitter", client_id="key", client_secret="canary-1", token="t", token_secret="canary-2").sign(
            "POST", url, **arguments
        )
    assert (caught.value.error, caught.value.provider, caught.value.step) == (error, "twitter", "api")
    assert cause in caught.value.description
    assert "canary" not in shown(caught.value)


@pytest.mark.parametrize("url", ["https://evil.example/", "me?oauth_token=x", "me"])
def test_no_error_shows_what_is_sent(make: Make, url: str) -> None:
    twitter = make("twitter", **KEYS)
    with pytest.raises(OAuthError) as caught:
        twitter.sign(
            "POST",
            url,
            token={"oauth_token": "canary-1", "oauth_token_secret": "canary-2"},
            params={"password": "canary-3"},
            headers={"Cookie": "canary-4", "Authorization": "Basic canary-7"},
            data={"password": "canary-5"},
            oauth_params={"oauth_verifier": "canary-6"},
        )
    assert "canary" not in shown(caught.value)


def test_a_call_without_a_token(make: Make) -> None:
    twitter = make("twitter", **KEYS)
    with pytest.raises(MissingTokenError, match=r"Set TWITTER_TOKEN and TWITTER_TOKEN_SECRET in the environment"):
        twitter.sign("GET", "me")
    assert "oauth_token" not in twitter.sign("GET", "me", withhold_token=True).header("Authorization")
    tokens = RequestTokens()
    tokens.set("twitter", {"oauth_token": "t", "oauth_token_secret": "s"})
    with serving_within(tokens), pytest.raises(MissingTokenError):
        twitter.sign("GET", "me")


def test_one_call_at_another_host(make: Make) -> None:
    twitter = make("twitter", **KEYS, **TOKEN)
    assert twitter.sign("GET", "https://other.example/", allow_any_host=True).url == "https://other.example/"
    zotero = make("zotero", user_agent="shop/1.0", **KEYS, **TOKEN)
    with pytest.raises(ConfigurationError, match="is not a host of this provider"):
        zotero.sign("GET", "https://other.example/", allow_any_host=True)
    with pytest.raises(ConfigurationError, match="oauth_params was given"):
        zotero.sign("GET", "me", oauth_params={"oauth_callback": "about:blank"})


def test_an_upload_whose_fields_are_signed_is_refused(make: Make) -> None:
    flickr = make("flickr", user_agent="shop/1.0", **KEYS, **TOKEN)
    with pytest.raises(SigningError, match=r"Use oauth1_catalog\.client\('flickr'\)\.post\(\)"):
        flickr.sign(
            "POST",
            "https://up.flickr.com/services/upload/",
            headers={"Content-Type": "multipart/form-data; boundary=x"},
            data=b"--x--",
        )


def test_protocol_parameters_of_a_call(make: Make) -> None:
    twitter = make("twitter", **KEYS, **TOKEN)
    signed = twitter.sign("GET", "me", oauth_params={"oauth_callback": "about:blank"})
    assert 'oauth_callback="about%3Ablank"' in signed.header("Authorization")


@pytest.mark.parametrize(
    "call",
    [
        {"data": "hush\udcff"},
        {"data": {"a": "hush\udcff"}},
        {"data": {"a": b"hush\xff"}},
        {"params": "hush=\udcff"},
        {"params": b"hush=\xff"},
        {"params": {"a": b"hush\xff"}},
        {"oauth_params": {"oauth_callback": "hush\udcff"}},
    ],
)
def test_what_is_not_utf_8_is_refused_in_a_sentence(call: dict[str, Any], make: Make) -> None:
    """Such as an argument of a command line that Python decoded with lone surrogates."""
    with pytest.raises(SigningError, match="a lone surrogate") as caught:
        make("twitter", **KEYS, **TOKEN).sign("POST", "x.json", **call)
    assert "hush" not in shown(caught.value)


@pytest.mark.parametrize(
    ("method", "headers", "message"),
    [
        ("GET", {"X-A": "hush\r\nX-B: c"}, "The header X-A contains a line break"),
        ("GET", {"X-A\nX-B": "hush"}, "is not the name of a header"),
        ("GET /x HTTP/1.1\r\nX", {}, "is not an HTTP method"),
    ],
)
def test_a_header_cannot_begin_another_one(method: str, headers: dict[str, str], message: str, make: Make) -> None:
    """Another library sends the request, and may write what it gets."""
    with pytest.raises(SigningError, match=message) as caught:
        make("twitter", **KEYS, **TOKEN).sign(method, "x.json", headers=headers)
    assert "hush" not in shown(caught.value)
