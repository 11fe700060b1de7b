"""No secret in a message, a repr, a log line, a warning, or in what a traceback can show of our frames."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import oauth1_catalog
from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.rfc5849.messages import Request

PACKAGE = str(Path(oauth1_catalog.__file__).parent)
SECRETS = {
    "client_secret": "CanaryClientSecret",
    "token_secret": "CanaryTokenSecret",
    "verifier": "CanaryVerifier",
    "request token secret": "CanaryRequestSecret",
    "access token secret": "CanaryAccessSecret",
    "password": "CanaryPassword",
    "passphrase": "CanaryPassphrase",
}
KEYS = {
    "client_id": "ck",
    "client_secret": SECRETS["client_secret"],
    "token": "tk",
    "token_secret": SECRETS["token_secret"],
}
KINDS = ["session", "requests pool", "client", "async client", "httpx pool"]


def leaks(text: str) -> list[str]:
    """The names of the secrets in a text, each with the line that it is in."""
    return [f"{name}: {line}" for line in text.splitlines() for name, secret in SECRETS.items() if secret in line]


def shown_by(error: BaseException) -> str:
    """The error as it is printed, and every local variable of our own frames, as crash reporters collect them."""
    parts = ["".join(traceback.format_exception(error)), repr(error), str(vars(error))]
    seen: list[BaseException | None] = [error]
    for one in seen:
        if one is None or seen.count(one) > 1:
            continue
        for frame in traceback.TracebackException.from_exception(one, capture_locals=True).stack:
            if frame.filename.startswith(PACKAGE):
                parts += [f"{frame.filename}:{frame.lineno} {name}={value}" for name, value in frame.locals.items()]
        seen += [one.__cause__, one.__context__]
    return "\n".join(parts)


def error_of(work: Callable[[], object]) -> Exception | None:
    try:
        work()
    except Exception as error:
        return error
    return None


@pytest.fixture(autouse=True)
def clean_logs() -> Iterator[None]:
    """Whatever a test logs, at DEBUG, and whatever it warns of is searched."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert leaks(stream.getvalue()) == []
    assert leaks("\n".join(str(warning.message) for warning in caught)) == []


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, bundle: str) -> Callable[..., Any]:
    """``made(method, *arguments, keywords, **options)``: call a method of a client of this kind."""

    def do(*args: Any, **options: Any) -> Any:
        kind = request.param
        if kind in ("session", "client"):
            constructor = requests_client.OAuth1Session if kind == "session" else httpx_client.OAuth1Client
            with constructor(**{**KEYS, "verify": bundle, **options}) as client:
                assert leaks(repr(client) + repr(client.auth)) == []
                return getattr(client, args[0])(*args[1:-1], **args[-1])
        if kind == "requests pool":
            auth = requests_client.OAuth1Auth(**{**KEYS, **options})
            with RequestsPool(verify=bundle) as pool:
                assert leaks(repr(pool) + repr(auth) + repr(auth.signer) + repr(vars(auth))) == []
                return pool.request("GET" if args[0] == "get" else "POST", args[1], auth=auth, **args[-1])
        return asyncio.run(awaited(kind, args, options))

    async def awaited(kind: str, args: Any, options: Any) -> Any:
        if kind == "async client":
            async with httpx_client.AsyncOAuth1Client(**{**KEYS, "verify": bundle, **options}) as client:
                return await getattr(client, args[0])(*args[1:-1], **args[-1])
        auth = httpx_client.OAuth1Auth(**{**KEYS, **options})
        async with HttpxPool(verify=bundle) as pool:
            assert leaks(repr(pool) + repr(auth)) == []
            return await pool.request("GET" if args[0] == "get" else "POST", args[1], auth=auth, **args[-1])

    do.has_steps = "pool" not in request.param
    return do


@pytest.mark.parametrize("signature_method", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
class TestCalls:
    def test_that_succeed(self, tls_wire, made, signature_method, signature_type):
        made("post", tls_wire.url, {}, signature_method=signature_method, signature_type=signature_type)
        assert len(tls_wire.arrived) == 1

    def test_that_fail(self, made, signature_method, signature_type):
        with pytest.raises(Exception, match=r".") as caught:
            made("post", "https://127.0.0.1:9/x", {}, signature_method=signature_method, signature_type=signature_type)
        assert leaks(shown_by(caught.value)) == []

    def test_that_are_cut_off(self, tls_wire, made, signature_method, signature_type):
        tls_wire.answer = lambda _: None
        with pytest.raises(Exception, match=r".") as caught:
            made("post", tls_wire.url, {}, signature_method=signature_method, signature_type=signature_type)
        assert leaks(shown_by(caught.value)) == []

    def test_that_are_redirected(self, tls_wire, made, answer_with, signature_method, signature_type):
        tls_wire.answer = lambda _: answer_with("", "307 Redirect", (("Location", "https://elsewhere.example/"),))
        error = error_of(
            lambda: made("post", tls_wire.url, {}, signature_method=signature_method, signature_type=signature_type)
        )
        assert error is None or leaks(shown_by(error)) == []


BAD = [
    {
        "signature_method": "RSA-SHA1",
        "rsa_key": "-----BEGIN PRIVATE KEY-----\nCanaryPassword\n-----END PRIVATE KEY-----",
    },
    {"signature_method": "RSA-SHA1", "rsa_key": "CanaryPassword", "rsa_key_passphrase": "CanaryPassphrase"},
    {"signature_metod": "PLAINTEXT"},
    {"signature_method": "HMAC-MD5"},
    {"signature_type": "header"},
    {"force_include_body": "yes"},
    {"realm": 7},
    {"nonce": 7},
    {"body_hash": "sometimes"},
    {"client_id": None},
    {"client_secret": ["CanaryClientSecret"]},
    {"token_secret": ["CanaryTokenSecret"]},
    {"token": {"access_token": "CanaryTokenSecret"}},
]


@pytest.mark.parametrize("options", BAD, ids=lambda options: next(iter(options)))
def test_arguments_that_are_wrong(tls_wire, made, options):
    with pytest.raises(Exception, match=r".") as caught:
        made("get", tls_wire.url, {}, **options)
    assert leaks(shown_by(caught.value)) == []
    assert tls_wire.received == b""


def answers(answer_with: Callable[..., bytes], body: str, status: str = "200 OK") -> Callable[[object], bytes]:
    return lambda _: answer_with(body, status)


REFUSALS = {
    "refused": ("oauth_problem=token_rejected&oauth_token_secret=CanaryRequestSecret", "401 Unauthorized"),
    "no token": ("oauth_token=&oauth_token_secret=CanaryRequestSecret", "200 OK"),
    "prose": ("Error: CanaryClientSecret", "200 OK"),
    "repeated": ("oauth_token=a&oauth_token=b&oauth_token_secret=CanaryRequestSecret", "200 OK"),
    "unconfirmed": ("oauth_token=a&oauth_token_secret=CanaryRequestSecret&oauth_callback_confirmed=false", "200 OK"),
    "control characters": ("oauth_token=a&oauth_token_secret=CanaryRequestSecret%0A", "200 OK"),
    "too long": ("oauth_token_secret=CanaryRequestSecret&oauth_token=" + "a" * 70_000, "200 OK"),
}


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
@pytest.mark.parametrize(("body", "status"), REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize("made", ["session", "client", "async client"], indirect=True)
def test_steps_that_fail(tls_wire, made, answer_with, body, status, signature_type):
    tls_wire.answer = answers(answer_with, body, status)
    options = {
        "signature_method": "PLAINTEXT",
        "signature_type": signature_type,
        "redirect_uri": "https://app.example/",
    }
    calls: list[tuple[Any, ...]] = [("fetch_request_token", tls_wire.url, {"data": {"password": SECRETS["password"]}})]
    if "confirmed" not in body:
        calls.append(
            (
                "fetch_access_token",
                tls_wire.url,
                {"verifier": SECRETS["verifier"], "params": {"password": SECRETS["password"]}},
            )
        )
        calls.append(
            (
                "fetch_access_token",
                tls_wire.url,
                {"data": {"x_auth_password": SECRETS["password"]}, "verifier": None},
            )
        )
    for name, url, kwargs in calls:
        mine = {"token": None, "token_secret": None} if kwargs.get("verifier", "") is None else {}
        with pytest.raises(oauth1_catalog.OAuthError) as caught:
            made(name, url, kwargs, **options, **mine)
        shown = shown_by(caught.value)
        assert leaks(shown) == [], shown


@pytest.mark.parametrize("made", ["session", "client", "async client"], indirect=True)
def test_steps_without_an_answer(made):
    with pytest.raises(oauth1_catalog.OAuthError) as caught:
        made(
            "fetch_access_token",
            "https://127.0.0.1:9/x",
            {"verifier": SECRETS["verifier"], "data": {"password": SECRETS["password"]}},
            signature_type="QUERY",
            signature_method="PLAINTEXT",
        )
    assert leaks(shown_by(caught.value)) == []


@pytest.mark.parametrize("pool", [RequestsPool, HttpxPool])
@pytest.mark.parametrize("address", ["https://127.0.0.1:9/x", "https://nowhere.invalid/x", "https://127.0.0.1/[x]"])
def test_token_requests_of_a_pool(pool, address):
    request = Request(
        "POST",
        f"{address}?oauth_signature=CanaryClientSecret%26&oauth_verifier=CanaryVerifier",
        {"Authorization": "OAuth CanaryTokenSecret"},
        b"oauth_signature=CanaryClientSecret",
    )
    error = error_of(lambda: pool().send(request) if pool is RequestsPool else asyncio.run(pool().send(request)))
    assert isinstance(error, oauth1_catalog.OAuthError)
    assert leaks(shown_by(error)) == []


def test_objects_that_hold_secrets_do_not_show_them(bundle):
    """Everything of the clients' own types that is alive when all kinds of clients are."""
    session = requests_client.OAuth1Session(**KEYS, verify=bundle, verifier=SECRETS["verifier"])
    client = httpx_client.OAuth1Client(**KEYS, verify=bundle, verifier=SECRETS["verifier"])
    pools = [RequestsPool(headers={"X": SECRETS["password"]}), HttpxPool(headers={"X": SECRETS["password"]})]
    shown = [repr(thing) for thing in gc.get_objects() if str(type(thing).__module__).startswith("oauth1_catalog.")]
    assert len(shown) > 4
    assert leaks("\n".join(shown)) == []
    client.close()
    session.close()
    assert pools
