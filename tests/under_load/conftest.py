"""Applications as they are deployed, with many requests at once, and the emulated provider."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oauth1_catalog.emulator import Emulator
from tests.servers import serving

SITES = Path(__file__).parent / "sites"


@pytest.fixture(scope="module")
def environment(emulator: Emulator) -> dict[str, str]:
    """What the process of a site must know."""
    emulator.catalog.provider("twitter")  # from now on it is played
    twitter = emulator.client("twitter")
    token = emulator.issue_token("twitter", user="grace")
    return {
        **os.environ,
        "SECURE": emulator.origins.secure,
        "CONSENT": emulator.origins.consent,
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
        "SSL_CERT_FILE": emulator.ca_file,
        "TWITTER_CLIENT_ID": twitter.client_id,
        "TWITTER_CLIENT_SECRET": twitter.client_secret,
        "TOKEN": token.oauth_token,
        "TOKEN_SECRET": token.oauth_token_secret,
    }


@contextmanager
def uvicorn(site: str, environment: dict[str, str], *options: str) -> Iterator[int]:
    """A process of ``site``; gives its port."""
    arguments = ("uvicorn", "--fd", "{fd}", "--log-level", "warning", *options, site)
    with serving(*arguments, folder=SITES, environment=environment) as port:
        yield port
