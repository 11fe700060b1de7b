"""Programs in Node and PHP log in with only ``catalog.json``, through every provider with a redirect flow."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog, Provider
from oauth1_catalog.catalog.model import Option
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import addresses
from tests.foreign.environments import NODE, node_missing
from tests.foreign.verifiers import VERIFIERS

PROGRAMS = Path(__file__).parent / "catalog_json"
CALLBACK = "https://app.example/callback"
CATALOG = Catalog()
COMMANDS = {
    "oauth-1.0a (npm)": (
        ("node", str(PROGRAMS / "login.mjs"), str(NODE)),
        node_missing,
        frozenset({"HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"}),
    ),
    "OAuth (PECL)": (
        ("php", str(PROGRAMS / "login.php")),
        VERIFIERS["oauth_provider"].missing,
        frozenset({"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"}),
    ),
}
"""The programs, what they lack, and the signature methods of their libraries."""


class Program:
    """A program that gets jobs as lines, and answers in lines."""

    def __init__(self, command: tuple[str, ...], ca_file: str) -> None:
        environment = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": ca_file, "SSL_CERT_FILE": ca_file}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, job: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise AssertionError(self._process.stderr.read())
        return json.loads(line)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def redirects() -> Iterator[tuple[str, str | None]]:
    """Each provider with a redirect flow that is not retired, in each of its environments."""
    for name in CATALOG.names():
        file = CATALOG.file(name)
        if "redirect" in file.flows and file.status != "retired":
            yield from ((name, environment) for environment in (None, *file.environments))


def examples(name: str) -> dict[str, str]:
    return {key: value for key, value in CATALOG.required(name).items() if value is not None}


@pytest.fixture(scope="module")
def catalog_json(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes."""
    path = tmp_path_factory.mktemp("catalog") / "catalog.json"
    command = [sys.executable, "-m", "oauth1_catalog", "export", "--all", "--format", "json", "--output", str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


def program(language: str, catalog_json: Path, emulator: Emulator) -> Program:
    return Program((*COMMANDS[language][0], str(catalog_json)), emulator.ca_file)


def choices(option: Option) -> list[Any]:
    """Values of an option: each of its list, and several if it takes several."""
    if option.enum is None:
        return [option.example or "any"]
    return [*option.enum, *([list(option.enum)[:2]] if option.separator else [])]


def expected(provider: Provider) -> dict[str, Any]:
    """The fields of a provider under the names of its file."""
    fields = json.loads(json.dumps(dataclasses.asdict(provider)))
    fields.pop("all_headers")
    if fields["client_kwargs"].get("version", "") is None:
        fields["client_kwargs"]["version"] = "none"
    userinfo = fields.pop("userinfo") or {}
    for name in ("endpoint", "method", "params"):
        if name in userinfo:
            fields[f"userinfo_{name}"] = userinfo[name]
    compared = {name for name in fields if name.endswith(("_url", "_method", "_params", "_params_in", "_headers"))}
    compared |= {
        "headers",
        "api_hosts",
        "client_kwargs",
        "callback",
        "token_response",
        "renew",
        "revoke",
        "userinfo_endpoint",
    }
    return {name: value for name, value in fields.items() if name in compared}


@pytest.mark.parametrize("language", COMMANDS)
def test_the_choices_of_an_application_have_the_same_effect(
    language: str, catalog_json: Path, emulator: Emulator
) -> None:
    """Each environment, and each value of each option, as this library resolves them."""
    if missing := COMMANDS[language][1]():
        pytest.skip(missing)
    count = 0
    with program(language, catalog_json, emulator) as running:
        for name, environment in redirects():
            several: list[dict[str, Any]] = [{}]
            several += [{key: value} for key, option in CATALOG.file(name).options.items() for value in choices(option)]
            for chosen in several:
                values = {**examples(name), **chosen}
                told = running.ask({"provider": name, "environment": environment, "values": values})
                wanted = expected(CATALOG.provider(name, environment=environment, values=values))
                assert subset(wanted, told) == {}, (name, environment, chosen)
                count += 1
    assert count > 100


def subset(wanted: Any, told: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """The places at which ``told`` differs from what is wanted; an empty mapping in PHP is an empty list."""
    if isinstance(wanted, dict) and isinstance(told, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for key, value in wanted.items():
            found |= subset(value, told.get(key), f"{path}.{key}")
        return found
    return {} if wanted == told or (not wanted and not told) else {path: (wanted, told)}


def logins() -> Iterator[tuple[str, str, str | None]]:
    """Each language with the providers whose signature method its library has."""
    for language, (_, _, methods) in COMMANDS.items():
        for name, environment in redirects():
            provider = CATALOG.provider(name, environment=environment, values=examples(name))
            signing = provider.client_kwargs
            if provider.session_token is not None:
                continue  # these programs have no Diffie-Hellman; tests/foreign has another client of this provider
            if (signing.get("signature_method") or "HMAC-SHA1") in methods:
                yield language, name, environment


def test_every_provider_is_logged_in_to() -> None:
    """No provider has a signature method that no library of these has."""
    others = {(name, environment) for name, environment in redirects() if CATALOG.file(name).session_token is None}
    assert {(name, environment) for _, name, environment in logins()} == others


@pytest.mark.parametrize(("language", "name", "environment"), [*logins()])
@pytest.mark.filterwarnings("ignore::oauth1_catalog.errors.DeprecatedProviderWarning")
def test_a_login(name: str, environment: str | None, language: str, catalog_json: Path, emulator: Emulator) -> None:
    if missing := COMMANDS[language][1]():
        pytest.skip(missing)
    values = examples(name)
    provider = emulator.catalog.provider(name, environment=environment, values=values)
    oob = provider.callback.value == "oob"
    client = emulator.client(name, redirect_uri=CALLBACK if provider.callback.registered or oob else None)
    found = addresses(emulator, name, values)
    label = "_".join(filter(None, ("EMULATED", name, environment))).upper()
    job = {
        "provider": name,
        "environment": environment,
        "values": values,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "rsa_key": client.rsa_key,
        "redirect_uri": CALLBACK,
        "user_agent": "tests/1.0 (+https://app.example)",
        "https": found[f"{label}_HTTPS"],
    }
    with program(language, catalog_json, emulator) as running:
        back = emulator.approve(running.ask(job)["url"], user="grace")
        callback = back if back.startswith(CALLBACK) else f"{CALLBACK}?oauth_verifier={back}"
        answer = running.ask({"callback": callback})
    assert answer["token"]["oauth_token"]
    assert answer.get("status", 200) == 200, answer
    assert bool(provider.api_base_url) == ("status" in answer)
