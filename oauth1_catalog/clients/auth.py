"""What ``OAuth1Auth`` for requests and ``OAuth1Auth`` for httpx2 share: whose signature, and with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from oauth1_catalog.clients.arguments import Arguments
from oauth1_catalog.clients.options import SIGNATURE_HMAC_SHA1, SIGNATURE_TYPE_HEADER
from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.rfc5849.messages import TemporaryCredentials, TokenCredentials
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
        ConfigurationError: a keyword is nearly one that is known.
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
        options = MaskedMapping(options)
        arguments = Arguments.of(
            client_id,
            client_secret,
            token,
            token_secret,
            rsa_key=rsa_key,
            signature_method=signature_method,
            signature_type=signature_type,
            realm=realm,
            force_include_body=force_include_body,
            **options,
        )
        parameters = MaskedMapping(oauth_callback=redirect_uri, oauth_verifier=verifier)
        sent = {name: parameters[name] for name in parameters if parameters[name]}
        self.parameters = MaskedMapping(sent, **(oauth_params or {}))
        arguments.transport(frozenset())
        self.signer = arguments.signer()
        self.credentials = arguments.credentials(self.signer)

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
        """The token's identifier, if it signs for somebody."""
        return self.credentials.oauth_token if self.credentials else None

    @property
    def redirect_uri(self) -> str | None:
        """The callback, if it is sent."""
        return self.parameters.get("oauth_callback")


def refuse_authorization() -> SigningError:
    """The error that a request has an ``Authorization`` header of its own."""
    return SigningError(
        description="The request has an Authorization header already. Leave it out: OAuth needs its place."
    )
