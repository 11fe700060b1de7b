"""A tenant's value never decides where a signed request goes."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oauth1_catalog.access import Access
from oauth1_catalog.catalog.templates import check_hostname, check_uri, fill, fill_url, placeholders, places
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import kind_of

HOSTILE = st.one_of(
    st.text(max_size=30),
    st.text("ab1-.@/?#:%\\[]{} \n\r\t\u3002\uff0e\u2024_", max_size=20),
    st.sampled_from(
        ["evil.example", "evil.example/", "@evil.example", "evil.example#", "..", "%2e%2e", "a.b", "127.0.0.1"]
    ),
)


@settings(max_examples=3000, deadline=None)
@given(HOSTILE, HOSTILE)
def test_a_label_and_a_segment_stay_in_their_place(label, segment):
    template = "https://{account}.restlets.api.netsuite.com:8443/{kind}/rest?deploy={kind}"
    try:
        url = fill_url(template, {"account": label, "kind": segment})
    except ConfigurationError:
        return
    parts = urlsplit(url)
    assert parts.scheme == "https"
    assert parts.netloc == f"{label}.restlets.api.netsuite.com:8443"
    assert parts.hostname is not None
    assert parts.hostname.count(".") == 4
    assert parts.path.count("/") == 2
    assert parts.path.endswith("/rest")
    assert parts.query.startswith("deploy=")
    assert parts.fragment == ""


@settings(max_examples=2000, deadline=None)
@given(st.sampled_from(["", "jira.example.com", "jira.example.com/"]), HOSTILE, st.sampled_from(["", ".example.com"]))
def test_an_accepted_uri_is_where_it_says(before, middle, after):
    value = f"https://{before}{middle}{after}"
    if check_uri(value) is not None or Access().needs(value):
        return
    url = fill_url("{base_url}/rest/api/2/", {"base_url": value})
    assert url == value.rstrip("/") + "/rest/api/2/"
    parts = urlsplit(url)
    assert parts.scheme == "https"
    assert kind_of(parts.hostname or "") in {"public", "loopback"}
    assert "@" not in parts.netloc
    assert parts.query == parts.fragment == ""


@pytest.mark.parametrize(
    "value",
    [
        "https://jira.example.com",
        "https://jira.example.com/",
        "https://jira.example.com:8443/context/path",
        "https://xn--bcher-kva.example/jira",
    ],
)
def test_uris_that_are_let_in(value):
    assert check_uri(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "jira.example.com",
        "ftp://jira.example.com",
        "HTTPS:jira.example.com",
        "https://",
        "https:///path",
        "https://user@jira.example.com",
        "https://jira.example.com@evil.example",
        "https://jira.example.com?x=1",
        "https://jira.example.com#x",
        "https://jira.example.com/a/../b",
        "https://jira.example.com/%2e%2E/b",
        "https://jira.example.com:0",
        "https://jira.example.com:99999",
        "https://jira.example.com:port",
        "https://jira.example.com\\@evil.example",
        "https://jira example.com",
        "https://jira.example.com\r\nX: y",
        "https://bücher.example",
        "https://jira。example。com",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://[fe80::1%25eth0]",
        "https://-jira.example.com",
        "https://jira..example.com",
        "https://" + "a" * 64 + ".example.com",
        "https://{host}.example.com",
    ],
)
def test_uris_that_are_refused(value):
    assert check_uri(value)


@pytest.mark.parametrize(
    "value",
    [
        "http://jira.example.com",
        "https://localhost:8443/jira",
        "https://10.0.0.1",
        "http://wiki_server:8081/w",
        "https://[::1]:8443",
        "http://127.0.0.1:8080",
    ],
)
def test_local_hosts_have_the_form_of_a_uri(value):
    """Whether an application allows them, ``access.Access`` says."""
    assert check_uri(value) is None


def test_host_names():
    assert check_hostname("shop.example.com") is None
    assert check_hostname("shop.example.com:8443")
    assert check_hostname("shop/x")


def test_a_value_that_is_not_utf8():
    """An environment variable with other bytes has lone surrogates."""
    with pytest.raises(ConfigurationError, match="`a` has a lone surrogate, which UTF-8 cannot represent"):
        fill_url("https://x.example/{a}", {"a": "b\udcff"})


def test_places():
    found = places("https://{host}:{port}/{a}?b={c}")
    assert found == {"host": {"host"}, "port": {"port"}, "a": {"path"}, "c": {"path"}}
    assert places("{base}/x/{base}") == {"base": {"start", "path"}}
    assert places("https://{a}-{b}.example.com") == {"a": {"label"}, "b": {"label"}}
    assert placeholders("{a}{b}{a}") == ("a", "b")


def test_what_has_no_value_stays():
    assert fill("{client_id}:{x}", {"x": "{client_id}"}) == "{client_id}:{client_id}"
    assert fill_url("https://a.example/{client_id}", {}) == "https://a.example/{client_id}"
