"""No secret in any ``repr``, in any message, or in what a traceback shows of our frames."""

from __future__ import annotations

import traceback

import pytest
from cryptography.hazmat.primitives import serialization

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import ClientCredentials, Request, Signer, TokenCredentials, signature_method

CANARIES = ("hush-client", "hush-token", "hush-passphrase")
CLIENT = ClientCredentials("key", "hush-client")
TOKEN = TokenCredentials("token", "hush-token")
URL = "https://api.example.com/"


def shown(function):
    """All that a crash reporter would keep of an error: message, causes, and the variables of every frame of ours."""
    with pytest.raises(SigningError) as caught:
        function()
    error = caught.value
    frames = traceback.walk_tb(error.__traceback__)
    ours = [(frame, line) for frame, line in frames if "/oauth1_catalog/" in frame.f_code.co_filename]
    assert ours
    assert error.__context__ is None or error.__suppress_context__
    variables = [repr(value) for frame, _ in ours for value in frame.f_locals.values()]
    return "\n".join([str(error), repr(error), repr(error.__context__), *variables])


@pytest.fixture(scope="module")
def locked_pem(private_key):
    return private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hush-passphrase"),
    ).decode()


@pytest.mark.parametrize(
    "sign",
    [
        lambda signer: signer.sign(Request("GET", URL, {"Authorization": "x"}), TOKEN),
        lambda signer: signer.authorization("GET", URL + "?a=%zz", token=TOKEN),
        lambda signer: signer.authorization("GET", URL + "?a=%ff", token=TOKEN),
        lambda signer: signer.authorization("GET", URL + "?oauth_token=x", token=TOKEN),
        lambda signer: signer.authorization("GET", URL, token=TokenCredentials("", "hush-token")),
        lambda signer: signer.authorization("GET", URL, token=TokenCredentials("t", b"hush-token")),
        lambda signer: signer.authorization("GET", URL, token=TokenCredentials("t", "hush-token\ud800")),
        lambda signer: signer.authorization("GET", URL, token=TokenCredentials("\ud800", "hush-token")),
        lambda signer: signer.authorization("GET", URL, token=TOKEN, parameters={"x": "y"}),
        lambda signer: signer.authorization("POST", URL, token=TOKEN, body=iter([]), content_type="x"),
        lambda signer: Signer(CLIENT, nonce=lambda: 5).authorization("GET", URL, token=TOKEN),
        lambda signer: Signer(CLIENT, signature_method="PLAINTEXT").authorization("GET", "http://e.com", token=TOKEN),
        lambda signer: Signer(CLIENT, signature_type="header"),
        lambda signer: Signer(CLIENT, signature_method="hmac"),
        lambda signer: Signer(CLIENT, realm="\n"),
        lambda signer: Signer(ClientCredentials("", "hush-client")),
        lambda signer: Signer(ClientCredentials("key", b"hush-client")),
        lambda signer: Signer(ClientCredentials("key", "hush-client\ud800")),
        lambda signer: Signer(ClientCredentials("\ud800", "hush-client")),
    ],
)
def test_errors_of_a_signer(sign):
    text = shown(lambda: sign(Signer(CLIENT, body_hash="always")))
    assert not [canary for canary in CANARIES if canary in text]


@pytest.mark.parametrize("change", [lambda pem: pem, lambda pem: pem[:300] + pem[400:], lambda pem: pem[40:-40]])
@pytest.mark.parametrize("method", ["RSA-SHA1", "HMAC-SHA1", "RSA-SHA3"])
def test_errors_of_a_key(change, method, locked_pem):
    pem = change(locked_pem)
    for passphrase in ("hush-passphrase!", None):
        text = shown(lambda: Signer(CLIENT, signature_method=method, rsa_key=pem, rsa_key_passphrase=passphrase))  # noqa: B023 - called at once
        assert not [canary for canary in CANARIES if canary in text]
        assert pem[80:110] not in text


def test_errors_of_a_good_key_in_a_bad_place(private_pem):
    text = shown(lambda: Signer(CLIENT, signature_method="HMAC-SHA1", rsa_key=private_pem))
    assert private_pem[80:110] not in text
    text = shown(
        lambda: Signer(CLIENT, signature_method="RSA-SHA1", rsa_key=private_pem, rsa_key_passphrase=CANARIES[2])
    )
    assert private_pem[80:110] not in text
    assert CANARIES[2] not in text


def test_no_repr_shows_a_secret(private_pem):
    for signer in (
        Signer(CLIENT),
        Signer(CLIENT, signature_method="PLAINTEXT"),
        Signer(CLIENT, signature_method="RSA-SHA1", rsa_key=private_pem),
    ):
        signed = signer.sign(Request("GET", URL, {"X": "y"}), TOKEN)
        in_query = signer and Signer(CLIENT, signature_type="QUERY").sign(Request("GET", URL), TOKEN)
        for value in (signer, signer.client, signer.signature_method, signed, in_query, TOKEN, str(signed)):
            assert "hush" not in repr(value)
            assert private_pem[80:110] not in repr(value)
            assert "oauth_signature" not in repr(value)
    assert "hush" not in repr(signature_method("HMAC-SHA1"))
