"""oauthlib's ``RequestValidator``, which looks up clients, tokens and nonces in the store of an emulated provider."""

# ruff: noqa: ARG002, D102 - oauthlib's methods and arguments; its documentation describes them

from __future__ import annotations

import time
from secrets import compare_digest
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from oauthlib.oauth1 import RequestValidator

from oauth1_catalog.emulator.examples import DEFAULT_USER
from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.emulator.requirements import Call, form_parameters, query_parameters
from oauth1_catalog.emulator.responses import Refusal, rejected
from oauth1_catalog.emulator.store import AccessToken, Store, TemporaryToken
from oauth1_catalog.rfc5849.messages import Request

OAuthlibRequest: TypeAlias = Any
"""oauthlib sets OAuth 1.0's attributes on its request at run time; its stubs know those of OAuth 2.0."""

CLOCK_TOLERANCE = 600
"""How far a client's clock may be off, in seconds."""


class Validator(RequestValidator):
    """Validates one request; a method raises a ``Refusal`` if the provider does not accept it.

    After the validation, ``temporary`` or ``access`` is the token that the request was signed with.
    """

    enforce_ssl: bool = False  # endpoints.py requires https, except for the consent page
    nonce_length: tuple[int, int] = (1, 255)
    client_key_length: tuple[int, int] = (1, 2048)
    request_token_length: tuple[int, int] = (1, 2048)
    access_token_length: tuple[int, int] = (1, 2048)
    verifier_length: tuple[int, int] = (1, 2048)
    timestamp_lifetime: int = CLOCK_TOLERANCE
    safe_characters: set[str] = set(map(chr, range(0x21, 0x7F)))  # noqa: RUF012 - oauthlib's type; nobody changes it
    dummy_client = dummy_request_token = dummy_access_token = ""

    def __init__(self, registration: Registration, role: str, request: Request) -> None:
        super().__init__()
        self.registration = registration
        self.store: Store = registration.store
        self.role = role
        self.request = request
        self.call: Call | None = None
        self.temporary: TemporaryToken | None = None
        self.access: AccessToken | None = None
        self.expired_token_is_fine = False

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return (self.registration.signature_method,)

    def check_realms(self, realms: list[str]) -> bool:
        return True  # requirements.py compares the whole realm, which can contain a space

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: OAuthlibRequest,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        key = (client_key, request_token or access_token or "", nonce)
        fresh = self.store.use_nonce(int(timestamp), key, forget_before=int(time.time()) - 2 * CLOCK_TOLERANCE)
        if not fresh:
            raise Refusal("nonce_used", "This nonce was used before with the same timestamp, client and token.")
        return True

    def validate_client_key(self, client_key: str, request: OAuthlibRequest) -> bool:
        return self.store.client(client_key).client_id == client_key

    def get_client_secret(self, client_key: str, request: OAuthlibRequest) -> str:
        return self.store.client(client_key).client_secret

    def get_default_realms(self, client_key: str, request: OAuthlibRequest) -> list[str]:
        return []

    def get_realms(self, token: str, request: OAuthlibRequest) -> list[str]:
        return []

    def validate_requested_realms(self, client_key: str, realms: list[str], request: OAuthlibRequest) -> bool:
        return True

    def validate_realms(
        self,
        client_key: str,
        token: str,
        request: OAuthlibRequest,
        uri: str | None = None,
        realms: list[str] | None = None,
    ) -> bool:
        return True

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: OAuthlibRequest) -> bool:
        if redirect_uri == "oob":
            return True
        if self.registration.original.callback.value == "oob":
            raise rejected(
                "oauth_callback", "This provider accepts only oob, because the callback is registered in its console."
            )
        parts = _parts(redirect_uri)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc:
            raise rejected("oauth_callback", "oauth_callback must be an absolute http or https address, or oob.")
        registered = self.store.client(client_key).redirect_uri
        if registered is None or redirect_uri == registered:
            return True
        if self.registration.original.callback.registered_match == "exact":
            raise rejected("oauth_callback", "This is not the callback that is registered for the application.")
        prefix = _parts(registered)
        if prefix is None or not _begins_with(parts, prefix):
            raise rejected("oauth_callback", "This callback does not begin with the registered one.")
        return True

    def save_request_token(self, token: dict[str, str], request: OAuthlibRequest) -> None:  # type: ignore[override]  # the stub says str
        self.temporary = TemporaryToken(
            token["oauth_token"],
            token["oauth_token_secret"] if self.registration.gives_secrets else "",
            request.client_key,
            self.registration.key,
            self._where_to_return(request),
            dict(query_parameters(self.request) + form_parameters(self.request)),
        )
        self.store.add_temporary(self.temporary)

    def _where_to_return(self, request: OAuthlibRequest) -> str:
        callback: str = request.redirect_uri
        registered = self.store.client(request.client_key).redirect_uri
        return registered if callback == "oob" and registered else callback

    def verify_request_token(self, token: str, request: OAuthlibRequest) -> bool:
        self.temporary = self.store.temporary(token, self.registration.key)
        return True

    def get_redirect_uri(self, token: str, request: OAuthlibRequest) -> str:
        return self.store.temporary(token, self.registration.key).callback

    def save_verifier(self, token: str, verifier: dict[str, str], request: OAuthlibRequest) -> None:
        """Nothing to do: the consent page saves it, together with the user."""

    def validate_request_token(self, client_key: str, token: str, request: OAuthlibRequest) -> bool:
        self.temporary = found = self.store.temporary(token, self.registration.key, client_key)
        if found.state == "denied":
            raise Refusal("user_refused", "The user did not authorize this application.")
        if found.state == "requested" and "two_legged" in self.registration.original.flows:
            self.store.authorize(found, verifier="none", user=DEFAULT_USER)
            self.temporary = found = self.store.temporary(token, self.registration.key, client_key)
        if found.state != "authorized":
            raise Refusal("permission_unknown", "The user has not authorized this request token yet.")
        return True

    def get_request_token_secret(self, client_key: str, token: str, request: OAuthlibRequest) -> str:
        return self.store.temporary(token, self.registration.key, client_key).secret

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: OAuthlibRequest) -> bool:
        if "two_legged" in self.registration.original.flows and self.temporary is not None:
            return True  # the provider sends it in a request that the emulator does not make
        if self.temporary is None or not compare_digest(verifier.encode(), self.temporary.verifier.encode()):
            raise rejected("oauth_verifier", "This is not the verifier from the callback.")
        return True

    def validate_access_token(self, client_key: str, token: str, request: OAuthlibRequest) -> bool:
        self.access = found = self.store.access(token, self.registration.key, client_key)
        if found.state == "revoked":
            raise Refusal("token_revoked", "This access token was revoked.")
        if found.state == "expired" and not self.expired_token_is_fine:
            raise Refusal("token_expired", "This access token has expired.")
        return True

    def get_access_token_secret(self, client_key: str, token: str, request: OAuthlibRequest) -> str:
        return self.store.access(token, self.registration.key, client_key).secret

    def save_access_token(self, token: dict[str, str], request: OAuthlibRequest) -> None:  # type: ignore[override]  # the stub says str
        if self.temporary is None:  # pragma: no cover - oauthlib has asked validate_request_token before
            raise Refusal("token_rejected", "No request token.")
        self.access = AccessToken(
            token["oauth_token"],
            token["oauth_token_secret"] if self.registration.gives_secrets else "",
            request.client_key,
            self.registration.key,
            self.temporary.user,
        )
        self.store.exchange(self.temporary, self.access)

    def invalidate_request_token(self, client_key: str, request_token: str, request: OAuthlibRequest) -> None:
        """Nothing to do: ``save_access_token`` has done it, in the same step."""


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # such as https://[ or a port that is a word
        return None
    return parts


def _begins_with(sent: SplitResult, registered: SplitResult) -> bool:
    """MediaWiki's rule for a consumer whose callback is a prefix (``MWOAuthServer::checkCallback``).

    ``http`` may become ``https``, and the registered port 1 stands for any. A path that is registered with a query has
    to be the same; otherwise path and query begin with the registered ones.
    """
    if "@" in sent.netloc or sent.scheme not in {registered.scheme, "https"}:
        return False
    if _host(sent) != _host(registered) or registered.port not in {1, sent.port}:
        return False
    if registered.query:
        return sent.path == registered.path and sent.query.startswith(registered.query)
    return sent.path.startswith(registered.path)


def _host(url: SplitResult) -> str:
    return url.netloc.removesuffix(f":{url.port}")
