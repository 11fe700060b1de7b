"""The parameters that a provider's file puts into each API call (``api_params``), beside those of the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from oauth1_catalog.rfc5849.encoding import form_encode


def with_api_params(own: Mapping[str, str], url: str, params: Any) -> Any:
    """The ``params`` of a call, with the provider's own where the call does not have that name.

    Args:
        own: the provider's parameters.
        url: the call's URL: a name in its query is the call's own, too.
        params: of the call, in any form that requests or httpx2 takes: a mapping, pairs, text, bytes, ``None``.

    >>> with_api_params({"format": "json", "v": "1"}, "rest/?format=xml", {"text": "cat"})
    {'v': '1', 'text': 'cat'}
    >>> with_api_params({"format": "json"}, "rest/", [("tag", "a"), ("tag", "b")])
    [('format', 'json'), ('tag', 'a'), ('tag', 'b')]
    >>> with_api_params({"format": "json"}, "rest/", "text=cat")
    'format=json&text=cat'
    """
    taken = _names(url.partition("#")[0].partition("?")[2])
    if isinstance(params, bytes):
        params = params.decode()
    if isinstance(params, str):
        taken |= _names(params)
        return "&".join(filter(None, (form_encode((n, v) for n, v in own.items() if n not in taken), params)))
    if isinstance(params, Mapping) and hasattr(params, "multi_items"):  # of httpx2 or Starlette: a name may come twice
        params = params.multi_items()
    if params is None or isinstance(params, Mapping):
        return {name: value for name, value in own.items() if name not in taken} | dict(params or {})
    pairs = list(params)
    taken |= {str(name) for name, _ in pairs}
    return [*((name, value) for name, value in own.items() if name not in taken), *pairs]


def _names(query: str) -> set[str]:
    return {name for name, _ in parse_qsl(query, keep_blank_values=True)}
