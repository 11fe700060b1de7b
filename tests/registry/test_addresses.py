"""Addresses that carry credentials: whole, by https, and of this provider."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog import Catalog
from oauth1_catalog.access import Access
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.urls import api_url, endpoint_fault, own_origins

PROVIDER = Provider(
    name="example",
    from_catalog=True,
    api_base_url="https://api.example.com/1.1/",
    request_token_url="https://auth.example.com/request",
    api_hosts=("upload.example.com", "files.example.com:8443"),
)

DISGUISED = [
    "http://localhost:80@evil.example/",
    "http://evil.example/?http://localhost/",
    "http://127.1/",
    "http://127.0.0.1.evil.example/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::]/",
    "http://0.0.0.0/",
    "http://localhost.evil.example/",
    "http://localhostx/",
    "http://127.0.0.1x/",
    "http://ⓛocalhost/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://128.0.0.1/",
    "http://10.0.0.1/",
    "http://169.254.169.254/",
    "HTTP://evil.example/",
    "http:/evil.example/",
    "http:evil.example",
    "http://",
    "https://",
    "https:///path",
    "https:evil.example",
    "https://u:p@api.example.com/",
    "https://@api.example.com/",
    "https://api.example.com/#x",
    "https://api.example.com:99999/",
    "https://api.example.com:x/",
    "https://[::1/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a' * 64}/",
    "//api.example.com/",
    "/oauth",
    "api.example.com",
    "",
    " https://api.example.com/",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
]


def url_of_call(provider: Provider, url: str, **given: Any) -> str:
    return api_url(provider, url, own=own_origins(provider), **given)


@pytest.mark.parametrize("url", DISGUISED)
def test_an_address_in_disguise_is_no_endpoint(url: str) -> None:
    fault = endpoint_fault(url, Access())
    assert fault.endswith(".")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "https://api.example.com:8443/a?b=c",
        "HTTPS://API.example.com/",
        "http://localhost/",
        "http://LOCALHOST:1/",
        "http://127.0.0.1:8080/",
        "http://127.9.9.9/",
        "http://[::1]:80/",
    ],
)
def test_https_and_loopback_addresses_are_endpoints(url: str) -> None:
    assert endpoint_fault(url, Access()) == ""


@pytest.mark.parametrize(
    ("url", "goes_to"),
    [
        ("me", "https://api.example.com/1.1/me"),
        ("/me", "https://api.example.com/me"),
        ("../2/me?x=1", "https://api.example.com/2/me?x=1"),
        ("", "https://api.example.com/1.1/"),
        ("?x=1", "https://api.example.com/1.1/?x=1"),
        ("https://api.example.com/x", "https://api.example.com/x"),
        ("https://API.example.com:443/x", "https://API.example.com:443/x"),
        ("https://auth.example.com/x", "https://auth.example.com/x"),
        ("https://upload.example.com/x", "https://upload.example.com/x"),
        ("https://files.example.com:8443/x", "https://files.example.com:8443/x"),
    ],
)
def test_a_call_goes_to_the_providers_own_hosts(url: str, goes_to: str) -> None:
    assert url_of_call(PROVIDER, url) == goes_to


@pytest.mark.parametrize(
    "url",
    [
        *(url for url in DISGUISED if "://" in url and not url.startswith(" ")),
        "//evil.example/x",
        "///evil.example/x",
        "/\\evil.example/x",
        "\\\\evil.example\\x",
        "https://evil.example/",
        "https://api.example.com:8443/",
        "https://api.example.com.evil.example/",
        "https://evil.example/api.example.com",
        "https://files.example.com/",
        "http://api.example.com/",
        "\thttps://evil.example/",
        " //evil.example/x",
        "\t//evil.example/x",
        "/\t/evil.example/x",
        "ht\ntps://evil.example/",
        "https://evil.example\\@api.example.com/",
        "https://api.example.com@evil.example/",
    ],
)
def test_calls_that_would_hand_the_token_to_somebody(url: str) -> None:
    """Either refused, or, what is no address of another host, a path of this one."""
    try:
        goes_to = url_of_call(PROVIDER, url)
    except ConfigurationError as error:
        assert (error.provider, error.step) == ("example", "api")  # noqa: PT017 - either outcome is right
    else:
        assert goes_to.startswith("https://api.example.com/")


@given(st.text(alphabet="/\\:@.?# ab\thttps", max_size=25))
def test_any_relative_address_stays_at_home(url: str) -> None:
    try:
        goes_to = url_of_call(PROVIDER, url)
    except ConfigurationError:
        return
    import requests

    sent = requests.Request("GET", goes_to).prepare().url
    assert sent is not None
    assert sent.startswith(("https://api.example.com/", "https://api.example.com?"))


def test_by_hand_other_hosts_may_be_called_but_not_in_the_clear() -> None:
    by_hand = replace(PROVIDER, from_catalog=False)
    assert url_of_call(by_hand, "https://other.example/x") == "https://other.example/x"
    assert url_of_call(PROVIDER, "https://other.example/x", allow_any_host=True) == "https://other.example/x"
    for url in ("http://other.example/x", "//other.example/x"):
        for provider in (by_hand, PROVIDER):
            with pytest.raises(ConfigurationError):
                url_of_call(provider, url, allow_any_host=True)


FAMILIES = {
    "wikimedia": (
        {},
        [
            "https://en.wikipedia.org/w/api.php?action=query",
            "https://commons.wikimedia.org/w/api.php",
            "https://www.wikidata.org/w/api.php",
            "https://www.mediawiki.org/w/api.php",
            "https://EN.WIKIPEDIA.ORG:443/w/api.php",
        ],
        [
            "http://en.wikipedia.org/w/api.php",
            "https://en.wikipedia.org:8443/",
            "https://wikipedia.org.evil.example/",
            "https://evilwikipedia.org/",
            "https://a.b.wikipedia.org/",
            "https://tool.toolforge.org/",
            "https://.wikipedia.org/",
            "https://*.wikipedia.org/",
            "https://en.wikipedia.org./",
            "https://en.wikipedia.org@evil.example/",
        ],
    ),
    "mediawiki": (
        {"wiki_url": "https://wiki.corp.example/w"},
        ["https://wiki.corp.example/w/api.php"],
        ["https://en.wikipedia.org/w/api.php", "https://meta.wikimedia.org/w/api.php"],
    ),
    "twitter": (
        {},
        ["https://api.x.com/2/tweets", "https://upload.x.com/1.1/media/upload.json", "https://upload.twitter.com/1.1/"],
        ["https://x.com/", "https://ads-api.x.com/", "https://api.x.com.evil.example/"],
    ),
    "x": (
        {},
        ["https://api.twitter.com/2/tweets", "https://upload.twitter.com/1.1/", "https://upload.x.com/1.1/"],
        ["https://twitter.com/"],
    ),
    "netsuite": (
        {"account_id": "1234567_SB1"},
        ["https://1234567-sb1.restlets.api.netsuite.com/app/site/hosting/restlet.nl?script=1&deploy=1"],
        ["https://7654321.restlets.api.netsuite.com/app/site/hosting/restlet.nl"],
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_family_of_a_provider_of_the_catalog(name: str) -> None:
    values, own, strange = FAMILIES[name]
    provider = Catalog().provider(name, values=values)
    for url in own:
        assert url_of_call(provider, url) == url
    for url in strange:
        with pytest.raises(ConfigurationError) as caught:
            url_of_call(provider, url)
        assert caught.value.error in {"forbidden_host", "forbidden_url", "insecure_transport"}


def test_a_strange_host_is_told_how_to_become_an_own_one() -> None:
    with pytest.raises(ConfigurationError, match=r"pass api_hosts=\['media\.example'\]") as caught:
        url_of_call(PROVIDER, "https://media.example/x")
    assert caught.value.description.index("api_hosts=") < caught.value.description.index("allow_any_host=")


@pytest.mark.parametrize("host", ["api.example.com", "media.example"])
def test_http_is_not_told_to_be_listed_in_api_hosts_which_would_not_help(host: str) -> None:
    listed = replace(PROVIDER, api_hosts=(host,))
    with pytest.raises(ConfigurationError, match="begin the URL with https://") as caught:
        url_of_call(listed, f"http://{host}/x")
    assert "api_hosts=[" not in caught.value.description
    assert url_of_call(listed, f"https://{host}/x") == f"https://{host}/x"
    with pytest.raises(ConfigurationError, match="needs insecure_transport=True"):
        url_of_call(listed, f"http://{host}/x", allow_any_host=True)
    allowed = Access(insecure_transport=True)
    assert url_of_call(listed, f"http://{host}/x", allow_any_host=True, access=allowed) == f"http://{host}/x"


@pytest.mark.parametrize("user", ["ada:hush", "ada:hu@hush", "hush"])
def test_no_message_shows_the_user_or_the_password_of_a_url(user: str) -> None:
    with pytest.raises(ConfigurationError, match="holds a user name") as caught:
        url_of_call(PROVIDER, f"https://{user}@api.example.com/x")
    assert "hush" not in str(caught.value)
    assert "********@api.example.com" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://API.Example.com/Me?A=%2f", "api.example.com/Me?A=%2f"),
        ("https://api.example.com:443/me", "api.example.com/me"),
        ("HTTPS://Files.example.com:8443/", "files.example.com:8443/"),
        ("https://[::1]:8443/me", "[::1]:8443/me"),
        ("https://upload.example.com?a=b", "upload.example.com?a=b"),
    ],
)
def test_the_emulator_gets_a_host_in_one_spelling(url: str, place: str) -> None:
    at = "https://127.0.0.1:7000/example/api/"
    played = replace(PROVIDER, api_hosts=(*PROVIDER.api_hosts, "[::1]:8443"), emulated_at=at)
    assert url_of_call(played, url) == f"{at}{place}"


def test_a_wildcard_is_nothing_where_calls_show_the_secret() -> None:
    family = replace(PROVIDER, api_hosts=("*.example.com",))
    assert url_of_call(family, "https://media.example.com/")
    with pytest.raises(ConfigurationError, match="not a host of this provider"):
        url_of_call(replace(family, client_kwargs={"signature_method": "PLAINTEXT"}), "https://media.example.com/")


@pytest.mark.parametrize(
    "wildcard", ["*", "*.com", "api.*.com", "*.{shop}.example.com", "**.example.com", "*example.com"]
)
def test_a_wildcard_that_is_wrong_stands_for_nothing(wildcard: str) -> None:
    family = replace(PROVIDER, api_hosts=(wildcard,))
    for url in ("https://media.example.com/", "https://a.com/", "https://a.b.example.com/"):
        with pytest.raises(ConfigurationError):
            url_of_call(family, url)


@pytest.mark.parametrize("at", ["https://evil.example/x/", "http://10.0.0.5/x/", "https://127.0.0.1.evil.example/x/"])
def test_no_file_sends_the_calls_of_a_provider_to_another_machine(at: str) -> None:
    played = replace(PROVIDER, emulated_at=at)
    assert url_of_call(played, "me.json") == url_of_call(PROVIDER, "me.json")
