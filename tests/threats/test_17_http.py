# ruff: noqa: E501 - lists of odd texts
"""Threat 17: an address that looks like this machine's, or like https, and leads by http to somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.access import Access
from oauth1_catalog.catalog.fields import check_url
from oauth1_catalog.catalog.templates import check_uri
from oauth1_catalog.errors import ConfigurationError
from tests.integrations.applications import now

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


# Behind "https://"; httpx2 reads the first two as 169.254.169.254 and 127.0.0.1, and nobody a name with an empty part.
READ_AS_ANOTHER = [
    "169\u3002254\u3002169\u3002254", "127\uff0e0\uff610\u30021", "169.254.169.\uff12\uff15\uff14", "\u2460\u2461\u2466.0.0.1",
    "\u24dcetadata.google.internal", "metadata.google.interna\u24db", "loc\u00adalhost", "localhost\u3002",
    "169.254.169.254..", "metadata.goog..", "localhost..",
]  # fmt: skip


@pytest.mark.parametrize("host", READ_AS_ANOTHER)
@pytest.mark.parametrize("allowed", [None, True])
def test_a_call_to_a_host_that_is_read_as_another_one(registry: Callable[..., Any], host: str, allowed: Any) -> None:
    """An application that calls an address which somebody else wrote: a webhook, an avatar."""
    client = registry(allow_local_hosts=allowed).register(
        "shop",
        client_id="key",
        client_secret="secret",
        access_token_url="https://shop.example/access",
        api_base_url="https://shop.example/api/",
    )

    async def call(url: str) -> Any:
        return await now(client.get(url, token={"oauth_token": "t", "oauth_token_secret": "s"}))

    for scheme in ("https", "http"):
        with pytest.raises(ConfigurationError) as caught:
            asyncio.run(call(f"{scheme}://{host}/x"))
        assert caught.value.error == "forbidden_local_host"


def test_a_name_in_another_script_is_called() -> None:
    assert Access().needs("https://b\u00fccher.example/") == ""
    assert Access().needs("https://\u4f8b\u3048\u3002example/") == ""
