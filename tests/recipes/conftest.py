"""The recipes of docs/recipes run as a stranger runs them: with the wheel, in environments without the checkout.

`.ci/run` runs these tests; `make test` does not, because Scrapy, Celery and HTTPie take a minute.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import BUNDLE, write_files
from tests.foreign.environments import python_of
from tests.installed.conftest import ROOT, strangers_environment, wheel  # noqa: F401 - a fixture

RECIPES = ROOT / "docs" / "recipes"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(*extras: str) -> list[str]:
    """What the wheel needs from an index."""
    return [*PROJECT["dependencies"], *(one for extra in extras for one in PROJECT["optional-dependencies"][extra])]


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811 - the fixture
    """A folder that has the wheel as an environment's ``site-packages`` has it, for ``PYTHONPATH``."""
    folder = tmp_path_factory.mktemp("site-packages")
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@dataclass(frozen=True)
class Place:
    """An environment of Python with a recipe's packages and the wheel, and a folder to work in."""

    python: Path
    folder: Path
    variables: Mapping[str, str]

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = f"{self.python.parent}:{os.environ['PATH']}"
        return strangers_environment() | {"PATH": path, "HOME": str(self.folder)} | self.variables | more

    def run(self, *command: object, status: int | None = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in the folder."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=self.environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert status is None or done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *command: object, log: Path) -> subprocess.Popen[bytes]:
        """Start a program of the environment in the folder; its output goes to a file."""
        with log.open("wb") as output:
            words = [str(word) for word in command]
            return subprocess.Popen(
                words, cwd=self.folder, env=self.environment({}), stdout=output, stderr=subprocess.STDOUT
            )


@pytest.fixture
def place(installed: Path, tmp_path: Path) -> Callable[..., Place]:
    """``place("scrapy", "scrapy")``: an environment of that name, with these packages."""

    def make(name: str, *packages: str, variables: Mapping[str, str]) -> Place:
        python, missing = python_of(f"recipe_{name}", *packages)
        if python is None:
            pytest.skip(missing)
        folder = tmp_path / "here"
        folder.mkdir()
        return Place(python, folder, {"PYTHONPATH": str(installed), **variables})

    return make


@pytest.fixture
def emulated(emulator: Emulator, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """``emulated("twitter")``: the variables of an application at an emulated provider, with a token of ``grace``."""

    def variables(name: str, *, token: bool = True, **values: str) -> dict[str, str]:
        folder = tmp_path / "emulated"
        write_files(emulator, [emulator.catalog.provider(name, values=values)], folder)
        client = emulator.client(name)
        found = {"client_id": client.client_id, "client_secret": client.client_secret, **values}
        if token:
            issued = emulator.issue_token(name, user="grace")
            found |= {"token": issued.oauth_token, "token_secret": issued.oauth_token_secret}
        trusted = str(folder / BUNDLE)
        return {
            "OAUTH1_CATALOG_PATH": str(folder),
            "REQUESTS_CA_BUNDLE": trusted,
            "SSL_CERT_FILE": trusted,
            **{f"{name}_{key}".upper(): value for key, value in found.items()},
        }

    return variables
