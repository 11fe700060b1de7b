"""Signature methods (section 3.4): the RFC's three, their variants with SHA-256 and SHA-512, and registered ones.

A method has no state of a request. The secrets are passed to ``sign``, and not stored.
"""

from __future__ import annotations

import hmac
from binascii import b2a_base64
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast, runtime_checkable

from oauth1_catalog.errors import SigningError
from oauth1_catalog.hosts import is_loopback, origin_of
from oauth1_catalog.redaction import MaskedText, masked
from oauth1_catalog.rfc5849.base_string import base_string_uri
from oauth1_catalog.rfc5849.encoding import percent_encode
from oauth1_catalog.rfc5849.rsa import load_private_key
from oauth1_catalog.suggestions import did_you_mean, nearest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from oauth1_catalog.rfc5849.rsa import RSAKey

Choice = TypeVar("Choice", bound=str)


@runtime_checkable
class SignatureMethod(Protocol):
    """A signature method, which computes the signature of a base string."""

    @property
    def name(self) -> str:
        """The value of ``oauth_signature_method``."""
        ...

    @property
    def hash_name(self) -> str | None:
        """The hash for ``oauth_body_hash``, as hashlib names it; ``None`` if the method has no hash."""
        ...

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:
        """The value of ``oauth_signature``, not yet percent-encoded."""
        ...


Factory = Callable[["RSAPrivateKey | None"], SignatureMethod]


class Plaintext:
    """PLAINTEXT (section 3.4.4): the signature is the secrets themselves. Use it only over TLS.

    >>> Plaintext().sign("", "ja893SD9", "")
    'ja893SD9&'
    """

    __slots__ = ()
    name: str = "PLAINTEXT"
    hash_name: str | None = None

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:  # noqa: ARG002 - one protocol for all
        """The key itself."""
        return signing_key(client_secret, token_secret)


class Hmac(NamedTuple):
    """HMAC (section 3.4.2) with the hash ``hash_name``.

    >>> Hmac("HMAC-SHA1", "sha1").sign("bs", "cs", "")
    'egQqG5AJep5sJ7anhXju1unge2I='
    """

    name: str
    hash_name: str

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:
        """The digest in base64."""
        key = MaskedText(signing_key(client_secret, token_secret))
        return b2a_base64(hmac.digest(key.encode(), base_string.encode(), self.hash_name), newline=False).decode()

    def encoded_signature(self, base_string: str, key: str) -> str:
        """The same, percent-encoded, with a key from ``signing_key``.

        ``percent_encode`` would take twice as long, but only three characters of base64 change.

        >>> Hmac("HMAC-SHA1", "sha1").encoded_signature("bs", "cs&")
        'egQqG5AJep5sJ7anhXju1unge2I%3D'
        """
        digest = b2a_base64(hmac.digest(key.encode(), base_string.encode(), self.hash_name), newline=False)
        return digest.decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


class Rsa:
    """RSASSA-PKCS1-v1_5 (section 3.4.3) with the hash ``hash_name``; the shared secrets are not used."""

    __slots__ = ("_key", "_options", "hash_name", "name")

    def __init__(self, name: str, hash_name: str, key: RSAPrivateKey) -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        self.name: str = name
        self.hash_name: str = hash_name
        self._key = key
        self._options = (padding.PKCS1v15(), getattr(hashes, hash_name.upper())())

    def __repr__(self) -> str:
        return f"Rsa({self.name!r})"

    @property
    def public_key(self) -> RSAPublicKey:
        """The public half of the key."""
        return self._key.public_key()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the key as unencrypted PEM, because a key of ``cryptography`` cannot be pickled."""
        from cryptography.hazmat.primitives import serialization as forms

        der = self._key.private_bytes(forms.Encoding.DER, forms.PrivateFormat.PKCS8, forms.NoEncryption())
        return _unpickled_rsa, (self.name, self.hash_name, der)

    def __copy__(self) -> Rsa:
        return self  # it is immutable

    def __deepcopy__(self, memo: dict[int, Any]) -> Rsa:
        return self

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:  # noqa: ARG002 - one protocol for all
        """The signature in base64."""
        return b2a_base64(self._key.sign(base_string.encode(), *self._options), newline=False).decode()


def _unpickled_rsa(name: str, hash_name: str, der: bytes) -> Rsa:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    der = masked(der)
    return Rsa(name, hash_name, cast("RSAPrivateKey", load_der_private_key(der, None)))


def signing_key(client_secret: str, token_secret: str) -> str:
    """The key of HMAC and PLAINTEXT (section 3.4.2): both secrets encoded, and always joined by ``&``.

    >>> signing_key("a&b", "")
    'a%26b&'
    """
    return f"{percent_encode(client_secret)}&{percent_encode(token_secret)}"


def _without_key(method: SignatureMethod, rsa_key: RSAPrivateKey | None) -> SignatureMethod:
    if rsa_key is not None:
        raise SigningError(
            description=f"rsa_key is given, but signature_method is {method.name}, which uses none. "
            "Choose RSA-SHA1, RSA-SHA256 or RSA-SHA512, or leave rsa_key out."
        )
    return method


def _with_key(name: str, hash_name: str, rsa_key: RSAPrivateKey | None) -> SignatureMethod:
    if rsa_key is None:
        raise SigningError(
            description=f"{name} needs a private RSA key. Pass rsa_key: PEM text, the path of a PEM file, "
            "or a key object."
        )
    return Rsa(name, hash_name, rsa_key)


_factories: dict[str, Factory] = {
    "PLAINTEXT": partial(_without_key, Plaintext()),
    "HMAC-SHA1": partial(_without_key, Hmac("HMAC-SHA1", "sha1")),
    "HMAC-SHA256": partial(_without_key, Hmac("HMAC-SHA256", "sha256")),
    "HMAC-SHA512": partial(_without_key, Hmac("HMAC-SHA512", "sha512")),
    "RSA-SHA1": partial(_with_key, "RSA-SHA1", "sha1"),
    "RSA-SHA256": partial(_with_key, "RSA-SHA256", "sha256"),
    "RSA-SHA512": partial(_with_key, "RSA-SHA512", "sha512"),
}


def refuse_plaintext(url: str) -> None:
    """Refuse PLAINTEXT over http, except to this machine (section 3.4.4).

    Raises:
        SigningError: others could read the secrets.
    """
    uri = base_string_uri(url)
    if not (uri.startswith("https:") or is_loopback(origin_of(uri).host)):
        raise SigningError(
            description="PLAINTEXT sends the secrets themselves, and over http others can read them. Use https or "
            "another signature_method, or pass allow_plaintext_over_http=True if the network is your own."
        )


def one_of(value: Choice, allowed: Collection[str], name: str) -> Choice:
    """``value``, if it is allowed for the argument ``name``.

    Raises:
        SigningError: it is not.
    """
    if value in allowed:
        return value
    raise SigningError(description=f"{name} is {value!r}. {choices(value, allowed)}")


def choices(given: object, allowed: Collection[str]) -> str:
    """The end of a message about a name that is not allowed: which one was meant, or which ones there are.

    >>> choices("HEADRE", ["HEADER", "QUERY"]), choices("x", ["HEADER", "QUERY"])
    ("Did you mean 'HEADER'?", 'It is one of HEADER, QUERY.')
    """
    question = did_you_mean(nearest(str(given), allowed, limit=1), quote="'", sentence=True)
    return question or f"It is one of {', '.join(allowed)}."


def register_signature_method(name: str, factory: Factory) -> None:
    """Register a signature method, so that ``name`` can be used like the names of the built-in ones.

    Args:
        name: the value of ``oauth_signature_method``; compared exactly.
        factory: takes the private RSA key that the application configured, or ``None``, and returns the method.

    Raises:
        SigningError: the name is already registered.
    """
    if _factories.setdefault(name, factory) is not factory:
        raise SigningError(
            description=f"The signature method {name!r} is already registered. Choose another name, or pass the "
            "method object itself as signature_method."
        )


def signature_method_names() -> tuple[str, ...]:
    """The names that ``signature_method`` accepts.

    >>> signature_method_names()[:2]
    ('PLAINTEXT', 'HMAC-SHA1')
    """
    return tuple(_factories)


def signature_method(
    method: str | SignatureMethod,
    *,
    rsa_key: RSAKey | None = None,
    rsa_key_passphrase: str | bytes | None = None,
) -> SignatureMethod:
    """The signature method of that name, with its key.

    Args:
        method: a registered name, or a method object, which is returned unchanged.
        rsa_key: for the RSA methods; see ``load_private_key``.
        rsa_key_passphrase: the passphrase of an encrypted PEM.

    Raises:
        SigningError: the method is unknown, the key is missing or cannot be used, or the method takes no key.

    >>> signature_method("HMAC-SHA256")
    Hmac(name='HMAC-SHA256', hash_name='sha256')
    """
    rsa_key, rsa_key_passphrase = masked(rsa_key), masked(rsa_key_passphrase)
    key = None if rsa_key is None else load_private_key(rsa_key, rsa_key_passphrase)
    if isinstance(method, str):
        factory = _factories.get(method)
        if factory is None:
            raise SigningError(description=f"There is no signature_method {method!r}. {choices(method, _factories)}")
        return factory(key)
    if isinstance(method, type) or not isinstance(method, SignatureMethod):
        raise SigningError(
            description=f"signature_method is {type(method).__name__}. Pass a name such as 'HMAC-SHA1', or an object "
            "with name, hash_name and sign()."
        )
    if key is not None:
        raise SigningError(
            description=f"rsa_key is given beside a signature method object ({method.name}). Give the key to the "
            "object, or pass the method by its name."
        )
    return method
