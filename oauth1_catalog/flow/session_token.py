"""Session tokens: a key that client and server agree on by Diffie-Hellman, and with which API calls are signed.

Interactive Brokers calls it the live session token. The request for it is signed with the client's RSA key, and the
decrypted secret of the access token stands before the base string; the answer proves that the server has the same key.
Nobody sends the key itself. ``session_token`` in a provider's file names the parameters.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from oauth1_catalog.catalog.provider import Provider, SessionToken
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, SigningError, TokenResponseError
from oauth1_catalog.flow.diffie_hellman import DHKey, DHParameters, Exponents
from oauth1_catalog.flow.driver import Steps
from oauth1_catalog.flow.responses import answer, expires_at, parse_fields, refusal
from oauth1_catalog.redaction import MaskedBytes, MaskedText, masked
from oauth1_catalog.rfc5849 import Signer, authorization_header, percent_encode, signature_base_string
from oauth1_catalog.rfc5849.messages import Request, Response

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

STEP = "session_token"

FIELD = "session_token"  # a name, no credential
"""The field of a token that contains its session token, in base64."""

EARLY = 60.0
"""How long before its end a session token is renewed, in seconds."""


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The keys of an application that session tokens need beside its signer."""

    encryption_key: RSAPrivateKey = field(repr=False)
    parameters: DHParameters = field(repr=False)


class SessionSignature(NamedTuple):
    """A signature method (section 3.4) whose key is a session token, in place of the two secrets.

    >>> SessionSignature("HMAC-SHA256", "sha256").sign("bs", "", "a2V5")
    'C8cd4TBDnDZj3xHDoMWg/JWKsMeyTtY5a8yiXE5DrLI='
    """

    name: str
    hash_name: str
    encoding: str = "rfc5849"

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:  # noqa: ARG002 - one protocol for all
        """The digest in base64; ``token_secret`` is the session token."""
        if not token_secret:
            raise SigningError(
                description="Calls of this provider are signed with a session token, so each of them needs a token. "
                "Leave out withhold_token."
            )
        key = MaskedBytes(base64.b64decode(token_secret))
        text = encoded_once(base_string) if self.encoding == "once" else base_string
        return b2a_base64(hmac.digest(key, text.encode(), self.hash_name), newline=False).decode()


def encoded_once(base_string: str) -> str:
    """A base string whose parameters are encoded once, together, and not one by one before.

    >>> encoded_once("GET&https%3A%2F%2Fa.example%2F&ids%3D1%252C2%26q%3Da%2520b")
    'GET&https%3A%2F%2Fa.example%2F&ids%3D1%2C2%26q%3Da%20b'
    """
    start, _, parameters = base_string.rpartition("&")
    return f"{start}&{percent_encode(unquote_to_bytes(unquote_to_bytes(parameters)))}"


def session_signature(rules: SessionToken) -> SessionSignature:
    """The signature method of a provider's API calls."""
    return SessionSignature(
        rules.signature_method, rules.signature_method.removeprefix("HMAC-").lower(), rules.encoding
    )


def current_session(provider: Provider, token: Mapping[str, str], now: float) -> str | None:
    """The session token in a token's fields; ``None`` if there is none, or it has ended.

    Args:
        provider: whose file names the field with its end.
        token: the fields of the token.
        now: seconds since the epoch.
    """
    session = token.get(FIELD)
    if not session:
        return None
    ends = expires_at(provider, token, now)
    return None if ends is not None and ends - EARLY <= now else masked(session)


def fetch_session_token(
    provider: Provider,
    signer: Signer,
    token: Mapping[str, str],
    keys: SessionKeys,
    *,
    exponent: Exponents | None = None,
) -> Steps[dict[str, str]]:
    """Agree on a new session token.

    Args:
        provider: the provider, whose file describes it.
        signer: signs with the client's RSA key.
        token: ``oauth_token``, and its encrypted secret as ``oauth_token_secret``.
        keys: the key that decrypts this secret, and the Diffie-Hellman parameters.
        exponent: returns the private value; by default a random one.

    Returns:
        The fields of ``token``, the session token (``session_token``), and its end under the provider's name.

    Raises:
        ConfigurationError: the provider's file does not describe it.
        MissingTokenError: the secret of the token cannot be decrypted.
        TokenRequestDeniedError: the provider refused.
        TokenResponseError: the answer has no usable number, or does not prove that the provider has the same key.
    """
    rules = required_rules(provider)
    token = masked(token)
    secret = decrypted_secret(provider, token.get("oauth_token_secret") or "", keys)
    key = DHKey(keys.parameters, exponent)
    request = session_request(provider, signer, token["oauth_token"], secret, key.challenge)
    response = yield from answer(request, provider, step=STEP)
    fields = _fields(provider, rules, response)
    session = _agreed(provider, rules, key, fields, secret, signer.client.client_id, response)
    ends = fields.get(rules.expires_at or "")
    return {**token, FIELD: session, **({rules.expires_at: ends} if rules.expires_at and ends else {})}


def required_rules(provider: Provider) -> SessionToken:
    """What the provider's file describes.

    Raises:
        ConfigurationError: it describes nothing.
    """
    if provider.session_token is None:
        raise ConfigurationError(
            "no_session_token",
            f"{provider.name}: its file does not describe a session token.",
            provider=provider.name,
            step=STEP,
        )
    return provider.session_token


def decrypted_secret(provider: Provider, secret: str, keys: SessionKeys) -> MaskedBytes:
    """The secret of an access token, which the provider has encrypted with RSA (PKCS #1 v1.5) for the application.

    A wrong key is not always found here: OpenSSL answers it with random bytes, so that nobody can try keys out.

    Raises:
        MissingTokenError: it is not such a secret.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    secret, fault = masked(secret), ""
    try:
        return MaskedBytes(keys.encryption_key.decrypt(base64.b64decode(secret, validate=True), PKCS1v15()))
    except binascii.Error:
        fault = "is not base64. Copy it whole, with the = at its end."
    except ValueError:
        fault = "was not encrypted for this encryption_key. Pass the private half of the key that the provider has."
    raise MissingTokenError(
        "invalid_token", f"{provider.name}: the token's secret {fault}", provider=provider.name, step=STEP
    )


def session_request(provider: Provider, signer: Signer, token: str, secret: bytes, challenge: str) -> Request:
    """The signed request for a session token.

    Args:
        provider: whom to ask.
        signer: signs with the client's RSA key.
        token: the identifier of the access token.
        secret: its decrypted secret, which stands before the base string as hexadecimal digits.
        challenge: the client's public value.
    """
    rules, secret = required_rules(provider), masked(secret)
    pairs = [*signer.protocol_parameters(masked(token)), (rules.challenge, challenge)]
    base_string = signature_base_string(rules.method, rules.url, pairs)
    if rules.encoding == "once":
        base_string = encoded_once(base_string)
    signature = signer.signature_method.sign(MaskedText(secret.hex() + base_string), "", "")
    header = authorization_header(sorted([*pairs, ("oauth_signature", signature)]), realm=signer.realm)
    return Request(rules.method, rules.url, {**provider.all_headers, "Authorization": header})


def live_session_token(shared_secret: bytes, secret: bytes) -> MaskedText:
    """The session token, in base64: HMAC-SHA1 of the access token's secret, with the shared secret as the key.

    >>> live_session_token(b"k", b"s") == "Nueo+nrDeGemlbnLrTFr6LH2CI4="
    True
    """
    return MaskedText(b2a_base64(hmac.digest(shared_secret, secret, "sha1"), newline=False).decode())


def session_proof(session: str, client_id: str) -> str:
    """What shows that both sides have the same session token: HMAC-SHA1 of the consumer key, in hexadecimal digits."""
    return hmac.digest(MaskedBytes(base64.b64decode(session)), client_id.encode(), "sha1").hex()


def _fields(provider: Provider, rules: SessionToken, response: Response) -> dict[str, str]:
    """The fields of the answer.

    Raises:
        TokenRequestDeniedError, TokenResponseError: it is a refusal, or has not got them.
    """
    fields = dict(parse_fields(response, "json")) if 200 <= response.status < 300 else {}
    if not (fields.get(rules.response) and fields.get(rules.proof)):
        error = refusal(response, provider, step=STEP)
        if response.status in {400, 401, 403}:
            error.add_note(
                "Check that the provider has the public halves of rsa_key and encryption_key, and the same "
                "dh_parameters, and that the token belongs to this consumer key. New keys can take days to be known."
            )
        raise error
    return fields


def _agreed(
    provider: Provider,
    rules: SessionToken,
    key: DHKey,
    fields: Mapping[str, str],
    secret: MaskedBytes,
    client_id: str,
    response: Response,
) -> MaskedText:
    fault, session = "", MaskedText("")
    try:
        session = live_session_token(key.shared_secret(fields[rules.response]), secret)
    except ValueError as error:
        fault = f"the {rules.response} of the answer {error}. It is not used; ask the provider."
    if not fault and not hmac.compare_digest(
        session_proof(session, client_id).encode(), fields[rules.proof].strip().lower().encode("utf-8", "replace")
    ):
        fault = (
            f"the {rules.proof} of the answer is not that of the session token that was computed. Check that "
            "dh_parameters are those that the provider has, and that encryption_key belongs to the token."
        )
    if fault:
        raise TokenResponseError(
            description=f"{provider.name}: {fault}", provider=provider.name, step=STEP, status=response.status
        )
    return session
