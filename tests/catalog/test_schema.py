"""The schema is the models', and says what YAML naturally holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from oauth1_catalog.catalog import model
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.schema import field_descriptions, provider_schema, schema_text

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas" / "provider.schema.json"
PROVIDERS = sorted((ROOT / "providers").glob("*.yaml"))
BROKEN = Path(__file__).parent / "broken"
# One of each kind that a schema can say.
INVALID = (
    "unknown_field", "unknown_nested", "credential", "no_name", "no_version", "evidence_without_source", "bad_method",
    "bad_signature_method", "bad_placement", "norway", "sexagesimal", "text_for_list", "text_for_mapping", "bad_name",
    "no_request_token_url", "static_without_base", "not_https", "not_a_url", "no_scheme", "fragment", "future_version",
)  # fmt: skip


def check(*paths: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_committed_schema_is_up_to_date():
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run: oauth1-catalog schema --write schemas"


def test_every_field_is_described():
    schema = provider_schema()
    definitions = {"": schema, **schema["$defs"]}
    for name, definition in definitions.items():
        for part in definition.get("anyOf", [definition]):
            for field, about in part.get("properties", {}).items():
                assert about.get("description"), f"{name}.{field}"
    assert set(field_descriptions(ProviderFile)) == set(schema["properties"])
    assert "from" in field_descriptions(model.Variable)


def test_our_files_pass():
    assert PROVIDERS
    run = check(*PROVIDERS)
    assert run.returncode == 0, run.stdout


def test_invalid_files_fail():
    run = check(*(BROKEN / f"{name}.yaml" for name in INVALID))
    assert run.returncode == 1
    failed = {Path(line.partition("::")[0].strip()).stem for line in run.stdout.splitlines() if "::$" in line}
    assert set(INVALID) - failed == set()


@pytest.mark.parametrize("path", PROVIDERS, ids=lambda path: path.stem)
def test_editors_find_the_schema(path):
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first == "# yaml-language-server: $schema=../schemas/provider.schema.json"


def test_examples_are_right():
    schema = provider_schema()
    examples = {name: about["examples"] for name, about in schema["properties"].items() if "examples" in about}
    assert len(examples) > 20
    for name, values in examples.items():
        for value in values:
            jsonschema.validate(value, {**schema["properties"][name], "$defs": schema["$defs"]})
            data = {"schema_version": 1, "name": "acme", name: value}
            ProviderFile.model_validate(json.loads(json.dumps(data), parse_int=str))
