"""Every message of the signing core, word for word, in ``messages.txt``; and ``Request`` and ``Response`` themselves.

After a deliberate change, ``OAUTH1_CATALOG_UPDATE=1`` writes the file anew; read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import (
    ClientCredentials,
    Request,
    Response,
    Signer,
    TokenCredentials,
    form_decode,
    parse_authorization_header,
    percent_encode,
    register_signature_method,
)
from oauth1_catalog.rfc5849.parameters import FORM
from oauth1_catalog.rfc5849.rsa import WeakKeyWarning, load_private_key

GOLDEN = Path(__file__).parent / "messages.txt"
CLIENT = ClientCredentials("key", "secret")
URL = "https://api.example.com/"


def sign(url=URL, *, method="POST", body=None, content_type="", token=None, parameters=None, headers=None, **options):
    if headers is not None:
        return Signer(CLIENT, **options).sign(Request(method, url, headers, body), token)
    return Signer(CLIENT, **options).authorization(
        method, url, body=body, content_type=content_type, token=token, parameters=parameters
    )


MISTAKES = {
    "an unknown method": lambda: sign(signature_method="ed25519"),
    "a method in lower case": lambda: sign(signature_method="hmac-sha1"),
    "a method that is none": lambda: sign(signature_method=5),
    "a method name that is taken": lambda: register_signature_method("HMAC-SHA1", lambda rsa_key: None),
    "RSA without a key": lambda: sign(signature_method="RSA-SHA1"),
    "HMAC with a key": lambda: sign(rsa_key=key()),
    "a method object with a key": lambda: sign(signature_method=Signer(CLIENT).signature_method, rsa_key=key()),
    "an unknown place": lambda: sign(signature_type="URI"),
    "a place in lower case": lambda: sign(signature_type="header"),
    "an unknown body_hash": lambda: sign(body_hash="sha1"),
    "a body_hash in upper case": lambda: sign(body_hash="ALWAYS"),
    "a body_hash without a hash": lambda: sign(body_hash="always", signature_method="PLAINTEXT"),
    "two body hashes": lambda: sign(body_hash="always", parameters={"oauth_body_hash": "x"}),
    "an unknown profile": lambda: sign(profile="visa"),
    "Mastercard in the query": lambda: sign(profile="mastercard", signature_type="QUERY"),
    "Mastercard with a quote": lambda: sign(profile="mastercard", token=TokenCredentials('"')),
    "a version": lambda: sign(version="1.0a"),
    "a realm that cannot be sent": lambda: sign(realm='a"b'),
    "a realm that has no place": lambda: sign(realm="a", signature_type="QUERY"),
    "a nonce": lambda: sign(nonce=5),
    "a timestamp": lambda: sign(timestamp="now"),
    "no client_id": lambda: Signer(ClientCredentials("")),
    "no token": lambda: sign(token=TokenCredentials("")),
    "a token without a secret": lambda: sign(token=TokenCredentials("token", None)),
    "a secret that is no text": lambda: sign(token=TokenCredentials("token", "\ud800")),
    "a value that is no text": lambda: percent_encode("a\ud800"),
    "an extra parameter of another kind": lambda: sign(parameters={"callback": "x"}),
    "an extra parameter that is no text": lambda: sign(parameters={"oauth_expires_in": 5}),
    "a relative URL": lambda: sign("/me"),
    "no host": lambda: sign("https:///me"),
    "no host that can be": lambda: sign("https://a:b:c/"),
    "no port that can be": lambda: sign("https://a:99999/"),
    "user information": lambda: sign("https://me:hush@api.example.com/"),
    "user information that is not ASCII": lambda: sign("https://mé:hush@api.example.com/", headers={}),
    "no international name": lambda: sign("https://-é.example/", headers={}),
    "a raw character": lambda: sign(URL + "é"),
    "a control character": lambda: sign(URL + "\t", headers={}),
    "a URL that is no text": lambda: sign(URL + "\ud800", headers={}),
    "a path with a lone %": lambda: sign(URL + "100%"),
    "a query with a lone %": lambda: sign(URL + "?a=100%"),
    "a query that is not UTF-8": lambda: sign(URL + "?a=b%ff"),
    "a query with NUL": lambda: sign(URL + "?a=%00"),
    "a form with a lone %": lambda: form_decode("%zz"),
    "a query with protocol parameters": lambda: sign(URL + "?oauth_callback=x"),
    "a form with protocol parameters": lambda: sign(body="oauth_callback=x", content_type=FORM),
    "a form that is not UTF-8": lambda: sign(body=b"\xff", content_type=FORM),
    "a stream": lambda: sign(body=iter([b"a=1"]), content_type=FORM),
    "a header that is there": lambda: sign(headers={"authorization": "Basic x"}),
    "plain http": lambda: sign("http://e.example/", signature_method="PLAINTEXT"),
    "GET with a body": lambda: sign(method="GET", signature_type="BODY", headers={}),
    "JSON in BODY": lambda: sign(body=b"{}", signature_type="BODY", headers={"Content-Type": "application/json"}),
    "no type in BODY": lambda: sign(body=b"{}", signature_type="BODY", headers={}),
    "a header of another scheme": lambda: parse_authorization_header("Basic x"),
    "a header that is no list": lambda: parse_authorization_header('OAuth a="1", b'),
    "a key that is junk": lambda: load_private_key("junk"),
    "a key of another type": lambda: load_private_key(5),
    "a public key": lambda: load_private_key(b"-----BEGIN PUBLIC KEY-----"),
    "a certificate": lambda: load_private_key(b"-----BEGIN CERTIFICATE-----"),
    "a key that is not PEM": lambda: load_private_key(b"0\x82"),
    "a key that is damaged": lambda: load_private_key("-----BEGIN PRIVATE KEY-----"),
    "a key that is damaged, or locked": lambda: load_private_key("-----BEGIN PRIVATE KEY-----", "passphrase"),
    "a key that is locked": lambda: load_private_key(ed25519_pem(serialization.BestAvailableEncryption(b"x"))),
    "a key that is not locked": lambda: load_private_key(ed25519_pem(serialization.NoEncryption()), "x"),
    "a key of another kind": lambda: load_private_key(ed25519_pem(serialization.NoEncryption())),
}


def key():
    return rsa.generate_private_key(65537, 2048)


def ed25519_pem(encryption):
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def message(mistake):
    with pytest.raises(SigningError) as caught:
        mistake()
    assert caught.value.error == "signing_error"
    return caught.value.description


def test_every_message(rsa_keys):
    said = {title: message(mistake) for title, mistake in MISTAKES.items()}
    with pytest.warns(WeakKeyWarning) as warned:
        load_private_key(rsa_keys["wiki"])
    said["a short key"] = str(warned[0].message)
    text = "".join(f"{title}:\n    {words}\n" for title, words in said.items())
    if os.environ.get("OAUTH1_CATALOG_UPDATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_message_is_a_sentence_that_ends():
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        assert line.endswith((":", ".", "?"))
        assert "hush" not in line


@pytest.mark.parametrize("kind", [lambda headers: Request("GET", URL, headers), lambda headers: Response(200, headers)])
def test_headers_are_found_whatever_their_case(kind):
    message = kind({"content-TYPE": "text/plain", "x": "1"})
    assert message.header("Content-Type") == message.header("content-type") == "text/plain"
    assert message.header("X") == "1"
    assert message.header("Accept") == ""
    assert message.header("Accept", "all") == "all"


def test_reprs_show_no_query_header_or_body():
    assert repr(Request("GET", URL + "a?b?c", {"X": "y"}, b"z")) == f"Request('GET', '{URL}a')"
    assert repr(Response(200, {"X": "y"}, b"z")) == "Response(status=200)"


def test_text_of_a_response():
    assert Response(200, {}, "\ufeffé".encode()).text == "é"
    assert Response(200, {}, b"a\xff").text == "a\ufffd"
