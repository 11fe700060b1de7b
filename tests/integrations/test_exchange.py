"""Tokens exchanged for those of OAuth 2.0, in each framework and on each face; the emulator plays X and Garmin."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog import OAuth2Token
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import DeprecatedProviderWarning, MissingSettingError, TokenExchangeDeniedError
from tests.integrations.applications import Application, now
from tests.integrations.faces import other_face

Exchanging = Callable[..., Any]


@pytest.fixture(params=["first", "other"])
def face(request: pytest.FixtureRequest) -> Callable[[Application], Exchanging]:
    if request.param == "other":
        return lambda app: other_face(app, "exchange_token")
    return lambda app: app.client.exchange_token


@pytest.fixture
def register(make: Callable[..., Application], emulator: Emulator) -> Callable[[str], Application]:
    def application(name: str) -> Application:
        app = make(config={}, register=False)
        app.name = name
        keys = emulator.client(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecatedProviderWarning)
            app.oauth.register_from_catalog(name, client_id=keys.client_id, client_secret=keys.client_secret)
        return app

    return application


def serve(app: Application, body: Callable[..., Any]) -> Any:
    app.views["/it"] = body
    answer = app.browser().get("/it")
    assert answer.status == 200, answer.text
    return answer.json


def token_of(emulator: Emulator, name: str, **changed: str) -> dict[str, str]:
    issued = emulator.issue_token(name, user="ada")
    return {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret, **changed}


def oauth2_client(emulator: Emulator, name: str) -> dict[str, str]:
    client = emulator.client(name)
    keys = {"oauth2_client_id": client.oauth2_client_id, "oauth2_client_secret": client.oauth2_client_secret}
    return keys if name == "x" else {}


@pytest.mark.parametrize("name", ["x", "twitter", "garmin"])
def test_an_exchange(register: Any, emulator: Emulator, face: Any, name: str) -> None:
    keys = oauth2_client(emulator, "x") if name == "x" else {}
    if name == "twitter":
        client = emulator.client(name)
        keys = {"oauth2_client_id": client.oauth2_client_id}  # a public client

    async def body(app: Application, *request: Any) -> Any:
        token = await now(face(app)(token_of(emulator, name), **keys))
        assert isinstance(token, OAuth2Token)
        assert token["access_token"] not in repr(token)
        assert token.expires_at is not None
        return dict(token)

    found = serve(register(name), body)
    assert set(found) == {"token_type", "expires_in", "access_token", "refresh_token"}
    assert emulator.journal.count(name, role="exchange") == 1


def test_the_configuration_has_the_oauth2_client(make: Any, emulator: Emulator, face: Any) -> None:
    client = emulator.client("x")
    keys = {"client_id": client.client_id, "client_secret": client.client_secret, **oauth2_client(emulator, "x")}
    app = make(config={"x": keys}, register=False)
    app.name = "x"
    app.oauth.register_from_catalog("x")
    assert client.oauth2_client_secret not in repr(vars(app.client))

    async def body(app: Application, *request: Any) -> Any:
        return sorted(await now(face(app)(token_of(emulator, "x"))))

    assert "refresh_token" in serve(app, body)


def test_a_missing_oauth2_client_names_the_setting(register: Any, emulator: Emulator, face: Any) -> None:
    async def body(app: Application, *request: Any) -> Any:
        with pytest.raises(MissingSettingError) as caught:
            await now(face(app)(token_of(emulator, "x")))
        return [caught.value.setting, caught.value.description]

    setting, words = serve(register("x"), body)
    assert setting == "oauth2_client_id"
    assert "no oauth2_client_id" in words
    assert "X_OAUTH2_CLIENT_ID" in words or "OAUTH1_CATALOG['x']['oauth2_client_id'] in the settings" in words
    assert "pass oauth2_client_id= to register_from_catalog()" in words
    assert emulator.journal.count(role="exchange") == 0


@pytest.mark.parametrize("name", ["x", "garmin"])
def test_a_refusal(register: Any, emulator: Emulator, face: Any, name: str) -> None:
    keys, token = oauth2_client(emulator, name), token_of(emulator, name, oauth_token="unknown")

    async def body(app: Application, *request: Any) -> Any:
        with pytest.raises(TokenExchangeDeniedError) as caught:
            await now(face(app)(token, **keys))
        error = caught.value
        return [error.status, error.problem, error.is_final, error.provider, error.step]

    status, problem = (400, "invalid_grant") if name == "x" else (401, "token_rejected")
    assert serve(register(name), body) == [status, problem, name == "x", name, "exchange"]
    assert emulator.journal.count(name, role="exchange") == 1


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_repeated(register: Any, emulator: Emulator, face: Any, status: int) -> None:
    emulator.fail_next("exchange", status=status, headers={"Retry-After": "7"})

    async def body(app: Application, *request: Any) -> Any:
        with pytest.raises(TokenExchangeDeniedError) as caught:
            await now(face(app)(token_of(emulator, "x"), **oauth2_client(emulator, "x")))
        return [caught.value.status, caught.value.retry_after, caught.value.is_final]

    assert serve(register("x"), body) == [status, 7.0, False]
    assert emulator.journal.count(role="exchange") == 1
