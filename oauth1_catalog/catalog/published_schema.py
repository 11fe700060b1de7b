"""The JSON Schema of ``catalog.json``, from the models of a provider file.

It differs from the schema of a provider file (``schema.py``): defaults are written out, so each field is required, and
each has one type.
"""

from __future__ import annotations

import json
import re
from typing import Any

from oauth1_catalog.catalog.data import FORMAT, LEFT_OUT, SIGNING_DEFAULTS
from oauth1_catalog.catalog.files import NAME, VERSION
from oauth1_catalog.catalog.model import Overrides, ProviderFile
from oauth1_catalog.catalog.schema import DIALECT, one_line

CATALOG_SCHEMA_FILE = "catalog.schema.json"

Json = Any  # JSON Schema is a tree of any JSON values

_DESCRIPTIONS = {
    "name": "The provider's name. It is unique in the catalog.",
    "display_name": "The provider's name, as people write it.",
    "required_credentials": "The credentials that an application must configure.",
    "options": "Choices that an application can make. The fields of the provider contain the defaults of its options. "
    "For another choice, merge `sets` into the fields at every depth, with the value in place of `{value}`.",
    "environments": "Other installations of the provider, such as a sandbox. An environment contains the whole value "
    "of each field that differs from the provider's.",
}


def catalog_schema() -> dict[str, Json]:
    """The schema of ``catalog.json`` (JSON Schema 2020-12).

    >>> catalog_schema()["properties"]["format"]
    {'const': 1, 'description': 'The format of this file.'}
    """
    provider = ProviderFile.model_json_schema(mode="serialization")
    definitions: dict[str, Json] = provider.pop("$defs")
    for name in LEFT_OUT:
        del provider["properties"][name]
        provider["required"].remove(name)
    _without_null(provider, ("display_name", "required_credentials", "user_agent"))
    _without_null(definitions["ClientKwargs"], [key for key, value in SIGNING_DEFAULTS.items() if value is not None])
    for name, text in _DESCRIPTIONS.items():
        provider["properties"][name]["description"] = text
    changes, of_changes = _changes()
    definitions["Option"]["properties"]["sets"]["$ref"] = "#/$defs/OverridesChanges"
    definitions["Environment"] = _environment(definitions["Environment"], provider)
    schema: dict[str, Json] = {
        "$schema": DIALECT,
        "$id": f"urn:oauth1-catalog:{CATALOG_SCHEMA_FILE}",
        "title": "oauth1-catalog catalog.json",
        "description": "OAuth 1.0 providers, for programs in any language. A later version can have more fields; a "
        "program ignores those that it does not know.",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT, "description": "The format of this file."},
            "version": {
                "type": "string",
                "pattern": f"^{VERSION.pattern}$",
                "description": "The version of the data: its date, and a number if it is not the first of that day.",
            },
            "providers": {
                "type": "object",
                "propertyNames": {"pattern": f"^{NAME.pattern}$"},
                "additionalProperties": {"$ref": "#/$defs/Provider"},
                "description": "The providers by name.",
            },
            "defaults": {"type": "object", "description": "Internal: lets an older oauth1-catalog read this file."},
            "sources": {
                "type": "object",
                "description": "Internal: the hashes of the YAML files.",
            },
        },
        "required": ["format", "version", "providers"],
        "$defs": {"Provider": provider, "OverridesChanges": changes, **definitions, **of_changes},
    }
    schema["$defs"] = _used(schema["$defs"])
    _tidy(schema["$defs"])
    return schema


def catalog_schema_text() -> str:
    """The schema as the text of ``schemas/catalog.schema.json``."""
    return json.dumps(catalog_schema(), indent=2, ensure_ascii=False) + "\n"


def _environment(given: Json, provider: Json) -> Json:
    """An environment has the types of the provider, and no field is required."""
    names = ("required_credentials", *Overrides.model_fields)
    properties = {"description": given["properties"]["description"]}
    properties |= {name: provider["properties"][name] for name in names}
    return {**given, "properties": properties, "required": ["description"]}


def _changes() -> tuple[Json, dict[str, Json]]:
    """What an option sets, and its sections: only the fields that it sets."""
    text = json.dumps(Overrides.model_json_schema(mode="serialization"))
    changes = json.loads(re.sub(r'("#/\$defs/\w+)"', r'\1Changes"', text))
    definitions = {f"{name}Changes": part for name, part in changes.pop("$defs").items()}
    for part in (changes, *definitions.values()):
        part.pop("required", None)
        _without_null(part, part["properties"])
    return changes, definitions


def _without_null(part: Json, names: Any) -> None:
    """The fields are never null."""
    for name in names:
        field = part["properties"][name]
        kinds = [kind for kind in field.pop("anyOf", ()) if kind != {"type": "null"}]
        if len(kinds) == 1:
            field.update(kinds[0])
        elif kinds:
            field["anyOf"] = kinds


def _used(definitions: dict[str, Json]) -> dict[str, Json]:
    """The definitions without those that nothing uses."""
    used: set[str] = set()
    waiting = ["Provider"]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting.extend(re.findall(r'"#/\$defs/(\w+)"', json.dumps(definitions[name])))
    return {name: about for name, about in definitions.items() if name in used}


def _tidy(definitions: dict[str, Json]) -> None:
    """Remove generated titles and defaults, which are written out, and put each description on one line."""
    for part in definitions.values():
        part.pop("title", None)
        for about in (part, *part["properties"].values()):
            if "description" in about:
                about["description"] = one_line(about["description"])
        for field in part["properties"].values():
            field.pop("title", None)
            field.pop("default", None)
