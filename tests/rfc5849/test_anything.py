"""Whatever comes in is signed or refused: no input ends in an error of another kind."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import (
    ClientCredentials,
    Request,
    Signer,
    TokenCredentials,
    base_string_uri,
    form_decode,
    parse_authorization_header,
)
from oauth1_catalog.rfc5849.parameters import FORM

# With lone surrogates, NUL and all else that a str can hold.
TEXT = st.text()
URLISH = st.lists(
    st.sampled_from(
        ["https", "http", ":", "/", "//", "://", "[", "]", "::1", "@", "?", "#", "&", "=", "%", "%20", "%FF"]
    )
    | st.sampled_from([".", "example.com", "xn--", "xn--a", "bücher", "ß", "\u200d", "\u3002", "80", "0", " ", "\\"])
    | TEXT,
    max_size=8,
).map("".join)
URL = URLISH | URLISH.map(lambda rest: "https://" + rest) | URLISH.map(lambda rest: "https://example.com/" + rest)


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(["HEADER", "QUERY", "BODY"]),
    URL,
    st.sampled_from([{}, {"Content-Type": FORM}, {"Content-Type": "text/plain"}, {"authorization": "x"}]),
    st.none() | st.binary(max_size=20) | TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.none() | st.builds(TokenCredentials, TEXT, TEXT),
    st.none() | st.dictionaries(TEXT | TEXT.map(lambda name: "oauth_" + name), TEXT, max_size=2),
    st.sampled_from(["none", "non_form", "always"]),
)
def test_signing_any_request_raises_only_our_errors(signature_type, url, headers, body, token, parameters, body_hash):
    signer = Signer(ClientCredentials("key", "secret"), signature_type=signature_type, body_hash=body_hash)
    with contextlib.suppress(SigningError):
        signed = signer.sign(Request("POST", url, headers, body), token, parameters)
        assert signed.url.isascii()
        assert signed.url.isprintable()
        assert " " not in signed.url
        for name, value in signed.headers.items():
            assert f"{name}{value}".isprintable()


@settings(max_examples=500, deadline=None)
@given(TEXT, TEXT, TEXT, st.none() | TEXT, st.sampled_from(["rfc5849", "mastercard"]))
def test_any_arguments_of_a_signer_raise_only_our_errors(client_id, client_secret, nonce, realm, profile):
    with contextlib.suppress(SigningError):
        signer = Signer(ClientCredentials(client_id, client_secret), nonce=nonce, realm=realm, profile=profile)
        header = signer.authorization("GET", "https://example.com/")
        assert header.isascii()
        assert header.isprintable()


@settings(max_examples=500, deadline=None)
@given(URL)
def test_any_url_raises_only_our_errors(url):
    with contextlib.suppress(SigningError):
        assert base_string_uri(url).isascii()


@given(TEXT | st.lists(st.sampled_from([*'OAuth =,"\\%&+', "OAuth ", "a=", '"b"'])).map("".join))
def test_what_is_read(text):
    for read in (form_decode, parse_authorization_header):
        with contextlib.suppress(SigningError):
            for name, value in read(text):
                assert isinstance(name + value, str)
