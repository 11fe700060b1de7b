"""Tokens that no browser is sent for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from oauth1_catalog.catalog.provider import CallbackRules, Provider, TokenResponseRules
from oauth1_catalog.errors import ConfigurationError, TokenRequestDeniedError, TokenResponseError
from oauth1_catalog.flow.driver import Steps, run
from oauth1_catalog.flow.grants import client_token, password_token
from oauth1_catalog.rfc5849 import Signer, parse_authorization_header
from oauth1_catalog.rfc5849.messages import ClientCredentials, Request, Response

SIGNER = Signer(ClientCredentials("key", "cs"))
READING = Provider(
    name="reading", from_catalog=True, flows=("xauth",), access_token_url="https://reading.example/token"
)
SHOP = Provider(
    name="shop",
    from_catalog=True,
    flows=("two_legged", "static_token"),
    request_token_url="https://shop.example/request",
    access_token_url="https://shop.example/access",
    callback=CallbackRules(confirmed="none"),
)
MAPS = Provider(
    name="maps",
    from_catalog=True,
    flows=("signed_grant",),
    access_token_url="https://maps.example/token",
    access_token_params={"grant_type": "client_credentials"},
    access_token_params_in="body",
    callback=CallbackRules(secret="optional"),
    token_response=TokenResponseRules(format="json", fields={"oauth_token": "access_token"}),
)


def answered(steps: Steps[Any], *bodies: str, status: int = 200) -> tuple[Any, list[Request]]:
    sent: list[Request] = []
    left = list(bodies)

    def perform(request: Request) -> Response:
        sent.append(request)
        return Response(status, {}, left.pop(0).encode())

    return run(steps, perform), sent


def form(request: Request) -> Mapping[str, str]:
    return dict(parse_qsl((request.body or b"").decode(), keep_blank_values=True))


def protocol(request: Request) -> Mapping[str, str]:
    return dict(parse_authorization_header(request.header("Authorization")))


class TestPassword:
    def test_name_and_password_go_into_the_body(self) -> None:
        token, (request,) = answered(
            password_token(READING, SIGNER, username="ada", password="hush"), "oauth_token=t&oauth_token_secret=s"
        )
        assert token == {"oauth_token": "t", "oauth_token_secret": "s"}
        assert (request.method, request.url) == ("POST", "https://reading.example/token")
        assert form(request) == {"x_auth_mode": "client_auth", "x_auth_username": "ada", "x_auth_password": "hush"}
        assert "oauth_token" not in protocol(request)

    def test_an_empty_password_is_one(self) -> None:
        steps = password_token(READING, SIGNER, username="ada", password="")
        assert form(answered(steps, "oauth_token=t&oauth_token_secret=s")[1][0])["x_auth_password"] == ""

    def test_no_error_shows_the_password(self) -> None:
        steps = password_token(READING, SIGNER, username="ada", password="canary-hush")
        with pytest.raises(TokenRequestDeniedError) as caught:
            answered(steps, "Invalid password: canary-hush", status=401)
        assert "canary" not in f"{caught.value} {vars(caught.value)}"

    def test_a_provider_without_it(self) -> None:
        with pytest.raises(ConfigurationError, match="shop: no xauth flow"):
            answered(password_token(SHOP, SIGNER, username="ada", password="hush"))


class TestClient:
    def test_a_request_token_becomes_an_access_token_without_a_user(self) -> None:
        token, (first, second) = answered(
            client_token(SHOP, SIGNER, verifier="v"),
            "oauth_token=rt&oauth_token_secret=rs",
            "oauth_token=t&oauth_token_secret=s",
        )
        assert token == {"oauth_token": "t", "oauth_token_secret": "s"}
        assert "oauth_callback" not in protocol(first)
        assert (protocol(second)["oauth_token"], protocol(second)["oauth_verifier"]) == ("rt", "v")

    def test_a_signed_request_gives_a_token_of_another_kind(self) -> None:
        token, (request,) = answered(
            client_token(MAPS, SIGNER, params={"scope": "hrn"}), '{"access_token": "b", "token_type": "bearer"}'
        )
        assert token == {"oauth_token": "b", "oauth_token_secret": "", "token_type": "bearer"}
        assert form(request) == {"grant_type": "client_credentials", "scope": "hrn"}

    def test_a_secret_that_is_missing(self) -> None:
        with pytest.raises(TokenResponseError, match="oauth_token_secret"):
            answered(client_token(SHOP, SIGNER), "oauth_token=rt")

    def test_a_provider_without_it(self) -> None:
        with pytest.raises(ConfigurationError, match="reading: no flow gives a token to the client alone"):
            answered(client_token(READING, SIGNER))
