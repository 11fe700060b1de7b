"""``oauth1-catalog login`` of the wheel, for each provider with a redirect flow: in a browser, by PIN, and pasted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from tests.cli.users import User, free_port
from tests.installed.conftest import Environment, new_environment, strangers_environment

CATALOG = Catalog()
WITH_A_LOGIN = [
    name
    for name, file in ((name, CATALOG.file(name)) for name in CATALOG.names())
    if "redirect" in file.flows and file.status != "retired"
]
ELSEWHERE = "https://shop.example/callback"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    environment = new_environment(tmp_path_factory.mktemp("login") / "environment")
    environment.install(f"oauth1-catalog[cli,rsa] @ {wheel.as_uri()}")
    return environment


@pytest.fixture
def user(emulator: Emulator, installed: Environment, tmp_path: Path) -> Iterator[User]:
    someone = User(emulator, tmp_path, [installed.folder / "bin" / "oauth1-catalog"])
    someone.env = strangers_environment() | {
        name: value for name, value in someone.env.items() if os.environ.get(name) != value
    }
    yield someone
    someone.check_screens()


def test_the_providers_are_many() -> None:
    assert len(WITH_A_LOGIN) > 40


@pytest.mark.parametrize("name", WITH_A_LOGIN)
def test_every_login(user: User, name: str) -> None:
    user.has_keys(name)
    rules = CATALOG.file(name).callback
    if rules.value != "oob":
        port = free_port() if rules.registered else 0
        if rules.registered:
            user.emulator.client(name, redirect_uri=f"http://127.0.0.1:{port}/callback")
        with user.login(name, "--output", "browser.env", "--port", port) as terminal:
            page = user.allows(user.address(terminal))
            assert terminal.end() == 0, terminal.screen
        assert "<h1>You are logged in</h1>" in page.text
        assert "cannot be read" not in terminal.screen
        assert user.token(name, "browser.env")[0]
        user.emulator.reset()

    with user.login(name, "--output", "pin.env", "--headless") as terminal:
        pin = user.approves(user.address(terminal))
        if rules.verifier == "none":
            terminal.answer("Press Enter when you have allowed access", "")
        else:
            terminal.answer("PIN", pin)
        assert terminal.end() == 0, terminal.screen
    assert user.token(name, "pin.env")[0]

    user.emulator.client(name, redirect_uri=ELSEWHERE)
    user.env[f"{name}_REDIRECT_URI".upper()] = ELSEWHERE
    with user.login(name, "--output", "pasted.env", "--headless") as terminal:
        back = user.approves(user.address(terminal))
        assert back.startswith(ELSEWHERE)
        terminal.answer("Press Enter" if rules.verifier == "none" else "PIN", back)
        assert terminal.end() == 0, terminal.screen
    assert user.token(name, "pasted.env")[0]
