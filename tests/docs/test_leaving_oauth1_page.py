"""The page on leaving OAuth 1.0: its table has every exchange of the catalog, and its examples run."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files
from oauth1_catalog.registry.encryption import TokenCipher
from tests.docs.conftest import ROOT, python_blocks

PAGE = ROOT / "docs" / "leaving-oauth1.md"
EXCHANGED, TABLES, BEARER, EMULATED = python_blocks("docs/leaving-oauth1.md")


def test_every_provider_with_an_exchange_has_a_row() -> None:
    catalog = Catalog()
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    files = [file for file in map(catalog.file, catalog.names()) if file.status != "retired" and file.successor]
    assert len(rows) == len(files) > 0
    for file in files:
        (row,) = (row for row in rows if f"(../providers/{file.name}.yaml)" in row)
        assert row.count("|") == 7
        assert file.successor
        assert (str(file.successor.docs_url) in row) == (file.successor.docs_url is not None)


def test_the_first_example(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(emulator, [emulator.catalog.provider("x")], tmp_path)
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
    client, issued = emulator.client("x"), emulator.issue_token("x")
    monkeypatch.setenv("FLASK_X_CLIENT_ID", client.client_id)
    monkeypatch.setenv("FLASK_X_CLIENT_SECRET", client.client_secret)
    monkeypatch.setenv("FLASK_X_OAUTH2_CLIENT_ID", client.oauth2_client_id)
    monkeypatch.setenv("FLASK_X_OAUTH2_CLIENT_SECRET", client.oauth2_client_secret)
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(EXCHANGED, str(PAGE), "exec"), names)
    token = {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}
    assert names["exchanged"](token)["refresh_token"]


def test_the_example_with_the_emulator() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(EMULATED, str(PAGE), "exec"), {"__name__": "shop"})
    assert printed.getvalue().strip() == EMULATED.rpartition("# ")[2].strip()


def commands() -> list[list[str]]:
    """What a reader types, block by block."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.findall(r"^\$ (.*)$", block, re.MULTILINE) for block in blocks]


@pytest.fixture
def reader(emulator: Emulator, tmp_path: Path) -> Callable[[str], str]:
    """Runs a command in a folder, with the keys of X and of the table in its environment."""
    write_files(emulator, [emulator.catalog.provider("x")], tmp_path)
    client = emulator.client("x")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "OAUTH1_CATALOG_PATH": str(tmp_path),
        "REQUESTS_CA_BUNDLE": str(tmp_path / "ca-bundle.pem"),
        "OAUTH1_CATALOG_TOKEN_KEYS": TokenCipher.new_key(),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'tokens.db'}",
        "DJANGO_SETTINGS_MODULE": "tests.migration.django_settings",
        "SQLITE": str(tmp_path / "django.db"),
        "X_CLIENT_ID": client.client_id,
        "X_CLIENT_SECRET": client.client_secret,
        "X_OAUTH2_CLIENT_ID": client.oauth2_client_id,
        "X_OAUTH2_CLIENT_SECRET": client.oauth2_client_secret,
    }

    def run(command: str) -> str:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def tokens(emulator: Emulator) -> str:
    issued = [emulator.issue_token("x", user=f"user{number}") for number in range(12)]
    return json.dumps([(token.oauth_token, token.oauth_token_secret) for token in issued])


SAVE = """
from tables import tokens
for user, (token, secret) in enumerate({tokens}):
    tokens.save_token("x", str(user), {{"oauth_token": token, "oauth_token_secret": secret}})
"""
READ = """
from tables import tokens
before = bearer("7")
tokens.save_oauth2_token("x", "7", {"access_token": "refreshed"})
print(len(before), bearer("7"))
"""


def test_the_commands_as_they_are_typed(reader: Callable[[str], str], emulator: Emulator, tmp_path: Path) -> None:
    install, create, count, some, rest = commands()[0]
    assert install.startswith("pip install")
    (tmp_path / "tables.py").write_text(TABLES, encoding="utf-8")
    reader(create)
    (tmp_path / "save.py").write_text(SAVE.format(tokens=tokens(emulator)), encoding="utf-8")
    reader("python save.py")
    assert "0 exchanged, 0 refused, 12 to be asked." in reader(count)
    assert "10 exchanged, 0 refused, 2 to be asked again." in reader(some)
    assert "12 exchanged, 0 refused, 0 to be asked again." in reader(rest)
    (tmp_path / "read.py").write_text(BEARER + READ, encoding="utf-8")
    assert reader("python read.py") == "64 refreshed\n"


SAVE_DJANGO = """
from django.contrib.auth import get_user_model
from oauth1_catalog.integrations.django_tokens.models import OAuth1Token
for user, (token, secret) in enumerate({tokens}):
    user = get_user_model().objects.create(username=str(user))
    OAuth1Token.save_token(name="x", user=user, token={{"oauth_token": token, "oauth_token_secret": secret}})
"""
MANAGE = (
    "import sys\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n"
)


def test_django_s_commands_as_they_are_typed(reader: Callable[[str], str], emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(MANAGE, encoding="utf-8")
    migrate, count, some, rest = commands()[1]
    reader(migrate)
    (tmp_path / "save.txt").write_text(SAVE_DJANGO.format(tokens=tokens(emulator)), encoding="utf-8")
    reader("python manage.py shell < save.txt")
    assert "0 exchanged, 0 refused, 12 to be asked." in reader(count)
    assert "10 exchanged, 0 refused, 2 to be asked again." in reader(some)
    assert "12 exchanged, 0 refused, 0 to be asked again." in reader(rest)
