"""Which hosts are of this machine, private, or never to be reached by mistake; and the switches that allow them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.access import (
    ALLOW_LOCAL_HOSTS,
    INSECURE_TRANSPORT,
    Access,
    LocalHosts,
    given_insecure_transport,
    given_local_hosts,
)
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import kind_of, parse_address

LOOPBACK = ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "[::1]"]
PRIVATE = [
    "wiki",
    "my_wiki",
    "jira.corp.local",
    "JIRA.CORP.LOCAL.",
    "jira.internal",
    "a.localhost",
    "nas.home.arpa",
    "10.0.0.5",
    "172.16.0.1",
    "192.168.1.5",
    "100.64.0.1",
    "fd12:3456::1",
    "::ffff:10.0.0.5",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:100::",  # what follows is special in some versions of Python alone
    "192.0.0.50",
    "64:ff9b:1::1",
    "3fff::1",
    "5f00::1",
]
RESTRICTED = [
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "::ffff:100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "::",
    "255.255.255.255",
    "224.0.0.1",
    "ff02::1",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "metadata",
    "instance-data",
]
MISSPELT = [
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.16689662",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "0",
    "127.0.0.01",
    "1.2.3.4.5",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_addresses_of_this_machine_are_loopback(host: str) -> None:
    assert kind_of(host) == "loopback"
    assert LocalHosts().allows(host)
    assert LocalHosts.of(["10.0.0.0/8"]).allows(host)
    assert not LocalHosts.of(False).allows(host)


@pytest.mark.parametrize("host", PRIVATE)
def test_private_hosts_are_private(host: str) -> None:
    assert kind_of(host) == "private"
    assert not LocalHosts().allows(host)
    assert not LocalHosts.of(False).allows(host)
    assert LocalHosts.of(True).allows(host)
    assert LocalHosts.of([host.removesuffix(".")]).allows(host)


@pytest.mark.parametrize("host", RESTRICTED)
def test_what_has_to_be_listed(host: str) -> None:
    assert kind_of(host) == "restricted"
    assert not LocalHosts().allows(host)
    assert not LocalHosts.of(True).allows(host)
    assert LocalHosts.of([host.removesuffix(".")]).allows(host)


@pytest.mark.parametrize("host", MISSPELT)
def test_an_unusual_spelling_is_never_allowed(host: str) -> None:
    assert kind_of(host) == "restricted"
    assert "unusual spelling" in Access(LocalHosts.of(True), insecure_transport=True).needs(f"http://{host}/")
    with pytest.raises(ConfigurationError, match="neither a host nor a network"):
        LocalHosts.of([host])


@pytest.mark.parametrize("host", ["jira.example.com", "xn--bcher-kva.example", "localhost.evil.example", "internal.io"])
def test_public_hosts_are_public(host: str) -> None:
    assert kind_of(host) == "public"
    assert LocalHosts.of(False).allows(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_need_the_switch(host: str) -> None:
    assert kind_of(host) == "address"
    assert not LocalHosts().allows(host)
    assert LocalHosts.of(True).allows(host)


@given(st.ip_addresses())
def test_every_address_has_a_kind(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    kind = kind_of(str(address))
    assert kind != "public"
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        assert kind == "restricted"
    elif address.is_private and not (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped):
        assert kind in {"private", "loopback", "restricted"}
    assert parse_address(f"[{address}]") == address


@pytest.mark.parametrize(
    ("value", "allowed", "refused"),
    [
        ("10.0.0.0/8, wiki", ["10.9.8.7", "wiki", "localhost"], ["192.168.0.1", "wiki.local", "8.8.8.8"]),
        ("Wiki", ["wiki", "WIKI."], ["wiki2"]),
        ("10.0.0.5", ["10.0.0.5"], ["10.0.0.6", "::ffff:10.0.0.5"]),
        (["fd00::/8", "[::1]"], ["fd12::1", "::1"], ["fe80::1", "fd00:1", "fd00:ec2::254", "fd20:ce::254"]),
        ("100.64.0.0/10", ["100.64.0.1"], ["100.100.100.200"]),  # a VPN, with Alibaba's metadata service within it
        ("0.0.0.0/0 ::/0", ["8.8.8.8", "fd12::1"], ["169.254.169.254", "0.0.0.0", "fe80::1", "::ffff:169.254.169.254"]),
        ("169.254.0.0/16", ["169.254.169.254"], ["100.100.100.200"]),
        ("64:ff9b::/96", ["64:ff9b::10.0.0.5"], ["64:ff9b::169.254.169.254"]),
        (("169.254.169.254",), ["169.254.169.254"], ["169.254.169.253"]),
        ({"jira.corp.local"}, ["jira.corp.local"], ["evil.jira.corp.local", "corp.local"]),
        ("yes", ["10.0.0.5", "wiki"], ["169.254.169.254"]),
        ("1", ["10.0.0.5"], ["169.254.169.254"]),
        ("off", [], ["localhost", "127.0.0.1", "wiki"]),
        ([], ["localhost"], ["wiki"]),
    ],
)
def test_each_value_of_allow_local_hosts_is_read(value: object, allowed: list[str], refused: list[str]) -> None:
    hosts = LocalHosts.of(value)
    assert [host for host in allowed if not hosts.allows(host)] == []
    assert [host for host in refused if hosts.allows(host)] == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["https://jira.corp.local"], "without scheme, port and path"),
        (["jira:8443"], "without scheme, port and path"),
        (["*.corp.local"], "neither a host nor a network"),
        ("10.0.0.0/33", "neither a host nor a network"),
        (7, "is of type int"),
        (b"wiki", "is of type bytes"),
        (1.5, "is of type float"),
    ],
)
def test_a_wrong_value_of_allow_local_hosts_is_refused(value: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LocalHosts.of(value, where="MAAS_ALLOW_LOCAL_HOSTS in app.config")
    assert message in caught.value.description
    assert caught.value.description.startswith("MAAS_ALLOW_LOCAL_HOSTS in app.config")


class TestLevels:
    def test_the_nearest_wins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ALLOW_LOCAL_HOSTS, "1")
        assert given_local_hosts().allows("wiki")
        assert given_local_hosts((None, "register()"), (None, "OAuth()")).allows("wiki")
        assert not given_local_hosts((None, "register()"), (False, "OAuth()")).allows("127.0.0.1")
        assert given_local_hosts((True, "register()"), (False, "OAuth()")).allows("127.0.0.1")

    def test_a_list_adds_to_what_is_said_around_of_this_machine(self) -> None:
        assert not given_local_hosts((["10.0.0.0/8"], "register()"), (False, "OAuth()")).allows("127.0.0.1")
        assert given_local_hosts((["10.0.0.0/8"], "register()")).allows("127.0.0.1")

    @pytest.mark.parametrize("value", ["0", "false", "no", "off"])
    def test_the_environment_can_close(self, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ALLOW_LOCAL_HOSTS, value)
        assert not given_local_hosts().allows("127.0.0.1")
        for name in INSECURE_TRANSPORT:
            monkeypatch.setenv(name, value)
        assert not given_insecure_transport()
        assert given_insecure_transport((True, "register()"))

    def test_an_empty_variable_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ALLOW_LOCAL_HOSTS, "")
        assert given_local_hosts() == LocalHosts()

    def test_an_unreadable_one_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ALLOW_LOCAL_HOSTS, "http://wiki")
        with pytest.raises(ConfigurationError, match="OAUTH1_CATALOG_ALLOW_LOCAL_HOSTS in the environment: 'http://w"):
            given_local_hosts()


@pytest.mark.parametrize(
    ("url", "switches"),
    [
        ("https://api.example.com/", ""),
        ("http://127.0.0.1:8081/w", ""),
        ("http://127.0.0.2", ""),
        ("http://[::1]:5240/MAAS", ""),
        ("https://10.0.0.5", "allow_local_hosts=True:"),
        ("https://jira.corp.local", "allow_local_hosts=True:"),
        ("http://shop.example.com", "insecure_transport=True and allow_plaintext_over_http=True:"),
        ("http://wiki:8081", "allow_local_hosts=True, insecure_transport=True and allow_plaintext_over_http=True:"),
        (
            "http://169.254.169.254",
            "allow_local_hosts=['169.254.169.254'], insecure_transport=True and allow_plaintext_over_http=True:",
        ),
    ],
)
def test_a_message_names_first_what_works(url: str, switches: str) -> None:
    needs = Access().needs(url, plaintext=True)
    assert needs.startswith(f"needs {switches}" if switches else "")
    assert bool(needs) == bool(switches)
    allowed = Access(LocalHosts.of(True), insecure_transport=True, plaintext_over_http=True)
    if "169.254" in url:
        allowed = Access(LocalHosts.of(["169.254.169.254"]), insecure_transport=True, plaintext_over_http=True)
        assert "commands take" not in needs
    assert allowed.needs(url, plaintext=True) == ""


def test_what_was_refused_on_purpose_is_not_recommended() -> None:
    closed = Access(LocalHosts.of(False), insecure_transport=True)
    metadata = ("http://169.254.169.254", "https://metadata.google.internal", "https://[fe80::1]")
    for url in ("https://127.0.0.1:6379", "http://localhost", "https://10.0.0.5", "https://wiki", *metadata):
        assert closed.needs(url).startswith("is refused by allow_local_hosts=False: its host is ")
        assert closed.needs(url).endswith("Write the address of a public host.")
        assert "True" not in closed.needs(url)
