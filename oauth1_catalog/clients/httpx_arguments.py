"""The arguments of a call as httpx2 takes them, with what requests does better.

``params`` are added to the query that the URL has, where httpx2 replaces that query without a word, and ``data`` may be
pairs, text or bytes. Values are written as httpx2 writes them: ``True`` is ``true``, and ``None`` is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2

from oauth1_catalog.clients.arguments import no_pairs, pairs_of
from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.rfc5849.encoding import form_encode
from oauth1_catalog.rfc5849.parameters import FORM


def build_request(
    build: Callable[..., httpx2.Request], method: str, url: str | httpx2.URL, *, own: httpx2.QueryParams, **call: Any
) -> httpx2.Request:
    """Make the request of a call.

    Args:
        build: ``build_request`` of httpx2's client.
        method: the HTTP method.
        url: where; a query in it is kept.
        own: the client's own ``params``; those of the call replace them, name by name.
        call: the remaining keywords of ``build``. ``params`` may be all that httpx2 takes (a mapping, pairs, text,
            bytes); ``data`` may also be pairs, text or bytes.

    Raises:
        SigningError: ``data`` is something else, such as a file.

    >>> client, params = httpx2.Client(), {"y[]": "a b"}
    >>> build_request(client.build_request, "GET", "https://a.example/?x=1", own=client.params, params=params).url
    URL('https://a.example/?x=1&y%5B%5D=a%20b')
    """
    call = MaskedMapping(call)
    params = call.pop("params", None)
    request = build(method, url, **_with_form(call))
    if params or own:
        pieces = (httpx2.URL(url).query.decode("ascii"), _query(own, params))
        request.url = request.url.copy_with(query="&".join(filter(None, pieces)).encode("ascii"))
    return request


def _query(own: httpx2.QueryParams, params: Any) -> str:
    if isinstance(params, bytes):
        params = params.decode()
    if isinstance(params, str) and not own:  # it is a query already: its escapes stay as they are
        return httpx2.URL("?" + params.replace("#", "%23")).query.decode("ascii")
    if params is not None and not isinstance(params, str | Mapping):
        params = list(params)
    return form_encode(own.merge(params).multi_items())


def _with_form(call: MaskedMapping) -> MaskedMapping:
    """The keywords of a call, in which ``data`` may be pairs, text or bytes too, as requests takes them."""
    data = masked(call.get("data"))
    if data is None or isinstance(data, Mapping):
        return call
    call = MaskedMapping((name, value) for name, value in call.items() if name != "data")
    if isinstance(data, str | bytes):
        return MaskedMapping(call, content=data)
    pairs = pairs_of(data)
    if pairs is None:
        raise SigningError(
            description=f"{no_pairs('data', data)}: of a file, what read() gives. httpx2 takes a stream as content=."
        )
    headers = httpx2.Headers(call.get("headers"))
    headers.setdefault("Content-Type", FORM)
    return MaskedMapping(call, content=urlencode(pairs), headers=headers)
