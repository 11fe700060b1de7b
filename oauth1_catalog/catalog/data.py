"""The data of a provider file: mappings, lists and texts, as in its YAML, and made of ``catalog.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
Step: TypeAlias = "str | int"

# The fields that identify a file are not inherited, nor what was found out about its endpoints.
OWN_FIELDS = frozenset({"schema_version", "name", "aliases", "extends", "replace", "probed"})

FORMAT = 1
"""The format of ``catalog.json``. It changes only if a reader of the old one would misunderstand the new one."""

LEFT_OUT = frozenset({"schema_version", "extends", "replace", "emulated_at"})
"""The fields that ``catalog.json`` does not have: they concern only the YAML file, or the emulator."""

SIGNING_DEFAULTS: Mapping[str, str | bool | None] = {
    "signature_method": "HMAC-SHA1",
    "signature_type": "HEADER",
    "realm": None,
    "force_include_body": False,
    "body_hash": "none",
    "version": "1.0",
    "empty_token": False,
    "profile": "rfc5849",
}
"""How requests are signed if ``client_kwargs`` leaves it out."""


def default_credentials(signature_method: str) -> tuple[str, ...]:
    """The credentials that an application must configure, unless the file lists others.

    >>> default_credentials("RSA-SHA1")
    ('client_id', 'rsa_key')
    """
    return ("client_id", "rsa_key" if signature_method.startswith("RSA-") else "client_secret")


def from_published(provider: Mapping[str, Any]) -> dict[str, Data]:
    """The data of a provider of ``catalog.json``, as if its file had all fields.

    >>> from_published({"name": "x", "callback": {"registered": True, "state_param": None}})["callback"]
    {'registered': 'true'}
    """
    data = dict(provider)
    signing, environments = data.get("client_kwargs"), data.get("environments")
    if isinstance(signing, dict):
        if data.get("required_credentials") == list(default_credentials(str(signing.get("signature_method")))):
            del data["required_credentials"]  # it depends on the method, which an option can change
        # A default that no source confirms was not in the file, and needs none.
        sources = data.get("evidence")
        entries = [entry for entry in sources if isinstance(entry, dict)] if isinstance(sources, list) else []
        confirmed = {field for entry in entries for field in texts_of(entry.get("fields"))}
        kept = "signature_method" if confirmed & {"client_kwargs", "client_kwargs.signature_method"} else None
        data["client_kwargs"] = {
            key: value for key, value in signing.items() if key == kept or value != SIGNING_DEFAULTS.get(key)
        }
    if isinstance(environments, dict):
        data["environments"] = {
            name: {key: value for key, value in about.items() if key != "required_credentials"}
            if isinstance(about, dict)
            else about
            for name, about in environments.items()
        }
    return {"schema_version": "1", **{key: _as_text(value) for key, value in data.items() if value is not None}}


def _as_text(value: Any) -> Data:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items() if item is not None}
    return [_as_text(item) for item in value] if isinstance(value, list) else str(value)


def dotted(path: Sequence[Step]) -> str:
    """A path in dotted form.

    >>> dotted(["evidence", 0, "source"])
    'evidence[0].source'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def texts_of(data: Data) -> tuple[str, ...]:
    """The texts of a list; empty if the data is not a list."""
    return tuple(item for item in data if isinstance(item, str)) if isinstance(data, list) else ()


def merge(base: dict[str, Data], over: dict[str, Data]) -> dict[str, Data]:
    """A new mapping: ``base`` with the values of ``over``, at every depth; ``None`` removes a key.

    >>> merge({"a": {"b": "1", "c": "2"}, "d": ["x"]}, {"a": {"b": None}, "d": ["y"]})
    {'a': {'c': '2'}, 'd': ['y']}
    """
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged
