"""Exchange a token for one of OAuth 2.0: what is asked, and how the answers are read."""

from __future__ import annotations

import base64
import email.utils
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import Provider, Successor
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    MissingTokenError,
    OAuthError,
    SigningError,
    TokenExchangeDeniedError,
    TokenResponseError,
    TransportError,
)
from oauth1_catalog.flow.driver import run
from oauth1_catalog.flow.exchange import MAX_RETRY_AFTER, MAX_TOKEN, exchange_token
from oauth1_catalog.rfc5849 import ClientCredentials, Request, Response, Signer

SIGNER = Signer(ClientCredentials("key", "the-client's-secret"))
X = Catalog().provider("x")
GARMIN = Catalog().provider("garmin")
TOKEN = {"oauth_token": "t-1", "oauth_token_secret": "hush-token", "user_id": "17"}
CLIENT = ClientCredentials("oauth2 id", "hush:oauth2")
GIVEN = b'{"token_type":"bearer","expires_in":7200,"access_token":"AT","refresh_token":"RT","scope":"users.read"}'


def exchange(
    provider: Provider = X,
    answer: Response | None = None,
    *,
    token: dict[str, str] = TOKEN,
    client: ClientCredentials | None = CLIENT,
    params: dict[str, str] | None = None,
) -> tuple[dict[str, str], Request]:
    asked: list[Request] = []

    def perform(request: Request) -> Response:
        asked.append(request)
        return answer or Response(200, {}, GIVEN)

    steps = exchange_token(provider, SIGNER, token, oauth2_client=client, params=params, clock=lambda: 1_000_000.0)
    fields = run(steps, perform)
    assert len(asked) == 1, "an exchange is one request"
    return fields, asked[0]


def refused(answer: Response, provider: Provider = X) -> TokenExchangeDeniedError:
    with pytest.raises(TokenExchangeDeniedError) as caught:
        exchange(provider, answer)
    assert caught.value.step == "exchange"
    assert "hush" not in f"{caught.value}{caught.value.excerpt}{caught.value.problem}"
    return caught.value


def form_of(request: Request) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs((request.body or b"").decode(), strict_parsing=True).items()}


def test_x_as_its_documentation_shows_it() -> None:
    fields, request = exchange()
    assert (request.method, request.url) == ("POST", "https://api.x.com/2/oauth2/token")
    assert request.header("Content-Type") == "application/x-www-form-urlencoded"
    assert form_of(request) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "t-1",
        "subject_token_type": "urn:x:params:oauth:token-type:oauth1_token",
        "oauth_token_secret": "hush-token",
    }
    scheme, _, pair = request.header("Authorization").partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"oauth2+id:hush%3Aoauth2")
    assert fields == {
        "token_type": "bearer",
        "expires_in": "7200",
        "access_token": "AT",
        "refresh_token": "RT",
        "scope": "users.read",
    }


def test_a_public_client_sends_its_identifier_in_the_form() -> None:
    _, request = exchange(client=ClientCredentials("public"), params={"scope": "users.read"})
    assert request.header("Authorization") == ""
    assert (form_of(request)["client_id"], form_of(request)["scope"]) == ("public", "users.read")


def test_garmin_s_is_signed_with_the_token() -> None:
    fields, request = exchange(GARMIN, client=None)
    assert (request.method, request.url) == (
        "POST",
        "https://apis.garmin.com/partner-gateway/rest/user/token-exchange",
    )
    assert not request.body
    sent = dict(parse_authorization_header(request.header("Authorization")))
    oauthlib = Client("key", SIGNER.client.client_secret, "t-1", "hush-token")
    oauthlib.nonce, oauthlib.timestamp = sent["oauth_nonce"], sent["oauth_timestamp"]
    _, headers, _ = oauthlib.sign(request.url, "POST")
    assert sent == dict(parse_authorization_header(headers["Authorization"]))
    assert fields["access_token"] == "AT"


def test_a_value_is_not_read_for_placeholders() -> None:
    _, request = exchange(token={"oauth_token": "{oauth_token_secret}", "oauth_token_secret": "hush"})
    assert form_of(request)["subject_token"] == "{oauth_token_secret}"


def test_names_of_the_provider_s_own() -> None:
    rules = Successor(url="https://a.example/x", fields={"access_token": "token", "expires_in": "lifetime"})
    fields, _ = exchange(Provider(name="a", successor=rules), Response(200, {}, b'{"token":"AT","lifetime":60}'))
    assert fields == {"access_token": "AT", "expires_in": "60"}


def test_a_field_of_the_token_that_is_missing() -> None:
    provider = replace(X, successor=Successor(url="https://a.example/x", params={"user": "{user_id}"}))
    assert form_of(exchange(provider)[1]) == {"user": "17"}
    with pytest.raises(MissingTokenError, match="has no user_id"):
        exchange(provider, token={"oauth_token": "t", "oauth_token_secret": "s"})


def test_without_a_successor_or_an_oauth2_client_nothing_is_asked() -> None:
    with pytest.raises(ConfigurationError, match="does not describe how to exchange") as caught:
        exchange(Provider(name="flickr"))
    assert caught.value.error == "no_exchange"
    with pytest.raises(MissingSettingError, match="oauth2_client_secret=") as missing:
        exchange(client=None)
    assert missing.value.setting == "oauth2_client_id"


@pytest.mark.parametrize(
    ("client", "token", "name"),
    [
        (ClientCredentials("id", "hush\ud800"), TOKEN, "oauth2_client_secret"),
        (ClientCredentials("id\ud800", "hush"), TOKEN, "oauth2_client_id"),
        (CLIENT, {**TOKEN, "oauth_token_secret": "hush\ud800"}, "surrogate"),
    ],
)
def test_what_cannot_be_sent(client: ClientCredentials, token: dict[str, str], name: str) -> None:
    with pytest.raises(SigningError, match=name) as caught:
        exchange(client=client, token=token)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://a.example/x", "http://10.0.0.1/x"])
def test_nothing_is_sent_without_https(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"successor\.url is not https"):
        exchange(Provider(name="a", successor=Successor(url=url)))
    exchange(Provider(name="a", successor=Successor(url="http://127.0.0.1:8080/x")))


def test_refused_for_good() -> None:
    error = refused(Response(400, {}, b'{"error":"invalid_grant","error_description":"Value hush-token was invalid"}'))
    assert (error.status, error.problem, error.is_final, error.retry_after) == (400, "invalid_grant", True, None)
    assert "Do not repeat it." in str(error)


@pytest.mark.parametrize("code", ["invalid_client", "unauthorized_client"])
def test_the_wrong_client_is_not_the_token_s_fault(code: str) -> None:
    error = refused(Response(400, {}, f'{{"error":"{code}"}}'.encode()))
    assert (error.problem, error.is_final) == (code, False)
    assert "Check oauth2_client_id" in str(error)


def test_a_signed_exchange_is_refused_in_the_terms_of_oauth_1() -> None:
    error = refused(Response(401, {}, b"oauth_problem=token_revoked"), GARMIN)
    assert (error.problem, error.is_final) == ("token_revoked", True)
    error = refused(Response(401, {}, b"oauth_problem=signature_invalid"), GARMIN)
    assert (error.problem, error.is_final) == ("signature_invalid", False)
    assert "Check client_secret" in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        (email.utils.formatdate(1_000_030, usegmt=True), 30.0),
        (email.utils.formatdate(999_000, usegmt=True), 0.0),
        ("9" * 12, MAX_RETRY_AFTER),
        ("-3", None),
        ("\u0661\u0667", None),
        ("soon", None),
        ("", None),
    ],
)
def test_when_to_repeat_it(header: str, seconds: float | None) -> None:
    error = refused(Response(429, {"Retry-After": header}, b'{"error":"rate_limited"}'))
    assert (error.problem, error.is_final, error.retry_after) == ("rate_limited", False, seconds)
    assert ("after" if seconds is not None else "later") in str(error)


@pytest.mark.parametrize("body", [b"", b"<html>hush-token</html>", b'{"error":"temporarily_unavailable"}'])
def test_a_server_error_can_be_repeated(body: bytes) -> None:
    error = refused(Response(503, {}, body))
    assert (error.status, error.is_final) == (503, False)
    assert "Repeat it later." in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"access_token=AT",
        b"<html>Welcome</html>",
        b'{"access_token":""}',
        b'{"access_token":"A\\nT"}',
        b'{"access_token":["AT"]}',
        b'{"access_token":"AT","access_token":"other"}',
        b'{"access_token":"AT","refresh_token":"R\\u0000T"}',
        b'{"access_token":"%s"}' % (b"a" * (MAX_TOKEN + 1)),
        b'{"access_token":"AT","note":"%s"}' % (b"a" * (MAX_TOKEN + 1)),
        b'{"access_token":NaN}',
        b"[" * 100_000,
    ],
    ids=lambda body: body[:40].decode(),
)
def test_an_answer_without_a_usable_token(body: bytes) -> None:
    with pytest.raises(TokenResponseError) as caught:
        exchange(X, Response(200, {}, body))
    assert (caught.value.step, caught.value.status) == ("exchange", 200)


def test_an_error_with_status_200_is_a_refusal() -> None:
    assert refused(Response(200, {}, b'{"error":"invalid_grant"}')).is_final


def test_a_long_token_is_one() -> None:
    body = b'{"access_token":"%s"}' % (b"a" * MAX_TOKEN)
    assert len(exchange(X, Response(200, {}, body))[0]["access_token"]) == MAX_TOKEN


def test_a_redirect_is_not_followed() -> None:
    with pytest.raises(TokenResponseError, match=r"redirect \(302\) to evil\.example"):
        exchange(X, Response(302, {"Location": "https://evil.example/?t=hush"}, b""))


def test_no_answer() -> None:
    def perform(request: Request) -> Response:
        raise TransportError(description="timed out")

    with pytest.raises(TransportError, match="x: the exchange request got no answer"):
        run(exchange_token(X, SIGNER, TOKEN, oauth2_client=CLIENT), perform)


def test_the_errors_survive_a_task_queue() -> None:
    import pickle

    error = refused(Response(429, {"Retry-After": "17"}, b'{"error":"rate_limited"}'))
    copied = pickle.loads(pickle.dumps(error))
    assert isinstance(copied, OAuthError)
    assert (copied.retry_after, copied.is_final, str(copied)) == (17.0, False, str(error))
