"""Whole logins at a provider of one's own network, by http: on this machine, and by a name that only it knows."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.errors import ConfigurationError
from tests.foreign.test_logins import consent
from tests.foreign.verifiers import CLIENTS
from tests.integrations.applications import FRAMEWORKS

FILE = """schema_version: 1
name: acme
flows: [redirect]
variables: {base_url: {format: uri, example: "https://acme.example"}}
request_token_url: "{base_url}/initiate"
authorize_url: "{base_url}/authorize"
access_token_url: "{base_url}/token"
api_base_url: "{base_url}/api/"
"""
SWITCHES = {"allow_local_hosts": ["wiki", "192.168.1.5"], "insecure_transport": True}


@pytest.fixture
def own_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A network in which every host but this machine's is this machine; gives the names that were looked up."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        looked_up.append(name)
        return real("127.0.0.1", *arguments, **more)

    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] != "127.0.0.1":
            address = ("127.0.0.1", address[1])
        return connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", only_here)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "wiki,192.168.1.5")
    return looked_up


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    (tmp_path / "acme.yaml").write_text(FILE)
    made: list[Any] = []

    def make(framework: str, base_url: str, **arguments: Any) -> Any:
        app = FRAMEWORKS[framework](config={}, register=False, catalog=Catalog(tmp_path))
        made.append(app)
        app.oauth.register_from_catalog(
            "acme", name="twitter", base_url=base_url, client_id="key", client_secret=CLIENTS["key"], **arguments
        )
        return app

    yield make
    for app in made:
        app.close()


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "wiki", "192.168.1.5"])
def test_login_and_a_call(
    server: Callable[[str], str],
    application: Callable[..., Any],
    own_network: list[str],
    monkeypatch: pytest.MonkeyPatch,
    framework: str,
    method: str,
    host: str,
) -> None:
    if method != "PLAINTEXT":  # which goes past the proxies to this machine by itself
        monkeypatch.setenv("no_proxy", host)
    port = urlsplit(server("oauthlib")).port
    base_url = f"http://{host}:{port}"
    arguments: dict[str, Any] = {"client_kwargs": {"signature_method": method}}
    if host in {"wiki", "192.168.1.5"}:
        with pytest.raises(ConfigurationError, match="needs allow_local_hosts=True and insecure_transport=True"):
            application(framework, base_url, **arguments)
        arguments |= SWITCHES
        if method == "PLAINTEXT":
            with pytest.raises(ConfigurationError, match="needs allow_plaintext_over_http=True"):
                application(framework, base_url, **arguments)
            arguments["allow_plaintext_over_http"] = True
    browser = application(framework, base_url, **arguments).browser()
    location = browser.get("/login").location
    assert location.startswith(f"{base_url}/authorize?")
    monkeypatch.setenv("no_proxy", "*")  # a browser finds its own way
    answer = browser.get(consent(location))
    assert answer.status == 200, answer.text
    assert answer.json["profile"] == {"user": "ada"}
    assert host in own_network or host[0].isdigit()
