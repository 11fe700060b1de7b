"""Private RSA keys for the RSA signature methods (section 3.4.3), in every supported format, read once.

Messages contain neither a key nor a passphrase, and variables mask them. ``cryptography`` is imported when it is first
used, because HMAC does not need it.
"""

from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

from oauth1_catalog.application_warnings import warn
from oauth1_catalog.errors import ResourceError, SigningError, needs
from oauth1_catalog.redaction import masked, type_name
from oauth1_catalog.regular_files import read_regular

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    RSAKey = str | bytes | os.PathLike[str] | RSAPrivateKey

MINIMUM_BITS = 2048

_PASSPHRASE = "rsa_key_passphrase"  # the name of a parameter

_OF_A_FILE = frozenset({errno.EACCES, errno.EISDIR, errno.EPERM, errno.EFBIG})
"""Errors that show that a text is the path of a file."""


class WeakKeyWarning(UserWarning):
    """An RSA key is too short to be safe."""


def load_private_key(key: RSAKey, passphrase: str | bytes | None = None, *, name: str = "rsa_key") -> RSAPrivateKey:
    """Read a private RSA key.

    Args:
        key: PEM text or bytes (PKCS#1, PKCS#8 or OpenSSH), the path of a PEM file, or a key object of ``cryptography``.
        passphrase: the passphrase of an encrypted PEM.
        name: the name of the parameter, for messages.

    Raises:
        SigningError: it is not a private RSA key, or the passphrase does not decrypt it. The message describes what it
            is.
        MissingExtraError: ``cryptography`` is not installed.

    Warns:
        WeakKeyWarning: the key has fewer than 2048 bits.
    """
    key, passphrase = masked(key), masked(passphrase)
    parsed = _load(key, passphrase, name)
    if parsed.key_size < MINIMUM_BITS:
        warn(
            f"{name} has {parsed.key_size} bits. Make a key of {MINIMUM_BITS} or more, and give the provider its "
            "public half.",
            WeakKeyWarning,
        )
    return parsed


def public_key_of(key: RSAKey | RSAPublicKey) -> RSAPublicKey:
    """The public half of a private RSA key; a public key object is returned unchanged.

    Raises:
        SigningError: it is not an RSA key.
    """
    key = masked(key)
    with needs("An RSA key", "rsa"):
        from cryptography.hazmat.primitives.asymmetric import rsa
    return key if isinstance(key, rsa.RSAPublicKey) else load_private_key(key).public_key()


def _load(key: RSAKey, passphrase: str | bytes | None, name: str) -> RSAPrivateKey:
    key, passphrase = masked(key), masked(passphrase)
    with needs(name, "rsa"):
        import cryptography.exceptions  # noqa: F401 - asked for here, so that _parse can do without
    parsed = _parse(key, passphrase)
    if isinstance(parsed, str):
        raise SigningError(description=f"{name} {parsed.replace(_PASSPHRASE, f'{name}_passphrase')}")
    return parsed


class PrivateKeys:
    """A cache of parsed private RSA keys: the clients of a thousand tenants often share one key.

    It stores a keyed digest of the PEM and its passphrase, not their text.

    Args:
        limit: the number of keys to keep; the oldest is dropped.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._salt = os.urandom(32)
        self._parsed: dict[bytes, RSAPrivateKey] = {}

    def __len__(self) -> int:
        return len(self._parsed)

    def load(self, key: RSAKey, passphrase: str | bytes | None = None, *, name: str = "rsa_key") -> RSAPrivateKey:
        """The key, as ``load_private_key`` reads it. A file is read each time, because it may have changed.

        A signer with a weak key warns.

        Raises:
            SigningError: it is not a private RSA key, or the passphrase does not decrypt it.
        """
        key, passphrase = masked(key), masked(passphrase)
        pem = masked(_read(key)) if isinstance(key, str | bytes | os.PathLike) else ""
        if isinstance(pem, str):
            return _load(key, passphrase, name)
        digest = self._digest(pem, passphrase)
        parsed = self._parsed.get(digest)
        if parsed is None:
            parsed = self._parsed[digest] = _load(pem, passphrase, name)
        while len(self._parsed) > self._limit:
            self._parsed.pop(next(iter(self._parsed)), None)
        return parsed

    def _digest(self, pem: bytes, passphrase: str | bytes | None) -> bytes:
        words = passphrase.encode("utf-8", "replace") if isinstance(passphrase, str) else passphrase or b""
        digest = hashlib.blake2b(key=self._salt, digest_size=32)
        for part in (pem, words):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()


def _parse(key: RSAKey, passphrase: str | bytes | None) -> RSAPrivateKey | str:
    """The key, or a description of the mistake: the traceback of an exception raised here would contain the key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return key
    pem = _read(key)
    if isinstance(pem, str):
        return pem
    if b"PRIVATE KEY-----" not in pem:
        return _other_than_private_key(pem)
    load = serialization.load_pem_private_key
    if b"BEGIN OPENSSH PRIVATE KEY" in pem:
        load = serialization.load_ssh_private_key
    encrypted = passphrase.encode() if isinstance(passphrase, str) else passphrase
    try:
        parsed = load(pem, encrypted or None)
    except TypeError:
        if encrypted:
            return "is not encrypted, but rsa_key_passphrase is given. Leave the passphrase out."
        return "is encrypted. Pass rsa_key_passphrase."
    except (ValueError, UnsupportedAlgorithm):
        if encrypted:
            return "cannot be read: either rsa_key_passphrase is wrong, or the PEM is damaged."
        return "is not a PEM that can be read. Check that it was copied whole, with its line breaks."
    if not isinstance(parsed, rsa.RSAPrivateKey):
        return f"is a key of another kind ({type(parsed).__name__}). The RSA signature methods need an RSA key."
    return parsed


def _read(key: object) -> bytes | str:
    """The bytes of the PEM, or a description of the mistake."""
    if isinstance(key, bytes):
        return key
    if isinstance(key, str):
        if "-----BEGIN" in key:
            # Environment variables often hold a PEM with its line breaks written as \n.
            return key.replace("\\n", "\n").encode("utf-8", "replace")
    elif not isinstance(key, os.PathLike):
        return f"is {type_name(key)}. Pass PEM text or bytes, the path of a PEM file, or a private RSA key object."
    try:
        return read_regular(key)
    except OSError as error:
        ResourceError.check(error, "the file of a private key")
        # The message does not quote the text, which may be a key without its first line.
        if error.errno in _OF_A_FILE:
            return f"is the path of a file that cannot be read ({error.strerror}). Pass the path of a PEM file."
        return "is neither PEM text (-----BEGIN ... PRIVATE KEY-----) nor the path of a file that can be read."


def _other_than_private_key(pem: bytes) -> str:
    if b"BEGIN CERTIFICATE" in pem:
        return "is a certificate. Pass the private key that belongs to it."
    if b"PUBLIC KEY-----" in pem or pem.startswith(b"ssh-"):
        return "is a public key. The provider gets that one; pass the private key."
    return "is not PEM (-----BEGIN ... PRIVATE KEY-----). Convert it first, for example with openssl pkey or pkcs12."
