from __future__ import annotations

import re
import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.encoding import (
    UNRESERVED,
    check_escapes,
    encoded_pairs,
    form_decode,
    form_encode,
    percent_encode,
)

TEXT = st.text(st.characters(codec="utf-8"))


class TestPercentEncode:
    def test_unreserved_stay(self):
        assert set(UNRESERVED) == {*string.ascii_letters, *string.digits, *"-._~"}
        assert percent_encode(UNRESERVED) == UNRESERVED

    def test_every_other_byte_is_encoded_in_upper_case(self):
        for byte in range(256):
            if chr(byte) not in UNRESERVED:
                assert percent_encode(bytes([byte])) == f"%{byte:02X}"
            if byte < 128:
                assert percent_encode(chr(byte)) == percent_encode(bytes([byte]))

    @pytest.mark.parametrize(
        ("text", "encoded"),
        [
            ("", ""),
            ("a b", "a%20b"),
            ("%41", "%2541"),
            ("+", "%2B"),
            ("ß", "%C3%9F"),
            ("\u20ac~ascii after", "%E2%82%AC~ascii%20after"),
            ("e\u0301", "e%CC%81"),  # no normalization to é
            ("\U0001f600", "%F0%9F%98%80"),
        ],
    )
    def test_text(self, text, encoded):
        assert percent_encode(text) == encoded

    @given(TEXT)
    def test_as_the_standard_library(self, text):
        assert percent_encode(text) == quote(text, safe="~") == percent_encode(text.encode())

    @pytest.mark.parametrize("text", ["ab\ud800", "é\udfff"])
    def test_a_lone_surrogate_is_refused(self, text):
        position = len(text) - 1
        with pytest.raises(SigningError, match=f"lone surrogate at character {position}, .* Decode") as caught:
            percent_encode(text)
        assert caught.value.__context__ is None


class TestForm:
    @pytest.mark.parametrize(
        ("text", "pairs"),
        [
            ("", []),
            ("a", [("a", "")]),
            ("a=", [("a", "")]),
            ("=v", [("", "v")]),
            ("=", [("", "")]),
            ("a=b=c", [("a", "b=c")]),
            ("a=1&&b=2&", [("a", "1"), ("b", "2")]),
            ("&a=1", [("a", "1")]),
            ("a=x+y", [("a", "x y")]),
            ("a+b=1", [("a b", "1")]),
            ("a=x%20y%2By%2525", [("a", "x y+y%25")]),
            ("a=%2541", [("a", "%41")]),
            ("a=%41%7e", [("a", "A~")]),
            ("a=1;b=2", [("a", "1;b=2")]),
            ("a=1&a=1", [("a", "1"), ("a", "1")]),
            ("$filter=Name eq 'x'", [("$filter", "Name eq 'x'")]),
            ("a[b]={c}|", [("a[b]", "{c}|")]),
            ("f=%C3%9F&g=ß", [("f", "ß"), ("g", "ß")]),
        ],
    )
    def test_decode(self, text, pairs):
        assert form_decode(text) == pairs
        assert encoded_pairs(text) == [(percent_encode(name), percent_encode(value)) for name, value in pairs]

    @given(st.lists(st.tuples(TEXT, TEXT)))
    def test_what_is_encoded_is_decoded_again(self, pairs):
        if any("\0" in name + value for name, value in pairs):
            with pytest.raises(SigningError, match="NUL"):
                form_decode(form_encode(pairs))
        else:
            assert form_decode(form_encode(pairs)) == pairs

    @pytest.mark.parametrize("read", [form_decode, encoded_pairs])
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("ok=1&a=%", r"The query's parameter has '%' at character 0, which does not begin an escape. Write %25\."),
            ("a=b%zz", "The query's parameter has '%zz' at character 1"),
            ("%4=b", "The query's parameter has '%4' at character 0"),
            ("a=%4\n1", r"'%4\\n'"),
            ("a=1%FFx", "a parameter that is not UTF-8, from its byte 1 on. Encode"),
            ("a=%C3%28", "not UTF-8, from its byte 0"),
            ("a=%ED%A0%80", "not UTF-8"),
            ("a=\udcff%20", "a parameter with a lone surrogate at character 0, which UTF-8 cannot represent"),
            ("a=b%00", "NUL character"),
            ("a=b\0", "NUL character"),
            ("a%00=b", "The query has a parameter with a NUL character"),
        ],
    )
    def test_what_cannot_be_decoded_is_refused(self, read, text, message):
        with pytest.raises(SigningError, match=message) as caught:
            read(text, place="query")
        assert caught.value.error == "signing_error"

    @pytest.mark.parametrize("read", [form_decode, encoded_pairs])
    def test_an_error_calls_it_a_form_by_default(self, read):
        with pytest.raises(SigningError, match=r"^signing_error: The form's parameter has"):
            read("a=%")

    @pytest.mark.parametrize("character", range(128))
    def test_each_character_of_ascii_is_read_and_encoded_whether_it_was_or_not(self, character):
        normal = percent_encode(chr(character))
        for written in {f"%{character:02X}", f"%{character:02x}", normal} - {"%00"}:
            assert encoded_pairs(f"{written}=a{written}b") == [(normal, f"a{normal}b")]
            assert form_decode(f"{written}=a{written}b") == [(chr(character), f"a{chr(character)}b")]

    @given(st.text("aZ09-._~=&+ %/;éABCDEFabcdef1234567\0", max_size=24))
    def test_encoding_is_decoding_and_percent_encoding(self, text):
        try:
            pairs = form_decode(text)
        except SigningError as error:
            with pytest.raises(SigningError, match=f"^{re.escape(str(error))}$"):
                encoded_pairs(text)
        else:
            assert encoded_pairs(text) == [(percent_encode(name), percent_encode(value)) for name, value in pairs]

    def test_encode(self):
        assert form_encode([("a b", "c&d=é"), ("", ""), ("n", "")]) == "a%20b=c%26d%3D%C3%A9&=&n="


def test_good_escapes_pass():
    assert check_escapes("/a%2Fb%c3%A9", place="path") is None
