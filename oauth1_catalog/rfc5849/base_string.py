"""The signature base string (section 3.4.1): the one text that client and server both make of a request.

Rule: these functions are pure and total over what the other side could see; nothing here knows about credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from oauth1_catalog.rfc5849.encoding import encoded_pairs, percent_encode
from oauth1_catalog.rfc5849.urls import split_url, wire_url

_is_plain_uri = re.compile(r"[A-Za-z0-9\-._~:/]*").fullmatch


def base_string_uri(url: str) -> str:
    """The base string URI (section 3.4.1.2): scheme, host and port canonical, the path as it is, no query.

    Args:
        url: the absolute URL of the request.

    Raises:
        SigningError: the URL has no host, or cannot be sent; see ``wire_url``.

    >>> base_string_uri("HTTP://EXAMPLE.COM:80/r%20v/X?id=123")
    'http://example.com/r%20v/X'
    """
    return split_url(wire_url(url))[0]


def normalize_parameters(pairs: Iterable[tuple[str, str]]) -> str:
    """Normalize decoded parameters (section 3.4.1.3.2): encode first, then sort by name and by value.

    >>> normalize_parameters([("c2", ""), ("c@", ""), ("a", "r b")])
    'a=r%20b&c%40=&c2='
    """
    return join_sorted([(percent_encode(name), percent_encode(value)) for name, value in pairs])


def signature_base_string(method: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """The signature base string (section 3.4.1.1).

    Args:
        method: the HTTP method, in any case.
        url: the absolute URL; the parameters of its query are taken from it.
        parameters: all others, decoded: the form body's and the protocol's. ``oauth_signature`` is left out.

    Raises:
        SigningError: the URL or its query cannot be signed.

    >>> signature_base_string("get", "http://example.com/?a=1", [("oauth_nonce", "x")])
    'GET&http%3A%2F%2Fexample.com%2F&a%3D1%26oauth_nonce%3Dx'
    """
    uri, query = split_url(wire_url(url))
    pairs = encoded_pairs(query, place="query")
    pairs += [(percent_encode(name), percent_encode(value)) for name, value in parameters]
    normalized = join_sorted([pair for pair in pairs if pair[0] != "oauth_signature"])
    return join_base_string(method, uri, encode_normalized(normalized))


def join_sorted(pairs: list[tuple[str, str]]) -> str:
    """Sort encoded pairs and join them. Names are compared before values: ``file_1=`` comes before ``file_10=``.

    >>> join_sorted([("file_10", "b"), ("file_1", "a")])
    'file_1=a&file_10=b'
    """
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def encode_normalized(normalized: str) -> str:
    """What ``percent_encode`` makes of normalized parameters, in a tenth of its time: only three characters occur.

    >>> encode_normalized("a=r%20b&c=")
    'a%3Dr%2520b%26c%3D'
    """
    return normalized.replace("%", "%25").replace("=", "%3D").replace("&", "%26")


def join_base_string(method: str, uri: str, encoded_parameters: str) -> str:
    """Join the parts of a signature base string: the method, the base string URI and the encoded parameters.

    >>> join_base_string("get", "http://example.com/a%20b", "c%3D")
    'GET&http%3A%2F%2Fexample.com%2Fa%2520b&c%3D'
    """
    # What percent_encode does, in a quarter of its time, where only two characters have to be encoded.
    encoded_uri = uri.replace(":", "%3A").replace("/", "%2F") if _is_plain_uri(uri) else percent_encode(uri)
    return f"{percent_encode(method.upper())}&{encoded_uri}&{encoded_parameters}"
