from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives import serialization

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import (
    ClientCredentials,
    Request,
    Signer,
    TemporaryCredentials,
    TokenCredentials,
    parse_authorization_header,
    signature_method,
)
from oauth1_catalog.rfc5849.encoding import percent_encode
from oauth1_catalog.rfc5849.parameters import FORM, body_hash
from oauth1_catalog.rfc5849.rsa import WeakKeyWarning

CLIENT = ClientCredentials("key", "client secret")
TOKEN = TokenCredentials("token", "token secret")
URL = "https://api.example.com/1/me"


@dataclass
class Recorder:
    """A signature method that keeps what it is given."""

    name: str = "RECORDED"
    hash_name: str | None = "sha256"
    signature: str = "made + it"
    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def sign(self, base_string, client_secret, token_secret):
        self.calls.append((base_string, client_secret, token_secret))
        return self.signature


def signer(**options):
    return Signer(CLIENT, **{"nonce": "n", "timestamp": 1, **options})


def fields(header):
    return dict(parse_authorization_header(header))


class TestHeader:
    def test_every_field(self):
        header = signer(realm="Photos").authorization("GET", URL, token=TOKEN)
        assert header.startswith('OAuth realm="Photos", oauth_consumer_key="key", oauth_nonce="n", oauth_')
        assert fields(header).keys() == {
            "realm",
            "oauth_consumer_key",
            "oauth_nonce",
            "oauth_signature_method",
            "oauth_timestamp",
            "oauth_token",
            "oauth_version",
            "oauth_signature",
        }
        assert fields(header)["oauth_version"] == "1.0"
        assert fields(header)["oauth_signature_method"] == "HMAC-SHA1"

    def test_realm_is_not_signed(self):
        with_realm = signer(realm="Photos").authorization("GET", URL, token=TOKEN)
        assert with_realm.replace('realm="Photos", ', "") == signer().authorization("GET", URL, token=TOKEN)

    def test_version_can_be_left_out(self):
        recorder = Recorder()
        header = signer(version=None, signature_method=recorder).authorization("GET", URL)
        assert "oauth_version" not in header
        assert "oauth_version" not in recorder.calls[0][0]

    def test_without_token(self):
        recorder = Recorder()
        header = signer(signature_method=recorder).authorization("GET", URL)
        assert "oauth_token" not in header
        assert recorder.calls[0][1:] == ("client secret", "")

    @pytest.mark.parametrize("token", [TOKEN, TemporaryCredentials("token", "token secret")])
    def test_with_token(self, token):
        recorder = Recorder()
        header = signer(signature_method=recorder).authorization("GET", URL, token=token)
        assert fields(header)["oauth_token"] == "token"
        assert recorder.calls[0][1:] == ("client secret", "token secret")

    def test_signature_of_a_custom_method_is_encoded(self):
        header = signer(signature_method=Recorder()).authorization("GET", URL)
        assert header.endswith(', oauth_signature="made%20%2B%20it"')

    def test_values_are_encoded(self):
        odd = Signer(ClientCredentials("k & é"), nonce="n=1", timestamp=1)
        header = odd.authorization(
            "GET", URL, token=TokenCredentials('t"%20'), parameters={"oauth_callback": "a&b=%2F"}
        )
        assert '"k%20%26%20%C3%A9"' in header
        assert '"n%3D1"' in header
        assert '"t%22%2520"' in header
        assert 'oauth_callback="a%26b%3D%252F", oauth_consumer_key=' in header

    @pytest.mark.parametrize(
        ("content_type", "signed"),
        [
            ("multipart/form-data; boundary=x", True),
            ("Multipart/Form-Data;boundary=x", True),
            ("text/plain", False),
            ("", False),
        ],
    )
    def test_fields_are_those_of_a_multipart_body(self, content_type, signed):
        recorder = Recorder()
        made, given = signer(signature_method=recorder), [("title", "a b")]
        made.authorization("POST", URL, content_type=content_type, fields=given)
        made.sign(Request("POST", URL, {"Content-Type": content_type}, b"x"), fields=given)
        assert ["%26title%3Da%2520b" in base_string for base_string, *_ in recorder.calls] == [signed, signed]

    def test_a_subclass_of_a_method_signs_its_own_way(self):
        class Odd(type(signature_method("HMAC-SHA1"))):
            def sign(self, base_string, client_secret, token_secret):
                return "odd"

        header = signer(signature_method=Odd("HMAC-SHA1", "sha1")).authorization("GET", URL)
        assert fields(header)["oauth_signature"] == "odd"


class TestSign:
    def test_nothing_else_changes(self):
        request = Request("POST", URL + "?a=%7e&&b", {"accept": "x", "Content-Type": "text/plain"}, b"\xff\0")
        signed = signer().sign(request, TOKEN)
        header = signed.headers["Authorization"]
        assert signed == Request("POST", request.url, {**request.headers, "Authorization": header}, request.body)
        assert list(signed.headers) == ["accept", "Content-Type", "Authorization"]
        assert "Authorization" not in request.headers

    def test_the_url_is_made_fit_for_the_wire(self):
        signed = signer().sign(Request("get", "https://Bücher.example/a b?q=é#top"))
        assert signed.method == "GET"
        assert signed.url == "https://xn--bcher-kva.example/a%20b?q=%C3%A9"
        assert signed.headers["Authorization"] == signer().authorization("GET", signed.url)

    def test_the_body_of_a_form_is_signed(self):
        recorder = Recorder()
        request = Request("PUT", URL + "?a=2", {"CONTENT-TYPE": f"{FORM}; charset=utf-8"}, b"a=1&b=x+y")
        signed = signer(signature_method=recorder).sign(request)
        assert "&a%3D1%26a%3D2%26b%3Dx%2520y%26oauth_consumer_key" in recorder.calls[0][0]
        assert signed.body == request.body

    @pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data; boundary=x"])
    def test_other_bodies_are_not(self, content_type):
        recorder = Recorder()
        request = Request("POST", URL, {"Content-Type": content_type} if content_type else {}, b"a=1")
        signer(signature_method=recorder).sign(request)
        assert "a%3D1%26" not in recorder.calls[0][0]

    def test_text_and_bytes_are_signed_alike(self):
        one, other = (
            signer().authorization("POST", URL, body=body, content_type=FORM) for body in ("a=é", "a=é".encode())
        )
        assert one == other

    def test_streams_that_the_signature_does_not_cover(self):
        stream = iter([b"a"])
        assert signer().authorization("POST", URL, body=stream, content_type="text/plain")
        assert list(stream) == [b"a"]

    @pytest.mark.parametrize("options", [{}, {"body_hash": "non_form"}])
    def test_streams_that_it_covers(self, options):
        content_type = "text/plain" if options else FORM
        with pytest.raises(SigningError, match="can be read only once"):
            signer(**options).authorization("POST", URL, body=iter([b"a"]), content_type=content_type)

    def test_an_empty_form_adds_nothing(self):
        assert signer().authorization("POST", URL, body=b"", content_type=FORM) == signer().authorization("POST", URL)


class TestQuery:
    def test_appended(self):
        signed = signer(signature_type="QUERY").sign(Request("GET", URL + "?a=x+y", {"Accept": "x"}, b"z"), TOKEN)
        start, _, signature = signed.url.rpartition("&oauth_signature=")
        assert start == (
            URL + "?a=x+y&oauth_consumer_key=key&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1"
            "&oauth_token=token&oauth_version=1.0"
        )
        header = signer().authorization("GET", URL + "?a=x+y", token=TOKEN)
        assert header.endswith(f'oauth_signature="{signature}"')
        assert (signed.headers, signed.body) == ({"Accept": "x"}, b"z")

    def test_extra_parameters(self):
        signed = signer(signature_type="QUERY").sign(Request("GET", URL), None, {"oauth_verifier": "v w"})
        assert "&oauth_verifier=v%20w&oauth_version=1.0&oauth_signature=" in signed.url
        header = signer().authorization("GET", URL, parameters={"oauth_verifier": "v w"})
        assert header.endswith(f'oauth_signature="{signed.url.rpartition("=")[2]}"')

    def test_a_header_of_another_scheme_may_stay(self):
        signed = signer(signature_type="QUERY").sign(Request("GET", URL, {"Authorization": "Basic x"}))
        assert signed.headers == {"Authorization": "Basic x"}


class TestBody:
    @pytest.mark.parametrize(
        ("headers", "body"), [({}, None), ({}, b""), ({"content-type": FORM}, None), ({"Content-Type": FORM}, b"a=x+y")]
    )
    def test_appended(self, headers, body):
        signed = signer(signature_type="BODY").sign(Request("POST", URL, headers, body), TOKEN)
        assert signed.url == URL
        assert signed.header("Content-Type") == FORM
        assert list(signed.headers) == list(headers or ["Content-Type"])
        own = body + b"&" if body else b""
        start, _, signature = signed.body.rpartition(b"&oauth_signature=")
        assert start == own + (
            b"oauth_consumer_key=key&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1"
            b"&oauth_token=token&oauth_version=1.0"
        )
        header = signer().authorization("POST", URL, body=body, content_type=FORM, token=TOKEN)
        assert header.endswith(f'oauth_signature="{signature.decode()}"')

    @pytest.mark.parametrize("method", ["GET", "HEAD", "get"])
    def test_methods_without_a_body(self, method):
        with pytest.raises(SigningError, match=rf"{method.upper()} has no body\. Use HEADER"):
            signer(signature_type="BODY").sign(Request(method, URL))

    @pytest.mark.parametrize(
        ("headers", "body", "what"),
        [
            ({"Content-Type": "application/json"}, b"{}", "is application/json, not"),
            ({"Content-Type": "application/json"}, None, "is application/json, not"),
            ({"Content-Type": "multipart/form-data; boundary=x"}, b"", "is multipart"),
            ({}, b"a=1", "is without Content-Type, not"),
        ],
    )
    def test_bodies_that_are_no_forms(self, headers, body, what):
        with pytest.raises(SigningError, match=f"signature_type is BODY, but the body {what}.* Use HEADER"):
            signer(signature_type="BODY").sign(Request("POST", URL, headers, body))


class TestRSA:
    def test_an_encrypted_key(self, private_key):
        pem = private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
        locked, unlocked = (
            signer(signature_method="RSA-SHA256", **options).authorization("GET", URL)
            for options in ({"rsa_key": pem, "rsa_key_passphrase": "passphrase"}, {"rsa_key": private_key})
        )
        assert locked == unlocked

    def test_a_short_key_warns_where_the_signer_is_made(self, rsa_keys):
        with pytest.warns(WeakKeyWarning) as warned:
            signer(signature_method="RSA-SHA1", rsa_key=rsa_keys["wiki"])
        assert [warning.filename for warning in warned] == [__file__]


class TestBodyHash:
    def value(self, *, body=None, content_type="", **options):
        header = signer(**options).authorization("POST", URL, body=body, content_type=content_type)
        return fields(header).get("oauth_body_hash")

    @pytest.mark.parametrize("options", [{"body_hash": "non_form"}, {"force_include_body": True}])
    def test_non_form(self, options):
        assert self.value(body=b"{}", content_type="application/json", **options) == body_hash(b"{}", "sha1")
        assert self.value(body="é", content_type="", **options) == body_hash("é", "sha1")
        assert self.value(body=b"a=1", content_type=FORM, **options) is None
        assert self.value(body=None, **options) is None
        assert self.value(body=b"", **options) is None

    def test_always(self):
        assert self.value(body_hash="always") == "2jmj7l5rSw0yVb/vlWAYkK/YBwk="
        assert self.value(body=b"", content_type="text/plain", body_hash="always") == "2jmj7l5rSw0yVb/vlWAYkK/YBwk="
        assert self.value(body=b"{}", body_hash="always") == body_hash(b"{}", "sha1")
        assert self.value(body=b"a=1", content_type=FORM, body_hash="always") is None
        assert self.value(body=b"", content_type=FORM, body_hash="always") is None

    @pytest.mark.parametrize("options", [{}, {"body_hash": None}, {"body_hash": "none"}])
    def test_none(self, options):
        assert self.value(body=b"{}", content_type="application/json", **options) is None

    def test_force_include_body_leaves_always_alone(self):
        assert self.value(body_hash="always", force_include_body=True) is not None
        assert signer(force_include_body=True).body_hash == "non_form"

    def test_it_is_the_hash_of_the_method(self):
        for name in ("sha1", "sha256", "sha512"):
            made = self.value(body=b"{}", body_hash="always", signature_method=f"HMAC-{name.upper()}")
            assert made == body_hash(b"{}", name)

    def test_it_is_signed(self):
        recorder = Recorder()
        signer(signature_method=recorder, body_hash="always").authorization("GET", URL + "?a=1&z=1")
        assert "&a%3D1%26oauth_body_hash%3D47DEQpj8HBSa" in recorder.calls[0][0]

    def test_not_twice(self):
        with pytest.raises(SigningError, match=r"oauth_body_hash is given, but body_hash already adds one\. Pass"):
            signer(body_hash="always").authorization("GET", URL, parameters={"oauth_body_hash": "x"})
        header = signer(body_hash="non_form").authorization("GET", URL, parameters={"oauth_body_hash": "x"})
        assert fields(header)["oauth_body_hash"] == "x"
        header = signer(body_hash="always").authorization("GET", URL, parameters={"oauth_verifier": "x"})
        assert fields(header).keys() >= {"oauth_body_hash", "oauth_verifier"}


class TestMastercard:
    def test_values_go_raw(self):
        recorder = Recorder()
        mastercard = Signer(
            ClientCredentials("a!b/c=d+e&f%g"),
            signature_method=recorder,
            profile="mastercard",
            body_hash="always",
            nonce="n~1",
            timestamp=1,
        )
        header = mastercard.authorization("GET", URL + "?z=%2b&a=/", token=TokenCredentials("t:1"))
        assert header == (
            'OAuth oauth_body_hash="47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", '
            'oauth_consumer_key="a!b/c=d+e&f%g", oauth_nonce="n~1", oauth_signature_method="RECORDED", '
            'oauth_timestamp="1", oauth_token="t:1", oauth_version="1.0", oauth_signature="made%20%2B%20it"'
        )
        assert recorder.calls[0][0] == (
            "GET&https%3A%2F%2Fapi.example.com%2F1%2Fme&a%3D%252F"
            "%26oauth_body_hash%3D47DEQpj8HBSa%2B%2FTImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D"
            "%26oauth_consumer_key%3Da%21b%2Fc%3Dd%2Be%26f%25g%26oauth_nonce%3Dn~1%26oauth_signature_method%3DRECORDED"
            "%26oauth_timestamp%3D1%26oauth_token%3Dt%3A1%26oauth_version%3D1.0%26z%3D%252B"
        )

    def test_where_nothing_needs_encoding_it_is_the_rfc(self):
        token = TokenCredentials("token")
        for url in (URL, URL + "?a=x%20y"):
            assert signer(profile="mastercard").authorization("GET", url, token=token) == signer().authorization(
                "GET", url, token=token
            )

    @pytest.mark.parametrize("token", ['a"b', "a\\b", "é", "a\nb", "\x7f"])
    def test_what_no_header_can_hold(self, token):
        with pytest.raises(SigningError, match="one of them has a character that is not allowed in a header"):
            signer(profile="mastercard").authorization("GET", URL, token=TokenCredentials(token))

    @pytest.mark.parametrize("signature_type", ["QUERY", "BODY"])
    def test_header_only(self, signature_type):
        with pytest.raises(SigningError, match=r"mastercard supports only the header\. Omit signature_type"):
            signer(profile="mastercard", signature_type=signature_type)


class TestFreshness:
    def test_each_request_has_a_nonce_of_its_own(self):
        shared = Signer(CLIENT)
        nonces = {fields(shared.authorization("GET", URL))["oauth_nonce"] for _ in range(1000)}
        assert len(nonces) == 1000
        assert all(len(nonce) == 30 and nonce.isalnum() for nonce in nonces)

    def test_timestamp_is_now(self):
        before = int(time.time())
        assert before <= int(fields(Signer(CLIENT).authorization("GET", URL))["oauth_timestamp"])

    def test_both_can_be_made_by_the_caller(self):
        numbers = iter(range(1, 9))
        made = Signer(CLIENT, nonce=lambda: f"n/{next(numbers)}", timestamp=lambda: str(next(numbers)))
        first, second = (fields(made.authorization("GET", URL)) for _ in range(2))
        assert (first["oauth_nonce"], first["oauth_timestamp"]) == ("n/1", "2")
        assert (second["oauth_nonce"], second["oauth_timestamp"]) == ("n/3", "4")

    def test_threads_share_a_signer(self):
        shared, headers = Signer(CLIENT), []

        def work(number):
            token = TokenCredentials(f"token{number}", f"secret{number}")
            headers.extend((token, shared.authorization("GET", URL, token=token)) for _ in range(200))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(headers) == 1600
        for token, header in headers:
            again = fields(header)
            same = Signer(CLIENT, nonce=again["oauth_nonce"], timestamp=again["oauth_timestamp"])
            assert same.authorization("GET", URL, token=token) == header


class TestWhatIsRefused:
    """Before anything is signed: by the constructor, or by the request's own checks."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"signature_method": "hmac-sha1"}, "Did you mean 'HMAC-SHA1'?"),
            ({"signature_type": "header"}, "signature_type is 'header'. Did you mean 'HEADER'?"),
            ({"signature_type": "AUTH_HEADER"}, "signature_type is 'AUTH_HEADER'. Did you mean 'HEADER'?"),
            ({"signature_type": "URI"}, "signature_type is 'URI'. It is one of HEADER, QUERY, BODY."),
            ({"signature_type": None}, "signature_type is None. It is one of"),
            ({"body_hash": "nonform"}, "body_hash is 'nonform'. Did you mean 'non_form'?"),
            ({"body_hash": "sha256"}, "body_hash is 'sha256'. It is one of none, non_form, always."),
            ({"profile": "Mastercard"}, "profile is 'Mastercard'. Did you mean 'mastercard'?"),
            ({"version": "2.0"}, "version is '2.0'. It is '1.0', or None to send none"),
            ({"realm": 'a"b'}, "The realm 'a\"b' cannot be sent."),
            (
                {"realm": "r", "signature_type": "QUERY"},
                "realm is sent only in the header, but signature_type is QUERY.",
            ),
            (
                {"realm": "r", "signature_type": "BODY"},
                "realm is sent only in the header, but signature_type is BODY.",
            ),
            ({"signature_method": "PLAINTEXT", "body_hash": "always"}, "PLAINTEXT has no hash to make it with."),
            (
                {"signature_method": "PLAINTEXT", "force_include_body": True},
                "body_hash is 'non_form', but PLAINTEXT has no",
            ),
            ({"nonce": ""}, "nonce is ''."),
            ({"timestamp": 0}, "timestamp is 0."),
            ({"signature_method": "RSA-SHA1"}, "RSA-SHA1 needs a private RSA key."),
            ({"rsa_key": "x", "signature_method": "RSA-SHA1"}, "rsa_key is neither PEM text"),
        ],
    )
    def test_options(self, options, message):
        with pytest.raises(SigningError) as caught:
            Signer(CLIENT, **options)
        assert message in str(caught.value)

    @pytest.mark.parametrize(
        ("client", "message"),
        [
            (ClientCredentials(""), "There is no client_id."),
            (ClientCredentials("key", None), "client_secret is NoneType."),
            (ClientCredentials("\ud800"), "client_id has a lone surrogate"),
        ],
    )
    def test_client(self, client, message):
        with pytest.raises(SigningError, match=message):
            Signer(client)

    @pytest.mark.parametrize(
        ("token", "message"),
        [
            (TokenCredentials(""), "There is no oauth_token."),
            (TokenCredentials("token", None), "oauth_token_secret is NoneType."),
            (TokenCredentials("token", "\ud800"), "oauth_token_secret has a lone surrogate"),
            (TokenCredentials("\ud800"), "oauth_token has a lone surrogate"),
        ],
    )
    def test_token(self, token, message):
        recorder = Recorder()
        with pytest.raises(SigningError, match=message):
            signer(signature_method=recorder).authorization("GET", URL, token=token)
        assert recorder.calls == []

    @pytest.mark.parametrize("name", ["Authorization", "authorization"])
    @pytest.mark.parametrize("value", ["OAuth x", "Basic x", ""])
    def test_a_header_that_is_there_already(self, name, value):
        with pytest.raises(SigningError, match=r"has an Authorization header already\. Leave it out"):
            signer().sign(Request("GET", URL, {"Accept": "x", name: value}))

    @pytest.mark.parametrize("signature_type", ["QUERY", "BODY"])
    def test_two_places_at_once(self, signature_type):
        request = Request("POST", URL, {"authorization": "oAuth x"})
        with pytest.raises(SigningError, match="has an Authorization header already"):
            signer(signature_type=signature_type).sign(request)

    @pytest.mark.parametrize(
        "url",
        [
            "HTTP://example.com",
            "http://10.0.0.5/",
            "http://wiki:8081/",
            "http://localhost.evil.example/",
            "http://127.1/",
            "http://[::ffff:127.0.0.1]/",
        ],
    )
    def test_plaintext_needs_tls(self, url):
        plaintext = signer(signature_method="PLAINTEXT")
        with pytest.raises(SigningError, match=r"Use https or another signature_method, or pass allow_plaintext_over"):
            plaintext.authorization("GET", url)
        allowed = signer(signature_method="PLAINTEXT", allow_plaintext_over_http=True)
        assert "PLAINTEXT" in allowed.authorization("GET", url)
        assert "PLAINTEXT" in allowed.at("QUERY").sign(Request("GET", url)).url
        assert plaintext.authorization("GET", URL, token=TOKEN).endswith('"client%2520secret%26token%2520secret"')

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1/", "http://127.9.9.9:1/", "http://LOCALHOST:8080/", "http://[::1]/", "https://e.com/"]
    )
    def test_plaintext_on_this_machine(self, url):
        assert "PLAINTEXT" in signer(signature_method="PLAINTEXT").authorization("GET", url)

    def test_other_methods_do_not(self):
        assert signer().authorization("GET", "http://example.com/")

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("/1/me", "not absolute"),
            ("https:///1/me", "has no host"),
            (URL + "?oauth_callback=x", "The query has 'oauth_callback'"),
            (URL + "?a=1&%6Fauth_token=x", "The query has 'oauth_token'"),
            (URL + "?oauth_", "The query has 'oauth_'"),
            (URL + "?a=%zz", "The query's parameter has '%zz'"),
            (URL + "?a=%ff", "The query has a parameter that is not UTF-8"),
            (URL + "/%", "The URL's path has '%'"),
        ],
    )
    def test_url(self, url, message):
        recorder = Recorder()
        for sign in (signer(signature_method=recorder).authorization, lambda *args: signer().sign(Request(*args))):
            with pytest.raises(SigningError, match=message):
                sign("GET", url)
        assert recorder.calls == []

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"oauth_token=x", "The body has 'oauth_token'"),
            (b"a=1&oauth%5fcallback=x", "The body has 'oauth_callback'"),
            (b"a=\xff", "byte 2 is not UTF-8"),
            (b"a=%", "The body's parameter has '%'"),
            (b"a=%ff", "The body has a parameter that is not UTF-8"),
            (b"a=\0", "The body has a parameter with a NUL"),
        ],
    )
    def test_body(self, body, message):
        with pytest.raises(SigningError, match=message):
            signer().authorization("POST", URL, body=body, content_type=FORM)
        assert signer().authorization("POST", URL, body=body, content_type="application/octet-stream")

    def test_raw_characters_where_they_cannot_be_replaced(self):
        with pytest.raises(
            SigningError, match=r"raw character 'é' at \d+\. Percent-encode it before signing, or sign the"
        ):
            signer().authorization("GET", URL + "/é")

    def test_parameters(self):
        with pytest.raises(SigningError, match="'callback' is not an extra protocol parameter"):
            signer().authorization("GET", URL, parameters={"callback": "x"})

    def test_a_nonce_or_a_timestamp_that_is_made_badly(self):
        with pytest.raises(SigningError, match="nonce is None"):
            signer(nonce=lambda: None).authorization("GET", URL)
        with pytest.raises(SigningError, match=r"timestamp is 1\.5"):
            signer(timestamp=lambda: 1.5).authorization("GET", URL)


class TestOfItself:
    def test_what_it_tells(self):
        method = signature_method("HMAC-SHA256")
        made = Signer(CLIENT, signature_method=method, realm="r")
        assert made.client is CLIENT
        assert made.signature_method is method
        assert made.signature_type == "HEADER"
        assert made.realm == "r"
        assert made.body_hash == "none"
        assert repr(made) == "Signer('key')"
        assert Signer(CLIENT, signature_type="QUERY").signature_type == "QUERY"

    @pytest.mark.parametrize("name", ["client", "signature_method", "signature_type", "realm", "body_hash", "new"])
    def test_it_never_changes(self, name):
        with pytest.raises(AttributeError):
            setattr(signer(), name, "x")


class TestAnotherPlace:
    def test_the_same_client_in_a_form(self):
        signer = Signer(CLIENT, realm="r", nonce="n", timestamp=1)
        signed = signer.at("BODY").sign(Request("POST", URL), TOKEN)
        assert signed.header("Authorization") == ""
        assert b"oauth_token=token" in signed.body
        assert 'realm="r"' in signer.sign(Request("POST", URL), TOKEN).header("Authorization")

    def test_the_place_it_has(self):
        signer = Signer(CLIENT)
        assert signer.at("HEADER") is signer

    def test_no_such_place(self):
        with pytest.raises(SigningError, match="signature_type"):
            Signer(CLIENT).at("FOOTER")

    def test_mastercard_has_one_place(self):
        with pytest.raises(SigningError, match="only the header"):
            Signer(CLIENT, profile="mastercard").at("QUERY")


def test_a_realm_that_is_the_address_of_the_request():
    signer = Signer(CLIENT, realm="{request_url}")
    for url in (URL, f"{URL}?a=1&b=2"):
        assert signer.sign(Request("GET", url)).header("Authorization").startswith(f'OAuth realm="{URL}", oauth_')


def test_an_empty_token_where_there_is_none():
    signer = Signer(CLIENT, empty_token=True)
    assert 'oauth_token=""' in signer.sign(Request("GET", URL)).header("Authorization")
    assert 'oauth_token="token"' in signer.sign(Request("GET", URL), TOKEN).header("Authorization")


class TestSignedForm:
    URL = "https://tool.example/launch?course=7"

    def test_its_own_fields_come_first_and_as_a_browser_sends_them(self):
        signer = Signer(ClientCredentials("key", "secret"), nonce="n", timestamp=1)
        signed = signer.signed_form(self.URL, [("a", "x\ny"), ("a", "\r"), ("b", "é +&=")])
        assert signed[:3] == [("a", "x\r\ny"), ("a", "\r\n"), ("b", "é +&=")]
        assert [name for name, _ in signed[3:]] == [
            "oauth_consumer_key",
            "oauth_nonce",
            "oauth_signature_method",
            "oauth_timestamp",
            "oauth_version",
            "oauth_signature",
        ]

    def test_it_is_the_signature_of_that_form(self):
        signer = Signer(ClientCredentials("key", "secret"), nonce="n", timestamp=1)
        body = b"a=x%0D%0Ay&b=%C3%A9%20%2B"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        header = signer.sign(Request("POST", self.URL, headers, body)).header("Authorization")
        signed = dict(signer.signed_form(self.URL, {"a": "x\ny", "b": "é +"}))
        assert f'oauth_signature="{percent_encode(signed["oauth_signature"])}"' in header

    @pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
    def test_where_the_signer_puts_its_parameters_otherwise_does_not_matter(self, signature_type):
        signer = Signer(ClientCredentials("key", "secret"), signature_type=signature_type, nonce="n", timestamp=1)
        token = TokenCredentials("token", "hush")
        assert dict(signer.signed_form(self.URL, {}, token))["oauth_token"] == "token"

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"oauth_nonce": "1"}, "The body has 'oauth_nonce'"),
            ({"a": 1}, "is int. Pass text"),
            ([("a", None)], "is NoneType. Pass text"),
            ({"a": "\ud800"}, "lone surrogate"),
        ],
    )
    def test_what_no_form_can_hold(self, fields, words):
        with pytest.raises(SigningError, match=words):
            Signer(ClientCredentials("key", "secret")).signed_form(self.URL, fields)
