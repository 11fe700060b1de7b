"""54 answers of a real MediaWiki and a real WordPress; what each must become is written here by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ProviderError, TokenRequestDeniedError, TokenResponseError
from oauth1_catalog.flow.responses import read_token
from oauth1_catalog.rfc5849.messages import Response

ANSWERS = json.loads(Path(__file__).with_name("server_answers.json").read_text())["answers"]
PROVIDER = Provider(name="example", from_catalog=True)

# (server, case) -> the token, or (exception, words of the server that must be told, words of the advice)
DENIED, UNUSABLE = TokenRequestDeniedError, TokenResponseError
MEDIAWIKI = {
    "ok": "4f7020d799c45b1c6a4017c0082611ca",
    "GET instead of POST": "a81326a3fc725d6fe81a53b6923ed1b5",
    "unknown consumer": (DENIED, "Invalid consumer", "Check client_id"),
    "wrong consumer secret": (DENIED, "Invalid signature", "Check client_secret"),
    "old timestamp -1h": (DENIED, "Expired timestamp, yours 1795521687, ours 1795525287", "clock"),
    "future timestamp +1h": (DENIED, "Expired timestamp, yours 1795528887, ours 1795525287", "clock"),
    "negative timestamp": (DENIED, "Expired timestamp, yours -5, ours 1795525287", "clock"),
    "nonce first": "e0e28b35a42180873fe373d1c714d278",
    "nonce replay": (DENIED, "Nonce already used: samenonce123", "repeats"),
    "HMAC-SHA256": (DENIED, "Signature method 'HMAC-SHA256' not supported", "signature_method"),
    "HMAC-SHA512": (DENIED, "try one of the following: HMAC-SHA1, RSA-SHA1", "signature_method"),
    "PLAINTEXT over http": (DENIED, "Signature method 'PLAINTEXT' not supported", "signature_method"),
    "no callback": (DENIED, 'oauth_callback must be set, and must be set to "oob"', "Register the redirect URI"),
    "callback not registered": (DENIED, "must be a prefix of the supplied callback", "Register the redirect URI"),
    "callback oob": "40c0409fcce4e3ceaf146f3417ac6234",
    "callback with %20 in query": "538183aadb98298a4560e7178a1099d0",
    "signature in query": "1bc57ddb7d662e97a287f8a9cc1cd5dd",
    "signature in body": "4c07a825c2d7d5ad027e6f5f060c2aab",
    "realm": "8a82100a5e62c09eebbcd88f7cecf0b4",
    "no authorization header at all": (DENIED, "Invalid consumer key", "Check client_id"),
    "lower-case oauth scheme": (DENIED, "Invalid consumer key", "Check client_id"),
    "garbage authorization header": (DENIED, "Invalid consumer key", "Check client_id"),
    "access: unauthorized token, bogus verifier": (DENIED, "No token was found matching your request", ""),
    "access: no verifier": (DENIED, "No token was found matching your request", ""),
    "access: unknown token": (DENIED, "Go back and try to connect your account again", ""),
    # No token endpoints, and their bodies were cut where they were recorded: JSON that cannot be read.
    "api: unknown access token": (UNUSABLE, "The authorization headers in your request are not valid", "Check"),
    "api: request token used as access token": (UNUSABLE, "No approved grant was found", "Check"),
}
WORDPRESS = {
    "ok": "4dfnPDgX0Rn3TaIZR0CYOftP",
    "GET instead of POST": "HyFpebCzJa0159GMHXy4lgyW",
    "unknown consumer": (DENIED, "Consumer Key is invalid", "Check client_id"),
    "wrong consumer secret": (DENIED, "OAuth signature does not match", "Check client_secret"),
    "old timestamp -1h": (DENIED, "Invalid timestamp", "clock"),
    "future timestamp +1h": (DENIED, "Invalid timestamp", "clock"),
    "negative timestamp": (DENIED, "Invalid timestamp", "clock"),
    "nonce first": "SyDjEp8VoACYk7fh4zmlruiv",
    "nonce replay": "ehlNxNqgNtAceTn5hYwj775p",
    "HMAC-SHA256": "mTiHl1BBDHcNbEUWhMgXh9SG",
    "HMAC-SHA512": (DENIED, "Signature method is invalid", "signature_method"),
    "PLAINTEXT over http": (DENIED, "Signature method is invalid", "signature_method"),
    "no callback": "gSFd6GSy3qirMpXXk4YBuXxs",
    "callback not registered": (DENIED, "Callback URL is invalid", "Register the redirect URI"),
    "callback oob": (DENIED, "Callback URL is invalid", "Register the redirect URI"),
    "callback with %20 in query": (DENIED, "OAuth signature does not match", "Check client_secret"),
    "signature in query": "KO2ZLlPGcMFdVQmjcVY9ZqmM",
    "signature in body": "66Q1nwm2JBN3OO2Y4cKM6Lgr",
    "realm": "KvFjsEyHL2yDJCABjITXPaVw",
    "no authorization header at all": (DENIED, "No OAuth parameters supplied", ""),
    "lower-case oauth scheme": (DENIED, "No OAuth parameters supplied", ""),
    "garbage authorization header": (DENIED, "No OAuth parameters supplied", ""),
    "access: unauthorized token, bogus verifier": (DENIED, "OAuth token has not been authorized", ""),
    "access: no verifier": (DENIED, "Missing OAuth parameter oauth_verifier", ""),
    "access: unknown token": (DENIED, "Invalid token", ""),
    "api: unknown access token": (DENIED, "Access token does not exist", ""),
    "api: request token used as access token": (DENIED, "Access token does not exist", ""),
}
EXPECTED = {"mediawiki-1.39.17": MEDIAWIKI, "wordpress-6.1.9+oauth1-0.4.5": WORDPRESS}


def test_every_answer_has_its_outcome() -> None:
    assert len(ANSWERS) == 54
    assert {(a["server"], a["case"]) for a in ANSWERS} == {(s, case) for s, cases in EXPECTED.items() for case in cases}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a['server'].partition('-')[0]}: {a['case']}")
def test_the_answer_of_a_real_server_is_read(answer: dict[str, object]) -> None:
    outcome = EXPECTED[str(answer["server"])][str(answer["case"])]
    step = "access_token" if str(answer["case"]).startswith(("access", "api")) else "request_token"
    status, body = int(str(answer["status"])), str(answer["body"])
    response = Response(status, {"content-type": str(answer["content_type"])}, body.encode())
    if isinstance(outcome, str):
        token = read_token(response, PROVIDER, step=step)
        assert token["oauth_token"] == outcome
        assert body == "&".join(f"{name}={value}" for name, value in token.items())
        return
    kind, words, advice = outcome
    with pytest.raises(ProviderError) as caught:
        read_token(response, PROVIDER, step=step)
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.provider, error.step) == (status, "example", step)
    assert words in error.excerpt
    assert words in error.description
    assert advice in error.description
    assert error.description.endswith(".")
    assert ".. " not in error.description
    assert len(error.excerpt) <= 200
    assert len(error.description) <= 400
