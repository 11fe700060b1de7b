"""``catalog.json`` is complete and typed, as its schema describes: its reader gets what the library makes of YAML."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.catalog import _check  # private: what Catalog gives to resolve()
from oauth1_catalog.catalog.data import LEFT_OUT, from_published
from oauth1_catalog.catalog.files import VERSION
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.catalog.published import catalog_json, provider_json
from oauth1_catalog.catalog.published_schema import catalog_schema, catalog_schema_text
from oauth1_catalog.catalog.resolve import resolve

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schemas" / "catalog.schema.json"
CATALOG = Catalog()
CONTENT = catalog_json(CATALOG)
PUBLISHED: dict[str, Any] = json.loads(CONTENT)
PROVIDERS: dict[str, dict[str, Any]] = PUBLISHED["providers"]


def examples(name: str) -> dict[str, object]:
    return {key: value for key, value in CATALOG.required(name).items() if value is not None}


def plain(provider: Provider) -> dict[str, object]:
    """The provider's fields, with the defaults of signing that the library leaves out."""
    from oauth1_catalog.catalog.data import SIGNING_DEFAULTS

    signing = {**SIGNING_DEFAULTS, **provider.client_kwargs}
    signing["version"] = None if signing["version"] == "none" else signing["version"]
    fields = {name: getattr(provider, name) for name in Provider.__slots__ if name != "all_headers"}
    return {**fields, "client_kwargs": signing}


def test_it_has_the_format_the_version_and_every_provider() -> None:
    assert list(PUBLISHED) == ["format", "version", "providers", "defaults", "sources"]
    assert PUBLISHED["format"] == 1
    assert PUBLISHED["version"] == CATALOG.version
    assert list(PROVIDERS) == sorted(path.stem for path in (ROOT / "providers").glob("*.yaml"))


def test_the_version_is_a_date_that_has_come() -> None:
    version = (ROOT / "providers" / "VERSION").read_text(encoding="utf-8")
    assert version.endswith("\n")
    assert VERSION.fullmatch(version.strip())
    day = dt.date(*map(int, version.strip().split(".")[:3]))
    assert dt.date(2026, 11, 30) <= day <= dt.datetime.now(tz=dt.UTC).date()


def test_two_builds_have_the_same_bytes() -> None:
    program = (
        "import sys\nfrom oauth1_catalog import Catalog\nfrom oauth1_catalog.catalog.published import catalog_json\n"
    )
    program += "sys.stdout.buffer.write(catalog_json(Catalog()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": "7"})
    assert done.stdout == CONTENT


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_field_is_there(name: str) -> None:
    fields = {info.alias or field for field, info in ProviderFile.model_fields.items()}
    assert set(PROVIDERS[name]) == fields - LEFT_OUT
    signing = PROVIDERS[name]["client_kwargs"]
    assert signing["signature_method"]
    assert signing["signature_type"] in {"HEADER", "QUERY", "BODY"}
    assert PROVIDERS[name]["required_credentials"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_library_makes_the_same_of_it_as_of_the_yaml(name: str) -> None:
    published = from_published(PROVIDERS[name])
    file = CATALOG.file(name)
    for environment in (None, *file.environments):
        for values in choices(file, examples(name)):
            expected = CATALOG.provider(name, environment=environment, values=values)
            made = resolve(published, check=_check, environment=environment, values=values)
            assert plain(made) == plain(expected), (environment, values)


def choices(file: ProviderFile, needed: dict[str, object]) -> list[dict[str, object]]:
    """The examples of the variables, and with each an example of each option."""
    found = [needed]
    for key, option in file.options.items():
        chosen = option.enum or tuple(filter(None, (option.example,)))
        found.extend({**needed, key: value} for value in chosen)
    return found


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_reader_replaces_the_fields_of_an_environment(name: str) -> None:
    """As a program in another language does it: one assignment for each field."""
    for environment, about in PROVIDERS[name]["environments"].items():
        there = copy.deepcopy(PROVIDERS[name])
        there.update({key: value for key, value in about.items() if key != "description"})
        there["environments"] = {}
        made = resolve(from_published(there), check=_check, values=examples(name))
        expected = CATALOG.provider(name, environment=environment, values=examples(name))
        assert {**plain(made), "environment": environment} == plain(expected)


def test_what_differs_from_its_yaml_is_written_out() -> None:
    flickr, x, cerner, launchpad = (PROVIDERS[name] for name in ("flickr", "x", "cerner", "launchpad"))
    assert flickr["authorize_params"] == {"perms": "read"}  # the default of an option
    assert flickr["options"]["perms"]["sets"] == {"authorize_params": {"perms": "{value}"}}
    assert x["access_token_url"].startswith("https://api.x.com/")
    assert x["callback"] == PROVIDERS["twitter"]["callback"]  # from the file that it extends
    sandbox = cerner["environments"]["sandbox"]["client_kwargs"]
    assert sandbox == {**cerner["client_kwargs"], "realm": "https://oauth-api.sandboxcerner.com"}
    staging = launchpad["environments"]["staging"]["headers"]
    assert staging == {**launchpad["headers"], "Referer": "https://staging.launchpad.net/"}
    assert len(staging) > 1
    assert PROVIDERS["jira_data_center"]["required_credentials"] == ["client_id", "rsa_key"]


def test_an_environment_has_the_whole_value_of_what_it_changes() -> None:
    data = from_published(PROVIDERS["twitter"]) | {
        "headers": {"A": "1", "B": "2"},
        "callback": {"denied_param": "no"},
        "renew": {"url": "https://api.twitter.com/renew", "method": "PUT"},
        "options": {"lang": {"default": "en", "sets": {"headers": {"C": "{value}"}}}},
        "environments": {
            "test": {
                "headers": {"B": "3"},
                "callback": {"value": "oob"},
                "renew": {"url": "https://test.example/renew"},
                "client_kwargs": {"signature_method": "RSA-SHA1"},
            }
        },
    }
    found = provider_json(data)
    test = found["environments"]["test"]
    assert found["headers"] == {"A": "1", "B": "2", "C": "en"}
    assert test["headers"] == {"A": "1", "B": "3", "C": "en"}
    assert test["callback"] == {**found["callback"], "value": "oob"}
    assert test["renew"] == {**found["renew"], "url": "https://test.example/renew"}
    assert test["client_kwargs"] == {**found["client_kwargs"], "signature_method": "RSA-SHA1"}
    assert test["required_credentials"] == ["client_id", "rsa_key"]
    assert set(test) == {"description", "headers", "callback", "renew", "client_kwargs", "required_credentials"}


class TestSchema:
    def test_the_committed_schema_is_up_to_date(self) -> None:
        assert SCHEMA.read_text(encoding="utf-8") == catalog_schema_text(), (
            "run: oauth1-catalog schema catalog --write schemas"
        )

    def test_the_file_passes(self, tmp_path: Path) -> None:
        file = tmp_path / "catalog.json"
        file.write_bytes(CONTENT)
        command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    def test_every_field_is_described(self) -> None:
        for name, definition in catalog_schema()["$defs"].items():
            for field, about in definition["properties"].items():
                assert about.get("description"), f"{name}.{field}"

    def test_a_field_has_one_type(self) -> None:
        """And null, for what a provider does not have. Only a list and an object have types of their own below."""
        for name, definition in catalog_schema()["$defs"].items():
            for field, about in definition["properties"].items():
                kinds = [kind for kind in about.get("anyOf", [about]) if kind != {"type": "null"}]
                assert len(kinds) == 1, f"{name}.{field}"
                assert isinstance(kinds[0].get("type", ""), str), f"{name}.{field}"

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("format",), 2),
            (("version",), "2026-11-30"),
            (("providers", "twitter", "callback", "registered"), "true"),
            (("providers", "twitter", "display_name"), None),
            (("providers", "twitter", "client_kwargs", "signature_method"), None),
            (("providers", "twitter", "client_kwargs", "signature_method"), "HMAC-MD5"),
            (("providers", "twitter", "request_token_params"), None),
            (("providers", "twitter", "unknown"), ""),
            (("providers", "cerner", "environments", "sandbox", "api_base_url"), 5),
            (("providers", "cerner", "environments", "sandbox", "quirks"), []),
            (("providers", "flickr", "options", "perms", "sets", "headers"), None),
            (("providers", "flickr", "options", "perms", "sets", "docs_url"), "https://x.example"),
            (("providers", "Flickr"), PROVIDERS["flickr"]),
        ],
    )
    def test_a_wrong_value_fails(self, path: tuple[str, ...], value: object) -> None:
        wrong = copy.deepcopy(PUBLISHED)
        here = wrong
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = value
        validator = jsonschema.Draft202012Validator(catalog_schema())
        assert validator.is_valid(PUBLISHED)
        assert not validator.is_valid(wrong)

    @pytest.mark.parametrize("field", sorted(set(PROVIDERS["twitter"])))
    def test_a_missing_field_fails(self, field: str) -> None:
        schema = catalog_schema()
        validator = jsonschema.Draft202012Validator({**schema["$defs"]["Provider"], "$defs": schema["$defs"]})
        provider = {key: value for key, value in PROVIDERS["twitter"].items() if key != field}
        assert not validator.is_valid(provider)


def test_one_line_for_each_provider_and_no_secret_of_the_builder() -> None:
    text = CONTENT.decode()
    assert len(re.findall(r'^"[a-z0-9_]+":\{', text, re.MULTILINE)) == len(PROVIDERS)
    assert str(ROOT) not in text
