"""Profiles as standard claims."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from oauth1_catalog.catalog.provider import Provider, UserinfoRules
from oauth1_catalog.errors import MissingSettingError, OAuthError, ProviderError, TokenResponseError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.flow.userinfo import fetch_userinfo, userinfo_claims
from oauth1_catalog.hosts import origin_of
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.messages import ClientCredentials, Request, Response, TokenCredentials

SIGNER = Signer(ClientCredentials("key", "client-canary"))
TOKEN = TokenCredentials("t", "token-canary")
CLAIMS = {"sub": "$.id", "name": "$.user.name", "email": "$.emails[0].value", "profile": "https://example.com/{login}"}
PROVIDER = Provider(
    name="example",
    from_catalog=True,
    api_base_url="https://api.example.com/1/",
    api_params={"format": "json"},
    user_agent="mine/1",
    userinfo=UserinfoRules(endpoint="me", params={"full": "1"}, claims=CLAIMS),
)


def ask(
    provider: Provider, *answers: object, token: object = None, status: int = 200
) -> tuple[dict[str, Any], list[Request]]:
    sent: list[Request] = []
    left = list(answers)

    def perform(request: Request) -> Response:
        sent.append(request)
        answer = left.pop(0)
        return Response(status, {}, (answer if isinstance(answer, str) else json.dumps(answer)).encode())

    return run(fetch_userinfo(provider, SIGNER, TOKEN, token), perform), sent


def test_claims_of_a_profile() -> None:
    profile = {"id": 7, "login": "ada/l", "user": {"name": "Ada"}, "emails": [{"value": "ada@example.com"}]}
    claims, (request,) = ask(PROVIDER, profile)
    assert claims == {
        "sub": "7",
        "name": "Ada",
        "email": "ada@example.com",
        "profile": "https://example.com/ada%2Fl",
    }
    assert (request.method, request.url) == ("GET", "https://api.example.com/1/me?format=json&full=1")
    assert request.header("User-Agent") == "mine/1"
    assert request.header("Authorization").startswith("OAuth ")


def test_what_the_profile_lacks_is_no_claim() -> None:
    assert ask(PROVIDER, {"id": "x", "user": {"name": ""}, "login": None})[0] == {"sub": "x"}
    assert userinfo_claims(PROVIDER, {"id": 0}) == {"sub": "0"}


@pytest.mark.parametrize("profile", [{}, {"id": None}, {"id": ""}, {"id": {"a": 1}}, {"id": True}, {"other": 1}])
def test_without_sub_it_is_no_profile(profile: dict[str, object]) -> None:
    with pytest.raises(TokenResponseError) as caught:
        ask(PROVIDER, profile)
    assert (caught.value.error, caught.value.step) == ("invalid_userinfo", "userinfo")


def test_the_names_of_a_profile_are_no_commands_to_a_terminal() -> None:
    with pytest.raises(TokenResponseError) as caught:
        ask(PROVIDER, {"\x7f\x1b[31mid": 1, "other": 1})
    assert str(caught.value).isprintable()
    assert "other" in str(caught.value)


def test_a_profile_that_came_with_the_token() -> None:
    rules = UserinfoRules(endpoint="token_response", claims={"sub": "$.user_id"})
    claims, sent = ask(replace(PROVIDER, userinfo=rules), token={"oauth_token": "t", "user_id": "9"})
    assert (claims, sent) == ({"sub": "9"}, [])


def test_a_followup() -> None:
    rules = UserinfoRules(endpoint="me", followup="users/{login}", claims={"sub": "$.id", "name": "$.name"})
    claims, sent = ask(replace(PROVIDER, userinfo=rules), {"id": 1, "login": "a b"}, {"name": "Ada"})
    assert claims == {"sub": "1", "name": "Ada"}
    assert sent[1].url.startswith("https://api.example.com/1/users/a%20b?")


@pytest.mark.parametrize(
    ("answer", "status"),
    [("<html>Sign in</html>", 200), ("", 200), ("[]", 200), ("null", 200), ("[" * 9999, 200), ({"id": 1}, 401)],
)
def test_answers_that_are_no_profile(answer: object, status: int) -> None:
    with pytest.raises(ProviderError) as caught:
        ask(PROVIDER, answer, status=status)
    assert (caught.value.error, caught.value.status) == ("invalid_userinfo", status)


def test_no_secret_in_the_error() -> None:
    with pytest.raises(OAuthError) as caught:
        run(
            fetch_userinfo(PROVIDER, SIGNER, TokenCredentials("identifier-canary", "token-canary"), None),
            lambda _: Response(500, {}, b"you sent client-canary and identifier-canary with token-canary"),
        )
    assert "canary" not in f"{caught.value} {caught.value.__dict__}"


def test_settings_that_are_missing() -> None:
    for provider, setting in (
        (replace(PROVIDER, userinfo=None), "userinfo_endpoint"),
        (replace(PROVIDER, api_base_url=None), "api_base_url"),
    ):
        with pytest.raises(MissingSettingError) as caught:
            ask(provider, {})
        assert caught.value.setting == setting


def test_a_profile_s_address_and_parameters_with_fields_of_the_token() -> None:
    rules = UserinfoRules(endpoint="users/{user_id}", params={"user_id": "{user_id}"}, claims={"sub": "$.id"})
    _, (request,) = ask(replace(PROVIDER, userinfo=rules), {"id": 1}, token={"oauth_token": "t", "user_id": "7/8"})
    assert request.url == "https://api.example.com/1/users/7%2F8?format=json&user_id=7%2F8"


def test_a_text_is_filled_as_it_is_and_an_address_is_encoded() -> None:
    claims = {"sub": "$.id", "name": "{first} {last}", "profile": "https://example.com/{last}"}
    provider = replace(PROVIDER, userinfo=UserinfoRules(endpoint="me", claims=claims))
    assert userinfo_claims(provider, {"id": 1, "first": "Ada", "last": "O/L"}) == {
        "sub": "1",
        "name": "Ada O/L",
        "profile": "https://example.com/O%2FL",
    }


@pytest.mark.parametrize("value", [True, False, [], ["ada"], {"a": 1}])
def test_a_flag_or_a_list_fills_no_text(value: object) -> None:
    claims = {"sub": "user-{id}"}
    provider = replace(PROVIDER, userinfo=UserinfoRules(endpoint="me", claims=claims))
    with pytest.raises(TokenResponseError):
        userinfo_claims(provider, {"id": value})
    assert userinfo_claims(provider, {"id": 0}) == {"sub": "user-0"}


def test_xml_and_plain_text() -> None:
    rules = UserinfoRules(endpoint="me", format="xml", claims={"sub": "user/@id", "name": "{name}"})
    claims, (request,) = ask(replace(PROVIDER, userinfo=rules), '<r><user id="7"><name>Ada L</name></user></r>')
    assert claims == {"sub": "7", "name": "Ada L"}
    assert request.header("Accept").startswith("application/xml")
    rules = UserinfoRules(endpoint="whoami", format="text", followup="users/{text}", claims={"sub": "$.id"})
    claims, sent = ask(replace(PROVIDER, userinfo=rules), "ada", {"id": 7})
    assert claims == {"sub": "7"}
    assert [request.header("Accept") for request in sent] == ["text/plain", "application/json"]


def test_a_profile_of_another_user() -> None:
    """Bitbucket's path wants a slug, which can be the name of somebody else."""
    claims = {"sub": "$.id", "preferred_username": "$.name"}
    rules = UserinfoRules(endpoint="whoami", format="text", followup="users/{text}", claims=claims)
    provider = replace(PROVIDER, userinfo=rules)
    found, _ = ask(provider, "Ada", {"id": 7, "name": "ada", "text": "x"})
    assert found == {"sub": "7", "preferred_username": "ada"}
    with pytest.raises(ProviderError, match="belongs to another user") as caught:
        ask(provider, "a_b", {"id": 8, "name": "a@b"})
    assert caught.value.error == "invalid_userinfo"
    rules = UserinfoRules(endpoint="me", followup="users/{login}", claims={"sub": "$.id"})
    with pytest.raises(ProviderError, match="belongs to another user"):
        ask(replace(PROVIDER, userinfo=rules), {"id": 1, "login": "ada"}, {"id": 2, "login": "ada"})


def redirected(location: str, *, method: str = "GET") -> list[Request]:
    rules = UserinfoRules(endpoint="+me", method=method, claims={"sub": "$.name"})
    sent: list[Request] = []

    def perform(request: Request) -> Response:
        sent.append(request)
        return (
            Response(303, {"Location": location}, b"") if "+me" in request.url else Response(200, {}, b'{"name":"a"}')
        )

    assert run(fetch_userinfo(replace(PROVIDER, userinfo=rules), SIGNER, TOKEN), perform) == {"sub": "a"}
    return sent


@pytest.mark.parametrize(
    "location", ["/1/~ada", "https://api.example.com:443/1/~ada", "https://API.example.com/1/~ada"]
)
def test_a_redirect_on_the_same_host_is_signed_anew(location: str) -> None:
    first, second = redirected(location)
    assert urlsplit(second.url).path == "/1/~ada"
    assert origin_of(second.url) == origin_of(first.url)
    assert first.header("Authorization") != second.header("Authorization")


@pytest.mark.parametrize(
    "location",
    [
        "https://other.example/x",
        "http://api.example.com/x",
        "",
        "https://api.example.com:444/x",
        "https://user@api.example.com/x",
        "https://api.example.com:x/",
        "https://[api/x",
    ],
)
def test_no_signature_is_sent_elsewhere(location: str) -> None:
    with pytest.raises(ProviderError):
        redirected(location)


def test_a_post_is_not_sent_twice() -> None:
    with pytest.raises(ProviderError):
        redirected("/1/~ada", method="POST")
