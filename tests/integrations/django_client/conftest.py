"""A Django project on disk, driven as its people drive theirs: ``manage.py`` commands and an ASGI server."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator

ROOT = Path(__file__).resolve().parents[3]

SETTINGS = """
    import os

    SECRET_KEY = "a secret key of the project"
    DEBUG = False
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
    ROOT_URLCONF = "urls"
    INSTALLED_APPS = ["django.contrib.sessions", "oauth1_catalog.integrations.django_client"]
    MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
    SESSION_ENGINE = "django.contrib.sessions.backends.db"
    USE_TZ = True
    OAUTH1_CATALOG = {"twitter": {"client_id": os.environ.get("KEY"), "client_secret": os.environ.get("SECRET")}}
"""

Project = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(emulator: Emulator) -> dict[str, str]:
    """What the project's processes must know of the emulator."""
    emulator.catalog.provider("twitter")
    twitter = emulator.client("twitter")
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings",
        "KEY": twitter.client_id,
        "SECRET": twitter.client_secret,
        "SECURE": emulator.origins.secure,
        "CONSENT": emulator.origins.consent,
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
    }


@pytest.fixture
def project(tmp_path: Path, environment: dict[str, str]) -> Project:
    """Write a project with these views, and run Python in it."""

    def run(*arguments: str, urls: str | None = None, settings: str = "") -> subprocess.CompletedProcess[str]:
        (tmp_path / "settings.py").write_text(textwrap.dedent(SETTINGS) + textwrap.dedent(settings), encoding="utf-8")
        if urls is not None:
            (tmp_path / "urls.py").write_text(textwrap.dedent(urls), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
