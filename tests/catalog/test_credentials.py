"""What is a credential in a provider file, and what only names one."""

from __future__ import annotations

import pytest

from oauth1_catalog.catalog.document import inherit
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.validation import validate

HEAD = "schema_version: 1\nname: acme\nflows: [static_token]\napi_base_url: https://api.acme.example/\n"


def codes(text: str) -> list[str]:
    return [finding.code for finding in validate(inherit([read(HEAD + text, path="acme.yaml")])).findings]


@pytest.mark.parametrize(
    "text",
    [
        "callback: {secret: optional, token_param: request_token}",
        "credential_labels: {client_secret: Shared secret, token: Token ID}",
        "token_response: {fields: {oauth_token: access_token, oauth_token_secret: secret}}",
        'authorize_params: {oauth_consumer_key: "{client_id}", token: "{oauth_token}"}',
        "authorize_token_param: token",
        "homepage: https://acme.example/?page=token&tokens=2",
    ],
)
def test_names_are_let_in(text):
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "api_params: {api_key: abc}",
        "headers: {X-Count: x, Api-Key: abc}",
        "headers: {X-Api-Key: abc}",
        "request_token_params: {x_auth_password: abc}",
        "homepage: https://acme.example/?client_secret=abc",
        "userinfo_endpoint: me?format=json&api_key=abc\nuserinfo_claims: {sub: $.id}",
        "renew: {url: 'https://api.acme.example/r?a=b&token=abc'}",
        "options: {stage: {enum: [a], sets: {api_base_url: 'https://api.acme.example/?token=abc'}}}",
        "authorize_params: {oauth_consumer_key: abc}",
        "environments: {sandbox: {api_params: {token: abc}}}",
        "revoke: {url: 'https://api.acme.example/r', params: {consumer_key: abc}}",
        "options: {stage: {enum: [a], sets: {headers: {Secret: abc}}}}",
        "rsa_key: |\n  -----BEGIN PRIVATE KEY-----",
    ],
)
def test_values_are_refused(text):
    assert codes(text) == ["P011"]
