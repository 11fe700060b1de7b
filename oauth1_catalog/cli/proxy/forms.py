"""The names and values of a query or a form, as the most lenient server reads them, and how many there can be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

from oauth1_catalog.cli.proxy.headers import UNREADABLE, typed
from oauth1_catalog.redaction import MaskedList

MAX_FIELDS = 10_000
"""The largest number of fields of a form. Its parts take far more memory than the form."""

_SEPARATORS = re.compile("[&;]")
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1"})
_OVERRIDES = frozenset(
    {
        "_http_method",
        "_httpmethod",
        "_method",
        "http_method_override",
        "rest_oauth1",  # WordPress and WooCommerce prefer these to the path
        "rest_route",
        "wc_api",
        "wc_api_route",
        "wc_auth_route",
        "x_http_method",
        "x_http_method_override",
        "x_method_override",
    }
)


def read_pairs(text: str) -> MaskedList:
    """The names and values, decoded. Nothing is refused: to sign them is stricter.

    >>> read_pairs("a=1&b=2+3;c").copy()
    [('a', '1'), ('b', '2 3'), ('c', '')]

    Args:
        text: a query, or a form.
    """
    pieces = (piece.partition("=") for piece in _SEPARATORS.split(text) if piece)
    return MaskedList((unquote_plus(name), unquote_plus(value)) for name, _, value in pieces)


def count_fields(body: bytes) -> int:
    """How many fields a form has at most, without reading it."""
    return body.count(b"&") + body.count(b";") + 1 if body else 0


def replaces_call(names: Iterable[str]) -> str:
    """The first name with which a server takes the request for one of another method or path; ``""`` without one.

    PHP drops blanks at the beginning of a name, ends it at ``[`` or NUL, and reads a dot, a blank, or a ``[`` that is
    not closed as ``_``.

    >>> replaces_call(["a", " .method", "b"]), replaces_call(["rest[route"]), replaces_call(["method"])
    (' .method', 'rest[route', '')
    """
    for name in names:
        known = name.partition("\0")[0].casefold()
        readings = (known.partition("[")[0], known.replace("[", "_"))
        if any(re.sub(r"[\s.-]", "_", one.strip()) in _OVERRIDES for one in readings):
            return name
    return ""


def check_coding(content_type: str, content_encoding: str) -> None:
    """Refuse a form that has to be decoded before its names can be compared.

    >>> check_coding("application/x-www-form-urlencoded; charset=ibm037", "")
    Traceback (most recent call last):
    ...
    ValueError: The form is not UTF-8. Send it without a charset.

    Raises:
        ValueError: the text is the reason.
    """
    if content_encoding.strip().lower() not in {"", "identity"}:
        raise ValueError("The form is compressed. Send it without Content-Encoding.")
    if content_type.lower().count("charset") > 1:
        raise ValueError("The Content-Type of the form has more than one charset.")
    try:
        charset = typed(content_type).get_param("charset", "")
    except UNREADABLE:
        raise ValueError("The Content-Type of the form cannot be read.") from None
    if not isinstance(charset, str) or charset.strip().lower() not in _CHARSETS:
        raise ValueError("The form is not UTF-8. Send it without a charset.")
