"""One more tenant: what registering it costs beside 500 others and beside 50,000, in time and in memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from oauth1_catalog.integrations.flask_client import OAuth
from tests.benchmarks.conftest import LIMIT, OURS, TABLE, Row

FEW, MANY = 500, 50_000
PROVIDERS = {
    "netsuite": "NetSuite",
    "jira": "Jira, with one RSA key",
    "netsuite, configured": "NetSuite whose keys are in app.config",
}
SIZES = {OURS: MANY, LIMIT: FEW}
TIMES = {
    name: Row(f"registering one more tenant of {title}, beside 50,000; limit: beside 500", slower=1.3)
    for name, title in PROVIDERS.items()
}
MEMORY = {
    name: Row(f"memory of one more tenant of {title}, beside 50,000; limit: 8 KB", slower=1, unit="B")
    for name, title in PROVIDERS.items()
}
GROWTH = {
    name: Row(f"memory of one more tenant of {title}, beside 50,000; limit: beside 500", slower=1.1, unit="B")
    for name, title in PROVIDERS.items()
}


@dataclass
class Tenants:
    """A registry with so many clients of one provider, and what registers one more."""

    provider: str
    key: str
    count: int = 0

    def __post_init__(self) -> None:
        self.app = Flask("benchmark")  # the registry refers to it weakly
        self.app.secret_key = "a secret key of the benchmark"
        self.oauth = OAuth(self.app)

    def one_more(self) -> None:
        number = self.count = self.count + 1
        own = {"client_id": f"key {number}"}
        if self.provider == "jira":
            own |= {"base_url": f"https://jira{number}.example.com", "rsa_key": self.key}
        else:
            own |= {"account_id": str(1_000_000 + number), "client_secret": f"secret {number}"}
        provider, _, is_configured = self.provider.partition(", ")
        if is_configured:
            self.app.config.update({f"TENANT_{number}_{name.upper()}": value for name, value in own.items()})
            own = {}
        self.oauth.register_from_catalog(provider, name=f"tenant_{number}", **own)

    def bytes_each(self, number: int = 500) -> float:
        gc.collect()
        tracemalloc.start()
        for _ in range(number):
            self.one_more()
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return used / number


@pytest.fixture(scope="module", params=PROVIDERS)
def tenants(request: pytest.FixtureRequest) -> dict[str, Tenants]:
    """Two registries of one provider, with few clients and with many."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    sizes = {LIMIT: 20, OURS: 40} if request.config.getoption("benchmark_disable", default=False) else SIZES
    registries = {contender: Tenants(request.param, key.decode()) for contender in sizes}
    for contender, registry in registries.items():
        for _ in range(sizes[contender]):
            registry.one_more()
    return registries


@pytest.mark.parametrize("contender", [OURS, LIMIT])
def test_time(turn: int, contender: str, tenants: dict[str, Tenants], measure: Callable[..., None]) -> None:
    registry = tenants[contender]
    measure(TIMES[registry.provider], contender, registry.one_more)


def test_memory(tenants: dict[str, Tenants], request: pytest.FixtureRequest) -> None:
    few, many = tenants[LIMIT].bytes_each(), tenants[OURS].bytes_each()
    table = request.config.stash[TABLE]
    table.add(MEMORY[tenants[OURS].provider], OURS, many)
    table.add(MEMORY[tenants[OURS].provider], LIMIT, 8192)
    table.add(GROWTH[tenants[OURS].provider], OURS, many)
    table.add(GROWTH[tenants[OURS].provider], LIMIT, few)
