"""Clients whose calls are signed with session tokens: when one is asked for, who shares it, and what ends it.

The emulator plays Interactive Brokers. tests/foreign/test_interactive_brokers.py compares with ibind.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import time_machine

from oauth1_catalog import Token, async_client, client
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import KEY_FILES
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    MissingTokenError,
    SigningError,
    TokenRequestDeniedError,
)
from oauth1_catalog.integrations.requests_client import OAuth1Session
from oauth1_catalog.registry import session_tokens
from oauth1_catalog.registry.session_tokens import SessionTokens
from tests.registry.test_token_store import DictTokens

NAME = "interactive_brokers"
MAKERS = {"client()": client, "async_client()": async_client}
Make = Callable[..., Any]


@pytest.fixture(params=MAKERS)
def call(request: pytest.FixtureRequest, keys: dict[str, Any]) -> Callable[..., Any]:
    """``call(use, ...)``: the result of ``use``, which gets a client with these arguments."""

    def of(use: Callable[[Any], Any], **more: Any) -> Any:
        made = MAKERS[request.param](NAME, **keys | more)

        async def awaited() -> Any:
            async with made:
                return await use(Awaiting(made))

        if request.param == "client()":
            with made:
                return asyncio.run(use(Awaiting(made)))
        return asyncio.run(awaited())

    return of


class Awaiting:
    """Either client, with methods that are awaited."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.made, name)

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return awaited if callable(method) else method


@pytest.fixture
def keys(emulator: Emulator) -> dict[str, Any]:
    own, token = emulator.client(NAME), emulator.issue_token(NAME, user="grace")
    return {
        "catalog": emulator.catalog,
        "client_id": own.client_id,
        "rsa_key": own.rsa_key,
        "encryption_key": own.encryption_key,
        "dh_parameters": own.dh_parameters,
        "token": token.oauth_token,
        "token_secret": token.oauth_token_secret,
        "client_kwargs": {"verify": emulator.ca_file},
    }


def asked(emulator: Emulator, status: int = 200) -> int:
    return emulator.journal.count(NAME, role="session_token", status=status)


def test_calls_share_one_session_token(call: Callable[..., Any], emulator: Emulator) -> None:
    async def use(api: Any) -> list[Any]:
        answers = [await api.get("portfolio/accounts", params={"conids": "1,2", "q": "a b"}) for _ in range(3)]
        answers.append(await api.post("iserver/account/U1/orders", json={"orders": [{"conid": 1}]}))
        return [(answer.status_code, answer.json()["user"]) for answer in answers]

    assert call(use) == [(200, "grace")] * 4
    assert asked(emulator) == 1


def test_tasks_at_once_share_one(emulator: Emulator, keys: dict[str, Any]) -> None:
    async def use() -> list[int]:
        async with async_client(NAME, **keys) as api:
            answers = await asyncio.gather(*(api.get("portfolio/accounts") for _ in range(8)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(use()) == [200] * 8
    assert asked(emulator) == 1


def test_threads_at_once_share_one(emulator: Emulator, keys: dict[str, Any]) -> None:
    with client(NAME, **keys) as api, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.get("portfolio/accounts").status_code, range(8)))
    assert answers == [200] * 8
    assert asked(emulator) == 1


def test_a_failure_lets_the_next_one_ask(call: Callable[..., Any], emulator: Emulator) -> None:
    async def use(api: Any) -> int:
        emulator.fail_next("session_token", status=503)
        with pytest.raises(TokenRequestDeniedError, match="the session_token request was refused with status 503"):
            await api.get("portfolio/accounts")
        answer = await api.get("portfolio/accounts")
        return int(answer.status_code)

    assert call(use) == 200


def test_an_ended_one_is_replaced(
    call: Callable[..., Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(api: Any) -> float:
        renewed: Token = await api.renew_token()
        assert renewed.expires_at is not None
        now = renewed.expires_at - 59  # it ends a minute early
        monkeypatch.setattr(session_tokens.time, "time", lambda: now)
        await api.get("portfolio/accounts")
        return renewed.expires_at - now

    assert call(use) == 59
    assert asked(emulator) == 2


def test_one_that_the_provider_refuses_is_replaced_by_the_next_call(
    call: Callable[..., Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(api: Any) -> list[int]:
        monkeypatch.setattr(session_tokens, "YOUNG", 0.0)
        answers = [await api.get("portfolio/accounts")]
        emulator.expire_tokens(NAME)
        answers += [await api.get("portfolio/accounts") for _ in range(2)]
        return [answer.status_code for answer in answers]

    assert call(use) == [200, 401, 200]
    assert asked(emulator) == 2


@pytest.mark.parametrize("jump", [-86_400, -3600, 3600])
def test_one_that_the_provider_refuses_is_replaced_after_a_jump_of_the_clock(
    call: Callable[..., Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    """A clock that is set back does not make it young."""

    async def use(api: Any) -> list[int]:
        monkeypatch.setattr(session_tokens, "YOUNG", 0.0)
        answers = [await api.get("portfolio/accounts")]
        emulator.expire_tokens(NAME)
        with time_machine.travel(time.time() + jump):
            answers += [await api.get("portfolio/accounts") for _ in range(2)]
        return [answer.status_code for answer in answers]

    assert call(use) == [200, 401, 200]
    assert asked(emulator) == 2


def test_a_young_one_is_kept(call: Callable[..., Any], emulator: Emulator) -> None:
    """A call can be refused for another reason, and each call would ask for one more."""

    async def use(api: Any) -> list[int]:
        emulator.fail_next("api", status=401, times=3)
        return [(await api.get("portfolio/accounts")).status_code for _ in range(4)]

    assert call(use) == [401, 401, 401, 200]
    assert asked(emulator) == 1


def test_a_token_that_was_renewed_brings_its_own(call: Callable[..., Any], emulator: Emulator) -> None:
    async def first(api: Any) -> dict[str, str]:
        return dict(await api.renew_token())

    async def use(api: Any) -> int:
        return int((await api.get("portfolio/accounts", token=renewed)).status_code)

    renewed = call(first)
    assert sorted(renewed) == ["live_session_token_expiration", "oauth_token", "oauth_token_secret", "session_token"]
    assert call(use, token=None, token_secret=None) == 200
    assert asked(emulator) == 1
    assert "session_token': '********'" in repr(Token(renewed))


class Store(DictTokens):
    """A table with the token of one user."""

    def __init__(self, keys: dict[str, Any]) -> None:
        super().__init__()
        self.save_token(NAME, 7, {"oauth_token": keys["token"], "oauth_token_secret": keys["token_secret"]})


def test_a_stored_token_keeps_its_session_token_there(
    call: Callable[..., Any], emulator: Emulator, keys: dict[str, Any]
) -> None:
    async def use(api: Any) -> int:
        token = await api.find_token(7)
        await api.get("portfolio/accounts", token=token)
        return int((await api.get("portfolio/accounts", token=token)).status_code)

    store = Store(keys)
    for _ in range(2):  # as in two processes
        assert call(use, token=None, token_secret=None, token_store=store) == 200
    assert asked(emulator) == 1
    assert (store.rows[NAME, 7].version, store.claimed) == (2, {})
    assert store.rows[NAME, 7]["session_token"]


def test_a_stored_session_token_that_has_ended(
    call: Callable[..., Any], emulator: Emulator, keys: dict[str, Any]
) -> None:
    """Also if another worker has replaced the token that the caller has, by one that has ended as well."""

    async def use(api: Any) -> int:
        stale = await api.find_token(7)
        store.save_token(NAME, 7, {**store.rows[NAME, 7], "live_session_token_expiration": "2000000"})
        return int((await api.get("portfolio/accounts", token=stale)).status_code)

    store = Store(keys)
    ended = {**store.rows[NAME, 7], "session_token": "YWJj", "live_session_token_expiration": "1000000"}
    store.save_token(NAME, 7, ended)
    assert call(use, token=None, token_secret=None, token_store=store) == 200
    assert asked(emulator) == 1


def test_a_request_is_signed_without_io_if_one_is_known(keys: dict[str, Any], emulator: Emulator) -> None:
    with client(NAME, **keys) as api:
        with pytest.raises(MissingTokenError, match="Call renew_token\\(\\) before you sign") as caught:
            api.sign("GET", "portfolio/accounts")
        assert caught.value.error == "missing_session_token"
        assert asked(emulator) == 0
        renewed = api.renew_token()
        for token in (None, renewed):
            assert 'oauth_signature_method="HMAC-SHA256"' in api.sign("GET", "x", token=token).header("Authorization")


def test_what_needs_a_token(call: Callable[..., Any], emulator: Emulator) -> None:
    async def withheld(api: Any) -> None:
        with pytest.raises(SigningError, match="Leave out withhold_token"):
            await api.get("portfolio/accounts", withhold_token=True)

    async def without(api: Any) -> None:
        with pytest.raises(MissingTokenError, match="an API call needs a token"):
            await api.get("portfolio/accounts")
        with pytest.raises(MissingTokenError, match="no token to renew"):
            await api.renew_token()

    call(withheld)
    call(without, token=None, token_secret=None)
    assert asked(emulator) == 0


def test_every_missing_key_is_named(keys: dict[str, Any]) -> None:
    few = {name: value for name, value in keys.items() if name in {"catalog", "client_id"}}
    with pytest.raises(MissingSettingError) as caught:
        client(NAME, **few)
    assert caught.value.settings == ("rsa_key", "encryption_key", "dh_parameters")
    assert "INTERACTIVE_BROKERS_DH_PARAMETERS" in caught.value.advice
    assert "the provider calls it Private encryption key" in caught.value.cause


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"encryption_key": "junk"}, "interactive_brokers: encryption_key is neither PEM text"),
        ({"encryption_key_passphrase": "x"}, "encryption_key is not encrypted, but encryption_key_passphrase is given"),
        ({"dh_parameters": "junk"}, "interactive_brokers: dh_parameters is neither PEM text"),
        ({"dh_parameters": "f" * 300}, "dh_parameters has a prime of 1200 bits"),
    ],
)
def test_a_key_that_cannot_be_used_is_found_at_once(keys: dict[str, Any], wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        client(NAME, **keys | wrong)


def test_keys_of_the_environment_and_of_a_file(
    keys: dict[str, Any], emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = emulator.client(NAME)
    for credential, ending in KEY_FILES.items():
        (tmp_path / f"key{ending}").write_text(getattr(own, credential))
    file = tmp_path / ".env"
    one_line = own.dh_parameters.replace("\n", "\\n")
    file.write_text(
        f"INTERACTIVE_BROKERS_CLIENT_ID={own.client_id}\nINTERACTIVE_BROKERS_RSA_KEY={tmp_path}/key.pem\n"
        f"INTERACTIVE_BROKERS_DH_PARAMETERS='{one_line}'\n"
        f"INTERACTIVE_BROKERS_TOKEN={keys['token']}\nINTERACTIVE_BROKERS_TOKEN_SECRET={keys['token_secret']}\n"
    )
    monkeypatch.setenv("INTERACTIVE_BROKERS_ENCRYPTION_KEY", str(tmp_path / "key-encryption.pem"))
    rest = {"catalog": emulator.catalog, "client_kwargs": {"verify": emulator.ca_file}}
    with client("ibkr", name=NAME, env_file=file, **rest) as api:
        assert api.get("portfolio/accounts").json()["user"] == "grace"


def test_the_option_for_the_consumer_of_tests(keys: dict[str, Any]) -> None:
    with client(NAME, **keys, realm="test_realm") as api:
        assert api.get("portfolio/accounts").status_code == 200
        assert 'realm="test_realm"' in api.sign("GET", "x").header("Authorization")


def test_objects_of_the_http_libraries_refuse(keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"Use oauth1_catalog.client\('interactive_brokers'\)"):
        OAuth1Session.from_catalog(NAME, **keys)


def test_a_call_is_not_explained(keys: dict[str, Any]) -> None:
    with client(NAME, **keys) as api:
        response = api.get("portfolio/accounts")
        with pytest.raises(ConfigurationError, match="signed with a session token") as caught:
            api.explain(response)
    assert caught.value.error == "unexplained_call"


def test_no_printer_shows_what_a_client_remembers() -> None:
    remembered = SessionTokens()
    fields = {"oauth_token": "t", "oauth_token_secret": "canary-secret", "session_token": "canary-session"}
    remembered.keep(fields, 0.0)
    remembered.refuse("t", "canary-session", 1000.0)
    remembered.keep(fields, 0.0)
    # private: what a debugger shows
    shown = repr([remembered, remembered.find("t"), remembered._known, remembered._refused])
    assert "canary" not in shown


def test_a_client_remembers_a_thousand() -> None:
    remembered = SessionTokens()
    for number in range(1200):
        remembered.keep({"oauth_token": f"{number}", "session_token": "s"}, 0.0)
        remembered.refuse("x", f"{number}", 0.0)
    assert (remembered.find("0"), bool(remembered.find("1199"))) == ({}, True)
    assert (remembered.is_refused("0"), remembered.is_refused("1199")) == (False, True)


@pytest.fixture(autouse=True)
def _own_journal(emulator: Emulator) -> Iterator[None]:
    emulator.journal.clear()
    yield
    emulator.reset()
