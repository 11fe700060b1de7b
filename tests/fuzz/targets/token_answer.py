"""What a token endpoint answers, in each format: a token, or one of the documented errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from urllib.parse import parse_qsl

from oauth1_catalog.catalog.provider import Provider, TokenResponseRules
from oauth1_catalog.errors import AuthorizationDeniedError, ProviderError, TokenRequestDeniedError, TokenResponseError
from oauth1_catalog.flow.redirection import request_temporary_credentials, request_token_credentials
from oauth1_catalog.flow.responses import LAST, MAX_FIELDS, MAX_VALUE, expires_at, read_token
from oauth1_catalog.rfc5849 import ClientCredentials, Signer, TemporaryCredentials
from oauth1_catalog.rfc5849.messages import Response
from tests.fuzz.target import ROOT, SECRET, Target, catalog, check_shown, header_lines, joined, parts_of, raw

SIGNER = Signer(ClientCredentials("key", SECRET))
DOCUMENTED = (AuthorizationDeniedError, TokenRequestDeniedError, TokenResponseError)
ADDRESSES = {
    "request_token_url": "https://p.example/request_token",
    "access_token_url": "https://p.example/access_token",
    "authorize_url": "https://p.example/authorize",
}


@cache
def providers() -> tuple[Provider, ...]:
    """A provider for each way in which one of the catalog answers."""
    rules = {repr(rules): rules for rules in (catalog().outline(name).token_response for name in catalog().names())}
    rules |= {written: TokenResponseRules(format=written) for written in ("auto", "form", "json", "xml")}
    return tuple(
        Provider(name="example", from_catalog=True, token_response=one, **ADDRESSES) for _, one in sorted(rules.items())
    )


def check(data: bytes) -> None:
    status, headers, body = parts_of(data, 3)
    number = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 200
    response = Response(number, header_lines(headers), raw(body))
    for provider in providers():
        check_answer(response, provider)
    check_steps(response)


def check_answer(response: Response, provider: Provider) -> None:
    try:
        token = read_token(response, provider, step="access_token", secrets=(SECRET,), clock=lambda: 1_800_000_000.0)
    except DOCUMENTED as error:
        check_shown(error, SECRET)
        return
    assert 200 <= response.status < 300
    assert token["oauth_token"]
    assert "oauth_problem" not in token
    assert len(token) <= MAX_FIELDS
    assert all(len(value) <= MAX_VALUE for value in token.values())
    assert all(value.isprintable() for name, value in token.items() if name.startswith("oauth_"))
    json.dumps(token, ensure_ascii=False).encode()  # no half of a surrogate pair, which no database takes
    end = expires_at(provider, token, issued=1_800_000_000.0)
    assert end is None or 0 <= end <= LAST
    rules = provider.token_response
    if rules.fields or not response.body.isascii() or 0 in response.body[:4]:
        return
    text = response.text.strip()
    if rules.format == "form" or (rules.format == "auto" and not text.startswith(("{", "<"))):
        assert token == dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
    elif (rules.format == "json" or text.startswith("{")) and "\\u" not in text:
        theirs = json.loads(text)
        assert all(token[name] == value for name, value in theirs.items() if isinstance(value, str))


def check_steps(response: Response) -> None:
    """The same answer in both steps of a login."""
    provider = Provider(name="example", from_catalog=True, **ADDRESSES)
    temporary = TemporaryCredentials("t", "the temporary secret")
    first = request_temporary_credentials(provider, SIGNER, redirect_uri="https://site.example/cb")
    for steps in (first, request_token_credentials(provider, SIGNER, temporary, verifier="v")):
        next(steps)
        try:
            steps.send(response)
        except StopIteration as ended:
            assert ended.value is not None
        except (AuthorizationDeniedError, ProviderError) as error:
            check_shown(error, SECRET, "the temporary secret")
            check_shown("".join(getattr(error, "__notes__", ["-"])), SECRET, "the temporary secret")


def seeds() -> Iterator[bytes]:
    answers = json.loads((ROOT / "tests/flow/server_answers.json").read_text(encoding="utf-8"))["answers"]
    for answer in islice(answers, 0, None, 2):
        challenge = answer["www_authenticate"]
        headers = f"WWW-Authenticate: {challenge}" if challenge else ""
        yield joined(str(answer["status"]), headers, answer["body"][:1500])
    for body in (
        f"oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=true&echo={SECRET}",
        '{"oauth_token": "a", "oauth_token_secret": "b", "n": 1.5e3, "yes": true, "oauth_callback_confirmed": "true"}',
        "<r><oauth_request_token><oauth_token>a</oauth_token><s>b</s></oauth_request_token></r>",
        "oauth_token=a&oauth_token=b&oauth_token_secret=c",
        "oauth_token=a&oauth_token_secret=b&oauth_expires_in=3600&expires_at=2026-11-30T00:00:00Z",
        '{"error": {"message": "Invalid signature. Expected signature: abc"}}',
    ):
        yield joined("200", "", body)
    yield joined(
        "401",
        'WWW-Authenticate: OAuth oauth_problem="timestamp_refused"\nDate: Mon, 30 Nov 2026 21:00:00 GMT',
        f"&oauth_acceptable_timestamps=1-2 <b>{SECRET[:9]}</b>{SECRET[9:]}",
    )
    yield joined("302", "Location: https://[evil.example/?a", "")


TARGET = Target(
    "the status, the headers and the body of a token answer, in every format of the catalog",
    check,
    seeds,
    (
        SECRET, "oauth_token=", "oauth_token_secret=", "oauth_callback_confirmed=true", "oauth_problem=",
        "user_refused", "signature_invalid", "timestamp_refused", "Location: ", "Date: ", "WWW-Authenticate: OAuth ",
        "\\ud83d", "\\u0000", '{"oauth_token":"', "<oauth_token>", "</", "<![CDATA[", "<!--", "&#0;", "&amp;",
        "<script>", "1e999", "NaN", "oauth_acceptable_timestamps=", "oauth_expires_in=", "200\x1e\x1e", "401\x1e\x1e",
        "\xff\xfe", "%ED%A0%80",
    ),
    longest=3000,
)  # fmt: skip
