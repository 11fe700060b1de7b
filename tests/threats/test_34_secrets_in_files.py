# ruff: noqa: E501 - lists of odd texts
"""Threat 34: a provider file holds a credential. It is refused wherever it stands, and shown by nothing that refuses it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oauth1_catalog import Catalog
from oauth1_catalog.cli import cli
from oauth1_catalog.cli.files import FORMATS
from oauth1_catalog.errors import ProviderFileError
from tests.secrecy.reporters import Shown, listening, sentry
from tests.threats.hostile_files import HEAD

SECRET = "CanaryHunter2"
PLACES = {
    "a field": "client_secret: {s}",
    "another word": "consumer_key: {s}",
    "capitals": "CLIENT_SECRET: {s}",
    "hyphens": "client-secret: {s}",
    "quotes": "'client_secret': '{s}'",
    "an escape": '"client\\u005fsecret": {s}',
    "a block": "client_secret: |\n  {s}\n  {s}",
    "folded": "client_secret: >-\n  {s}",
    "the next line": "client_secret:\n  {s}",
    "a list": "client_secret: [{s}, {s}]",
    "a mapping": "client_secret: {{a: {s}}}",
    "twice": "client_secret: {s}\nclient_secret: {s}",
    "signing": "client_kwargs: {{rsa_key: {s}}}",
    "a passphrase": "rsa_key_passphrase: {s}",
    "a password": "password: {s}",
    "a header": "headers: {{X-Api-Key: {s}}}",
    "the header": "headers: {{Authorization: 'Bearer {s}'}}",
    "a header of step one": "request_token_headers: {{X-Secret: {s}}}",
    "a parameter": "api_params: {{api_key: {s}}}",
    "a parameter of step one": "request_token_params: {{x_auth_password: {s}}}",
    "the user's address": "authorize_params: {{oauth_consumer_key: {s}}}",
    "an environment": "environments: {{sandbox: {{client_secret: {s}}}}}",
    "an option": "options: {{a: {{enum: [x], sets: {{api_params: {{token: {s}}}}}}}}}",
    "an endpoint": "renew: {{url: https://api.acme.example/r, params: {{client_secret: {s}}}}}",
    "an exchange": "successor: {{url: https://api.acme.example/r, auth: client, params: {{client_secret: {s}}}}}",
    "an exchanged token": "successor: {{url: https://api.acme.example/r, auth: client, params: {{oauth_token_secret: {s}}}}}",
    "an endpoint's query": "renew: {{url: 'https://api.acme.example/r?client_secret={s}'}}",
    "an address's query": "homepage: https://acme.example/?api_key={s}",
    "an address's user": "homepage: https://user:{s}@acme.example/",
    "a source": "evidence: [{{fields: [api_base_url], kind: provider_docs, checked: 2026-01-01, source: 'https://user:{s}@a.example/'}}]",
    "a key": "x: |\n  -----BEGIN PRIVATE KEY-----\n  {s}{s}{s}{s}{s}{s}\n  -----END PRIVATE KEY-----",
    "a comment beside": "unknown: x  # client_secret: {s}",
    "a comment before": "# client_secret: {s}\nunknown: x",
    "broken YAML": "client_secret: {s}: [",
    "an open quote": "client_secret: '{s}",
    "an open mapping": "client_kwargs: {{client_secret: {s}",
    "a zero": "client_secret: {s}\0",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def write(folder: Path, place: str) -> None:
    text = HEAD.replace("{name}", "acme") + PLACES[place].format(s=SECRET) + "\n"
    (folder / "acme.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("place", PLACES)
def test_no_command_lets_it_pass_or_shows_it(folder: Path, place: str) -> None:
    for arguments in (*(["validate", "--format", form] for form in FORMATS), ["show"], ["try"], ["emulate"]):
        write(folder, place)
        result = CliRunner().invoke(cli, [*arguments, "acme.yaml"])
        assert result.exit_code in {1, 2}, arguments
        assert SECRET not in f"{result.output}{result.stderr}{result.exception!r}", arguments


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("arguments", [["fmt", "--check"], ["validate", "--fix"]])
def test_no_difference_shows_it(folder: Path, place: str, arguments: list[str]) -> None:
    write(folder, place)
    result = CliRunner().invoke(cli, [*arguments, "acme.yaml"])
    assert SECRET not in f"{result.output}{result.stderr}{result.exception!r}"


def test_no_framework_takes_it_or_shows_it(folder: Path, registry: Callable[..., Any]) -> None:
    """In messages, logs, warnings and crash reports."""
    oauth = registry(catalog=Catalog(folder, builtin=False))
    with sentry() as report:
        for place in PLACES:
            write(folder, place)
            with listening() as heard, warnings.catch_warnings(), pytest.raises(ProviderFileError) as caught:
                oauth.register_from_catalog("acme", client_id="key", client_secret="secret")
            assert SECRET not in str(heard), place
            assert SECRET not in "".join(Shown(caught.value, report).texts), place
