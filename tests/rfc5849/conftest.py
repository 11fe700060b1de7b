"""Keys that the signing tests share: those of the public vectors, and one that is as long as it should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from oauth1_catalog.rfc5849 import signature

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


def vector_key(name: str) -> rsa.RSAPrivateKey:
    number = {part: int(str(value), 0) for part, value in VECTORS["rsa_keys"][name].items()}
    public = rsa.RSAPublicNumbers(number["e"], number["n"])
    return rsa.RSAPrivateNumbers(
        number["p"], number["q"], number["d"], number["dmp1"], number["dmq1"], number["iqmp"], public
    ).private_key()


@pytest.fixture(scope="session")
def rsa_keys() -> dict[str, rsa.RSAPrivateKey]:
    return {name: vector_key(name) for name in VECTORS["rsa_keys"]}


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def private_pem(private_key: rsa.RSAPrivateKey) -> str:
    return private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registration is for the life of the process; a test's own must not outlive it."""
    monkeypatch.setattr(signature, "_factories", dict(signature._factories))  # private: nothing unregisters
