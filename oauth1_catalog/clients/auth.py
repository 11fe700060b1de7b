"""What the signing objects of both HTTP libraries share: their arguments, and ``OAuth1Auth`` apart from its library.

Rule: a constructor masks its own variables, and a secret is in a field without ``repr``, before anything can fail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self, cast

from oauth1_catalog.clients.options import (
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_TYPE_HEADER,
    SIGNER,
    check_unknown,
    checked,
)
from oauth1_catalog.errors import ConfigurationError, SigningError
from oauth1_catalog.redaction import MaskedList, MaskedMapping, masked, type_name
from oauth1_catalog.rfc5849.messages import ClientCredentials, TemporaryCredentials, TokenCredentials
from oauth1_catalog.rfc5849.parameters import FORM, is_form
from oauth1_catalog.rfc5849.signer import Signer


class BaseOAuth1Auth:
    """Signs the requests of an HTTP library. It never changes, so that threads and tasks may share it.

    With ``redirect_uri`` or ``verifier`` it is for one request: that for a request token, or that for an access token.

    Args:
        client_id: the consumer key.
        client_secret: the consumer secret.
        token: the token's identifier; without one the client signs for itself (two-legged).
        token_secret: the token's secret; ``""`` if the provider gives none.
        redirect_uri: sent as ``oauth_callback``.
        rsa_key: for the RSA methods: PEM text or bytes, a path, or a key object.
        verifier: sent as ``oauth_verifier``.
        signature_method: ``"HMAC-SHA1"`` and so on, or a method object.
        signature_type: ``"HEADER"``, ``"QUERY"`` or ``"BODY"``.
        realm: of the header.
        force_include_body: send ``oauth_body_hash`` with bodies that are not forms.
        oauth_params: further protocol parameters, such as ``{"oauth_callback": "about:blank"}``.
        options: further keywords of ``Signer``: ``body_hash``, ``nonce``, ``timestamp``, ``version``, ``profile``,
            ``rsa_key_passphrase``.

    Raises:
        SigningError: an argument cannot be used, here; or a request cannot be signed, before it is sent.
        ConfigurationError: a keyword is a misspelling of a known one.
    """

    signer: Signer
    credentials: TokenCredentials | TemporaryCredentials | None = None
    parameters: Mapping[str, str]
    fields: Sequence[tuple[str, str]] = ()
    redirects_are_guarded = False

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        token: str | None = None,
        token_secret: str | None = None,
        redirect_uri: str | None = None,
        rsa_key: Any = None,  # the forms that Signer takes
        verifier: str | None = None,
        signature_method: Any = SIGNATURE_HMAC_SHA1,  # a name or a SignatureMethod
        signature_type: Any = SIGNATURE_TYPE_HEADER,  # a text, which Signer checks
        realm: str | None = None,
        force_include_body: bool = False,
        oauth_params: Mapping[str, str] | None = None,
        **options: Any,  # those of Signer
    ) -> None:
        client_secret, token_secret, rsa_key = masked(client_secret), masked(token_secret), masked(rsa_key)
        token, verifier, oauth_params = masked(token), masked(verifier), masked(oauth_params)
        options = MaskedMapping(
            options,
            rsa_key=rsa_key,
            signature_method=signature_method,
            signature_type=signature_type,
            realm=realm,
            force_include_body=force_include_body,
        )
        parameters = MaskedMapping(oauth_callback=redirect_uri, oauth_verifier=verifier)
        sent = {name: parameters[name] for name in parameters if parameters[name]}
        self.parameters = MaskedMapping(sent, **(oauth_params or {}))
        self.signer, _ = signer_and_rest(client_id, client_secret, options, known=frozenset())
        self.credentials = credentials_for(self.signer, token, token_secret)

    @classmethod
    def from_signer(
        cls,
        signer: Signer,
        credentials: TokenCredentials | TemporaryCredentials | None = None,
        parameters: Mapping[str, str] | None = None,
        fields: Sequence[tuple[str, str]] = (),
    ) -> Self:
        """One that signs with a signer that is there already, for the holder of ``credentials``.

        It is for the sessions and pools of this package, which guard the redirects themselves.

        Args:
            signer: has the client credentials and the signature method.
            credentials: of the one who is signed for.
            parameters: further protocol parameters.
            fields: text fields of a multipart body, for a provider that signs them.
        """
        if parameters:
            parameters = masked(parameters)
        auth = cls.__new__(cls)
        auth.signer = signer
        auth.credentials = credentials
        auth.parameters = parameters or {}
        auth.fields = fields
        auth.redirects_are_guarded = True
        return auth

    def __repr__(self) -> str:
        if not hasattr(self, "signer"):  # seen by a debugger, or in a traceback out of the constructor
            return f"<{type(self).__name__}>"
        return f"{type(self).__name__}({self.client_id!r}, token={self.token!r})"

    @property
    def client_id(self) -> str:
        """The consumer key."""
        return self.signer.client.client_id

    @property
    def token(self) -> str | None:
        """The token's identifier, if it signs for a user."""
        return self.credentials.oauth_token if self.credentials else None

    @property
    def redirect_uri(self) -> str | None:
        """The callback, if it is sent."""
        return self.parameters.get("oauth_callback")


def refuse_authorization() -> SigningError:
    """The error for a request that already has an ``Authorization`` header."""
    return SigningError(
        description="The request has an Authorization header already. Leave it out: OAuth needs its place."
    )


def signer_and_rest(
    client_id: str, client_secret: str | None, options: Mapping[str, Any], *, known: frozenset[str]
) -> tuple[Signer, dict[str, Any]]:
    """The signer of a constructor's keywords, and those keywords that are for the HTTP library.

    Args:
        client_id: the consumer key.
        client_secret: the consumer secret.
        options: the keywords.
        known: the names of those for the HTTP library.

    Raises:
        SigningError: the signer cannot use one of them.
        ConfigurationError: a name is a misspelling of a known one, or a value has the wrong type.

    Warns:
        UserWarning: another unknown name; it is ignored.
    """
    client_secret, options = masked(client_secret), masked(options)
    check_unknown(options, SIGNER | known, where="The client")
    rest = {name: value for name, value in options.items() if name in known}
    signing = MaskedMapping((name, value) for name, value in options.items() if name in SIGNER)
    signer = Signer(ClientCredentials(client_id, client_secret or ""), **checked(signing, name="client"))
    return signer, checked(rest, name="client")


def credentials_for(signer: Signer, token: Any, secret: str | None = None) -> TokenCredentials | None:
    """Token credentials from an identifier, or from a mapping that holds ``oauth_token`` and ``oauth_token_secret``.

    A secret that is missing stays missing, and ``signer`` refuses to sign without it; the RSA methods need none.

    Raises:
        ConfigurationError: the mapping has no ``oauth_token``.

    >>> signer = Signer(ClientCredentials("key", "secret"))
    >>> credentials_for(signer, {"oauth_token": "a", "oauth_token_secret": "b"})
    TokenCredentials(oauth_token='a')
    """
    token, secret = masked(token), masked(secret)
    if token is None:
        return None
    if isinstance(token, Mapping):
        names = sorted(map(str, token))
        if "oauth_token" not in names:
            raise ConfigurationError(
                "missing_token", f"The token has no oauth_token, only {names}. Pass what fetch_access_token() gave."
            )
        token, secret = token["oauth_token"], masked(token.get("oauth_token_secret", secret))
    found = TokenCredentials(cast("str", token), cast("str", secret))
    if secret is None and signer.signature_method.name.startswith("RSA-"):
        return replace(found, oauth_token_secret="")
    return found


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
    """The message for an argument that should contain names and values.

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
