"""The parts of a multipart body (RFC 7578), for a provider that signs its text fields."""

from __future__ import annotations

import re
from email.parser import HeaderParser

from oauth1_catalog.cli.proxy.headers import UNREADABLE, typed

Part = tuple[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]
"""A part as httpx2 takes it in ``files=``: without a file name it is a text field."""

MAX_PARTS = 1_000

_CHARSETS = frozenset({"utf-8", "iso-8859-1", "us-ascii"})
"""Those that clients write (RFC 8187). Python reads any codec, such as ``punycode``, and its versions differ."""
_MAX_HEAD = 8 * 1024
_MAX_PARAMETERS = 32
"""Also the largest number of lines. The time to read the parameters grows with the square of their number."""
_AMBIGUOUS = re.compile(r"[\x00-\x1f\x7f\\]")
"""Control characters, and the backslash: servers read ``name="a\\"; filename="b"`` in different ways."""


def read_multipart(body: bytes, content_type: str) -> list[Part]:
    r"""The parts of a body, in their order.

    >>> body = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nA cat\r\n--b--\r\n'
    >>> read_multipart(body, "multipart/form-data; boundary=b")
    [('title', (None, b'A cat'))]

    Args:
        body: the whole body.
        content_type: the value of that header.

    Raises:
        ValueError: it is not such a body. The text is the reason.
    """
    mark = _mark(content_type)
    first, *pieces = (b"\r\n" + body).split(mark)
    if first or not pieces or not pieces[-1].startswith(b"--"):
        raise ValueError("The multipart body does not begin and end with its boundary.")
    return [_part(piece) for piece in pieces[:-1]]


def count_parts(body: bytes, content_type: str) -> int:
    """How many parts a body has at most, without reading them.

    Raises:
        ValueError: the content type has no boundary.
    """
    return body.count(_mark(content_type))


def _mark(content_type: str) -> bytes:
    try:
        boundary = typed(content_type).get_boundary()
    except UNREADABLE:
        boundary = None
    if not boundary or not boundary.isascii():
        raise ValueError("The Content-Type of the body has no boundary.")
    return f"\r\n--{boundary}".encode()


def _part(piece: bytes) -> Part:
    head, mark, content = piece.partition(b"\r\n\r\n")
    if len(head) > _MAX_HEAD:
        raise ValueError(f"The headers of a part have more than {_MAX_HEAD:,} bytes.")
    if max(map(head.count, (b";", b"\r", b"\n"))) > _MAX_PARAMETERS:
        raise ValueError(f"The headers of a part have more than {_MAX_PARAMETERS} lines or parameters.")
    try:
        headers = HeaderParser().parsestr(head.decode(errors="replace").lstrip())
        name = headers.get_param("name", header="content-disposition")
        encoded = headers.get_param("filename", header="content-disposition")
        filename = headers.get_filename()
        kind = headers.get_content_type()
    except UNREADABLE:
        raise ValueError("The headers of a part cannot be read.") from None
    if isinstance(encoded, tuple) and str(encoded[0]).lower() not in _CHARSETS:
        raise ValueError("The headers of a part cannot be read.")
    if not mark or not isinstance(name, str):
        raise ValueError("A part of the multipart body has no name.")
    if _AMBIGUOUS.search(f"{name}{filename or ''}{kind}"):
        raise ValueError("The name or the type of a part contains a control character or a backslash.")
    if not filename:  # without a name the client writes it as a text field again, and signs it
        return name, (None, content)
    return name, (filename, content, kind)
