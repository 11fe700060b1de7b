"""The middleware in the real Scrapy: a spider in a process of its own. oauthlib verifies in the emulator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.rfc5849 import parse_authorization_header
from tests.clients.conftest import Arrived, response, serving
from tests.recipes.conftest import RECIPES, Place, requirements

Crawl = Callable[..., list[dict[str, Any]]]
KEYS = {
    "TWITTER_CLIENT_ID": "key",
    "TWITTER_CLIENT_SECRET": "hush",
    "TWITTER_TOKEN": "token",
    "TWITTER_TOKEN_SECRET": "hush",
}


@pytest.fixture
def crawl(place: Callable[..., Place]) -> Crawl:
    """``crawl(variables, requests, **settings)``: the items of a spider that sends the requests."""

    def items(
        variables: dict[str, str], requests: list[dict[str, Any]], provider: str = "twitter", **settings: object
    ) -> list[dict[str, Any]]:
        here = place("scrapy", "scrapy>=2.13", *requirements("script"), variables=variables)
        shutil.copy(RECIPES / "scrapy_middleware.py", here.folder)
        shutil.copy(Path(__file__).with_name("spider.py"), here.folder)
        (here.folder / "requests.json").write_text(json.dumps(requests), encoding="utf-8")
        set_to = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
        set_to += ["-s", f"OAUTH1_PROVIDER={provider}"]
        command = ["python", "-m", "scrapy", "runspider", "spider.py", "-a", "requests=requests.json", *set_to]
        path = {"PYTHONPATH": f"{here.folder}:{here.variables['PYTHONPATH']}"}
        done = here.run(*command, "-O", "items.json", **path)
        secrets = [value for name, value in variables.items() if name.endswith("SECRET")]
        assert not [secret for secret in secrets if secret in done.stderr]
        assert "Deprecat" not in done.stderr, done.stderr
        found: list[dict[str, Any]] = json.loads((here.folder / "items.json").read_text(encoding="utf-8") or "[]")
        assert found, done.stderr
        return found

    return items


def moved(folder: Path, url: str) -> dict[str, str]:
    """Twitter's API at a server on loopback."""
    folder.mkdir()
    (folder / "twitter.yaml").write_text(
        f"schema_version: 1\nname: twitter\nextends: twitter\napi_base_url: {url}/1.1/\n", encoding="utf-8"
    )
    return {"OAUTH1_CATALOG_PATH": str(folder), **KEYS}


def parameters(arrived: Arrived) -> dict[str, str]:
    """The protocol parameters of a request that came in."""
    value = arrived.header("Authorization")
    assert value is not None
    return dict(parse_authorization_header(value))


def test_every_kind_of_request_is_signed(
    crawl: Crawl, emulated: Callable[..., dict[str, str]], emulator: Emulator
) -> None:
    echo = f"{emulator.catalog.provider('twitter').api_base_url}oauth1/echo"
    requests = [
        {"kind": "request", "url": f"{echo}?text=a+b%20c&tag=%C3%A9"},
        {"kind": "form", "url": echo, "formdata": {"status": "a b+c", "lang": "é"}},
        {"kind": "json", "url": echo, "data": {"status": "a b"}},
        {"kind": "request", "url": echo, "method": "PUT", "body": "<a/>", "headers": {"Content-Type": "text/xml"}},
    ]
    found = crawl(emulated("twitter"), requests)
    assert [item.get("status") for item in found] == [200] * 4, found
    answers = {
        (answer["method"], answer["body"][:1]): answer for answer in (json.loads(item["body"]) for item in found)
    }
    assert {answer["user"] for answer in answers.values()} == {"grace"}
    assert answers["GET", ""]["query"] == [["text", "a b c"], ["tag", "é"]]
    form = next(answer for answer in answers.values() if answer["form"])
    assert form["form"] == [["status", "a b+c"], ["lang", "é"]]
    assert json.loads(answers["POST", "{"]["body"]) == {"status": "a b"}
    assert answers["PUT", "<"]["body"] == "<a/>"
    assert not [item for item in found if "authorization" in item["sent"]], "a request keeps its signature"


def test_what_the_provider_always_wants_is_added(
    crawl: Crawl, emulated: Callable[..., dict[str, str]], emulator: Emulator
) -> None:
    variables = emulated("flickr")
    url = f"{emulator.catalog.provider('flickr').api_base_url}oauth1/echo?method=flickr.test.login"
    (item,) = crawl(variables, [{"kind": "request", "url": url}], provider="flickr")
    answer = json.loads(item["body"])
    assert sorted(answer["query"]) == [["format", "json"], ["method", "flickr.test.login"], ["nojsoncallback", "1"]]
    assert {name.lower(): value for name, value in answer["headers"].items()}["user-agent"] == "shop/1.0"


def test_a_repeated_request_is_signed_again(crawl: Crawl, tmp_path: Path) -> None:
    with serving() as wire:
        answers = [response(status="500 Internal Server Error"), response(status="503 Unavailable"), response("{}")]
        wire.answer = lambda _: answers.pop(0)
        (item,) = crawl(moved(tmp_path / "own", wire.url), [{"kind": "request", "url": f"{wire.url}/1.1/me"}])
        assert item["status"] == 200
        assert len(wire.arrived) == 3
        assert len({parameters(one)["oauth_nonce"] for one in wire.arrived}) == 3
        assert all(len(one.all("Authorization")) == 1 for one in wire.arrived)


def test_a_redirect_is_signed_for_the_provider_and_for_no_other_host(crawl: Crawl, tmp_path: Path) -> None:
    with serving() as wire, serving() as other:
        ways = {
            "/1.1/here": response(status="307 Temporary Redirect", headers=(("Location", "/1.1/there"),)),
            "/1.1/away": response(status="307 Temporary Redirect", headers=(("Location", f"{other.url}/steal"),)),
        }
        wire.answer = lambda arrived: ways.get(arrived.target, response("{}"))
        requests = [
            {"kind": "request", "url": f"{wire.url}/1.1/here"},
            {"kind": "form", "url": f"{wire.url}/1.1/away", "formdata": {"a": "b"}},
            {"kind": "request", "url": f"{other.url}/plain"},
        ]
        found = crawl(moved(tmp_path / "own", wire.url), requests)
        assert [item.get("status") for item in found] == [200] * 3, found
        signed = {one.target: parameters(one) for one in wire.arrived}
        assert signed["/1.1/here"]["oauth_signature"] != signed["/1.1/there"]["oauth_signature"]
        assert sorted(one.target for one in other.arrived) == ["/plain", "/steal"]
        assert [one.header("Authorization") for one in other.arrived] == [None, None]
        assert "oauth" not in other.received.decode("latin-1").lower()


def test_a_token_in_a_header_stays_with_the_provider(
    crawl: Crawl, emulated: Callable[..., dict[str, str]], emulator: Emulator
) -> None:
    echo = f"{emulator.catalog.provider('zotero').api_base_url}oauth1/echo"
    with serving() as other:
        other.answer = lambda _: response("{}")
        variables = emulated("zotero")
        emulator.fail_next("api", status=302, headers={"Location": f"{other.url}/steal"})
        found = crawl(variables, [{"kind": "request", "url": echo}] * 2, provider="zotero", CONCURRENT_REQUESTS=1)
        assert sorted(json.loads(item["body"]).get("user", "") for item in found) == ["", "grace"]
        assert [one.target for one in other.arrived] == ["/steal"]
        assert variables["ZOTERO_TOKEN"] not in other.received.decode("latin-1")
        assert "zotero-api-key" not in {name for item in found for name in item["sent"]}


def test_scrapys_cache_holds_no_signature(crawl: Crawl, tmp_path: Path) -> None:
    with serving() as wire:
        wire.answer = lambda _: response("{}")
        cache = tmp_path / "cache"
        crawl(
            moved(tmp_path / "own", wire.url),
            [{"kind": "request", "url": f"{wire.url}/1.1/me"}],
            HTTPCACHE_ENABLED=True,
            HTTPCACHE_DIR=cache,
        )
        assert parameters(wire.last)["oauth_token"] == "token"
    kept = [path.read_bytes() for path in cache.rglob("*") if path.is_file()]
    assert any(b"/1.1/me" in content for content in kept)
    assert not [content for content in kept if b"oauth_signature" in content]


def test_a_signature_outside_of_the_header_is_refused_at_the_start(
    place: Callable[..., Place], emulated: Callable[..., dict[str, str]]
) -> None:
    here = place("scrapy", "scrapy>=2.13", *requirements("script"), variables=emulated("fatsecret"))
    shutil.copy(RECIPES / "scrapy_middleware.py", here.folder)
    program = (
        "from scrapy.utils.test import get_crawler; from scrapy_middleware import OAuth1Middleware; "
        "OAuth1Middleware.from_crawler(get_crawler(settings_dict={'OAUTH1_PROVIDER': 'fatsecret'}))"
    )
    done = here.run("python", "-c", program, status=1)
    assert "fatsecret takes the signature in the URL or the form" in done.stderr
