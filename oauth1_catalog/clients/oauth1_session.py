"""The base of ``OAuth1Session`` on requests, and of ``OAuth1Client`` and ``AsyncOAuth1Client`` on httpx2.

It has the three steps of a login. The protocol is in ``flow``; such an object keeps one user's token between the steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.clients.auth import credentials_for, no_pairs, pairs_of, signer_and_rest
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.options import LIMITS, SIGNATURE_HMAC_SHA1, SIGNATURE_TYPE_HEADER, limits_of
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, MissingVerifierError, StateError
from oauth1_catalog.flow.callback import read_callback
from oauth1_catalog.flow.driver import Steps, arun, run
from oauth1_catalog.flow.redirection import (
    authorization_url,
    request_temporary_credentials,
    request_token_credentials,
    token_request,
    with_query,
)
from oauth1_catalog.hosts import authority_of
from oauth1_catalog.redaction import MaskedList, MaskedMapping, masked
from oauth1_catalog.rfc5849.encoding import form_decode
from oauth1_catalog.rfc5849.messages import Request, Response, TemporaryCredentials, TokenCredentials
from oauth1_catalog.rfc5849.signer import Signer


class BaseOAuth1Session:
    """Signs everything it sends, and goes through the three steps, for one user.

    Args:
        client_id: the consumer key.
        client_secret: the consumer secret.
        token: the token's identifier, or a mapping with ``oauth_token`` and ``oauth_token_secret``; none for two-legged
            calls.
        token_secret: the token's secret; ``""`` if the provider gives none.
        redirect_uri: where the user comes back to; ``"oob"`` for a PIN. It goes with the request for a request token
            and with no other.
        rsa_key: for the RSA methods: PEM text or bytes, a path, or a key object.
        verifier: the verifier, if it is known already.
        signature_method: ``"HMAC-SHA1"`` and so on, or a method object.
        signature_type: ``"HEADER"``, ``"QUERY"`` or ``"BODY"``.
        force_include_body: send ``oauth_body_hash`` with bodies that are not forms.
        options: further keywords of ``Signer`` (``realm``, ``body_hash``, ``nonce``, ``timestamp``, ``version``,
            ``profile``, ``rsa_key_passphrase``) and of the HTTP library.

    Raises:
        SigningError: an argument cannot be used, here; or a request cannot be signed, before it is sent.
        ConfigurationError: a keyword is a misspelling of a known one, or has the wrong type.

    Warns:
        UserWarning: an unknown keyword; it is ignored.
    """

    redirect_uri: str | None
    limits: Limits
    auth: Any  # an attribute in requests, a property in httpx2
    _signer: Signer
    _credentials: TokenCredentials | None
    _verifier: str | None

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        token: Any = None,  # a text or a mapping
        token_secret: str | None = None,
        redirect_uri: str | None = None,
        rsa_key: Any = None,  # the forms that Signer takes
        verifier: str | None = None,
        signature_method: Any = SIGNATURE_HMAC_SHA1,  # a name or a SignatureMethod
        signature_type: Any = SIGNATURE_TYPE_HEADER,  # a text, which Signer checks
        force_include_body: bool = False,
        **options: Any,  # those of Signer and of the HTTP library
    ) -> None:
        client_secret, token_secret, rsa_key = masked(client_secret), masked(token_secret), masked(rsa_key)
        token, verifier = masked(token), masked(verifier)
        options = MaskedMapping(
            options,
            rsa_key=rsa_key,
            signature_method=signature_method,
            signature_type=signature_type,
            force_include_body=force_include_body,
        )
        self._verifier = verifier
        self.redirect_uri = redirect_uri
        self._signer, rest = signer_and_rest(client_id, client_secret, options, known=self._transport_options())
        transport = MaskedMapping(rest)
        del rest
        self.limits = limits_of(transport)
        self._open(MaskedMapping({name: transport[name] for name in transport.keys() - LIMITS}))
        self._hold(credentials_for(self._signer, token, token_secret))

    def _transport_options(self) -> frozenset[str]:
        """The names of the HTTP library's options."""
        raise NotImplementedError

    def _open(self, options: dict[str, Any]) -> None:
        """Initialize the HTTP library's part of the object, keeping ``limits``."""
        raise NotImplementedError

    def _hold(self, credentials: TokenCredentials | None) -> None:
        self._credentials = credentials
        self.auth = self._signing_auth()

    def _call_options(self) -> frozenset[str]:
        """The names of what the HTTP library takes for one request to a token endpoint."""
        raise NotImplementedError

    def _signing_auth(self) -> Any:
        raise NotImplementedError

    def _wire_url(self, url: str) -> str:
        """``url`` as the HTTP library sends it."""
        raise NotImplementedError

    @property
    def token(self) -> dict[str, str | None]:
        """The token that the session holds: ``oauth_token``, ``oauth_token_secret`` and ``oauth_verifier``.

        It is set from such a mapping, of which the last two may be missing; ``None`` takes it away.
        """
        held = self._credentials
        return {
            "oauth_token": held.oauth_token if held else None,
            "oauth_token_secret": held.oauth_token_secret if held else None,
            "oauth_verifier": self._verifier,
        }

    @token.setter
    def token(self, token: Mapping[str, str | None] | None) -> None:
        token = masked(token)
        held = self._credentials
        self._hold(credentials_for(self._signer, token, held.oauth_token_secret if held and token else None))
        if token is None:
            self._verifier = None
        elif "oauth_verifier" in token:
            self._verifier = masked(token["oauth_verifier"])

    def create_authorization_url(
        self, url: str, request_token: str | Mapping[str, str] | None = None, **params: object
    ) -> str:
        """Step two: the address to send the user's browser to.

        Args:
            url: the provider's authorize URL.
            request_token: the request token; the one that the session holds by default.
            params: further parameters of the address.

        Raises:
            MissingTokenError: there is no request token.

        ``oauth_callback`` is not added, as Authlib does: since OAuth 1.0a it goes with step one alone. A provider of
        OAuth 1.0 wants it: pass ``oauth_callback=``.
        """
        token = request_token["oauth_token"] if isinstance(request_token, Mapping) else request_token
        token = token or (self._credentials.oauth_token if self._credentials else None)
        if not token:
            raise MissingTokenError(
                description="There is no request token. Call fetch_request_token() first, or pass request_token=.",
                step="authorize",
            )
        return authorization_url(
            Provider(name=authority_of(url), authorize_url=url),
            TemporaryCredentials(token),
            client_id=self._signer.client.client_id,
            params={name: str(value) for name, value in params.items()},
        )

    def parse_authorization_response(self, url: str) -> dict[str, str]:
        """Read the address that the user's browser came back to; the session then holds token and verifier.

        Nothing but these two is taken from the address. The parameters of the address are returned.

        Raises:
            AuthorizationDeniedError: the user said no.
            MissingRequestTokenError: the address has no ``oauth_token``.
            StateError: it is about another request token than the session holds, or a parameter comes twice.
        """
        url = masked(url)
        pairs = MaskedList(form_decode(urlsplit(url).query))
        callback = read_callback(Provider(name="The callback"), pairs)
        if callback.failure:
            raise callback.failure
        held = self._credentials
        if held and not compare_digest(held.oauth_token.encode(), (callback.oauth_token or "").encode()):
            raise StateError(
                description="The callback is for another request token than this session asked for. Ask the user to "
                "log in again.",
                step="callback",
            )
        self.token = {"oauth_token": callback.oauth_token, "oauth_verifier": callback.oauth_verifier}
        return dict(pairs)

    def _request_token_steps(self, asked: TokenRequestOptions) -> Steps[TemporaryCredentials]:
        return request_temporary_credentials(
            asked.provider("request_token", self._wire_url(asked.url), self._call_options()),
            self._signer,
            redirect_uri=self.redirect_uri,
            params=asked.data,
        )

    def _access_token_steps(self, asked: TokenRequestOptions) -> Steps[dict[str, str]]:
        provider = asked.provider("access_token", self._wire_url(asked.url), self._call_options())
        held = self._credentials
        verifier = self._verifier if asked.verifier is None else asked.verifier
        if verifier is None and (held is not None or not (asked.data or asked.given.get("params"))):
            raise MissingVerifierError(
                description=f'{provider.name}: Missing "verifier" value. Pass verifier=, or the address that the '
                "user came back to to parse_authorization_response(); for a provider of OAuth 1.0 pass verifier='', "
                "for xAuth data={'x_auth_username': ...}.",
                step="access_token",
            )
        if held is None:
            protocol = {"oauth_verifier": verifier} if verifier else {}
            return token_request(provider, self._signer, step="access_token", protocol=protocol, params=asked.data)
        temporary = TemporaryCredentials(held.oauth_token, held.oauth_token_secret)
        return request_token_credentials(provider, self._signer, temporary, verifier=verifier, params=asked.data)

    def _adopt(self, token: TemporaryCredentials | dict[str, str]) -> dict[str, str]:
        """Hold what a token endpoint gave."""
        if isinstance(token, TemporaryCredentials):
            token = {
                "oauth_token": token.oauth_token,
                "oauth_token_secret": token.oauth_token_secret,
                **token.extra,
            }
        self.token = {"oauth_verifier": None, **token}
        return token


class BaseSyncOAuth1Session(BaseOAuth1Session):
    """The steps that ask the provider, for a library that waits for the answer."""

    def _exchange(self, request: Request, asked: TokenRequestOptions) -> Response:
        raise NotImplementedError

    def fetch_request_token(self, url: str, **call: object) -> dict[str, str]:
        """Step one: ask ``url`` for a request token, which is then held, and returned.

        Args:
            url: the provider's request token URL.
            call: ``params``, ``data`` and ``headers`` of the request, ``timeout``, and with requests ``verify``,
                ``cert``, ``proxies`` and ``stream``, which changes nothing: the answer is read to its end.

        Raises:
            TokenRequestDeniedError, TokenResponseError: the provider gave no usable request token.
            TransportError: the provider gave no answer.
        """
        call = MaskedMapping(call)
        asked = TokenRequestOptions(url, call)
        return self._adopt(run(self._request_token_steps(asked), lambda request: self._exchange(request, asked)))

    def fetch_access_token(self, url: str, verifier: str | None = None, **call: object) -> dict[str, str]:
        """Step three: change the request token for an access token, which is then held, and returned.

        Without a request token, only the client's keys sign, as for xAuth: pass ``data={"x_auth_username":
        ..., "x_auth_password": ..., "x_auth_mode": "client_auth"}``.

        Args:
            url: the provider's access token URL.
            verifier: the verifier or the PIN; the one that ``parse_authorization_response`` found by default. ``""``
                for a provider of OAuth 1.0, which has none.
            call: as for ``fetch_request_token``.

        Raises:
            MissingVerifierError: there is no verifier, nor anything else to ask with.
            TokenRequestDeniedError, TokenResponseError: the provider gave no usable access token.
            TransportError: the provider gave no answer.
        """
        call, verifier = MaskedMapping(call), masked(verifier)
        asked = TokenRequestOptions(url, call, verifier)
        return self._adopt(run(self._access_token_steps(asked), lambda request: self._exchange(request, asked)))


class BaseAsyncOAuth1Session(BaseOAuth1Session):
    """The same steps, awaited."""

    async def _exchange(self, request: Request, asked: TokenRequestOptions) -> Response:
        raise NotImplementedError

    async def fetch_request_token(self, url: str, **call: object) -> dict[str, str]:
        """Step one, as ``BaseSyncOAuth1Session.fetch_request_token``."""
        call = MaskedMapping(call)
        asked = TokenRequestOptions(url, call)
        return self._adopt(await arun(self._request_token_steps(asked), lambda request: self._exchange(request, asked)))

    async def fetch_access_token(self, url: str, verifier: str | None = None, **call: object) -> dict[str, str]:
        """Step three, as ``BaseSyncOAuth1Session.fetch_access_token``."""
        call, verifier = MaskedMapping(call), masked(verifier)
        asked = TokenRequestOptions(url, call, verifier)
        return self._adopt(await arun(self._access_token_steps(asked), lambda request: self._exchange(request, asked)))


REQUEST = frozenset({"params", "data", "headers"})
"""What is of the request itself; the rest of a call is for the HTTP library."""


@dataclass(frozen=True, slots=True)
class TokenRequestOptions:
    """One call of ``fetch_request_token`` or ``fetch_access_token``: its keywords are in ``given``."""

    url: str
    given: Mapping[str, Any] = field(repr=False)
    verifier: str | None = field(default=None, repr=False)

    def provider(self, step: str, wire_url: str, options: frozenset[str]) -> Provider:
        """The provider of this call, as far as it is known.

        Args:
            step: ``"request_token"`` or ``"access_token"``.
            wire_url: the URL, as the HTTP library sends it.
            options: what the HTTP library takes.

        Raises:
            ConfigurationError: the call has another keyword.
        """
        unknown = sorted(self.given.keys() - REQUEST - options)
        if unknown:
            raise ConfigurationError(
                description=f"fetch_{step}() was given {', '.join(unknown)}. It takes "
                f"{', '.join(sorted(REQUEST | options))}."
            )
        url = with_query(wire_url, self._fields("params"))
        settings: dict[str, Any] = {f"{step}_url": url, f"{step}_params_in": "body"}
        return Provider(name=authority_of(url), headers=dict(self.given.get("headers") or {}), **settings)

    @property
    def data(self) -> dict[str, str]:
        """The parameters of the body."""
        return self._fields("data")

    @property
    def transport(self) -> dict[str, Any]:
        """What is for the HTTP library."""
        return {name: value for name, value in self.given.items() if name not in REQUEST}

    def _fields(self, argument: str) -> dict[str, str]:
        """Parameters in any of the forms that requests takes."""
        given = masked(self.given.get(argument)) or ()
        if isinstance(given, bytes):
            given = masked(given.decode())
        if isinstance(given, str):
            pairs: MaskedList | None = MaskedList(form_decode(given))
        else:
            pairs = pairs_of(given.items() if isinstance(given, Mapping) else given)
        if pairs is None:
            raise ConfigurationError(description=f"{no_pairs(argument, given)}.")
        fields = MaskedMapping((str(name), str(value)) for name, value in pairs)
        if len(fields) < len(pairs):
            names = sorted(fields)
            raise ConfigurationError(
                description=f"A parameter of a token request comes twice: it has {', '.join(names)}. Give each once."
            )
        return fields
