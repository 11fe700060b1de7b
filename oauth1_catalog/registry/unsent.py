"""A request that is signed here and sent by another HTTP library, written as requests and httpx2 would write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from oauth1_catalog.clients.auth import blanks_escaped, form_blanks_escaped, no_pairs, pairs_of, undeclared_type
from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import masked
from oauth1_catalog.rfc5849.encoding import form_encode
from oauth1_catalog.rfc5849.messages import Request, find_header
from oauth1_catalog.rfc5849.parameters import FORM, add_to_query, is_form

Values = Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes | None
"""Names and values, whose texts need not be encoded; or a text that is encoded already."""


_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A method, or the name of a header (RFC 9110, section 5.6.2)."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def unsigned_request(method: str, url: str, params: Values, headers: Mapping[str, str] | None, data: Values) -> Request:
    """The request that is to be signed.

    Args:
        method: the HTTP method.
        url: the absolute URL.
        params: to append to its query.
        headers: of the call; a form gets its ``Content-Type``.
        data: the body.

    Raises:
        SigningError: ``params`` or ``data`` contains no names and values, or ``method`` or a header cannot be sent.

    >>> request = unsigned_request("POST", "https://api.example.com/", {"page": 1}, None, {"tag": ["a b", "c"]})
    >>> request.url, request.body, request.headers
    ('https://api.example.com/?page=1', b'tag=a%20b&tag=c', {'Content-Type': 'application/x-www-form-urlencoded'})
    """
    params, headers, data = masked(params), dict(masked(headers or {})), masked(data)
    if not _TOKEN.fullmatch(method):
        raise SigningError(description=f"{method!a} is not an HTTP method, such as POST.")
    for name, value in headers.items():
        _check_header(name, value)
    if params and (query := encoded(params, "params")):
        url = add_to_query(url, query)
    body = data if isinstance(data, bytes) else None if data is None else encoded(data, "data").encode()
    content_type = find_header(headers, "Content-Type")
    if body and not content_type:
        written = isinstance(data, str | bytes)
        if content_type := (undeclared_type(body) or "") if written else FORM:
            headers["Content-Type"] = content_type
    if body and is_form(content_type):
        body = form_blanks_escaped(body)
    return Request(method.upper(), blanks_escaped(url), headers, body)


def _check_header(name: str, value: str) -> None:
    """Refuse what would end the header, and begin another one."""
    if not _TOKEN.fullmatch(name):
        raise SigningError(description=f"{name!a} is not the name of a header (RFC 9110, section 5.6.2).")
    if _CONTROL.search(value):
        raise SigningError(description=f"The header {name} contains a line break or another control character.")
    if not value.isascii():
        value.encode()  # a lone surrogate is reported with the others


def encoded(values: Values, argument: str) -> str:
    """Names and values as a form or a query; a text is encoded already.

    A list as a value gives its name several times, and ``None`` is left out, as in requests.

    >>> encoded({"a": [1, "b c"], "d": None}, "data")
    'a=1&a=b%20c'

    Raises:
        SigningError: there are no names and values in it.
    """
    values = masked(values)
    if isinstance(values, str):
        return values
    if isinstance(values, bytes):
        return values.decode()
    pairs = list(values.items()) if isinstance(values, Mapping) else pairs_of(values)
    if pairs is None:
        raise SigningError(description=f"{no_pairs(argument, values)}.")
    repeated = ((name, value if isinstance(value, list | tuple) else [value]) for name, value in pairs)
    return form_encode((str(name), _text(one)) for name, several in repeated for one in several if one is not None)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
