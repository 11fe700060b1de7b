"""Mistakes in percent encoding (RFC 5849, section 3.6): of the parameters, and of the base string's parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from oauth1_catalog.diagnosis.mistakes import Facts, Mistake, Variants
from oauth1_catalog.diagnosis.signing import Encode, Signing

_ESCAPE = re.compile(r"%[0-9A-F]{2}")


def _everywhere(signing: Signing, changed: Callable[[Encode], Encode]) -> Variants:
    """A library has one function that encodes, or two: for the parameters, and for the parts of the base string."""
    value, part = changed(signing.encode_value), changed(signing.encode_part)
    secret = changed(signing.encode_secret)
    yield "", signing.changed(encode_value=value, encode_part=part, encode_secret=secret)
    yield "", signing.changed(encode_value=value, encode_part=part)
    yield "in the parameters alone", signing.changed(encode_value=value)
    yield "in the parts of the base string alone", signing.changed(encode_part=part)


def plus_for_blank(signing: Signing, _: Facts) -> Variants:
    """A blank is encoded as ``+``."""
    yield from _everywhere(signing, lambda encode: lambda text: encode(text).replace("%20", "+"))
    # The application writes the plus, and the library encodes it.
    plus = (
        replace(one, name=one.name.replace(" ", "+"), value=one.value.replace(" ", "+")) for one in signing.parameters
    )
    yield "", signing.changed(parameters=tuple(plus))


def small_hex(signing: Signing, _: Facts) -> Variants:
    """Escapes have small letters."""
    yield from _everywhere(
        signing, lambda encode: lambda text: _ESCAPE.sub(lambda match: match[0].lower(), encode(text))
    )


def like_javascript(signing: Signing, _: Facts) -> Variants:
    """``!*'()`` are not encoded, as by ``encodeURIComponent``."""

    def changed(encode: Encode) -> Encode:
        def as_component(text: str) -> str:
            for character in "!*'()":
                text = text.replace(character, f"\0{ord(character):02X}")
            encoded = encode(text)
            for character in "!*'()":
                encoded = encoded.replace(f"%00{ord(character):02X}", character)
            return encoded

        return as_component

    yield from _everywhere(signing, changed)


def tilde_encoded(signing: Signing, _: Facts) -> Variants:
    """``~`` is encoded."""
    yield from _everywhere(signing, lambda encode: lambda text: encode(text).replace("~", "%7E"))


def slash_kept(signing: Signing, _: Facts) -> Variants:
    """``/`` is not encoded, as by Python's ``quote``."""
    yield from _everywhere(signing, lambda encode: lambda text: "/".join(map(encode, text.split("/"))))


def like_forms(signing: Signing, _: Facts) -> Variants:
    """As Java's ``URLEncoder`` and other form encoders: a blank is ``+``, ``*`` stays, ``~`` is encoded."""

    def changed(encode: Encode) -> Encode:
        return lambda text: "*".join(encode(part).replace("%20", "+").replace("~", "%7E") for part in text.split("*"))

    yield from _everywhere(signing, changed)


def values_not_encoded(signing: Signing, _: Facts) -> Variants:
    """Names and values are not encoded."""
    yield "", signing.changed(encode_value=str)


def parts_not_encoded(signing: Signing, _: Facts) -> Variants:
    """The parts of the base string are not encoded."""
    address, part = signing.uri, signing.encode_part
    yield "all parts", signing.changed(encode_part=str)
    yield "the parameters", signing.changed(encode_part=lambda text: part(text) if text == address else text)
    yield "the address", signing.changed(encode_part=lambda text: text if text == address else part(text))


def encoded_again(signing: Signing, _: Facts) -> Variants:
    """The whole base string is encoded again."""
    yield "", signing.changed(whole=signing.encode_part)
    part = signing.encode_part
    yield "", signing.changed(encode_part=lambda text: part(part(text)))


def latin1(signing: Signing, _: Facts) -> Variants:
    """Text is encoded as Latin-1."""
    if any(not one.value.isascii() or not one.name.isascii() for one in signing.parameters):
        for codec in ("latin-1", "cp1252"):
            yield codec, signing.changed(encode_value=lambda text, codec=codec: quote(text, "~", codec, "replace"))


MISTAKES = (
    Mistake(
        "plus-for-blank", "A blank is encoded as +.", "Encode a blank as %20 (RFC 5849, section 3.6).", plus_for_blank
    ),
    Mistake(
        "small-hex-digits",
        "Escapes are written with small letters, such as %2f.",
        "Write escapes with capital letters, such as %2F.",
        small_hex,
    ),
    Mistake(
        "javascript-encoding",
        "The characters !*'() are not encoded, as by JavaScript's encodeURIComponent.",
        "Encode them, too, as %21 %2A %27 %28 %29.",
        like_javascript,
    ),
    Mistake("tilde-encoded", "The character ~ is encoded.", "Leave ~ as it is.", tilde_encoded),
    Mistake(
        "slash-not-encoded",
        "The character / is not encoded, as by Python's quote().",
        'Encode it as %2F: quote(text, safe="~").',
        slash_kept,
    ),
    Mistake(
        "form-encoding",
        "Text is encoded as in a form, as by Java's URLEncoder: + for a blank, * as it is, ~ encoded.",
        "Encode a blank as %20 and * as %2A, and leave ~ as it is.",
        like_forms,
    ),
    Mistake(
        "values-not-encoded",
        "Names and values are not encoded before they are joined.",
        "Encode each name and each value, and then the joined parameters again.",
        values_not_encoded,
    ),
    Mistake(
        "parts-not-encoded",
        "The parts of the base string are not encoded: {detail}.",
        "Encode the address and the joined parameters, and join the three parts with &.",
        parts_not_encoded,
    ),
    Mistake(
        "base-string-encoded-again",
        "The whole base string is encoded again.",
        "Sign the base string as it is.",
        encoded_again,
    ),
    Mistake("not-utf-8", "Text is signed in {detail}.", "Encode text as UTF-8 before you percent-encode it.", latin1),
)
