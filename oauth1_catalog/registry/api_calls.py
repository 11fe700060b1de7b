"""The parameters that a provider's file puts into each API call (``api_params``), beside those of the call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.encoding import form_encode
from oauth1_catalog.rfc5849.messages import find_header


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


Fields = tuple[tuple[str, str], ...]


def multipart_fields(call: Mapping[str, Any]) -> tuple[Fields, dict[str, Any]]:
    """The fields of a call that are signed, and the call's arguments such that exactly these are sent.

    requests and httpx2 write numbers, booleans and ``None`` in different ways; here they become text once, as in JSON,
    and ``None`` is left out.

    Args:
        call: keyword arguments of requests or httpx2: ``data`` and ``files``.

    Raises:
        SigningError: the fields cannot be known before the request is made.

    >>> multipart_fields({"data": {"title": "A", "n": 1}, "files": {"photo": b"..."}})
    ((('title', 'A'), ('n', '1')), {'data': {'title': ['A'], 'n': ['1']}, 'files': {'photo': b'...'}})
    """
    files = call.get("files")
    if not files:
        if find_header(call.get("headers") or {}, "Content-Type").lower().startswith("multipart/"):
            raise SigningError(
                description="This provider signs the text fields of a multipart body, which cannot be told from a body "
                "that is written already. Pass the fields in data= and the file in files=."
            )
        return (), dict(call)
    data: dict[str, list[str]] = {}
    for name, value in _pairs(call.get("data")):
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None:
                data.setdefault(str(name), []).append(_text(name, one))
    fields = [(name, value) for name, values in data.items() for value in values]
    for name, file in _pairs(files):
        if isinstance(file, list | tuple) and not file[0]:  # without a file name it is a text field
            fields.append((str(name), _text(name, file[1])))
    return tuple(fields), {**call, "data": data}


def _pairs(given: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(given, str | bytes) or hasattr(given, "read"):
        raise SigningError(
            description="This provider signs the text fields of a multipart body. Pass data= as a dictionary or as "
            "pairs."
        )
    return given.items() if isinstance(given, Mapping) else given or ()


def _text(name: object, value: object) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    elif isinstance(value, bool):
        return str(value).lower()
    elif isinstance(value, str | int | float):
        return str(value)
    raise SigningError(
        description=f"The field {str(name)!r} of the multipart body is {type(value).__name__}, not text. This provider "
        "signs text fields: pass text, and pass files with a name in files=."
    )
