"""Sessions and auth objects are pickled and copied as those of requests are, and sign and send afterwards."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from oauth1_catalog.clients.requests_client import OAuth1Auth, OAuth1Session
from oauth1_catalog.rfc5849 import ClientCredentials, Signer

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "oldest pickle": lambda thing: pickle.loads(pickle.dumps(thing, 2)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "query": {"signature_type": "QUERY"},
    "sha512": {"signature_method": "HMAC-SHA512"},
    "fixed": {"nonce": "n", "timestamp": 137131200},
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("options", OPTIONS)
class TestOnceMore:
    def test_a_session(self, wire, judge, how, options):
        session = OAuth1Session(
            **KEYS,
            **OPTIONS[options],
            redirect_uri="https://x/cb",
            timeout=7,
            headers={"X-App": "mine"},
            max_redirects=3,
        )
        session.get(wire.url)  # with a connection that is open
        made = COPIES[how](session)
        assert type(made) is OAuth1Session
        assert (made.token, made.redirect_uri, made.limits) == (session.token, session.redirect_uri, session.limits)
        assert made.get(wire.url, params={"a": "1"}).text == "ok"
        judge(wire.last)
        assert wire.last.header("X-App") == "mine"
        assert made.max_redirects == 3
        made.token = {"oauth_token": "new", "oauth_token_secret": "other"}
        assert session.token["oauth_token"] == "tk"

    def test_an_auth_object(self, wire, judge, how, options):
        auth = COPIES[how](OAuth1Auth(**KEYS, **OPTIONS[options]))
        requests.get(wire.url, auth=auth)
        judge(wire.last)


def test_steps_go_on_in_an_unpickled_session(wire, answer_with):
    wire.answer = lambda _: answer_with("oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=true")
    session = OAuth1Session("ck", "cs", redirect_uri="https://x/cb")
    session.fetch_request_token(wire.url)
    session.parse_authorization_response("https://x/cb?oauth_token=a&oauth_verifier=v")
    made = pickle.loads(pickle.dumps(session))
    made.fetch_access_token(wire.url)
    assert 'oauth_verifier="v"' in str(wire.last.header("Authorization"))


@pytest.mark.parametrize("how", COPIES)
def test_an_rsa_key_goes_along(wire, judge, how):
    key = rsa.generate_private_key(65537, 2048)
    session = OAuth1Session("ck", rsa_key=key, token="tk", signature_method="RSA-SHA256")
    judge.rsa_key = key.public_key()
    made = COPIES[how](session)
    made.get(wire.url)
    judge(wire.last)
    assert "PRIVATE" not in repr(made)


def test_a_pickled_auth_object_signs_in_another_process(wire, judge):
    """What the task queues do."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(requests.get, (wire.url,), {"auth": OAuth1Auth(**KEYS)}).status_code == 200
    judge(wire.last)


@pytest.mark.parametrize("how", COPIES)
def test_the_clock_of_the_process_is_one(how):
    signer = Signer(ClientCredentials("ck", "cs"))
    # private: two clocks would differ only in a second in which both are read
    assert COPIES[how](signer)._timestamp is signer._timestamp
