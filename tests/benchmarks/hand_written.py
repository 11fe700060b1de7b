"""The limit: what somebody would write who needs one client, one user, the header, and nothing else.

It is careful about speed (everything constant is made once, nothing is encoded that cannot need it) and about nothing
else: no checks, no other placement, no body hash, no text that is not UTF-8, no URL that needs canonical form. It does
not remember URLs, and neither do we.
"""

from __future__ import annotations

import hmac
import secrets
import time
from binascii import b2a_base64
from re import compile as pattern
from urllib.parse import quote, unquote_plus

import requests

FORM = "application/x-www-form-urlencoded"
_is_unreserved = pattern(r"[A-Za-z0-9\-._~]*").fullmatch


def _encoded(text: str) -> str:
    return text if _is_unreserved(text) else quote(unquote_plus(text), safe="")


class HandWritten:
    """Signs a prepared request of requests."""

    def __init__(self, client_id: str, client_secret: str, token: str, token_secret: str, *, method: str) -> None:
        self.hash_name = method.partition("-")[2].lower()
        self.constant = [
            ("oauth_consumer_key", quote(client_id, safe="")),
            ("oauth_signature_method", method),
            ("oauth_token", quote(token, safe="")),
            ("oauth_version", "1.0"),
        ]
        self.header = "OAuth " + ", ".join(f'{name}="{value}"' for name, value in self.constant)
        self.key = f"{quote(client_secret, safe='')}&{quote(token_secret, safe='')}".encode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        uri, _, form = request.url.partition("?")
        if request.headers.get("Content-Type") == FORM:
            form = f"{form}&{request.body}" if form else request.body
        nonce, timestamp = secrets.token_urlsafe(16), str(int(time.time()))
        pairs = [*self.constant, ("oauth_nonce", nonce), ("oauth_timestamp", timestamp)]
        if form:
            for piece in form.split("&"):
                name, _, value = piece.partition("=")
                pairs.append((_encoded(name), _encoded(value)))
        pairs.sort()
        normalized = "&".join([f"{name}={value}" for name, value in pairs])
        encoded = normalized.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
        base_string = f"{request.method}&{uri.replace(':', '%3A').replace('/', '%2F')}&{encoded}"
        digest = hmac.digest(self.key, base_string.encode(), self.hash_name)
        base64 = b2a_base64(digest, newline=False).decode()
        signature = base64.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        request.headers["Authorization"] = (
            f'{self.header}, oauth_nonce="{nonce}", oauth_timestamp="{timestamp}", oauth_signature="{signature}"'
        )
        return request
