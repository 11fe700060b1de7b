# ruff: noqa: E501 - lists of odd texts
"""Threat 19: replies that are none, numbers that no clock has, addresses that are none: a typed error or a token."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from oauth1_catalog.catalog.provider import Provider, TokenResponseRules, UserinfoRules
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.flow.responses import expires_at, read_token
from oauth1_catalog.flow.userinfo import fetch_userinfo
from oauth1_catalog.registry.temporary import FORGOTTEN_AT_ONCE, TemporaryStore
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.messages import ClientCredentials, Response, TokenCredentials

PROVIDER = Provider(
    name="acme",
    api_base_url="https://api.acme.example/",
    token_response=TokenResponseRules(format="auto", expires_in="oauth_expires_in", expires_at="ends"),
    userinfo=UserinfoRules(endpoint="me", claims={"sub": "$.id"}),
)
ADDRESSES = [
    "https://[",
    "//[",
    "https://[::1",
    "https://a:b:c/",
    "https://a:99999999/",
    "http://\0",
    "",
    "\udcff",
    "x" * 60_000,
]
REPLIES = [
    b"", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 500, b"<html>", b"<", b"{", b"[", b"{}", b"[]", b"null", b"true", b"NaN",
    b'{"oauth_token": ', b'{"oauth_token": {}}', b'{"oauth_token": 1e999}', b'{"oauth_token": NaN}', b'{"oauth_token": -0}',
    b"[" * 50_000, b'{"a":' * 50_000, b"<a>" * 5_000, b"oauth_token", b"oauth_token=", b"oauth_token=%", b"oauth_token=%zz",
    b"oauth_token=a%00", b"oauth_token=a%0d%0a", b"&" * 5_000, b"=" * 5_000, b"oauth_token=a&" * 200, b"oauth_token=" + b"a" * 5_000,
    b"oauth_problem=" + b"x" * 5_000, b'{"oauth_token": ' + b"9" * 5_000 + b"}", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    b"<a><oauth_token>&undefined;</oauth_token></a>", b"oauth_token=\xe9\xe8", b"Error: mwoauth-bad-request",
]  # fmt: skip
GOOD = b"oauth_token=abc&oauth_token_secret=def&oauth_callback_confirmed=true&oauth_expires_in=3600"
MUTATIONS = 20_000


def asked(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> object:
    try:
        return read_token(Response(status, headers or {}, body), PROVIDER, step="access_token")
    except OAuthError as error:
        return error


@pytest.mark.parametrize("status", [200, 204, 301, 302, 400, 401, 500, 999])
def test_a_reply_that_is_none(status: int) -> None:
    for body in REPLIES:
        answer = asked(body, status)
        assert isinstance(answer, OAuthError) or answer["oauth_token"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_what_is_no_address(status: int, address: str) -> None:
    assert isinstance(asked(b"", status, {"Location": address}), OAuthError)
    with pytest.raises(OAuthError):  # what leads to the same host is followed, a few times
        run(
            fetch_userinfo(PROVIDER, Signer(ClientCredentials("ck", "cs")), TokenCredentials("t", "s")),
            lambda _: Response(status, {"Location": address}, b""),
        )


def test_mutations_of_a_good_reply() -> None:
    rng = random.Random(19)
    for _ in range(MUTATIONS):
        body = bytearray(GOOD)
        for _ in range(rng.randint(1, 6)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        answer = asked(bytes(body))
        assert isinstance(answer, OAuthError) or answer["oauth_token"]


@pytest.mark.parametrize("name", ["oauth_expires_in", "ends"])
@pytest.mark.parametrize(
    "value",
    ["999999999999999", "9" * 400, "-1", "-999999999999999", "nan", "inf", "-inf", "1e400", "0", "", "٣", "1_0", "0x10",
     "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "10000-01-01", "2026-02-30", "9" * 39],
)  # fmt: skip
def test_the_end_of_a_token_can_be_kept_whatever_the_provider_says(name: str, value: str) -> None:
    end = expires_at(PROVIDER, {name: value}, issued=1e9)
    if end is not None:
        for hours in (-23, 0, 23):
            moment = dt.datetime.fromtimestamp(end, dt.timezone(dt.timedelta(hours=hours)))
            assert moment.timestamp() == pytest.approx(end)


def test_a_callback_forgets_few_of_those_that_ended() -> None:
    store = TemporaryStore("acme", binding=())
    ended = 10 * FORGOTTEN_AT_ONCE
    taken: dict[str, Any] = store._taken  # private: how much memory it takes
    taken.update((str(number), (0.0, 0.0)) for number in range(ended))
    assert store._first_to_take("another", 1e12, now=1e9)  # private: without the encryption of each record
    assert len(taken) == ended - FORGOTTEN_AT_ONCE + 1
    assert not store._first_to_take("another", 1e12, now=1e9)  # private: as above


HALVES = {  # what is written, and what is read
    r"ada \ud83d": "ada \ufffd",
    r"\ude00 ada": "\ufffd ada",
    r"\uD83D\uDE00": "\N{GRINNING FACE}",
    r"\ude00\ud83d": "\ufffd\ufffd",
    r"\ud83d\ud83d\ude00": "\ufffd\N{GRINNING FACE}",
    r"\\ud83d": "\\ud83d",
    r"\\\ud83d": "\\\ufffd",
    r"\ud83d\\ude00": "\ufffd\\ude00",
    r"\u00e9": "é",
}


@pytest.mark.parametrize(("written", "read"), HALVES.items())
def test_half_of_a_character_is_in_no_token_and_no_claim(written: str, read: str) -> None:
    """A name that was cut within an emoji: no database takes it, and no page can be written with it."""
    token = asked(f'{{"oauth_token": "t", "oauth_token_secret": "s", "screen_name": "{written}"}}'.encode())
    assert isinstance(token, dict)
    assert token["screen_name"] == read
    assert claims(f'{{"id": "{written}"}}'.encode())["sub"] == read
    assert read.encode()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_number_is_in_no_token_and_no_claim(number: str) -> None:
    assert isinstance(asked(f'{{"oauth_token": {number}, "oauth_token_secret": "s"}}'.encode()), OAuthError)
    with pytest.raises(OAuthError, match="it is not JSON"):
        claims(f'{{"id": "7", "name": {number}}}'.encode())


def claims(body: bytes) -> dict[str, object]:
    signer, token = Signer(ClientCredentials("ck", "cs")), TokenCredentials("t", "s")
    return run(fetch_userinfo(PROVIDER, signer, token), lambda _: Response(200, {}, body))
