"""Every provider with an address of one's own, at addresses of this machine and of a network, under each switch."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import BaseAdapter

from oauth1_catalog import Catalog
from oauth1_catalog.access import ALLOW_LOCAL_HOSTS, INSECURE_TRANSPORT
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.errors import ConfigurationError, ConfigurationWarning, UnknownProviderError
from oauth1_catalog.registry.registration import Registration
from tests.integrations.applications import now

Registry = Callable[..., Any]
CATALOG = Catalog()
ADDRESSES: dict[str, set[str]] = {
    "http://127.0.0.1:8081": set(),
    "http://name:8081": {"local", "http"},
    "https://jira.corp.local": {"local"},
    "https://10.0.0.5": {"local"},
    "http://169.254.169.254": {"metadata", "http"},
}
"""Addresses, and what each needs."""

SWITCHES: dict[str, tuple[dict[str, object], set[str]]] = {
    "none": ({}, set()),
    "local hosts": ({"allow_local_hosts": True}, {"local"}),
    "http": ({"insecure_transport": True}, {"http"}),
    "both": ({"allow_local_hosts": True, "insecure_transport": True}, {"local", "http"}),
    "a list": (
        {"allow_local_hosts": ["name", "jira.corp.local", "10.0.0.0/8", "169.254.169.254"], "insecure_transport": True},
        {"local", "http", "metadata"},
    ),
}
"""Arguments, and what they allow."""


def _self_hosted() -> Iterator[tuple[str, str, ProviderFile]]:
    for name in CATALOG.names():
        file = CATALOG.file(name)
        for variable, about in file.variables.items():
            if about.format in {"uri", "hostname"} and about.source is None:
                yield name, variable, file


PROVIDERS = [(name, variable) for name, variable, _ in _self_hosted()]


@pytest.fixture(scope="session")
def keys() -> dict[str, object]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"client_id": "key", "client_secret": "hush", "rsa_key": pem.decode(), "token": "t", "token_secret": "s"}


def arguments(name: str, variable: str, address: str, keys: Mapping[str, object]) -> dict[str, Any]:
    file = CATALOG.file(name)
    values: dict[str, Any] = {key: about.default or about.example for key, about in file.variables.items()}
    values = {key: value for key, value in values.items() if file.variables[key].source is None}
    values[variable] = (
        address if file.variables[variable].format == "uri" else address.partition("://")[2].split(":")[0]
    )
    if str(file.client_kwargs.signature_method).startswith("RSA"):
        keys = {key: value for key, value in keys.items() if key != "client_secret"}
    else:
        keys = {key: value for key, value in keys.items() if key != "rsa_key"}
    return {**values, **keys, "user_agent": "test/1.0", "allow_retired": True, "name": "mine"}


def missing_settings_error(name: str, variable: str, needs: set[str], allowed: set[str]) -> set[str]:
    """What this provider still needs; a host name is reached by https, unless the file has plain http for it (uCoz)."""
    file = CATALOG.file(name)
    more = {"plaintext"} if "http" in needs and file.client_kwargs.signature_method == "PLAINTEXT" else set()
    if file.variables[variable].format == "hostname":
        needs, more = needs - {"http"} | ({"http"} if file.insecure_transport else set()), set()
    return (needs | more) - allowed


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("name", "variable"), PROVIDERS)
def test_each_provider_under_each_switch(registry: Registry, keys: dict[str, object], name: str, variable: str) -> None:
    oauth = registry()
    for address, needs in ADDRESSES.items():
        for given, allowed in SWITCHES.values():
            call = arguments(name, variable, address, keys) | given
            lacks = missing_settings_error(name, variable, needs, allowed)
            if lacks == {"plaintext"}:
                with pytest.raises(ConfigurationError, match="needs allow_plaintext_over_http=True"):
                    oauth.register_from_catalog(name, **call)
                call["allow_plaintext_over_http"] = True
                lacks = set()
            if not lacks:
                client = oauth.register_from_catalog(name, **call)
                assert any(address.partition("://")[2].split(":")[0] in url for url in urls_of(client.provider))
                continue
            if CATALOG.file(name).insecure_transport and lacks != {"http"}:
                lacks -= {"http"}  # the fixed addresses of the file are checked after the host that is given
            with pytest.raises(ConfigurationError) as caught:
                oauth.register_from_catalog(name, **call)
            said = caught.value.description
            assert ("allow_local_hosts=True" in said) == ("local" in lacks), said
            assert ("allow_local_hosts=['169.254.169.254']" in said) == ("metadata" in lacks), said
            assert ("insecure_transport=True" in said) == ("http" in lacks), said
            assert caught.value.error == (
                "forbidden_local_host" if {"local", "metadata"} & lacks else "insecure_transport"
            )


@pytest.mark.parametrize("address", ["http://wiki:8081", "wiki.example.org", "https://wiki.example.org/?x"])
def test_a_refused_address_names_the_client_and_not_only_its_provider(registry: Registry, address: str) -> None:
    with pytest.raises(ConfigurationError, match=r": tenant_7: wiki_url=") as caught:
        registry().register_from_catalog(
            "mediawiki", name="tenant_7", wiki_url=address, client_id="key", client_secret="hush"
        )
    assert caught.value.provider == "tenant_7"


def urls_of(provider: Any) -> list[str]:
    return [
        str(url)
        for url in (
            provider.request_token_url,
            provider.authorize_url,
            provider.access_token_url,
            provider.api_base_url,
        )
    ]


WIKI = {"client_id": "k", "client_secret": "s", "name": "mine", "user_agent": "test/1.0"}


@pytest.mark.parametrize("place", ["call", "registry", "client's configuration", "configuration", "catalog", "process"])
@pytest.mark.parametrize("value", [True, "yes", "name, 10.0.0.0/8"])
def test_each_switch_is_honoured_in_each_place(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, framework: str, place: str, value: object
) -> None:
    switches = {"allow_local_hosts": value, "insecure_transport": True if value is True else "1"}
    call = {**WIKI, "wiki_url": "http://name:8081/w"}
    options: dict[str, Any] = {}
    config: dict[str, Any] = {}
    if place == "call":
        call |= switches
    elif place == "registry":
        options = switches
    elif place == "client's configuration":
        config = {"mine": switches}
    elif place == "configuration":
        config = {"oauth1_catalog": switches}
        if framework == "django":
            options = {"settings": {f"OAUTH1_CATALOG_{key.upper()}": text for key, text in switches.items()}}
    elif place == "catalog":
        options = {"catalog": Catalog(**switches)}
    else:
        monkeypatch.setenv(ALLOW_LOCAL_HOSTS, "1" if value is True else str(value))
        monkeypatch.setenv(INSECURE_TRANSPORT[0], "1")
    client = registry(config, **options).register_from_catalog("mediawiki", **call)
    assert client.request_token_url.startswith("http://name:8081/w/")
    unset = {
        f"OAUTH1_CATALOG_{key.upper()}": None for key in switches
    }  # Django's settings are those of both registries
    with pytest.raises(ConfigurationError, match="needs allow_local_hosts=True and insecure_transport=True"):
        registry(settings=unset).register_from_catalog(
            "mediawiki", **{**call, "allow_local_hosts": None, "insecure_transport": False}
        ) if place != "process" else _without(monkeypatch, registry, call)


def _without(monkeypatch: pytest.MonkeyPatch, registry: Registry, call: dict[str, Any]) -> None:
    monkeypatch.delenv(ALLOW_LOCAL_HOSTS)
    monkeypatch.delenv(INSECURE_TRANSPORT[0])
    registry().register_from_catalog("mediawiki", **call)


@pytest.mark.parametrize("address", ["https://127.0.0.1:6379", "http://localhost:6379", "https://[::1]:6379"])
def test_a_tenant_cannot_reach_this_machine(registry: Registry, address: str) -> None:
    call = {**WIKI, "wiki_url": address}
    registry().register_from_catalog("mediawiki", **call)
    for oauth, more in (
        (registry(allow_local_hosts=False), {}),
        (registry(), {"allow_local_hosts": False}),
        (registry(allow_local_hosts=False), {"allow_local_hosts": ["10.0.0.0/8"]}),
    ):
        with pytest.raises(ConfigurationError) as caught:
            oauth.register_from_catalog("mediawiki", **call, **more)
        assert caught.value.error == "forbidden_local_host"
        assert "is refused by allow_local_hosts=False" in caught.value.description
    public = registry(allow_local_hosts=False).register_from_catalog("mediawiki", **WIKI, wiki_url="https://w.example")
    assert public.api_base_url == "https://w.example/"


class TestWhatTheDeveloperWrites:
    ADDRESSES = ("https://jira.corp.local/a", "https://10.0.0.5/a", "http://127.0.0.2:1/a", "https://wiki/a")

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_it_may_be_private(self, registry: Registry, address: str) -> None:
        registry(allow_local_hosts=False).register("m", request_token_url=address, api_base_url=address)
        with pytest.raises(ConfigurationError, match="is refused by allow_local_hosts=False"):
            registry().register("m", request_token_url=address, allow_local_hosts=False)
        registry().register("m", api_base_url=address, allow_local_hosts=["wiki", "jira.corp.local", "10.0.0.5"])

    @pytest.mark.parametrize(
        "address", ["https://169.254.169.254/latest", "https://metadata.google.internal/", "https://[fd00:ec2::254]/"]
    )
    def test_metadata_services_have_to_be_listed(self, registry: Registry, address: str) -> None:
        for more in ({}, {"allow_local_hosts": True}):
            with pytest.raises(ConfigurationError, match=r"needs allow_local_hosts=\["):
                registry().register("m", api_base_url=address, **more)
        host = requests.Request("GET", address).prepare().url.split("/")[2]
        registry().register("m", api_base_url=address, allow_local_hosts=[host])

    def test_calls_as_well(self, registry: Registry) -> None:
        client = registry().register("m", **KEYS)
        token = {"oauth_token": "t", "oauth_token_secret": "s"}
        for address in ("http://169.254.169.254/latest", "https://169.254.169.254/latest", "http://10.0.0.5/"):
            with pytest.raises(ConfigurationError, match=r"m: .* needs "):
                asyncio.run(now(client.get(address, token=token, allow_any_host=True)))

    def test_http_needs_its_switch(self, registry: Registry) -> None:
        for field in ("request_token_url", "access_token_url", "authorize_url", "api_base_url", "userinfo_endpoint"):
            with pytest.raises(ConfigurationError, match="needs insecure_transport=True"):
                registry().register("m", **{field: "http://10.0.0.5/a"})
            registry().register("m", **{field: "http://10.0.0.5/a"}, insecure_transport=True)


KEYS = {"client_id": "k", "client_secret": "s"}
PLAINTEXT = {"client_kwargs": {"signature_method": "PLAINTEXT"}}


class TestPlaintext:
    def test_loopback_needs_nothing(self, registry: Registry) -> None:
        client = registry().register("m", request_token_url="http://127.0.0.1:1/a", **KEYS, **PLAINTEXT)
        assert "PLAINTEXT" in client.signer.authorization("POST", "http://127.0.0.1:1/a")

    @pytest.mark.parametrize("field", ["request_token_url", "access_token_url", "api_base_url", "userinfo_endpoint"])
    def test_other_http_needs_a_word_for_this_client(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch, field: str
    ) -> None:
        monkeypatch.setenv(INSECURE_TRANSPORT[0], "1")
        monkeypatch.setenv("OAUTH1_CATALOG_ALLOW_PLAINTEXT_OVER_HTTP", "1")
        call = {field: "http://maas.corp.local/a", **KEYS, **PLAINTEXT}
        with pytest.raises(ConfigurationError, match="needs allow_plaintext_over_http=True"):
            registry().register("m", **call)
        client = registry().register("m", **call, allow_plaintext_over_http=True)
        assert "PLAINTEXT" in client.signer.authorization("POST", "http://maas.corp.local/a")

    def test_it_does_not_stand_for_the_switch_of_http(self, registry: Registry) -> None:
        with pytest.raises(ConfigurationError, match="needs insecure_transport=True:"):
            registry().register(
                "m", api_base_url="http://x.example/", allow_plaintext_over_http=True, **KEYS, **PLAINTEXT
            )

    def test_check_tells_it(self, registry: Registry) -> None:
        """Registration refuses it; so it is in the list where the configuration has changed since."""
        call = {"request_token_url": "http://maas.corp.local/a", "insecure_transport": True, **KEYS, **PLAINTEXT}
        oauth = registry()
        with pytest.raises(ConfigurationError, match="needs allow_plaintext_over_http=True"):
            oauth.register("m", **call)
        assert oauth.check() == []
        oauth._registry["m"] = Registration("m", None, call)  # private: register() refuses it
        (told,) = oauth.check()
        assert "needs allow_plaintext_over_http=True" in told.description
        # private: as above
        oauth._registry["m"] = Registration("m", None, {**call, "allow_plaintext_over_http": True})
        assert [error for error in oauth.check() if "plaintext" in error.description] == []

    def test_no_configuration_gives_it(self, registry: Registry) -> None:
        config = {"m": {"allow_plaintext_over_http": "1", "insecure_transport": "1"}}
        with pytest.raises(ConfigurationError, match="no configuration gives it"):
            registry(config).register("m", api_base_url="http://x.example/", **KEYS, **PLAINTEXT)

    def test_nor_do_client_kwargs(self, registry: Registry) -> None:
        kwargs = {"client_kwargs": {"signature_method": "PLAINTEXT", "allow_plaintext_over_http": True}}
        with pytest.raises(ConfigurationError, match="needs allow_plaintext_over_http=True"):
            registry().register("m", api_base_url="http://x.example/", insecure_transport=True, **KEYS, **kwargs)
        with pytest.warns(UserWarning, match="comes from the client's parameter allow_plaintext_over_http"):
            registry().register("m", api_base_url="https://x.example/", insecure_transport=True, **KEYS, **kwargs)


class Recorded(BaseAdapter):
    """Takes what requests would send, wherever it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.sent.append(request)
        response = requests.Response()
        response.status_code, response.url, response.request = 200, str(request.url), request
        response.raw = io.BytesIO(b"{}")
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("framework", ["flask", "django"], indirect=True)
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("name", "variable"), PROVIDERS)
def test_a_signed_call_goes_where_the_value_says(
    registry: Registry, keys: dict[str, object], monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("nothing leaves this test"))
    recorded = Recorded()

    def session() -> requests.Session:
        made = requests.Session()
        made.adapters.clear()
        made.mount("http://", recorded)
        made.mount("https://", recorded)
        return made

    given, _ = SWITCHES["a list"]
    for address in ADDRESSES:
        call = arguments(name, variable, address, keys) | given | {"allow_plaintext_over_http": True}
        client = registry().register_from_catalog(name, client_kwargs={"session_factory": session}, **call)
        if not client.api_base_url:
            continue
        method = "POST" if client.client_kwargs.get("signature_type") == "BODY" else "GET"
        response = client.request(method, "me", token={"oauth_token": "t", "oauth_token_secret": "s"})
        assert response.status_code == 200
        assert str(recorded.sent[-1].url).startswith(client.api_base_url)


class TestCatalogPath:
    """``catalog=`` decides; what it keeps from being used is told."""

    @pytest.fixture
    def folders(self, tmp_path: Path) -> tuple[Path, Path]:
        text = "schema_version: 1\nname: acme\nflows: [static_token]\napi_base_url: https://{}.example/\n"
        for name in ("mine", "theirs"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "acme.yaml").write_text(text.format(name) + "replace: true\n" * (name == "mine"))
        (tmp_path / "theirs" / "other.yaml").write_text(text.format("other").replace("acme", "other"))
        return tmp_path / "mine", tmp_path / "theirs"

    def test_a_file_that_is_not_used_is_told(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch, folders: tuple[Path, Path]
    ) -> None:
        mine, theirs = folders
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(theirs))
        oauth = registry(catalog=Catalog(mine))
        with pytest.warns(
            ConfigurationWarning, match=r"OAUTH1_CATALOG_PATH leads to .*theirs.acme\.yaml, which is not"
        ):
            client = oauth.register_from_catalog("acme", **KEYS, token="t", token_secret="s")
        assert client.api_base_url == "https://mine.example/"
        assert [notice.error for notice in oauth.check()] == ["unused_catalog_path"]
        assert registry(catalog=Catalog(mine)).register_from_catalog("other", **KEYS).api_base_url

    def test_a_provider_that_only_the_path_has(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch, folders: tuple[Path, Path]
    ) -> None:
        mine, theirs = folders
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(theirs))
        with pytest.raises(
            UnknownProviderError, match=r"OAUTH1_CATALOG_PATH leads to .*other\.yaml, which is not used"
        ):
            registry(catalog=Catalog(mine, builtin=False)).register_from_catalog("other", **KEYS)

    def test_one_that_is_used_is_no_news(
        self, registry: Registry, monkeypatch: pytest.MonkeyPatch, folders: tuple[Path, Path]
    ) -> None:
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(folders[1]))
        oauth = registry(catalog=Catalog())
        assert oauth.register_from_catalog("acme", **KEYS).api_base_url == "https://theirs.example/"
        assert oauth.check() == []
