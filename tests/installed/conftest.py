"""What strangers do: install the wheel without our constraints, clone the repository, run what the pages say.

It takes minutes and an index of packages, so ``.ci/run`` runs it, and ``make test`` does not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import BUNDLE, write_files

ROOT = Path(__file__).resolve().parents[2]
OURS = ("PYTHON", "OAUTH1_", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "VIRTUAL_ENV", "GIT_", "COVERAGE", "PYTEST")


@dataclass(frozen=True)
class Block:
    """A block of code of a page, with the paragraph before it."""

    before: str
    kind: str
    code: str

    def commands(self) -> list[tuple[str, str]]:
        """What a reader types, without the comments behind it, and what the page shows that it prints."""
        found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", self.code, re.MULTILINE)
        return [(re.sub(r"\s+# .*$", "", command).strip(), shown.strip()) for command, shown in found]


def blocks(text: str) -> list[Block]:
    """Every block of a text, those within a list too."""
    fenced = re.finditer(r"^( *)```(\w+)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [
        Block(text[: block.start()].rstrip().rpartition("\n\n")[2], block[2], textwrap.dedent(block[3]))
        for block in fenced
    ]


def strangers_environment() -> dict[str, str]:
    """This process's environment without what could lead to our checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def run(
    *command: object, cwd: Path, status: int | None = 0, timeout: float = 600, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a stranger does; what it said is shown where it ends otherwise than it should."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=strangers_environment() | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert status is None or done.returncode == status, f"{command} in {cwd}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nothing in it but what is installed there."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def install(self, *arguments: object) -> None:
        run(sys.executable, "-m", "uv", "pip", "install", "-q", "--python", self.python, *arguments, cwd=self.folder)

    def run(self, *command: object, cwd: Path | None = None, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, or any other, as in an activated one."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return run(*command, cwd=cwd or self.folder, **{"PATH": path, **options})


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return new_environment(tmp_path / "environment")


def new_environment(folder: Path) -> Environment:
    run(sys.executable, "-m", "uv", "venv", "-q", "--seed", "--python", sys.executable, folder, cwd=folder.parent)
    return Environment(folder)


@pytest.fixture
def twitter(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """What leads an application in another process to an emulated Twitter."""
    folder = tmp_path / "emulated"
    write_files(emulator, [emulator.catalog.provider("twitter")], folder)
    client = emulator.client("twitter")
    trusted = str(folder / BUNDLE)
    return {
        "OAUTH1_CATALOG_PATH": str(folder),
        "REQUESTS_CA_BUNDLE": trusted,
        "SSL_CERT_FILE": trusted,
        "TWITTER_CLIENT_ID": client.client_id,
        "TWITTER_CLIENT_SECRET": client.client_secret,
    }
