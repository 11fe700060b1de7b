"""Read a pasted request: a curl command, raw HTTP, an entry of a HAR file.

The text is only read. No command is run, and no file that a curl command names is opened.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from oauth1_catalog.diagnosis.curl import as_bytes, read_curl, request_of, unreadable
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import shown_url
from oauth1_catalog.rfc5849.messages import Request, Response, find_header
from oauth1_catalog.rfc5849.parameters import FORM

_REQUEST_LINE = re.compile(r"([A-Za-z]+) (\S+)(?: HTTP/[0-9.]+)?\s*")
_STATUS_LINE = re.compile(r"HTTP/[0-9.]+ ([0-9]{3})\b.*")


def read_request(text: str, *, scheme: str = "https") -> Request:
    """The request of a curl command, of raw HTTP, or of a HAR file's first entry.

    Args:
        text: what was pasted.
        scheme: of the address, if the text does not contain it; see ``names_no_scheme``.

    Raises:
        ConfigurationError: it is not one of them, or cannot be read.

    >>> read_request("curl 'https://a.example/?b=1' -H 'Authorization: OAuth oauth_nonce=x' -d c=2")
    Request('POST', 'https://a.example/')
    """
    stripped = text.strip().removeprefix("$ ").lstrip()
    if stripped.startswith("curl"):
        return read_curl(stripped)
    if stripped.startswith("{"):
        return _from_har(stripped)
    if _REQUEST_LINE.match(stripped):
        return _from_http(text.lstrip(), scheme)
    raise ConfigurationError(
        "unreadable_request",
        "The text is not a request.",
        advice="Paste a curl command, raw HTTP that begins with a line such as GET https://..., or an entry of a HAR "
        "file.",
    )


def names_no_scheme(text: str) -> bool:
    """Whether the text is raw HTTP as it is sent to a server: with a path, and without http or https.

    >>> names_no_scheme("GET /1/me HTTP/1.1"), names_no_scheme("GET https://a.example/1/me")
    (True, False)
    """
    found = _REQUEST_LINE.match(text.lstrip())
    return found is not None and found[2].startswith("/")


def read_response(text: str) -> Response:
    r"""A server's answer: raw HTTP, or only its body, which is read as that of a 401.

    >>> read_response("HTTP/1.1 403 Forbidden\nX-A: b\n\noauth_problem=token_rejected").status
    403
    """
    first, _, rest = text.lstrip().partition("\n")
    status = _STATUS_LINE.fullmatch(first.strip())
    if status is None:
        return Response(401, {}, as_bytes(text))
    headers, body = _headers_and_body(rest)
    return Response(int(status[1]), headers, as_bytes(body))


def _headers_and_body(text: str) -> tuple[dict[str, str], str]:
    head, _, body = ("\n" + text.replace("\r\n", "\n")).partition("\n\n")
    headers: dict[str, str] = {}
    for line in head.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers[name.strip()] = value.strip()
    return headers, body


def _from_http(text: str, scheme: str) -> Request:
    line, _, rest = text.partition("\n")
    found = _REQUEST_LINE.fullmatch(line.strip())
    if found is None:
        first = shown_url(line.strip())
        raise unreadable("raw HTTP", f"its first line is {first!r}. Write METHOD, a blank and the URL.")
    method, target = found.groups()
    headers, body = _headers_and_body(rest)
    if target.startswith("/"):
        host = find_header(headers, "Host")
        if not host:
            raise unreadable("raw HTTP", "it has no Host header. Add one, or write the whole URL in the first line.")
        target = f"{scheme}://{host}{target}"
    # A form has no line break at its end; an editor adds one.
    if FORM in find_header(headers, "Content-Type"):
        body = body.rstrip("\n")
    return request_of(method, target, headers, as_bytes(body))


def _from_har(text: str) -> Request:
    try:
        found: Any = json.loads(text)
        if isinstance(found.get("log"), Mapping):
            found = found["log"]["entries"][0]
        found = found.get("request", found)
        headers = {str(one["name"]).strip(): str(one["value"]).strip() for one in found["headers"]}
        posted = found.get("postData") or {}
        body = posted.get("text", "")
        if posted.get("encoding") == "base64":
            return request_of(found["method"], found["url"], headers, base64.b64decode(body))
        if not body and posted.get("params"):
            pairs = ((as_bytes(one["name"]), as_bytes(one.get("value", ""))) for one in posted["params"])
            body = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
        return request_of(found["method"], found["url"], headers, as_bytes(body))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, binascii.Error) as error:
        raise unreadable(
            "HAR", "an entry has a request with method, url and headers. Export it from the browser's network panel."
        ) from error
