"""Every host of a provider is played: an application's absolute URLs stay as they are, and reach the emulator."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.patterns import is_wildcard
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.providers import api_hosts
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.flask_client import OAuth
from oauth1_catalog.integrations.starlette_client import OAuth as StarletteOAuth

CATALOG = Catalog()


def registration(emulator: Emulator, name: str) -> dict[str, Any]:
    """What an application gives when it registers the provider."""
    file, client = CATALOG.file(name), emulator.client(name)
    values: dict[str, Any] = {n: about.example for n, about in file.variables.items() if about.source is None}
    if (file.client_kwargs.signature_method or "").startswith("RSA-"):
        values["rsa_key"] = client.rsa_key
        if file.session_token is not None:
            values |= {"encryption_key": client.encryption_key, "dh_parameters": client.dh_parameters}
    elif file.required_credentials is None or "client_secret" in file.required_credentials:
        values["client_secret"] = client.client_secret
    if file.callback.verifier != "required":
        values["allow_session_fixation"] = True
    if file.user_agent is not None:
        values["user_agent"] = "tests/1.0"
    return {**values, "client_id": client.client_id, "client_kwargs": {"verify": emulator.ca_file}}


def names() -> list[str]:
    """The providers whose API calls the emulator judges, with a host for them."""
    found = []
    for name in CATALOG.names():
        file = CATALOG.file(name)
        if file.status in {"active", "limited"} and file.api_base_url and name != "mastercard":
            found.append(name)
    return found


@pytest.mark.filterwarnings("ignore:.*can be fixated:oauth1_catalog.errors.ConfigurationWarning")
@pytest.mark.parametrize("name", names())
def test_each_host_of_a_provider(emulator, name):
    app = flask.Flask(__name__)
    app.secret_key = "s"
    with app.test_request_context():
        oauth = OAuth(app, catalog=emulator.catalog)
        client = oauth.register_from_catalog(name, **registration(emulator, name))
        values = {n: about.example for n, about in CATALOG.file(name).variables.items() if about.source is None}
        original = CATALOG.provider(name, values=values or None)
        issued = emulator.issue_token(name)
        token = {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}
        for host in api_hosts(original):
            if is_wildcard(host):
                if original.api_auth != "signature":
                    continue
                host = host.replace("*", "en")  # noqa: PLW2901 - one of the hosts that it stands for
            address = f"https://{host}/some/path?a=b%20c"
            sent = {"data": {"d": "e"}} if client.client_kwargs.get("signature_type") == "BODY" else {}
            answer = (client.post if sent else client.get)(address, token=token, **sent)
            assert answer.status_code == 200, answer.text
            assert answer.json()["path"].endswith(f"/api/{host}/some/path")
            assert ["a", "b c"] in answer.json()["query"]
        with pytest.raises(ConfigurationError, match="is not a host of this provider"):
            client.get("https://evil.example/some/path", token=token)


@pytest.mark.parametrize("name", [name for name in names() if CATALOG.file(name).renew])
def test_an_issued_token_is_renewed_like_one_of_a_login(emulator, name):
    app = flask.Flask(__name__)
    app.secret_key = "s"
    with app.test_request_context():
        client = OAuth(app, catalog=emulator.catalog).register_from_catalog(name, **registration(emulator, name))
        uses_pins = client.provider.callback.value == "oob"
        begun = client.create_authorization_url(None if uses_pins else "https://app.example/")
        back = emulator.approve(begun["url"])
        verifier = back if uses_pins else parse_qs(urlsplit(back).query)["oauth_verifier"][0]
        bought = client.fetch_access_token(begun["request_token"], verifier=verifier)
        issued = emulator.issue_token(name)
        assert issued.fields.keys() == bought.keys()
        for token in (bought, issued.fields):
            emulator.expire_tokens(name)
            renewed = client.renew_token(token)
            assert client.get("some/path", token=renewed).status_code == 200
            assert renewed.keys() == bought.keys()
    assert issued.oauth_token_secret.encode().decode() not in repr(issued.fields)


def test_x_v2_and_uploads_in_starlette(emulator):
    async def calls() -> list[str]:
        oauth = StarletteOAuth({}, catalog=emulator.catalog)
        client = oauth.register_from_catalog("x", **registration(emulator, "x"))
        issued = emulator.issue_token("x")
        token = {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}
        me = await client.get("https://api.x.com/2/users/me", token=token)
        sent = await client.post("https://api.x.com/2/tweets", json={"text": "Hello"}, token=token)
        await oauth.aclose()
        return [me.json()["path"], sent.json()["path"], sent.json()["body"]]

    me, sent, body = asyncio.run(calls())
    assert me.endswith("/api/api.x.com/2/users/me")
    assert sent.endswith("/api/api.x.com/2/tweets")
    assert "Hello" in body
