"""Which bodies a signature covers, which undeclared bodies are forms, and how a blank is written."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from oauth1_catalog.redaction import MaskedList, type_name
from oauth1_catalog.rfc5849.parameters import FORM, is_form
from oauth1_catalog.rfc5849.signer import Signer

_PIECE = r"[A-Za-z0-9\-._~%+*\[\]!$'(),;:@/?]"
_FORM = re.compile(rf"{_PIECE}+={_PIECE}*(?:&{_PIECE}+={_PIECE}*)*")


def covers_body(signer: Signer, content_type: str) -> bool:
    """Whether ``signer`` has to read a body of this type: a form is signed, any other hashed where so configured."""
    return is_form(content_type) or signer.body_hash != "none"


def pairs_of(values: object) -> MaskedList | None:
    """The names and values of a list of pairs; ``None`` of anything else, and of a stream, which is not read.

    >>> len(pairs_of([("a", "1"), ("a", "2")])), pairs_of([b"a=1"]), pairs_of(iter([("a", "1")]))
    (2, None, None)
    """
    if isinstance(values, Collection) and all(isinstance(one, tuple | list) and len(one) == 2 for one in values):
        return MaskedList(values)
    return None


def no_pairs(argument: str, value: object) -> str:
    """What an error tells of an argument that should hold names and values.

    >>> no_pairs("data", iter([b"a=1"]))
    'data is list_iterator, which holds no names and values. Pass a mapping, a list of pairs, text or bytes'
    """
    return (
        f"{argument} is {type_name(value)}, which holds no names and values. Pass a mapping, a list of pairs, text or "
        "bytes"
    )


def undeclared_type(body: object) -> str | None:
    """The content type of a body that has none, if it reads as a form: text or bytes such as ``a=1&b=2``.

    Authlib and requests-oauthlib guess it too. The type that is guessed is sent, so that the server, which goes by the
    type, signs the same parameters.

    >>> undeclared_type("status=hello%20world&lang=en")
    'application/x-www-form-urlencoded'
    >>> undeclared_type('{"a": "b=c"}') is None
    True
    """
    if isinstance(body, bytes):
        if not body.isascii():
            return None
        body = body.decode()
    return FORM if isinstance(body, str) and _FORM.fullmatch(body) else None


def blanks_escaped(url: str) -> str:
    """The URL with each blank of its query as ``%20``, which is what is signed (RFC 5849, section 3.6).

    Both HTTP libraries write a blank of ``params=`` and ``data=`` as ``+``. The two mean the same in a form, but a
    server that computes the signature over what arrived refuses the ``+`` (Magento).

    >>> blanks_escaped("https://shop.example/a+b?name=red+shirt")
    'https://shop.example/a+b?name=red%20shirt'
    """
    head, mark, query = url.partition("?")
    return f"{head}{mark}{query.replace('+', '%20')}" if "+" in query else url


def form_blanks_escaped(body: Any) -> Any:  # text and bytes stay what they are; a stream is not touched
    """The same for a form in memory."""
    if isinstance(body, str):
        return body.replace("+", "%20")
    return body.replace(b"+", b"%20") if isinstance(body, bytes) else body
