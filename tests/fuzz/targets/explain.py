"""A pasted request, a server's answer and its base string, explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote_plus

from oauth1_catalog.diagnosis import explain
from oauth1_catalog.diagnosis.pasted import read_request, read_response
from oauth1_catalog.diagnosis.report import as_data, report
from oauth1_catalog.errors import ConfigurationError, SigningError
from oauth1_catalog.rfc5849 import ClientCredentials, Request, Signer, TokenCredentials
from oauth1_catalog.rfc5849.parameters import FORM
from tests.fuzz.target import ROOT, SECRET, Target, check_shown, joined, parts_of

OF_TOKEN = "the secret-of the token"
CLIENT, TOKEN = ClientCredentials("key", SECRET), TokenCredentials("token", OF_TOKEN)


def check(data: bytes) -> None:
    pasted, answer, base_string = parts_of(data, 3)
    try:
        request = read_request(pasted)
    except ConfigurationError as error:
        check_shown(error)
        return
    check_explained(request, response=read_response(answer) if answer else None, server_base_string=base_string or None)
    if request.header("Authorization") or "oauth_" in f"{request.url}{request.body!r}":
        return
    try:
        signed = Signer(CLIENT).sign(request, TOKEN)
    except SigningError:
        return
    explained = check_explained(signed)
    assert explained["verdict"] == "right", f"the signer's own signature: {explained['summary']}"
    try:
        plain = Signer(CLIENT, signature_method="PLAINTEXT", allow_plaintext_over_http=True).sign(request, TOKEN)
    except SigningError:
        return
    shown = f"{report(explain(plain, client_secret=SECRET, token_secret=OF_TOKEN, in_pairs=False))}"
    written = quote(SECRET, safe="")
    assert written not in shown or written in request.url  # as in check_explained


def check_explained(request: Request, **server: Any) -> dict[str, Any]:
    try:
        explanation = explain(request, client_secret=SECRET, token_secret=OF_TOKEN, in_pairs=False, now=1.0, **server)
    except SigningError as error:
        check_shown(error)
        return {"verdict": "none"}
    sent = f"{request.url}{request.headers}{request.body!r}"
    # What somebody writes into a path or an unknown parameter is shown.
    secrets = [one for one in (SECRET, OF_TOKEN) if one not in sent and one not in unquote_plus(sent)]
    for line in report(explanation).split("\n"):
        check_shown(f"-{line}", *secrets)
    data = as_data(explanation)
    text = json.dumps(data)
    assert not any(secret in text for secret in secrets)
    return data


def seeds() -> Iterator[bytes]:
    for vector in json.loads((ROOT / "vectors/vectors.json").read_text(encoding="utf-8"))["requests"][::6]:
        header = ", ".join(f'{name}="{value}"' for name, value in vector["oauth_parameters"])
        lines = [f"{vector['method']} {vector['url']} HTTP/1.1", f'Authorization: OAuth {header}, oauth_signature="a"']
        if vector["content_type"]:
            lines.append(f"Content-Type: {vector['content_type']}")
        yield joined("\n".join([*lines, "", vector["body"] or ""]))
    request = "GET https://a.example/1?b=1 HTTP/1.1\nAccept: */*\n\n"
    yield joined(request)
    yield joined(f"POST https://a.example/1\nContent-Type: {FORM}\n\na=1&c=%20&d=%C3%A9")
    signed = Signer(CLIENT, nonce="n", timestamp=1).sign(Request("GET", "https://a.example/1?b=1"), TOKEN)
    header = signed.header("Authorization")
    for answer in (
        'HTTP/1.1 401 Unauthorized\nWWW-Authenticate: OAuth oauth_problem="signature_invalid"\n\nInvalid signature',
        "oauth_problem=signature_invalid&debug_sbs=GET%26https%253A%252F%252Fa.example%252F1%26a%253D1",
        '{"errors": [{"message": "expected signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}',
        f"oauth_problem=timestamp_refused&oauth_acceptable_timestamps=5-9&echo={SECRET}",
    ):
        yield joined(f"GET https://a.example/1?b=1\nAuthorization: {header}\n", answer)
    yield joined(f"GET https://a.example/1?b=2\nAuthorization: {header}\n", "", "GET&https%3A%2F%2Fa.example%2F1&b%3D1")


TARGET = Target(
    "a pasted request, the answer and the base string of a server",
    check,
    seeds,
    (
        "GET https://a.example/", "POST ", "Authorization: OAuth ", 'oauth_signature="', 'oauth_timestamp="',
        'oauth_nonce="', 'oauth_signature_method="HMAC-SHA1"', "PLAINTEXT", "RSA-SHA1", "HMAC-SHA512", 'realm="',
        f"Content-Type: {FORM}\n", "\n\n", "HTTP/1.1 401 x\n", "oauth_problem=", "signature_invalid",
        "GET&https%3A%2F%2F", "%26", "%253D", SECRET, "multipart/form-data; boundary=b", "oauth_body_hash", "\x1b[31m",
        "oauth_version",
    ),
    longest=1024,
)  # fmt: skip
