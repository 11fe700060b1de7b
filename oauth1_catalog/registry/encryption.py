"""Encrypt a login's record, and the columns of a token table.

A record is kept where others can see or change it: in a cookie or a shared cache. Flask's and Starlette's sessions are
signed but readable, so anyone who sees the cookie would know the request token's secret. ``cryptography`` is imported
at the first login.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from oauth1_catalog.errors import ConfigurationError, TokenKeyError, needs

if TYPE_CHECKING:
    from cryptography.fernet import Fernet, MultiFernet


class SealError(ValueError):
    """The record was encrypted with another key, or has been changed."""


def record_cipher(key: str | bytes) -> Fernet:
    """The cipher of a login's record, whose key is derived from a secret key of the application (HKDF-SHA256)."""
    derive = _derivation()
    from cryptography.fernet import Fernet

    return Fernet(derive(key.encode() if isinstance(key, str) else key))


def encrypt(
    record: bytes, keys: Sequence[str | bytes], cipher_of: Callable[[str | bytes], Fernet] = record_cipher
) -> str:
    """Encrypt and authenticate ``record`` with the first of ``keys``.

    Args:
        record: what to encrypt.
        keys: secret keys of the application, newest first.
        cipher_of: ``record_cipher``, or a cache of it.
    """
    return cipher_of(keys[0]).encrypt(record).decode("ascii")


def decrypt(
    sealed: str, keys: Sequence[str | bytes], cipher_of: Callable[[str | bytes], Fernet] = record_cipher
) -> bytes:
    """Decrypt what ``encrypt`` returned, with any of ``keys``, so that an application can change its key.

    >>> decrypt(encrypt(b"record", ["a secret key"]), ["a newer key", "a secret key"])
    b'record'

    Raises:
        SealError: none of ``keys`` fits, or the record was changed.
    """
    for key in keys if sealed.isascii() else ():  # in turn: a key that is not needed is not derived
        cipher = cipher_of(key)
        from cryptography.fernet import InvalidToken

        with suppress(InvalidToken):
            return cipher.decrypt(sealed)
    raise SealError("sealed with another key, or changed since")


def listed_keys(given: object) -> list[str | bytes]:
    """The keys of ``OAuth(secret_key=...)``, newest first. A text of another class (Starlette's ``Secret``) counts.

    >>> listed_keys(["new", b"old"])
    ['new', b'old']

    Raises:
        ConfigurationError: one is empty, or is not text.
    """
    if given is None:
        return []
    keys = [text if isinstance(text, bytes) else str(text) for text in _texts(given)]
    if not all(keys):
        raise ConfigurationError(
            description="secret_key= is empty, or holds an empty key.",
            advice="Pass a long random text, or leave it out.",
        )
    return keys


APP_CONFIG_QUOTING = (
    "Write it in quotes. app.config.from_prefixed_env() reads JSON, so in a variable it needs quotes within quotes: "
    "'\"...\"'."
)
"""How a text is written in the configuration of Flask and Quart."""


class ConfiguredApplication(Protocol):
    """An application of Flask or Quart."""

    @property
    def secret_key(self) -> Any:
        """``SECRET_KEY`` of ``config``."""

    @property
    def config(self) -> Any:
        """A mapping."""


def app_config_keys(app: ConfiguredApplication, *, in_cookie: bool) -> list[str | bytes]:
    """The keys that seal a login's record, newest first; none where the session needs no secret key.

    Args:
        app: the application.
        in_cookie: whether the session is the framework's own, in a signed cookie.

    Raises:
        ConfigurationError: the session needs a secret key and there is none, or one is not text.
    """
    if not app.secret_key and in_cookie:
        raise ConfigurationError(
            description="A login needs a session, and app.secret_key is not set.",
            advice="Set SECRET_KEY in app.config to a long random text.",
        )
    fallbacks: Iterable[Any] = app.config.get("SECRET_KEY_FALLBACKS") or ()
    keys = [key for key in (app.secret_key, *fallbacks) if key]
    for key in keys:
        if not isinstance(key, str | bytes):
            raise ConfigurationError(
                description=f"SECRET_KEY or one of SECRET_KEY_FALLBACKS in app.config is of type {type(key).__name__}; "
                f"a secret key is text. {APP_CONFIG_QUOTING}"
            )
    return keys


def _texts(given: object) -> Sequence[object]:
    if isinstance(given, list | tuple) and given:
        return given
    if isinstance(given, bool | int | float | list | tuple | dict):
        raise ConfigurationError(
            description=f"secret_key= is of type {type(given).__name__}.",
            advice="Pass a long random text, or a list of texts, newest first.",
        )
    return [given]


@cache
def _derivation() -> Callable[[bytes], bytes]:
    """Derives a Fernet key from a secret key. The first login imports the library for it."""
    with needs("A login, which keeps the request token's secret unreadable,", "flask", "django", "starlette"):
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derive(material: bytes) -> bytes:
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"oauth1_catalog temporary credentials")
        return base64.urlsafe_b64encode(kdf.derive(material))

    return derive


SETTING = "OAUTH1_CATALOG_TOKEN_KEYS"
"""The setting or environment variable that the keys come from."""


class TokenCipher:
    """Encrypts and decrypts with Fernet (AES-128-CBC and HMAC-SHA256; github.com/fernet/spec).

    Args:
        keys: Fernet keys as ``new_key`` makes them, newest first: the first one encrypts, all of them decrypt. A text
            may hold several, separated by commas or spaces, which is how an environment variable holds them.

    Attributes:
        key_id: a short fingerprint of the newest key, kept in each row to identify the key that encrypted it. It
            reveals nothing of the key.
        key_ids: the fingerprints of all keys.

    >>> cipher = TokenCipher(TokenCipher.new_key())
    >>> sealed = cipher.encrypt("hush", "oauth_token", "twitter", "7")
    >>> cipher.decrypt(sealed, "oauth_token", "twitter", "7")
    'hush'

    Raises:
        ConfigurationError: there is no key, one of them is not a Fernet key, or ``cryptography`` is not installed.
    """

    def __init__(self, keys: str | bytes | Sequence[str | bytes] | None) -> None:
        listed = _listed(keys)
        if not listed:
            raise ConfigurationError(
                "missing_token_keys",
                "The token table is encrypted, and there is no key.",
                advice=f"Make one with `oauth1-catalog keys new`, and set {SETTING} to it.",
            )
        self._fernet = _multi_fernet(listed)
        self.key_ids: tuple[str, ...] = tuple(
            hashlib.sha256(b"oauth1_catalog token key" + key).hexdigest()[:12] for key in listed
        )
        self.key_id: str = self.key_ids[0]

    def __repr__(self) -> str:
        return f"<TokenCipher {' '.join(self.key_ids)}>"

    @staticmethod
    def new_key() -> str:
        """A new random key."""
        key: bytes = _fernet_module().Fernet.generate_key()
        return key.decode("ascii")

    def encrypt(self, value: str, *context: str) -> str:
        """Encrypt ``value`` with the newest key; only the same ``context`` opens it again."""
        return self._fernet.encrypt(json.dumps([value, *context]).encode()).decode("ascii")

    def decrypt(self, sealed: str, *context: str) -> str:
        """What ``encrypt`` was given with this ``context``.

        Raises:
            TokenKeyError: it was sealed with another key or for another place, or was changed since.
        """
        opened = self._open(sealed)
        try:
            value, *found = json.loads(opened)
        except (ValueError, TypeError):  # the application uses the key for something else, too
            value = found = None
        if found != list(context):
            raise TokenKeyError(
                "foreign_token",
                "it was sealed for another place and moved here. The table was changed: find out by whom, and "
                "delete this row; its user logs in again.",
            )
        return str(value)

    def reseal(self, sealed: str) -> str:
        """The same with the newest key; it stays bound to the place for which it was sealed.

        Raises:
            TokenKeyError: none of the keys opens it.
        """
        return self._fernet.encrypt(self._open(sealed)).decode("ascii")

    def _open(self, sealed: str) -> bytes:
        try:
            return self._fernet.decrypt(sealed)
        except (_fernet_module().InvalidToken, ValueError) as error:
            raise TokenKeyError(
                description=f"none of the {len(self.key_ids)} configured keys can decrypt this row.",
                advice=f"Add the key that encrypted it to {SETTING}, after the newest key. If that key is lost, delete "
                "the row, and ask its user to log in again.",
            ) from error


def _listed(keys: str | bytes | Sequence[str | bytes] | None) -> list[bytes]:
    if isinstance(keys, bytes):
        keys = keys.decode("ascii", errors="replace")
    if isinstance(keys, str):
        keys = keys.replace(",", " ").split()
    return [key.encode() if isinstance(key, str) else key for key in keys or () if key]


def _multi_fernet(keys: Sequence[bytes]) -> MultiFernet:
    module = _fernet_module()
    fernets = []
    for number, key in enumerate(keys, start=1):
        try:
            fernets.append(module.Fernet(key))
        except ValueError:
            raise ConfigurationError(
                "unusable_token_key",
                f"Key {number} of {len(keys)} in {SETTING} cannot be used.",
                advice="A key is 32 bytes in URL-safe base64: make one with `oauth1-catalog keys new`.",
            ) from None
    multi: MultiFernet = module.MultiFernet(fernets)
    return multi


def _fernet_module() -> ModuleType:
    with needs("A token table, which is encrypted,", "sqlalchemy", "django"):
        from cryptography import fernet
    return fernet
