"""Write ``vectors/vectors.json``: the vectors of ``tests/rfc5849`` in one form, for programs in any language.

Run it after a vector changed: ``python docs/build_vectors.py``. A test fails if the file is stale, and oauthlib makes
each vector again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from oauth1_catalog.rfc5849 import (
    authorization_header,
    base_string_uri,
    collect_parameters,
    normalize_parameters,
    signature_base_string,
    signature_method,
)

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "vectors" / "vectors.json"
SOURCE = json.loads((ROOT / "tests" / "rfc5849" / "vectors.json").read_text(encoding="utf-8"))

METHODS = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT")
FORM = "application/x-www-form-urlencoded"
# Each is signed with each method. The sources have vectors only for some.
SHAPES: dict[str, dict[str, Any]] = {
    "temporary": {
        "method": "POST",
        "url": "https://api.example.com/oauth/request_token?scope=read%2Cwrite",
        "oauth_params": [["oauth_callback", "https://client.example/callback?next=%2Fhome&user=a b"]],
    },
    "token": {
        "method": "GET",
        "url": "HTTPS://API.Example.com:8443/oauth/access_token",
        "token": "t0ken/+=~",
        "token_secret": "s3cret &%",
        "oauth_params": [["oauth_verifier", "hfdp7dh39dks9884"]],
    },
    "query": {
        "method": "GET",
        "url": "https://api.example.com:443/1/s%C3%A9arch?b=2&a=r%C3%A9sum%C3%A9&b=1&a+b=&c=%7E*%2B+%20",
        "token": "token",
        "token_secret": "",
        "oauth_params": [],
    },
    "form": {
        "method": "POST",
        "url": "https://api.example.com/1/statuses?trim=true",
        "content_type": f"{FORM}; charset=UTF-8",
        "body": "status=Hello+Ladies+%26+Gentlemen%21&tags%5B%5D=1&tags%5B%5D=0&empty",
        "token": "token",
        "token_secret": "hush",
        "oauth_params": [],
    },
}
KEY = "mastercard"
"""The RSA key of these vectors: it has 2048 bits."""


def vectors() -> dict[str, Any]:
    """The content of the file."""
    conformant = [vector for vector in SOURCE["vectors"] if vector.get("conformant", True)]
    # Mastercard encodes the protocol parameters differently, which is not OAuth 1.0.
    wrong = [one for one in SOURCE["vectors"] if one not in conformant and "mastercard" not in one["id"]]

    def of(kind: str) -> list[dict[str, Any]]:
        return [vector for vector in conformant if vector["kind"] == kind]

    requests = [vector for vector in (*conformant, *wrong) if vector["kind"] == "request"]
    return {
        "format": 1,
        "rsa_keys": {name: _key(numbers) for name, numbers in SOURCE["rsa_keys"].items()},
        "requests": [_request(vector) for vector in (*requests, *_each_method())],
        "signatures": [_signature(vector) for vector in of("signature") if vector["signature_method"] in METHODS],
        "base_strings": [
            {
                **_about(vector),
                "method": vector["method"],
                "url": vector["url"],
                "form": vector["params_form"],
                "base_string": vector["expected_base_string"],
            }
            for vector in of("base_string")
        ],
        "base_string_uris": [
            {**_about(vector), "url": vector["url"], "base_string_uri": vector["expected_base_uri"]}
            for vector in of("base_uri")
        ],
        "normalized_parameters": [
            {**_about(vector), "form": vector["params_form"], "normalized": vector["expected_normalized"]}
            for vector in of("normalize")
        ],
        "percent_encodings": [
            {**_about(vector), "text": vector["input"], "encoded": vector["expected"]} for vector in of("encode")
        ],
        "body_hashes": [
            {
                **_about(vector),
                "body": vector["body"],
                "hash": vector["hash"],
                "body_hash": vector["expected_body_hash"],
            }
            for vector in (*of("body_hash"), *of("body_hash_digest_only"))
        ],
    }


def _each_method() -> Iterator[dict[str, Any]]:
    for (shape, about), method in product(SHAPES.items(), METHODS):
        secret = {"rsa_key": KEY} if method.startswith("RSA-") else {"consumer_secret": "kd94hf93k423kf44/+"}
        token = [["oauth_token", about["token"]]] if "token" in about else []
        yield {
            **about,
            **secret,
            "id": f"each-method-{shape}-{method.lower()}",
            "source": "oauth1-catalog, verified by oauthlib",
            "signature_method": method,
            "consumer_key": "dpf43f3p2l4k3l03",
            "oauth_params": [
                ["oauth_consumer_key", "dpf43f3p2l4k3l03"],
                *token,
                ["oauth_signature_method", method],
                ["oauth_timestamp", "1796083200"],
                ["oauth_nonce", "kllo9940pd9333jh"],
                ["oauth_version", "1.0"],
                *about["oauth_params"],
            ],
        }


def _request(vector: dict[str, Any]) -> dict[str, Any]:
    protocol = [(name, value) for name, value in vector["oauth_params"]]
    form = collect_parameters(body=vector.get("body"), content_type=vector.get("content_type", ""))
    base_string = signature_base_string(vector["method"], vector["url"], [*form, *protocol])
    is_right = vector.get("conformant", True) and "expected_signature" in vector
    signature = vector["expected_signature"] if is_right else _sign(vector, base_string)
    query = collect_parameters(query=vector["url"].partition("?")[2])
    plaintext = vector["signature_method"] == "PLAINTEXT"
    return {
        **_about(vector),
        "method": vector["method"],
        "url": vector["url"],
        "content_type": vector.get("content_type"),
        "body": vector.get("body"),
        **_secrets(vector),
        "oauth_parameters": [list(pair) for pair in protocol],
        "base_string_uri": base_string_uri(vector["url"]),
        "normalized_parameters": normalize_parameters([*query, *form, *protocol]),
        "base_string": None if plaintext else base_string,
        "signature": signature,
        "wrong_signature": None if vector.get("conformant", True) else vector["expected_signature"],
        "authorization": authorization_header([*protocol, ("oauth_signature", signature)]),
    }


def _signature(vector: dict[str, Any]) -> dict[str, Any]:
    return {
        **_about(vector),
        **_secrets(vector),
        "base_string": vector["base_string"],
        "signature": vector["expected_signature"],
    }


def _sign(vector: dict[str, Any], base_string: str) -> str:
    key = vector.get("rsa_key")
    method = signature_method(vector["signature_method"], rsa_key=_private(SOURCE["rsa_keys"][key]) if key else None)
    return method.sign(base_string, vector.get("consumer_secret", ""), vector.get("token_secret", ""))


def _about(vector: dict[str, Any]) -> dict[str, Any]:
    return {"id": vector["id"], "source": vector["source"], "note": vector.get("note")}


def _secrets(vector: dict[str, Any]) -> dict[str, Any]:
    return {
        "signature_method": vector["signature_method"],
        "client_secret": vector.get("consumer_secret", ""),
        "token_secret": vector.get("token_secret", ""),
        "rsa_key": vector.get("rsa_key"),
    }


def _private(numbers: dict[str, Any]) -> rsa.RSAPrivateKey:
    number = {part: int(str(value), 0) for part, value in numbers.items()}
    public = rsa.RSAPublicNumbers(number["e"], number["n"])
    return rsa.RSAPrivateNumbers(
        number["p"], number["q"], number["d"], number["dmp1"], number["dmq1"], number["iqmp"], public
    ).private_key()


def _key(numbers: dict[str, Any]) -> dict[str, str]:
    key = _private(numbers)
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_key": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    }


def text() -> str:
    """The text of the file."""
    return json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
