"""Every public vector, in the way that its kind asks for: those that are RFC 5849, and those that are not.

A vector that is not RFC 5849 must *not* come out as its source has it; where it is known what is right, that must.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import OAuthError, SigningError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.flow.redirection import request_token_credentials
from oauth1_catalog.rfc5849 import (
    ClientCredentials,
    Response,
    Signer,
    TemporaryCredentials,
    TokenCredentials,
    authorization_header,
    base_string_uri,
    collect_parameters,
    form_decode,
    normalize_parameters,
    parse_authorization_header,
    percent_encode,
    signature_base_string,
    signature_method,
)
from oauth1_catalog.rfc5849.base_string import join_sorted
from oauth1_catalog.rfc5849.encoding import OWN_NAMES
from oauth1_catalog.rfc5849.parameters import FORM, body_hash

pytestmark = pytest.mark.filterwarnings("ignore:rsa_key has 1024 bits")

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))["vectors"]

# What is right where the source is wrong, for the vectors that say "conformant": false.
CORRECTED = {
    "sig-58": "tIcC5zyKUmycB5Ml/cNxOHDusw03Y5KPQiXVNUHHp4U=",
    "uri-108": "http://example.com/",
    "oauth-signature-js-sort-before-encode": "a=&baz=qux&foo=%C3%9F&foo=bar",
    "pecl-same-name": "GET&http%3A%2F%2F127.0.0.1%3A12342%2F&test%3Dhello%26test%3Dhi",
    "pyoauth2-nonascii-path": "nDExNs0QItBSboUlhLKmGuYCOyY=",
}
# Not RFC 5849, but what a provider wants: the profile "mastercard".
MASTERCARD = {"mastercard-percent", "mastercard-encoded-query", "mastercard-base-single-encoded"}


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    chosen = [vector for vector in VECTORS if vector["kind"] in kinds]
    return pytest.mark.parametrize("vector", chosen, ids=[vector["id"] for vector in chosen])


def check(vector: dict[str, Any], result: object, expected: object) -> None:
    """Compare; a vector that is not RFC 5849 is right when it differs, and is what it should have been."""
    if vector.get("conformant", True):
        assert result == expected
    else:
        assert result != expected
        if vector["id"] in CORRECTED:
            assert result == CORRECTED[vector["id"]]


def test_none_is_left_out() -> None:
    assert Counter(vector["kind"] for vector in VECTORS) == {
        "request": 52,
        "signature": 26,
        "base_uri": 24,
        "encode": 22,
        "base_string": 11,
        "normalize": 10,
        "token_response": 9,
        "body_hash": 4,
        "body_hash_digest_only": 1,
        "header_parse": 1,
        "header_build": 1,
        "form_parse": 1,
    }
    negative = {vector["id"] for vector in VECTORS if not vector.get("conformant", True)}
    assert negative == set(CORRECTED) | MASTERCARD | {"oauth10a-multi", "oauth-signature-js-empty-path"}


def signer_for(vector: dict[str, Any], rsa_keys: dict[str, Any], **options: Any) -> Signer:
    return Signer(
        ClientCredentials(vector["consumer_key"], vector.get("consumer_secret", "")),
        signature_method=vector["signature_method"],
        version=vector.get("version"),
        nonce=vector.get("nonce"),
        timestamp=vector.get("timestamp"),
        rsa_key=rsa_keys.get(vector.get("rsa_key")),
        **options,
    )


def authorization(signer: Signer, vector: dict[str, Any], url: str) -> str:
    return signer.authorization(
        vector["method"],
        url,
        body=vector.get("body"),
        content_type=vector.get("content_type", ""),
        token=TokenCredentials(vector["token"], vector.get("token_secret", "")) if "token" in vector else None,
        parameters={name: value for name, value in vector["oauth_params"] if name not in OWN_NAMES},
    )


@of_kind("request")
def test_request(vector: dict[str, Any], rsa_keys: dict[str, Any]) -> None:
    signer = signer_for(vector, rsa_keys)
    url = vector["url"]
    if vector["signature_method"] == "PLAINTEXT" and url.startswith("http:"):
        with pytest.raises(SigningError, match="over http others can read them"):
            authorization(signer, vector, url)
        url = url.replace("http:", "https:")
    header = dict(parse_authorization_header(authorization(signer, vector, url)))
    signature = header.pop("oauth_signature")

    if "expected_signature" in vector:
        check(vector, signature, vector["expected_signature"])
    else:
        assert "expected_base_string" in vector
    expected = dict(vector["oauth_params"])
    if "nonce" not in vector:  # PLAINTEXT may go without; we always send them
        expected |= {name: header[name] for name in ("oauth_nonce", "oauth_timestamp")}
    assert header == expected


@of_kind("request")
def test_base_string_of_request(vector: dict[str, Any]) -> None:
    own = collect_parameters(body=vector.get("body"), content_type=vector.get("content_type", ""))
    protocol = [(name, value) for name, value in vector["oauth_params"]]
    if "expected_base_string" in vector:
        assert signature_base_string(vector["method"], vector["url"], own + protocol) == vector["expected_base_string"]
    if "expected_normalized" in vector:
        query = collect_parameters(query=vector["url"].partition("?")[2])
        assert normalize_parameters(query + own + protocol) == vector["expected_normalized"]
    if "expected_header" in vector:
        expected = dict(parse_authorization_header(vector["expected_header"]))
        assert expected.pop("oauth_signature") == vector["expected_signature"]
        expected.pop("realm", None)
        assert expected == dict(protocol)


@pytest.mark.parametrize("identity", ["mastercard-percent", "mastercard-encoded-query"])
def test_mastercard_request(identity: str, rsa_keys: dict[str, Any]) -> None:
    """In its own profile the vector is reproduced, also with the body hash that the signer makes by itself."""
    vector = next(vector for vector in VECTORS if vector["id"] == identity)
    signer = signer_for(vector, rsa_keys, profile="mastercard", body_hash="always")
    fields = dict(
        field.split("=", 1)
        for field in signer.authorization(vector["method"], vector["url"]).removeprefix("OAuth ").split(", ")
    )
    assert unquote(fields.pop("oauth_signature").strip('"')) == vector["expected_signature"]
    assert {name: value.strip('"') for name, value in fields.items()} == dict(vector["oauth_params"])


def test_empty_path_is_a_slash(rsa_keys: dict[str, Any]) -> None:
    vector = next(vector for vector in VECTORS if vector["id"] == "oauth-signature-js-empty-path")
    signer = signer_for(vector, rsa_keys)
    assert authorization(signer, vector, vector["url"]) == authorization(signer, vector, vector["url"] + "/")


def test_same_name_in_query_and_body_stays_twice() -> None:
    vector = next(vector for vector in VECTORS if vector["id"] == "oauth10a-multi")
    query = vector["url"].partition("?")[2]
    pairs = collect_parameters(query=query, body=vector["body"].encode(), content_type=FORM)
    assert pairs.count(("alt", "json")) == 2
    assert normalize_parameters(pairs).startswith("alt=json&alt=json&")


@dataclass(frozen=True)
class RawKey:
    """A method that somebody made up: the client secret itself is the key."""

    name: str = "HMAC-SHA1-RAWKEY"
    hash_name: str = "sha1"

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:
        return b64encode(hmac.digest(client_secret.encode(), base_string.encode(), self.hash_name)).decode()


@of_kind("signature")
def test_signature(vector: dict[str, Any], rsa_keys: dict[str, Any]) -> None:
    name = vector["signature_method"]
    method = signature_method(RawKey() if name == RawKey.name else name, rsa_key=rsa_keys.get(vector.get("rsa_key")))
    signature = method.sign(vector["base_string"], vector.get("consumer_secret", ""), vector.get("token_secret", ""))
    check(vector, signature, vector["expected_signature"])


@of_kind("base_uri")
def test_base_uri(vector: dict[str, Any]) -> None:
    check(vector, base_string_uri(vector["url"]), vector["expected_base_uri"])


@of_kind("encode")
def test_encode(vector: dict[str, Any]) -> None:
    check(vector, percent_encode(vector["input"]), vector["expected"])


@of_kind("normalize")
def test_normalize(vector: dict[str, Any]) -> None:
    check(vector, normalize_parameters(form_decode(vector["params_form"])), vector["expected_normalized"])


@of_kind("base_string")
def test_base_string(vector: dict[str, Any]) -> None:
    pairs = form_decode(vector["params_form"])
    check(vector, signature_base_string(vector["method"], vector["url"], pairs), vector["expected_base_string"])


def test_mastercard_base_string() -> None:
    """Its source tests an inner function, with the base URI as given and protocol values as they are."""
    vector = next(vector for vector in VECTORS if vector["id"] == "mastercard-base-single-encoded")
    raw = [
        (name, value if name.startswith("oauth_") else percent_encode(value))
        for name, value in form_decode(vector["params_form"])
    ]
    parts = [vector["method"], percent_encode(vector["url"]), percent_encode(join_sorted(raw))]
    assert "&".join(parts) == vector["expected_base_string"]


@of_kind("body_hash", "body_hash_digest_only")
def test_body_hash(vector: dict[str, Any]) -> None:
    assert body_hash(vector["body"].encode(), vector["hash"]) == vector["expected_body_hash"]
    assert body_hash(vector["body"], vector["hash"]) == vector["expected_body_hash"]


@of_kind("header_parse")
def test_header_parse(vector: dict[str, Any]) -> None:
    assert [list(pair) for pair in parse_authorization_header(vector["header"])] == vector["expected"]


@of_kind("header_build")
def test_header_build(vector: dict[str, Any]) -> None:
    assert authorization_header([(name, value) for name, value in vector["params"]]) == vector["expected_header"]


@of_kind("form_parse")
def test_form_parse(vector: dict[str, Any]) -> None:
    assert [list(pair) for pair in form_decode(vector["body"])] == vector["expected"]


@of_kind("token_response")
def test_token_response(vector: dict[str, Any]) -> None:
    assert dict(form_decode(vector["body"])).keys() >= vector.get("expected", {}).keys()
    steps = request_token_credentials(
        Provider(name="example", from_catalog=True, access_token_url="https://example.com/token"),
        Signer(ClientCredentials("key", "secret")),
        TemporaryCredentials("temporary"),
        verifier="verifier",
    )
    answer = Response(200, {"Content-Type": FORM}, vector["body"].encode())
    if "expected_error" in vector:
        with pytest.raises(OAuthError):
            run(steps, lambda request: answer)
    else:
        assert run(steps, lambda request: answer) == vector["expected"]
