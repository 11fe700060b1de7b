"""The page on leaving OAuth 1.0: its table is the one that the provider files give, and its examples run."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files
from tests.docs.conftest import ROOT, python_blocks

PAGE = ROOT / "docs" / "leaving-oauth1.md"


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_leaving_oauth1", ROOT / "docs" / "build_leaving_oauth1.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_is_up_to_date(builder: ModuleType) -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == builder.filled(written, Catalog()), "run: python docs/build_leaving_oauth1.py"


def test_every_provider_with_an_end_or_an_exchange_has_a_row() -> None:
    catalog = Catalog()
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| [`")]
    files = [file for file in map(catalog.file, catalog.names()) if file.status != "retired"]
    leaving = [file for file in files if file.sunset or file.successor or file.status == "deprecated"]
    assert len(rows) == len(leaving) > 0
    for file in leaving:
        (row,) = (row for row in rows if row.startswith(f"| [`{file.name}`]"))
        assert row.count("|") == 8
        assert str(file.sunset or "no date") in row
        assert ("| no |" in row) == (file.successor is None)


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
    exec(compile(python_blocks("docs/leaving-oauth1.md")[0], str(PAGE), "exec"), names)
    token = {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}
    assert names["exchanged"](token)["refresh_token"]


def test_the_example_with_the_emulator() -> None:
    code = python_blocks("docs/leaving-oauth1.md")[1]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, str(PAGE), "exec"), {"__name__": "shop"})
    assert printed.getvalue().strip() == code.rpartition("# ")[2].strip()
