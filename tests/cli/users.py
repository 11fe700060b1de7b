"""Someone who logs in with the command: keys, a folder, a browser that is a few lines, and terminals."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from click.testing import CliRunner, Result
from dotenv import dotenv_values

from oauth1_catalog.cli import cli
from oauth1_catalog.cli.demo.providers import USER_AGENT, examples_of
from oauth1_catalog.emulator import Client, Emulator
from oauth1_catalog.emulator.export import settings, write_files
from tests.cli.terminal import Terminal


class User:
    """A user of the command.

    Args:
        emulator: plays the providers.
        folder: where the command is called.
        command: the command itself.

    Attributes:
        env: the environment.
        secrets: what may not be on a screen.
    """

    def __init__(self, emulator: Emulator, folder: Path, command: Sequence[object]) -> None:
        self.emulator = emulator
        self.folder = folder
        self.command = [str(word) for word in command]
        self.secrets: set[str] = set()
        (folder / "providers").mkdir()
        self._terminals: list[tuple[Terminal, bool]] = []
        self.env = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("OAUTH1_CATALOG_", "PYTHONUNBUFFERED"))
            },
            "OAUTH1_CATALOG_PATH": str(folder / "providers"),
            "REQUESTS_CA_BUNDLE": emulator.ca_file,
            "BROWSER": "true",
        }

    def has_keys(self, name: str) -> Client:
        """The keys of a provider and the values of its variables are in the environment."""
        file = self.emulator.catalog.file(name)
        values = examples_of(file)
        provider = self.emulator.catalog.provider(name, values=values)
        write_files(self.emulator, [provider], self.folder / "providers")
        self.env |= {f"{name}_{key}".upper(): str(value) for key, value in values.items()}
        self.env |= settings(self.emulator, name, provider, self.folder / "providers")
        if provider.user_agent_required:
            self.env[f"{name}_USER_AGENT".upper()] = USER_AGENT
        keys = self.emulator.client(name)
        self.secrets.add(keys.client_secret)
        return keys

    def login(self, *arguments: object, stdout: int | IO[str] | None = None) -> Terminal:
        terminal = Terminal([*self.command, "login", *arguments], env=self.env, cwd=self.folder, stdout=stdout)
        self._terminals.append((terminal, "--show-secrets" in arguments))
        return terminal

    def runs(
        self, *arguments: object, browser: Callable[[str], requests.Response] | None = None, typed: str = ""
    ) -> tuple[Result, str]:
        """The command in this process, without a terminal.

        Args:
            arguments: the command's.
            browser: what opens the address; gives the page that it shows at the end.
            typed: what comes from standard input.

        Returns:
            The result of the command, and the page.
        """
        pages: list[str] = []
        threads: list[Thread] = []

        def open_in_thread(url: str) -> None:
            assert browser is not None
            threads.append(Thread(target=lambda: pages.append(browser(url).text)))
            threads[-1].start()

        with pytest.MonkeyPatch.context() as patch, contextlib.chdir(self.folder):
            patch.setattr("oauth1_catalog.cli.login._open_browser", open_in_thread)
            for name in set(os.environ) - set(self.env):
                patch.delenv(name)
            for name, value in self.env.items():
                patch.setenv(name, value)
            result = CliRunner().invoke(cli, ["login", *map(str, arguments)], input=typed)
            for thread in threads:
                thread.join()
        assert [secret for secret in self.secrets - {""} if secret in result.stderr] == []
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result, "".join(pages)

    def address(self, terminal: Terminal) -> str:
        """The address that the command wants to have opened."""
        return terminal.expect(r"\n    (http://\S+)\n")[1]

    def approves(self, url: str) -> str:
        """Allow access; returns the PIN or the callback."""
        back = self.emulator.approve(url, user="grace")
        verifiers = parse_qs(urlsplit(back).query).get("oauth_verifier", []) if "://" in back else [back]
        self.secrets |= set(verifiers)
        return back

    def allows(self, url: str) -> requests.Response:
        """Allow access, and follow the callback."""
        return requests.get(self.approves(url), timeout=60)

    def token(self, name: str, file: str = "token.env") -> tuple[str, str]:
        """The token in a file."""
        values = dotenv_values(self.folder / file, interpolate=False)
        token, secret = (values[f"{name}_{part}".upper()] or "" for part in ("token", "token_secret"))
        self.secrets |= {token, secret}
        return token, secret

    @contextmanager
    def environment(self) -> Iterator[None]:
        """The user's environment in this process."""
        before = dict(os.environ)
        os.environ |= self.env
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def check_screens(self) -> None:
        """No secret was on a screen."""
        for terminal, shows_secrets in self._terminals:
            shown = [secret for secret in self.secrets - {""} if secret in terminal.screen]
            assert shows_secrets or not shown, terminal.screen


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
