"""Answers of token endpoints, good, bad and hostile."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oauth1_catalog.catalog.provider import CallbackRules, Provider, TokenResponseRules
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    OAuthError,
    ProviderError,
    TokenRequestDeniedError,
    TokenResponseError,
)
from oauth1_catalog.flow.responses import MAX_FIELDS, MAX_VALUE, read_token
from oauth1_catalog.rfc5849.messages import Response

PROVIDER = Provider(name="example", from_catalog=True)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GOOD = b"oauth_token=rt1&oauth_token_secret=rs1&oauth_callback_confirmed=true"


def read(body: bytes | str, status: int = 200, *, provider: Provider = PROVIDER, **headers: str) -> dict[str, str]:
    content = body.encode() if isinstance(body, str) else body
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_token(Response(status, names, content), provider, step="access_token", secrets=("s3cr3t&/key",))


def refusal(body: bytes | str, status: int = 200, *, provider: Provider = PROVIDER, **headers: str) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        read(body, status, provider=provider, **headers)
    assert "s3cr3t" not in f"{caught.value} {caught.value!r} {caught.value.__dict__}"
    assert caught.value.step == "access_token"
    return caught.value


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ("oauth_token=t&oauth_token_secret=s&screen_name=O'Neil", "screen_name", "O'Neil"),
        ("oauth_token=t&oauth_token_secret=s&name=Ada+Love%20lace", "name", "Ada Love lace"),
        ("oauth_token=t&oauth_token_secret=s&name=Zoë", "name", "Zoë"),
        ("oauth_token=t&oauth_token_secret=s&name=%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB", "name", "👩\u200d💻"),
        ("oauth_token=t&oauth_token_secret=s&about=a%0Ab", "about", "a\nb"),
        ("oauth_token=t&oauth_token_secret=s&name=Jos%E9", "name", "Jos\ufffd"),
        ("oauth_token=t&oauth_token_secret=s&empty=", "empty", ""),
        ("\ufeffoauth_token=t&oauth_token_secret=s\r\n", "oauth_token_secret", "s"),
        ("oauth_token=%2F%26%3D%25&oauth_token_secret=s", "oauth_token", "/&=%"),
        ('{"oauth_token":"t","oauth_token_secret":"s","id":7,"admin":false}', "id", "7"),
        ('{"oauth_token":"t","oauth_token_secret":"s","admin":false}', "admin", "false"),
        (' {"oauth_token":"t","oauth_token_secret":"s","profile":{"oauth_token":"x"}}', "oauth_token", "t"),
        ("oauth_token=t&oauth_token_secret=s&roles[]=a&roles[]=b", "roles[]", "b"),
        ("roles=a&oauth_token=t&roles=b&oauth_token_secret=s&roles=a", "roles", "a"),
        ('{"role":"a","oauth_token":"t","role":"b","oauth_token_secret":"s"}', "role", "b"),
        ("<a><oauth_token>t</oauth_token><role>a</role><role>b</role></a>", "role", "b"),
    ],
)
def test_tokens_as_providers_write_them(body: str, field: str, value: str) -> None:
    assert read(body)[field] == value


def test_status_201_and_any_content_type_can_hold_a_token() -> None:
    assert read(GOOD, 201, Content_Type="text/html; charset=latin-1")["oauth_token"] == "rt1"


def test_own_names_of_a_provider_become_the_standard_ones() -> None:
    rules = TokenResponseRules(format="json", fields={"oauth_token": "token", "oauth_token_secret": "secret"})
    provider = Provider(name="example", token_response=rules)
    token = read('{"token":"t","secret":"s","user":"ada"}', provider=provider)
    assert token == {"oauth_token": "t", "oauth_token_secret": "s", "user": "ada"}


SEVEN_DIGITAL = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" status="ok" version="1.2">\n'
    "  <oauth_request_token>\n    <oauth_token>t&amp;/</oauth_token>\n"
    "    <oauth_token_secret>s</oauth_token_secret>\n"
    "    <oauth_callback_confirmed>true</oauth_callback_confirmed>\n  </oauth_request_token>\n</response>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/xml; charset=utf-16", "text/html", "application/x-www-form-urlencoded", ""],
)
@pytest.mark.parametrize(
    "body",
    [
        SEVEN_DIGITAL,
        SEVEN_DIGITAL.replace("<response ", "<!-- from 7digital --><response "),
        SEVEN_DIGITAL.partition("\n")[2],
        "\r\n" + SEVEN_DIGITAL.partition("\n")[2],
        "oauth_token=t%26%2F&oauth_token_secret=s&oauth_callback_confirmed=true",
        '{"oauth_token":"t&/","oauth_token_secret":"s","oauth_callback_confirmed":true}',
    ],
)
def test_auto_reads_what_comes_whatever_it_is_called(body: str, content_type: str, encoding: str) -> None:
    token = read(body.encode(encoding), Content_Type=content_type)
    assert token == {"oauth_token": "t&/", "oauth_token_secret": "s", "oauth_callback_confirmed": "true"}


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><p>oauth_token=t</p></body></html>",
        "<html xmlns='http://www.w3.org/1999/xhtml'><oauth_token>t</oauth_token></html>",
        "<HTML><oauth_token>t</oauth_token></HTML>",
        "<!DOCTYPE html><html><oauth_token>t</oauth_token></html>",
        "<!-- a comment --><!doctype html><html><oauth_token>t</oauth_token></html>",
        "<p>One<p>Two",
        "<h1>Not found</h1>oauth_token=t",
        "<oauth_token>t</oauth_token>",
        '<response status="error"><error code="2001"><errorMessage>No such consumer</errorMessage></error></response>',
    ],
)
def test_pages_and_errors_are_no_tokens(page: str) -> None:
    error = refusal(page)
    assert type(error) in {TokenResponseError, TokenRequestDeniedError}


@pytest.mark.parametrize("written_as", ["form", "json"])
def test_xml_is_read_only_where_the_file_allows_it(written_as: str) -> None:
    rules = TokenResponseRules(format=written_as)
    refusal(SEVEN_DIGITAL, provider=Provider(name="example", token_response=rules))


@pytest.mark.parametrize(
    "body",
    [
        "oauth_token=a&oauth_token=b&oauth_token_secret=s",
        "oauth_token=a&oauth_token=a&oauth_token_secret=s",
        "oauth_token=a&oauth_token_secret=canary1&oauth_token_secret=canary2",
        "oauth_token=a&oauth_token_secret=s&oauth_verifier=1&oauth_verifier=2",
        "oauth_token=a&oauth_token_secret=s&key=b",
        '{"oauth_token":"a","oauth_token":"b"}',
        "<r><t><oauth_token>a</oauth_token></t><u><oauth_token>b</oauth_token></u></r>",
    ],
)
def test_a_protocol_field_twice_is_refused(body: str) -> None:
    rules = TokenResponseRules(fields={"oauth_token": "key"})
    error = refusal(body, provider=Provider(name="example", token_response=rules))
    assert type(error) is TokenResponseError
    assert "more than once" in error.description
    assert "canary" not in str(error)


def test_xml() -> None:
    provider = Provider(name="example", token_response=TokenResponseRules(format="xml", fields={"oauth_token": "key"}))
    body = (
        "<?xml version='1.0'?><a xmlns='urn:x'><key>t</key><oauth_token_secret><![CDATA[s&]]></oauth_token_secret></a>"
    )
    assert read(body, provider=provider) == {"oauth_token": "t", "oauth_token_secret": "s&"}
    for hostile in (
        "<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbbbbbbbb'>]><a><key>&b;</key></a>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a><key>t</key></a>",
        "<a>" * 20_000,
        "<a><key>t</key>",
        "no xml",
    ):
        assert isinstance(refusal(hostile, provider=provider), ProviderError)


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \r\n",
        "oauth_token=&oauth_token_secret=",
        "oauth_token_secret=s",
        "oauth_token=a%0Ab&oauth_token_secret=s",
        "oauth_token=a%00&oauth_token_secret=s",
        "oauth_token=a%E9&oauth_token_secret=s",
        "oauth_token=a&oauth_token_secret=%FF",
        f"oauth_token={'a' * (MAX_VALUE + 1)}&oauth_token_secret=s",
        "oauth_token=a&oauth_token_secret=s&" + "&".join(f"x{n}=1" for n in range(MAX_FIELDS)),
        '{"oauth_token":null}',
        '{"oauth_token":',
        '["oauth_token"]',
        "[" * 5000,
        '{"a":' * 5000,
        '{"oauth_token":' + "1" * 5000 + "}",
        "null",
        "<html><title>Sign in</title><body>oauth_token=t&oauth_token_secret=s</body></html>",
        "<!doctype html>",
    ],
)
def test_answers_without_a_usable_token(body: str) -> None:
    error = refusal(body)
    assert isinstance(error, TokenResponseError | TokenRequestDeniedError)
    assert error.status == 200
    assert len(error.excerpt) <= 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html><head><style>p{}</style></head><h1>Sign&nbsp;in</h1></html>", ": Sign in. Check the access_token_url."),
        ("", ", but an empty body. Check the access_token_url."),
        ("status=ok", ": status=ok. Check the access_token_url."),
    ],
)
def test_no_token_is_a_token_response_error(body: str, said: str) -> None:
    error = refusal(body)
    assert type(error) is TokenResponseError
    assert isinstance(error, ValueError)
    assert (
        error.description == f"example: the access_token request was answered with status 200 and no token in it{said}"
    )


def test_a_redirect_is_not_followed_and_not_quoted() -> None:
    error = refusal("", 302, Location="https://evil.example/path?oauth_token=leak")
    assert type(error) is TokenResponseError
    assert "evil.example" in error.description
    assert "leak" not in error.description
    assert "path" not in error.description


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("body", [b"", GOOD, b"<h1>Oops</h1>", b"\xff\xfe\x00"])
def test_a_status_of_refusal_is_never_a_token(status: int, body: bytes) -> None:
    error = refusal(body, status)
    assert type(error) is TokenRequestDeniedError
    assert error.status == status
    assert "rs1" not in str(error)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("oauth_problem=token_rejected&oauth_problem_advice=It%20was%20used%2C%20once", {}),
        (
            "",
            {
                "WWW_Authenticate": 'OAuth realm="x", oauth_problem="token_rejected", '
                'oauth_problem_advice="It%20was%20used%2C%20once"'
            },
        ),
        (
            "",
            {"www_authenticate": "OAuth oauth_problem=token_rejected, oauth_problem_advice=It%20was%20used%2C%20once"},
        ),
        ("", {"WWW_Authenticate": 'OAuth oauth_problem="token_rejected", oauth_problem_advice="It was used, once"'}),
        ("oauth_problem=token_rejected&oauth_problem_advice=It+was+used,+once", {}),
    ],
)
@pytest.mark.parametrize("status", [200, 401])
def test_problem_reports(body: str, headers: dict[str, str], status: int) -> None:
    error = refusal(body, status, **headers)
    assert type(error) is TokenRequestDeniedError
    assert error.problem == "token_rejected"
    assert error.excerpt == "It was used, once"
    assert error.description == (
        f"example: the access_token request was refused with status {status}: token_rejected, It was used, once. "
        "Begin the login again."
    )


def test_a_problem_beside_a_token_is_a_refusal_and_the_token_stays_hidden() -> None:
    error = refusal("oauth_problem=nonce_used&oauth_token=canary-t&oauth_token_secret=canary-s")
    assert type(error) is TokenRequestDeniedError
    assert "canary" not in f"{error} {error.__dict__}"


@pytest.mark.parametrize("problem", ["user_refused", "permission_denied"])
def test_a_refusal_by_the_user_is_a_class_of_its_own(problem: str) -> None:
    error = refusal(f"oauth_problem={problem}", 401)
    assert type(error) is AuthorizationDeniedError
    assert (error.error, error.problem) == ("access_denied", problem)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"errors":[{"code":32,"message":"Could not authenticate you."}]}', "Could not authenticate you."),
        ('{"error":{"info":"Not valid"}}', "Not valid"),
        ('{"error_description":"Expired"}', "Expired"),
        ('{"detail":["Bad"]}', '{"detail":["Bad"]}'),
    ],
)
def test_messages_in_json(body: str, said: str) -> None:
    assert refusal(body, 401).excerpt == said


def test_the_clocks_are_compared() -> None:
    response = Response(401, {"Date": "Wed, 25 Nov 2026 01:00:00 GMT"}, b"oauth_problem=timestamp_refused")
    with pytest.raises(TokenRequestDeniedError, match=r"it is 3600 s behind the provider's"):
        read_token(response, PROVIDER, step="access_token", clock=lambda: 1795568400.0 - 3600)


@pytest.mark.parametrize(
    "form",
    [
        "s3cr3t&/key",
        quote("s3cr3t&/key"),
        quote("s3cr3t&/key", safe=""),
        "s3cr3t&amp;/key",
        quote(quote("s3cr3t&/key", safe=""), safe=""),
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        "Bad secret: {}",
        "{}",
        "<p>{}</p>",
        '{{"message":"{}"}}',
        "x" * 190 + " {}",
        "x" * 4090 + "{}",
        "<i>" * 1400 + "{}",
    ],
)
def test_known_secrets_are_masked_however_they_are_written(form: str, around: str) -> None:
    refusal(around.format(form), 500)


@pytest.mark.parametrize(
    "body",
    [
        '{"oauth_token_secret": "canary"}',
        '{"Token":12345678}',
        "<oauth_token_secret>canary</oauth_token_secret>",
        "xoauth_signature=canary",
        "a=b&oauth_verifier = canary",
        "Authorization=canary",
        'OAuth oauth_consumer_key="key", oauth_token="canary", oauth_version="1.0"',
        "OAuth oauth_token='canary'",
        '{"message": "You sent OAuth oauth_token=\\"canary\\", oauth_nonce=\\"n\\""}',
        "{'oauth_token': 'canary', 'oauth_token_secret': 'canary'}",
        '{"oauth_token"=>"canary"}',
        "Array ( [oauth_token] => canary [oauth_version] => 1.0 )",
    ],
)
def test_fields_that_speak_of_secrets_are_masked(body: str) -> None:
    error = refusal(body, 500)
    assert "canary" not in str(error)
    assert "12345678" not in str(error)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig"])
@pytest.mark.parametrize(
    "body", ["Bad oauth_token_secret=canary", '{"message": "s3cr3t&/key"}', "<p><token>canary</token></p>"]
)
def test_secrets_are_masked_in_every_encoding(body: str, encoding: str) -> None:
    error = refusal(body.encode(encoding), 401)
    assert "canary" not in str(error)
    assert "********" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"{c}\0" for c in "x oauth_token_secret=canary"),
        "é" + "".join(f"\0{c}" for c in "oauth_token_secret=canary"),
        "oauth_to\u00adken=cana\u200bry",
        "oauth&#95;to&#107;en=canary",
        "oauth_token<!-- -->=canary",
        "s\u200b3cr3t&/k\u00adey",
    ],
)
def test_what_no_reader_sees_hides_no_secret(body: str) -> None:
    error = refusal(body, 500)
    shown = "".join(c for c in str(error) if c.isprintable()).replace(" ", "")
    assert "canary" not in shown
    assert "s3cr3t" not in shown


GARBAGE = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["oauth_token", "error", "message", "a"]), inner, max_size=4)
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode()),
    st.lists(
        st.tuples(st.sampled_from(["oauth_token", "oauth_token_secret", "oauth_problem", "x"]), st.text(max_size=20)),
        max_size=6,
    ).map(lambda pairs: urlencode(pairs).encode("utf-8")),
)


@given(GARBAGE, st.sampled_from([200, 201, 204, 301, 400, 401, 500]), st.sampled_from(["auto", "form", "json", "xml"]))
@example(b"oauth_token=a&&oauth_token_secret", 200, "form")
def test_garbage_is_a_token_with_a_token_or_a_typed_error(body: bytes, status: int, written_as: str) -> None:
    rules = TokenResponseRules(format=written_as)
    provider = Provider(name="example", token_response=rules, callback=CallbackRules())
    try:
        token = read_token(Response(status, FORM, body), provider, step="request_token")
    except OAuthError as error:
        assert len(str(error)) < 700  # noqa: PT017 - either outcome is right
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right
    else:
        assert 200 <= status < 300
        assert token["oauth_token"]
        assert token["oauth_token"].isprintable()
        assert all(isinstance(value, str) for value in token.values())


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, 3))
def test_mutations_of_a_good_answer(at: int, byte: int, how_many: int) -> None:
    mutated = GOOD[:at] + bytes([byte]) * how_many + GOOD[at + 1 :]
    try:
        token = read(mutated)
    except ProviderError:
        return
    assert token["oauth_token"]
