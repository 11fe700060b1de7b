"""Calls after the token that carry it in a header instead of a signature (``api_auth``), in each framework."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application, now
from tests.integrations.faces import other_face

FILE = """schema_version: 1
name: {name}
flows: [redirect]
request_token_url: https://{name}.example/request
authorize_url: https://{name}.example/authorize
access_token_url: https://{name}.example/access
api_base_url: https://api.{name}.example/1/
api_hosts: [files.{name}.example]
api_auth: {auth}
api_params: {{format: json}}
headers: {{X-Version: "3"}}
userinfo_endpoint: me
userinfo_claims: {{sub: $.id}}
"""
AUTH = {"shelf": "header\napi_auth_header: X-Shelf-Key", "atlas": "bearer"}


@pytest.fixture(scope="module")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that also plays the providers of ``FILE``."""
    folder: Path = tmp_path_factory.mktemp("catalog")
    for name, auth in AUTH.items():
        (folder / f"{name}.yaml").write_text(FILE.format(name=name, auth=auth), encoding="utf-8")
    with Emulator(Catalog(folder)) as running:
        yield running


@pytest.fixture
def register(make: Callable[..., Application], own_files: Emulator) -> Callable[[str], Application]:
    def application(name: str) -> Application:
        app = make(config={}, register=False, catalog=own_files.catalog)
        app.name = name
        keys = own_files.client(name)
        trust = {"verify": own_files.ca_file}
        app.oauth.register_from_catalog(
            name, client_id=keys.client_id, client_secret=keys.client_secret, client_kwargs=trust
        )
        return app

    return application


def serve(app: Application, body: Callable[..., Any]) -> Any:
    app.views["/it"] = body
    answer = app.browser().get("/it")
    assert answer.status in {200, 400}, answer.text
    return answer.json


@pytest.fixture(params=AUTH)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def token(own_files: Emulator, name: str) -> dict[str, str]:
    own_files.catalog.provider(name)
    issued = own_files.issue_token(name, user="ada")
    return {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}


def header_of(name: str) -> str:
    return "X-Shelf-Key" if name == "shelf" else "Authorization"


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "options"])
def test_a_call_carries_the_token_and_no_signature(
    register: Callable[[str], Application], name: str, token: dict[str, str], verb: str
) -> None:
    async def body(app: Application, *request: Any) -> Any:
        options: dict[str, Any] = {"params": {"q": "a b"}, "headers": {header_of(name).lower(): "another"}}
        answer = await now(getattr(app.client, verb)("items", token=token, **options))
        return [answer.json(), answer.request.headers[header_of(name)], "oauth_" in str(answer.request.url)]

    echo, sent, is_signed = serve(register(name), body)
    assert (echo["user"], echo["method"]) == ("ada", verb.upper())
    assert sorted(echo["query"]) == [["format", "json"], ["q", "a b"]]
    assert sent == (token["oauth_token"] if name == "shelf" else f"Bearer {token['oauth_token']}")
    assert not is_signed


def test_the_other_faces_do_the_same(register: Callable[[str], Application], name: str, token: dict[str, str]) -> None:
    async def body(app: Application, *request: Any) -> Any:
        answer = await now(other_face(app, "get")("items", token=token))
        return [answer.json()["user"], answer.request.headers[header_of(name)].endswith(token["oauth_token"])]

    assert serve(register(name), body) == ["ada", True]


def test_a_netrc_does_not_take_its_place(
    register: Callable[[str], Application],
    name: str,
    token: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password hush\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    async def body(app: Application, *request: Any) -> Any:
        return (await now(app.client.get("items", token=token))).json()["user"]

    assert serve(register(name), body) == "ada"


def test_the_profile_is_asked_for_with_the_token(
    register: Callable[[str], Application], name: str, token: dict[str, str], own_files: Emulator
) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.userinfo(token=token))

    assert serve(register(name), body)["sub"]
    own_files.fail_next("api", provider=name, status=302, headers={"Location": "/elsewhere"})
    refused = serve(register(name), body)
    assert refused["error"] == "invalid_userinfo"
    assert "302" in refused["description"]
    assert [exchange.path for exchange in own_files.journal.exchanges if "elsewhere" in exchange.path] == []


def test_a_whole_login(register: Callable[[str], Application], name: str, own_files: Emulator) -> None:
    app = register(name)

    async def login(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request, "http://127.0.0.1/authorize"))

    async def authorize(app: Application, *request: Any) -> Any:
        given = await now(app.client.authorize_access_token(*request))
        return [(await now(app.client.get("items", token=given))).json()["user"], await now(app.client.userinfo(given))]

    app.views |= {"/login": login, "/authorize": authorize}
    browser = app.browser()
    user, claims = browser.get(own_files.approve(browser.get("/login").location, user="grace")).json
    assert user == "grace"
    assert claims["sub"]


@pytest.mark.parametrize(
    "stranger", ["https://evil.example/", "https://api.shelf.example.evil.example/", "http://api.shelf.example/1/x"]
)
@pytest.mark.parametrize("any_host", [False, True])
def test_the_token_goes_to_whole_https_hosts_alone(
    register: Callable[[str], Application], name: str, token: dict[str, str], stranger: str, any_host: bool
) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.get(stranger, token=token, allow_any_host=any_host))

    error = serve(register(name), body)
    assert error["error"] in {"forbidden_host", "insecure_transport"}
    assert "allow_any_host" not in error["description"]
    assert token["oauth_token"] not in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    register: Callable[[str], Application], name: str, token: dict[str, str], status: int, own_files: Emulator
) -> None:
    app = register(name)
    follow = "follow_redirects" if not hasattr(app.client, "close") else "allow_redirects"
    calls = len(own_files.journal.exchanges)

    def asking(asked: bool) -> Callable[..., Any]:
        async def body(app: Application, *request: Any) -> Any:
            answer = await now(app.client.get("items", token=token, **{follow: asked}))
            return {"status": answer.status_code}

        return body

    for asked, expected in ((True, "redirect_refused"), (False, None)):
        location = f"{app.client.api_base_url}other"  # also on the same host
        own_files.fail_next("api", provider=name, status=status, headers={"Location": location})
        told = serve(app, asking(asked))
        assert (told.get("error"), told["status"]) == (expected, status if expected is None else None)
    assert len(own_files.journal.exchanges) == calls + 2


def test_protocol_parameters_have_no_place(
    register: Callable[[str], Application], name: str, token: dict[str, str]
) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.get("items", token=token, oauth_params={"oauth_callback": "about:blank"}))

    assert "are not signed" in serve(register(name), body)["description"]


@pytest.mark.parametrize("wrong", ["a b", "a\r\nX-Other: 1", "é", ""])
def test_a_token_that_no_header_can_hold(register: Callable[[str], Application], name: str, wrong: str) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.get("items", token={"oauth_token": wrong, "oauth_token_secret": "s"}))

    error = serve(register(name), body)
    assert error["error"] in {"invalid_token", "missing_token"}
    assert "X-Other" not in str(error)


def test_the_emulator_refuses_what_such_a_provider_refuses(
    register: Callable[[str], Application], name: str, token: dict[str, str], own_files: Emulator
) -> None:
    async def body(app: Application, *request: Any) -> Any:
        signed = await now(app.client.get("items", withhold_token=True))
        unknown = await now(app.client.get("items", token={"oauth_token": "unknown", "oauth_token_secret": "s"}))
        return [signed.status_code, unknown.status_code]

    assert serve(register(name), body) == [400, 401]


def test_here_after_its_token(register: Callable[[str], Application], own_files: Emulator) -> None:
    app = register("here")

    async def body(app: Application, *request: Any) -> Any:
        token = await now(app.client.fetch_client_token())
        url = f"{own_files.origins.secure}/here/api/discover.search.hereapi.com/v1/geocode"
        answer = await now(app.client.get(url, params={"q": "Alexanderplatz"}, token=token))
        return [answer.status_code, answer.request.headers["Authorization"] == f"Bearer {token['oauth_token']}"]

    assert serve(app, body) == [200, True]
