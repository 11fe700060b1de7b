"""Mistakes in the method and the address (RFC 5849, sections 3.4.1.1, 3.4.1.2), such as behind proxies."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from oauth1_catalog.diagnosis.mistakes import Facts, Mistake, Variants
from oauth1_catalog.diagnosis.signing import Signing
from oauth1_catalog.errors import SigningError
from oauth1_catalog.hosts import DEFAULT_PORTS
from oauth1_catalog.rfc5849.base_string import base_string_uri

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


def other_method(signing: Signing, facts: Facts) -> Variants:
    """Another HTTP method is signed."""
    overridden = facts.sent.request.header("X-HTTP-Method-Override").upper()
    for method in dict.fromkeys((*_METHODS, overridden)):
        if method and method != signing.http_method.upper():
            yield method, signing.changed(http_method=method)


def method_in_small_letters(signing: Signing, _: Facts) -> Variants:
    """The method is signed in small letters."""
    yield signing.http_method.lower(), signing.changed(http_method=signing.http_method.lower())


def other_scheme(signing: Signing, _: Facts) -> Variants:
    """``http`` is signed instead of ``https``, or the reverse."""
    scheme, authority, path = _split(signing.uri)
    other = "http" if scheme == "https" else "https"
    yield other, signing.changed(uri=f"{other}://{authority}/{path}")
    if authority.endswith(f":{DEFAULT_PORTS[other]}"):
        host = authority.rpartition(":")[0]
        yield other, signing.changed(uri=f"{other}://{host}/{path}")
    elif ":" not in authority.rpartition("]")[2]:
        # The other scheme with the port of this one, as behind a proxy that ends TLS.
        yield other, signing.changed(uri=f"{other}://{authority}:{DEFAULT_PORTS[scheme]}/{path}")


def port_left_out(signing: Signing, _: Facts) -> Variants:
    """The port is not signed."""
    scheme, authority, path = _split(signing.uri)
    host, colon, port = authority.rpartition(":")
    if colon and port.isdecimal():
        yield f":{port}", signing.changed(uri=f"{scheme}://{host}/{path}")


def default_port_signed(signing: Signing, _: Facts) -> Variants:
    """The default port is signed."""
    scheme, authority, path = _split(signing.uri)
    if ":" not in authority.rpartition("]")[2]:
        port = f":{DEFAULT_PORTS[scheme]}"
        yield port, signing.changed(uri=f"{scheme}://{authority}{port}/{path}")


def other_host(signing: Signing, facts: Facts) -> Variants:
    """Another host is signed: one of those that are given, that of the ``Host`` header, with or without ``www.``."""
    request = facts.sent.request
    scheme, authority, path = _split(signing.uri)
    for name in (request.header("Host"), request.header("X-Forwarded-Host").partition(",")[0].strip()):
        if name:
            yield from _moved(signing, f"{scheme}://{name}", path)
    without = authority.removeprefix("www.")
    other = without if without != authority else f"www.{authority}"
    yield other, signing.changed(uri=f"{scheme}://{other}/{path}")
    for address in facts.addresses:
        parts = urlsplit(address)
        yield from _moved(signing, f"{parts.scheme}://{parts.netloc}", path)
        if parts.path.strip("/"):
            yield from _moved(signing, f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/"))
            yield from _moved(signing, f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", path)


def _split(uri: str) -> tuple[str, str, str]:
    """Scheme, host with port, and the path without its first slash."""
    scheme, _, rest = uri.partition("://")
    authority, _, path = rest.partition("/")
    return scheme, authority, path


def _moved(signing: Signing, origin: str, path: str) -> Variants:
    try:
        uri = base_string_uri(f"{origin}/{path}")
    except (SigningError, ValueError):
        return
    yield origin.partition("://")[2], signing.changed(uri=uri)


def host_as_written(signing: Signing, facts: Facts) -> Variants:
    """The host is signed with capital letters, which HTTP libraries change, or with its port as it is written."""
    parts = urlsplit(facts.sent.request.url)
    scheme, authority, path = _split(signing.uri)
    yield parts.netloc, signing.changed(uri=f"{parts.scheme}://{parts.netloc}/{path}")
    for written in dict.fromkeys((authority.upper(), authority.title(), authority.capitalize())):
        yield written, signing.changed(uri=f"{scheme}://{written}/{path}")


def other_end(signing: Signing, _: Facts) -> Variants:
    """The path is signed with a ``/`` at its end that is not sent, or without one that is."""
    if signing.uri.endswith("/"):
        yield "without", signing.changed(uri=signing.uri.removesuffix("/"))
    else:
        yield "with", signing.changed(uri=f"{signing.uri}/")


def path_decoded(signing: Signing, _: Facts) -> Variants:
    """The path is signed decoded, or encoded twice."""
    scheme, authority, path = _split(signing.uri)
    yield "decoded", signing.changed(uri=f"{scheme}://{authority}/{unquote(path)}")
    yield "encoded twice", signing.changed(uri=f"{scheme}://{authority}/{quote(path, safe='/~')}")
    yield "decoded and encoded again", signing.changed(uri=f"{scheme}://{authority}/{quote(unquote(path), safe='/~')}")


def prefix_left_out(signing: Signing, _: Facts) -> Variants:
    """The first parts of the path are not signed, as behind a proxy that removes them."""
    scheme, authority, path = _split(signing.uri)
    parts = path.split("/")
    for number in range(1, min(len(parts), 5)):
        yield "/" + "/".join(parts[:number]), signing.changed(uri=f"{scheme}://{authority}/{'/'.join(parts[number:])}")


def query_in_address(signing: Signing, facts: Facts) -> Variants:
    """The query stays in the base string URI."""
    if query := urlsplit(facts.sent.request.url).query:
        yield "", signing.changed(uri=f"{signing.uri}?{query}")


def fragment_in_address(signing: Signing, facts: Facts) -> Variants:
    """The fragment stays in the base string URI."""
    if fragment := urlsplit(facts.sent.request.url).fragment:
        yield "", signing.changed(uri=f"{signing.uri}#{fragment}")


MISTAKES = (
    Mistake(
        "other-method",
        "The method {detail} is signed, and another is sent.",
        "Sign the method that you send. A redirect (301, 302, 303) can change it.",
        other_method,
    ),
    Mistake(
        "method-in-small-letters",
        "The method is signed in small letters.",
        "Write the method in capital letters in the base string.",
        method_in_small_letters,
    ),
    Mistake(
        "other-scheme",
        "The address is signed with {detail}:.",
        "Sign the scheme that the other side sees. Behind a proxy that ends TLS, the server has to use the scheme of "
        "X-Forwarded-Proto.",
        other_scheme,
    ),
    Mistake(
        "port-not-signed",
        "The address is signed without its port {detail}.",
        "Sign a port that is not the default one. Behind a proxy, the server has to use the port of the request.",
        port_left_out,
    ),
    Mistake(
        "default-port-signed",
        "The address is signed with the default port {detail}.",
        "Leave :80 out of http addresses, and :443 out of https addresses.",
        default_port_signed,
    ),
    Mistake(
        "other-host",
        "The address is signed with the host {detail}.",
        "Sign the host that the other side sees. Behind a proxy, the server has to use the Host that the client sent; "
        "if the server redirects to another host, call that host.",
        other_host,
    ),
    Mistake(
        "host-not-normalized",
        "The host is signed as it is written, {detail}.",
        "Write the host in small letters, without a default port.",
        host_as_written,
    ),
    Mistake(
        "other-end-of-path",
        "The path is signed {detail} a / at its end.",
        "Sign and send the same path.",
        other_end,
    ),
    Mistake(
        "path-encoding",
        "The path is signed {detail}.",
        "Sign the path as it is sent, with its escapes.",
        path_decoded,
    ),
    Mistake(
        "path-prefix-not-signed",
        "The address is signed without {detail}.",
        "Behind a proxy that removes a prefix of the path, the server has to use the path that the client sent.",
        prefix_left_out,
    ),
    Mistake(
        "query-in-address",
        "The query is in the address that is signed.",
        "Leave the query out of the base string URI. Its parameters are signed with the others.",
        query_in_address,
    ),
    Mistake(
        "fragment-in-address",
        "The fragment is in the address that is signed.",
        "Leave the fragment out of the base string URI.",
        fragment_in_address,
    ),
)
