"""What is special about MediaWiki's Extension:OAuth: its callbacks, and a profile that is a JWT."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import MissingSettingError, ProviderError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.flow.userinfo import fetch_userinfo
from oauth1_catalog.integrations.starlette_client import OAuth
from oauth1_catalog.rfc5849 import ClientCredentials, Response, Signer, TokenCredentials
from tests.integrations.applications import REDIRECT_URI, Application, now

WIKI = {"wiki_url": "https://wiki.example/w"}
SIGNER = Signer(ClientCredentials("key", "secret"), nonce="n")
TOKEN = TokenCredentials("token", "token secret")


@pytest.fixture
def register(make: Callable[..., Application], emulator: Emulator) -> Callable[..., Application]:
    def application(name: str, **values: Any) -> Application:
        app = make(config={}, register=False)
        app.name = name
        keys = emulator.client(name)
        app.oauth.register_from_catalog(
            name,
            client_id=keys.client_id,
            client_secret=keys.client_secret,
            client_kwargs={"verify": emulator.ca_file},
            user_agent="tests/1.0",
            **values,
        )
        return app

    return application


def log_in(app: Application, emulator: Emulator) -> tuple[str, Any]:
    """Where the consent page led to, and the claims."""

    async def login(app: Application, *request: Any) -> Any:
        return await now(app.client.authorize_redirect(*request, REDIRECT_URI))

    async def authorize(app: Application, *request: Any) -> Any:
        return await now(app.client.userinfo(await now(app.client.authorize_access_token(*request))))

    app.views |= {"/login": login, "/authorize": authorize}
    browser = app.browser()
    back = emulator.approve(browser.get("/login").location)
    return back, browser.get(back).json


@pytest.mark.parametrize(("name", "values"), [("wikimedia", {}), ("mediawiki", WIKI)])
def test_a_consumer_whose_callback_is_a_prefix(
    register: Callable[..., Application], emulator: Emulator, name: str, values: dict[str, str]
) -> None:
    emulator.client(name, redirect_uri=REDIRECT_URI.removesuffix("/authorize"))
    app = register(name, callback_is_prefix=True, **values)
    back, claims = log_in(app, emulator)
    assert back.startswith(f"{REDIRECT_URI}?")
    assert claims["sub"]


def test_a_redirect_uri_that_is_not_sent_is_not_silent(
    register: Callable[..., Application], emulator: Emulator
) -> None:
    app = register("wikimedia")
    with pytest.warns(UserWarning, match="is not sent.*callback_is_prefix") as caught:
        begun = [once(app, uri) for uri in (REDIRECT_URI, REDIRECT_URI, None, "oob")]
    assert all(begun)
    assert len([one for one in caught if "is not sent" in str(one.message)]) == 1  # for each client, not for each login
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert once(register("wikimedia"), None)
        assert once(register("wikimedia", callback_is_prefix=True), REDIRECT_URI)


def once(app: Application, uri: str | None) -> Any:
    async def body(app: Application, *request: Any) -> Any:
        return {"url": (await now(app.client.create_authorization_url(uri)))["url"]}

    app.views["/begin"] = body
    return app.browser().get("/begin").json["url"]


def jwt(claims: dict[str, object], secret: str = "secret") -> str:
    moment = int(time.time())
    whole = {"iss": "https://wiki.example", "aud": "key", "iat": moment, "exp": moment + 100, "nonce": "n", **claims}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, whole)]
    signed = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    signature = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def userinfo(body: str, *, status: int = 200, signer: Signer = SIGNER) -> dict[str, Any]:
    provider: Provider = Catalog().provider("mediawiki", values=WIKI)
    return run(fetch_userinfo(provider, signer, TOKEN), lambda _: Response(status, {}, body.encode()))


@pytest.mark.parametrize(
    ("claims", "verified"),
    [
        ({"confirmed_email": False}, False),  # before 1.42
        ({"confirmed_email": True}, True),
        ({"email_verified": True, "confirmed_email": True}, True),
        ({"email_verified": False, "confirmed_email": True}, False),
        ({"email_verified": True, "confirmed_email": False}, True),
        ({}, None),
    ],
)
def test_whether_the_address_is_confirmed(claims: dict[str, object], verified: bool | None) -> None:
    found = userinfo(jwt({"sub": 7, "username": "Ada", "email": "ada@example.com", **claims}))
    assert found.get("email_verified") is verified
    assert (found["sub"], found["email"]) == ("7", "ada@example.com")


def test_a_client_without_a_secret_is_told_so_and_nothing_is_asked(emulator: Emulator) -> None:
    signer = Signer(ClientCredentials("key"), signature_method="RSA-SHA1", rsa_key=emulator.client("mediawiki").rsa_key)
    with pytest.raises(MissingSettingError, match="there is no client_secret") as caught:
        userinfo("unasked", signer=signer)
    assert caught.value.setting == "client_secret"


PERSONAL = {"sub": 7, "username": "Ada", "realname": "Ada Lovelace", "email": "ada@example.com"}
ANSWERS = {
    "another secret": jwt(PERSONAL, "other"),
    "another client": jwt({**PERSONAL, "aud": "other"}),
    "another wiki": jwt({**PERSONAL, "iss": "https://evil.example"}),
    "a wiki of its name": jwt({**PERSONAL, "iss": "https://wiki.example.evil.example"}),
    "no issuer": jwt({**PERSONAL, "iss": None}),
    "an issuer that is no address": jwt({**PERSONAL, "iss": "https://[wiki.example"}),
    "old": jwt({**PERSONAL, "exp": 1}),
    "not signed": jwt(PERSONAL).rpartition(".")[0] + ".",
    "cut": jwt(PERSONAL).rpartition(".")[0],
    "in quotes": json.dumps(jwt(PERSONAL)),
    "within JSON": json.dumps({"jwt": jwt(PERSONAL)}),
    "claims as JSON": json.dumps(PERSONAL),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("status", [200, 403])
def test_no_message_quotes_a_jwt(answer: str, status: int) -> None:
    with pytest.raises(ProviderError) as caught:
        userinfo(answer, status=status)
    told = f"{caught.value} {caught.value.excerpt}"
    assert "eyJ" not in told
    if status == 200:
        assert "Lovelace" not in told
        assert "ada@example.com" not in told


def test_the_wiki_s_own_words_are_quoted() -> None:
    with pytest.raises(ProviderError, match="Error: The authorization headers in your request are not valid"):
        userinfo("Error: The authorization headers in your request are not valid: invalid signature")


@pytest.mark.parametrize(
    ("values", "issuer"),
    [
        (WIKI, "http://wiki.example"),  # $wgCanonicalServer has no https
        (WIKI, "https://WIKI.example:8443"),
        ({"wiki_url": "http://127.0.0.1:8081/w"}, "http://localhost:8081"),
    ],
)
def test_the_canonical_address_of_a_wiki(values: dict[str, str], issuer: str) -> None:
    provider = Catalog().provider("mediawiki", values=values)
    answer = jwt({"sub": 7, "iss": issuer})
    assert run(fetch_userinfo(provider, SIGNER, TOKEN), lambda _: Response(200, {}, answer.encode()))["sub"] == "7"


def test_a_wiki_under_another_name_than_its_canonical_one() -> None:
    oauth = OAuth({"WIKI_CLIENT_ID": "key", "WIKI_CLIENT_SECRET": "secret"})
    oauth.register_from_catalog("mediawiki", name="wiki", api_hosts=["canonical.example"], **WIKI)
    answer = jwt({"sub": 7, "iss": "https://canonical.example"})
    steps = fetch_userinfo(oauth.wiki.provider, SIGNER, TOKEN)
    assert run(steps, lambda _: Response(200, {}, answer.encode()))["sub"] == "7"


def test_wikimedia_answers_for_each_of_its_wikis() -> None:
    provider = Catalog().provider("wikimedia")
    for issuer in ("https://meta.wikimedia.org", "https://en.wikipedia.org"):
        answer = jwt({"sub": 7, "iss": issuer}).encode()
        assert run(fetch_userinfo(provider, SIGNER, TOKEN), lambda _, a=answer: Response(200, {}, a))["sub"] == "7"
