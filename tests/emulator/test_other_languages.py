"""The addresses of ``emulate`` for programs in other languages: the provider's own URLs, with another beginning."""

from __future__ import annotations

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import addresses
from oauth1_catalog.emulator.providers import Origins, Registration, api_hosts
from oauth1_catalog.rfc5849.messages import Request

CATALOG = Catalog()
ORIGINS = Origins("https://127.0.0.1:8443", "http://127.0.0.1:8080")
SENT = {
    "request_token": 'OAuth oauth_consumer_key="k"',
    "authorize": "",
    "access_token": 'OAuth oauth_consumer_key="k", oauth_token="t"',
    "renew": 'OAuth oauth_consumer_key="k", oauth_token="t", oauth_session_handle="h"',
    "revoke": 'OAuth oauth_consumer_key="k", oauth_token="t"',
    "exchange": 'OAuth oauth_consumer_key="k", oauth_token="t"',
}


def registrations(name: str) -> list[Registration]:
    """The provider in each environment; none if its signatures cannot be verified."""
    file = CATALOG.file(name)
    values = {key: value for key, value in CATALOG.required(name).items() if value is not None}
    if file.status == "retired":
        return []
    environments = (CATALOG.provider(name, environment=one, values=values) for one in (None, *file.environments))
    return [
        Registration("key", provider, ORIGINS)
        for provider in environments
        if provider.client_kwargs.get("profile", "rfc5849") == "rfc5849"
    ]


def replaced(url: str) -> str:
    """The URL as a program has it that knows ``EMULATED_NAME_HTTPS``."""
    return "https://127.0.0.1:8443/key/api/" + url.partition("://")[2]


@pytest.mark.filterwarnings("ignore::oauth1_catalog.errors.DeprecatedProviderWarning")
def test_each_step_and_each_host_is_found_behind_the_beginning() -> None:
    found = [registration for name in CATALOG.names() for registration in registrations(name)]
    assert len(found) > 60
    for registration in found:
        own = registration.original
        urls = {
            "request_token": own.request_token_url,
            "authorize": own.authorize_url,
            "access_token": own.access_token_url,
            "renew": own.renew and own.renew.url,
            "revoke": own.revoke and own.revoke.url,
            "exchange": own.successor and own.successor.url,
        }
        for role, url in urls.items():
            if url:
                request = Request("POST", replaced(url), {"Authorization": SENT[role]})
                assert registration.role_of(request) == role, own.name
        for host in api_hosts(own):
            call = replaced(f"https://{host.replace('*', 'any')}/no/such/endpoint")
            assert registration.role_of(Request("GET", call)) == "api", own.name
            assert registration.serves("api", call), (own.name, host)
        assert not registration.serves("api", replaced("https://elsewhere.example/")), own.name


def test_an_environment_has_addresses_that_work(new_emulator: Emulator) -> None:
    found = addresses(new_emulator, "etrade", {})
    assert "apisb.etrade.com" in found["EMULATED_ETRADE_SANDBOX_API_BASE_URL"]
    assert "apisb" not in found["EMULATED_ETRADE_API_BASE_URL"]
    assert found["EMULATED_ETRADE_SANDBOX_HTTPS"] != found["EMULATED_ETRADE_HTTPS"]
    for name, url in found.items():
        secure = not name.endswith("AUTHORIZE_URL")
        assert url.startswith(new_emulator.origins.secure if secure else new_emulator.origins.consent)
