"""The query of a callback, through a whole login in Flask: what finishes it, and with what."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import flask
import requests

from oauth1_catalog.catalog.provider import CallbackRules, Provider
from oauth1_catalog.diagnosis.problems import REFUSALS
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    MissingVerifierError,
    OAuthError,
    StateError,
    TokenRequestDeniedError,
)
from oauth1_catalog.flow.callback import MAX_VALUE, Callback, read_callback, require_verifier
from oauth1_catalog.integrations.flask_client import OAuth
from oauth1_catalog.rfc5849 import parse_authorization_header
from tests.fuzz.target import SECRET, Target, catalog, check_shown, joined, parts_of, raw

TOKEN = "the-request-token"
INJECTED = [("oauth_token_secret", "evil"), ("redirect_uri", "https://evil.example/"), ("next", "//evil.example")]


class Recorded(requests.adapters.BaseAdapter):
    """The provider: it gives a token for every request, and remembers the headers."""

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[str] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.headers.append(str(request.headers["Authorization"]))
        response = requests.Response()
        response.status_code, response.url, response.request = 200, str(request.url), request
        confirmed = "&oauth_callback_confirmed=true" if "request_token" in str(request.url) else ""
        response.raw = io.BytesIO(f"oauth_token={TOKEN}&oauth_token_secret=s{confirmed}".encode())
        return response

    def close(self) -> None:
        """Nothing is open."""


class Site:
    """An application, and one browser that has begun a login."""

    def __init__(self) -> None:
        self.provider = Recorded()
        self.app = flask.Flask(__name__)
        self.app.secret_key = "a secret key of the site"
        self.client: Any = OAuth(self.app).register(
            "example",
            request_token_url="https://p.example/request_token",
            access_token_url="https://p.example/access_token",
            authorize_url="https://p.example/authorize",
            client_id="key",
            client_secret=SECRET,
            client_kwargs={"session_factory": self._session},
        )
        self.session: dict[str, Any] = {}

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.mount("https://", self.provider)
        return session

    def begin(self) -> None:
        if not self.session:
            with self.app.test_request_context("/login"):
                self.client.authorize_redirect("https://site.example/authorize")
                self.session = dict(flask.session)

    def finish(self, query: bytes, handed: object) -> tuple[OAuthError | None, list[str]]:
        """The error, and the headers of what was sent to the provider."""
        self.begin()
        self.provider.headers.clear()
        error = None
        environ = {"QUERY_STRING": query.decode("latin-1")}
        with self.app.test_request_context("/authorize", environ_overrides=environ):
            flask.session.update(self.session)
            options = {} if handed is None else {"callback": handed}
            try:
                self.client.authorize_access_token(**options)
            except OAuthError as caught:
                error = caught
            self.session = dict(flask.session)
        return error, list(self.provider.headers)


site = cache(Site)


@cache
def providers() -> tuple[Provider, ...]:
    """A provider for each way in which one of the catalog ends a login."""
    rules = {catalog().outline(name).callback for name in catalog().names()}
    rules |= {CallbackRules(denied_when=when, extra=("realmId",)) for when in ("no_verifier", "empty_verifier")}
    return tuple(Provider(name="example", from_catalog=True, callback=one) for one in sorted(rules, key=repr))


def check(data: bytes) -> None:
    query, body = parts_of(data, 2)
    try:
        handed: Any = json.loads(body) if body else None
    except (ValueError, RecursionError):
        handed = None
    check_site(raw(query), handed if isinstance(handed, dict) else None)
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    for provider in providers():
        check_reader(provider, pairs)


def check_site(query: bytes, handed: dict[str, Any] | None) -> None:
    error, sent = site().finish(query, handed)
    if error is not None:
        check_shown(error, SECRET)
    if not sent:
        assert error is not None, "a login without a request to the provider"
        return
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace")  # as WSGI and ASGI have it
    if handed is not None:
        pairs = list(handed.items())
    given = {name: [value for other, value in pairs if other == name] for name in ("oauth_token", "oauth_verifier")}
    assert given["oauth_token"] == [TOKEN], "a login was finished with another token, or with two"
    protocol = dict(parse_authorization_header(sent[0]))
    assert [protocol["oauth_verifier"]] == [value for value in given["oauth_verifier"] if value]
    assert not any(name == "oauth_problem" and value in REFUSALS for name, value in pairs)


def check_reader(provider: Provider, pairs: list[tuple[str, str]]) -> None:
    read, rules = outcome(provider, pairs), provider.callback
    injected = outcome(provider, [*INJECTED, *pairs])
    assert shown(injected) == shown(read), "a parameter that nobody declared changes the outcome"
    if not isinstance(read, Callback):
        return
    texts = [read.oauth_token, read.oauth_verifier or "", *read.extra.values()]
    assert read.oauth_token
    assert all(text.isprintable() and len(text) <= MAX_VALUE for text in texts)
    assert read.extra.keys() <= {*rules.extra, rules.state_param}
    named = [value for name, value in pairs if name == rules.token_param]
    assert named in ([read.oauth_token], [""], []), "which token counts is not clear"
    if read.failure is not None:
        check_shown(read.failure)
        return
    try:
        verifier = require_verifier(provider, read.oauth_verifier)
    except MissingVerifierError as error:
        check_shown(error)
        return
    assert verifier is None or [verifier] == [value for name, value in pairs if name == rules.verifier_param]


def outcome(provider: Provider, pairs: list[tuple[str, str]]) -> Callback | OAuthError:
    """What is read, or the error."""
    try:
        return read_callback(provider, pairs)
    except (StateError, AuthorizationDeniedError, TokenRequestDeniedError) as error:
        check_shown(error)
        return error


def shown(read: Callback | OAuthError) -> tuple[object, ...]:
    if isinstance(read, OAuthError):
        return type(read), str(read)
    return read.oauth_token, read.oauth_verifier, dict(read.extra), str(read.failure)


def seeds() -> Iterator[bytes]:
    yield joined(f"oauth_token={TOKEN}&oauth_verifier=v")
    yield joined(f"oauth_token={TOKEN}&oauth_verifier=v&oauth_token={TOKEN}")
    yield joined(f"oauth_token={TOKEN}&oauth_verifier=")
    yield joined(f"denied={TOKEN}")
    yield joined(f"oauth_token={TOKEN}&oauth_problem=user_refused")
    yield joined("oauth_problem=permission_denied&oauth_problem_advice=no")
    yield joined(f"oauth_token={TOKEN}&oauth_verifier=%ff%00%0a&next=/")
    yield joined("oauth_token=other&oauth_verifier=v;oauth_token=x")
    yield joined(f"key={TOKEN}&pin=1234&realmId=9&state=s&company=c")
    yield joined("", json.dumps({"oauth_token": TOKEN, "oauth_verifier": "v"}))
    yield joined("oauth_token=x", json.dumps({"oauth_token": TOKEN, "oauth_verifier": ["v"], "denied": None}))


TARGET = Target(
    "the query of a callback, and what a front end hands on, through a login in Flask",
    check,
    seeds,
    (
        TOKEN, "oauth_token=", "oauth_verifier=", "denied=", "oauth_problem=", "user_refused", "permission_denied",
        "&", "%00", "%ED%A0%80", "+", ";", "state=", "realmId=", '{"oauth_token": "', '"oauth_verifier": "',
    ),
    longest=1024,
)  # fmt: skip
