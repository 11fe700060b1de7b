"""The table of Django, in a project of its own: Django's own test runner runs ``django_project/django_tests.py``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator
from tests.tokens.conftest import DATABASES

PROJECT = Path(__file__).parent / "django_project"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(emulator: Emulator, tmp_path: Path, key: str) -> dict[str, str]:
    for name in ("twitter", "yahoo"):
        emulator.catalog.provider(name)  # from now on it is played
    clients = {name.upper(): emulator.client(name) for name in ("twitter", "yahoo")}
    return {
        **os.environ,
        **{f"{name}_ID": client.client_id for name, client in clients.items()},
        **{f"{name}_SECRET": client.client_secret for name, client in clients.items()},
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": f"{PROJECT}:{ROOT}",
        "SQLITE": str(tmp_path / "test.db"),
        "SECURE": emulator.origins.secure,
        "CONSENT": emulator.origins.consent,
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
        "OAUTH1_CATALOG_TOKEN_KEYS": key,
    }


def manage(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "django", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.long
@pytest.mark.parametrize("database", DATABASES)
def test_on_a_real_database(database: str, environment: dict[str, str], request: pytest.FixtureRequest) -> None:
    if database != "sqlite":
        environment[f"{database.upper()}_PORT"] = str(request.getfixturevalue(database).port)
    done = manage("test", "--noinput", "--pattern", "django_tests.py", environment=environment)
    assert done.returncode == 0, done.stderr
    assert "Ran 26 tests" in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("keys", "words"),
    [("", "there is no key"), ("hunter2", "Key 1 of 1 in OAUTH1_CATALOG_TOKEN_KEYS cannot be used")],
)
def test_a_missing_key_is_found_before_anybody_logs_in(keys: str, words: str, environment: dict[str, str]) -> None:
    done = manage("check", environment=environment | {"OAUTH1_CATALOG_TOKEN_KEYS": keys})
    assert done.returncode == 1
    assert "(oauth1_catalog_tokens.E001)" in done.stderr
    assert words in done.stderr
    assert "oauth1-catalog keys new" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_server_without_a_key_does_not_start(environment: dict[str, str]) -> None:
    """It loads the settings and the apps, and runs no checks."""
    start = [sys.executable, "-c", "from django.core.wsgi import get_wsgi_application as start; start()"]
    served = subprocess.run(
        start,
        cwd=PROJECT,
        env=environment | {"OAUTH1_CATALOG_TOKEN_KEYS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert served.returncode == 1
    assert "there is no key. Make one with `oauth1-catalog keys new`" in served.stderr.splitlines()[-1]
