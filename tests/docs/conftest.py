"""The documentation's code runs as it stands: only the catalog's addresses lead to the emulator."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Client, Emulator
from oauth1_catalog.emulator.export import write_files

ROOT = Path(__file__).resolve().parents[2]


def python_blocks(page: str) -> list[str]:
    """The Python examples of a page, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def twitter(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Twitter's file with the emulator's addresses, found as an application's own files are."""
    write_files(emulator, [emulator.catalog.provider("twitter")], tmp_path)
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
    monkeypatch.setenv("SSL_CERT_FILE", emulator.ca_file)
    return emulator.client("twitter")
