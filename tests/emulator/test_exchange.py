"""The emulated exchange of a token for one of OAuth 2.0, asked by clients that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oauthlib.oauth1
import pytest
import requests
from requests.auth import HTTPBasicAuth

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator

FILE = """schema_version: 1
name: {name}
status_note: No date is known.
flows: [redirect]
request_token_url: https://{name}.example/request
authorize_url: https://{name}.example/authorize
access_token_url: https://{name}.example/access
api_base_url: https://{name}.example/1/
successor:
  url: https://{name}.example/exchange
  {rules}
"""
OWN = {
    "narrow": 'auth: client\n  params: {both: "{oauth_token}:{oauth_token_secret}"}\n'
    "  limit: {requests: 2, seconds: 900}",
    "once": 'auth: client\n  params: {t: "{oauth_token}"}\n  fields: {access_token: token}\n  again: refused',
    "last": 'auth: client\n  params: {t: "{oauth_token}"}\n  fields: {access_token: token}\n  old_token: ends',
}
X_FORM = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:x:params:oauth:token-type:oauth1_token",
}


@pytest.fixture(scope="module")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder: Path = tmp_path_factory.mktemp("catalog")
    for name, rules in OWN.items():
        (folder / f"{name}.yaml").write_text(FILE.format(name=name, rules=rules), encoding="utf-8")
    with Emulator(Catalog(folder)) as running:
        yield running


def x_form(own_files: Emulator, user: str, **changed: str) -> dict[str, str]:
    token = own_files.issue_token("x", user=user)
    return {**X_FORM, "subject_token": token.oauth_token, "oauth_token_secret": token.oauth_token_secret, **changed}


def post(own_files: Emulator, name: str, form: dict[str, str], **options: Any) -> requests.Response:
    successor = own_files.catalog.provider(name).successor
    assert successor is not None
    client = own_files.client(name)
    options.setdefault("auth", HTTPBasicAuth(client.oauth2_client_id, client.oauth2_client_secret))
    return requests.post(successor.url, data=form, verify=own_files.ca_file, timeout=30, **options)


def call(own_files: Emulator, name: str, access_token: str) -> int:
    url = f"{own_files.catalog.provider(name).api_base_url}oauth1/echo"
    headers = {"Authorization": f"Bearer {access_token}"}
    return requests.get(url, headers=headers, verify=own_files.ca_file, timeout=30).status_code


def test_each_exchange_ends_the_pair_before(own_files: Emulator) -> None:
    form = x_form(own_files, "ada")
    first, second = (post(own_files, "x", form).json() for _ in range(2))
    assert set(first) == {"token_type", "expires_in", "access_token", "refresh_token"}
    assert (first["token_type"], first["expires_in"]) == ("bearer", 7200)
    assert first["access_token"] != second["access_token"]
    assert [call(own_files, "x", one["access_token"]) for one in (first, second)] == [401, 200]
    another = post(own_files, "x", x_form(own_files, "grace")).json()
    assert [call(own_files, "x", one["access_token"]) for one in (second, another)] == [200, 200]


def test_a_public_client_is_one_without_a_header(own_files: Emulator) -> None:
    client_id = own_files.client("x").oauth2_client_id
    assert post(own_files, "x", x_form(own_files, "ada", client_id=client_id), auth=None).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"subject_token": "unknown"}, "invalid_grant"),
        ({"oauth_token_secret": "wrong"}, "invalid_grant"),
        ({"oauth_token_secret": ""}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
    ids=lambda part: str(part)[:30],
)
def test_what_x_refuses(own_files: Emulator, changed: dict[str, str], error: str) -> None:
    answer = post(own_files, "x", x_form(own_files, "ada", **changed))
    assert (answer.status_code, answer.json()) == (400, {"error": error})


@pytest.mark.parametrize("auth", [None, HTTPBasicAuth("x", "y")], ids=["none", "another"])
def test_another_client(own_files: Emulator, auth: Any) -> None:
    answer = post(own_files, "x", x_form(own_files, "ada"), auth=auth)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


def test_the_consumer_key_is_not_the_oauth2_client(own_files: Emulator) -> None:
    client = own_files.client("x")
    answer = post(own_files, "x", x_form(own_files, "ada"), auth=HTTPBasicAuth(client.client_id, client.client_secret))
    assert answer.json() == {"error": "invalid_client"}


def test_a_revoked_token(new_emulator: Emulator) -> None:
    form = x_form(new_emulator, "ada")
    new_emulator.expire_tokens("x")
    assert post(new_emulator, "x", form).json() == {"error": "invalid_grant"}


def test_the_limit(own_files: Emulator) -> None:
    token = own_files.issue_token("narrow")
    form = {"both": f"{token.oauth_token}:{token.oauth_token_secret}"}
    answers = [post(own_files, "narrow", form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {"error": "rate_limited"}
    assert 890 < int(answers[2].headers["Retry-After"]) <= 901


@pytest.mark.parametrize("name", ["once", "last"])
def test_a_token_that_is_exchanged_once_or_ends(own_files: Emulator, name: str) -> None:
    form = {"t": own_files.issue_token(name).oauth_token}
    first = post(own_files, name, form).json()["token"]
    assert post(own_files, name, form).json() == {"error": "invalid_grant"}
    assert call(own_files, name, first) == 200


def signed(own_files: Emulator, **changed: str) -> requests.Response:
    """Garmin's exchange, signed by oauthlib."""
    client, token = own_files.client("garmin"), own_files.issue_token("garmin")
    successor = own_files.catalog.provider("garmin").successor
    assert successor is not None
    keys = {"resource_owner_key": token.oauth_token, "resource_owner_secret": token.oauth_token_secret, **changed}
    url, headers, _ = oauthlib.oauth1.Client(client.client_id, client.client_secret, **keys).sign(successor.url, "POST")
    return requests.post(url, headers=headers, verify=own_files.ca_file, timeout=30)


def test_a_signed_exchange(own_files: Emulator) -> None:
    first, second = (signed(own_files).json()["access_token"] for _ in range(2))
    # Each call has a token of its own here, but the same user.
    assert [call(own_files, "garmin", one) for one in (first, second)] == [401, 200]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [({"resource_owner_secret": "wrong"}, "signature_invalid"), ({"resource_owner_key": "unknown"}, "token_rejected")],
)
def test_a_signed_exchange_is_refused_with_its_reason(
    own_files: Emulator, changed: dict[str, str], problem: str
) -> None:
    answer = signed(own_files, **changed)
    assert answer.status_code == 401
    assert f"oauth_problem={problem}" in answer.text


def test_an_unknown_access_token(own_files: Emulator) -> None:
    assert call(own_files, "garmin", "unknown") == 401
