"""Two processes of an application, a real Redis, and the emulated provider."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator
from tests.many_machines.redis_server import PROGRAM, RedisServer
from tests.servers import serving

SITES = Path(__file__).parent / "sites"
GUNICORN = ("gunicorn", "--bind", "fd://{fd}", "--workers", "1", "--threads", "8", "--log-level", "warning")
UVICORN = ("uvicorn", "--fd", "{fd}", "--log-level", "warning")
SERVERS = {
    "flask": (*GUNICORN, "flask_site:app"),
    "django": (*GUNICORN, "django_site:app"),
    "starlette": (*UVICORN, "starlette_site:app"),
}
SESSION_IN_CACHE = "django.contrib.sessions.backends.cache"
SESSION_IN_COOKIE = "django.contrib.sessions.backends.signed_cookies"


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    with RedisServer() as running:
        yield running


@pytest.fixture(scope="module")
def environment(emulator: Emulator, redis_server: RedisServer) -> dict[str, str]:
    """What the processes of a site must know."""
    emulator.catalog.provider("twitter")  # from now on it is played
    twitter = emulator.client("twitter")
    return {
        **os.environ,
        "REDIS_URL": redis_server.url,
        "SECURE": emulator.origins.secure,
        "CONSENT": emulator.origins.consent,
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
        "SSL_CERT_FILE": emulator.ca_file,
        "SITE_SECRET_KEY": "a secret key that both processes have",
        "SITE_TWITTER_CLIENT_ID": twitter.client_id,
        "SITE_TWITTER_CLIENT_SECRET": twitter.client_secret,
        "SESSION_ENGINE": SESSION_IN_CACHE,
    }


@contextmanager
def machines(framework: str, *environments: Mapping[str, str]) -> Iterator[list[int]]:
    """A process of the framework's site for each environment; gives their ports."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving(*SERVERS[framework], folder=SITES, environment=environment))
            for environment in environments
        ]
