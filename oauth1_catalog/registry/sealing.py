"""Keep a record unreadable and unforgeable where others can see it: a cookie, a shared cache.

Flask's and Starlette's sessions are signed but readable, so a request token's secret in one is known to whoever sees
the cookie. ``cryptography`` is loaded at the first login, not at import.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.extras import needs

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class SealError(ValueError):
    """The record was sealed with another key, or changed since."""


def seal(record: bytes, keys: Sequence[str | bytes]) -> str:
    """Encrypt and authenticate ``record`` with the first of ``keys``."""
    return _fernet(keys).encrypt(record).decode("ascii")


def unseal(sealed: str, keys: Sequence[str | bytes]) -> bytes:
    """What ``seal`` was given; any of ``keys`` may have sealed it, so that an application can change its key.

    >>> unseal(seal(b"record", ["a secret key"]), ["a newer key", "a secret key"])
    b'record'

    Raises:
        SealError: none of ``keys`` fits, or the record was changed.
    """
    fernet = _fernet(keys)
    from cryptography.fernet import InvalidToken

    try:
        return fernet.decrypt(sealed.encode("ascii"))
    except (InvalidToken, UnicodeEncodeError) as error:
        raise SealError("sealed with another key, or changed since") from error


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
            description="secret_key= is empty, or holds an empty key. Pass a long random text, or leave it out."
        )
    return keys


def _texts(given: object) -> Sequence[object]:
    if isinstance(given, list | tuple) and given:
        return given
    if isinstance(given, bool | int | float | list | tuple | dict):
        raise ConfigurationError(
            description=f"secret_key= is of type {type(given).__name__}. Pass a long random text, or a list of texts, "
            "newest first."
        )
    return [given]


def _fernet(keys: Sequence[str | bytes]) -> MultiFernet:
    with needs("A login, which keeps the request token's secret unreadable,", "flask", "django", "starlette"):
        from cryptography.fernet import Fernet, MultiFernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    fernets = []
    for key in keys:
        material = key.encode() if isinstance(key, str) else key
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"oauth1_catalog temporary credentials")
        fernets.append(Fernet(base64.urlsafe_b64encode(derive.derive(material))))
    return MultiFernet(fernets)
