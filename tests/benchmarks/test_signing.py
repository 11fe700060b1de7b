"""From a prepared request of requests to a signed one: what an application pays for each call."""

from __future__ import annotations

from functools import cache

import pytest
import requests
from authlib.integrations import requests_client as authlib
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from requests_oauthlib import OAuth1

from oauth1_catalog.clients.requests_client import OAuth1Auth
from tests.benchmarks.conftest import LIMIT, OURS, Row
from tests.benchmarks.hand_written import HandWritten

CREDENTIALS = (
    "xvz1evFS4wEEPTGEFPHBog",
    "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
)
# How many signatures one round is. All rounds take about half a millisecond: on a busy machine a longer one would be
# interrupted more often, to the peers' disadvantage.
BATCH = {OURS: 50, LIMIT: 50, "Authlib": 4, "requests-oauthlib": 4}

REQUESTS = {
    "a GET with 3 query parameters": requests.Request(
        "GET",
        "https://api.example.com/1.1/search/tweets.json",
        params={"q": "oauth signing", "count": "20", "lang": "en"},
    ),
    "a POST with 5 form fields": requests.Request(
        "POST",
        "https://api.example.com/1.1/statuses/update.json",
        data={
            "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
            "lat": "37.7821120598956",
            "long": "-122.400612831116",
            "place_id": "df51dec6f4ee2b2c",
            "trim_user": "true",
        },
    ),
    "a JSON POST": requests.Request("POST", "https://api.example.com/2/tweets", json={"text": "Hello, World!"}),
}
# Authlib has no HMAC-SHA256.
PEERS = {"HMAC-SHA1": ("Authlib", "requests-oauthlib"), "HMAC-SHA256": ("requests-oauthlib",)}
HMAC_ROWS = {
    (kind, method): Row(f"{kind}, {method}", peers, faster=8, slower=1.6)
    for method, peers in PEERS.items()
    for kind in REQUESTS
}
RSA_ROW = Row("a GET with 3 query parameters, RSA-SHA1 2048", ("Authlib",), faster=100, slower=1.2)


def batch(request, size):
    """Copies, since each can be signed once only."""

    def setup():
        return ([request.copy() for _ in range(size)],), {}

    return setup


def sign_each(auth):
    def sign(batch):
        for request in batch:
            auth(request)

    return sign


@pytest.mark.parametrize(
    ("kind", "method", "contender"), [(*key, name) for key, row in HMAC_ROWS.items() for name in row.contenders]
)
def test_hmac(turn, kind, method, contender, measure):
    auth = {
        OURS: lambda: OAuth1Auth(*CREDENTIALS, signature_method=method),
        LIMIT: lambda: HandWritten(*CREDENTIALS, method=method),
        "Authlib": lambda: authlib.OAuth1Auth(*CREDENTIALS, signature_method=method),
        "requests-oauthlib": lambda: OAuth1(*CREDENTIALS, signature_method=method),
    }[contender]()
    size = BATCH[contender]
    setup = batch(REQUESTS[kind].prepare(), size)
    measure(HMAC_ROWS[kind, method], contender, sign_each(auth), setup=setup, operations=size)


@cache
def private_key():
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("contender", RSA_ROW.contenders)
def test_rsa(turn, contender, measure):
    pem = (
        private_key()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
    client_id, _, token, _ = CREDENTIALS
    options = {"token": token, "signature_method": "RSA-SHA1", "rsa_key": pem}
    auth = {
        OURS: lambda: OAuth1Auth(client_id, **options),
        LIMIT: lambda: lambda request: private_key().sign(b"x" * 400, padding.PKCS1v15(), hashes.SHA1()),
        "Authlib": lambda: authlib.OAuth1Auth(client_id, **options),
    }[contender]()
    request = REQUESTS["a GET with 3 query parameters"].prepare()
    # Authlib parses the key each time, which is long enough to be measured once a round.
    size, rounds = (1, 3) if contender == "Authlib" else (2, 100)
    measure(RSA_ROW, contender, sign_each(auth), setup=batch(request, size), operations=size, rounds=rounds)
