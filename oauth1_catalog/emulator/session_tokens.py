"""The provider's side of session tokens: its half of Diffie-Hellman, and the key of the calls' signatures.

Nothing of it is the client's code (``flow/session_token.py``). The base string is oauthlib's; only how its parameters
are joined and encoded is written here.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import textwrap
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from oauth1_catalog.catalog.provider import SessionToken
from oauth1_catalog.emulator.refusals import rejected

LIFETIME = 24 * 3600
"""How long a session token lives, in seconds."""

_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
"""Group 14 of RFC 3526: to make a prime of 2048 bits takes minutes."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the provider knows after the exchange: its public value, the session token, and the proof that it has it."""

    response: str
    session: bytes = field(repr=False)
    proof: str = field(repr=False)


@cache
def dh_parameters() -> str:
    """The Diffie-Hellman parameters of every emulated application, as PEM: a DER sequence of two integers (PKCS #3)."""
    prime = b"\0" + _PRIME.to_bytes(256, "big")
    integers = b"\x02\x82" + len(prime).to_bytes(2, "big") + prime + b"\x02\x01\x02"
    der = b"\x30\x82" + len(integers).to_bytes(2, "big") + integers
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode("ascii"), 64))
    return f"-----BEGIN DH PARAMETERS-----\n{lines}\n-----END DH PARAMETERS-----\n"


def encrypted(secret: bytes, private_pem: str) -> str:
    """The secret of an access token as the application gets it: encrypted for its key, in base64.

    Args:
        secret: the secret.
        private_pem: the application's private encryption key; a provider has its public half.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key: Any = load_pem_private_key(private_pem.encode("ascii"), None).public_key()
    return base64.b64encode(key.encrypt(secret, PKCS1v15())).decode("ascii")


def agree(name: str, challenge: str, secret: bytes, client_id: str) -> Agreed:
    """Answer a challenge.

    Args:
        name: the parameter that it came in.
        challenge: the public value of the client, as hexadecimal digits.
        secret: the decrypted secret of its access token.
        client_id: the consumer key.

    Raises:
        Refusal: it is not a number of the group.
    """
    try:
        public = int(challenge, 16)
    except ValueError:
        public = 0
    if not 2 <= public <= _PRIME - 2:
        raise rejected(name, f"{name} must be a hexadecimal number of the group of dhparam.pem.")
    own = secrets.randbelow(_PRIME - 3) + 2
    shared = pow(public, own, _PRIME).to_bytes(256, "big").lstrip(b"\0")
    key = b"\0" + shared if shared[0] >= 0x80 else shared  # as Java's BigInteger.toByteArray()
    session = hmac.digest(key, secret, "sha1")
    proof = hmac.digest(session, client_id.encode("utf-8"), "sha1").hex()
    return Agreed(format(pow(2, own, _PRIME), "x"), session, proof)


def base_string(rules: SessionToken, request: Any, by_the_rfc: str) -> str:
    """The base string of oauthlib's request, as the provider builds it.

    Args:
        rules: how the provider's file describes it.
        request: the request as oauthlib reads it.
        by_the_rfc: its base string by RFC 5849.
    """
    if rules.encoding == "rfc5849":
        return by_the_rfc
    start = by_the_rfc.rpartition("&")[0]
    joined = "&".join(f"{name}={value}" for name, value in sorted(request.params))
    return f"{start}&{quote(joined, safe='')}"


def signs(session: bytes, rules: SessionToken, text: str, signature: str) -> bool:
    """Whether ``signature`` is that of a base string with this session token."""
    digest = hmac.digest(session, text.encode("utf-8"), rules.signature_method.removeprefix("HMAC-").lower())
    return hmac.compare_digest(base64.b64encode(digest), signature.encode("utf-8", "replace"))
