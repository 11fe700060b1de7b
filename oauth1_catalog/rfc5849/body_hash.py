"""``oauth_body_hash``: what makes the signature cover a body that is not a form (Request Body Hash extension, draft 4).

The hash is that of the signature method, over the bytes that are sent; a form has none, since it is signed itself.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64

from oauth1_catalog.errors import SigningError


def body_hash(body: object, hash_name: str) -> str:
    """The value of ``oauth_body_hash``.

    Args:
        body: the body's bytes or text; ``None``, as an empty one, is the hash of nothing.
        hash_name: hashlib's name of the signature method's hash.

    Raises:
        SigningError: the body is a stream.

    >>> body_hash(b"Hello World!", "sha1")
    'Lve95gjOVATpfV8EL5X4nxwjKHE='
    """
    whole = b"" if body is None else whole_body(body)
    data = whole.encode() if isinstance(whole, str) else whole
    return b2a_base64(hashlib.new(hash_name, data).digest(), newline=False).decode()


def whole_body(body: object) -> bytes | str:
    """The body, if it is not a stream: signing that would use it up before it is sent.

    Raises:
        SigningError: it is one.

    >>> whole_body(iter([b"a=1"]))
    Traceback (most recent call last):
    oauth1_catalog.errors.SigningError: signing_error: The signature covers the body, but that is list_iterator, ...
    """
    if isinstance(body, bytes | str):
        return body
    raise SigningError(
        description=f"The signature covers the body, but that is {type(body).__name__}, which can be read only once. "
        "Read it first, and pass bytes."
    )
