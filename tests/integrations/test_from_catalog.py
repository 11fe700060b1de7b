"""``from_catalog`` of the sessions and of ``OAuth1Auth``: a provider's keys, hosts and quirks in a library's object."""

from __future__ import annotations

import asyncio
import pickle
import ssl
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import requests

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError, MissingSettingError, SigningError
from oauth1_catalog.integrations import httpx_client, requests_client

KEYS = {"client_id": "key", "client_secret": "hush", "token": "token", "token_secret": "hush"}


def through_session(arguments: dict[str, Any], method: str, url: str, **call: Any) -> Any:
    with requests_client.OAuth1Session.from_catalog(**arguments) as session:
        return session.request(method, url, **call)


def through_client(arguments: dict[str, Any], method: str, url: str, **call: Any) -> Any:
    with httpx_client.OAuth1Client.from_catalog(**arguments) as client:
        return client.request(method, url, **call)


def through_async_client(arguments: dict[str, Any], method: str, url: str, **call: Any) -> Any:
    async def main() -> Any:
        async with httpx_client.AsyncOAuth1Client.from_catalog(**arguments) as client:
            return await client.request(method, url, **call)

    return asyncio.run(main())


def trusted(arguments: dict[str, Any]) -> tuple[dict[str, Any], str | bool]:
    """``OAuth1Auth`` has no connections, so it is the session's to trust the emulator."""
    return arguments, arguments.get("client_kwargs", {}).get("verify", True)


def through_auth(arguments: dict[str, Any], method: str, url: str, **call: Any) -> Any:
    arguments, verify = trusted(arguments)
    auth = requests_client.OAuth1Auth.from_catalog(**arguments)
    return requests.request(method, url, auth=auth, verify=verify, timeout=30, **call)


def through_httpx_auth(arguments: dict[str, Any], method: str, url: str, **call: Any) -> Any:
    arguments, verify = trusted(arguments)
    auth = httpx_client.OAuth1Auth.from_catalog(**arguments)
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    return httpx2.request(method, url, auth=auth, verify=context, **call)


SESSIONS = {
    "OAuth1Session": through_session,
    "OAuth1Client": through_client,
    "AsyncOAuth1Client": through_async_client,
}
AUTHS = {"OAuth1Auth, requests": through_auth, "OAuth1Auth, httpx2": through_httpx_auth}
Call = Callable[..., Any]
EVERY = pytest.mark.parametrize("call", (SESSIONS | AUTHS).values(), ids=SESSIONS | AUTHS)
EVERY_SESSION = pytest.mark.parametrize("call", SESSIONS.values(), ids=SESSIONS)


def arguments_for(emulator: Emulator, provider: str, **values: Any) -> dict[str, Any]:
    keys, token = emulator.client(provider), emulator.issue_token(provider, user="grace")
    return {
        "provider": provider,
        "catalog": emulator.catalog,
        "client_id": keys.client_id,
        "client_secret": keys.client_secret,
        "token": token.oauth_token,
        "token_secret": token.oauth_token_secret,
        "client_kwargs": {"verify": emulator.ca_file},
        **values,
    }


@EVERY
def test_a_call_is_signed_for_the_provider(call: Call, emulator: Emulator) -> None:
    base = emulator.catalog.provider("twitter").api_base_url
    answer = call(arguments_for(emulator, "twitter"), "POST", f"{base}oauth1/echo", data={"a": "b c"}).json()
    assert (answer["user"], answer["form"]) == ("grace", [["a", "b c"]])


@EVERY_SESSION
def test_a_path_is_one_of_the_api(call: Call, emulator: Emulator) -> None:
    answer = call(arguments_for(emulator, "twitter"), "GET", "oauth1/echo", params={"a": "b c"}).json()
    assert (answer["user"], answer["query"]) == ("grace", [["a", "b c"]])


@EVERY_SESSION
def test_parameters_and_headers_that_the_provider_wants(call: Call, emulator: Emulator) -> None:
    arguments = arguments_for(emulator, "flickr", user_agent="shop/1.0")
    answer = call(arguments, "GET", "oauth1/echo", params={"a": "b"}).json()
    assert sorted(answer["query"]) == [["a", "b"], ["format", "json"], ["nojsoncallback", "1"]]
    assert answer["headers"]["User-Agent" if "User-Agent" in answer["headers"] else "user-agent"] == "shop/1.0"


@EVERY
def test_your_application_is_the_user_agent(call: Call, emulator: Emulator) -> None:
    """Also where only the request is signed, and the library would name itself."""
    base = emulator.catalog.provider("discogs").api_base_url
    for arguments, sent, wanted in (
        ({"user_agent": "shop/1.0"}, {}, "shop/1.0"),
        ({"user_agent": "shop/1.0"}, {"headers": {"User-Agent": "mine/2"}}, "mine/2"),
    ):
        answer = call(arguments_for(emulator, "discogs", **arguments), "GET", f"{base}oauth1/echo", **sent).json()
        found = {name.lower(): value for name, value in answer["headers"].items()}["user-agent"]
        assert found == wanted


@EVERY
def test_another_host_is_refused_before_anything_is_sent(call: Call) -> None:
    with pytest.raises(ConfigurationError) as caught:
        call({"provider": "twitter", **KEYS}, "GET", "https://evil.example/1.1/me")
    assert caught.value.error == "forbidden_host"
    assert "allow_any_host" not in caught.value.description


@EVERY
def test_a_missing_key_names_its_variable(call: Call, request: pytest.FixtureRequest) -> None:
    with pytest.raises(MissingSettingError) as caught:
        call({"provider": "twitter"}, "GET", "https://api.twitter.com/1.1/me")
    name = request.node.callspec.id.partition(",")[0]
    assert caught.value.description.endswith(
        "Set TWITTER_CLIENT_ID and TWITTER_CLIENT_SECRET in the environment, or pass client_id= and client_secret= to "
        f"{name}.from_catalog()."
    )


@EVERY
def test_keys_of_the_environment_and_of_a_file(
    call: Call, emulator: Emulator, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = arguments_for(emulator, "twitter")
    for name in ("client_id", "client_secret"):
        monkeypatch.setenv(f"TWITTER_{name}".upper(), arguments.pop(name))
    lines = [
        f"TWITTER_{name}={arguments.pop(name)}\n".replace(name, name.upper()) for name in ("token", "token_secret")
    ]
    (tmp_path / ".env").write_text("".join(lines), encoding="utf-8")
    base = emulator.catalog.provider("twitter").api_base_url
    arguments["env_file"] = tmp_path / ".env"
    assert call(arguments, "GET", f"{base}oauth1/echo").json()["user"] == "grace"


@EVERY
def test_a_provider_whose_calls_are_not_signed(call: Call) -> None:
    with pytest.raises(ConfigurationError, match=r"Use oauth1_catalog\.client\('here'\), which sends the token\."):
        call({"provider": "here", **KEYS}, "GET", "https://x.hereapi.com/")


@EVERY
def test_an_upload_whose_fields_are_signed(call: Call) -> None:
    upload = "https://up.flickr.com/services/upload/"
    with pytest.raises(SigningError, match=r"Use oauth1_catalog\.client\('flickr'\)"):
        call({"provider": "flickr", **KEYS}, "POST", upload, data={"title": "A"}, files={"photo": b"..."})


@EVERY
def test_plaintext_goes_by_https_alone(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="is not a host of this provider"):
        call({"provider": "maas", "base_url": "https://maas.example/MAAS", **KEYS}, "GET", "http://maas.example/MAAS/")


@EVERY_SESSION
def test_the_steps_of_a_login(call: Call, emulator: Emulator) -> None:
    arguments = {**arguments_for(emulator, "twitter"), "token": None, "token_secret": None, "redirect_uri": "oob"}
    provider = emulator.catalog.provider("twitter")

    async def main() -> Any:
        async with httpx_client.AsyncOAuth1Client.from_catalog(**arguments) as client:
            await client.fetch_request_token(provider.request_token_url)
            pin = emulator.approve(client.create_authorization_url(provider.authorize_url), user="grace")
            await client.fetch_access_token(provider.access_token_url, pin)
            return await client.get("oauth1/echo")

    if call is through_async_client:
        answer = asyncio.run(main())
    else:
        face: Any = requests_client.OAuth1Session if call is through_session else httpx_client.OAuth1Client
        with face.from_catalog(**arguments) as client:
            client.fetch_request_token(provider.request_token_url)
            pin = emulator.approve(client.create_authorization_url(provider.authorize_url), user="grace")
            client.fetch_access_token(provider.access_token_url, pin)
            answer = client.get("oauth1/echo")
    assert answer.json()["user"] == "grace"


def test_a_copy_of_a_session_keeps_the_rules(emulator: Emulator) -> None:
    with requests_client.OAuth1Session.from_catalog(**arguments_for(emulator, "twitter")) as session:
        copied = pickle.loads(pickle.dumps(session))
    with copied:
        assert copied.get("oauth1/echo").json()["user"] == "grace"
        with pytest.raises(ConfigurationError, match="is not a host of this provider"):
            copied.get("https://evil.example/")
        copied.token = {"oauth_token": "t", "oauth_token_secret": "s"}
        with pytest.raises(ConfigurationError, match="is not a host of this provider"):
            copied.send(requests.Request("GET", "https://evil.example/", auth=copied.auth).prepare())


def test_a_request_of_the_caller_is_not_changed() -> None:
    with requests_client.OAuth1Session.from_catalog("flickr", **KEYS) as session:
        mine = requests.Request("GET", "photos", params={"a": "b"})
        url = session.prepare_request(mine).url
        assert url == "https://api.flickr.com/services/rest/photos?format=json&nojsoncallback=1&a=b"
        assert (mine.url, mine.params) == ("photos", {"a": "b"})


@pytest.mark.parametrize(
    ("module", "name", "others"),
    [
        ("requests_client", "OAuth1Session", {"httpx2", "anyio"}),
        ("requests_client", "OAuth1Auth", {"httpx2", "anyio"}),
        ("httpx_client", "AsyncOAuth1Client", {"requests", "urllib3"}),
        ("httpx_client", "OAuth1Auth", {"requests", "urllib3"}),
    ],
)
def test_no_framework_is_imported(module: str, name: str, others: set[str]) -> None:
    watched = {"flask", "django", "starlette", "werkzeug", "fastapi", "sqlalchemy", "click", *others}
    code = (
        f"import sys\nfrom oauth1_catalog.integrations.{module} import {name}\n"
        f"{name}.from_catalog('twitter', client_id='k', client_secret='s')\nprint(*(set(sys.modules) & {watched!r}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
