"""One emulator that plays the whole catalog, and the frameworks' applications of ``tests/integrations``."""

from __future__ import annotations

from collections.abc import Iterator

import django
import pytest
from django.conf import settings

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator

if not settings.configured:
    settings.configure(
        SECRET_KEY="a secret key of the tests, and long enough",
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        USE_TZ=True,
    )
    django.setup()


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(Catalog()) as running:
        yield running
