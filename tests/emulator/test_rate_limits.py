"""The rate limits and the signature methods of a provider's file, against clients of oauthlib and requests-oauthlib."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requests_oauthlib import OAuth1Session

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import Provider, RateLimit, SignatureMethod
from oauth1_catalog.emulator import Emulator, Origins
from oauth1_catalog.emulator.providers import Registration
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849.messages import Request, Response

FILE = """schema_version: 1
name: photos
flows: [static_token]
api_base_url: https://api.photos.example/
rate_limits:
  - {requests: 2, seconds: 1, per: token}
  - {requests: 5, seconds: 600, per: client}
"""


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Emulator]:
    (tmp_path / "photos.yaml").write_text(FILE, encoding="utf-8")
    with Emulator(Catalog(tmp_path), rate_limits=True) as running:
        yield running


def session(emulator: Emulator) -> OAuth1Session:
    client, token = emulator.client("photos"), emulator.issue_token("photos")
    made = OAuth1Session(client.client_id, client.client_secret, token.oauth_token, token.oauth_token_secret)
    made.verify, made.trust_env = emulator.ca_file, False
    return made


def test_a_foreign_client_is_told_to_wait_and_succeeds_afterwards(limited: Emulator) -> None:
    url = f"{limited.catalog.provider('photos').api_base_url}me"
    with session(limited) as ada, session(limited) as grace:
        assert [ada.get(url).status_code for _ in range(2)] == [200, 200]
        refused = ada.get(url)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.text == "At most 2 requests in 1 seconds for each token. Wait for 1 seconds.\n"
        assert grace.get(url).status_code == 200, "the limit is that of a token"
        time.sleep(int(refused.headers["Retry-After"]))
        assert [ada.get(url).status_code for _ in range(2)] == [200, 200]
        by_client = grace.get(url)
        assert by_client.status_code == 429
        assert 590 < int(by_client.headers["Retry-After"]) <= 600
        assert "5 requests in 600 seconds for each client" in by_client.text
    assert limited.journal.count(status=429) == 2


def test_a_reset_forgets_the_requests(limited: Emulator) -> None:
    url = f"{limited.catalog.provider('photos').api_base_url}me"
    with session(limited) as ada:
        for _ in range(3):
            assert [ada.get(url).status_code for _ in range(3)] == [200, 200, 429]
            limited.reset()


def test_without_the_switch_nothing_is_limited(tmp_path: Path) -> None:
    (tmp_path / "photos.yaml").write_text(FILE, encoding="utf-8")
    with Emulator(Catalog(tmp_path)) as emulator, session(emulator) as ada:
        url = f"{emulator.catalog.provider('photos').api_base_url}me"
        assert {ada.get(url).status_code for _ in range(8)} == {200}


def test_a_login_is_limited_but_not_its_pages(dance: Any) -> None:
    photos = dance(limited=True, rate_limits=(RateLimit(requests=2, seconds=600),))
    photos.access_token()
    response = photos.send(photos.provider.request_token_url, callback_uri="oob")
    assert response.status == 429
    assert int(response.headers["Retry-After"]) in range(590, 601)


@pytest.mark.parametrize("place", ["AUTH_HEADER", "QUERY", "BODY"])
def test_the_client_is_found_wherever_its_parameters_are(dance: Any, place: str) -> None:
    where = {"signature_type": place.removeprefix("AUTH_")}
    photos = dance(limited=True, rate_limits=(RateLimit(requests=1, seconds=600, per="client"),), client_kwargs=where)
    form = {"Content-Type": "application/x-www-form-urlencoded"} if place == "BODY" else {}
    body = "" if place == "BODY" else None

    def asked(client_id: str | None = None) -> Response:
        return photos.send(
            photos.provider.request_token_url,
            callback_uri="oob",
            signature_type=place,
            body=body,
            headers=form,
            client_id=client_id,
        )

    assert [asked().status, asked().status] == [200, 429]
    assert asked("another").status == 401, "refused for its key, and counted on its own"


def test_calls_with_the_token_itself(dance: Any) -> None:
    photos = dance(
        limited=True,
        rate_limits=(RateLimit(requests=1, seconds=600, per="token"),),
        api_auth="header",
        api_auth_header="X-Key",
    )

    def called(token: str) -> int:
        return photos.server.handle(Request("GET", f"{photos.provider.api_base_url}x", {"X-Key": token})).status

    tokens = [photos.access_token()["oauth_token"] for _ in range(2)]
    assert [called(tokens[0]), called(tokens[0]), called(tokens[1])] == [200, 429, 200]


def test_a_limit_of_tokens_does_not_concern_a_request_without_one(dance: Any) -> None:
    photos = dance(limited=True, rate_limits=(RateLimit(requests=1, seconds=600, per="token"),))
    statuses = {photos.send(photos.provider.request_token_url, callback_uri="oob").status for _ in range(3)}
    assert statuses == {200}


def test_registering_a_provider_again_does_not_forget_its_requests(dance: Any) -> None:
    photos = dance(limited=True, rate_limits=(RateLimit(requests=1, seconds=600),))
    assert photos.send(photos.provider.request_token_url, callback_uri="oob").status == 200
    photos.server.add(photos.registration)
    assert photos.send(photos.provider.request_token_url, callback_uri="oob").status == 429


METHODS = (SignatureMethod(method="HMAC-SHA256", since="2.4.4"), SignatureMethod(method="RSA-SHA1", until="2.4.3"))


@pytest.mark.parametrize("method", ["HMAC-SHA256", "RSA-SHA1"])
def test_each_listed_signature_method_is_accepted(dance: Any, method: str) -> None:
    photos = dance(client_kwargs={"signature_method": "HMAC-SHA256"}, signature_methods=METHODS)
    token = photos.access_token(signature_method=method)
    pair = (token["oauth_token"], token["oauth_token_secret"])
    call = photos.send(f"{photos.provider.api_base_url}x", "GET", token=pair, signature_method=method)
    assert call.status == 200


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA512", "PLAINTEXT"])
def test_no_other_signature_method_is(dance: Any, problem: Any, method: str) -> None:
    photos = dance(client_kwargs={"signature_method": "HMAC-SHA256"}, signature_methods=METHODS)
    response = photos.send(photos.provider.request_token_url, callback_uri="oob", signature_method=method)
    assert problem(response) == "signature_method_rejected"
    assert "expects%20HMAC-SHA256%20or%20RSA-SHA1%2C%20not%20" + method in response.text


def test_a_method_that_oauthlib_does_not_know() -> None:
    strange = Provider(name="photos", signature_methods=(SignatureMethod(method="HMAC-MD5"),))
    with pytest.raises(ConfigurationError, match="the emulator cannot verify HMAC-MD5"):
        Registration("photos", strange, Origins("https://127.0.0.1:1", "http://127.0.0.1:2"))


def test_the_emulator_accepts_what_each_file_of_the_catalog_lists() -> None:
    catalog = Catalog()
    listed = {
        name: file.signature_methods for name in catalog.names() if (file := catalog.file(name)).signature_methods
    }
    assert len(listed) > 20
    for name, methods in listed.items():
        examples = {key: value for key, value in catalog.required(name).items() if value is not None}
        provider = catalog.provider(name, values=examples)
        registration = Registration(name, provider, Origins("https://127.0.0.1:1", "http://127.0.0.1:2"))
        assert registration.signature_methods == tuple(one.method for one in methods)
        assert registration.signature_method in registration.signature_methods, name
