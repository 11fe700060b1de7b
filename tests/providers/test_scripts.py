"""Every provider that needs no browser, through a script of some ten lines, sync and async.

The script finds its keys, its token and the provider's variables in the environment. The emulator plays the provider,
and oauthlib verifies each signature.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files
from oauth1_catalog.errors import DeprecatedProviderWarning
from tests.providers.test_flows import FILES, USER, check_call, check_profile, keys_of, providers_with, values_of

SYNC = """\
from oauth1_catalog import client

with client("{name}") as api:
    token = {token}
    claims = api.userinfo(token) if {has_profile} else None
    response = api.{call} if api.api_base_url else None
"""

ASYNC = """\
import asyncio
from oauth1_catalog import async_client

async def main():
    global token, claims, response
    async with async_client("{name}") as api:
        token = {awaited}
        claims = await api.userinfo(token) if {has_profile} else None
        response = await api.{call} if api.api_base_url else None

asyncio.run(main())
"""

SCRIPTS = {"sync": SYNC, "async": ASYNC}

Run = Callable[..., dict[str, Any]]


@pytest.fixture(params=SCRIPTS)
def run(request: pytest.FixtureRequest, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a script in the environment of one provider's application."""

    def in_its_environment(name: str, *, token: str = "None", options: str = "", has_profile: bool = False) -> Any:
        file = FILES[name]
        values = values_of(file)
        moved = {key: value for key, value in values.items() if key != "user_agent"}
        write_files(emulator, [emulator.catalog.provider(name, values=moved)], tmp_path)
        variables = {f"{name}_{key}".upper(): value for key, value in (values | keys_of(name, emulator)).items()}
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(tmp_path))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
        monkeypatch.setenv("SSL_CERT_FILE", emulator.ca_file)
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        is_form = file.client_kwargs.signature_type == "BODY"
        call = 'post("oauth1/echo", data={"a": "b c"}' if is_form else 'get("oauth1/echo", params={"a": "b c"}'
        script = SCRIPTS[request.param].format(
            name=name,
            token=token,
            awaited=token if token == "None" else f"await {token}",
            has_profile=has_profile,
            call=f"{call}, token=token{options})",
        )
        names: dict[str, Any] = {}
        with warnings.catch_warnings():
            if file.status == "deprecated":
                warnings.simplefilter("ignore", DeprecatedProviderWarning)
            exec(compile(script, f"script of {name}", "exec", dont_inherit=True), names)
        response = names["response"]
        return {
            "token": names["token"],
            "claims": names["claims"],
            "echo": response and {"status": response.status_code, **response.json()},
        }

    return in_its_environment


@pytest.mark.parametrize("name", providers_with("static_token"))
def test_a_token_from_the_console(name: str, run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    file = FILES[name]
    token = emulator.issue_token(name, user=USER.username)
    monkeypatch.setenv(f"{name.upper()}_TOKEN", token.oauth_token)
    monkeypatch.setenv(f"{name.upper()}_TOKEN_SECRET", token.oauth_token_secret)
    has_profile = file.userinfo_endpoint not in {None, "token_response"}
    answer = run(name, has_profile=has_profile)
    if has_profile:
        check_profile(file, answer)
    check_call(file, answer, user=USER.username)


@pytest.mark.parametrize("name", providers_with("signed_client"))
def test_calls_signed_with_the_client_s_keys_alone(name: str, run: Run) -> None:
    check_call(FILES[name], run(name, options=", withhold_token=True"), user=None)


@pytest.mark.parametrize("name", providers_with("two_legged", "signed_grant"))
def test_a_token_for_the_client(name: str, run: Run) -> None:
    answer = run(name, token='api.fetch_client_token("verifier")')
    assert answer["token"]["oauth_token"]
    assert answer["echo"] is None or answer["echo"]["status"] == 200


@pytest.mark.parametrize("name", providers_with("xauth"))
def test_a_token_for_a_password(name: str, run: Run) -> None:
    file = FILES[name]
    token = f'api.fetch_password_token("{USER.username}", "hush")'
    answer = run(name, token=token, has_profile=file.userinfo_endpoint is not None)
    check_profile(file, answer)
    check_call(file, answer, user=USER.username)


def test_they_are_many() -> None:
    flows = ("static_token", "signed_client", "two_legged", "signed_grant", "xauth")
    assert all(providers_with(flow) for flow in flows)
    assert len(providers_with(*flows)) > 25
