from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import base_string_uri, normalize_parameters, percent_encode, signature_base_string
from oauth1_catalog.rfc5849.base_string import encode_normalized, join_base_string, split_url

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("https://Bücher.Example:443?q=1", "https://xn--bcher-kva.example/"),
        ("http://example.com:8080/a b#c", "http://example.com:8080/a%20b"),
    ],
)
def test_base_string_uri(url, uri):
    assert base_string_uri(url) == uri


@pytest.mark.parametrize(
    ("pairs", "normalized"),
    [
        ([], ""),
        ([("b", "1"), ("a", "2"), ("a", "10"), ("a", "1")], "a=1&a=10&a=2&b=1"),
        ([("c2", ""), ("c@", "")], "c%40=&c2="),
        ([("f", "bar"), ("f", "ß")], "f=%C3%9F&f=bar"),
        # In UTF-8, unlike in UTF-16, U+FFFF comes before U+10000.
        ([("\U00010000", ""), ("\uffff", "")], "%EF%BF%BF=&%F0%90%80%80="),
        ([("file_10", "a"), ("file_1", "b")], "file_1=b&file_10=a"),
        ([("a", "1"), ("a", "1")], "a=1&a=1"),
    ],
)
def test_normalize_parameters(pairs, normalized):
    assert normalize_parameters(pairs) == normalized


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_normalized_parameters_are_encoded_as_anything_else(pairs):
    normalized = normalize_parameters(pairs)
    assert encode_normalized(normalized) == percent_encode(normalized)


def test_signature_base_string():
    text = signature_base_string(
        "patch",
        "HTTP://example.com:80/r?b5=%3D%253D&a3=a",
        iter([("a3", "2 q"), ("oauth_signature", "no"), ("c2", "")]),
    )
    assert text == "PATCH&http%3A%2F%2Fexample.com%2Fr&a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c2%3D"


def test_a_signature_in_the_query_is_left_out():
    assert signature_base_string("GET", "http://e.com/?oauth_signature=x&a=1") == "GET&http%3A%2F%2Fe.com%2F&a%3D1"


def test_custom_methods_are_encoded():
    assert signature_base_string("m-search", "http://e.com").startswith("M-SEARCH&")
    assert signature_base_string("a/b", "http://e.com").startswith("A%2FB&")


@given(
    st.sampled_from(["http://example.com", "https://[::1]:8080", "https://my_host.example:81"]),
    st.text("aZ09-._~/;=,@:!$&'()*+%2F", max_size=20),
)
def test_the_uri_is_encoded_as_anything_else(origin, path):
    assert join_base_string("GET", f"{origin}/{path}", "x") == f"GET&{quote(f'{origin}/{path}', safe='')}&x"


def test_what_cannot_be_signed_is_refused():
    with pytest.raises(SigningError, match="The query's parameter has '%' at"):
        signature_base_string("GET", "http://example.com/?a=%")
    assert split_url("http://example.com/?a=%")[1] == "a=%"
