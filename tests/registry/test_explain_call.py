"""``client.explain(response)`` for a call that the emulator refuses, sync and async; the note of our own errors."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from oauth1_catalog import (
    Catalog,
    ConfigurationError,
    MissingTokenError,
    TokenRequestDeniedError,
    async_client,
    client,
)
from oauth1_catalog.emulator import Emulator


def keys(emulator: Emulator, name: str = "twitter", **changed: str) -> dict[str, Any]:
    own, token = emulator.client(name), emulator.issue_token(name)
    found = {
        "client_id": own.client_id,
        "client_secret": own.client_secret,
        "token": token.oauth_token,
        "token_secret": token.oauth_token_secret,
        "client_kwargs": {"verify": emulator.ca_file},
        "catalog": emulator.catalog,
    }
    return {**found, **changed}


def test_a_call_that_is_right(emulator: Emulator) -> None:
    with client("twitter", **keys(emulator)) as twitter:
        for response in (
            twitter.get("account/verify_credentials.json", params={"a": "b c"}),
            twitter.post("statuses/update.json", data={"status": "two words"}),
            twitter.post("statuses/update.json", json={"status": "two words"}),
            twitter.post("media/upload.json", files={"media": ("a.txt", b"...")}, data={"a": "b"}),
        ):
            explanation = twitter.explain(response)
            assert (response.status_code, explanation.verdict, explanation.causes) == (200, "right", ())


def test_other_secrets_than_the_server_s(emulator: Emulator) -> None:
    given = keys(emulator)
    with client("twitter", **{**given, "token_secret": "another"}) as twitter:
        response = twitter.get("account/verify_credentials.json", params={"a": "b c"})
        explanation = twitter.explain(response)
    assert response.status_code == 401
    assert explanation.verdict == "right"
    assert "its secrets are other ones" in explanation.summary
    assert "another" not in f"{explanation} {explanation!r}"


def test_the_token_of_the_call(emulator: Emulator) -> None:
    given = keys(emulator)
    token = {"oauth_token": given.pop("token"), "oauth_token_secret": given.pop("token_secret")}
    with client("twitter", **given) as twitter:
        response = twitter.get("account/verify_credentials.json", token=token)
        assert twitter.explain(response, token).verdict == "right"
        with pytest.raises(MissingTokenError, match="Pass the token of the call as token=") as raised:
            twitter.explain(response)
        assert token["oauth_token_secret"] not in str(raised.value)


def test_async(emulator: Emulator) -> None:
    async def explained() -> str:
        async with async_client("twitter", **keys(emulator, token_secret="another")) as twitter:
            response = await twitter.post("statuses/update.json", data={"status": "two words"})
            assert response.status_code == 401
            return twitter.explain(response).summary

    assert "its secrets are other ones" in asyncio.run(explained())


def test_rsa_and_multipart_fields_that_are_signed(emulator: Emulator) -> None:
    for name in ("jira", "flickr"):
        given = keys(emulator, name)
        own = emulator.client(name)
        if name == "jira":
            given |= {"rsa_key": own.rsa_key, "base_url": "https://jira.example.com"}
            given.pop("client_secret")
        with client(name, **given) as made:
            files = {} if name == "jira" else {"files": {"photo": ("a.jpg", b"...")}, "data": {"title": "A b"}}
            response = made.post("https://up.flickr.com/services/upload/" if files else "rest/api/2/issue", **files)
            assert (response.status_code, made.explain(response).verdict) == (200, "right"), response.text


def test_calls_that_are_not_signed() -> None:
    with (
        client("zotero", client_id="k", client_secret="s", token="t", token_secret="t") as zotero,
        pytest.raises(ConfigurationError, match="contain the token, and no signature"),
    ):
        zotero.explain(object())


def test_the_note_of_an_error(emulator: Emulator) -> None:
    given = keys(emulator, client_secret="not this one")
    with client("twitter", **given) as twitter, pytest.raises(TokenRequestDeniedError) as raised:
        twitter.create_authorization_url("http://localhost/callback")
    (note,) = raised.value.__notes__
    assert note == (
        "The signature is right for these secrets. The server builds the same base string, so its secrets are other "
        "ones: compare client_secret and the token's secret with those of the provider. See docs/invalid-signature.md."
    )
    assert "not this one" not in note


def test_another_problem_has_no_note(emulator: Emulator) -> None:
    given = keys(emulator, client_id="nobody")
    with client("twitter", **given) as twitter, pytest.raises(TokenRequestDeniedError) as raised:
        twitter.create_authorization_url("http://localhost/callback")
    assert not hasattr(raised.value, "__notes__")


def test_the_catalog_has_both_kinds() -> None:
    catalog = Catalog()
    assert catalog.provider("flickr").multipart == "sign_fields"
    assert catalog.provider("zotero").api_auth != "signature"
