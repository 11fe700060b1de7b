# ruff: noqa: E501 - lists of odd texts
"""Threat 17: an address that looks like this machine's, or like https, and leads by http to somebody else."""

from __future__ import annotations

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.fields import check_url
from oauth1_catalog.catalog.templates import check_uri
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import Access

# Behind "http://"; none of them is this machine in a spelling that everybody reads alike.
DISGUISED = [
    "localhost:80@evil.test", "localhost@evil.test", "127.0.0.1@evil.test", "127.0.0.1:80@evil.test", "[::1]@evil.test",
    "user:localhost@evil.test", "evil.test", "evil.test:443", "EVIL.TEST", "localhost.evil.test", "127.0.0.1.evil.test",
    "evil.test/localhost", "evil.test/?127.0.0.1", "evil.test#localhost", "evil.test?@localhost", "evil.test\\@localhost",
    "localhost\\.evil.test", "localhost\\@evil.test", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1",
    "017700000001", "127.0.0.01", "127.0.0.0x1", "0", "0.0.0.0", "1.2.3.4.5", "[::]", "[::ffff:7f00:1]@evil.test",
    "[::ffff:8.8.8.8]", "[::ffff:10.0.0.5]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]",
    "169.254.169.254", "metadata.google.internal", "10.0.0.5", "192.168.0.1", "[fc00::1]", "jira.corp.local", "intranet",
    "localhost%00.evil.test", "localhost%2eevil.test", "localhost%40evil.test", "localhost .evil.test", "localhost\t.evil.test",
    "localhost\n.evil.test", "l\u2460calhost", "\uff4cocalhost.evil.test", "loc\u00adalhost.evil.test", "localhost\u3002evil.test",
    "\u2488\u2488\u2488\u2488", "\u0661\u0662\u0667.0.0.1", "xn--lcalhost-54a.evil.test", "localhost:http", "localhost:99999", "[::1",
    "::1", "", "/localhost", "//localhost", "@localhost", ":80",
]  # fmt: skip
SCHEMES = [
    "HTTP://",
    "http:/",
    "http:",
    "ftp://",
    "ws://",
    "javascript://",
    "data:",
    "file://",
    "//",
    "https:///",
    "https:/",
    "h\ttp://",
]


def test_there_are_sixty() -> None:
    assert len({*DISGUISED}) >= 60


@pytest.mark.parametrize("rest", DISGUISED)
def test_a_tenants_address(rest: str) -> None:
    value = f"http://{rest}"
    assert check_uri(value) is not None or Access().needs(value)
    with pytest.raises(ConfigurationError):
        Catalog().provider("jira", values={"base_url": value})


@pytest.mark.parametrize("rest", DISGUISED)
def test_a_files_address(rest: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check_url(f"http://{rest}")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_another_scheme(scheme: str) -> None:
    with pytest.raises(ConfigurationError):
        Catalog().provider("jira", values={"base_url": f"{scheme}evil.test"})
    with pytest.raises(ValueError, match=r".+"):
        check_url(f"{scheme}evil.test/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "localhost:8080"])
def test_this_machine_itself(host: str) -> None:
    assert (
        Catalog().provider("jira", values={"base_url": f"http://{host}"}).api_base_url == f"http://{host}/rest/api/2/"
    )
    assert check_url(f"http://{host}/") == f"http://{host}/"
