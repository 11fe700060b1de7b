"""``vectors/vectors.json``: each vector is verified by oauthlib, and made by our signer."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import new
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from oauthlib import oauth1
from oauthlib.common import urldecode
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature
from oauthlib.oauth1.rfc5849 import utils

from oauth1_catalog.rfc5849 import ClientCredentials, Signer, TokenCredentials, parse_authorization_header
from oauth1_catalog.rfc5849.encoding import OWN_NAMES
from oauth1_catalog.rfc5849.parameters import is_form

pytestmark = pytest.mark.filterwarnings("ignore:rsa_key has 1024 bits")

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "vectors" / "vectors.json"
PUBLISHED: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
METHODS = {"HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"}


def each(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", PUBLISHED[kind], ids=[vector["id"] for vector in PUBLISHED[kind]])


def for_oauthlib(form: str) -> str:
    """oauthlib refuses some characters that are allowed: it gets them percent-encoded, which means the same."""
    return re.sub(r"[^A-Za-z0-9_.\-=&;:%+~,*@!()/?'$]", lambda match: quote(match[0], safe=""), form)


def judged(method: str, url: str, parameters: list[tuple[str, str]]) -> str:
    """The base string as oauthlib makes it."""
    query = for_oauthlib(urlsplit(url).query)
    collected = oauthlib_signature.collect_parameters(query, exclude_oauth_signature=False) + parameters
    signed = [pair for pair in collected if pair[0] != "oauth_signature"]
    normalized = oauthlib_signature.normalize_parameters(signed)
    uri = oauthlib_signature.base_string_uri(url)
    return str(oauthlib_signature.signature_base_string(method, uri, normalized))


def oauthlibs(vector: dict[str, Any], base_string: str) -> str:
    """The signature as oauthlib makes it. RSA with PKCS #1 v1.5 has one signature for each text."""
    key = PUBLISHED["rsa_keys"][vector["rsa_key"]]["private_key"] if vector["rsa_key"] else None
    client = oauth1.Client("key", vector["client_secret"], resource_owner_secret=vector["token_secret"], rsa_key=key)
    name = vector["signature_method"].lower().replace("-", "_")
    return str(getattr(oauthlib_signature, f"sign_{name}_with_client")(base_string, client))


def test_the_file_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("build_vectors", ROOT / "docs" / "build_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert FILE.read_text(encoding="utf-8") == module.text(), "run: python docs/build_vectors.py"


def test_the_file_passes_its_schema() -> None:
    schema = ROOT / "schemas" / "vectors.schema.json"
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_each_kind_is_there() -> None:
    """A request for each signature method, and more than a hundred vectors from elsewhere."""
    lists = {name: value for name, value in PUBLISHED.items() if isinstance(value, list)}
    assert {name: len(value) for name, value in lists.items()} == {
        "requests": 78,
        "signatures": 24,
        "base_strings": 9,
        "base_string_uris": 23,
        "normalized_parameters": 9,
        "percent_encodings": 22,
        "body_hashes": 5,
    }
    identities = [vector["id"] for value in lists.values() for vector in value]
    assert len(identities) == len(set(identities))
    for method in METHODS:
        assert len([vector for vector in PUBLISHED["requests"] if vector["signature_method"] == method]) >= 4


@each("requests")
def test_oauthlib_makes_the_same_request(vector: dict[str, Any]) -> None:
    form = vector["body"] if is_form(vector["content_type"] or "") else ""
    pairs = [(name, value) for name, value in vector["oauth_parameters"]]
    pairs += [(name, value) for name, value in urldecode(for_oauthlib(form))] if form else []
    base_string = judged(vector["method"], vector["url"], pairs)
    assert vector["base_string"] == (None if vector["signature_method"] == "PLAINTEXT" else base_string)
    assert base_string.split("&")[1] == quote(vector["base_string_uri"], safe="~")
    assert base_string.split("&")[2] == quote(vector["normalized_parameters"], safe="~")
    assert vector["signature"] == oauthlibs(vector, base_string)
    assert vector["wrong_signature"] != vector["signature"]


@each("requests")
def test_our_signer_makes_the_same_request(vector: dict[str, Any]) -> None:
    given = dict(vector["oauth_parameters"])
    signer = Signer(
        ClientCredentials(given["oauth_consumer_key"], vector["client_secret"]),
        signature_method=vector["signature_method"],
        rsa_key=PUBLISHED["rsa_keys"][vector["rsa_key"]]["private_key"] if vector["rsa_key"] else None,
        version=given.get("oauth_version"),
        nonce=given.get("oauth_nonce"),
        timestamp=given.get("oauth_timestamp"),
        allow_plaintext_over_http=True,
    )
    token = TokenCredentials(given["oauth_token"], vector["token_secret"]) if "oauth_token" in given else None
    header = signer.authorization(
        vector["method"],
        vector["url"],
        body=vector["body"],
        content_type=vector["content_type"] or "",
        token=token,
        parameters={name: value for name, value in given.items() if name not in OWN_NAMES},
    )
    made = dict(parse_authorization_header(header))
    expected = dict(parse_authorization_header(vector["authorization"]))
    if "oauth_nonce" not in given:  # PLAINTEXT needs neither; we always send them
        made = {name: value for name, value in made.items() if name not in {"oauth_nonce", "oauth_timestamp"}}
    assert made == expected
    assert expected == {**given, "oauth_signature": vector["signature"]}


@each("signatures")
def test_oauthlib_makes_the_same_signature(vector: dict[str, Any]) -> None:
    assert vector["signature"] == oauthlibs(vector, vector["base_string"])


@each("base_strings")
def test_oauthlib_makes_the_same_base_string(vector: dict[str, Any]) -> None:
    pairs = list(urldecode(for_oauthlib(vector["form"]))) if vector["form"] else []
    assert vector["base_string"] == judged(vector["method"], vector["url"], pairs)


@each("base_string_uris")
def test_oauthlib_makes_the_same_base_string_uri(vector: dict[str, Any]) -> None:
    assert vector["base_string_uri"] == oauthlib_signature.base_string_uri(vector["url"])


@each("normalized_parameters")
def test_oauthlib_makes_the_same_parameters(vector: dict[str, Any]) -> None:
    pairs = list(urldecode(for_oauthlib(vector["form"]))) if vector["form"] else []
    assert vector["normalized"] == oauthlib_signature.normalize_parameters(pairs)


@each("percent_encodings")
def test_oauthlib_encodes_in_the_same_way(vector: dict[str, Any]) -> None:
    assert vector["encoded"] == utils.escape(vector["text"])


@each("body_hashes")
def test_a_body_hash_is_a_digest(vector: dict[str, Any]) -> None:
    assert vector["body_hash"] == b64encode(new(vector["hash"], vector["body"].encode()).digest()).decode()
