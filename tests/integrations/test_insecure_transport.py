"""A provider without https: nothing is sent there unless the environment says that this is accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog.access import INSECURE_TRANSPORT
from oauth1_catalog.errors import ConfigurationError

Registry = Callable[..., Any]
KEYS = {"client_id": "key", "client_secret": "hush"}


def test_registering_one_is_an_error_that_names_the_setting(registry: Registry) -> None:
    with pytest.raises(ConfigurationError) as caught:
        registry().register_from_catalog("fanfou", **KEYS)
    assert caught.value.error == "insecure_transport"
    assert caught.value.description == (
        "fanfou: request_token_url 'http://fanfou.com/oauth/request_token' needs insecure_transport=True: others can "
        "read what goes over http. Pass it to register_from_catalog(), register(), client() or OAuth(), or set "
        "OAUTH1_CATALOG_INSECURE_TRANSPORT=1 in the environment; commands take --insecure-transport."
    )


@pytest.mark.parametrize("variable", INSECURE_TRANSPORT)
def test_the_environment_accepts_it(registry: Registry, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    client = registry().register_from_catalog("fanfou", **KEYS)
    assert client.request_token_url == "http://fanfou.com/oauth/request_token"


@pytest.mark.parametrize("variable", INSECURE_TRANSPORT)
@pytest.mark.parametrize("value", ["0", "false", "No", "OFF", "", " "])
def test_a_variable_that_says_no_allows_nothing(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match="needs insecure_transport=True"):
        registry().register_from_catalog("fanfou", **KEYS)
    with pytest.raises(ConfigurationError, match="needs insecure_transport=True"):
        registry().register("mine", request_token_url="http://p.example/")


def test_a_variable_that_says_neither_is_an_error(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INSECURE_TRANSPORT[0], "maybe")
    with pytest.raises(ConfigurationError, match="OAUTH1_CATALOG_INSECURE_TRANSPORT in the environment is neither on"):
        registry().register_from_catalog("fanfou", **KEYS)


def test_plaintext_needs_a_word_of_its_own(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INSECURE_TRANSPORT[0], "1")
    plaintext = {"client_kwargs": {"signature_method": "PLAINTEXT"}, **KEYS}
    with pytest.raises(ConfigurationError, match=r"fanfou: request_token_url .* needs allow_plaintext_over_http=True"):
        registry().register_from_catalog("fanfou", **plaintext)
    client = registry().register_from_catalog("fanfou", allow_plaintext_over_http=True, **plaintext)
    assert "PLAINTEXT" in client.signer.authorization("POST", client.request_token_url)


def test_addresses_of_ones_own_with_https_need_no_word(registry: Registry) -> None:
    own = {
        "request_token_url": "https://fanfou.com/oauth/request_token",
        "authorize_url": "https://fanfou.com/oauth/authorize",
        "access_token_url": "https://fanfou.com/oauth/access_token",
        "api_base_url": "https://api.fanfou.com/",
    }
    assert registry().register_from_catalog("fanfou", **own, **KEYS).api_base_url == "https://api.fanfou.com/"
