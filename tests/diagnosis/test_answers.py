"""What servers answer is read: 54 answers of MediaWiki and WordPress, and the base strings that servers return."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import oauthlib.oauth1
import pytest

from oauth1_catalog import explain
from oauth1_catalog.diagnosis.answers import read_answer
from oauth1_catalog.diagnosis.signing import read_sent, right_signing
from oauth1_catalog.rfc5849 import Request, Response

ANSWERS = json.loads((Path(__file__).parents[1] / "flow" / "server_answers.json").read_text())["answers"]
THEIR_CLOCK = 1795525287
MEDIAWIKI, WORDPRESS = "mediawiki-1.39.17", "wordpress-6.1.9+oauth1-0.4.5"
# The problem of each case, and words of the advice. A case that is not here was accepted.
PROBLEMS = {
    MEDIAWIKI: {
        "unknown consumer": ("consumer_key_unknown", "Check client_id."),
        "wrong consumer secret": ("signature_invalid", "Check client_secret"),
        "old timestamp -1h": ("timestamp_refused", "it is 3600 s behind the provider's"),
        "future timestamp +1h": ("timestamp_refused", "it is 3600 s ahead of the provider's"),
        "negative timestamp": ("timestamp_refused", "Set this machine's clock right"),
        "nonce replay": ("nonce_used", "Send each signed request once"),
        "HMAC-SHA256": ("signature_method_rejected", "Set client_kwargs={'signature_method': ...}"),
        "HMAC-SHA512": ("signature_method_rejected", "Set client_kwargs={'signature_method': ...}"),
        "PLAINTEXT over http": ("signature_method_rejected", "Set client_kwargs={'signature_method': ...}"),
        "no callback": ("callback_rejected", "Register the redirect URI"),
        "callback not registered": ("callback_rejected", "Register the redirect URI"),
        "no authorization header at all": ("consumer_key_unknown", "Check client_id."),
        "lower-case oauth scheme": ("consumer_key_unknown", "Check client_id."),
        "garbage authorization header": ("consumer_key_unknown", "Check client_id."),
        "access: unauthorized token, bogus verifier": ("token_rejected", "Begin the login again."),
        "access: no verifier": ("token_rejected", "Begin the login again."),
        "access: unknown token": ("token_rejected", "Begin the login again."),
        "api: unknown access token": ("token_rejected", "Begin the login again."),
        "api: request token used as access token": ("token_rejected", "Begin the login again."),
    },
    WORDPRESS: {
        "unknown consumer": ("consumer_key_unknown", "Check client_id."),
        "wrong consumer secret": ("signature_invalid", "Check client_secret"),
        "old timestamp -1h": ("timestamp_refused", "Set this machine's clock right"),
        "future timestamp +1h": ("timestamp_refused", "Set this machine's clock right"),
        "negative timestamp": ("timestamp_refused", "Set this machine's clock right"),
        "HMAC-SHA512": ("signature_method_rejected", "Set client_kwargs={'signature_method': ...}"),
        "PLAINTEXT over http": ("signature_method_rejected", "Set client_kwargs={'signature_method': ...}"),
        "callback not registered": ("callback_rejected", "Register the redirect URI"),
        "callback oob": ("callback_rejected", "Register the redirect URI"),
        "callback with %20 in query": ("signature_invalid", "Check client_secret"),
        "no authorization header at all": ("parameter_absent", "Look the missing parameter up"),
        "lower-case oauth scheme": ("parameter_absent", "Look the missing parameter up"),
        "garbage authorization header": ("parameter_absent", "Look the missing parameter up"),
        "access: unauthorized token, bogus verifier": ("token_rejected", "Begin the login again."),
        "access: no verifier": ("parameter_absent", "Look the missing parameter up"),
        "access: unknown token": ("token_rejected", "Begin the login again."),
        "api: unknown access token": ("token_rejected", "Begin the login again."),
        "api: request token used as access token": ("token_rejected", "Begin the login again."),
    },
}


@pytest.mark.parametrize("one", ANSWERS, ids=lambda one: f"{one['server'].partition('-')[0]}: {one['case']}")
def test_an_answer_of_a_real_server(one: dict[str, str]) -> None:
    apart = {"old timestamp -1h": -3600, "future timestamp +1h": 3600}.get(one["case"], 0)
    sent = read_sent(
        Request("POST", "https://a.example/", {"Authorization": f'OAuth oauth_timestamp="{THEIR_CLOCK + apart}"'})
    )
    response = Response(int(one["status"]), {"Content-Type": one["content_type"]}, one["body"].encode())
    answer = read_answer(response, sent, 0)
    code, words = PROBLEMS[one["server"]].get(one["case"], (None, ""))
    assert answer.code == code
    assert words in answer.advice
    assert bool(answer.advice) == bool(code)


def test_each_case_is_that_of_an_answer() -> None:
    assert len(ANSWERS) == 54
    assert {(server, case) for server, cases in PROBLEMS.items() for case in cases} <= {
        (one["server"], one["case"]) for one in ANSWERS
    }


def test_a_refusal_with_status_200_is_reported() -> None:
    body = b"Error: An error occurred in the OAuth protocol: Invalid consumer"
    explanation = explain(
        signed(), client_secret="secret", token_secret="token secret", response=Response(200, {}, body)
    )
    assert "The server reports 'consumer_key_unknown'. Check client_id." in explanation.summary


def signed(url: str = "https://api.example.com/1/items?q=a+b", **options: str) -> Request:
    client = oauthlib.oauth1.Client(
        "key", "secret", resource_owner_key="token", resource_owner_secret="token secret", **options
    )
    uri, headers, _ = client.sign(url)
    return Request("GET", uri, headers)


def as_json(text: str) -> str:
    """A text in JSON; Python's ``json`` and PHP's write ``&`` as it is, Google's servers as an escape."""
    return json.dumps(text).replace("&", r"\u0026")


# As these servers write it. PECL writes the base string as it is, although the answer is a form.
RETURNED = {
    "Mastercard": '{{"Errors": {{"Error": [{{"Source": "Gateway", "ReasonCode": "AUTHENTICATION_FAILED", '
    '"Description": "OAuth signatures did not match. Acceptable signature base string: {text}", "Details": null}}]}}}}',
    "Yelp": '{{"error": {{"text": "Signature was invalid", "id": "INVALID_SIGNATURE", "description": {in_words}}}}}',
    "Khan Academy": "OAuth error. Invalid signature. Expected signature base string: {text}",
    "Telldus": 'OAuth Verification Failed: Verification of signature failed (signature base string was "{text}").',
    "Postman Echo": '{{"status": "fail", "message": "HMAC-SHA1 verification failed", "base_string": "{text}"}}',
    "PECL": "oauth_problem=signature_invalid&debug_sbs={text}",
    "oauth1-catalog": "oauth_problem=signature_invalid&debug_sbs={quoted}",
    "a page": "<p>Signature base string: <code>{html}</code></p>",
}


@pytest.mark.parametrize("server", RETURNED)
def test_the_base_string_that_a_server_returns(server: str) -> None:
    request = signed()
    theirs = right_signing(read_sent(replace(request, url=request.url.replace("https:", "http:")))).base_string
    in_words = as_json(f"Invalid signature. Expected signature base string: {theirs}")
    body = RETURNED[server].format(
        text=theirs, quoted=quote(theirs, safe=""), html=theirs.replace("&", "&amp;"), in_words=in_words
    )
    response = Response(401, {}, body.encode())
    explanation = explain(request, client_secret="secret", token_secret="token secret", response=response)
    assert explanation.answer is not None
    assert explanation.answer.base_string == theirs
    assert [(cause.side, cause.mistakes[0].code) for cause in explanation.causes] == [("server", "other-scheme")]


@pytest.mark.parametrize("hash_name", ["sha1", "sha256", "sha512"])
def test_a_body_hash_is_checked(hash_name: str) -> None:
    body = b'{"a": 1}'
    digest = base64.b64encode(hashlib.new(hash_name, body).digest()).decode()
    header = f'OAuth oauth_body_hash="{quote(digest, safe="")}", oauth_signature="x", oauth_timestamp="1"'
    request = Request("POST", "https://a.example/", {"Authorization": header}, body)
    right, wrong = (explain(one, now=1).faults for one in (request, replace(request, body=body + b" ")))
    assert not any("oauth_body_hash" in fault for fault in right)
    assert any("oauth_body_hash is not the hash of the body." in fault for fault in wrong)
