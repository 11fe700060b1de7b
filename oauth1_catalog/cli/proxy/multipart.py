"""The parts of a multipart body (RFC 7578), for a provider that signs its text fields."""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser

Part = tuple[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]
"""A part as httpx2 takes it in ``files=``: without a file name it is a text field."""


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
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if not boundary or not boundary.isascii():
        raise ValueError("The Content-Type of the body has no boundary.")
    first, *pieces = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    if first or not pieces or not pieces[-1].startswith(b"--"):
        raise ValueError("The multipart body does not begin and end with its boundary.")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> Part:
    head, mark, content = piece.partition(b"\r\n\r\n")
    headers = HeaderParser().parsestr(head.decode(errors="replace").lstrip())
    name = headers.get_param("name", header="content-disposition")
    if not mark or not isinstance(name, str):
        raise ValueError("A part of the multipart body has no name.")
    filename = headers.get_filename()
    if filename is None:
        return name, (None, content)
    return name, (filename, content, headers.get_content_type())
