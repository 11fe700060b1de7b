"""The page on scripts: its scripts run as they stand, in processes of their own, without a web framework."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Client, Emulator
from oauth1_catalog.emulator.export import write_environment, write_files
from tests.docs.conftest import ROOT, python_blocks

CUSTOMERS, CUSTOMERS_ASYNC, ALLOW, SESSION, TEST = python_blocks("docs/scripts.md")
PAGE = (ROOT / "docs" / "scripts.md").read_text(encoding="utf-8")
FRAMEWORKS = {"flask", "django", "starlette", "werkzeug", "fastapi"}


@pytest.fixture
def netsuite(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """The variables of the page."""
    example = {"account_id": "1234567_SB1"}
    write_files(emulator, [emulator.catalog.provider("netsuite", values=example)], tmp_path)
    client, token = emulator.client("netsuite"), emulator.issue_token("netsuite", user="grace")
    return {
        "OAUTH1_CATALOG_PATH": str(tmp_path),
        "NETSUITE_ACCOUNT_ID": "1234567_SB1",
        "NETSUITE_CLIENT_ID": client.client_id,
        "NETSUITE_CLIENT_SECRET": client.client_secret,
        "NETSUITE_TOKEN": token.oauth_token,
        "NETSUITE_TOKEN_SECRET": token.oauth_token_secret,
    }


def trusting(emulator: Emulator) -> dict[str, str]:
    return {"REQUESTS_CA_BUNDLE": emulator.ca_file, "SSL_CERT_FILE": emulator.ca_file}


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    told = "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    (folder / "script.py").write_text(script + told, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::FutureWarning", "script.py"],  # NetSuite ends
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("script", [CUSTOMERS, CUSTOMERS_ASYNC], ids=["sync", "async"])
def test_a_script_calls_the_api_with_keys_of_the_environment(
    script: str, netsuite: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    done = run(script, tmp_path, **netsuite, **trusting(emulator))
    assert done.returncode == 0, done.stderr
    assert "'user': 'grace'" in done.stdout
    assert {"oauth1_catalog"} <= set(done.stderr.split())
    assert FRAMEWORKS.isdisjoint(done.stderr.split())


def test_a_named_env_file_gives_what_the_environment_does_not(
    netsuite: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    write_environment(tmp_path / ".env", netsuite)
    without = run(CUSTOMERS, tmp_path, **trusting(emulator))
    assert "Set NETSUITE_ACCOUNT_ID in the environment, or pass account_id= to client()." in without.stderr
    named = CUSTOMERS.replace('"netsuite")', '"netsuite", env_file=".env")')
    assert named != CUSTOMERS
    done = run(named, tmp_path, **trusting(emulator))
    assert done.returncode == 0, done.stderr
    assert "'user': 'grace'" in done.stdout


def test_a_user_types_the_pin(
    twitter: Client, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWITTER_CLIENT_ID", twitter.client_id)
    monkeypatch.setenv("TWITTER_CLIENT_SECRET", twitter.client_secret)

    def pin(prompt: str) -> str:
        (url,) = re.findall(r"https?://\S+", capsys.readouterr().out)
        return emulator.approve(url, user="grace")

    monkeypatch.setattr("builtins.input", pin)
    exec(compile(ALLOW, "docs/scripts.md", "exec", dont_inherit=True), {})
    assert capsys.readouterr().out == "Hello grace\n"


def test_a_session_of_requests(netsuite: dict[str, str], emulator: Emulator, tmp_path: Path) -> None:
    moved = emulator.catalog.provider("netsuite", values={"account_id": "1234567_SB1"}).api_base_url
    script = SESSION.replace("https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/", str(moved))
    assert script != SESSION
    done = run(script, tmp_path, **netsuite, **trusting(emulator))
    assert done.returncode == 0, done.stderr
    assert "'user': 'grace'" in done.stdout
    assert FRAMEWORKS.isdisjoint(done.stderr.split())


def test_the_test_runs() -> None:
    names: dict[str, Any] = {}
    exec(compile(TEST, "docs/scripts.md", "exec", dont_inherit=True), names)
    assert names["netsuite"].name == "netsuite"


def test_the_providers_of_the_table_have_the_flow_of_their_row() -> None:
    flows = {
        "issues tokens": ("static_token", ["netsuite", "bricklink", "twitter"]),
        "signs with the client's keys": ("signed_client", ["woocommerce", "noun_project"]),
        "gives a token to the client": (("two_legged", "signed_grant"), ["magento2", "here"]),
        "name and password": ("xauth", ["instapaper"]),
    }
    catalog = Catalog()
    for words, (flow, names) in flows.items():
        assert words in PAGE
        for name in names:
            assert set(catalog.file(name).flows) & set([flow] if isinstance(flow, str) else flow), name
