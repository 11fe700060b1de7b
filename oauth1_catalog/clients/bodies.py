"""Which bodies a signature covers, and which undeclared bodies are forms."""

from __future__ import annotations

import re

from oauth1_catalog.rfc5849.parameters import FORM, is_form
from oauth1_catalog.rfc5849.signer import Signer

_PIECE = r"[A-Za-z0-9\-._~%+*\[\]!$'(),;:@/?]"
_FORM = re.compile(rf"{_PIECE}+={_PIECE}*(?:&{_PIECE}+={_PIECE}*)*")


def covers_body(signer: Signer, content_type: str) -> bool:
    """Whether ``signer`` has to read a body of this type: a form is signed, any other hashed where so configured."""
    return is_form(content_type) or signer.body_hash != "none"


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
