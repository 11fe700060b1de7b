"""``catalog.json``: the whole catalog in one file, for programs in any language and for older versions of this one.

Each provider is typed and complete: ``extends`` is merged, all defaults are written out, and those of its options are
applied. An environment contains the whole value of each field that it changes, so that a reader replaces fields.

Rule 1: the same catalog makes the same bytes.
Rule 2: each provider has one line, so that one is loaded without the others (``shipped.py``). A text in JSON contains
no line break, so the line that begins with a name is that provider's.
Rule 3: a new field of format 1 has a default that means what was before. Its default is in ``defaults``, so that an
older library can ignore the field where it is not used (``pinned.py``). Anything else is a new format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from oauth1_catalog.catalog.data import FORMAT, LEFT_OUT, SIGNING_DEFAULTS, default_credentials
from oauth1_catalog.catalog.model import Overrides, ProviderFile, Section, SuccessorOverrides
from oauth1_catalog.catalog.pinned import PinnedDocument
from oauth1_catalog.catalog.resolve import Tree, with_environment, with_options
from oauth1_catalog.catalog.validation import annotations_of, model_in, model_of
from oauth1_catalog.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from oauth1_catalog.catalog.catalog import Catalog
    from oauth1_catalog.catalog.document import Entry

Json = Any  # a tree of JSON values


def catalog_json(catalog: Catalog, *, version: str | None = None, names: Sequence[str] | None = None) -> bytes:
    """The content of ``catalog.json``.

    Args:
        catalog: the catalog; every provider of it must be valid.
        version: the version of the data; by default that of the catalog.
        names: the names of the providers; by default all.

    Raises:
        ConfigurationError: a file is not valid, or there is no version.

    >>> from oauth1_catalog import Catalog
    >>> json.loads(catalog_json(Catalog()))["providers"]["flickr"]["authorize_params"]
    {'perms': 'read'}
    """
    version = version or catalog.version
    if version is None:
        raise ConfigurationError(
            description="the catalog has no version.", advice="Write its date into a file VERSION beside its files."
        )
    providers, sources = [], []
    for name in catalog.names() if names is None else sorted(names):
        catalog.file(name)  # raises an error if the file is not valid
        entry = catalog.entry(name)
        providers.append(f"{_as_json(name)}:{_as_json(provider_json(entry.data))}")
        sources.append(f"{_as_json(f'{name}.yaml')}:{_as_json(_checksums(entry))}")
    parts = (
        f'"format":{FORMAT},"version":{_as_json(version)}',
        f'"providers":{_lines(providers)}',
        f'"defaults":{_as_json(_defaults())}',
        f'"sources":{_lines(sources)}',
    )
    return f"{{{','.join(parts)}}}\n".encode()


def _lines(members: Sequence[str]) -> str:
    """An object with a line for each member."""
    joined = ",\n".join(members)
    return f"{{\n{joined}\n}}"


def provider_json(data: Tree) -> dict[str, Json]:
    """A provider as in ``catalog.json``.

    Args:
        data: the valid data of its file, merged with the file that it ``extends``.

    >>> provider_json({"name": "x", "schema_version": "1"})["client_kwargs"]["signature_method"]
    'HMAC-SHA1'
    """
    file = model_of(data)
    base = _fields(data)
    base["options"] = {
        name: {**_dump(option), "sets": _dump(option.sets, exclude_unset=True)} for name, option in file.options.items()
    }
    base["environments"] = {
        name: {"description": about.description, **_changes(base, _fields(with_environment(file.name, data, name)))}
        for name, about in file.environments.items()
    }
    return base


def _fields(data: Tree) -> dict[str, Json]:
    """The fields of a provider, typed, with all defaults."""
    data = with_options(data, {})
    file = model_of({key: value for key, value in data.items() if key not in {"extends", "options", "environments"}})
    fields = {key: value for key, value in _dump(file).items() if key not in LEFT_OUT}
    signing = {key: SIGNING_DEFAULTS[key] if value is None else value for key, value in fields["client_kwargs"].items()}
    agent = fields["user_agent"] or {"value": None, "required": False, "example": None}
    credentials = fields["required_credentials"] or list(default_credentials(str(signing["signature_method"])))
    name = fields["display_name"] or fields["name"]
    return fields | {
        "display_name": name,
        "required_credentials": credentials,
        "client_kwargs": signing,
        "user_agent": agent,
    }


def _changes(base: Mapping[str, Json], there: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in there.items() if key not in {"options", "environments"} and value != base[key]}


def _dump(part: Section, *, exclude_unset: bool = False) -> dict[str, Json]:
    return part.model_dump(mode="json", by_alias=True, exclude_unset=exclude_unset)


def _checksums(entry: Entry) -> dict[str, str]:
    """The SHA-256 of each YAML file that a provider was made of, by its name."""
    files = (one for one in entry.documents if not isinstance(one, PinnedDocument))
    return {f"{one.data['name']}.yaml": hashlib.sha256(one.text.encode()).hexdigest() for one in files}


def _defaults() -> dict[str, dict[str, Json]]:
    """The defaults of each section's fields, by the names of the models."""
    found: dict[str, dict[str, Json]] = {}
    waiting: list[type[BaseModel]] = [ProviderFile]
    while waiting:
        model = waiting.pop()
        if model.__name__ in found or issubclass(model, Overrides | SuccessorOverrides):
            continue  # these contain only what they change
        found[model.__name__] = {
            info.alias or name: to_jsonable_python(
                info.get_default(call_default_factory=True, validated_data={}), by_alias=True
            )
            for name, info in model.model_fields.items()
            if not info.is_required() and name not in LEFT_OUT
        }
        waiting.extend(filter(None, map(model_in, annotations_of(model).values())))
    return dict(sorted(found.items()))


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
