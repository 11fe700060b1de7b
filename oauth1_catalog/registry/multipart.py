"""Multipart bodies at providers that sign their text fields: the fields are read before the body is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.messages import find_header


def refuse_written_multipart(provider: Provider, content_type: str) -> None:
    """Refuse a multipart body that is written already, if the provider signs its text fields.

    Raises:
        SigningError: the fields cannot be read from it.
    """
    if provider.multipart != "unsigned" and content_type.lower().startswith("multipart/"):
        raise SigningError(
            description=f"{provider.name}: the provider signs the text fields of a multipart body, which cannot be "
            "read from a body that is written already.",
            advice=f"Use oauth1_catalog.client({provider.name!r}).post(), with the fields in data= and the file in "
            "files=.",
        )


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
                description="This provider signs the text fields of a multipart body, which cannot be read from a "
                "body that is written already.",
                advice="Pass the fields in data= and the file in files=.",
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
            description="This provider signs the text fields of a multipart body.",
            advice="Pass data= as a dictionary or as pairs.",
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
