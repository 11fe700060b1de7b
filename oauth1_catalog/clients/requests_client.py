"""OAuth 1.0 for requests: ``OAuth1Session`` signs and goes through the three steps, ``OAuth1Auth`` only signs.

The names and arguments are those of ``authlib.integrations.requests_client``.
"""

from __future__ import annotations

from typing import Any

import requests

from oauth1_catalog.clients.failures import unusable_url, without_secrets
from oauth1_catalog.clients.oauth1_session import BaseSyncOAuth1Session, TokenRequestOptions
from oauth1_catalog.clients.options import (
    REQUESTS,
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
from oauth1_catalog.clients.requests_auth import OAuth1Auth
from oauth1_catalog.clients.requests_connections import PoolAdapter
from oauth1_catalog.clients.requests_exchange import (
    UNUSABLE,
    RedirectsUnread,
    answers_bounded,
    exchange,
    follow_redirects,
    redirects_unread,
)
from oauth1_catalog.clients.transport import check_files, check_session_proxies, without_environment
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.redaction import MaskedText, masked, without_frames
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
    "OAuth1Auth",
    "OAuth1Session",
    "OAuthError",
]


class OAuth1Session(BaseSyncOAuth1Session, RedirectsUnread):
    """A session of requests that signs everything it sends, and goes through the three steps.

    The arguments are those of ``BaseOAuth1Session``. Of the transport: ``timeout`` (5 seconds to connect and 30 to
    read by default), ``verify``, ``cert``, ``proxies``, ``headers``, ``trust_env``, ``stream``, ``hooks`` and
    ``max_redirects``.

    >>> session = OAuth1Session("key", "secret", token="token", token_secret="hush")
    >>> session.token["oauth_token"] == "token"
    True
    """

    __attrs__: list[str] = [  # noqa: RUF012 - as requests declares it
        *requests.Session.__attrs__,
        "limits",
        "redirect_uri",
        "_signer",
        "_credentials",
        "_verifier",
    ]
    """What is pickled and copied, as in requests."""

    def _transport_options(self) -> frozenset[str]:
        return REQUESTS - {"session_factory"}

    def _call_options(self) -> frozenset[str]:
        return frozenset({"timeout", "verify", "cert", "proxies", "stream"})

    def _open(self, options: dict[str, Any]) -> None:
        check_files(options.get("verify"), options.get("cert"))
        requests.Session.__init__(self)
        self.max_redirects: int = self.limits.max_redirects
        adapter = PoolAdapter(self.limits)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.headers.update(options.pop("headers", {}))
        for name, value in options.items():
            setattr(self, name, value)

    def _signing_auth(self) -> OAuth1Auth:
        return OAuth1Auth.from_signer(self._signer, self._credentials)

    def _exchange(self, request: Request, asked: TokenRequestOptions) -> Response:
        return exchange(self, request, self.limits, **asked.transport)

    def _wire_url(self, url: str) -> str:
        prepared = requests.PreparedRequest()
        try:
            prepared.prepare_url(url, None)
        except UNUSABLE as error:
            raise unusable_url(error) from None
        return str(prepared.url)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """As in requests; a URL that cannot be used is an error of ours."""
        try:
            return super().prepare_request(request)
        except UNUSABLE as error:
            raise unusable_url(error) from None

    def merge_environment_settings(  # requests passes more than its stubs allow
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> dict[str, Any]:
        """As in requests, but REQUESTS_CA_BUNDLE does not override a ``verify`` that was given to the session.

        PLAINTEXT by http to this machine takes no proxy of the environment.
        """
        url, proxies = MaskedText(url), masked(proxies)
        if verify is None and self.verify is not True:
            verify = self.verify
        if self._signer.signature_method.name == SIGNATURE_PLAINTEXT:
            proxies = without_environment(url, proxies)
        settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        check_session_proxies(settings["proxies"])
        return settings

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # as requests'
        """As in requests, with a timeout; a signed request is redirected only within its origin, and signed again."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (self.limits.connect, self.limits.read)
        follow = kwargs.pop("allow_redirects", True)
        try:
            with answers_bounded(str(request.url), self.limits, stream=kwargs.get("stream", self.stream)):
                if not hasattr(request, "oauth1_auth"):
                    return super().send(request, allow_redirects=follow, **kwargs)
                with redirects_unread():
                    response = super().send(request, allow_redirects=False, **kwargs)
                return follow_redirects(self, response, kwargs, limit=self.max_redirects) if follow else response
        except requests.RequestException as error:
            raise without_secrets(error)  # noqa: B904 - it is the same error
        except Exception as error:
            raise without_frames(error)  # noqa: B904 - it is the same error
