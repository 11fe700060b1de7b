"""OAuth 1.0 for requests: ``OAuth1Auth`` signs, ``OAuth1Session`` also goes through the three steps.

The names and arguments are those of ``authlib.integrations.requests_client``.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.auth import AuthBase

from oauth1_catalog.clients.auth import (
    BaseOAuth1Auth,
    blanks_escaped,
    covers_body,
    form_blanks_escaped,
    no_pairs,
    refuse_authorization,
    undeclared_type,
)
from oauth1_catalog.clients.failures import unusable_url, without_secrets
from oauth1_catalog.clients.limits import without_protocol_parameters
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
from oauth1_catalog.errors import OAuthError, SigningError
from oauth1_catalog.redaction import MaskedText, masked, without_frames
from oauth1_catalog.rfc5849.messages import Request, Response
from oauth1_catalog.rfc5849.parameters import FORM, is_form

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


class OAuth1Auth(BaseOAuth1Auth, AuthBase):
    """Signs a request of requests as ``requests.get(url, auth=OAuth1Auth(...))`` prepares it.

    >>> request = requests.Request("GET", "https://api.example.com/me", auth=OAuth1Auth("key", "secret")).prepare()
    >>> request.headers["Authorization"].partition("=")[0]
    'OAuth oauth_consumer_key'
    """

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign ``r``, whose URL and body are as they will be sent."""
        try:
            return self._signed(r)
        except Exception as error:
            raise without_frames(error)  # noqa: B904 - it is the same error

    def _signed(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        headers, body = r.headers, r.body
        content_type = ""
        url = r.url or ""
        if "+" in url:
            r.url = url = blanks_escaped(url)
        if body:
            content_type = _text(headers.get("Content-Type") or "")
            if not content_type and (guessed := undeclared_type(body)):
                content_type = headers["Content-Type"] = guessed
            if is_form(content_type) and (escaped := form_blanks_escaped(body)) != body:
                r.body = body = escaped
                headers["Content-Length"] = str(len(escaped if isinstance(escaped, bytes) else escaped.encode()))
            if not isinstance(body, (str, bytes)):
                if covers_body(self.signer, content_type):
                    body = _read_and_rewind(body)
                elif self.signer.signature_type == SIGNATURE_TYPE_BODY:
                    raise _not_a_form(body, content_type)
        if self.signer.signature_type != SIGNATURE_TYPE_HEADER:
            self._sign_elsewhere(r, body, content_type)
        elif headers.get("Authorization") is not None:  # twice as fast as "in", which is slow where the name is missing
            raise refuse_authorization()
        else:
            headers["Authorization"] = self.signer.authorization(
                r.method or "",
                url,
                body=body,
                content_type=content_type,
                token=self.credentials,
                parameters=self.parameters,
                fields=self.fields,
            )
        r.oauth1_auth = self  # type: ignore[attr-defined] # requests_exchange.follow_redirects signs with it again
        return r

    def _sign_elsewhere(self, r: requests.PreparedRequest, body: Any, content_type: str) -> None:
        """Sign in the query or in the form (section 3.5.2 and 3.5.3)."""
        headers = {name: _text(value) for name, value in r.headers.items()}
        if content_type:
            headers["Content-Type"] = content_type
        whole = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else None
        signed = self.signer.sign(
            Request(str(r.method), str(r.url), headers, whole),
            self.credentials,
            self.parameters,
            fields=self.fields,
        )
        r.url = signed.url
        if self.signer.signature_type == SIGNATURE_TYPE_QUERY:
            r.register_hook("response", _without_signature)
        if self.signer.signature_type == SIGNATURE_TYPE_BODY:
            r.body = signed.body
            r.headers["Content-Type"] = signed.header("Content-Type")
            r.headers.pop("Transfer-Encoding", None)  # of a stream, which has been read; its length is said instead
            if not self.redirects_are_guarded:
                # Makes it a body that requests cannot rewind, and so will not send on to where a redirect leads.
                r._body_position = object()  # noqa: SLF001 - there is no public way to say so


def _without_signature(response: requests.Response, **_: Any) -> None:
    """Give the answer the address that the application called: the text of ``raise_for_status()`` shows it."""
    response.url = without_protocol_parameters(response.url)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _not_a_form(body: object, content_type: str) -> SigningError:
    return SigningError(
        description=f"signature_type is BODY, but the body is {type(body).__name__} "
        f"{f'of the type {content_type}' if content_type else 'without Content-Type'}, not a form ({FORM}). Pass the "
        "form's fields as data=, or use HEADER for this client."
    )


def _read_and_rewind(body: Any) -> bytes:
    """All of a file, which is left where it was, or of bytes of another type."""
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    if not any(hasattr(body, name) for name in ("read", "__iter__", "__aiter__")):
        raise SigningError(description=f"{no_pairs('data', body)}.")
    try:
        start = body.tell()
        content = body.read()
        body.seek(start)
    except (AttributeError, OSError):
        content = None
    if content is None:
        raise SigningError(
            description=f"The signature covers the body, but that is {type(body).__name__}, which can be read only "
            "once. Read it first, and pass bytes."
        )
    return content.encode() if isinstance(content, str) else bytes(content)


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
