"""Percent encoding (section 3.6), of protocol parameters too, and form encoding (section 3.4.1.3.1).

Text is UTF-8, without Unicode normalization. Text that cannot be decoded is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import masked, type_name

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

# The protocol parameters that a signer sets itself.
OWN_NAMES = (
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
    "oauth_version",
)

_ENCODED_BYTES = tuple(chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in range(256))
_reserved = re.compile(r"[^A-Za-z0-9\-._~]")
_find_reserved, _replace_reserved = _reserved.search, _reserved.sub
_find_bad_escape = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL).search
# The ASCII output of percent_encode, without NUL. Other escapes are decoded, to check that they are UTF-8.
_ESCAPE = "%(?:0[1-9A-F]|1[0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF])"
_ENCODED = rf"[A-Za-z0-9\-._~]*+(?:{_ESCAPE}[A-Za-z0-9\-._~]*+)*+"
_is_encoded_pair = re.compile(f"{_ENCODED}={_ENCODED}").fullmatch


def percent_encode(text: str | bytes) -> str:
    """Encode a text as in section 3.6: everything except ``A-Z a-z 0-9 - . _ ~``, in UTF-8, with upper-case digits.

    Args:
        text: the value, as text or as bytes.

    Raises:
        SigningError: the text contains a lone surrogate, which UTF-8 cannot represent.

    >>> percent_encode("Ladies + Gentlemen")
    'Ladies%20%2B%20Gentlemen'
    >>> percent_encode("é~")
    '%C3%A9~'
    """
    if isinstance(text, str):
        if not _find_reserved(text):
            return text
        if text.isascii():  # twice as fast if most characters are unreserved, as in a signature or a URL
            return _replace_reserved(_encode_match, text)
        try:
            text = text.encode()
        except UnicodeEncodeError as error:
            position = error.start
        else:
            return "".join([_ENCODED_BYTES[byte] for byte in text])
        text = masked(text)
        raise SigningError(
            description=f"A value has a lone surrogate at character {position}, which UTF-8 cannot represent. "
            "Decode the original bytes as UTF-8."
        )
    return "".join([_ENCODED_BYTES[byte] for byte in text])


def form_encode(pairs: Iterable[tuple[str, str]]) -> str:
    """Encode names and values as a form or a query, by the rules of section 3.6: a space becomes ``%20``.

    >>> form_encode([("q", "a b"), ("page", "")])
    'q=a%20b&page='
    """
    return "&".join([f"{percent_encode(name)}={percent_encode(value)}" for name, value in pairs])


def encode_extra(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Encode further protocol parameters, such as ``oauth_callback``, ``oauth_verifier``, ``oauth_session_handle``.

    Raises:
        SigningError: a name is not a protocol parameter, the signer sets it itself, or a value is not text.

    >>> encode_extra({"oauth_callback": "https://example.com/cb?x=%20"})
    [('oauth_callback', 'https%3A%2F%2Fexample.com%2Fcb%3Fx%3D%2520')]
    """
    if not isinstance(parameters, Mapping):
        raise SigningError(description=f"The extra protocol parameters are {type_name(parameters)}. Pass a dictionary.")
    for name, value in parameters.items():
        if not str(name).startswith("oauth_") or name in OWN_NAMES:
            raise SigningError(
                description=f"{name!r} is not an extra protocol parameter. Use a name that begins with oauth_, except "
                f"{', '.join(OWN_NAMES)}. Send other parameters in the query or the body."
            )
        if not isinstance(value, str):
            raise SigningError(description=f"The protocol parameter {name} is {type(value).__name__}. Pass text.")
    return [(percent_encode(name), percent_encode(value)) for name, value in parameters.items()]


def form_decode(text: str, *, place: str = "form") -> list[tuple[str, str]]:
    """Read a form or a query: ``+`` is a space, ``;`` is data, a name without ``=`` has an empty value.

    Empty pieces (``a=1&&b=2``) are skipped. Each escape is decoded once.

    Args:
        text: the query without its ``?``, or the form body.
        place: the name of the text in an error message.

    Raises:
        SigningError: an escape is not ``%`` and two hexadecimal digits, or the decoded text contains NUL or is not
            UTF-8.

    >>> form_decode("b5=%3D%253D&c%40=&a2=r+b&c2")
    [('b5', '=%3D'), ('c@', ''), ('a2', 'r b'), ('c2', '')]
    """
    pairs = []
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            pairs.append((_decode(name, place), _decode(value, place)))
    return pairs


def encoded_pairs(text: str, *, place: str = "form") -> list[tuple[str, str]]:
    """Read a form or a query as ``form_decode`` does, and encode each name and value by section 3.6.

    >>> encoded_pairs("a2=r+b&c%40=")
    [('a2', 'r%20b'), ('c%40', '')]
    """
    pairs = []
    for piece in text.split("&"):
        # Most pieces are normalized already; decoding and encoding them would take several times as long as this check.
        if _is_encoded_pair(piece):
            name, _, value = piece.partition("=")
            pairs.append((name, value))
        elif piece:
            name, _, value = piece.partition("=")
            pairs.append((percent_encode(_decode(name, place)), percent_encode(_decode(value, place))))
    return pairs


def check_escapes(text: str, *, place: str) -> None:
    """Refuse a ``%`` that is not followed by two hexadecimal digits, because clients and servers repair it differently.

    >>> check_escapes("/100%", place="path")
    Traceback (most recent call last):
    oauth1_catalog.errors.SigningError: signing_error: The path has '%' at character 4, which does not begin ...
    """
    if bad := _find_bad_escape(text):
        raise SigningError(
            description=f"The {place} has {bad[0]!r} at character {bad.start()}, which does not begin an escape. "
            "Write %25."
        )


def _decode(text: str, place: str) -> str:
    text = text.replace("+", " ")
    if "%" in text:
        check_escapes(text, place=f"{place}'s parameter")
        try:
            text = unquote_to_bytes(text).decode()
        except UnicodeEncodeError as error:
            text, position = "", error.start
            raise SigningError(
                description=f"The {place} has a parameter with a lone surrogate at character {position}, which UTF-8 "
                "cannot represent. Decode the original bytes as UTF-8."
            ) from None
        except UnicodeDecodeError as error:
            text, position = "", error.start
            raise SigningError(
                description=f"The {place} has a parameter that is not UTF-8, from its byte {position} on. "
                "Encode text as UTF-8 before it is percent-encoded."
            ) from None
    if "\0" in text:
        raise SigningError(
            description=f"The {place} has a parameter with a NUL character, which servers cut or refuse. Leave it out."
        )
    return text


def _encode_match(match: re.Match[str]) -> str:
    return _ENCODED_BYTES[ord(match[0])]
