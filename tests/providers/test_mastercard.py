"""Mastercard's own signature rule, which no judge of RFC 5849 knows: verified here as its signers define it.

The values of protocol parameters go into the base string and into the header without being encoded, and
``oauth_body_hash`` is there on every request.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx2
import pytest
import requests_mock
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from oauth1_catalog import async_client, client
from oauth1_catalog.rfc5849.messages import Request
from tests.integrations.applications import FRAMEWORKS

CONSUMER_KEY = "client-id!key-id"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encoded(text: str) -> str:
    return quote(text, safe="~")


def verify(request: Request, key: RSAPrivateKey) -> dict[str, str]:
    """The fields of the header, whose signature is right by Mastercard's rule."""
    scheme, _, rest = request.header("Authorization").partition(" ")
    assert scheme == "OAuth"
    fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    signature = base64.b64decode(unquote(fields.pop("oauth_signature")))
    query = [(encoded(n), encoded(v)) for n, v in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)]
    normalized = "&".join(f"{name}={value}" for name, value in sorted([*query, *fields.items()]))
    base = "&".join((request.method, encoded(request.url.partition("?")[0]), encoded(normalized)))
    key.public_key().verify(signature, base.encode(), padding.PKCS1v15(), hashes.SHA256())
    return fields


def pem_of(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.mark.parametrize("application", FRAMEWORKS.values())
@pytest.mark.parametrize("environment", [None, "sandbox"])
def test_calls_are_signed_as_mastercard_verifies_them(
    application: type, environment: str | None, key: RSAPrivateKey
) -> None:
    pem = pem_of(key)
    app = application(config={}, register=False)
    try:
        client = app.oauth.register_from_catalog(
            "mastercard", client_id=CONSUMER_KEY, rsa_key=pem, environment=environment
        )
        url = f"{client.api_base_url}locations/v1/atms?country=USA&name=a%20b"
        for method, body in (("GET", None), ("POST", b'{"a": "b"}')):
            headers = {"Content-Type": "application/json"} if body else {}
            fields = verify(client.signer.sign(Request(method, url, headers, body)), key)
            assert fields["oauth_consumer_key"] == CONSUMER_KEY
            assert fields["oauth_signature_method"] == "RSA-SHA256"
            assert fields["oauth_body_hash"] == base64.b64encode(hashlib.sha256(body or b"").digest()).decode()
            assert "oauth_token" not in fields
    finally:
        app.close()


def test_a_script_signs_its_calls_so(key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTERCARD_CLIENT_ID", CONSUMER_KEY)
    monkeypatch.setenv("MASTERCARD_RSA_KEY", pem_of(key))
    sent: list[Request] = []
    with requests_mock.Mocker() as api, client("mastercard") as mastercard:
        api.get(requests_mock.ANY, json={})
        assert mastercard.get("locations/v1/atms", params={"name": "a b"}).status_code == 200
        called = api.last_request
        sent.append(Request("GET", called.url, dict(called.headers), None))

    def answer(request: httpx2.Request) -> httpx2.Response:
        headers = {name.title(): value for name, value in request.headers.items()}
        sent.append(Request("GET", str(request.url), headers, None))
        return httpx2.Response(200, json={})

    async def main() -> None:
        transport = {"transport": httpx2.MockTransport(answer)}
        async with async_client("mastercard", client_kwargs=transport) as mastercard:
            assert (await mastercard.get("locations/v1/atms", params={"name": "a b"})).status_code == 200

    asyncio.run(main())
    assert len(sent) == 2
    for request in sent:
        assert verify(request, key)["oauth_consumer_key"] == CONSUMER_KEY
