"""The README's examples, run straight out of it: a login in each framework, and a script's call."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Client, Emulator
from oauth1_catalog.emulator.export import write_files
from tests.docs.conftest import python_blocks
from tests.servers import child_process

FLASK, DJANGO, STARLETTE, SCRIPT = python_blocks("README.md")


def _run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)
    return names


def test_the_flask_example_logs_in(emulator: Emulator, twitter: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEY", "a secret key of the test")
    monkeypatch.setenv("FLASK_TWITTER_CLIENT_ID", twitter.client_id)
    monkeypatch.setenv("FLASK_TWITTER_CLIENT_SECRET", twitter.client_secret)
    monkeypatch.setenv("FLASK_OAUTH1_CATALOG_REDIRECT_BASE_URL", "http://localhost")
    names = _run(FLASK)
    browser = names["app"].test_client()
    callback = emulator.approve(browser.get("/login").headers["Location"])
    profile = browser.get(callback).json
    assert profile["preferred_username"] == "ada"
    assert browser.get(emulator.deny(browser.get("/login").headers["Location"])).status_code == 403


def test_the_starlette_example_logs_in(emulator: Emulator, twitter: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"TWITTER_CLIENT_ID": twitter.client_id, "TWITTER_CLIENT_SECRET": twitter.client_secret, "SECRET_KEY": "s3"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OAUTH1_CATALOG_REDIRECT_BASE_URL", "http://testserver")
    with TestClient(_run(STARLETTE)["app"]) as browser:
        login = browser.get("/login", follow_redirects=False)
        profile = browser.get(emulator.approve(login.headers["Location"])).json()
        login = browser.get("/login", follow_redirects=False)
        assert browser.get(emulator.deny(login.headers["Location"])).status_code == 403
    assert profile["preferred_username"] == "ada"


def test_the_django_example_logs_in(emulator: Emulator, twitter: Client, tmp_path: Path) -> None:
    """In a process of its own: Django's settings are made once in each."""
    (tmp_path / "urls.py").write_text(DJANGO, encoding="utf-8")
    (tmp_path / "settings.py").write_text(
        textwrap.dedent("""
            SECRET_KEY = "a secret key of the test"
            ROOT_URLCONF = "urls"
            ALLOWED_HOSTS = ["localhost"]
            MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
            SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
            OAUTH1_CATALOG_REDIRECT_BASE_URL = "http://localhost:8000"
            import os
            OAUTH1_CATALOG = {
                "twitter": {
                    "client_id": os.environ["TWITTER_CLIENT_ID"],
                    "client_secret": os.environ["TWITTER_CLIENT_SECRET"],
                },
            }
        """),
        encoding="utf-8",
    )
    (tmp_path / "browse.py").write_text(
        textwrap.dedent("""
            import sys, django
            from django.test import Client
            django.setup()
            browser = Client(headers={"host": "localhost:8000"})
            print(browser.get("/login")["Location"], flush=True)
            print(browser.get(sys.stdin.readline().strip()).json()["preferred_username"], flush=True)
            print(browser.get("/login")["Location"], flush=True)
            print(browser.get(sys.stdin.readline().strip()).status_code)
        """),
        encoding="utf-8",
    )
    root = str(Path(__file__).resolve().parents[2])
    keys = {"TWITTER_CLIENT_ID": twitter.client_id, "TWITTER_CLIENT_SECRET": twitter.client_secret}
    environment = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{tmp_path}:{root}", **keys}
    with child_process(
        [sys.executable, "browse.py"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        for decide, answer in ((emulator.approve, "ada"), (emulator.deny, "403")):
            process.stdin.write(decide(process.stdout.readline().strip()) + "\n")
            process.stdin.flush()
            assert process.stdout.readline().strip() == answer


def test_the_script_calls_the_api(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"account_id": "1234567_SB1"}
    write_files(emulator, [emulator.catalog.provider("netsuite", values=values)], tmp_path)
    keys, token = emulator.client("netsuite"), emulator.issue_token("netsuite", user="grace")
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
    monkeypatch.setenv("NETSUITE_CLIENT_ID", keys.client_id)
    monkeypatch.setenv("NETSUITE_CLIENT_SECRET", keys.client_secret)
    monkeypatch.setenv("NETSUITE_TOKEN", token.oauth_token)
    monkeypatch.setenv("NETSUITE_TOKEN_SECRET", token.oauth_token_secret)
    _run(SCRIPT)
    assert "'user': 'grace'" in capsys.readouterr().out
