"""Sign requests (section 3.1). Everything that all requests of a client have in common is computed once.

A ``Signer`` is immutable, so threads and event loops can share it. All checks come before the first use of a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from itertools import repeat
from typing import TYPE_CHECKING, Literal, get_args

from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import MaskedBytes, MaskedList, masked, without_frames
from oauth1_catalog.rfc5849.base_string import needs_encoding, request_base_string, wire_url
from oauth1_catalog.rfc5849.encoding import encode_extra, encoded_pairs, form_decode, form_encode, percent_encode
from oauth1_catalog.rfc5849.messages import (
    ClientCredentials,
    Request,
    TemporaryCredentials,
    TokenCredentials,
    check_credentials,
)
from oauth1_catalog.rfc5849.nonces import NonceSource, TimestampSource, encoded_nonces, timestamps
from oauth1_catalog.rfc5849.parameters import (
    FORM,
    add_to_form,
    add_to_query,
    as_browsers_send,
    form_content_type,
    form_text,
    is_form,
    raw_values,
    realm_field,
    refuse_protocol_names,
    whole_body,
)
from oauth1_catalog.rfc5849.parameters import body_hash as hash_body
from oauth1_catalog.rfc5849.signature import Hmac, SignatureMethod, one_of, refuse_plaintext, signing_key
from oauth1_catalog.rfc5849.signature import signature_method as find_signature_method

if TYPE_CHECKING:
    from oauth1_catalog.rfc5849.rsa import RSAKey

SignatureType = Literal["HEADER", "QUERY", "BODY"]
BodyHash = Literal["none", "non_form", "always"]
Profile = Literal["rfc5849", "mastercard"]
Credentials = TokenCredentials | TemporaryCredentials
_REQUEST_URL = "{request_url}"


class Signer:
    """Signs the requests of one client.

    Args:
        client: the client credentials.
        signature_method: the name of a signature method, or a method object.
        signature_type: where the protocol parameters are sent: ``"HEADER"``, ``"QUERY"`` or ``"BODY"`` (section 3.5).
        realm: sent in the header, never signed. ``{request_url}`` in it is replaced by the URL without its query.
        body_hash: when to send ``oauth_body_hash`` (Request Body Hash extension), computed with the signature method's
            hash: ``"non_form"`` with every body that is not a form, ``"always"`` also without a body (the hash of the
            empty text). Never with a form, which the signature covers anyway.
        force_include_body: Authlib's name for ``body_hash="non_form"``.
        empty_token: send an empty ``oauth_token`` without a token (section 3.1 allows omitting it).
        version: the value of ``oauth_version``; ``None`` omits it.
        profile: ``"rfc5849"``, or ``"mastercard"``, which does not encode the values of the protocol parameters.
        rsa_key: for the RSA methods: PEM text or bytes, a path, or a key object.
        rsa_key_passphrase: of an encrypted PEM.
        nonce: a fixed value, or a function that returns one; 28 random letters and digits by default.
        timestamp: a fixed value, or a function that returns one, in seconds since the epoch; the system's time by
            default.
        allow_plaintext_over_http: sign with PLAINTEXT for ``http://`` as well, although anyone on the network can read
            the secrets. This machine (``localhost``, 127.0.0.0/8, ``[::1]``) does not need it.

    Raises:
        SigningError: an argument is invalid. The message contains its name, the reason and a correction.

    >>> signer = Signer(ClientCredentials("key", "secret"), nonce="n", timestamp=1)
    >>> signed = signer.sign(Request("GET", "https://example.com/"), TokenCredentials("token", "hush"))
    >>> signed.header("Authorization").partition(",")[0]
    'OAuth oauth_consumer_key="key"'
    """

    __slots__ = (
        "_body_hash",
        "_client",
        "_fixed",
        "_header_start",
        "_is_plaintext",
        "_is_raw",
        "_is_realm_of_url",
        "_key_start",
        "_method",
        "_nonce",
        "_plaintext_over_http",
        "_realm",
        "_signature_type",
        "_timestamp",
        "_without_token",
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
        empty_token: bool = False,
        version: str | None = "1.0",
        profile: Profile = "rfc5849",
        rsa_key: RSAKey | None = None,
        rsa_key_passphrase: str | bytes | None = None,
        nonce: NonceSource | None = None,
        timestamp: TimestampSource | None = None,
        allow_plaintext_over_http: bool = False,
    ) -> None:
        rsa_key, rsa_key_passphrase = masked(rsa_key), masked(rsa_key_passphrase)
        self._client = client
        self._plaintext_over_http = allow_plaintext_over_http
        self._method = find_signature_method(signature_method, rsa_key=rsa_key, rsa_key_passphrase=rsa_key_passphrase)
        check_credentials(client.client_id, client.client_secret, "client_id", "client_secret")
        self._key_start = signing_key(client.client_secret, "")
        self._is_raw = one_of(profile, get_args(Profile), "profile") == "mastercard"
        self._signature_type: SignatureType = _place(signature_type, is_raw=self._is_raw)
        if realm is not None and signature_type != "HEADER":
            raise SigningError(
                description=f"realm is sent only in the header, but signature_type is {signature_type}. "
                "Omit one of them."
            )
        self._realm = realm
        self._is_realm_of_url = realm is not None and _REQUEST_URL in realm
        chosen = one_of(body_hash or "none", get_args(BodyHash), "body_hash")
        self._body_hash = "non_form" if force_include_body and chosen == "none" else chosen
        if self._body_hash != "none" and not self._method.hash_name:
            raise SigningError(
                description=f"body_hash is {self._body_hash!r}, but {self._method.name} has no hash to make it with. "
                "Choose another signature_method, or leave body_hash out."
            )
        self._is_plaintext = self._method.name == "PLAINTEXT"
        if version not in {"1.0", None}:
            raise SigningError(description=f"version is {version!r}. It is '1.0', or None to send none (section 3.1).")
        # The protocol parameters, sorted by name. Nonce, timestamp and token are inserted between these texts.
        self._fixed = (
            f"oauth_consumer_key={percent_encode(client.client_id)}&oauth_nonce=",
            f"&oauth_signature_method={percent_encode(self._method.name)}&oauth_timestamp=",
            f"&oauth_version={version}" if version else "",
        )
        self._without_token = f"{'&oauth_token=' if empty_token else ''}{self._fixed[2]}"
        self._header_start = "OAuth " + "".join(f"{field}, " for field in realm_field(realm))
        self._nonce = encoded_nonces(nonce)
        self._timestamp = timestamps(timestamp)

    def __repr__(self) -> str:
        return f"Signer({self._client.client_id!r})"

    @property
    def client(self) -> ClientCredentials:
        """The client credentials."""
        return self._client

    @property
    def signature_method(self) -> SignatureMethod:
        """The signature method, with its key."""
        return self._method

    @property
    def signature_type(self) -> SignatureType:
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

    @property
    def profile(self) -> Profile:
        """Whether the values of the protocol parameters are encoded."""
        return "mastercard" if self._is_raw else "rfc5849"

    def at(self, signature_type: SignatureType) -> Signer:
        """The same signer with another ``signature_type``.

        Some providers expect the protocol parameters in a form at the token endpoints, and in the header of API calls.
        Only the header can contain a realm.

        Raises:
            SigningError: the type is unknown, or the profile does not allow it.

        >>> Signer(ClientCredentials("key")).at("BODY").signature_type
        'BODY'
        """
        if signature_type == self._signature_type:
            return self
        other = copy(self)
        other._signature_type = _place(signature_type, is_raw=self._is_raw)  # noqa: SLF001 - it is one of this class
        return other

    def sign(
        self,
        request: Request,
        token: Credentials | None = None,
        parameters: Mapping[str, str] | None = None,
        *,
        fields: Iterable[tuple[str, str]] = (),
    ) -> Request:
        """The request with its signature, exactly as it must be sent.

        Args:
            request: the request, not yet signed. Raw characters of its URL are percent-encoded.
            token: temporary or token credentials; ``None`` signs with only the client's credentials.
            parameters: other protocol parameters by name, such as ``oauth_callback`` and ``oauth_verifier``.
            fields: the decoded text fields of a multipart body, for a provider that signs them (Flickr). With another
                ``Content-Type`` they are ignored, as after a redirect that dropped the body.

        Raises:
            SigningError: the request cannot be signed. It is unchanged.
        """
        try:
            return self._signed(request, token, parameters, fields)
        except Exception as error:
            # Not in the first line: this is done for each call.
            parameters, fields = masked(parameters), masked(fields)
            raise without_frames(error)  # noqa: B904 - it is the same error

    def _signed(
        self,
        request: Request,
        token: Credentials | None,
        parameters: Mapping[str, str] | None,
        fields: Iterable[tuple[str, str]],
    ) -> Request:
        method, url, headers, body = request.method.upper(), request.url, request.headers, request.body
        if needs_encoding(url):
            url = wire_url(url)
        content_type = ""
        for name, value in headers.items():
            lowered = name.lower()
            if lowered == "content-type":
                content_type = content_type or value
            elif lowered == "authorization" and (self._signature_type == "HEADER" or value.lower().startswith("oauth")):
                raise SigningError(
                    description="The request has an Authorization header already. Leave it out: OAuth needs its place."
                )
        if self._signature_type == "HEADER":
            value = self.authorization(
                method,
                url,
                body=body,
                content_type=content_type,
                token=token,
                parameters=parameters,
                fields=fields,
            )
            return Request(method, url, {**headers, "Authorization": value}, body)
        if self._signature_type == "BODY":
            given, content_type = content_type, form_content_type(method, content_type, has_body=bool(body))
            if not given:
                headers = {**headers, "Content-Type": content_type}
        protocol, signature = self._sign(method, url, body, content_type, token, parameters, fields)
        form = f"{protocol}&oauth_signature={signature}"
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
        fields: Iterable[tuple[str, str]] = (),
    ) -> str:
        """The value of the ``Authorization`` header, for a client that has its own class of requests.

        Args:
            method: the HTTP method, in any case.
            url: exactly as it is sent.
            body: bytes or text, exactly as it is sent. It can be a stream if the signature does not cover it.
            content_type: the value of that header.
            token: temporary or token credentials; ``None`` signs with only the client's credentials.
            parameters: other protocol parameters by name.
            fields: the decoded text fields of a multipart body, for a provider that signs them.

        Raises:
            SigningError: the request cannot be signed.

        >>> signer = Signer(ClientCredentials("key"), version=None, nonce="n", timestamp=1)
        >>> signer.authorization("GET", "https://example.com/").partition("oauth_timestamp")[2]
        '="1", oauth_signature="f%2BnTxp9PI9u%2FuKcQS%2B7nO4kyZMA%3D"'
        """
        try:
            protocol, signature = self._sign(method, url, body, content_type, token, parameters, fields)
        except Exception as error:
            # Not in the first line, because it copies the body for each call.
            url, body, parameters, fields = masked(url), masked(body), masked(parameters), masked(fields)
            raise without_frames(error)  # noqa: B904 - it is the same error
        # Nothing can fail from here on, because this frame now contains the signature.
        header = protocol.replace("=", '="').replace("&", '", ')
        if self._is_raw:
            header = raw_values(header)
        start = self._header_start
        if self._is_realm_of_url:
            start = start.replace(_REQUEST_URL, url.partition("?")[0])
        return f'{start}{header}", oauth_signature="{signature}"'

    def protocol_parameters(self, token: str) -> list[tuple[str, str]]:
        """The protocol parameters of one request, decoded, with a new nonce and without the signature.

        They are for a request whose signature is not that of section 3.4, such as that for a session token.

        Args:
            token: the identifier of the token.

        >>> signer = Signer(ClientCredentials("key"), version=None, nonce="n", timestamp=1)
        >>> signer.protocol_parameters("t")[1:3]
        [('oauth_nonce', 'n'), ('oauth_signature_method', 'HMAC-SHA1')]
        """
        start, middle, end = self._fixed
        return form_decode(
            f"{start}{self._nonce()}{middle}{self._timestamp()}&oauth_token={percent_encode(token)}{end}"
        )

    def signed_form(
        self,
        url: str,
        fields: Mapping[str, str] | Iterable[tuple[str, str]],
        token: Credentials | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> list[tuple[str, str]]:
        """The signed fields of a form that a browser sends: yours, then those of the protocol (section 3.5.2).

        A launch of LTI 1.1 is such a form: put each pair into an ``<input type="hidden">`` of a form whose ``action``
        is ``url``, with ``method="post"`` and in UTF-8. Line breaks become CRLF, as in a browser.

        Args:
            url: the form's ``action``. Its query is signed as well, and stays in it.
            fields: names and values, as a mapping or as pairs, in which a name can occur more than once.
            token: token credentials; ``None`` signs with only the client's credentials.
            parameters: other protocol parameters by name, such as ``{"oauth_callback": "about:blank"}``.

        Raises:
            SigningError: the form cannot be signed.

        >>> signer = Signer(ClientCredentials("key", "secret"), nonce="n", timestamp=1)
        >>> form = signer.signed_form("https://a.example/", {"id": "7"}, parameters={"oauth_callback": "about:blank"})
        >>> form[:2]
        [('id', '7'), ('oauth_callback', 'about:blank')]
        """
        fields, parameters = masked(fields), masked(parameters)
        given = MaskedList(fields.items() if isinstance(fields, Mapping) else fields)
        pairs = MaskedList((as_browsers_send(name), as_browsers_send(value)) for name, value in given)
        body = MaskedBytes(form_encode(pairs).encode("ascii"))
        signed = self.at("BODY").sign(Request("POST", url, {"Content-Type": FORM}, body), token, parameters)
        return form_decode((signed.body or b"").decode("ascii"))

    def _sign(
        self,
        http_method: str,
        url: str,
        body: object,
        content_type: str,
        token: Credentials | None,
        parameters: Mapping[str, str] | None,
        fields: Iterable[tuple[str, str]],
    ) -> tuple[str, str]:
        """The normalized protocol parameters of this request, and the encoded signature."""
        if self._is_plaintext and not self._plaintext_over_http:
            refuse_plaintext(url)
        form = []
        has_form = bool(content_type) and is_form(content_type)
        if has_form and body:
            form = encoded_pairs(form_text(whole_body(body)), place="body")
        if fields and content_type.lower().startswith("multipart/form-data"):
            form += [(percent_encode(name), percent_encode(value)) for name, value in fields]
        if form:
            refuse_protocol_names(form, place="body")

        start, middle, end = self._fixed
        if token is None:
            protocol, token_secret = f"{start}{self._nonce()}{middle}{self._timestamp()}{self._without_token}", ""
        else:
            identifier, token_secret = token.encoded()
            protocol = f"{start}{self._nonce()}{middle}{self._timestamp()}&oauth_token={identifier}{end}"
        extra = encode_extra(parameters) if parameters else []
        if self._body_hash != "none" and not has_form and (body or self._body_hash == "always"):
            if parameters and "oauth_body_hash" in parameters:
                raise SigningError(
                    description="oauth_body_hash is given, but body_hash already adds one. Pass only one of them."
                )
            extra.append(("oauth_body_hash", percent_encode(hash_body(body, self._method.hash_name or ""))))
        if extra:
            # By name and then by value, as join_sorted does it; here are the names of the protocol alone.
            every = [*protocol.split("&"), *map("=".join, extra)]
            protocol = "&".join(map("".join, sorted(map(str.partition, every, repeat("=")))))

        method, sent = self._method, raw_values(protocol) if self._is_raw else protocol
        base_string = request_base_string(http_method, url, form, sent, is_raw=self._is_raw)
        if type(method) is Hmac:
            return protocol, method.encoded_signature(base_string, self._key_start + token_secret)
        token_secret = "" if token is None else token.oauth_token_secret
        return protocol, percent_encode(method.sign(base_string, self._client.client_secret, token_secret))


def _place(signature_type: SignatureType, *, is_raw: bool) -> SignatureType:
    chosen: SignatureType = one_of(signature_type, get_args(SignatureType), "signature_type")
    if is_raw and chosen != "HEADER":
        raise SigningError(description="The profile mastercard supports only the header. Omit signature_type.")
    return chosen
