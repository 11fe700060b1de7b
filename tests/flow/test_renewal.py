"""Renew and revoke: what is asked, and how the answers are read."""

from __future__ import annotations

import pytest

from oauth1_catalog.catalog.provider import Endpoint, Provider, TokenResponseRules
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, OAuthError, TokenRequestDeniedError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.flow.grants import renew_token, revoke_token
from oauth1_catalog.rfc5849 import ClientCredentials, Request, Response, Signer

SIGNER = Signer(ClientCredentials("key", "the client's secret"))
URL = "https://api.example.com/renew"
JIRA = Provider(
    name="jira",
    renew=Endpoint(url=URL, session_handle=True),
    token_response=TokenResponseRules(session_handle="oauth_session_handle"),
)
ETRADE = Provider(name="etrade", renew=Endpoint(url=URL, method="GET"), revoke=Endpoint(url=URL, method="GET"))
TOKEN = {"oauth_token": "old", "oauth_token_secret": "old secret", "oauth_session_handle": "handle", "screen_name": "a"}


def renew(provider: Provider, answer: Response, token: dict[str, str] = TOKEN) -> tuple[dict[str, str], Request]:
    asked: list[Request] = []

    def perform(request: Request) -> Response:
        asked.append(request)
        return answer

    return run(renew_token(provider, SIGNER, token), perform), asked[0]


def test_a_session_handle_buys_a_new_token() -> None:
    answer = Response(200, {}, b"oauth_token=new&oauth_token_secret=s&oauth_session_handle=next&oauth_expires_in=60")
    token, request = renew(JIRA, answer)
    assert request.method == "POST"
    assert 'oauth_token="old"' in request.header("Authorization")
    assert 'oauth_session_handle="handle"' in request.header("Authorization")
    assert token == {
        "oauth_token": "new",
        "oauth_token_secret": "s",
        "oauth_session_handle": "next",
        "oauth_expires_in": "60",
        "screen_name": "a",
    }


def test_the_same_token_lives_on() -> None:
    token, request = renew(ETRADE, Response(200, {}, b"Access Token has been renewed"))
    assert request.method == "GET"
    assert "oauth_session_handle" not in request.header("Authorization")
    assert token == TOKEN


@pytest.mark.parametrize("provider", [JIRA, ETRADE], ids=["jira", "etrade"])
@pytest.mark.parametrize(
    "answer",
    [
        Response(401, {}, b"oauth_problem=token_expired"),
        Response(200, {}, b"oauth_problem=token_rejected&oauth_token_secret=old%20secret"),
        Response(500, {}, b"<html>old secret</html>"),
    ],
    ids=["401", "200", "html"],
)
def test_a_refusal_is_an_error_without_a_secret(provider: Provider, answer: Response) -> None:
    with pytest.raises(TokenRequestDeniedError) as caught:
        renew(provider, answer)
    assert caught.value.step == "renew"
    assert "secret" not in str(caught.value).replace("oauth_token_secret=***", "")


def test_without_a_handle_nothing_is_asked() -> None:
    with pytest.raises(MissingTokenError, match="oauth_session_handle"):
        renew(JIRA, Response(200), {"oauth_token": "t", "oauth_token_secret": "s"})


def test_a_provider_that_cannot() -> None:
    with pytest.raises(ConfigurationError, match="does not describe how to renew") as caught:
        renew(Provider(name="twitter"), Response(200))
    assert caught.value.error == "no_renew"
    with pytest.raises(ConfigurationError, match="does not describe how to revoke"):
        run(revoke_token(JIRA, SIGNER, TOKEN), lambda _: Response(200))


def test_revoked_or_not() -> None:
    run(revoke_token(ETRADE, SIGNER, TOKEN), lambda _: Response(200, {}, b"Revoked Access Token"))
    with pytest.raises(OAuthError) as caught:
        run(revoke_token(ETRADE, SIGNER, TOKEN), lambda _: Response(401, {}, b"no"))
    assert caught.value.step == "revoke"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_token_is_revoked_by_each_method_and_stands_in_the_path(method: str) -> None:
    asked: list[Request] = []

    def perform(request: Request) -> Response:
        asked.append(request)
        return Response(204)

    trello = Provider(
        name="trello", revoke=Endpoint(url="https://api.example.com/1/tokens/{oauth_token}", method=method)
    )
    run(revoke_token(trello, SIGNER, {"oauth_token": "a/b c", "oauth_token_secret": "s"}), perform)
    assert (asked[0].method, asked[0].url) == (method, "https://api.example.com/1/tokens/a%2Fb%20c")
    assert 'oauth_token="a%2Fb%20c"' in asked[0].header("Authorization")
