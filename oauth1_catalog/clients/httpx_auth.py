"""Sign a request of httpx2: ``OAuth1Auth``. An API call of a registered client needs no session besides it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any

import httpx2

from oauth1_catalog.clients.auth import (
    BaseOAuth1Auth,
    blanks_escaped,
    covers_body,
    form_blanks_escaped,
    refuse_authorization,
    undeclared_type,
)
from oauth1_catalog.clients.httpx_exchange import SignedRequest
from oauth1_catalog.clients.limits import without_protocol_parameters
from oauth1_catalog.clients.options import SIGNATURE_TYPE_BODY, SIGNATURE_TYPE_HEADER, SIGNATURE_TYPE_QUERY
from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import without_frames
from oauth1_catalog.rfc5849.base_string import wire_url
from oauth1_catalog.rfc5849.messages import Request
from oauth1_catalog.rfc5849.parameters import is_form


class OAuth1Auth(BaseOAuth1Auth, httpx2.Auth):
    """Signs a request of httpx2 as ``client.get(url, auth=OAuth1Auth(...))`` sends it.

    >>> auth = OAuth1Auth("key", "secret", token="token", token_secret="hush")
    >>> signed = next(auth.sync_auth_flow(httpx2.Request("GET", "https://api.example.com/me")))
    >>> signed.headers["Authorization"].partition("=")[0]
    'OAuth oauth_consumer_key'
    """

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Sign ``request``, whose body is read only where the signature covers it."""
        if self._must_read(request) and isinstance(request.stream, httpx2.SyncByteStream):
            request.read()
        signed = self._signed(request)
        response = yield signed
        self._hide_signature(response, request)

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Sign ``request``, whose body is read only where the signature covers it."""
        if self._must_read(request) and isinstance(request.stream, httpx2.AsyncByteStream):
            await request.aread()
        signed = self._signed(request)
        response = yield signed
        self._hide_signature(response, request)

    def _hide_signature(self, response: httpx2.Response, request: httpx2.Request) -> None:
        """Give the answer the request that the application made: the text of ``raise_for_status()`` shows its URL.

        It shows where a redirect leads, too, and some servers repeat the query there.
        """
        if self.signer.signature_type == SIGNATURE_TYPE_QUERY:
            response.request = request
            if "oauth_signature=" in response.headers.get("Location", ""):
                response.headers["Location"] = without_protocol_parameters(response.headers["Location"])

    def _must_read(self, request: httpx2.Request) -> bool:
        if _content(request) is not None or not covers_body(self.signer, request.headers.get("Content-Type", "")):
            return False
        # A length that is known is that of a file or of a form with files, which read again or are kept once read.
        return "Content-Length" in request.headers

    def _signed(self, request: httpx2.Request) -> httpx2.Request:
        """A signed copy: a request may be sent again, and is then signed again."""
        try:
            return self._signed_copy(request)
        except Exception as error:
            raise without_frames(error)  # noqa: B904 - it is the same error

    def _signed_copy(self, request: httpx2.Request) -> httpx2.Request:
        content = _content(request)
        headers = httpx2.Headers(request.headers)
        content_type: str = headers.get("Content-Type", "")
        if content and not content_type and (guessed := undeclared_type(content)):
            content_type = headers["Content-Type"] = guessed
        stream, sent_once = request.stream, False
        if content and is_form(content_type) and (escaped := form_blanks_escaped(content)) != content:
            content, stream = escaped, httpx2.ByteStream(escaped)
            headers["Content-Length"] = str(len(escaped))
        # A stream stands for its body: the signature does not cover that, or else the signer refuses it.
        body: Any = request.stream if content is None else content
        # httpx2 sends { } | ^ and their like raw.
        url = wire_url(blanks_escaped(str(request.url)))
        if self.signer.signature_type != SIGNATURE_TYPE_HEADER:
            unsigned = Request(request.method, url, dict(headers.items()), body)
            signed = self.signer.sign(unsigned, self.credentials, self.parameters, fields=self.fields)
            url = signed.url
            if self.signer.signature_type == SIGNATURE_TYPE_BODY:
                headers["Content-Type"] = signed.header("Content-Type")
                headers["Content-Length"] = str(len(signed.body or b""))
                content = signed.body or b""
                stream, sent_once = httpx2.ByteStream(content), not self.redirects_are_guarded
        elif "Authorization" in headers:
            raise refuse_authorization()
        else:
            headers["Authorization"] = self.signer.authorization(
                request.method,
                url,
                body=body,
                content_type=content_type,
                token=self.credentials,
                parameters=self.parameters,
                fields=self.fields,
            )
        copy = SignedRequest(request.method, url, headers=headers, stream=stream, extensions=request.extensions)
        if content is not None:
            copy.read()
        if sent_once:
            copy.stream = _SentOnce(copy.content)
        return copy


class _SentOnce(httpx2.ByteStream):
    """A form with a signature in it: it is not sent on to where a redirect leads."""

    _sent = False

    def _send(self) -> None:
        if self._sent:
            raise SigningError(
                description="A form that holds a signature would be sent to where a redirect leads. Use OAuth1Client, "
                "or follow_redirects=False."
            )
        self._sent = True

    def __iter__(self) -> Iterator[bytes]:
        self._send()
        return super().__iter__()

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._send()
        return super().__aiter__()


def _content(request: httpx2.Request) -> bytes | None:
    """The body, if it is in memory."""
    try:
        return request.content
    except httpx2.RequestNotRead:
        return None
