"""The cause of a wrong signature is named; a right one has none. oauthlib signs what is right."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from random import Random
from typing import Literal
from urllib.parse import quote, quote_plus, urlencode

import oauthlib.oauth1
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from oauth1_catalog import explain
from oauth1_catalog.diagnosis.mistakes import Facts, all_mistakes
from oauth1_catalog.diagnosis.signing import Signing, read_sent, right_signing
from oauth1_catalog.rfc5849 import ClientCredentials, Request, Response, Signer, TokenCredentials

CLIENT_SECRET, TOKEN_SECRET = "cs & more", "ts/+"
URL = (
    "https://api.example.com:8443/api/v1/It%20ems?q=red+shirt&q=Blue&z=a~b*c/d&e=&a%5B%5D=1&p=x%2By&B=2&a2=1&a=9"
    "&u=%C3%A9&w=+x"
)
FORM = "f=1&g=two+words&h="
FACTS = ("http://10.0.0.7:8080",)


def signed(
    method: str = "POST",
    url: str = URL,
    form: str | None = FORM,
    *,
    place: str = "AUTH_HEADER",
    by: str = "HMAC-SHA1",
    **options: object,
) -> Request:
    """A request that oauthlib has signed."""
    client = oauthlib.oauth1.Client(
        "key",
        CLIENT_SECRET,
        resource_owner_key="tok/en",
        resource_owner_secret=TOKEN_SECRET,
        signature_method=by,
        signature_type=place,
        **options,
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    uri, headers, body = client.sign(url, method, form, headers)
    return Request(method, uri, headers, body.encode() if body else None)


def with_signature(request: Request, signature: str) -> Request:
    """The same request with another signature in its header."""
    header = request.header("Authorization")
    head, _, rest = header.partition('oauth_signature="')
    tail = rest.partition('"')[2]
    changed = f'{head}oauth_signature="{quote(signature, safe="")}"{tail}'
    return replace(request, headers={**request.headers, "Authorization": changed})


def codes(request: Request, **known: object) -> list[tuple[str, ...]]:
    """The codes of the causes."""
    explanation = explain(
        request, **{"client_secret": CLIENT_SECRET, "token_secret": TOKEN_SECRET, "addresses": FACTS, **known}
    )
    return [tuple(mistake.code for mistake in cause.mistakes) for cause in explanation.causes]


def written(way: Signing) -> str:
    """The signature of a way to sign."""
    return way.digest.decode() if way.is_plaintext else base64.b64encode(way.digest).decode()


REQUEST = signed(callback_uri="https://app.example/cb?a=b c", realm="Photos")
REQUEST = replace(REQUEST, headers={**REQUEST.headers, "Host": "front.example"})
JSON = signed(form=None)
JSON = replace(JSON, body=b'{"name": "x y", "n": 1}', headers={**JSON.headers, "Content-Type": "application/json"})
TEXT = replace(JSON, body=b"a=1&b=2", headers={**JSON.headers, "Content-Type": "text/plain"})
MULTIPART = replace(
    JSON,
    body=b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nA b\r\n--x--\r\n',
    headers={**JSON.headers, "Content-Type": "multipart/form-data; boundary=x"},
)
PLAINTEXT = signed(by="PLAINTEXT")
FRAGMENT = replace(signed(form=None), url=f"{URL}#top")
WRITTEN = replace(signed(form=None, url="https://API.example.com/"), url="https://API.example.com/")
TRIMMED = replace(REQUEST, headers=REQUEST.headers)


def ways(request: Request) -> list[tuple[str, Signing]]:
    """Every known way to sign this request wrong, with the mistake's code."""
    right, facts = right_of(request), Facts(read_sent(request), FACTS)
    found = [(one.code, way) for one in all_mistakes() for _, way in one.variants(right, facts)]
    return [(code, way) for code, way in found if not way.is_like(right)]


def right_of(request: Request, client: str = CLIENT_SECRET, token: str = TOKEN_SECRET) -> Signing:
    return right_signing(read_sent(request), client_secret=client, token_secret=token)


REQUESTS = {
    "form": REQUEST,
    "json": JSON,
    "text": TEXT,
    "multipart": MULTIPART,
    "plaintext": PLAINTEXT,
    "fragment": FRAGMENT,
    "written": WRITTEN,
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
def test_each_mistake_alone_is_named(request_: Request) -> None:
    found = [(code, way) for code, way in ways(request_) if way.read_signature is right_of(request_).read_signature]
    assert found
    for code, way in found:
        assert (code,) in codes(with_signature(request_, written(way))), way


DIGEST = right_of(REQUEST).digest
FORMS: dict[str, str] = {
    "hexadecimal-signature": DIGEST.hex(),
    "hexadecimal-in-base64": base64.b64encode(DIGEST.hex().encode()).decode(),
    "padding-missing": base64.b64encode(DIGEST).decode().rstrip("="),
    "line-break-in-signature": f"{base64.b64encode(DIGEST).decode()}\n",
    "signature-encoded-twice": quote(base64.b64encode(DIGEST).decode(), safe=""),
}


@pytest.mark.parametrize(("code", "signature"), FORMS.items(), ids=FORMS.keys())
def test_a_signature_in_another_form(code: str, signature: str) -> None:
    assert (code,) in codes(with_signature(REQUEST, signature))


def test_a_signature_in_another_alphabet_or_with_blanks() -> None:
    for number in range(200):
        request = signed(timestamp="1700000000", nonce=f"n{number}")
        signature = base64.b64encode(right_of(request).digest).decode()
        if "+" in signature:
            assert ("signature-not-encoded",) in codes(with_signature(request, signature.replace("+", " ")))
            safe = signature.replace("+", "-").replace("/", "_")
            assert ("url-safe-base64",) in codes(with_signature(request, safe))
            return
    raise AssertionError("no signature has a plus")


def test_every_mistake_has_an_example_here() -> None:
    examples = {code for request in REQUESTS.values() for code, _ in ways(request)} | set(FORMS)
    examples |= {"url-safe-base64", "signature-not-encoded", "secret-decoded", "values-not-sorted"}
    assert {mistake.code for mistake in all_mistakes()} <= examples
    assert len(all_mistakes()) >= 20


@pytest.mark.parametrize("secret", ["c2VjcmV0", "5ec2e7"])
def test_a_secret_that_somebody_decodes(secret: str) -> None:
    request = signed()
    right = right_of(request, secret, "")
    decoded = next(one for one in all_mistakes() if one.code == "secret-decoded")
    for _, way in decoded.variants(right, Facts(read_sent(request))):
        found = codes(with_signature(request, written(way)), client_secret=secret, token_secret="")
        assert ("secret-decoded",) in found


def test_values_in_the_order_in_which_they_were_sent() -> None:
    request = signed("GET", "https://api.example.com/?a=2&a=1", None)
    right = right_of(request)
    wrong = replace(right, order=lambda pairs: [f"{k}={v}" for k, v in sorted(pairs, key=lambda pair: pair[0])])
    assert ("values-not-sorted",) in codes(with_signature(request, written(wrong)))


def test_two_mistakes_together_are_named() -> None:
    """A sample of the pairs, with a seed: all of them take minutes."""
    random, right, facts = Random(5849), right_of(REQUEST), Facts(read_sent(REQUEST), FACTS)
    every = all_mistakes()
    alone = ways(REQUEST)
    tried = 0
    while tried < 12:
        code, way = random.choice(alone)
        place = next(place for place, mistake in enumerate(every) if mistake.code == code)
        second = random.choice(every[place + 1 :] or every[-1:])
        for _, both in second.variants(way, facts):
            if both.is_like(way) or both.is_like(right) or both.read_signature is not right.read_signature:
                continue
            found = codes(with_signature(REQUEST, written(both)))
            # Two mistakes can have the effect of one of them, which is then named.
            assert {(code, second.code), (code,), (second.code,)} & {*found}, found
            tried += 1
            break


values = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8)
names = st.text("abcz[]- é", min_size=1, max_size=4).map(lambda name: f"x{name}")
pairs = st.lists(st.tuples(names, values), max_size=4)


@settings(max_examples=200)
@given(
    query=pairs,
    form=pairs,
    place=st.sampled_from(["AUTH_HEADER", "QUERY"]),
    by=st.sampled_from(["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT"]),
    callback=st.none() | st.just("https://app.example/?a=b c"),
)
def test_a_right_request_has_no_cause(
    query: list[tuple[str, str]], form: list[tuple[str, str]], place: str, by: str, callback: str | None
) -> None:
    url = "https://api.example.com/a%20b" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    request = signed("POST" if form else "GET", url, urlencode(form) or None, place=place, by=by, callback_uri=callback)
    explanation = explain(request, client_secret=CLIENT_SECRET, token_secret=TOKEN_SECRET)
    assert (explanation.verdict, explanation.causes, explanation.faults) == ("right", (), ())


@pytest.mark.parametrize("profile", ["rfc5849", "mastercard"])
@pytest.mark.parametrize("method", ["RSA-SHA1", "RSA-SHA256"])
def test_rsa(method: str, profile: Literal["rfc5849", "mastercard"]) -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    signer = Signer(ClientCredentials("key"), signature_method=method, rsa_key=rsa_key, profile=profile)
    request = signer.sign(Request("GET", "https://api.example.com/?a=b%20c"), TokenCredentials("t", ""))
    right = explain(request, rsa_key=rsa_key, profile=profile)
    assert (right.verdict, right.causes) == ("right", ())
    other = replace(request, url="https://api.example.com/")
    wrong = explain(other, rsa_key=rsa_key, profile=profile)
    assert wrong.verdict == "wrong"
    proxied = explain(replace(request, url="http://api.example.com/?a=b%20c"), rsa_key=rsa_key, profile=profile)
    assert [[mistake.code for mistake in cause.mistakes] for cause in proxied.causes] == [["other-scheme"]]


# What people write by hand, not by way of this package.


def hand_written(
    method: str, url: str, parameters: dict[str, str], key: str, escape: Callable[[str], str], hashed: str = "sha1"
) -> str:
    joined = "&".join(f"{escape(name)}={escape(value)}" for name, value in sorted(parameters.items()))
    text = "&".join((method, escape(url), escape(joined)))
    return base64.b64encode(hmac.new(key.encode(), text.encode(), getattr(hashlib, hashed)).digest()).decode()


def right_escape(text: str) -> str:
    return quote(text, safe="~")


PARAMETERS = {
    "oauth_consumer_key": "key",
    "oauth_nonce": "n(1)",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "1700000000",
    "oauth_token": "tok/en",
    "q": "it's a+b",
}
KEY = f"{right_escape(CLIENT_SECRET)}&{right_escape(TOKEN_SECRET)}"
BY_HAND: dict[str, tuple[str, set[str]]] = {
    "right": (hand_written("GET", "https://a.example/x", PARAMETERS, KEY, right_escape), set()),
    "quote": (hand_written("GET", "https://a.example/x", PARAMETERS, KEY, quote), {"slash-not-encoded"}),
    "quote_plus": (hand_written("GET", "https://a.example/x", PARAMETERS, KEY, quote_plus), {"plus-for-blank"}),
    "no query": (
        hand_written(
            "GET", "https://a.example/x", {k: v for k, v in PARAMETERS.items() if k != "q"}, KEY, right_escape
        ),
        {"query-left-out"},
    ),
    "raw key": (
        hand_written("GET", "https://a.example/x", PARAMETERS, f"{CLIENT_SECRET}&{TOKEN_SECRET}", right_escape),
        {"secrets-not-encoded"},
    ),
    "sha256": (hand_written("GET", "https://a.example/x", PARAMETERS, KEY, right_escape, "sha256"), {"other-hash"}),
    "http": (hand_written("GET", "http://a.example/x", PARAMETERS, KEY, right_escape), {"other-scheme"}),
    "lower": (hand_written("get", "https://a.example/x", PARAMETERS, KEY, right_escape), {"method-in-small-letters"}),
    "newline": (
        hand_written("GET", "https://a.example/x", PARAMETERS, f"{KEY}%0A", right_escape),
        {"space-around-secret"},
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_people_write_by_hand(name: str) -> None:
    signature, expected = BY_HAND[name]
    header = ", ".join(
        f'{key}="{right_escape(value)}"'
        for key, value in {**PARAMETERS, "oauth_signature": signature}.items()
        if key.startswith("oauth_")
    )
    url = f"https://a.example/x?q={right_escape(PARAMETERS['q'])}"
    request = Request("GET", url, {"Authorization": f"OAuth {header}"})
    explanation = explain(request, client_secret=CLIENT_SECRET, token_secret=TOKEN_SECRET, now=1700000000)
    found = {mistake.code for cause in explanation.causes for mistake in cause.mistakes}
    assert expected <= found
    assert bool(found) == bool(expected)


@pytest.mark.parametrize("name", ["id[{}]", "id[]"])
def test_an_array_that_a_library_numbers(name: str) -> None:
    """npm's ``oauth``, on which Passport is built, signs ``id=2&id=1`` as ``id[0]=2&id[1]=1``."""
    own = {key: value for key, value in PARAMETERS.items() if key != "q"}
    written = [*own.items(), (name.format(0), "2"), (name.format(1), "1")]
    pairs = sorted((right_escape(key), right_escape(value)) for key, value in written)
    joined = "&".join(f"{key}={value}" for key, value in pairs)
    text = "&".join(("GET", right_escape("https://a.example/x"), right_escape(joined)))
    signature = base64.b64encode(hmac.digest(KEY.encode(), text.encode(), "sha1")).decode()
    header = ", ".join(f'{key}="{right_escape(value)}"' for key, value in {**own, "oauth_signature": signature}.items())
    request = Request("GET", "https://a.example/x?id=2&id=1", {"Authorization": f"OAuth {header}"})
    assert codes(request) == [("array-renamed",)]


class TestServers:
    def test_the_base_string_of_a_server_behind_a_proxy(self) -> None:
        theirs = right_of(replace(REQUEST, url=URL.replace("https:", "http:"))).base_string
        explanation = explain(
            REQUEST, client_secret=CLIENT_SECRET, token_secret=TOKEN_SECRET, server_base_string=theirs
        )
        assert explanation.verdict == "right"
        assert [(cause.side, cause.mistakes[0].code) for cause in explanation.causes] == [("server", "other-scheme")]
        assert "The server expects another signature." in explanation.summary

    def test_the_same_base_string_means_other_secrets(self) -> None:
        theirs = right_of(REQUEST).base_string
        explanation = explain(
            REQUEST, client_secret=CLIENT_SECRET, token_secret=TOKEN_SECRET, server_base_string=theirs
        )
        assert explanation.causes == ()
        assert "its secrets are other ones" in explanation.summary

    def test_a_base_string_that_no_mistake_makes(self) -> None:
        theirs = right_of(replace(REQUEST, url="https://other.example/elsewhere")).base_string
        explanation = explain(REQUEST, client_secret=CLIENT_SECRET, server_base_string=theirs)
        assert "at character" in explanation.summary

    @pytest.mark.parametrize("secrets", [{}, {"client_secret": CLIENT_SECRET, "token_secret": TOKEN_SECRET}])
    def test_without_secrets_the_base_strings_are_compared(self, secrets: dict[str, str]) -> None:
        theirs = right_of(signed(form=None)).base_string
        explanation = explain(signed(form=None), server_base_string=theirs.replace("%2526", "%26"), **secrets)
        assert explanation.verdict == ("right" if secrets else "unknown")

    def test_a_signature_that_the_server_expects(self) -> None:
        theirs = written(right_of(REQUEST, CLIENT_SECRET, ""))
        explanation = explain(REQUEST, client_secret=CLIENT_SECRET, token_secret=TOKEN_SECRET, server_signature=theirs)
        assert [(cause.side, cause.mistakes[0].code) for cause in explanation.causes] == [
            ("server", "token-secret-missing")
        ]

    @pytest.mark.parametrize(
        "body",
        [
            "oauth_problem=signature_invalid&debug_sbs={quoted}",
            '{{"Errors": {{"Error": [{{"Description": "expected base string: {plain}"}}]}}}}',
            "<p>Signature base string: {html}</p>",
            "Invalid signature. Base string: {plain}",
        ],
    )
    def test_a_base_string_in_an_answer(self, body: str) -> None:
        theirs = right_of(signed(form=None)).base_string
        text = body.format(quoted=quote(theirs), plain=theirs, html=theirs.replace("&", "&amp;"))
        explanation = explain(
            signed(form=None),
            client_secret=CLIENT_SECRET,
            token_secret=TOKEN_SECRET,
            response=Response(401, {}, text.encode()),
        )
        assert explanation.answer is not None
        assert explanation.answer.base_string is not None

    def test_clocks(self) -> None:
        request = signed(timestamp="1700000000")
        explanation = explain(
            request,
            client_secret=CLIENT_SECRET,
            token_secret=TOKEN_SECRET,
            response=Response(401, {"Date": "Tue, 14 Nov 2023 23:13:20 GMT"}, b"oauth_problem=timestamp_refused"),
            now=1700000000,
        )
        assert "3600 s behind" in explanation.summary


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"oauth_timestamp": "1700000000000"}, "milliseconds"),
        ({"oauth_timestamp": "now"}, "Send the seconds since 1970"),
        ({"oauth_version": "1.0a"}, "Send 1.0"),
        ({"oauth_nonce": ""}, "Not sent: oauth_nonce."),
        ({"oauth_\udcff": "x"}, "The Authorization header has bytes that are not UTF-8. Percent-encode them."),
    ],
)
def test_faults_beside_the_signature(parameters: dict[str, str], fault: str) -> None:
    fields = {**PARAMETERS, "oauth_version": "1.0", **parameters, "oauth_signature": "x"}
    header = ", ".join(f'{name}="{quote(value)}"' for name, value in fields.items() if name != "q")
    request = Request("GET", "https://a.example/", {"Authorization": f"OAuth {header}"})
    assert any(fault in found for found in explain(request, now=1700000000).faults)


def test_the_report_cannot_control_a_terminal() -> None:
    header = 'OAuth oauth_signature="x", oauth_signature_method="\x1b"'
    shown = str(explain(Request("GET", "https://a.example/?a=%1b[31m%0ab", {"Authorization": header})))
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b  (query)" in shown


@pytest.mark.parametrize("size", [10_000, 500_000])
def test_long_requests_end_soon(size: int) -> None:
    """For each way that is tried, all of it is signed again."""
    explanation = explain(with_signature(signed(form="a=%20b&" * (size // 8) + "z=1"), "x"), client_secret="s")
    assert explanation.tried < 200
    assert ("too long" in explanation.summary) == (size > 100_000)


@pytest.mark.parametrize(
    "parameters", ["name*=a; name*0=b", "name*=x'y; name*1*=z; name*=b", "name=\"a\"; filename*=no-such''x"]
)
def test_a_part_whose_headers_cannot_be_read(parameters: str) -> None:
    body = f"--x\r\nContent-Disposition: form-data; {parameters}\r\n\r\nb\r\n--x--\r\n".encode()
    request = replace(signed(form=None), body=body, headers=MULTIPART.headers)
    assert explain(with_signature(request, "x"), client_secret="s").verdict == "wrong"


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_long_bodies_that_are_not_signed_end_soon(content_type: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    body = b"{" + b'"a": 1, ' * 60_000 + b'"b": 2}' if "json" in content_type else part * 9_000 + b"--x--\r\n"
    request = signed(form=None)
    request = replace(request, body=body, headers={**request.headers, "Content-Type": content_type})
    assert explain(with_signature(request, "x"), client_secret="s").tried == 0


def test_an_answer_that_repeats_the_request() -> None:
    """What it repeats has a timestamp and a nonce; the answer is about neither."""
    request = signed("GET", URL, None)
    said = f"bad signature for {request.header('Authorization')}"
    explanation = explain(
        request, client_secret=CLIENT_SECRET, token_secret=TOKEN_SECRET, response=Response(401, {}, said.encode())
    )
    assert explanation.answer is not None
    assert explanation.answer.code == "signature_invalid"


def test_without_a_key_nothing_is_checked() -> None:
    explanation = explain(REQUEST)
    assert (explanation.verdict, explanation.summary) == (
        "unknown",
        "The signature is not checked, because its key is not known.",
    )


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        ("hush\n", "The client secret has a line break at an end."),
        (" hush", "The client secret has a blank at an end."),
        ("'hush'", "The client secret is in quotation marks."),
    ],
)
def test_a_secret_with_something_around_it(secret: str, fault: str) -> None:
    explanation = explain(REQUEST, client_secret=secret)
    assert any(found.startswith(fault) for found in explanation.faults)
    assert "hush" not in str(explanation)


def test_no_secret_is_shown() -> None:
    form = "x_auth_password=hunter22&x_auth_mode=client_auth"
    request = signed("POST", "https://api.example.com/?client_secret=hidden1", form)
    for client, token in product((CLIENT_SECRET, "another secret"), (TOKEN_SECRET, "")):
        explanation = explain(
            request,
            client_secret=client,
            token_secret=token,
            response=Response(401, {}, f"bad secret {client}".encode()),
        )
        shown = f"{explanation} {explanation!r} {explanation.summary}"
        for secret in (client, token, "hunter22", "hidden1", quote(client)):
            assert not secret or secret not in shown


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer x",
        "OAuth",
        'OAuth oauth_signature="',
        "OAuth a",
        'OAuth oauth_signature="%zz"',
        "OAuth " + "a" * 9999,
    ],
)
def test_headers_that_are_no_header(header: str) -> None:
    explanation = explain(Request("GET", "https://a.example/?%zz=%&&=", {"Authorization": header}), client_secret="s")
    assert explanation.verdict in {"unsigned", "wrong"}
    assert "Parameters that are signed:" in str(explanation)
