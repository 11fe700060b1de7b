"""A provider without https: nothing is sent there unless the environment says that this is accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oauth1_catalog.errors import ConfigurationError, SigningError
from oauth1_catalog.registry.addresses import INSECURE_TRANSPORT
from oauth1_catalog.rfc5849.messages import Request

Registry = Callable[..., Any]
KEYS = {"client_id": "key", "client_secret": "hush"}


def test_registering_one_is_an_error_that_names_the_setting(registry: Registry) -> None:
    with pytest.raises(ConfigurationError) as caught:
        registry().register_from_catalog("fanfou", **KEYS)
    assert caught.value.error == "insecure_transport"
    assert caught.value.description == (
        "fanfou: the provider has no https: its request_token_url begins with http://, so that others can read and "
        "change what is sent there, tokens too. If you accept that, set OAUTH1_CATALOG_INSECURE_TRANSPORT=1 in the "
        "environment."
    )


@pytest.mark.parametrize("variable", INSECURE_TRANSPORT)
def test_the_environment_accepts_it(registry: Registry, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    client = registry().register_from_catalog("fanfou", **KEYS)
    assert client.request_token_url == "http://fanfou.com/oauth/request_token"


def test_plaintext_is_refused_all_the_same(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INSECURE_TRANSPORT[0], "1")
    client = registry().register_from_catalog("fanfou", client_kwargs={"signature_method": "PLAINTEXT"}, **KEYS)
    with pytest.raises(SigningError, match="PLAINTEXT shows the secrets"):
        client.signer.sign(Request("POST", client.request_token_url))


def test_addresses_of_ones_own_with_https_need_no_word(registry: Registry) -> None:
    own = {
        "request_token_url": "https://fanfou.com/oauth/request_token",
        "authorize_url": "https://fanfou.com/oauth/authorize",
        "access_token_url": "https://fanfou.com/oauth/access_token",
        "api_base_url": "https://api.fanfou.com/",
    }
    assert registry().register_from_catalog("fanfou", **own, **KEYS).api_base_url == "https://api.fanfou.com/"
