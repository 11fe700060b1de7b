"""With the same nonce and timestamp, our requests are those of the popular client libraries.

Where one differs, differences.yaml has the parts that do, and the reason.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
import responses
import yaml

from tests.foreign.clients.calls import LIBRARIES, Library
from tests.foreign.clients.wire import wire
from tests.foreign.environments import python_of
from tests.foreign.verifiers import PRIVATE_KEY
from tests.integrations.applications import Application, FlaskApplication, StarletteApplication, now

PROGRAMS = Path(__file__).parent / "programs"
DIFFERENCES = yaml.safe_load(Path(__file__).with_name("differences.yaml").read_text(encoding="utf-8"))
NONCE, TIMESTAMP = "kllo9940pd9333jh", 1191242096
KEYS = {"client_id": "consumer-key", "client_secret": "consumer-secret"}
TOKEN = {"oauth_token": "token", "oauth_token_secret": "token-secret"}
TOKEN_ANSWER = "oauth_token=token&oauth_token_secret=token-secret&oauth_callback_confirmed=true"
FRAMEWORKS = {"requests": FlaskApplication, "httpx2": StarletteApplication}
LOGIN = ("request_token", "access_token")


@cache
def theirs(name: str) -> dict[str, Any]:
    """What the library sends: its program runs in an environment of its own."""
    program = LIBRARIES[name].program or name
    python, missing = python_of(program, *LIBRARIES[name].requirements)
    if python is None:
        pytest.skip(missing)
    environment = {**os.environ, "PRIVATE_KEY": PRIVATE_KEY, "PYTHONPATH": str(PROGRAMS)}
    run = subprocess.run(
        [python, "-W", "ignore", PROGRAMS / f"{program}_calls.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What we send, through requests or httpx2; nothing of it leaves the process."""
    made: list[dict[str, Any]] = []

    def answer(url: str) -> str:
        return TOKEN_ANSWER if "token" in url.lower() or "initiate" in url else "{}"

    def of_requests(request: Any) -> tuple[int, dict[str, str], str]:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        made.append(wire(request.method, request.url, dict(request.headers), body))
        return 200, {"Content-Type": "application/json"}, answer(request.url)

    async def of_httpx2(self: Any, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()
        made.append(wire(request.method, str(request.url), dict(request.headers), body))
        return httpx2.Response(200, text=answer(str(request.url)), request=request)

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", of_httpx2)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "PUT", "DELETE"):
            mock.add_callback(method, re.compile(".*"), callback=of_requests)
        yield made


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Library], Application]]:
    monkeypatch.setenv("OAUTH1_CATALOG_INSECURE_TRANSPORT", "1")  # WooCommerce signs on http alone
    made: list[Application] = []

    def make(framework: str, library: Library) -> Application:
        app = FRAMEWORKS[framework](config={}, register=False)
        app.name = library.provider
        arguments: dict[str, Any] = {**KEYS, **library.registered}
        if library.provider in {"jira", "mastercard"}:
            arguments["rsa_key"] = PRIVATE_KEY
        arguments["client_kwargs"] = {"nonce": NONCE, "timestamp": TIMESTAMP, **arguments.get("client_kwargs", {})}
        app.oauth.register_from_catalog(library.provider, **arguments)
        made.append(app)
        return app

    yield make
    for app in made:
        app.close()


def compare(name: str, call: str, ours: dict[str, Any]) -> None:
    other = theirs(name)[call]
    expected = wire(other["method"], other["url"], other["headers"], base64.b64decode(other["body"]))
    different = {part for part in expected if expected[part] != ours[part]}
    known = DIFFERENCES.get(name, {}).get(call, {})
    assert different == set(known.get("parts", ())), {part: (expected[part], ours[part]) for part in different}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("call", LOGIN)
@pytest.mark.parametrize("name", [name for name, library in LIBRARIES.items() if library.redirect_uri])
def test_a_login_is_theirs(
    application: Callable[[str, Library], Application], sent: list[dict[str, Any]], name: str, call: str, framework: str
) -> None:
    theirs(name)
    library = LIBRARIES[name]
    app = application(framework, library)

    @app.view("/start")
    async def start(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request, library.redirect_uri))

    @app.view("/end")
    async def end(app: Application, *request: Any) -> Any:
        return dict(await now(app.client.authorize_access_token(*request)))

    browser = app.browser()
    assert browser.get("/start").status == 302
    answer = browser.get("/end?oauth_token=token&oauth_verifier=verifier")
    assert answer.status == 200, answer.text
    compare(name, call, dict(zip(LOGIN, sent, strict=True))[call])


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    ("name", "call"), [(name, call) for name, library in LIBRARIES.items() for call in library.calls]
)
def test_a_call_is_theirs(
    application: Callable[[str, Library], Application], sent: list[dict[str, Any]], name: str, call: str, framework: str
) -> None:
    other = theirs(name)[call]
    library = LIBRARIES[name]
    app, made = application(framework, library), library.calls[call]
    arguments = dict(made.arguments)
    if made.with_their_body:
        kind = next(value for key, value in other["headers"].items() if key.lower() == "content-type")
        arguments |= {"data": base64.b64decode(other["body"]), "headers": {"Content-Type": kind}}
    arguments["token"] = None if library.two_legged else TOKEN

    @app.view("/call")
    async def view(app: Application, *request: Any) -> Any:
        await now(app.client.request(made.method, made.address, **arguments))
        return {}

    answer = app.browser().get("/call")
    assert answer.status == 200, answer.text
    compare(name, call, sent[-1])


def test_the_table_of_differences_names_what_is_there() -> None:
    for name, calls in DIFFERENCES.items():
        library = LIBRARIES[name]
        assert set(calls) <= {*library.calls, *(LOGIN if library.redirect_uri else ())}
        for entry in calls.values():
            assert set(entry) == {"parts", "why"}
            assert entry["why"].endswith(".")


def test_each_library_has_calls_without_a_difference() -> None:
    for name, library in LIBRARIES.items():
        assert set(library.calls) - set(DIFFERENCES.get(name, {})), name
