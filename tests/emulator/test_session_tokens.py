"""The emulator's side of session tokens, with a client that is written here: what it accepts, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Origins
from oauth1_catalog.emulator.endpoints import Server
from oauth1_catalog.emulator.examples import User
from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.emulator.session_tokens import LIFETIME, dh_parameters
from oauth1_catalog.emulator.store import Store
from oauth1_catalog.flow.diffie_hellman import load_dh_parameters
from oauth1_catalog.rfc5849.messages import Request, Response

NAME = "interactive_brokers"
PRIME = load_dh_parameters(dh_parameters()).prime


class Broker:
    """The emulated provider, and a client of it."""

    def __init__(self) -> None:
        self.store = Store(client_secret="", encrypts_secrets=True)
        origins = Origins("https://127.0.0.1:8443", "http://127.0.0.1:8080")
        self.registration = Registration(NAME, Catalog().provider(NAME), origins, self.store)
        self.server = Server()
        self.server.add(self.registration)
        self.client = self.store.client_of(NAME)
        self.token = self.store.issue(NAME, self.client.client_id, User("grace"))
        key: Any = load_pem_private_key(self.client.encryption_key.encode(), None)
        self.secret: bytes = key.decrypt(base64.b64decode(self.token.secret), PKCS1v15())

    def send(self, url: str, method: str, key: bytes | None = None, *, prepend: str = "", **more: str) -> Response:
        """A request that is signed with HMAC, or without a key with RSA."""
        sent = {
            "oauth_consumer_key": self.client.client_id,
            "oauth_nonce": secrets.token_hex(8),
            "oauth_signature_method": "RSA-SHA256" if key is None else "HMAC-SHA256",
            "oauth_timestamp": str(int(time.time())),
            "oauth_token": self.token.token,
            **more,
        }
        path, _, query = url.partition("?")
        joined = "&".join(f"{name}={value}" for name, value in sorted({**sent, **dict(parse_qsl(query))}.items()))
        text = f"{prepend}{method}&{quote(path, safe='')}&{quote(joined, safe='')}".encode()
        if key is None:
            signing: Any = load_pem_private_key(self.client.rsa_key.encode(), None)
            signature = signing.sign(text, PKCS1v15(), SHA256())
        else:
            signature = hmac.new(key, text, hashlib.sha256).digest()
        sent["oauth_signature"] = base64.b64encode(signature).decode()
        fields = ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in sent.items())
        return self.server.handle(Request(method, url, {"Authorization": f'OAuth realm="limited_poa", {fields}'}))

    def agree(self, challenge: str, prepend: str | None = None) -> Response:
        rules = self.registration.provider.session_token
        assert rules is not None
        wanted = self.secret.hex() if prepend is None else prepend
        return self.send(
            rules.url, "POST", prepend=wanted, **({"diffie_hellman_challenge": challenge} if challenge else {})
        )

    def call(self, key: bytes, url: str = "") -> Response:
        return self.send(f"{self.registration.provider.api_base_url}portfolio/accounts{url}", "GET", key)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def session_of(broker: Broker, answer: Response, private: int) -> bytes:
    fields = json.loads(answer.text)
    number = pow(int(fields["diffie_hellman_response"], 16), private, PRIME)
    key = number.to_bytes(number.bit_length() // 8 + 1, "big")
    session = hmac.new(key, broker.secret, hashlib.sha1).digest()
    proof = hmac.new(session, broker.client.client_id.encode(), hashlib.sha1).hexdigest()
    assert proof == fields["live_session_token_signature"]
    assert abs(fields["live_session_token_expiration"] / 1000 - time.time() - LIFETIME) < 60
    return session


@pytest.mark.parametrize("private", [2, 3, 2**255 + 11, PRIME - 3])
def test_a_session_token_signs_calls(broker: Broker, private: int) -> None:
    session = session_of(broker, broker.agree(f"{pow(2, private, PRIME):x}"), private)
    for query in ("", "?conids=1%2C2&q=a%20b%26%2B"):
        answer = broker.call(session, query)
        assert (answer.status, json.loads(answer.text)["user"]) == (200, "grace"), answer.text


def test_the_one_before_stays_valid_and_the_fifth_one_before_does_not(broker: Broker) -> None:
    sessions = [session_of(broker, broker.agree(f"{pow(2, n, PRIME):x}"), n) for n in range(40, 46)]
    assert [broker.call(session).status for session in sessions] == [401, 200, 200, 200, 200, 200]


@pytest.mark.parametrize("challenge", ["0", "1", f"{PRIME - 1:x}", f"{PRIME:x}", "-2", "zz", "f" * 1000])
def test_a_challenge_outside_of_the_group(broker: Broker, challenge: str) -> None:
    answer = broker.agree(challenge)
    assert (answer.status, "diffie_hellman_challenge" in answer.text) == (400, True)


def test_a_request_without_a_challenge(broker: Broker) -> None:
    assert "oauth_parameters_absent=diffie_hellman_challenge" in broker.agree("").text


@pytest.mark.parametrize("prepend", ["", "00", "AB"])
def test_a_base_string_without_the_secret(broker: Broker, prepend: str) -> None:
    answer = broker.agree("7", prepend=prepend)
    assert answer.status == 401
    assert "begins%20with%20the%20decrypted%20secret" in answer.text
    assert broker.secret.hex() not in answer.text


def test_calls_without_a_session_token_or_with_another(broker: Broker) -> None:
    assert "token_expired" in broker.call(b"k" * 20).text
    session_of(broker, broker.agree("4"), 2)
    assert "The%20key%20of%20the%20signature%20is%20the%20session%20token" in broker.call(b"k" * 20).text


def test_a_session_token_ends(broker: Broker) -> None:
    session = session_of(broker, broker.agree("4"), 2)
    broker.store.expire_all()
    assert broker.call(session).status == 401
    again = session_of(broker, broker.agree("8"), 3)
    assert (broker.call(session).status, broker.call(again).status) == (401, 200)


def test_each_endpoint_has_its_signature_method(broker: Broker) -> None:
    url = f"{broker.registration.provider.api_base_url}portfolio/accounts"
    assert "This%20provider%20expects%20HMAC-SHA256%2C%20not%20RSA-SHA256" in broker.send(url, "GET").text
    rules = broker.registration.provider.session_token
    assert rules is not None
    assert "expects%20RSA-SHA256" in broker.send(rules.url, "POST", b"k", diffie_hellman_challenge="7").text
    assert "expects%20POST" in broker.send(rules.url, "GET", diffie_hellman_challenge="7").text
