"""Requests of every shape, signed by us and judged by oauthlib: the same base string and the same signature.

``make test`` tries 20,000 examples; ``OAUTH1_CATALOG_EXAMPLES=1000000`` tries that many.

Where oauthlib departs from RFC 5849, it is asked in a way that it answers rightly:

- It refuses raw characters such as ``[`` in a query or a form: it gets them percent-encoded, which means the same.
- It decodes the values of protocol parameters twice where they come from a query or a form: there they have no ``%``.
- It signs an international host as it is given: it gets the A-labels, as a server would see them.
- It rewrites an IPv6 address to its shortest form: ours are in that form.
- ``urllib.parse`` loses a ``;`` that ends the path: ours end in something else.
- It puts a body hash (of SHA-1 only) where no application has asked for one: the bodies of that test are forms.
"""

from __future__ import annotations

import os
import re
from base64 import b64decode
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oauthlib import oauth1
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature
from oauthlib.oauth1.rfc5849 import utils

from oauth1_catalog.rfc5849 import (
    ClientCredentials,
    Request,
    Signer,
    TokenCredentials,
    base_string_uri,
    collect_parameters,
    normalize_parameters,
    parse_authorization_header,
    percent_encode,
    signature_base_string,
)
from oauth1_catalog.rfc5849.parameters import FORM

TOTAL = int(os.environ.get("OAUTH1_CATALOG_EXAMPLES", "20000"))


def examples(share: float):
    """This test's share of all examples; the shares below add up to a little more than one."""
    return settings(
        max_examples=max(1, round(TOTAL * share)),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


# What has been signed wrongly by someone: see the corner cases in docs/signing.md.
FRAGMENTS = [
    *("a", "B", "9", "-", ".", "_", "~", "%7E", "%7e", "%41", "+", "%20", "%2B", "%2b", "%25", "%2541", "%252525"),
    *("=", "%3D", "%26", "%3B", ";", ":", "/", "?", "@", "!", "$", "'", "(", ")", "*", ",", "%0A", "%0d%0a", "%7F"),
    *("[", "]", "%5B%5D", "{", "}", "|", "\\", "^", "`", '"', "<", ">", " ", "é", "%C3%A9", "%c3%a9", "ß", "e\u0301"),
    *("\uffff", "%EF%BF%BF", "\U00010000", "%F0%90%80%80", "😀", "oauth", "oauth%5F", "Oauth_", "file_1", "file_10"),
]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)
PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0%"), max_size=10)
# One list of fragments is a cheap way to a form of any structure: empty pieces, no '=', many of them.
FRAGMENT_FORM = st.lists(st.sampled_from([*FRAGMENTS, *"&&&&&&&&&&&&=========="]), max_size=16).map("".join)
TEXT_FORM = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(
    lambda pairs: "&".join([f"{quote(name, safe='')}={quote(value, safe='/:@!$,;')}" for name, value in pairs])
)
FORM_TEXT = FRAGMENT_FORM | FRAGMENT_FORM | TEXT_FORM

HOST = (
    st.lists(
        st.sampled_from(["a", "B", "x-1", "7", "Example", "example", "com", "xn--bcher-kva"]), min_size=1, max_size=4
    ).map(".".join)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(lambda address: f"[{address}]")
    | st.sampled_from(["example.com", "EXAMPLE.com", "xn--bcher-kva.example", "my_host.example", "localhost"])
)
PORT = st.sampled_from(["", "", "", ":", ":80", ":443", ":080", ":0443", ":8080"]) | st.integers(1, 65535).map(
    lambda port: f":{port}"
)
PATH = st.lists(
    st.sampled_from(
        [*"aZ09-._~!$'()*,:@=+&;", "%2F", "%2f", "%20", "%C3%A9", "%25", "/", "/..", "//", ";m=1", "é", " ", "{"]
    ),
    max_size=6,
).map(lambda parts: "/" + "".join(parts))
SCHEME = st.sampled_from(["http", "https", "HTTP", "hTTps"])
URL = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}{path}{query}",
    SCHEME,
    HOST,
    PORT,
    st.just("") | PATH.filter(lambda path: not path.endswith(";")),
    st.just("") | FORM_TEXT.map(lambda text: "?" + text),
)
METHOD = st.sampled_from(
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "Post", "M-SEARCH", "a b/c"]
)
TOKEN = st.none() | st.builds(TokenCredentials, TEXT.filter(bool), TEXT)
CLIENT = st.builds(ClientCredentials, TEXT.filter(bool), TEXT)
EXTRA = st.dictionaries(
    st.sampled_from(
        ["oauth_callback", "oauth_verifier", "oauth_session_handle", "oauth_body_hash", "oauth_zz", "oauth_a"]
    ),
    TEXT,
    max_size=3,
)
HASH = st.sampled_from(["sha1", "sha256", "sha512"])
CONTENT_TYPE = st.sampled_from([FORM, f"{FORM};charset=utf-8", "Application/x-www-form-urlencoded ; Charset=UTF-8"])
NONCE = TEXT.filter(bool)
TIMESTAMP = st.integers(1, 2**40)


@dataclass
class Recorder:
    """A signature method that keeps the base string, so that the signer's own can be compared."""

    name: str = "RECORDED"
    hash_name: str = "sha256"
    base_string: str = field(default="", init=False)

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:
        self.base_string = base_string
        return "signature"


def for_oauthlib(text: str) -> str:
    """A query or a form, with what oauthlib refuses to read raw percent-encoded."""
    return re.sub(r"[^A-Za-z0-9_.\-=&;:%+~,*@!()/?'$]", lambda match: quote(match[0], safe=""), text)


def is_ours(*texts: str) -> bool:
    """Whether no name in these forms begins with ``oauth_``, which a signer refuses."""
    return not any(name.startswith("oauth_") for text in texts for name, _ in collect_parameters(query=text))


def judged_parameters(signed: Request) -> list[tuple[str, str]]:
    """All parameters of a signed request, as oauthlib collects them, and no protocol parameter twice."""
    header = signed.header("Authorization")
    is_form = signed.header("Content-Type").lower().startswith(FORM)
    collected = oauthlib_signature.collect_parameters(
        uri_query=for_oauthlib(urlsplit(signed.url).query),
        body=for_oauthlib(signed.body.decode()) if is_form and signed.body else None,
        headers={"Authorization": header} if header else {},
        exclude_oauth_signature=False,
    )
    protocol = [name for name, _ in collected if name.startswith("oauth_")]
    assert len(protocol) == len(set(protocol))
    return collected


def judged_base_string(signed: Request) -> str:
    normalized = oauthlib_signature.normalize_parameters(
        [pair for pair in judged_parameters(signed) if pair[0] != "oauth_signature"]
    )
    uri = oauthlib_signature.base_string_uri(signed.url)
    return oauthlib_signature.signature_base_string(signed.method, uri, normalized)


def judged_signature(signed: Request, hash_name: str, client: ClientCredentials, token: TokenCredentials | None) -> str:
    judge = oauth1.Client(
        client.client_id, client.client_secret, resource_owner_secret=token.oauth_token_secret if token else None
    )
    sign = getattr(oauthlib_signature, f"sign_hmac_{hash_name}_with_client")
    return sign(judged_base_string(signed), judge)


def signature_of(signed: Request) -> str:
    return dict(judged_parameters(signed))["oauth_signature"]


@examples(0.14)
@given(METHOD, URL, NONCE, TIMESTAMP, TOKEN)
def test_base_string_of_the_query(method, url, nonce, timestamp, token):
    assume(is_ours(urlsplit(url).query))
    recorder = Recorder()
    signer = Signer(ClientCredentials("key"), signature_method=recorder, nonce=nonce, timestamp=timestamp)
    signed = signer.sign(Request(method, url), token)
    assert recorder.base_string == judged_base_string(signed)
    protocol = parse_authorization_header(signed.header("Authorization"))
    assert signature_base_string(method, url, protocol) == recorder.base_string


@examples(0.12)
@given(METHOD, URL, FORM_TEXT, CONTENT_TYPE, TOKEN)
def test_base_string_of_query_and_form(method, url, form, content_type, token):
    assume(is_ours(urlsplit(url).query, form))
    recorder = Recorder()
    signer = Signer(ClientCredentials("key"), signature_method=recorder)
    signed = signer.sign(Request(method, url, {"content-type": content_type}, form.encode()), token)
    assert signed.body == form.encode()
    assert recorder.base_string == judged_base_string(signed)
    own = collect_parameters(body=form, content_type=content_type)
    protocol = parse_authorization_header(signed.header("Authorization"))
    assert signature_base_string(method, url, own + protocol) == recorder.base_string


@examples(0.08)
@given(METHOD, URL, EXTRA, TOKEN)
def test_base_string_with_extra_parameters(method, url, extra, token):
    assume(is_ours(urlsplit(url).query))
    recorder = Recorder()
    signed = Signer(ClientCredentials("key"), signature_method=recorder).sign(Request(method, url), token, extra)
    assert recorder.base_string == judged_base_string(signed)
    assert extra.items() <= dict(parse_authorization_header(signed.header("Authorization"))).items()


@examples(0.08)
@given(
    METHOD, URL, st.sampled_from(["application/json", "text/plain", "multipart/form-data; boundary=x", ""]), st.binary()
)
def test_base_string_with_body_hash(method, url, content_type, body):
    assume(is_ours(urlsplit(url).query))
    recorder = Recorder()
    signer = Signer(ClientCredentials("key"), signature_method=recorder, body_hash="always")
    headers = {"Content-Type": content_type} if content_type else {}
    signed = signer.sign(Request(method, url, headers, body))
    assert signed.body == body
    assert recorder.base_string == judged_base_string(signed)


@examples(0.12)
@given(HASH, CLIENT, TOKEN, METHOD, URL, EXTRA)
def test_signature_in_the_header(hash_name, client, token, method, url, extra):
    assume(is_ours(urlsplit(url).query))
    signer = Signer(client, signature_method=f"HMAC-{hash_name.upper()}", realm="Photos")
    signed = signer.sign(Request(method, url), token, extra)
    assert signed.header("Authorization").startswith('OAuth realm="Photos", oauth_')
    assert signature_of(signed) == judged_signature(signed, hash_name, client, token)


PLAIN_TOKEN = st.none() | st.builds(TokenCredentials, PLAIN_TEXT.filter(bool), TEXT)
PLAIN_CLIENT = st.builds(ClientCredentials, PLAIN_TEXT.filter(bool), TEXT)


@examples(0.1)
@given(HASH, PLAIN_CLIENT, PLAIN_TOKEN, METHOD, URL)
def test_signature_in_the_query(hash_name, client, token, method, url):
    assume(is_ours(urlsplit(url).query))
    signer = Signer(client, signature_method=f"HMAC-{hash_name.upper()}", signature_type="QUERY")
    signed = signer.sign(Request(method, url), token)
    assert "Authorization" not in signed.headers
    assert signature_of(signed) == judged_signature(signed, hash_name, client, token)


@examples(0.1)
@given(
    HASH, PLAIN_CLIENT, PLAIN_TOKEN, METHOD.filter(lambda method: method.upper() not in {"GET", "HEAD"}), URL, FORM_TEXT
)
def test_signature_in_the_body(hash_name, client, token, method, url, form):
    assume(is_ours(urlsplit(url).query, form))
    signer = Signer(client, signature_method=f"HMAC-{hash_name.upper()}", signature_type="BODY")
    headers = {"Content-Type": FORM} if form else {}
    signed = signer.sign(Request(method, url, headers, form.encode() or None), token)
    assert "Authorization" not in signed.headers
    assert signed.header("Content-Type") == FORM
    assert signed.body.startswith(form.encode())
    assert signature_of(signed) == judged_signature(signed, hash_name, client, token)


@examples(0.08)
@given(
    HASH, CLIENT, TOKEN, URL, NONCE, TIMESTAMP, st.none() | FORM_TEXT, st.none() | TEXT.filter(bool), st.none() | TEXT
)
def test_oauthlib_client_makes_the_same_header(
    hash_name, client, token, url, nonce, timestamp, form, callback, verifier
):
    assume(is_ours(urlsplit(url).query, form or ""))
    method = f"HMAC-{hash_name.upper()}"
    signer = Signer(client, signature_method=method, nonce=nonce, timestamp=timestamp)
    body = None if form is None else form.encode()
    headers = {} if form is None else {"Content-Type": FORM}
    extra = {"oauth_callback": callback, "oauth_verifier": verifier}
    signed = signer.sign(
        Request("POST", url, headers, body), token, {name: value for name, value in extra.items() if value}
    )
    head, mark, query = signed.url.partition("?")
    _, theirs, _ = oauth1.Client(
        client.client_id,
        client.client_secret,
        token.oauth_token if token else None,
        token.oauth_token_secret if token else None,
        callback_uri=callback,
        verifier=verifier,
        signature_method=method,
        nonce=nonce,
        timestamp=str(timestamp),
    ).sign(head + mark + for_oauthlib(query), "POST", None if form is None else for_oauthlib(form), headers)
    assert sorted(parse_authorization_header(signed.header("Authorization"))) == sorted(
        parse_authorization_header(theirs["Authorization"])
    )


@examples(0.02)
@given(CLIENT, TOKEN, HOST)
def test_plaintext(client, token, host):
    signer = Signer(client, signature_method="PLAINTEXT")
    signed = signer.sign(Request("GET", f"https://{host}/"), token)
    secret = token.oauth_token_secret if token else ""
    assert signature_of(signed) == oauthlib_signature.sign_plaintext(client.client_secret, secret)


@examples(0.01)
@given(HASH, CLIENT, TOKEN, URL)
def test_rsa(private_key, hash_name, client, token, url):
    """oauthlib's base string, and the signature by the library that oauthlib asks too."""
    assume(is_ours(urlsplit(url).query))
    signer = Signer(client, signature_method=f"RSA-{hash_name.upper()}", rsa_key=private_key)
    signed = signer.sign(Request("GET", url), token)
    private_key.public_key().verify(
        b64decode(signature_of(signed)),
        judged_base_string(signed).encode(),
        padding.PKCS1v15(),
        getattr(hashes, hash_name.upper())(),
    )


@examples(0.06)
@given(SCHEME, HOST, PORT, st.just("") | PATH.filter(lambda path: not path.endswith(";")))
def test_base_string_uri(scheme, host, port, path):
    url = f"{scheme}://{host}{port}{path}"
    wire = re.sub(r"[ é{]", lambda match: quote(match[0]), url)
    assert base_string_uri(url) == oauthlib_signature.base_string_uri(wire)


@examples(0.06)
@given(st.lists(st.tuples(TEXT, TEXT)))
def test_normalize_parameters(pairs):
    assert normalize_parameters(pairs) == oauthlib_signature.normalize_parameters(pairs)


@examples(0.04)
@given(st.text(st.characters(codec="utf-8")))
def test_percent_encode(text):
    assert percent_encode(text) == utils.escape(text)
