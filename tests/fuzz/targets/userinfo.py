"""The profile of a user, in each format and with the claims of every provider in the catalog."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from urllib.parse import urlsplit

from oauth1_catalog.catalog.provider import Provider, UserinfoRules
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.flow.userinfo import MAX_REDIRECTS, fetch_userinfo
from oauth1_catalog.rfc5849 import ClientCredentials, Signer, TokenCredentials
from oauth1_catalog.rfc5849.messages import Response
from tests.fuzz.target import SECRET, Target, catalog, check_shown, header_lines, parts_of, raw

SIGNER, CREDENTIALS = Signer(ClientCredentials("key", SECRET)), TokenCredentials("token", "the secret of the token")
LATER = "\x1d"
"""Stands between the answers to the requests of one profile."""


@cache
def providers() -> tuple[Provider, ...]:
    """A provider for each way in which one of the catalog describes a profile."""
    own = [
        UserinfoRules(endpoint="me", format="xml", claims={"sub": "user/@id", "name": ".//name"}),
        UserinfoRules(endpoint="me", format="text", claims={"sub": "$.id"}, followup="users/{text}"),
        UserinfoRules(endpoint="me", format="jwt", claims={"sub": "$.sub"}),
        UserinfoRules(endpoint="me", claims={"sub": "$[0]['id']", "profile": "https://p.example/{login}"}),
    ]
    own += [rules for rules in (catalog().outline(name).userinfo for name in catalog().names()) if rules is not None]
    different = {repr((rules.format, rules.claims, rules.endpoint, rules.followup)): rules for rules in own}
    plain = (replace(rules, endpoint="me" if "{" in rules.endpoint else rules.endpoint) for rules in different.values())
    return tuple(
        Provider(name="example", from_catalog=True, api_base_url="https://p.example/1/", userinfo=rules)
        for rules in plain
    )


def check(data: bytes) -> None:
    chosen, *answers = data.split(LATER.encode())
    responses = [read_answer(answer) for answer in answers[:4]] or [Response(200, {}, b"")]
    for place in (sum(chosen), sum(chosen) + 1):
        check_profile(providers()[place % len(providers())], responses)


def read_answer(data: bytes) -> Response:
    status, headers, body = parts_of(data, 3)
    number = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 200
    return Response(number, header_lines(headers), raw(body))


def check_profile(provider: Provider, responses: list[Response]) -> None:
    rules = provider.userinfo
    assert rules is not None
    hosts = {"p.example", urlsplit(rules.endpoint).hostname, urlsplit(rules.followup or "").hostname}
    steps = fetch_userinfo(provider, SIGNER, CREDENTIALS, {"oauth_token": "token", "user_id": "7"})
    asked = 0
    try:
        request = next(steps)
        while True:
            assert urlsplit(request.url).scheme in {"http", "https"}
            assert urlsplit(request.url).hostname in hosts, f"the token goes to {request.url}"
            assert asked <= 2 * (MAX_REDIRECTS + 1)
            request = steps.send(responses[min(asked, len(responses) - 1)])
            asked += 1
    except StopIteration as ended:
        claims = ended.value
    except OAuthError as error:
        check_shown(error, SECRET, CREDENTIALS.oauth_token_secret)
        return
    assert isinstance(claims["sub"], str)
    assert claims["sub"]
    json.dumps(claims, ensure_ascii=False, allow_nan=False).encode()
    assert rules.format != "jwt", "a JWT was accepted that the client's secret did not sign"


def seeds() -> Iterator[bytes]:
    bodies = [
        '{"id": 7, "login": "ada", "name": "Ada", "screen_name": "ada", "email": null, "user": {"id": 1}}',
        '[{"id": 7, "user_id": "9"}]',
        '{"user": {"id": "7", "username": {"_content": "ada"}}, "stat": "ok", "response": {"user": {"name": "a"}}}',
        '<user id="7"><name>Ada</name><id>7</id></user>',
        " ada ",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.AAAA",
        '{"id": 1e400}',
        '{"id": "\\ud83d"}',
    ]
    for place, body in enumerate(bodies * 6):
        yield LATER.join((chr(33 + place), f"200\x1e\x1e{body}", f"200\x1e\x1e{bodies[0]}")).encode()
    yield LATER.join(("!", "302\x1eLocation: /1/me2\x1e", "302\x1eLocation: https://evil.example/\x1e")).encode()
    yield LATER.join(("!", "302\x1eLocation: //[\x1e", "200\x1e\x1e{}")).encode()


TARGET = Target(
    "the answers with a user's profile, with the claims of every provider (JSONPath, XML, text, JWT)",
    check,
    seeds,
    (
        LATER, "200\x1e\x1e", "302\x1eLocation: ", "401\x1e\x1e", '"id": ', '"user": {', '"name": "', "\\ud83d",
        "1e400", "NaN", "[[", "<user id='", "<name>", "</", "<!DOCTYPE", "xmlns:x='y'", "x:", "eyJhbGciOiJIUzI1NiJ9.",
        "null", "true", "//evil.example",
    ),
    longest=1024,
)  # fmt: skip
