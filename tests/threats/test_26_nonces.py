"""Threat 26: a nonce comes twice, or can be guessed (CVE-2013-4347, CVE-2025-22376), as after a fork."""

from __future__ import annotations

import os
import random
import re
import threading
from pathlib import Path

import pytest

from oauth1_catalog.rfc5849 import ClientCredentials, Signer
from oauth1_catalog.rfc5849.messages import Request
from oauth1_catalog.rfc5849.nonces import random_nonce

PACKAGE = Path(__file__).resolve().parents[2] / "oauth1_catalog"
CHILDREN = 16
EACH = 2_000


def nonces(signer: Signer, count: int) -> list[str]:
    request = Request("GET", "https://api.example.com/")
    headers = [signer.sign(request).header("Authorization") for _ in range(count)]
    return [re.findall(r'oauth_nonce="([^"]*)"', header)[0] for header in headers]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_sixteen_forked_processes_from_one_state() -> None:
    """Each is forked from the same process, whose generator has the same seed, and shares its signer."""
    signer = Signer(ClientCredentials("key", "secret"))
    seen = nonces(signer, EACH)
    random.seed(26)
    readers = []
    for _ in range(CHILDREN):
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                random.seed(26)
                with os.fdopen(writing, "w") as stream:
                    stream.write("\n".join(nonces(signer, EACH)))
            finally:
                os._exit(0)
        os.close(writing)
        readers.append(reading)
    for reading in readers:
        with os.fdopen(reading) as stream:
            seen += stream.read().split("\n")
    for _ in readers:
        os.wait()
    assert len(seen) == (CHILDREN + 1) * EACH
    assert len(set(seen)) == len(seen)


def test_a_seed_does_not_matter() -> None:
    random.seed(1)
    one = [random_nonce() for _ in range(100)]
    random.seed(1)
    assert not set(one) & {random_nonce() for _ in range(100)}


def test_many_threads_never_use_a_nonce_twice() -> None:
    signer = Signer(ClientCredentials("key", "secret"))
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.extend(nonces(signer, EACH))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == len(seen) == 8 * EACH


def test_two_hundred_thousand() -> None:
    assert len({random_nonce() for _ in range(200_000)}) == 200_000


def test_no_module_draws_from_a_generator_that_can_be_guessed() -> None:
    found = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(import|from) random\b", path.read_text(), re.MULTILINE)
    ]
    assert found == []
