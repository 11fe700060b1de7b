"""Profiles as standard claims."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from oauth1_catalog.catalog.provider import Provider, UserinfoRules
from oauth1_catalog.errors import MissingSettingError, OAuthError, ProviderError, TokenResponseError
from oauth1_catalog.flow.drive import run
from oauth1_catalog.flow.userinfo import fetch_userinfo, userinfo_claims
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.credentials import ClientCredentials, TokenCredentials
from oauth1_catalog.rfc5849.messages import Request, Response

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


@pytest.mark.parametrize("profile", [{}, {"id": None}, {"id": ""}, {"id": {"a": 1}}, {"other": 1}])
def test_without_sub_it_is_no_profile(profile: dict[str, object]) -> None:
    with pytest.raises(TokenResponseError) as caught:
        ask(PROVIDER, profile)
    assert (caught.value.error, caught.value.step) == ("invalid_userinfo", "userinfo")


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
        ask(PROVIDER, "you sent client-canary and token-canary", status=500)
    assert "canary" not in f"{caught.value} {caught.value.__dict__}"


def test_settings_that_are_missing() -> None:
    for provider, setting in (
        (replace(PROVIDER, userinfo=None), "userinfo_endpoint"),
        (replace(PROVIDER, api_base_url=None), "api_base_url"),
    ):
        with pytest.raises(MissingSettingError) as caught:
            ask(provider, {})
        assert caught.value.setting == setting
