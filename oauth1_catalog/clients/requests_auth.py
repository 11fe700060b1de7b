"""Sign a request of requests: ``OAuth1Auth``. An API call of a registered client needs no session besides it."""

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
from oauth1_catalog.clients.limits import without_protocol_parameters
from oauth1_catalog.clients.options import SIGNATURE_TYPE_BODY, SIGNATURE_TYPE_HEADER, SIGNATURE_TYPE_QUERY
from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import without_frames
from oauth1_catalog.rfc5849.messages import Request
from oauth1_catalog.rfc5849.parameters import FORM, is_form


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
