"""A provider's addresses under the emulator's origins."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.provider import Endpoint, Provider, Successor, UserinfoRules
from oauth1_catalog.emulator import EmulatedCatalog, Origins, relocate

HERE = Origins("https://127.0.0.1:8443", "http://127.0.0.1:8080")


def test_every_address_moves_and_nothing_else_changes():
    original = Provider(
        name="shop",
        request_token_url="https://shop.example:8443/index.php?title=Special:OAuth/initiate",
        authorize_url="https://www.shop.example/a b?x=%7e",
        access_token_url="https://shop.example",
        api_base_url="https://api.shop.example/v1/",
        api_hosts=("files.shop.example",),
        headers={"Accept": "application/json"},
        docs_url="https://docs.shop.example/",
        renew=Endpoint(url="https://shop.example/renew", method="GET"),
        successor=Successor(url="https://shop.example/2/token", auth="client"),
        userinfo=UserinfoRules(endpoint="/me", followup="users/{id}"),
    )
    moved = relocate(original, HERE)
    base = "https://127.0.0.1:8443/shop"
    assert moved.request_token_url == f"{base}/request_token/shop.example:8443/index.php?title=Special:OAuth/initiate"
    assert moved.authorize_url == "http://127.0.0.1:8080/shop/authorize/www.shop.example/a b?x=%7e"
    assert moved.access_token_url == f"{base}/access_token/shop.example"
    assert moved.api_base_url == f"{base}/api/api.shop.example/v1/"
    named = ("api.shop.example", "shop.example:8443", "shop.example", "www.shop.example", "files.shop.example")
    assert moved.api_hosts == ("127.0.0.1:8443", *named)
    assert moved.emulated_at == f"{base}/api/"
    assert moved.renew == Endpoint(url=f"{base}/renew/shop.example/renew", method="GET")
    assert moved.revoke is None
    assert moved.successor == Successor(url=f"{base}/exchange/shop.example/2/token", auth="client")
    assert urljoin(moved.api_base_url, moved.userinfo.endpoint) == f"{base}/api/api.shop.example/me"
    assert moved.userinfo.followup == f"{base}/api/api.shop.example/v1/users/{{id}}"
    assert (moved.headers, moved.docs_url, moved.name) == (original.headers, original.docs_url, original.name)


def test_what_is_not_there_stays_away():
    assert relocate(Provider(name="empty"), HERE) == Provider(name="empty", api_hosts=("127.0.0.1:8443",))
    profile = UserinfoRules(endpoint="token_response")
    assert relocate(Provider(name="x", userinfo=profile), HERE).userinfo == profile


def test_an_emulated_catalog_is_the_same_catalog_elsewhere():
    told = []
    catalog = Catalog()
    emulated = EmulatedCatalog(catalog, HERE, on_provider=lambda key, provider: told.append((key, provider)))
    assert emulated.names() == catalog.names()
    assert emulated.file("jira").name == "jira_data_center"
    assert emulated.provider("twitter") == relocate(catalog.provider("twitter"), HERE)
    assert told == [("twitter", catalog.provider("twitter"))]


def test_two_processes_agree_on_the_address_of_a_tenant():
    values = {"base_url": "https://jira.example.com"}
    one, two = (EmulatedCatalog(Catalog(), HERE).provider("jira", values=values) for _ in range(2))
    assert one == two
    assert one.api_base_url.startswith("https://127.0.0.1:8443/jira_data_center-")


@pytest.mark.parametrize("name", ["twitter"])
def test_the_catalogs_own_rules_stay(name):
    with pytest.raises(ValueError, match="environment"):
        EmulatedCatalog(Catalog(), HERE).provider(name, environment="nowhere")
