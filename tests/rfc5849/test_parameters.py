from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header as oauthlib_parse

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.encoding import OWN_NAMES, encode_extra
from oauth1_catalog.rfc5849.parameters import (
    FORM,
    add_to_form,
    add_to_query,
    authorization_header,
    collect_parameters,
    form_text,
    is_form,
    parse_authorization_header,
    realm_field,
    refuse_protocol_names,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/x-www-form-urlencoded", True),
        ("application/x-www-form-urlencoded; charset=UTF-8", True),
        ("Application/X-WWW-Form-Urlencoded;charset=utf-8", True),
        (" application/x-www-form-urlencoded ", True),
        ("application/x-www-form-urlencoded-not", False),
        ("application/json", False),
        ("multipart/form-data; boundary=x", False),
        ("text/plain; application/x-www-form-urlencoded", False),
        ("", False),
    ],
)
def test_is_form(content_type, form):
    assert is_form(content_type) is form


def test_form_text():
    assert form_text("a=é") == form_text("a=é".encode()) == "a=é"
    with pytest.raises(
        SigningError, match="declared as application/x-www-form-urlencoded, but its byte 2 is not UTF-8"
    ) as e:
        form_text(b"a=\xff")
    assert e.value.__context__ is None


class TestCollect:
    def test_query_and_form(self):
        pairs = collect_parameters(query="a=1&b=x+y", body=b"a=2&c", content_type=FORM)
        assert pairs == [("a", "1"), ("b", "x y"), ("a", "2"), ("c", "")]

    def test_a_body_that_is_no_form_has_no_parameters(self):
        assert collect_parameters(query="a=1", body=b'{"b": 2}', content_type="application/json") == [("a", "1")]
        assert collect_parameters(body=b"b=2", content_type="multipart/form-data; boundary=x") == []
        assert collect_parameters(body=b"b=2") == []

    def test_nothing(self):
        assert collect_parameters() == collect_parameters(body=None, content_type=FORM) == []

    @pytest.mark.parametrize(
        ("query", "body", "place"), [("a=%", b"", "query"), ("", b"a=%", "body"), ("", b"a=%00", "body")]
    )
    def test_an_error_says_where(self, query, body, place):
        with pytest.raises(SigningError, match=f"The {place}('s parameter)? has"):
            collect_parameters(query=query, body=body, content_type=FORM)


class TestNames:
    def test_names_of_the_protocol_are_refused(self):
        refuse_protocol_names([("oauth", "1"), ("OAUTH_token", "1"), ("x_oauth_", "1")], place="query")
        with pytest.raises(SigningError, match=r"The body has 'oauth_anything'\. Names .* pass it in oauth_params="):
            refuse_protocol_names([("a", "1"), ("oauth_anything", "1")], place="body")

    @pytest.mark.parametrize("name", [*OWN_NAMES, "x_auth_mode", "callback", "OAUTH_callback"])
    def test_what_is_no_extra_parameter(self, name):
        with pytest.raises(SigningError, match=f"'{name}' is not an extra protocol parameter"):
            encode_extra({"oauth_verifier": "v", name: "x"})

    def test_extra_parameters_are_text(self):
        with pytest.raises(SigningError, match=r"oauth_expires_in is int\. Pass text"):
            encode_extra({"oauth_expires_in": 3600})

    def test_extra_parameters_are_encoded(self):
        assert encode_extra({"oauth_a b": "%20"}) == [("oauth_a%20b", "%2520")]


class TestHeader:
    def test_it_begins_with_the_scheme(self):
        assert (
            authorization_header([("oauth_token", "a b"), ("oauth_x", "")]) == 'OAuth oauth_token="a%20b", oauth_x=""'
        )
        assert authorization_header([], realm="r") == 'OAuth realm="r"'

    @pytest.mark.parametrize("realm", ["", "Photos", "http://photos.example.net/", "a, b='c'", "1234567_SB1"])
    def test_realm_is_sent_as_it_is(self, realm):
        assert realm_field(realm) == [f'realm="{realm}"']

    @pytest.mark.parametrize("realm", ['a"b', "a\\b", "a\r\nX: y", "a\nb", "é", "\0", "\x7f"])
    def test_realm_that_cannot_be_sent(self, realm):
        with pytest.raises(SigningError, match=r"cannot be sent\. Use printable ASCII without quotes and backslashes"):
            realm_field(realm)

    @given(st.lists(st.tuples(st.just("oauth_x") | TEXT.map(lambda text: "oauth_" + text), TEXT), min_size=1))
    def test_what_is_built_is_parsed(self, pairs):
        header = authorization_header(pairs, realm="a, b=c")
        assert parse_authorization_header(header) == [("realm", "a, b=c"), *pairs]

    @given(TEXT, TEXT)
    def test_oauthlib_parses_it_alike(self, nonce, token):
        pairs = {"oauth_nonce": nonce, "oauth_token": token}
        parsed = oauthlib_parse(authorization_header(pairs.items()))
        assert {name: unquote(value) for name, value in parsed} == pairs

    @pytest.mark.parametrize(
        ("header", "pairs"),
        [
            ("OAuth", []),
            ("OAuth ", []),
            ("oauth a=1", [("a", "1")]),
            ('OAuth realm="a\\"b", x="1"', [("realm", 'a"b'), ("x", "1")]),
            ('OAuth oauth_problem="token_expired",\toauth_problem_advice="a+b%20c&d"', None),
            ('OAuth a="1" , b = "2",', [("a", "1"), ("b", "2")]),
        ],
    )
    def test_parse(self, header, pairs):
        expected = [("oauth_problem", "token_expired"), ("oauth_problem_advice", "a+b c&d")] if pairs is None else pairs
        assert parse_authorization_header(header) == expected

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ("Basic abc", "not of the scheme OAuth"),
            ("", "not of the scheme OAuth"),
            ("OAuthx a=1", "not of the scheme OAuth"),
            ("OAuth a", 'not a list of name="value" at character 0'),
            ('OAuth a="1" b="2"', "at character 0"),
            ('OAuth a="1", b', "at character 6"),
            ('OAuth a="1', "at character 0"),
            ('OAuth a="%zz"', "The header's parameter has '%zz'"),
        ],
    )
    def test_what_cannot_be_parsed(self, header, message):
        with pytest.raises(SigningError, match=message):
            parse_authorization_header(header)


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://e.com", "https://e.com?o=1"),
        ("https://e.com/a", "https://e.com/a?o=1"),
        ("https://e.com/a?", "https://e.com/a?o=1"),
        ("https://e.com/a?b=c+d&e", "https://e.com/a?b=c+d&e&o=1"),
        ("https://e.com/a?b&", "https://e.com/a?b&o=1"),
        ("https://e.com/a?b?", "https://e.com/a?b?&o=1"),
        ("https://e.com/a?b#c", "https://e.com/a?b&o=1#c"),
    ],
)
def test_add_to_query(url, signed):
    assert add_to_query(url, "o=1") == signed


@pytest.mark.parametrize(
    ("body", "signed"),
    [(None, b"o=1"), (b"", b"o=1"), (b"a=b+c", b"a=b+c&o=1"), (b"a&", b"a&o=1"), ("ß".encode(), "ß&o=1".encode())],
)
def test_add_to_form(body, signed):
    assert add_to_form(body, "o=1") == signed
