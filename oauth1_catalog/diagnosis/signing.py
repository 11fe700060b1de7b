"""How one side computed a signature: a request's parts, and the steps from them to the signature.

A ``Signing`` has the steps of RFC 5849. A mistake (``mistakes/``) is another value of one of its fields, so that
mistakes can be combined. Nothing here uses the signer of ``rfc5849``: what it signs is examined here, too.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.policy import HTTP
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import quote, unquote_plus, urlsplit

from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import MaskedText, shown_url
from oauth1_catalog.rfc5849.base_string import base_string_uri
from oauth1_catalog.rfc5849.messages import Request
from oauth1_catalog.rfc5849.parameters import is_form, parse_authorization_header

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Place: TypeAlias = Literal["header", "query", "body"]
Pair: TypeAlias = tuple[str, str]
Encode: TypeAlias = Callable[[str], str]

_LONE = re.compile("[\ud800-\udfff]")
"""A lone surrogate, which stands for a byte that is not UTF-8."""

HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}
"""The hash functions, by the end of a signature method's name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it was sent, and where.

    Attributes:
        name: decoded.
        value: decoded; hidden in a ``repr``, because it can be a password.
        place: ``"header"``, ``"query"`` or ``"body"``.
        sent: name and value as they were sent, encoded.
    """

    name: str
    value: str = field(repr=False)
    place: Place
    sent: Pair = field(repr=False, compare=False, default=("", ""))


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as it was sent, with its OAuth parameters found.

    Attributes:
        request: the request.
        parameters: those that are signed, in the order in which they were sent: not the realm, not the signature.
        signature: the value of ``oauth_signature``; empty without one.
        realm: of the header; ``None`` without one.
        faults: what is wrong with the request apart from its signature, as sentences.
    """

    request: Request
    parameters: tuple[Parameter, ...]
    signature: str
    realm: str | None = None
    faults: tuple[str, ...] = ()

    def protocol(self, name: str) -> str:
        """The value of a protocol parameter; empty without one."""
        return next((found.value for found in self.parameters if found.name == name), "")

    @property
    def form(self) -> str:
        """The body as text, if it is declared as a form; else an empty text."""
        return self.text if is_form(self.request.header("Content-Type")) else ""

    @property
    def text(self) -> str:
        """The body as text."""
        return (self.request.body or b"").decode("utf-8", "replace")


def read_sent(request: Request) -> SentRequest:
    """Find the OAuth parameters of a request: in its header, its query or its form (RFC 5849, section 3.5).

    >>> sent = read_sent(Request("GET", "https://a.example/?b=1", {"Authorization": 'OAuth oauth_nonce="x"'}))
    >>> [(found.name, found.place) for found in sent.parameters], sent.signature
    ([('oauth_nonce', 'header'), ('b', 'query')], '')
    """
    faults: list[str] = []
    found: list[Parameter] = []
    header, realm = request.header("Authorization"), None
    if header.strip().lower().startswith("oauth"):
        if _LONE.search(header):
            faults.append("The Authorization header has bytes that are not UTF-8. Percent-encode them.")
            header = _LONE.sub("\ufffd", header)
        try:
            pairs = parse_authorization_header(header)
        except SigningError as error:
            faults.append(f"The Authorization header cannot be read: {error.description}")
            pairs = []
        realm = next((value for name, value in pairs if name.lower() == "realm"), None)
        found += [Parameter(name, value, "header", (name, value)) for name, value in pairs if name.lower() != "realm"]
    try:
        query = urlsplit(request.url).query
    except ValueError:
        query = None
    if query is None:
        raise SigningError(description=f"The URL {shown_url(request.url)!r} is not a URL. Check its host.")
    found += split_pairs(query, "query")
    sent = SentRequest(request, (), "", realm)
    found += split_pairs(sent.form, "body")
    signatures = [one.value for one in found if one.name == "oauth_signature"]
    places = sorted({one.place for one in found if one.name.startswith("oauth_")})
    if not signatures:
        faults.append("The request has no oauth_signature in its header, its query or its form.")
    elif len(signatures) > 1:
        faults.append("The request has oauth_signature more than once.")
    if len(places) > 1:
        faults.append(f"The OAuth parameters are in {' and '.join(places)}. Send all of them in one place.")
    parameters = tuple(one for one in found if one.name != "oauth_signature")
    return replace(sent, parameters=parameters, signature=signatures[0] if signatures else "", faults=(*faults,))


def split_pairs(text: str, place: Place) -> list[Parameter]:
    """The parameters of a query or a form. An escape that cannot be decoded stays as it is.

    >>> [(found.name, found.value) for found in split_pairs("a=r+b&c%40=", "query")]
    [('a', 'r b'), ('c@', '')]
    """
    found = []
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            found.append(Parameter(unquote_plus(name), unquote_plus(value), place, (name, value)))
    return found


def multipart_fields(request: Request) -> tuple[Parameter, ...]:
    """The text fields of a multipart body (RFC 7578): the parts without a file name. No other body has any."""
    content_type = request.header("Content-Type")
    if not content_type.lower().startswith("multipart/form-data"):
        return ()
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(head + (request.body or b""), policy=HTTP)
    found = []
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None:
            content = part.get_payload(decode=True)
            value = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
            found.append(Parameter(name, value, "body"))
    return tuple(found)


def encode(text: str) -> str:
    """Percent-encode as in RFC 5849, section 3.6. It accepts lone surrogates, which a request cannot contain."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="~")


@lru_cache(maxsize=1024)
def encode_once(text: str) -> str:
    """As ``encode``, for the names and values of one search, which clears the cache: it can contain passwords."""
    return encode(text)


def join_sorted(pairs: Sequence[Pair]) -> list[str]:
    """Encoded pairs in the order of section 3.4.1.3.2."""
    return [f"{name}={value}" for name, value in sorted(pairs)]


def decode_base64(signature: str) -> bytes | None:
    """The bytes of a signature; ``None`` if it is not base64."""
    try:
        return b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return None


_OF_PARAMETERS = frozenset({"parameters", "raw_protocol", "encode_value", "order", "sort_decoded"})
_OF_PARTS = frozenset({"http_method", "uri", "encode_part", "whole"})


@dataclass(frozen=True)
class Signing:
    """One way to compute a signature. The defaults are those of RFC 5849.

    Attributes:
        http_method: as it is in the base string.
        uri: the base string URI.
        parameters: what is signed.
        method: the name of the signature method.
        client_secret: the consumer secret.
        token_secret: the token's secret.
        client_id: the consumer key.
        public_key: for the RSA methods.
        raw_protocol: whether the values of the protocol parameters stay as they are (Mastercard).
        encode_value: encodes names and values.
        encode_part: encodes the parts of the base string.
        order: puts the encoded pairs in order, and joins each.
        sort_decoded: whether the pairs are sorted before they are encoded.
        encode_secret: encodes the secrets.
        joint: what joins the secrets to the key.
        key: the whole key, instead of the secrets.
        hash_name: the hash function, instead of the method's.
        inputs_exchanged: whether the base string was the key, and the key the text.
        whole: changes the base string at last.
        read_signature: turns the signature that was sent into bytes.
    """

    http_method: str
    uri: str
    parameters: tuple[Parameter, ...]
    method: str
    client_secret: str = field(default=MaskedText(""), repr=False)
    token_secret: str = field(default=MaskedText(""), repr=False)
    client_id: str = ""
    public_key: RSAPublicKey | None = field(default=None, repr=False)
    raw_protocol: bool = False
    encode_value: Encode = encode_once
    encode_part: Encode = encode
    order: Callable[[Sequence[Pair]], list[str]] = join_sorted
    sort_decoded: bool = False
    encode_secret: Encode = encode
    joint: str = "&"
    key: bytes | None = field(default=None, repr=False)
    hash_name: str | None = None
    inputs_exchanged: bool = False
    whole: Encode = str
    read_signature: Callable[[str], bytes | None] = decode_base64

    def changed(self, **fields: Any) -> Signing:  # those of this class
        """The same with other values of some fields. What does not depend on them is not computed again."""
        other = replace(self, **fields)
        if not fields.keys() & _OF_PARAMETERS:
            vars(other)["normalized"] = self.normalized
            if not fields.keys() & _OF_PARTS:
                vars(other)["base_string"] = self.base_string
        return other

    @cached_property
    def normalized(self) -> str:
        """The normalized parameters (section 3.4.1.3.2)."""
        parameters = self.parameters
        if self.sort_decoded:
            parameters = tuple(sorted(parameters, key=lambda one: (one.name, one.value)))
        pairs = [
            (
                self.encode_value(one.name),
                one.value if self.raw_protocol and one.name.startswith("oauth_") else self.encode_value(one.value),
            )
            for one in parameters
        ]
        ordered = [f"{name}={value}" for name, value in pairs] if self.sort_decoded else self.order(pairs)
        return "&".join(ordered)

    @cached_property
    def base_string(self) -> str:
        """The signature base string (section 3.4.1.1)."""
        parts = (self.http_method, self.uri, self.normalized)
        return self.whole("&".join(map(self.encode_part, parts)))

    @property
    def is_plaintext(self) -> bool:
        """Whether the signature is the key itself."""
        return self.method == "PLAINTEXT"

    @cached_property
    def key_bytes(self) -> bytes:
        """The key of HMAC, or the signature of PLAINTEXT (section 3.4.2)."""
        if self.key is not None:
            return self.key
        secrets = [self.encode_secret(secret) for secret in (self.client_secret, self.token_secret)]
        return self.joint.join(secrets).encode("utf-8", "surrogatepass")

    @property
    def hash_of_method(self) -> str:
        """The name of the hash function, as ``hashlib`` has it; SHA-1 for a method that is not known."""
        return self.hash_name or HASHES.get(self.method.rpartition("-")[2].upper(), "sha1")

    @cached_property
    def digest(self) -> bytes:
        """What a signature by HMAC or PLAINTEXT contains; empty for RSA, whose signatures can only be verified."""
        if self.is_plaintext:
            return self.key_bytes
        if self.method.startswith("RSA"):
            return b""
        text = self.base_string.encode("utf-8", "surrogatepass")
        key, message = (text, self.key_bytes) if self.inputs_exchanged else (self.key_bytes, text)
        return hmac.digest(key, message, self.hash_of_method)

    def matches(self, signature: str) -> bool:
        """Whether this way leads to ``signature``."""
        if self.is_plaintext and self.read_signature is decode_base64:
            return bool(signature) and hmac.compare_digest(self.digest, signature.encode("utf-8", "surrogatepass"))
        sent = self.read_signature(signature)
        if not sent:
            return False
        if self.method.startswith("RSA"):
            return self._verifies(sent)
        return hmac.compare_digest(self.digest, sent)

    def is_like(self, other: Signing) -> bool:
        """Whether both lead to the same signature, and read it alike."""
        if self.is_plaintext is not other.is_plaintext:
            return False
        same_text = self.is_plaintext or self.base_string == other.base_string
        same_hash = self.hash_of_method == other.hash_of_method and self.inputs_exchanged == other.inputs_exchanged
        same_key = self.method.startswith("RSA") or self.key_bytes == other.key_bytes
        return same_text and same_hash and same_key and self.read_signature is other.read_signature

    def _verifies(self, signature: bytes) -> bool:
        if self.public_key is None:
            return False
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        kind: hashes.HashAlgorithm = getattr(hashes, self.hash_of_method.upper())()
        text = self.base_string.encode("utf-8", "surrogatepass")
        try:
            self.public_key.verify(signature, text, PKCS1v15(), kind)
        except (InvalidSignature, ValueError):
            return False
        return True


def right_signing(
    sent: SentRequest,
    *,
    client_secret: str = "",
    token_secret: str = "",
    public_key: RSAPublicKey | None = None,
    raw_protocol: bool = False,
    signs_multipart: bool = False,
) -> Signing:
    """How RFC 5849 signs a request that was sent.

    Raises:
        SigningError: the URL has no base string URI.

    >>> sent = read_sent(Request("get", "https://a.example/?b=1", {"Authorization": 'OAuth oauth_nonce="x"'}))
    >>> right_signing(sent).base_string
    'GET&https%3A%2F%2Fa.example%2F&b%3D1%26oauth_nonce%3Dx'
    """
    method = sent.protocol("oauth_signature_method").upper() or "HMAC-SHA1"
    return Signing(
        sent.request.method.upper(),
        base_string_uri(sent.request.url),
        (*sent.parameters, *(multipart_fields(sent.request) if signs_multipart else ())),
        method,
        MaskedText(client_secret),
        MaskedText(token_secret),
        sent.protocol("oauth_consumer_key"),
        public_key,
        raw_protocol,
    )


def others(parameters: Iterable[Parameter], place: Place) -> tuple[Parameter, ...]:
    """The parameters that were not sent in ``place``, apart from those of the protocol."""
    return tuple(one for one in parameters if one.place != place or one.name.startswith("oauth_"))
