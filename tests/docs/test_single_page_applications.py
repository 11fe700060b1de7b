"""The page on single-page applications: each of its applications ends a login that its front end hands on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from oauth1_catalog.emulator import Client, Emulator
from tests.docs.conftest import ROOT, python_blocks
from tests.servers import child_process

FLASK, DJANGO, STARLETTE = python_blocks("docs/single-page-applications.md")
ENDED = {"user": "grace", "next": "/inbox"}


def _run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "docs/single-page-applications.md", "exec", dont_inherit=True), names)
    return names


def approved(emulator: Emulator, consent: str) -> dict[str, str]:
    back = emulator.approve(consent, user="grace")
    assert back.startswith("https://example.com/signed-in?")
    return dict(parse_qsl(urlsplit(back).query))


def test_the_flask_example_logs_in(emulator: Emulator, twitter: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEY", "a secret key of the test")
    monkeypatch.setenv("FLASK_TWITTER_CLIENT_ID", twitter.client_id)
    monkeypatch.setenv("FLASK_TWITTER_CLIENT_SECRET", twitter.client_secret)
    app = _run(FLASK)["app"]
    browser = app.test_client()
    parameters = approved(emulator, browser.get("/login").location)
    stranger = app.test_client().post("/api/authorize", json=parameters)
    assert (stranger.status_code, stranger.json) == (400, {"error": "invalid_state"})
    assert browser.post("/api/authorize", json=parameters).json == ENDED


def test_the_fastapi_example_logs_in(emulator: Emulator, twitter: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret key of the test")
    monkeypatch.setenv("TWITTER_CLIENT_ID", twitter.client_id)
    monkeypatch.setenv("TWITTER_CLIENT_SECRET", twitter.client_secret)
    app = _run(STARLETTE)["app"]
    with TestClient(app, follow_redirects=False) as browser, TestClient(app) as stranger:
        parameters = approved(emulator, browser.get("/login").headers["location"])
        refused = stranger.post("/api/authorize", json=parameters)
        assert (refused.status_code, refused.json()) == (400, {"error": "invalid_state"})
        assert browser.post("/api/authorize", json=parameters).json() == ENDED


@pytest.mark.parametrize("sent_as", ["application/json", "multipart/form-data"])
def test_the_django_rest_framework_example_logs_in(
    emulator: Emulator, twitter: Client, tmp_path: Path, sent_as: str
) -> None:
    """In a process of its own: Django's settings are made once in each."""
    (tmp_path / "api.py").write_text(DJANGO, encoding="utf-8")
    keys = {"client_id": twitter.client_id, "client_secret": twitter.client_secret}
    (tmp_path / "settings.py").write_text(
        textwrap.dedent(f"""
            SECRET_KEY = "a secret key of the test"
            ROOT_URLCONF = "api"
            ALLOWED_HOSTS = ["*"]
            INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"]
            MIDDLEWARE = [
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
            ]
            SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
            OAUTH1_CATALOG = {{"twitter": {keys!r}}}
        """),
        encoding="utf-8",
    )
    (tmp_path / "browse.py").write_text(
        textwrap.dedent(f"""
            import json, sys, django
            django.setup()
            from rest_framework.test import APIClient
            browser = APIClient(enforce_csrf_checks=True)
            print(browser.get("/login")["Location"], flush=True)
            parameters = json.loads(sys.stdin.readline())
            data = json.dumps(parameters) if {sent_as!r} == "application/json" else parameters
            form = {{"content_type": {sent_as!r}}} if data is not parameters else {{"format": "multipart"}}
            for client in (APIClient(), browser):
                answer = client.post("/api/authorize", data, **form)
                print(answer.status_code, json.dumps(answer.json()))
        """),
        encoding="utf-8",
    )
    environment = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    with child_process(
        [sys.executable, "browse.py"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        parameters = approved(emulator, process.stdout.readline().strip())
        rest, _ = process.communicate(json.dumps(parameters) + "\n", timeout=60)
    assert rest.splitlines() == ['400 {"error": "invalid_state"}', f"200 {json.dumps(ENDED)}"]
