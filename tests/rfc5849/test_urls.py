from __future__ import annotations

import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.base_string import split_url, wire_url

URI_CHARACTERS = string.ascii_letters + string.digits + "-._~:/?@!$&'()*+,;=%"


class TestWireURL:
    @pytest.mark.parametrize(
        ("url", "wire"),
        [
            ("https://example.com", "https://example.com"),
            ("HTTPS://Example.COM:443/a", "HTTPS://Example.COM:443/a"),
            ("https://example.com/a//b/../c/;m=1?x#top", "https://example.com/a//b/../c/;m=1?x"),
            ("https://example.com#top?x", "https://example.com"),
            ("https://example.com/a b/é", "https://example.com/a%20b/%C3%A9"),
            ("https://example.com/a%20b%c3%a9", "https://example.com/a%20b%c3%a9"),
            (
                "https://example.com/?q=é ü&$filter=x eq 'y'",
                "https://example.com/?q=%C3%A9%20%C3%BC&$filter=x%20eq%20'y'",
            ),
            ("https://example.com/[x]?a[b]=c&d%5B%5d", "https://example.com/%5Bx%5D?a%5Bb%5D=c&d%5B%5d"),
            ("https://[::1]:8080/a[]?b[]", "https://[::1]:8080/a%5B%5D?b%5B%5D"),
            ('https://example.com/{"a|b}\\^`<>', "https://example.com/%7B%22a%7Cb%7D%5C%5E%60%3C%3E"),
            ("https://e.com/é?u=http://é/", "https://e.com/%C3%A9?u=http://%C3%A9/"),
            ("https://bücher.example/", "https://xn--bcher-kva.example/"),
            ("https://BÜCHER.example:8443?q", "https://xn--bcher-kva.example:8443?q"),
            ("https://faß.example/ß", "https://xn--fa-hia.example/%C3%9F"),  # IDNA 2008: the standard library says fass
            ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah"),
            ("https://example.com/\u0301", "https://example.com/%CC%81"),
        ],
    )
    def test_what_goes_out(self, url, wire):
        assert wire_url(url) == wire
        assert wire_url(wire) == wire

    @given(st.text(URI_CHARACTERS))
    def test_what_a_url_may_hold_is_left_alone(self, target):
        assert wire_url(f"https://example.com/{target}") == f"https://example.com/{target}"

    @given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="#")))
    def test_the_rest_is_encoded_once(self, target):
        wire = wire_url(f"https://example.com/{target}")
        assert wire.isascii()
        if "%" not in target:
            assert unquote(wire) == f"https://example.com/{target}"

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("https://example.com/\n", r"control character '\\n'. Percent-encode"),
            ("https://example.com/?a=\0", r"control character '\\x00'"),
            ("https://example.com/\x7f", r"control character '\\x7f'"),
            ("https://exa\tmple.com/", "control character"),
            ("https://jösé:hush@example.com/", "user information before '@'. Leave it out"),
            ("https://bü\u2024cher..example/", "'bü.cher..example' is not a valid international domain name"),
            ("https://\u2603\u200d.example:80/", "is not a valid international domain name"),
            ("https://example.com/\ud800", "lone surrogate"),
        ],
    )
    def test_refused(self, url, message):
        with pytest.raises(SigningError, match=message) as caught:
            wire_url(url)
        assert "hush" not in str(caught.value)


class TestSplitURL:
    @pytest.mark.parametrize(
        ("url", "parts"),
        [
            ("https://example.com", ("https://example.com/", "")),
            ("https://example.com/", ("https://example.com/", "")),
            ("https://example.com?a=1", ("https://example.com/", "a=1")),
            ("https://example.com/?", ("https://example.com/", "")),
            ("https://example.com/a?b?c=/&d", ("https://example.com/a", "b?c=/&d")),
            ("https://example.com/a#b?c", ("https://example.com/a", "")),
            ("https://example.com/a?b#c", ("https://example.com/a", "b")),
            ("https://example.com/a?%zz", ("https://example.com/a", "%zz")),  # refused where it is decoded
            ("https://example.com/%2F%c3", ("https://example.com/%2F%c3", "")),
            ("https://example.com//a/../b;m=1,(x)@:!'", ("https://example.com//a/../b;m=1,(x)@:!'", "")),
            ("HTTP://EXAMPLE.com:80/A", ("http://example.com/A", "")),
            ("http://example.com:080/", ("http://example.com/", "")),
            ("http://example.com:/", ("http://example.com/", "")),
            ("http://example.com:443/", ("http://example.com:443/", "")),
            ("https://example.com:443/", ("https://example.com/", "")),
            ("https://example.com:80/", ("https://example.com:80/", "")),
            ("https://example.com:08443/", ("https://example.com:8443/", "")),
            ("https://example.com:1/", ("https://example.com:1/", "")),
            ("https://example.com:65535/", ("https://example.com:65535/", "")),
            ("http://[::1]:80/", ("http://[::1]/", "")),
            ("http://[2001:DB8::1]:8080/", ("http://[2001:db8::1]:8080/", "")),
            ("http://[::ffff:127.0.0.1]", ("http://[::ffff:127.0.0.1]/", "")),
            ("http://127.0.0.1:5000/a", ("http://127.0.0.1:5000/a", "")),
            ("http://my_host-1.example./a", ("http://my_host-1.example./a", "")),
            (f"https://{'a' * 63}.example/", (f"https://{'a' * 63}.example/", "")),
            (f"HTTPS://{'A' * 63}.example", (f"https://{'a' * 63}.example/", "")),
        ],
    )
    def test_parts(self, url, parts):
        assert split_url(url) == parts

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("", "not absolute. Begin it with https://"),
            ("/path", "not absolute"),
            ("//example.com/", "not absolute"),
            ("example.com/path", "not absolute"),
            ("ftp://example.com/", "not absolute"),
            ("https:/example.com/", "not absolute"),
            ("https:example.com", "not absolute"),
            ("https://", "has no host"),
            ("https:///path", "has no host"),
            ("https://?a=1", "has no host"),
            ("https://:443/", "has no host"),
            ("https://[1:2:3::01000:01::5]/", "is not a name, an IPv4 address or an"),
            ("https://[12345::1]/", "is not a name, an IPv4 address or an"),
            ("https://[127.0.0.1]/", "is not a name, an IPv4 address or an"),
            ("https://user:hush@example.com/", "user information"),
            ("https://hush@example.com/", "user information"),
            ("https://example.com:80@evil.example/", "user information"),
            ("https://example.com:port/", "host 'example.com:port' is not a name"),
            ("https://example.com:80:80/", "is not a name"),
            ("https://[::1/", "is not a name"),
            ("https://[::1]x/", "is not a name"),
            ("https://[::g]/", "is not a name"),
            ("https://exam%70le.com/", "is not a name"),
            ("https://example..com/", "is not a name"),
            ("https://.example.com/", "is not a name"),
            ("https://example.com../", "is not a name"),
            (f"https://{'a' * 64}.example.com/", "1 to 63 characters"),
            (f"https://example.{'a' * 64}:8080/", "1 to 63 characters"),
            ("https://example.com:0/", "port 0 is not between 1 and 65535"),
            ("https://example.com:65536/", "port 65536"),
            ("https://example.com:99999/", "port 99999"),
            (f"https://example.com:{'9' * 5000}/", "is not a name"),
            ("https://example.com/%", "The URL's path has '%' at character 0"),
            ("https://example.com/a%g0?b", "The URL's path has '%g0' at character 1"),
            ("https://example.com/a b", r"raw character ' ' at 21. Percent-encode it before signing"),
            ("https://example.com/?é", "raw character 'é' at 21"),
            ("https://evil.example\\@example.com/", "raw character"),
        ],
    )
    def test_refused(self, url, message):
        with pytest.raises(SigningError, match=message) as caught:
            split_url(url)
        assert "hush" not in str(caught.value)
