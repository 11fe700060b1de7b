"""Write the tables of ``docs/provider-file.md`` from the models; the text between them is written by hand.

Run it after a field changed: ``python docs/build_provider_file.py``. A test fails where the page is stale.
"""

from __future__ import annotations

import re
from pathlib import Path

from oauth1_catalog.catalog import model as models
from oauth1_catalog.catalog.model import ProviderFile, Section
from oauth1_catalog.catalog.schema import field_descriptions, provider_schema

PAGE = Path(__file__).with_name("provider-file.md")
_TABLE = re.compile(r"(<!-- fields of (?P<name>\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def filled(text: str) -> str:
    """The page with each table between ``<!-- fields of X -->`` and ``<!-- end -->`` rewritten."""
    return _TABLE.sub(lambda match: f"{match[1]}\n{table(match['name'])}\n{match[3]}", text)


def table(name: str) -> str:
    """The fields of a model: name, kind of value, meaning."""
    model: type[Section] = getattr(models, name)
    schema = provider_schema()
    definition = schema if model is ProviderFile else schema["$defs"][name]
    definition = next((part for part in definition.get("anyOf", ()) if "properties" in part), definition)
    rows = ["| field | value | meaning |", "| --- | --- | --- |"]
    for field, about in field_descriptions(model).items():
        described = definition["properties"][field]
        default = f" Default: `{_plain(described['default'])}`." if described.get("default") not in (None, "") else ""
        rows.append(f"| `{field}` | {_kind(described)} | {about}{default} |".replace("{|", "{\\|"))
    return "\n".join(rows)


def _kind(field: dict[str, object]) -> str:
    """What an editor's reader would call the value."""
    if isinstance(reference := field.get("$ref"), str):
        return _link(reference.rpartition("/")[2])
    if isinstance(parts := field.get("anyOf"), list):
        kinds = [_kind(part) for part in parts if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if isinstance(words := field.get("enum"), list):
        return ", ".join(f"`{word}`" for word in words) if len(words) <= 8 else "a word of the list"
    if "const" in field:
        return f"`{_plain(field['const'])}`"
    kind = field.get("type")
    if kind == "array":
        items = field.get("items")
        return f"list of {_kind(items)}" if isinstance(items, dict) else "list"
    if kind == "object":
        inner = field.get("additionalProperties") or next(iter(_patterns(field).values()), None)
        return f"mapping to {_kind(inner)}" if isinstance(inner, dict) else "mapping"
    if isinstance(kind, list):
        return "text"
    return {"boolean": "`true` or `false`", "integer": "whole number", "string": "text"}.get(str(kind), "text")


def _patterns(field: dict[str, object]) -> dict[str, object]:
    found = field.get("patternProperties")
    return found if isinstance(found, dict) else {}


def _link(name: str) -> str:
    return f"[{_title(name)}](#{_title(name).lower().replace(' ', '-')})"


def _title(name: str) -> str:
    """A model's name as the page's headings have it.

    >>> _title("ClientKwargs")
    'Client kwargs'
    """
    words = re.findall("[A-Z][a-z]*", name)
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
