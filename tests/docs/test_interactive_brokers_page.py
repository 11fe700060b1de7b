"""The page on Interactive Brokers: its commands make the keys with which its scripts call the emulator."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files
from tests.docs.conftest import ROOT, python_blocks

PAGE = (ROOT / "docs" / "interactive-brokers.md").read_text(encoding="utf-8")
SYNC, ASYNC, TEST = python_blocks("docs/interactive-brokers.md")
NAME = "interactive_brokers"


def block(kind: str) -> str:
    return PAGE.partition(f"```{kind}\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader has typed the commands."""
    folder = tmp_path_factory.mktemp("broker")
    typed = [line.removeprefix("$ ") for line in block("console").splitlines()]
    assert len(typed) == 6
    for command in typed:
        # A prime of 2048 bits takes minutes.
        short = command.replace("2048", "512") if "dhparam" in command else command
        subprocess.run(["bash", "-c", short], cwd=folder, check=True, capture_output=True, timeout=120)
    assert "DH PARAMETERS" in (folder / "dhparam.pem").read_text()
    return folder


@pytest.fixture
def _emulated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Emulator(Catalog()) as emulator:
        keys = emulator.client(
            NAME,
            client_id="ABCDEFGHI",
            rsa_key=(folder / "private_signature.pem").read_text(),
            encryption_key=(folder / "private_encryption.pem").read_text(),
        )
        (folder / "dhparam.pem").write_text(keys.dh_parameters)
        token = emulator.issue_token(NAME, user="grace")
        filled = block("ini").replace("TOKEN=...", f"TOKEN={token.oauth_token}")
        (folder / ".env").write_text(filled.replace("SECRET=...", f"SECRET={token.oauth_token_secret}"))
        files = folder / "files"
        write_files(emulator, [emulator.catalog.provider(NAME)], files)
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(files))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
        monkeypatch.setenv("SSL_CERT_FILE", emulator.ca_file)
        monkeypatch.chdir(folder)
        yield


@pytest.mark.usefixtures("_emulated")
@pytest.mark.parametrize("script", [SYNC, ASYNC], ids=["sync", "async"])
def test_the_scripts_call_with_the_keys_of_the_page(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(script, "docs/interactive-brokers.md", "exec", dont_inherit=True), {})
    assert "'user': 'grace'" in capsys.readouterr().out


def test_the_test_of_the_page() -> None:
    names: dict[str, Any] = {}
    exec(compile(TEST, "docs/interactive-brokers.md", "exec", dont_inherit=True), names)
    assert names["emulator"].journal.count(NAME, role="session_token", status=200) == 1
