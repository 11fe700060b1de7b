"""Threat 35: an RSA key that is short, public, damaged, locked or of another kind, and where a key is shown.

In each framework, as an application configures it. Nothing is sent with a key that cannot sign.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from oauthlib.common import Request as OAuthlibRequest
from oauthlib.oauth1.rfc5849 import signature

from oauth1_catalog.errors import OAuthError
from oauth1_catalog.rfc5849.rsa import WeakKeyWarning
from tests.clients.conftest import Wire, response, serving
from tests.integrations.applications import now
from tests.secrecy.reporters import Shown, listening, sentry

PEM, PUBLIC = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
PKCS1, PKCS8 = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8
PASSPHRASE = "CanaryPassphrase"
METHODS = ["RSA-SHA1", "RSA-SHA256", "RSA-SHA512"]
KEY = rsa.generate_private_key(65537, 2048)


def text_of(key: Any, layout: Any = PKCS8, passphrase: str = "") -> str:
    locked = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    return str(key.private_bytes(PEM, layout, locked).decode())


def damaged(pem: str) -> str:
    lines = pem.splitlines()
    return "\n".join([*lines[:5], *lines[9:]])


WRONG = {
    "public": (KEY.public_key().public_bytes(PEM, PUBLIC).decode(), None, "is a public key"),
    "a curve": (text_of(ec.generate_private_key(ec.SECP256R1())), None, "is a key of another kind"),
    "damaged": (damaged(text_of(KEY)), None, "is not a PEM that can be read"),
    "locked": (text_of(KEY, passphrase=PASSPHRASE), None, "is encrypted. Pass rsa_key_passphrase"),
    "another passphrase": (text_of(KEY, passphrase="x"), PASSPHRASE, "rsa_key_passphrase is wrong"),
    "no path": ("/nowhere/key.pem", None, "nor the path of a file that can be read"),
    "the middle of one": ("".join(text_of(KEY).splitlines()[3:8]), None, "is neither PEM text"),
    "empty lines": ("-----BEGIN RSA PRIVATE KEY-----\n\n-----END RSA PRIVATE KEY-----", None, "is not a PEM"),
}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as server:
        server.answer = lambda _: response("oauth_token=t&oauth_token_secret=&oauth_callback_confirmed=true")
        yield server


def register(registry: Callable[..., Any], wire: Wire, key: object, passphrase: str | None, method: str) -> Any:
    return registry().register(
        "jira",
        client_id="key",
        rsa_key=key,
        rsa_key_passphrase=passphrase,
        request_token_url=f"{wire.url}/request",
        authorize_url=f"{wire.url}/consent",
        access_token_url=f"{wire.url}/access",
        client_kwargs={"signature_method": method},
    )


def begin(client: Any) -> Any:
    """The first step of a login."""

    async def begun() -> Any:
        try:
            return await now(client.create_authorization_url("https://shop.example/authorize"))
        finally:
            await now(client.aclose() if not hasattr(client, "close") else client.close())

    return asyncio.run(begun())


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_sign_is_named_and_nothing_is_sent(registry: Callable[..., Any], wire: Wire, case: str) -> None:
    key, passphrase, said = WRONG[case]
    client = register(registry, wire, key, passphrase, "RSA-SHA1")
    with sentry() as report:
        with listening() as heard, pytest.raises(OAuthError) as caught:
            begin(client)
        shown = Shown(caught.value, report)
    assert said in caught.value.description
    assert wire.arrived == []
    parts = [part for part in (*key.splitlines(), passphrase) if part and not part.startswith("-----")]
    told = "".join([*shown.texts, *shown.ours, *heard, *map(repr, (client, client.__dict__.get("signer")))])
    assert [part for part in parts if part in told] == []
    assert said in str([problem.description for problem in client.problems()])


@pytest.mark.parametrize("bits", [1024, 2047, 2048])
def test_a_short_key_signs_with_a_warning(registry: Callable[..., Any], wire: Wire, bits: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        begin(register(registry, wire, text_of(rsa.generate_private_key(65537, bits)), None, "RSA-SHA1"))
    told = [str(warning.message) for warning in caught if warning.category is WeakKeyWarning]
    assert bool(told) == (bits < 2048)
    assert all(f"rsa_key has {bits} bits" in text for text in told)
    assert len(wire.arrived) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", ["PKCS#1", "PKCS#8", "locked", "file", "bytes", "object"])
def test_every_form_signs_and_shows_nothing(
    registry: Callable[..., Any], wire: Wire, tmp_path: Path, form: str, method: str
) -> None:
    path = tmp_path / "jira.pem"
    path.write_text(text_of(KEY), encoding="ascii")
    given: dict[str, object] = {
        "PKCS#1": text_of(KEY, PKCS1),
        "PKCS#8": text_of(KEY),
        "locked": text_of(KEY, passphrase=PASSPHRASE),
        "file": str(path),
        "bytes": text_of(KEY).encode(),
        "object": KEY,
    }
    client = register(registry, wire, given[form], PASSPHRASE if form == "locked" else None, method)
    begin(client)
    (arrived,) = wire.arrived
    sent = OAuthlibRequest(f"{wire.url}/request", arrived.method, arrived.body, dict(arrived.headers))
    sent.params = signature.collect_parameters(headers=dict(arrived.headers), exclude_oauth_signature=False)
    sent.signature = dict(sent.params).pop("oauth_signature")
    sent.params = [pair for pair in sent.params if pair[0] != "oauth_signature"]
    judge = {
        "RSA-SHA1": signature.verify_rsa_sha1,
        "RSA-SHA256": signature.verify_rsa_sha256,
        "RSA-SHA512": signature.verify_rsa_sha512,
    }
    assert judge[method](sent, KEY.public_key().public_bytes(PEM, PUBLIC).decode())
    shown = "".join(map(repr, (client, client.signer, client.signer.signature_method, vars(client))))
    secret = [line for line in text_of(KEY).splitlines() if not line.startswith("-----")]
    assert [line for line in (*secret, PASSPHRASE) if line in shown] == []
