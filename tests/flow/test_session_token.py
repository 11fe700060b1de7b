"""The request for a session token, step by step and without I/O; the provider's side is written here once more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingTokenError,
    OAuthError,
    SigningError,
    TokenRequestDeniedError,
    TokenResponseError,
)
from oauth1_catalog.flow.session_token import (
    SessionKeys,
    current_session,
    fetch_session_token,
    session_signature,
)
from oauth1_catalog.rfc5849 import ClientCredentials, Signer, TokenCredentials
from oauth1_catalog.rfc5849.messages import Request, Response
from tests.flow.test_diffie_hellman import PARAMETERS, PRIME

SIGNING, ENCRYPTION, OTHER = (generate_private_key(65537, 2048) for _ in range(3))
KEYS = SessionKeys(ENCRYPTION, PARAMETERS)
SECRET = b"the secret of the token, 32 byte"
PROVIDER = Catalog().provider("interactive_brokers")
SIGNER = Signer(
    ClientCredentials("TESTCONS1"), signature_method="RSA-SHA256", rsa_key=SIGNING, realm="limited_poa", version=None
)
ENDS = "1900000000000"


def token(secret: bytes = SECRET, key: Any = ENCRYPTION) -> dict[str, str]:
    encrypted = base64.b64encode(key.public_key().encrypt(secret, PKCS1v15())).decode()
    return {"oauth_token": "a1b2c3", "oauth_token_secret": encrypted, "account": "U1"}


def header_of(request: Request) -> dict[str, str]:
    scheme, _, rest = request.header("Authorization").partition(" ")
    assert scheme == "OAuth"
    pairs = [part.partition("=") for part in rest.split(", ")]
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


def answered(challenge: str, private: int = 2**200 + 7, **changes: Any) -> dict[str, Any]:
    shared = pow(int(challenge, 16), private, PRIME)
    key = shared.to_bytes(shared.bit_length() // 8 + 1, "big")
    session = hmac.new(key, SECRET, hashlib.sha1).digest()
    return {
        "diffie_hellman_response": f"{pow(2, private, PRIME):x}",
        "live_session_token_signature": hmac.new(session, b"TESTCONS1", hashlib.sha1).hexdigest(),
        "live_session_token_expiration": int(ENDS),
        **changes,
    }


def fetched(
    changes: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    provider: Provider = PROVIDER,
    **options: Any,
) -> tuple[Request, dict[str, str]]:
    """The request, and the outcome."""
    steps = fetch_session_token(provider, SIGNER, given or token(), KEYS, **options)
    request = next(steps)
    fields = answered(header_of(request)["diffie_hellman_challenge"], **(changes or {}))
    body = json.dumps({name: value for name, value in fields.items() if value is not None})
    with pytest.raises(StopIteration) as stopped:
        steps.send(Response(status, {"Content-Type": "application/json"}, body.encode()))
    return request, stopped.value.value


def refused(changes: Mapping[str, Any] | None = None, kind: type[OAuthError] = TokenResponseError, **more: Any) -> Any:
    with pytest.raises(kind) as caught:
        fetched(changes, **more)
    return caught.value


def test_the_request_and_the_session_token() -> None:
    request, outcome = fetched(exponent=lambda: 2**255 + 12345)
    assert (request.method, request.url) == ("POST", "https://api.ibkr.com/v1/api/oauth/live_session_token")
    assert request.body is None
    sent = header_of(request)
    assert sent.pop("realm") == "limited_poa"
    assert sent["diffie_hellman_challenge"] == f"{pow(2, 2**255 + 12345, PRIME):x}"
    signature = base64.b64decode(sent.pop("oauth_signature"))
    joined = "&".join(f"{name}={value}" for name, value in sorted(sent.items()))
    base_string = f"{SECRET.hex()}POST&{quote(request.url, safe='')}&{quote(joined, safe='')}"
    SIGNING.public_key().verify(signature, base_string.encode(), PKCS1v15(), hashes.SHA256())
    assert sorted(sent) == [
        "diffie_hellman_challenge",
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_token",
    ]
    assert len(base64.b64decode(outcome["session_token"])) == 20
    assert outcome["live_session_token_expiration"] == ENDS
    assert outcome["account"] == "U1"


def test_each_request_has_a_new_challenge() -> None:
    challenges = {header_of(fetched()[0])["diffie_hellman_challenge"] for _ in range(3)}
    assert len(challenges) == 3


@pytest.mark.parametrize("response", ["0", "1", f"{PRIME - 1:x}", f"{PRIME:x}", f"{PRIME + 1:x}", "-5", "zz"])
def test_a_number_outside_of_the_group_is_refused(response: str) -> None:
    error = refused({"diffie_hellman_response": response})
    assert error.description.startswith("interactive_brokers: the diffie_hellman_response of the answer is not ")
    assert error.description.endswith("It is not used; ask the provider.")
    assert error.step == "session_token"


@pytest.mark.parametrize("proof", ["0" * 40, "é", "a", "x" * 5000])
def test_a_server_that_has_another_key_is_refused(proof: str) -> None:
    error = refused({"live_session_token_signature": proof})
    assert "is not that of the session token that was computed. Check that dh_parameters" in error.description


def test_a_proof_in_capitals_is_accepted() -> None:
    steps = fetch_session_token(PROVIDER, SIGNER, token(), KEYS)
    fields = answered(header_of(next(steps))["diffie_hellman_challenge"])
    fields["live_session_token_signature"] = f" {fields['live_session_token_signature'].upper()}"
    with pytest.raises(StopIteration):
        steps.send(Response(200, {}, json.dumps(fields).encode()))


def test_another_secret_is_found_by_the_proof() -> None:
    refused(given=token(b"another secret"))


@pytest.mark.parametrize("missing", ["diffie_hellman_response", "live_session_token_signature"])
def test_an_answer_without_its_fields(missing: str) -> None:
    assert refused({missing: None}).status == 200


def test_an_answer_without_an_end_is_used() -> None:
    outcome = fetched({"live_session_token_expiration": None})[1]
    assert current_session(PROVIDER, outcome, 5e9) == outcome["session_token"]


def test_a_refusal_names_what_to_check() -> None:
    steps = fetch_session_token(PROVIDER, SIGNER, token(), KEYS)
    next(steps)
    body = b'{"error":"id: 39687, error: invalid consumer","statusCode":401}'
    with pytest.raises(TokenRequestDeniedError, match="refused with status 401: id: 39687") as caught:
        steps.send(Response(401, {"Content-Type": "application/json"}, body))
    assert "the public halves of rsa_key and encryption_key" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("no base64!", "is not base64. Copy it whole"),
        ("YQ", "is not base64"),
        ("", "was not encrypted for this encryption_key"),
        ("YWJj", "was not encrypted for this encryption_key"),
    ],
)
def test_a_secret_that_cannot_be_decrypted(secret: str, message: str) -> None:
    steps = fetch_session_token(PROVIDER, SIGNER, {"oauth_token": "t", "oauth_token_secret": secret}, KEYS)
    with pytest.raises(MissingTokenError, match=message) as caught:
        next(steps)
    assert caught.value.error == "invalid_token"


def test_the_secret_of_another_key() -> None:
    """It is an error, or random bytes, with which the provider refuses the request."""
    steps = fetch_session_token(PROVIDER, SIGNER, token(key=OTHER), KEYS)
    try:
        request = next(steps)
    except MissingTokenError:
        return
    assert request.url == PROVIDER.session_token.url  # type: ignore[union-attr] # it has one


def test_a_provider_without_session_tokens() -> None:
    with pytest.raises(ConfigurationError, match="does not describe a session token") as caught:
        next(fetch_session_token(Provider(name="x"), SIGNER, token(), KEYS))
    assert caught.value.error == "no_session_token"


@pytest.mark.parametrize(("now", "valid"), [(0.0, True), (1.9e9 - 61, True), (1.9e9 - 60, False), (2e9, False)])
def test_a_session_token_ends_a_minute_early(now: float, *, valid: bool) -> None:
    fields = {"oauth_token": "t", "session_token": "abc=", "live_session_token_expiration": ENDS}
    assert current_session(PROVIDER, fields, now) == ("abc=" if valid else None)
    assert current_session(PROVIDER, {"oauth_token": "t"}, now) is None


def test_a_call_is_signed_with_the_session_token() -> None:
    method = session_signature(PROVIDER.session_token)  # type: ignore[arg-type] # it has one
    signer = Signer(ClientCredentials("TESTCONS1"), signature_method=method, version=None, nonce="n", timestamp=7)
    session = base64.b64encode(b"k" * 20).decode()
    url = "https://api.ibkr.com/v1/api/iserver/marketdata/snapshot?conids=1%2C2&q=a%20b%26c"
    signed = signer.sign(Request("GET", url), TokenCredentials("t", session))
    sent = header_of(signed)
    signature = sent.pop("oauth_signature")
    joined = "&".join(f"{n}={v}" for n, v in sorted({**sent, "conids": "1,2", "q": "a b&c"}.items()))
    base_string = f"GET&{quote(url.partition('?')[0], safe='')}&{quote(joined, safe='')}"
    assert base64.b64decode(signature) == hmac.new(b"k" * 20, base_string.encode(), hashlib.sha256).digest()
    assert sent["oauth_signature_method"] == "HMAC-SHA256"


def test_a_call_without_a_token_is_refused() -> None:
    signer = Signer(ClientCredentials("k"), signature_method=session_signature(PROVIDER.session_token))  # type: ignore[arg-type] # it has one
    with pytest.raises(SigningError, match="Leave out withhold_token"):
        signer.sign(Request("GET", "https://api.ibkr.com/v1/api/x"))


def test_no_error_shows_a_secret() -> None:
    session = fetched()[1]["session_token"]
    for changes in ({"live_session_token_signature": "0" * 40}, {"diffie_hellman_response": "1"}):
        error = refused(changes)
        shown = f"{error}{error.__notes__ if hasattr(error, '__notes__') else ''}"
        assert SECRET.hex() not in shown
        assert session not in shown
