"""OAuth 1.0 for httpx2: the two clients sign and go through the three steps, ``OAuth1Auth`` only signs.

The names and arguments are those of ``authlib.integrations.httpx_client``.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from oauth1_catalog.clients.failures import unusable_url, without_secrets
from oauth1_catalog.clients.httpx_answers import Answers, aanswers_bounded, answers_bounded
from oauth1_catalog.clients.httpx_auth import OAuth1Auth
from oauth1_catalog.clients.httpx_exchange import (
    aconnected,
    aexchange,
    asend,
    build_request,
    client_limits,
    connected,
    exchange,
    read_within_deadline,
    send,
)
from oauth1_catalog.clients.oauth1_session import (
    BaseAsyncOAuth1Session,
    BaseOAuth1Session,
    BaseSyncOAuth1Session,
    TokenRequestOptions,
)
from oauth1_catalog.clients.options import (
    BOTH,
    HTTPX_CLIENT,
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_HMAC_SHA256,
    SIGNATURE_HMAC_SHA512,
    SIGNATURE_PLAINTEXT,
    SIGNATURE_RSA_SHA1,
    SIGNATURE_RSA_SHA256,
    SIGNATURE_RSA_SHA512,
    SIGNATURE_TYPE_BODY,
    SIGNATURE_TYPE_HEADER,
    SIGNATURE_TYPE_QUERY,
)
from oauth1_catalog.clients.transport import check_client_proxies, check_files, httpx_context, with_mounts
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.rfc5849.messages import Request, Response

__all__ = [
    "SIGNATURE_HMAC_SHA1",
    "SIGNATURE_HMAC_SHA256",
    "SIGNATURE_HMAC_SHA512",
    "SIGNATURE_PLAINTEXT",
    "SIGNATURE_RSA_SHA1",
    "SIGNATURE_RSA_SHA256",
    "SIGNATURE_RSA_SHA512",
    "SIGNATURE_TYPE_BODY",
    "SIGNATURE_TYPE_HEADER",
    "SIGNATURE_TYPE_QUERY",
    "AsyncOAuth1Client",
    "OAuth1Auth",
    "OAuth1Client",
    "OAuthError",
]


@contextmanager
def _errors_without_secrets() -> Iterator[None]:
    try:
        yield
    except httpx2.HTTPError as error:
        raise without_secrets(error)  # noqa: B904 - it is the same error


class _Common(BaseOAuth1Session):
    """What the sync and the async client share."""

    def _transport_options(self) -> frozenset[str]:
        return BOTH | HTTPX_CLIENT | {"params"}

    def _call_options(self) -> frozenset[str]:
        return frozenset({"timeout"})

    def _open(self, options: dict[str, Any]) -> None:
        verify, cert = options.pop("verify", None), options.pop("cert", None)
        check_files(verify, cert)
        check_client_proxies(options)
        if self._signer.signature_method.name == SIGNATURE_PLAINTEXT:
            options = with_mounts(options)
        if not isinstance(verify, ssl.SSLContext):
            verify = httpx_context(True if verify is None else verify, cert, trust_env=options.get("trust_env", True))
        super(BaseOAuth1Session, self).__init__(verify=verify, **client_limits(self.limits), **options)  # type: ignore[call-arg] # httpx2's client
        Answers.watch(self)  # type: ignore[arg-type] # a client of httpx2

    def build_request(
        self,
        method: str,
        url: httpx2.URL | str,
        **call: Any,  # httpx2's types are private
    ) -> httpx2.Request:
        """As in httpx2, but ``params`` are added to the URL's query, and ``data`` may also be pairs, text or bytes.

        Raises:
            SigningError: the URL or ``data`` cannot be used.
        """
        call = MaskedMapping(call)
        try:
            own: httpx2.QueryParams = self.params  # type: ignore[attr-defined] # httpx2's
            return build_request(super().build_request, method, url, own=own, **call)  # type: ignore[misc] # httpx2's
        except httpx2.InvalidURL as error:
            raise unusable_url(error) from None

    def _signing_auth(self) -> OAuth1Auth:
        return OAuth1Auth.from_signer(self._signer, self._credentials)

    def _wire_url(self, url: str) -> str:
        return str(self.build_request("POST", url).url)

    def _is_signed(self, auth: Any) -> bool:
        return isinstance(self.auth if auth is httpx2.USE_CLIENT_DEFAULT else auth, OAuth1Auth)


class OAuth1Client(_Common, BaseSyncOAuth1Session, httpx2.Client):
    """A client of httpx2 that signs everything it sends, and goes through the three steps.

    The arguments are those of ``BaseOAuth1Session`` and of ``httpx2.Client``;
    ``timeout`` is 5 seconds to connect and 30 to
    read by default. ``params`` of a call are added to the query that its URL has, as requests adds them, where
    ``httpx2.Client`` would replace it. ``data`` of a call may also be pairs, text or bytes.

    >>> with OAuth1Client("key", "secret", token="token", token_secret="hush") as client:
    ...     client.token["oauth_token"] == "token"
    True
    """

    def _exchange(self, request: Request, asked: TokenRequestOptions) -> Response:
        return exchange(self, request, self.limits, **asked.transport)

    def send(
        self,
        request: httpx2.Request,
        *,
        stream: bool = False,
        auth: Any = httpx2.USE_CLIENT_DEFAULT,  # httpx2's own types are private
        follow_redirects: Any = httpx2.USE_CLIENT_DEFAULT,  # as above
    ) -> httpx2.Response:
        """As in httpx2; a signed request is redirected only within its origin, and signed again."""
        own = super().send
        read_within_deadline(request)
        with _errors_without_secrets(), answers_bounded(self, str(request.url), self.limits, stream=stream):
            return send(
                lambda request, **how: connected(self.limits, request, lambda: own(request, auth=auth, **how)),
                request,
                signed=self._is_signed(auth),
                follow=self.follow_redirects if follow_redirects is httpx2.USE_CLIENT_DEFAULT else follow_redirects,
                stream=stream,
                limit=self.max_redirects,
            )


class AsyncOAuth1Client(_Common, BaseAsyncOAuth1Session, httpx2.AsyncClient):
    """The asynchronous ``OAuth1Client``: ``fetch_request_token`` and ``fetch_access_token`` are awaited."""

    async def _exchange(self, request: Request, asked: TokenRequestOptions) -> Response:
        return await aexchange(self, request, self.limits, self.send, **asked.transport)

    async def send(
        self,
        request: httpx2.Request,
        *,
        stream: bool = False,
        auth: Any = httpx2.USE_CLIENT_DEFAULT,  # httpx2's own types are private
        follow_redirects: Any = httpx2.USE_CLIENT_DEFAULT,  # as above
    ) -> httpx2.Response:
        """As in httpx2; a signed request is redirected only within its origin, and signed again."""
        own = super().send
        with _errors_without_secrets(), aanswers_bounded(self, str(request.url), self.limits, stream=stream):
            return await asend(
                lambda request, **how: aconnected(self.limits, request, lambda: own(request, auth=auth, **how)),
                request,
                signed=self._is_signed(auth),
                follow=self.follow_redirects if follow_redirects is httpx2.USE_CLIENT_DEFAULT else follow_redirects,
                stream=stream,
                limit=self.max_redirects,
            )
