"""Uploads to a provider that signs the text fields of a multipart body (``multipart: sign_fields``), in each framework.

``SIGNATURES`` were made with flickrapi 2.4.0: ``upload()`` with these fields, nonce and timestamp.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import Application, now

UPLOAD = "https://up.flickr.com/services/upload/"
SIGNATURES = [
    (
        {"title": "A title", "tags": 'Amsterdam "central station"', "is_public": "0", "api_key": "flickr-key"},
        "tt55AFhLLD1P5OdXkh2nx4xqXD0%3D",
    ),
    (
        {"title": "é & +~*'", "description": "a=b&c=d\nsecond line", "api_key": "flickr-key"},
        "UmqLpcRRd5D3x6UPt%2FhVpAFDpZs%3D",
    ),
    ({"title": "only", "api_key": "flickr-key"}, "17klXXvLXQgeyNuh9ZzCB7RMCg8%3D"),
]


def register(make: Callable[..., Application], catalog: Catalog, **kwargs: Any) -> Application:
    app = make(config={}, register=False, catalog=catalog)
    app.name = "flickr"
    app.oauth.register_from_catalog("flickr", **kwargs)
    return app


@pytest.fixture
def flickr(make: Callable[..., Application], emulator: Emulator) -> Application:
    keys = emulator.client("flickr")
    trust = {"verify": emulator.ca_file}
    return register(
        make, emulator.catalog, client_id=keys.client_id, client_secret=keys.client_secret, client_kwargs=trust
    )


@pytest.fixture
def token(emulator: Emulator) -> dict[str, str]:
    emulator.catalog.provider("flickr")
    issued = emulator.issue_token("flickr", user="ada")
    return {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}


def serve(app: Application, body: Callable[..., Any]) -> Any:
    app.views["/it"] = body
    answer = app.browser().get("/it")
    assert answer.status in {200, 400}, answer.text
    return answer.json


@pytest.mark.parametrize(("fields", "signature"), SIGNATURES, ids=["plain", "odd", "one"])
def test_as_flickrapi_signs(
    make: Callable[..., Application], fields: dict[str, str], signature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = {"nonce": "0123456789", "timestamp": "1700000000"}
    app = register(make, Catalog(), client_id="flickr-key", client_secret="flickr-secret", client_kwargs=fixed)
    sent: list[Any] = []

    def request(method: str, url: str, *, auth: Any, **kwargs: Any) -> Any:
        """What the pool would send, prepared by the library and signed."""
        if not hasattr(app.client, "close"):
            import httpx2

            built = next(auth.sync_auth_flow(httpx2.Client().build_request(method, url, **kwargs)))
            sent.append((built.method, str(built.url), built.headers["Authorization"]))
            return answer(httpx2.Response(200))
        import requests

        prepared = requests.Request(method, url, auth=auth, **kwargs).prepare()
        sent.append((prepared.method, prepared.url, prepared.headers["Authorization"]))
        response = requests.Response()
        response.status_code = 200
        return response

    async def answer(response: Any) -> Any:
        return response

    monkeypatch.setattr(app.client.pool, "request", request)

    async def body(app: Application, *request: Any) -> Any:
        photo = {"photo": ("dummy name", io.BytesIO(b"JPEG"))}
        held = {"oauth_token": "72157-token", "oauth_token_secret": "token-secret"}
        await now(app.client.post(UPLOAD, data=fields, files=photo, token=held))
        return {}

    assert serve(app, body) == {}
    method, url, header = sent[0]
    assert (method, url) == ("POST", UPLOAD)  # without the parameters of the API's one address
    assert re.search('oauth_signature="([^"]*)"', header)[1] == signature


SHAPES: dict[str, dict[str, Any]] = {
    "a dictionary": {"data": {"title": "é & +", "tags": "a b"}},
    "pairs": {"data": [("tags", "a"), ("tags", "b c"), ("title", "x")]},
    "lists": {"data": {"tags": ["b", "a"], "title": ""}},
    "numbers, flags and nothing": {"data": {"is_public": 0, "hidden": True, "title": None, "n": 1.5}},
    "bytes": {"data": {"title": "é".encode()}},
    "no fields": {},
    "a field among the files": {"data": {"title": "x"}, "more": {"tags": (None, "a b")}},
    "line breaks": {"data": {"description": "one\r\ntwo\n\n"}},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_is_sent_is_signed(flickr: Application, token: dict[str, str], shape: dict[str, Any]) -> None:
    """oauthlib judges it, over the fields that came."""

    async def body(app: Application, *request: Any) -> Any:
        files = {"photo": ("a.jpg", io.BytesIO(b"JPEG")), **shape.get("more", {})}
        url = f"{app.client.api_base_url}upload/?async=1"
        answer = await now(app.client.post(url, token=token, files=files, data=shape.get("data")))
        return {**answer.json(), "status": answer.status_code}

    echo = serve(flickr, body)
    assert (echo["status"], echo["user"]) == (200, "ada")
    assert "JPEG" in echo["body"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            {"data": b"--x--", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
            "Pass the fields in data=",
        ),
        ({"data": "title=x", "files": {"photo": b"JPEG"}}, "Pass data= as a dictionary"),
        ({"data": {"title": b"\xff"}, "files": {"photo": b"JPEG"}}, "The field 'title' of the multipart body is bytes"),
        ({"data": {"title": object()}, "files": {"photo": b"JPEG"}}, "is object, not text"),
        ({"data": {"oauth_token": "x"}, "files": {"photo": b"JPEG"}}, "Names that begin with oauth_"),
    ],
)
def test_what_cannot_be_signed_is_not_sent(
    flickr: Application, token: dict[str, str], emulator: Emulator, call: dict[str, Any], said: str
) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return await now(app.client.post("upload/", token=token, **call))

    count = len(emulator.journal.exchanges)
    error = serve(flickr, body)
    assert (error["error"], error["provider"]) == ("signing_error", "flickr")
    assert said in error["description"]
    assert len(emulator.journal.exchanges) == count


def test_a_form_and_a_provider_of_the_rfc_are_as_before(flickr: Application, token: dict[str, str]) -> None:
    async def body(app: Application, *request: Any) -> Any:
        return (await now(app.client.post("rest/", data={"method": "flickr.test.login"}, token=token))).json()["user"]

    assert serve(flickr, body) == "ada"


def test_the_emulator_refuses_fields_that_are_not_signed(emulator: Emulator, token: dict[str, str]) -> None:
    import requests

    from oauth1_catalog.clients.requests_client import OAuth1Auth

    keys = emulator.client("flickr")
    auth = OAuth1Auth(keys.client_id, keys.client_secret, *token.values())
    url = f"{emulator.catalog.provider('flickr').api_base_url}?format=json&nojsoncallback=1"
    files = {"photo": ("a.jpg", b"JPEG")}
    answer = requests.post(url, data={"title": "x"}, files=files, auth=auth, verify=emulator.ca_file, timeout=10)
    assert (answer.status_code, "signature_invalid" in answer.text) == (401, True)
