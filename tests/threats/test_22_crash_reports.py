"""Threat 22: no secret in what a crash report shows, whatever was called, however it was signed, however it failed.

Every operation of every face (``tests/secrecy/operations.py``) is called with canaries, and fails: the connection
drops, the provider answers 500, its answer is not a token. The real reporters (``tests/secrecy/reporters.py``) show the
error.
"""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
import rich.pretty
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client

from oauth1_catalog.clients.requests_client import OAuth1Auth, OAuth1Session
from oauth1_catalog.redaction import MaskedText
from oauth1_catalog.registry.token import Token
from oauth1_catalog.rfc5849 import ClientCredentials, Signer, TokenCredentials
from tests.clients.conftest import Arrived, Wire, response, serving
from tests.integrations.applications import FRAMEWORKS
from tests.secrecy.operations import (
    BACK,
    CALLBACK,
    EXCHANGE,
    FACES,
    METHODS,
    REQUEST_TOKEN,
    TOKEN,
    BrokenStore,
    FlaskFace,
    Registered,
    Steps,
)
from tests.secrecy.reporters import CANARY, Shown, is_ours, listening, sentry

NOT_A_TOKEN = f"oauth_token=t&oauth_token_secret={CANARY}Answer&oauth_token=u"
FAILURES: dict[str, Callable[[Arrived], bytes | None]] = {
    "dropped": lambda _: None,
    "500": lambda asked: answer(asked, f"oauth_token_secret={CANARY}Answer&oauth_problem=x", "500 Broken"),
    "not a token": lambda asked: answer(asked, NOT_A_TOKEN, "200 OK"),
}
SIGNED = [(method, "HEADER") for method in METHODS]
SIGNED += [(method, place) for method in ("HMAC-SHA1", "PLAINTEXT") for place in ("QUERY", "BODY")]


def answer(asked: Arrived, body: str, status: str) -> bytes:
    return response("" if asked.method == "HEAD" else body, status)


@pytest.fixture(scope="module")
def report() -> Iterator[Callable[[BaseException], dict[str, Any]]]:
    with sentry() as reported:
        yield reported


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as server:
        yield server


def error_of(operation: Callable[[], object]) -> Exception | None:
    """The error of an operation; that of ``raise_for_status()`` where it gives an answer."""
    try:
        result = operation()
        if hasattr(result, "raise_for_status"):
            result.raise_for_status()
    except Exception as error:
        return error
    return None


def leaks_of(operation: Callable[[], object], report: Any) -> list[str]:
    with listening() as heard:
        error = error_of(operation)
    found = [text for text in heard if CANARY in text]
    return found + (Shown(error, report).leaks() if error is not None else [])


@pytest.mark.parametrize(("method", "place"), SIGNED)
@pytest.mark.parametrize("face", FACES)
def test_every_operation(wire: Wire, report: Any, face: str, method: str, place: str) -> None:
    """Every operation of every face, signed in every way, fails in every way."""
    opened = FACES[face](wire.url, method, place)
    with opened.running():
        operations = opened.operations()
        for name, operation in operations.items():
            for failure, answer in FAILURES.items():
                wire.answer = answer
                assert leaks_of(operation, report) == [], (failure, name)
    assert len(operations) >= 8


@pytest.mark.parametrize("face", [name for name, face in FACES.items() if issubclass(face, Registered)])
def test_a_token_store_that_is_away(wire: Wire, report: Any, face: str) -> None:
    opened: Any = FACES[face](wire.url, "HMAC-SHA1", "HEADER", store=BrokenStore())
    with opened.running():
        storing = opened.storing()
        assert len(storing) >= 3
        for name, operation in storing.items():
            error = error_of(operation)
            assert "the database is away" in str(error), name
            assert Shown(error, report).leaks() == [], name


@pytest.mark.parametrize("face", [name for name, face in FACES.items() if issubclass(face, Registered)])
@pytest.mark.parametrize("api_auth", ["bearer"])
def test_a_token_that_is_shown_to_the_provider(wire: Wire, report: Any, face: str, api_auth: str) -> None:
    opened: Any = FACES[face](wire.url, "HMAC-SHA1", "HEADER", api_auth=api_auth)
    with opened.running():
        token = {**TOKEN, "oauth_token": f"{CANARY}Bearer"}
        for name in ("get", "post"):
            assert leaks_of(lambda: opened.call(name, "orders", token=token), report) == []  # noqa: B023 - called at once


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("mistake", [{"request_token_urll": "x"}, {"client_kwargs": {"signature_method": "x"}}])
def test_a_registration_that_fails_shows_no_secret(report: Any, framework: str, mistake: dict[str, Any]) -> None:
    """At the application's start, where its keys are."""
    registry = FRAMEWORKS[framework].integration.OAuth
    app = (flask.Flask(__name__),) if framework == "flask" else ()
    keys = {"client_id": "key", "client_secret": f"{CANARY}Client", "token": "t", "token_secret": f"{CANARY}Token"}

    def register() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = registry(*app).register("provider", **keys, rsa_key=f"{CANARY}Key", **mistake)
        return client.signer

    error = error_of(register)
    assert error is not None
    assert Shown(error, report).leaks() == []


class Broken:
    """A signature method of an application."""

    name, hash_name = "BROKEN", None

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:
        raise RuntimeError("the hardware token is away")


@pytest.mark.parametrize("options", [{"signature_method": Broken()}, {"nonce": lambda: 1 / 0}], ids=["method", "nonce"])
@pytest.mark.parametrize("place", ["HEADER", "QUERY", "BODY"])
def test_what_an_application_brings_along(report: Any, options: dict[str, Any], place: Any) -> None:
    client, token = ClientCredentials("key", f"{CANARY}Client"), TokenCredentials("t", f"{CANARY}Token")
    signer = Signer(client, signature_type=place, **options)
    form = {"password": f"{CANARY}Body"}
    verifier = {"oauth_verifier": f"{CANARY}Verifier"}
    session = OAuth1Session("key", f"{CANARY}Client", "t", f"{CANARY}Token", signature_type=place, **options)
    operations: list[Callable[[], object]] = [
        lambda: signer.authorization("POST", "https://a.example/", parameters=verifier, token=token),
        lambda: signer.signed_form("https://a.example/", form, token, verifier),
        lambda: session.post("https://a.example/", data=form),
        lambda: session.fetch_access_token("https://a.example/", f"{CANARY}Verifier", data=form),
    ]
    for operation in operations:
        error = error_of(operation)
        assert isinstance(error, RuntimeError | ZeroDivisionError)
        assert Shown(error, report).leaks() == []


def test_the_applications_own_frames_stay(wire: Wire) -> None:
    """What is left out is ours and the HTTP library's; a hook of the application shows where it failed."""

    def hook(answer: Any, **_: object) -> None:
        answer.close()  # its body is never read, and would keep the connection
        raise RuntimeError("the hook is broken")

    with OAuth1Session("key", "secret", hooks={"response": hook}) as session:
        error = error_of(lambda: session.get(wire.url))
    names = []
    traceback = error.__traceback__ if error else None
    while traceback is not None:
        names.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    assert names[-1] == "hook"


class TestAnErrorOfTheApplicationAfterTheLogin:
    """The view's own frames hold the token, and are shown."""

    def error_in_a_view(self, wire: Wire) -> Exception:
        wire.answer = lambda _: response(f"oauth_token=t&oauth_token_secret={CANARY}Answer")
        face = FlaskFace(wire.url, "HMAC-SHA1", "HEADER")
        with face.running():
            face.call("save_authorize_data", request_token=REQUEST_TOKEN, redirect_uri="https://x.example/cb")

            def view() -> None:
                bought = face.client.authorize_access_token()  # sentry filters what is called "token"
                kept = {"first": bought, "all": [bought]}
                raise LookupError(f"nobody is {sorted(kept)}")

            error = error_of(view)
        assert isinstance(error, LookupError)
        error.__traceback__ = error.__traceback__.tb_next if error.__traceback__ else None  # into the view
        return error

    def test_sentry(self, wire: Wire, report: Any) -> None:
        event = report(self.error_in_a_view(wire))
        variables = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]["vars"]
        assert CANARY not in json.dumps({name: variables[name] for name in ("bought", "kept")})
        assert "********" in json.dumps(variables["bought"])

    def test_the_others(self, wire: Wire, report: Any) -> None:
        error = self.error_in_a_view(wire)
        assert error.__traceback__ is not None
        shown = error.__traceback__.tb_frame.f_locals
        for name in ("bought", "kept"):
            text = f"{shown[name]!r} {shown[name]} {rich.pretty.pretty_repr(shown[name])}"
            assert CANARY not in text
            assert "********" in text


def test_a_token_serializes_in_plain() -> None:
    token = Token(TOKEN)
    assert json.loads(json.dumps(token)) == pickle.loads(pickle.dumps(token)) == {**token} == TOKEN
    assert isinstance(token, dict)
    assert type(token["oauth_token_secret"]) is str


def test_a_masked_text_serializes_in_plain() -> None:
    secret = MaskedText("hush")
    assert json.dumps([secret]) == '["hush"]'
    assert f"{secret}{secret!s}" == "hushhush"
    assert pickle.loads(pickle.dumps(secret)) == "hush"


PLAINTEXT = {"signature_method": "PLAINTEXT", "signature_type": "QUERY"}


@pytest.mark.parametrize("face", ["OAuth1Session", "OAuth1Client", "AsyncOAuth1Client", "OAuth1Auth, requests"])
def test_plaintext_in_the_query_is_in_no_text(wire: Wire, face: str) -> None:
    wire.answer = lambda asked: answer(asked, "no", "500 Broken")
    opened = FACES[face](wire.url, "PLAINTEXT", "QUERY")
    assert isinstance(opened, Steps)
    with opened.running():
        error = error_of(lambda: opened.run(opened.client(), "get", f"{wire.url}/api?page=2"))
    assert f"{wire.url}/api?page=2" in str(error)
    assert "oauth_" not in str(error)
    assert "oauth_signature" in wire.last.target


def test_what_a_library_cannot_but_hold(wire: Wire, report: Any) -> None:
    """``OAuth1Auth`` in a session of requests: the session's own frames hold the signed request."""
    import requests

    wire.answer = lambda _: None
    auth = OAuth1Auth("key", f"{CANARY}Client", "t", f"{CANARY}Token", signature_method="PLAINTEXT")
    error = error_of(lambda: requests.get(wire.url, auth=auth))
    assert error is not None
    shown = Shown(error, report)
    assert shown.leaks() == []
    assert any("urllib3" in place for place in shown.libraries())  # docs/security.md names it


WITH_ALL_INTEGRATIONS = f"""
import logging, sentry_sdk, flask
from oauth1_catalog.integrations.flask_client import OAuth
logging.basicConfig(level=logging.DEBUG, filename="/dev/null")
sent = []

class Kept(sentry_sdk.transport.Transport):
    def capture_envelope(self, envelope):
        sent.append(envelope.get_event())

sentry_sdk.init(dsn="http://public@127.0.0.1:9/1", transport=Kept)
app = flask.Flask("shop")
app.secret_key = "k" * 32
oauth = OAuth(app)
nowhere = "https://127.0.0.1:9"
shop = oauth.register("shop", client_id="key", client_secret="Can" "aryClient", request_token_url=nowhere,
                      authorize_url=nowhere, access_token_url=nowhere, api_base_url=nowhere)

@app.get("/call")
def call():
    return shop.get("/me", token=dict(oauth_token="t", oauth_token_secret="Can" "aryToken")).text

@app.get("/login")
def login():
    return shop.authorize_redirect("https://x.example/cb")

@app.get("/end")
def end():
    shop.fetch_access_token(
        dict(oauth_token="t", oauth_token_secret="Can" "aryTemporary"), verifier="Can" "aryVerifier"
    )

for path in ("/call", "/login", "/end"):
    assert app.test_client().get(path).status_code == 500
assert len(sent) >= 3, len(sent)
assert "{CANARY}" not in repr(sent), [f for f in str(sent).split(",") if "{CANARY}" in f]
"""


def test_sentry_with_all_its_integrations() -> None:
    """In a process of its own: the integrations patch what they find."""
    ran = subprocess.run(
        [sys.executable, "-c", WITH_ALL_INTEGRATIONS], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_the_callback_of_the_matrix_holds_a_verifier() -> None:
    assert f"oauth_verifier={CANARY}" in CALLBACK


class TestWerkzeugsDebugger:
    """The page of ``flask run --debug``, and its console in each frame that the page lists."""

    @pytest.mark.parametrize("place", ["HEADER", "QUERY", "BODY"])
    @pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
    @pytest.mark.parametrize("failure", FAILURES)
    def test_no_frame_of_ours_knows_a_secret(self, wire: Wire, failure: str, method: str, place: str) -> None:
        wire.answer = FAILURES[failure]
        face = FlaskFace(wire.url, method, place)
        with face.running():
            views = {
                "callback": lambda: face.client.authorize_access_token(x_secret=f"{CANARY}Parameter"),
                "call": lambda: face.client.post("orders", token=Token(TOKEN), data={"a": "b"}).raise_for_status(),
                "renew": lambda: face.client.renew_token(Token(TOKEN)),
                "exchange": lambda: face.client.exchange_token(Token(TOKEN), **EXCHANGE),
                "begin": lambda: face.client.authorize_redirect(BACK),
            }

            @face.app.get("/<name>")
            def view(name: str) -> Any:
                if name == "callback":
                    face.client.save_authorize_data(request_token=REQUEST_TOKEN, redirect_uri=BACK)
                return views[name]() or "it worked"

            face.app.testing = False
            face.app.config["PROPAGATE_EXCEPTIONS"] = True
            debugged = DebuggedApplication(face.app, evalex=True, pin_security=False)
            browser = Client(debugged)
            for name in views:
                page = browser.get(f"/{name}?oauth_token=temporary&oauth_verifier=v", headers={"Host": "localhost"})
                if page.status_code == 200:  # an answer that is no token is an answer to an API call
                    assert (name, failure) == ("call", "not a token")
                    continue
                assert page.status_code == 500
                assert "Werkzeug" in page.text
                assert CANARY not in page.text
                frames = [int(number) for number in re.findall(r'id="frame-(\d+)"', page.text)]
                assert frames
                ours = 0
                for number in frames:
                    place_of = debugged.frames[number].filename
                    if not is_ours(place_of):
                        continue
                    ours += 1
                    asked = {"__debugger__": "yes", "s": debugged.secret, "frm": str(number), "cmd": LOCALS}
                    told = browser.get("/", query_string=asked, headers={"Host": "localhost"})
                    assert told.status_code == 200
                    assert "Traceback" not in told.text
                    assert CANARY not in told.text, place_of
                assert ours or (name, failure) == ("call", "500"), "raise_for_status() is not ours"


LOCALS = "[f'{n}={v!r}' for n, v in locals().items() if not n.startswith('__')]"
"""The console's own question; it sees a frame's variables and those of its module."""


STRAY = {  # instead of an answer: what libraries quote in their errors and logs
    "no HTTP": f"oauth_token=t&oauth_token_secret={CANARY}Answer\r\n\r\n",
    "no HTTP but JSON": f'{{"oauth_token": "t", "oauth_token_secret": "{CANARY}Answer"}}\r\n\r\n',
    "a status": f"HTTP/1.1 oauth_token_secret={CANARY}Answer\r\n\r\n",
    "a header": f"HTTP/1.1 200 OK\r\nContent-Length: token_secret={CANARY}Answer\r\n\r\n",
    "a chunk": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\noauth_token_secret={CANARY}Answer\r\n",
}


@pytest.mark.parametrize("face", [name for name in FACES if not name.startswith("OAuth1Auth")])
@pytest.mark.parametrize("stray", STRAY)
def test_an_answer_that_a_library_quotes(wire: Wire, report: Any, face: str, stray: str) -> None:
    """In a session of the application's own (``OAuth1Auth``) its library's errors are as they are."""

    def answer_and_leave(_: Arrived) -> Iterator[bytes]:
        yield STRAY[stray].encode()
        raise ConnectionAbortedError

    wire.answer = answer_and_leave
    opened = FACES[face](wire.url, "HMAC-SHA1", "HEADER")
    with opened.running():
        for name, operation in opened.operations().items():
            assert leaks_of(operation, report) == [], name


@pytest.mark.parametrize("face", FACES)
def test_a_redirect_that_repeats_the_query(wire: Wire, report: Any, face: str) -> None:
    """With PLAINTEXT in the query, the address is the secrets; httpcore2 writes the headers of answers at DEBUG."""

    def again(asked: Arrived) -> bytes:
        is_no_address = "/api" in asked.target and len(wire.arrived) % 2
        to = f"{'https://[' if is_no_address else wire.url}{asked.target}"
        cookie = ("Set-Cookie", f"session={CANARY}Cookie")
        return response("", "301 Moved", (("Location", to), cookie))

    wire.answer = again
    opened = FACES[face](wire.url, "PLAINTEXT", "QUERY")
    with opened.running():
        for name, operation in opened.operations().items():
            assert leaks_of(operation, report) == [], name
