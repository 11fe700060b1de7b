"""A request to be signed: the base string and the signature are those of oauthlib, where oauthlib reads the request."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import (
    ClientCredentials,
    Request,
    Signer,
    TokenCredentials,
    collect_parameters,
    normalize_parameters,
    parse_authorization_header,
    signature_base_string,
)
from oauth1_catalog.rfc5849.encoding import form_encode
from oauth1_catalog.rfc5849.parameters import FORM, is_form
from tests.fuzz.target import ROOT, SECRET, Target, check_shown, joined, parts_of, raw
from tests.rfc5849.test_against_oauthlib import Recorder, judged_base_string, judged_signature, signature_of

CLIENT, TOKEN = ClientCredentials("key", SECRET), TokenCredentials("token", "the secret of the token")


def check(data: bytes) -> None:
    method, url, kind, body = parts_of(data, 4)
    request = Request(method, url, {"Content-Type": kind} if kind else {}, raw(body) or None)
    recorder = Recorder()
    fixed = {"nonce": "n", "timestamp": 1}
    try:
        signed = Signer(CLIENT, signature_method=recorder, **fixed).sign(request, TOKEN)
    except SigningError as error:
        check_shown(error, SECRET)
        return
    assert signed.body == request.body
    assert signed.url.isascii()
    assert signed.url.isprintable()
    assert " " not in signed.url
    assert "#" not in signed.url
    # The same by the functions for those who build a base string themselves.
    protocol = parse_authorization_header(signed.header("Authorization"))
    form = collect_parameters(body=request.body, content_type=kind)
    assert signature_base_string(method, url, form + protocol) == recorder.base_string
    pairs = collect_parameters(query=urlsplit(signed.url).query) + form
    assert collect_parameters(query=form_encode(pairs)) == pairs
    assert normalize_parameters(pairs) == oauthlib_signature.normalize_parameters(pairs)
    if not is_read_by_oauthlib(signed):
        return
    assert judged_base_string(signed) == recorder.base_string
    ours = Signer(CLIENT, **fixed).sign(request, TOKEN)
    assert signature_of(ours) == judged_signature(ours, "sha1", CLIENT, TOKEN)


def is_read_by_oauthlib(signed: Request) -> bool:
    """Whether oauthlib reads a request as RFC 5849 wants it; ``test_against_oauthlib.py`` has where it does not."""
    parts, kind = urlsplit(signed.url), signed.header("Content-Type")
    if is_form(kind) != kind.lower().startswith(FORM):  # the judge asks in this way, and oauthlib not at all
        return False
    if parts.path.endswith(";") or not (signed.method.isascii() and signed.method.isprintable()):
        return False
    host = parts.hostname or ""
    if ":" in host and str(ipaddress.ip_address(host)) != host:
        return False
    try:
        oauthlib_signature.base_string_uri(signed.url)
    except ValueError:
        return False
    return True


def seeds() -> Iterator[bytes]:
    vectors = json.loads((ROOT / "vectors/vectors.json").read_text(encoding="utf-8"))
    for vector in vectors["requests"]:
        url, body = vector["url"], vector["body"] or ""
        yield joined(vector["method"], url, vector["content_type"] or "", body)
    for vector in vectors["base_string_uris"]:
        yield joined("GET", vector["url"])
    for vector in vectors["normalized_parameters"]:
        yield joined("POST", "http://example.com/", FORM, vector["form"].replace("oauth_", "o_"))
    yield joined("GET", "https://bücher.example/ü?q=é#top")
    yield joined("GET", "https://[::1]:8443/%7e?a[]=1&a[]=2;b")


TARGET = Target(
    "a request to be signed; oauthlib judges",
    check,
    seeds,
    (
        FORM, "oauth_", "application/x-www-form-urlencoded; charset=UTF-8", "http://", "https://", ":80", ":443", ":0",
        "[::1]", "@", "xn--", "%7E", "%2B", "%25", "%00", "%C3%A9", "+", "&", "=", ";", "#", "//", "/../", "ß",
        "\u3002",
    ),
    longest=512,
)  # fmt: skip
