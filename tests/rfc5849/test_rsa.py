from __future__ import annotations

import datetime as dt
import sys
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from oauth1_catalog.errors import MissingExtraError, SigningError
from oauth1_catalog.rfc5849.rsa import WeakKeyWarning, load_private_key

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8
OPENSSH = serialization.PrivateFormat.OpenSSH
PLAIN = serialization.NoEncryption()
PASSPHRASE = "hush-hush é"
LOCKED = serialization.BestAvailableEncryption(PASSPHRASE.encode())


def numbers(key):
    return key.private_numbers()


class TestForms:
    @pytest.mark.parametrize("layout", [PKCS1, PKCS8, OPENSSH])
    def test_pem(self, private_key, layout):
        pem = private_key.private_bytes(PEM, layout, PLAIN)
        assert numbers(load_private_key(pem)) == numbers(private_key)
        assert numbers(load_private_key(pem.decode())) == numbers(private_key)

    @pytest.mark.parametrize("layout", [PKCS1, PKCS8])
    @pytest.mark.parametrize("passphrase", [PASSPHRASE, PASSPHRASE.encode()])
    def test_encrypted_pem(self, private_key, layout, passphrase):
        pem = private_key.private_bytes(PEM, layout, LOCKED)
        assert numbers(load_private_key(pem, passphrase)) == numbers(private_key)

    @pytest.mark.parametrize("kind", [str, lambda path: path])
    def test_path(self, private_key, private_pem, tmp_path, kind):
        path = tmp_path / "jira.pem"
        path.write_text(private_pem)
        assert numbers(load_private_key(kind(path))) == numbers(private_key)

    def test_key_object(self, private_key):
        assert load_private_key(private_key) is private_key

    def test_line_breaks_written_as_backslash_n(self, private_key, private_pem):
        assert numbers(load_private_key(private_pem.replace("\n", "\\n"))) == numbers(private_key)

    def test_line_breaks_that_became_spaces(self, private_key, private_pem):
        assert numbers(load_private_key(private_pem.replace("\n", " "))) == numbers(private_key)

    def test_text_around_it(self, private_key, private_pem):
        assert numbers(load_private_key(f"My key:\n\n{private_pem}\n")) == numbers(private_key)

    def test_certificate_beside_it(self, private_key, private_pem):
        assert numbers(load_private_key(certificate(private_key).decode() + private_pem)) == numbers(private_key)


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(PEM)


class TestWhatIsRefused:
    def refused(self, message, key, passphrase=None):
        with pytest.raises(SigningError, match=f"^signing_error: rsa_key {message}") as caught:
            load_private_key(key, passphrase)
        assert caught.value.__context__ is None
        assert "hush" not in str(caught.value)

    def test_public_key(self, private_key):
        public = private_key.public_key()
        for layout in (serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1):
            self.refused(r"is a public key\. The provider gets that one", public.public_bytes(PEM, layout))
        openssh = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        self.refused("is a public key", openssh)

    def test_public_key_object(self, private_key):
        self.refused(r"is \w*RSAPublicKey\. Pass PEM text", private_key.public_key())

    def test_certificate(self, private_key):
        self.refused(r"is a certificate\. Pass the private key", certificate(private_key))

    def test_other_kinds_of_key(self):
        for key in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()):
            pem = key.private_bytes(PEM, PKCS8, PLAIN)
            self.refused(r"is a key of another kind \(\w+\)\. The RSA signature methods need an RSA key", pem)

    def test_der(self, private_key):
        self.refused(r"is not PEM .*Convert it first", private_key.private_bytes(DER, PKCS8, PLAIN))

    @pytest.mark.parametrize("key", [b"", b"junk", b"-----BEGIN JUNK-----"])
    def test_junk_bytes(self, key):
        self.refused("is not PEM", key)

    @pytest.mark.parametrize("key", ["", "junk hush", "/no/such/file", "a\nb", "MII" * 1000, "a\0b", "\ud800"])
    def test_junk_text(self, key):
        self.refused(r"is neither PEM text \(.*\) nor the path of a file that can be read", key)

    def test_damaged(self, private_pem, tmp_path):
        self.refused(
            r"is not a PEM that can be read\. Check that it was copied whole", private_pem[:200] + private_pem[300:]
        )
        self.refused(r"is the path of a file that cannot be read \(it is a directory\)", tmp_path)
        self.refused("is not PEM", "-----BEGIN é\ud800")

    @pytest.mark.parametrize("key", [5, None, object(), ["x"]])
    def test_wrong_type(self, key):
        self.refused(rf"is {type(key).__name__}\. Pass PEM text or bytes", key)

    @pytest.mark.parametrize("layout", [PKCS1, PKCS8])
    def test_passphrases(self, private_key, layout):
        pem = private_key.private_bytes(PEM, layout, LOCKED)
        self.refused(r"is encrypted\. Pass rsa_key_passphrase", pem)
        self.refused(r"is encrypted\. Pass rsa_key_passphrase", pem, "")
        self.refused(r"cannot be read: either rsa_key_passphrase is wrong, or the PEM is damaged", pem, "hush")

    def test_needless_passphrase(self, private_pem):
        self.refused(r"is not encrypted, but rsa_key_passphrase is given\. Leave", private_pem, "hush")

    def test_without_cryptography(self, monkeypatch, private_pem):
        monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
        with pytest.raises(
            MissingExtraError, match=r"^rsa_key needs the package cryptography\. Install it: pip .*\[rsa\]"
        ):
            load_private_key(private_pem)


class TestLength:
    def test_short_keys_warn(self, rsa_keys):
        with pytest.warns(WeakKeyWarning, match=r"rsa_key has 1024 bits\. Make a key of 2048 or more"):
            assert load_private_key(rsa_keys["wiki"]) is rsa_keys["wiki"]

    def test_one_bit_less_warns(self):
        with pytest.warns(WeakKeyWarning, match="2047 bits"):
            load_private_key(rsa.generate_private_key(65537, 2047))

    def test_long_ones_do_not(self, private_key):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert load_private_key(private_key) is private_key
