"""Mistakes in the key, the method, and the form of the signature (RFC 5849, sections 3.4.2 to 3.4.4)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from oauth1_catalog.diagnosis.mistakes import Facts, Mistake, Variants
from oauth1_catalog.diagnosis.signing import HASHES, Parameter, Signing, decode_base64
from oauth1_catalog.redaction import MaskedText


def _secrets(signing: Signing, client: str, token: str) -> Signing:
    return signing.changed(client_secret=MaskedText(client), token_secret=MaskedText(token))


def token_secret_missing(signing: Signing, _: Facts) -> Variants:
    """The token's secret is not in the key."""
    if signing.token_secret:
        yield "", _secrets(signing, signing.client_secret, "")


def client_secret_missing(signing: Signing, _: Facts) -> Variants:
    """The client secret is not in the key."""
    if signing.client_secret:
        yield "", _secrets(signing, "", signing.token_secret)


def secrets_exchanged(signing: Signing, _: Facts) -> Variants:
    """The secrets are in the wrong order."""
    yield "", _secrets(signing, signing.token_secret, signing.client_secret)


def ampersand_missing(signing: Signing, _: Facts) -> Variants:
    """The key has no ``&``."""
    yield "", signing.changed(joint="")


def secrets_not_encoded(signing: Signing, _: Facts) -> Variants:
    """The secrets are not encoded in the key."""
    yield "", signing.changed(encode_secret=str)


def secrets_encoded_twice(signing: Signing, _: Facts) -> Variants:
    """The secrets are encoded twice in the key."""
    encode = signing.encode_secret
    yield "", signing.changed(encode_secret=lambda text: encode(encode(text)))


def space_around_secrets(signing: Signing, _: Facts) -> Variants:
    """White space around a secret, such as a line break from a file, is in the key."""
    client, token = signing.client_secret, signing.token_secret
    if len(client.strip()) < len(client) or len(token.strip()) < len(token):
        yield "is removed from", _secrets(signing, client.strip(), token.strip())
        return
    for space in ("\n", "\r\n", " ", "\r", "\t"):
        yield "is at the end of the client secret in", _secrets(signing, client + space, token)
        yield "is before the client secret in", _secrets(signing, space + client, token)
        if token:
            yield "is at the end of the token secret in", _secrets(signing, client, token + space)
            yield "is before the token secret in", _secrets(signing, client, space + token)
            yield "is at the end of both secrets in", _secrets(signing, client + space, token + space)


def quotes_around_secrets(signing: Signing, _: Facts) -> Variants:
    """Quotation marks around a secret, such as from a ``.env`` file, are in the key."""
    client, token = signing.client_secret, signing.token_secret
    for quote in ('"', "'"):
        yield "the client secret", _secrets(signing, f"{quote}{client}{quote}", token)
        if token:
            yield "the token secret", _secrets(signing, client, f"{quote}{token}{quote}")
            yield "both secrets", _secrets(signing, f"{quote}{client}{quote}", f"{quote}{token}{quote}")


def identifier_for_secret(signing: Signing, facts: Facts) -> Variants:
    """The consumer key is used as the secret, or the token as its secret."""
    token = facts.sent.protocol("oauth_token")
    if signing.client_id:
        yield "the consumer key as the client secret", _secrets(signing, signing.client_id, signing.token_secret)
    if token:
        yield "the token as its secret", _secrets(signing, signing.client_secret, token)


def secret_decoded(signing: Signing, _: Facts) -> Variants:
    """The client secret is decoded from base64 or hexadecimal digits before it is used."""
    end = signing.joint.encode() + signing.encode_secret(signing.token_secret).encode("utf-8", "surrogatepass")
    for kind, decode in (("base64", b64decode), ("hexadecimal digits", binascii.unhexlify)):
        try:
            key = decode(signing.client_secret)
        except (ValueError, binascii.Error):
            continue
        yield kind, signing.changed(key=key + end)
        yield kind, signing.changed(key=key)


def other_hash(signing: Signing, _: Facts) -> Variants:
    """Another hash function is used."""
    if not signing.is_plaintext:
        for ending, name in HASHES.items():
            if name != signing.hash_of_method:
                detail = f"SHA-{ending.removeprefix('SHA')}"
                yield detail, signing.changed(hash_name=name)
                # The declared method is changed after the request is signed.
                method = f"{signing.method.partition('-')[0]}-{ending}"
                yield detail, signing.changed(hash_name=name, parameters=_declaring(signing, method))


def _declaring(signing: Signing, method: str) -> tuple[Parameter, ...]:
    return tuple(
        replace(one, value=method) if one.name == "oauth_signature_method" else one for one in signing.parameters
    )


def plaintext(signing: Signing, _: Facts) -> Variants:
    """The signature is the key, as of PLAINTEXT."""
    if signing.method.startswith("HMAC"):
        yield "", signing.changed(method="PLAINTEXT")


def hmac_for_plaintext(signing: Signing, _: Facts) -> Variants:
    """The signature is an HMAC, but PLAINTEXT is declared."""
    if signing.is_plaintext:
        for name in HASHES:
            yield f"HMAC-{name}", signing.changed(method=f"HMAC-{name}")


def inputs_exchanged(signing: Signing, _: Facts) -> Variants:
    """The base string is the key, and the key the text."""
    if signing.method.startswith("HMAC"):
        yield "", signing.changed(inputs_exchanged=True)


def _hexadecimal(signature: str) -> bytes | None:
    try:
        return binascii.unhexlify(signature)
    except (ValueError, binascii.Error):
        return None


def _hexadecimal_in_base64(signature: str) -> bytes | None:
    text = decode_base64(signature)
    return None if text is None else _hexadecimal(text.decode("latin-1"))


_STANDARD = str.maketrans("-_", "+/")


def _url_safe(signature: str) -> bytes | None:
    if "-" not in signature and "_" not in signature:
        return None
    return decode_base64(signature.translate(_STANDARD) + "=" * (-len(signature) % 4))


def _without_padding(signature: str) -> bytes | None:
    return decode_base64(signature + "=" * (-len(signature) % 4)) if not signature.endswith("=") else None


def _with_line_breaks(signature: str) -> bytes | None:
    return decode_base64("".join(signature.split())) if any(mark in signature for mark in "\r\n") else None


def _blanks_for_plus(signature: str) -> bytes | None:
    return decode_base64(signature.replace(" ", "+")) if " " in signature else None


def _encoded_twice(signature: str) -> bytes | None:
    return decode_base64(unquote(signature)) if "%" in signature else None


def _key_encoded_twice(signature: str) -> bytes | None:
    return unquote(signature).encode()


def _read_by(read: Callable[[str], bytes | None]) -> Callable[[Signing, Facts], Variants]:
    def variants(signing: Signing, _: Facts) -> Variants:
        """The signature is written in another form."""
        if not signing.is_plaintext:
            yield "", signing.changed(read_signature=read)
        elif read is _encoded_twice:
            yield "", signing.changed(read_signature=_key_encoded_twice)

    return variants


MISTAKES = (
    Mistake(
        "token-secret-missing",
        "The token secret is not in the key.",
        "Sign with both secrets: the key is the client secret, &, and the token secret.",
        token_secret_missing,
    ),
    Mistake(
        "client-secret-missing",
        "The client secret is not in the key.",
        "Sign with both secrets: the key is the client secret, &, and the token secret.",
        client_secret_missing,
    ),
    Mistake(
        "secrets-exchanged",
        "The client secret and the token secret are exchanged.",
        "Put the client secret first, then &, then the token secret.",
        secrets_exchanged,
    ),
    Mistake(
        "ampersand-missing",
        "The key has no & between the secrets.",
        "Put & behind the client secret, also where there is no token secret.",
        ampersand_missing,
    ),
    Mistake(
        "secrets-not-encoded",
        "The secrets are not percent-encoded in the key.",
        "Encode each secret before you join them.",
        secrets_not_encoded,
    ),
    Mistake(
        "secrets-encoded-twice",
        "The secrets are percent-encoded twice in the key.",
        "Encode each secret once.",
        secrets_encoded_twice,
    ),
    Mistake(
        "space-around-secret",
        "White space {detail} the key.",
        "Remove line breaks and blanks around the secrets, which come from files and from copying.",
        space_around_secrets,
    ),
    Mistake(
        "quotes-around-secret",
        "Quotation marks around {detail} are in the key.",
        "Remove the quotation marks, which come from .env files and shells.",
        quotes_around_secrets,
    ),
    Mistake(
        "identifier-for-secret",
        "The key has {detail}.",
        "Use the secret that belongs to the identifier.",
        identifier_for_secret,
    ),
    Mistake(
        "secret-decoded",
        "The client secret is decoded from {detail} in the key.",
        "Use the secret as it is written.",
        secret_decoded,
    ),
    Mistake(
        "other-hash",
        "The signature is made with {detail}, but another method is declared.",
        "Make oauth_signature_method and the hash function equal.",
        other_hash,
    ),
    Mistake(
        "plaintext-signature",
        "The signature is the key itself, as of PLAINTEXT, but another method is declared.",
        "Sign with the declared method, or declare PLAINTEXT. Create a new secret if this was sent over http.",
        plaintext,
    ),
    Mistake(
        "hmac-for-plaintext",
        "The signature is made with {detail}, but PLAINTEXT is declared.",
        "Declare the method that you sign with.",
        hmac_for_plaintext,
    ),
    Mistake(
        "inputs-exchanged",
        "The key and the base string are exchanged in the call of HMAC.",
        "Pass the secrets as the key, and the base string as the text.",
        inputs_exchanged,
    ),
    Mistake(
        "hexadecimal-signature",
        "The signature is written in hexadecimal digits.",
        "Write the bytes of the signature in base64.",
        _read_by(_hexadecimal),
    ),
    Mistake(
        "hexadecimal-in-base64",
        "The signature is base64 of hexadecimal digits, not of bytes.",
        "Ask for the raw bytes: hash_hmac(..., true) in PHP, digest() and not hexdigest() elsewhere.",
        _read_by(_hexadecimal_in_base64),
    ),
    Mistake(
        "url-safe-base64",
        "The signature is written in URL-safe base64, with - and _.",
        "Use the standard alphabet, with + and /.",
        _read_by(_url_safe),
    ),
    Mistake(
        "padding-missing",
        "The signature has no = at its end.",
        "Keep the padding of base64.",
        _read_by(_without_padding),
    ),
    Mistake(
        "line-break-in-signature",
        "The signature has a line break.",
        "Use an encoder that adds none: strict_encode64 in Ruby, encode_base64($digest, '') in Perl, base64 -w0.",
        _read_by(_with_line_breaks),
    ),
    Mistake(
        "signature-not-encoded",
        "The + of the signature arrives as a blank.",
        "Percent-encode the signature where you send it in a query or a form.",
        _read_by(_blanks_for_plus),
    ),
    Mistake(
        "signature-encoded-twice",
        "The signature is percent-encoded twice.",
        "Encode the signature once, where you write the header, the query or the form.",
        _read_by(_encoded_twice),
    ),
)
