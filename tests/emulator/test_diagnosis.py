"""A wrong signature is explained: oauthlib's client makes each mistake, and the answer and the terminal name it."""

from __future__ import annotations

import logging
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from oauth1_catalog.rfc5849.messages import Request, Response

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"])
def photos(request, dance):
    return dance(client_kwargs={"signature_method": request.param})


@pytest.fixture
def token(photos):
    issued = photos.access_token()
    return issued["oauth_token"], issued["oauth_token_secret"]


def advice(response: Response) -> str:
    answer = parse_qs(response.text)
    assert answer["oauth_problem"] == ["signature_invalid"]
    return answer["oauth_problem_advice"][0]


def moved(request: Request, url: str, **changes: object) -> Request:
    """A request that was signed for one address and arrives at another."""
    return replace(request, url=url, **changes)


def test_secrets_in_the_wrong_places(photos, token):
    url, (name, secret) = photos.provider.api_base_url + "x", token
    own = photos.store.client_of("photos").client_secret
    for wrong, words in (
        ({"token": (name, "")}, "The token secret is not in the key. Sign with both secrets"),
        ({"token": (name, secret), "client_secret": ""}, "The client secret is not in the key."),
        ({"token": (name, own), "client_secret": secret}, "The client secret and the token secret are exchanged."),
        ({"token": (name, f"{secret}\n")}, "White space is at the end of the token secret in the key."),
        ({"token": (name, ""), "client_secret": ""}, "none of the known mistakes leads to it"),
        ({"token": (name, "another")}, "none of the known mistakes leads to it"),
    ):
        assert words in advice(photos.send(url, "GET", **wrong))


def test_what_was_signed_is_not_what_was_sent(photos, token):
    base, real = photos.provider.api_base_url, "https://api.photos.example/v1/"
    cases = [
        (base + "x", base + "x", {"method": "POST"}, "The method GET is signed, and another is sent."),
        (base + "x", base + "x?a=1", {}, "The parameters of the query are not signed. Sign"),
        (base + "x", base + "x", {"body": b"b=2"}, "The parameters of the form are not signed. Sign"),
        (real + "x", base + "x", {}, "The address is signed with the host api.photos.example."),
        (real + "x?a=b+c", base + "x?a=b+c", {}, "The address is signed with the host api.photos.example."),
        (base.replace("https:", "http:") + "x", base + "x", {}, "The address is signed with http:."),
        (base.replace(":8443", "") + "x", base + "x", {}, "The address is signed without its port :8443."),
        (base + "x/", base + "x", {}, "The path is signed with a / at its end."),
        (base + "x?q=a%2Bb", base + "x?q=a+b", {}, "A + of the query or the form is signed as a plus"),
        (
            base + "x?q=a%2520b",
            base + "x?q=a%20b",
            {},
            "Names or values are percent-encoded twice before they are signed",
        ),
    ]
    for signed, sent, changes, words in cases:
        request = photos.signed(signed, "GET", token=token)
        headers = {**request.headers, **(FORM if "body" in changes else {})}
        assert words in advice(photos.server.handle(moved(request, sent, headers=headers, **changes))), words


def test_two_mistakes_at_once(photos, token):
    photos.server.add(replace(photos.registration, explain_pairs=True))
    request = photos.signed("https://api.photos.example/v1/x", "GET", token=(token[0], ""))
    told = advice(photos.server.handle(moved(request, photos.provider.api_base_url + "x")))
    assert "The address is signed with the host api.photos.example." in told
    assert "The token secret is not in the key." in told
    assert told.count(" Or: ") == 0


def test_the_terminal_shows_both_base_strings_and_no_secret(photos, token, caplog):
    with caplog.at_level(logging.WARNING):
        for signed, sent in (("other", "x?a=1"), ("x", "x")):
            request = photos.signed(f"https://api.photos.example/v1/{signed}", "GET", token=token)
            photos.server.handle(moved(request, photos.provider.api_base_url + sent))
    first, second = (record.getMessage() for record in caplog.records)
    assert "emulation of photos: api refused: signature_invalid: The signature is wrong. The address is" in second
    assert "\n  report: http://127.0.0.1:8080/requests/" in second
    assert "\n  base string of the emulator: GET&https%3A%2F%2F127.0.0.1%3A8443%2Fphotos%2Fapi%2F" in second
    assert "\n  base string of the client:   GET&https%3A%2F%2Fapi.photos.example%2Fv1%2Fx&oauth_" in second
    assert "none of the known mistakes leads to it" in first
    assert "of the client:" not in first
    secrets = (photos.store.client_of("photos").client_secret, token[1])
    assert not any(secret in message for secret in secrets for message in (first, second))


def test_a_password_stays_out_of_the_terminal(dance, caplog):
    photos = dance(flows=("xauth",))
    body = "x_auth_mode=client_auth&x_auth_username=grace&x_auth_password=hunter2%26"
    photos.send(photos.provider.access_token_url, body=body, headers=FORM, client_secret="other")
    assert "base string of the emulator: POST&" in caplog.text
    assert "hunter2" not in caplog.text


def test_rsa_and_plaintext(dance):
    photos = dance(client_kwargs={"signature_method": "RSA-SHA1"})
    request = photos.signed("https://photos.example/initiate", callback_uri="oob")
    told = advice(photos.server.handle(moved(request, photos.provider.request_token_url)))
    assert "The address is signed with the host photos.example." in told
    photos = dance(client_kwargs={"signature_method": "PLAINTEXT"})
    issued = photos.access_token()
    token = (issued["oauth_token"], "")
    told = advice(photos.send(photos.provider.api_base_url + "x", "GET", token=token))
    assert "The token secret is not in the key." in told
