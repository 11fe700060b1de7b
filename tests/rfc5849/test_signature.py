from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import SignatureMethod, register_signature_method, signature_method
from oauth1_catalog.rfc5849.encoding import percent_encode
from oauth1_catalog.rfc5849.signature import Hmac, Plaintext, Rsa, signature_method_names, signing_key

BUILT_IN = ("PLAINTEXT", "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512")


@dataclass(frozen=True)
class Reverse:
    name: str = "REVERSE"
    hash_name: str | None = None

    def sign(self, base_string, client_secret, token_secret):
        return base_string[::-1]


def test_names():
    assert signature_method_names() == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_says_its_name_and_hash(name, private_key):
    method = signature_method(name, rsa_key=private_key if name.startswith("RSA") else None)
    assert isinstance(method, SignatureMethod)
    assert method.name == name
    assert method.hash_name == (name.partition("-")[2].lower() or None)


@pytest.mark.parametrize(
    ("client_secret", "token_secret", "key"),
    [
        ("", "", "&"),
        ("c", "", "c&"),
        ("", "t", "&t"),
        ("a&b%", "é =", "a%26b%25&%C3%A9%20%3D"),
        ("a+b", "~", "a%2Bb&~"),
    ],
)
def test_the_key(client_secret, token_secret, key):
    assert signing_key(client_secret, token_secret) == key
    assert Plaintext().sign("anything", client_secret, token_secret) == key
    for hash_name in ("sha1", "sha256", "sha512"):
        method = signature_method(f"HMAC-{hash_name.upper()}")
        expected = hmac.new(key.encode(), b"base string", hash_name).digest()
        assert b64decode(method.sign("base string", client_secret, token_secret), validate=True) == expected
        for text in map(str, range(50)):  # so that each character of base64 is among them
            signature = method.sign(text, client_secret, token_secret)
            assert method.encoded_signature(text, key) == percent_encode(signature)


@pytest.mark.parametrize("hash_name", ["sha1", "sha256", "sha512"])
def test_rsa(hash_name, private_key):
    method = signature_method(f"RSA-{hash_name.upper()}", rsa_key=private_key)
    made = method.sign("base string", "ignored", "ignored too")
    assert "\n" not in made
    hash_class = getattr(hashes, hash_name.upper())
    private_key.public_key().verify(b64decode(made, validate=True), b"base string", padding.PKCS1v15(), hash_class())
    assert method.sign("base string", "", "") == made


def test_rsa_hash_is_the_one_it_says(private_key):
    made = b64decode(signature_method("RSA-SHA256", rsa_key=private_key).sign("x", "", ""))
    recovered = private_key.public_key().recover_data_from_signature(made, padding.PKCS1v15(), hashes.SHA256())
    assert recovered == hashlib.sha256(b"x").digest()


def test_repr_shows_no_key(private_key, private_pem):
    assert repr(Rsa("RSA-SHA1", "sha1", private_key)) == "Rsa('RSA-SHA1')"
    assert repr(signature_method("RSA-SHA1", rsa_key=private_pem)) == "Rsa('RSA-SHA1')"
    assert repr(Hmac("HMAC-SHA1", "sha1")) == "Hmac(name='HMAC-SHA1', hash_name='sha1')"


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("hmac-sha1", "Did you mean 'HMAC-SHA1'?"),
            ("HMAC_SHA256", "Did you mean 'HMAC-SHA256'?"),
            ("RSASHA1", "Did you mean 'RSA-SHA1'?"),
            ("plaintext", "Did you mean 'PLAINTEXT'?"),
            ("ed25519", f"It is one of {', '.join(BUILT_IN)}."),
            ("", "It is one of PLAINTEXT, "),
        ],
    )
    def test_unknown_name(self, name, hint):
        with pytest.raises(SigningError) as caught:
            signature_method(name)
        assert f"There is no signature_method {name!r}. {hint}" in str(caught.value)

    @pytest.mark.parametrize("method", [None, 5, object(), Hmac])
    def test_no_method(self, method):
        with pytest.raises(
            SigningError, match=r"signature_method is \w+\. Pass a name such as 'HMAC-SHA1', or an object"
        ):
            signature_method(method)

    @pytest.mark.parametrize("name", [name for name in BUILT_IN if name.startswith("RSA")])
    def test_rsa_without_key(self, name):
        with pytest.raises(SigningError, match=f"{name} needs a private RSA key. Pass rsa_key"):
            signature_method(name)

    @pytest.mark.parametrize("name", [name for name in BUILT_IN if not name.startswith("RSA")])
    def test_key_for_a_method_that_uses_none(self, name, private_key):
        with pytest.raises(SigningError, match=f"signature_method is {name}, which uses none. Choose RSA-SHA1, "):
            signature_method(name, rsa_key=private_key)

    def test_key_beside_an_object(self, private_key):
        with pytest.raises(SigningError, match=r"beside a signature method object \(REVERSE\)"):
            signature_method(Reverse(), rsa_key=private_key)

    def test_a_key_that_cannot_be_used(self):
        with pytest.raises(SigningError, match="rsa_key is neither PEM"):
            signature_method("RSA-SHA1", rsa_key="junk")


class TestCustom:
    def test_object(self):
        method = Reverse()
        assert signature_method(method) is method

    @pytest.mark.usefixtures("registry")
    def test_by_name(self, private_key):
        keys = []

        def factory(rsa_key):
            keys.append(rsa_key)
            return Reverse()

        register_signature_method("REVERSE", factory)
        assert signature_method("REVERSE") == Reverse()
        signature_method("REVERSE", rsa_key=private_key)
        assert keys == [None, private_key]
        assert signature_method_names() == (*BUILT_IN, "REVERSE")

    @pytest.mark.usefixtures("registry")
    @pytest.mark.parametrize("name", ["HMAC-SHA1", "REVERSE"])
    def test_a_name_is_taken_once(self, name):
        register_signature_method("REVERSE", lambda rsa_key: Reverse())
        with pytest.raises(SigningError, match=f"'{name}' is already registered. Choose another name, or pass"):
            register_signature_method(name, lambda rsa_key: Reverse())
        assert signature_method("HMAC-SHA1") == Hmac("HMAC-SHA1", "sha1")
