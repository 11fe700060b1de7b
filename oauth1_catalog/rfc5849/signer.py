"""Sign one request (section 3.1): everything that is the same for all requests of a client is made once.

Rule: a ``Signer`` never changes, so that threads and event loops may share it; what belongs to one request lives in
the call. All checks come before the first use of a secret.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, get_args

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.base_string import join_sorted
from oauth1_catalog.rfc5849.credentials import ClientCredentials, TemporaryCredentials, TokenCredentials
from oauth1_catalog.rfc5849.encoding import encoded_pairs, percent_encode
from oauth1_catalog.rfc5849.freshness import random_nonce, system_clock
from oauth1_catalog.rfc5849.messages import Request, find_header
from oauth1_catalog.rfc5849.parameters import (
    FORM,
    add_to_form,
    add_to_query,
    form_text,
    is_form,
    realm_field,
    refuse_protocol_names,
)
from oauth1_catalog.rfc5849.signature import SignatureMethod
from oauth1_catalog.rfc5849.signature import signature_method as find_signature_method
from oauth1_catalog.rfc5849.urls import split_url, wire_url

if TYPE_CHECKING:
    from oauth1_catalog.rfc5849.rsa import RSAKey

SignatureType = Literal["HEADER", "QUERY", "BODY"]
BodyHash = Literal["none", "non_form", "always"]
Profile = Literal["rfc5849", "mastercard"]
Credentials = TokenCredentials | TemporaryCredentials

# Those that the signer makes itself.
OWN_NAMES = frozenset(
    f"oauth_{name}"
    for name in ("consumer_key", "token", "signature_method", "signature", "timestamp", "nonce", "version")
)


class Signer:
    """Signs the requests of one client.

    Args:
        client: the client credentials.
        signature_method: the name of a signature method, or a method object.
        signature_type: where the protocol parameters travel: ``"HEADER"``, ``"QUERY"`` or ``"BODY"`` (section 3.5).
        realm: sent in the header, never signed.
        body_hash: when ``oauth_body_hash`` (Request Body Hash extension) is sent, made with the hash of the signature
            method: ``"non_form"`` with every body that is not a form, ``"always"`` also without a body (the hash of
            nothing). Never with a form, which the signature covers by itself.
        force_include_body: Authlib's name for ``body_hash="non_form"``.
        version: the value of ``oauth_version``; ``None`` leaves it out.
        profile: ``"rfc5849"``, or ``"mastercard"``, where the values of the protocol parameters are not encoded.
        rsa_key: for the RSA methods: PEM text or bytes, a path, or a key object.
        rsa_key_passphrase: of an encrypted PEM.
        nonce: a fixed value or what makes one; 28 random letters and digits by default.
        timestamp: a fixed value or what makes one, in seconds since the epoch; the system's time by default.

    Raises:
        SigningError: one of the arguments cannot be used; the message says which, why, and what to do.

    >>> signer = Signer(ClientCredentials("key", "secret"), nonce="n", timestamp=1)
    >>> signed = signer.sign(Request("GET", "https://example.com/"), TokenCredentials("token", "hush"))
    >>> signed.header("Authorization").partition(",")[0]
    'OAuth oauth_consumer_key="key"'
    """

    __slots__ = (
        "_body_hash",
        "_client",
        "_constant",
        "_constant_header",
        "_encode",
        "_method",
        "_needs_tls",
        "_nonce",
        "_realm",
        "_signature_type",
        "_timestamp",
    )

    def __init__(
        self,
        client: ClientCredentials,
        *,
        signature_method: str | SignatureMethod = "HMAC-SHA1",
        signature_type: SignatureType = "HEADER",
        realm: str | None = None,
        body_hash: BodyHash | None = None,
        force_include_body: bool = False,
        version: str | None = "1.0",
        profile: Profile = "rfc5849",
        rsa_key: RSAKey | None = None,
        rsa_key_passphrase: str | bytes | None = None,
        nonce: str | Callable[[], str] | None = None,
        timestamp: int | str | Callable[[], int | str] | None = None,
    ) -> None:
        try:
            self._method = find_signature_method(
                signature_method, rsa_key=rsa_key, rsa_key_passphrase=rsa_key_passphrase
            )
        finally:
            del rsa_key, rsa_key_passphrase
        _check_credentials(client.client_id, client.client_secret, "client_id", "client_secret")
        self._client = client
        self._signature_type = _one_of(signature_type, get_args(SignatureType), "signature_type")
        if realm is not None and signature_type != "HEADER":
            raise SigningError(
                description=f"realm is sent in the header alone, but signature_type is {signature_type}. Leave one out."
            )
        self._realm = realm
        chosen = _one_of(body_hash or "none", get_args(BodyHash), "body_hash")
        self._body_hash = "non_form" if force_include_body and chosen == "none" else chosen
        if self._body_hash != "none" and not self._method.hash_name:
            raise SigningError(
                description=f"body_hash is {self._body_hash!r}, but {self._method.name} has no hash to make it with. "
                "Choose another signature_method, or leave body_hash out."
            )
        if _one_of(profile, get_args(Profile), "profile") == "mastercard" and signature_type != "HEADER":
            raise SigningError(description="The profile mastercard knows the header alone. Leave signature_type out.")
        self._encode = _raw if profile == "mastercard" else percent_encode
        constant = {"oauth_consumer_key": client.client_id, "oauth_signature_method": self._method.name}
        if version is not None:
            constant["oauth_version"] = version
        self._constant = [(name, self._encode(value)) for name, value in constant.items()]
        self._constant_header = "OAuth " + ", ".join(
            [*realm_field(realm), *(f'{name}="{value}"' for name, value in self._constant)]
        )
        self._needs_tls = self._method.name == "PLAINTEXT"
        self._nonce = _nonce_source(nonce)
        self._timestamp = _timestamp_source(timestamp)

    def __repr__(self) -> str:
        return f"Signer({self._client.client_id!r}, {self._method.name}, {self._signature_type})"

    @property
    def client(self) -> ClientCredentials:
        """The client credentials."""
        return self._client

    @property
    def signature_method(self) -> SignatureMethod:
        """The signature method, with its key."""
        return self._method

    @property
    def signature_type(self) -> str:
        """``"HEADER"``, ``"QUERY"`` or ``"BODY"``."""
        return self._signature_type

    @property
    def realm(self) -> str | None:
        """The realm of the header."""
        return self._realm

    @property
    def body_hash(self) -> str:
        """When ``oauth_body_hash`` is sent: ``"none"``, ``"non_form"`` or ``"always"``."""
        return self._body_hash

    def sign(
        self, request: Request, token: Credentials | None = None, parameters: Mapping[str, str] | None = None
    ) -> Request:
        """The request with its signature, exactly as it has to go on the wire.

        Args:
            request: not yet signed. Raw characters of its URL are percent-encoded.
            token: temporary or token credentials; ``None`` signs for the client alone.
            parameters: further protocol parameters by name, such as ``oauth_callback`` and ``oauth_verifier``.

        Raises:
            SigningError: the request cannot be signed; nothing of it was changed.
        """
        method, url, headers, body = request.method, wire_url(request.url), request.headers, request.body
        if find_header(headers, "Authorization"):
            raise SigningError(
                description="The request has an Authorization header already. Leave it out: OAuth needs its place."
            )
        content_type = find_header(headers, "Content-Type")
        if self._signature_type == "HEADER":
            value = self.authorization(
                method, url, body=body, content_type=content_type, token=token, parameters=parameters
            )
            return Request(method, url, {**headers, "Authorization": value}, body)
        if self._signature_type == "BODY":
            if method.upper() in {"GET", "HEAD"}:
                raise SigningError(
                    description=f"signature_type is BODY, but {method} has no body. Use HEADER for this client."
                )
            if not body and not content_type:
                content_type = FORM
                headers = {**headers, "Content-Type": FORM}
            if not is_form(content_type):
                raise SigningError(
                    description=f"signature_type is BODY, but the body is {content_type or 'without Content-Type'}, "
                    f"not {FORM}. Use HEADER for this client."
                )
        own, signature = self._sign(method, url, body, content_type, token, parameters)
        form = _join([*self._constant, *own, ("oauth_signature", percent_encode(signature))])
        if self._signature_type == "QUERY":
            return Request(method, add_to_query(url, form), headers, body)
        return Request(method, url, headers, add_to_form(body, form))

    def authorization(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        content_type: str = "",
        token: Credentials | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> str:
        """The value of the ``Authorization`` header alone, for a client that keeps the request in a form of its own.

        Args:
            method: the HTTP method, in any case.
            url: exactly as it goes on the wire.
            body: bytes or text, exactly as they go on the wire; a stream only where the signature does not cover it.
            content_type: the value of that header.
            token: temporary or token credentials; ``None`` signs for the client alone.
            parameters: further protocol parameters by name.

        Raises:
            SigningError: the request cannot be signed.

        >>> signer = Signer(ClientCredentials("key"), version=None, nonce="n", timestamp=1)
        >>> signer.authorization("GET", "https://example.com/").partition("oauth_nonce")[2]
        '="n", oauth_timestamp="1", oauth_signature="f%2BnTxp9PI9u%2FuKcQS%2B7nO4kyZMA%3D"'
        """
        own, signature = self._sign(method, url, body, content_type, token, parameters)
        fields = ", ".join([f'{name}="{value}"' for name, value in own])
        return f'{self._constant_header}, {fields}, oauth_signature="{percent_encode(signature)}"'

    def _sign(
        self,
        method: str,
        url: str,
        body: object,
        content_type: str,
        token: Credentials | None,
        parameters: Mapping[str, str] | None,
    ) -> tuple[list[tuple[str, str]], str]:
        """This request's own protocol parameters, encoded, and the signature, not encoded."""
        origin, path, query = split_url(url)
        if self._needs_tls and not origin.startswith("https:"):
            raise SigningError(
                description=f"{self._method.name} shows the secrets to whoever listens, and the URL is plain http. "
                "Use https, or another signature_method."
            )
        pairs = encoded_pairs(query, place="query") if query else []
        refuse_protocol_names(pairs, place="query")
        form = bool(content_type) and body is not None and is_form(content_type)
        if form:
            fields = encoded_pairs(form_text(_whole(body)), place="body")
            refuse_protocol_names(fields, place="body")
            pairs += fields

        own = [("oauth_nonce", self._encode(self._nonce())), ("oauth_timestamp", str(self._timestamp()))]
        if token is not None:
            _check_credentials(token.oauth_token, token.oauth_token_secret, "oauth_token", "oauth_token_secret")
            own.append(("oauth_token", self._encode(token.oauth_token)))
        if parameters:
            own += [(percent_encode(name), self._encode(value)) for name, value in _checked(parameters)]
        if not form and (self._body_hash == "always" or (self._body_hash == "non_form" and body)):
            digest = hashlib.new(self._method.hash_name or "", _bytes(body)).digest()
            own.append(("oauth_body_hash", self._encode(b2a_base64(digest, newline=False).decode())))

        normalized = join_sorted(pairs + self._constant + own)
        base_string = f"{percent_encode(method.upper())}&{percent_encode(origin + path)}&{percent_encode(normalized)}"
        return own, self._method.sign(
            base_string, self._client.client_secret, "" if token is None else token.oauth_token_secret
        )


def _raw(value: str) -> str:
    """Mastercard's signers send the values of protocol parameters as they are."""
    if not (value.isascii() and value.isprintable()) or '"' in value or "\\" in value:
        raise SigningError(
            description="The profile mastercard sends protocol parameters unencoded, and one of them has a character "
            "that no header can hold. Use printable ASCII without quotes and backslashes."
        )
    return value


def _join(pairs: list[tuple[str, str]]) -> str:
    return "&".join([f"{name}={value}" for name, value in pairs])


def _whole(body: object) -> bytes | str:
    if isinstance(body, bytes | str):
        return body
    raise SigningError(
        description=f"The signature covers the body, but that is {type(body).__name__}, which can be read only once. "
        "Read it first, and pass bytes."
    )


def _bytes(body: object) -> bytes:
    whole = _whole(b"" if body is None else body)
    return whole.encode() if isinstance(whole, str) else whole


def _checked(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    for name, value in parameters.items():
        if not name.startswith("oauth_") or name in OWN_NAMES:
            raise SigningError(
                description=f"{name!r} is no extra protocol parameter. These begin with oauth_, and are none of "
                f"{', '.join(sorted(OWN_NAMES))}; the request's own parameters go into its query or its body."
            )
        if not isinstance(value, str):
            raise SigningError(description=f"The protocol parameter {name} is {type(value).__name__}. Pass text.")
    return list(parameters.items())


def _check_credentials(identifier: str, secret: str, identifier_name: str, secret_name: str) -> None:
    """Say what is wrong in terms of names: the values must not show."""
    faults = []
    if not isinstance(identifier, str) or not identifier:
        faults.append(f"There is no {identifier_name}. Pass the text that the provider gave.")
    if not isinstance(secret, str):
        faults.append(f"{secret_name} is {type(secret).__name__}. Pass the text that the provider gave, or '' if none.")
    del identifier, secret
    if faults:
        raise SigningError(description=" ".join(faults))


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> str:
    if value in allowed:
        return value
    near = get_close_matches(str(value).upper(), allowed, n=1) or get_close_matches(str(value).lower(), allowed, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"It is one of {', '.join(allowed)}."
    raise SigningError(description=f"{name} is {value!r}. {hint}")


def _nonce_source(nonce: str | Callable[[], str] | None) -> Callable[[], str]:
    if nonce is None:
        return random_nonce

    def checked() -> str:
        value = nonce() if callable(nonce) else nonce
        if not isinstance(value, str) or not value:
            raise SigningError(description=f"nonce is {value!r}. Pass text, or a function that returns text.")
        return value

    checked()
    return checked


def _timestamp_source(timestamp: int | str | Callable[[], int | str] | None) -> Callable[[], int | str]:
    if timestamp is None:
        return system_clock

    def checked() -> int | str:
        value = timestamp() if callable(timestamp) else timestamp
        if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal() or int(value) < 1:
            raise SigningError(description=f"timestamp is {value!r}. Pass seconds since the epoch, a positive integer.")
        return value

    checked()
    return checked
