"""P011: a provider file never holds a credential."""

from __future__ import annotations

from collections.abc import Iterator

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.document import Data, Step
from oauth1_catalog.catalog.masking import QUERY, is_credential
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.templates import PLACEHOLDER

_HELP = "delete it, revoke the value if it was real, and set it in the framework's configuration"
# What is sent as it stands; elsewhere, such a key names a credential and holds none.
_SENT = frozenset(
    {"api_params", "authorize_params", "access_token_params", "headers", "params", "request_token_headers"}
    | {"request_token_params", "userinfo_params"}
)
_HOLDERS = frozenset({"environments", "options", "renew", "revoke"})


def no_credential_in_parameters(subject: Subject) -> Iterator[Diagnostic]:
    """A parameter or header of a credential's name may hold a placeholder, never a value."""
    for base, data in _sent(subject.entry.data, ()):
        for key, value in data.items():
            path = (*base, key)
            if (
                is_credential(key)
                and isinstance(value, str)
                and PLACEHOLDER.sub("", value)
                and not subject.is_silenced(path)
            ):
                message = f"`{key}` is a credential; a provider file never holds one"
                yield subject.entry.diagnostic("P011", message, path, key=True, hint=_HELP)


def no_credential_in_urls(subject: Subject) -> Iterator[Diagnostic]:
    """The query of an address may hold a placeholder under a credential's name, never a value."""
    for section, data in subject.entry.data.items():
        for path, _, value in _texts(data, (section,)):
            if "?" not in value or " " in value or subject.is_silenced(path):
                continue
            if found := next((pair for pair in QUERY.finditer(value) if is_credential(pair["key"])), None):
                message = f"`{found['key']}` in the address is a credential; a provider file never holds one"
                yield subject.entry.diagnostic("P011", message, path, hint=_HELP)


def _sent(data: dict[str, Data], path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], dict[str, Data]]]:
    """The mappings of what is sent as it stands, with their paths."""
    for key, value in data.items():
        if not isinstance(value, dict):
            continue
        if key in _SENT:
            yield (*path, key), value
        elif path or key in _HOLDERS:
            yield from _sent(value, (*path, key))


def no_key_material(subject: Subject) -> Iterator[Diagnostic]:
    """No text anywhere is a key in PEM."""
    if not any("-----BEGIN" in document.text for document in subject.entry.documents):
        return
    for section, data in subject.entry.data.items():
        for path, key, value in _texts(data, (section,)):
            if "-----BEGIN" in value and not subject.is_silenced(path):
                yield subject.entry.diagnostic("P011", f"`{key}` holds key material", path, key=True, hint=_HELP)


def _texts(data: Data, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    """Every text with its path, and the key nearest to it."""
    if isinstance(data, str):
        yield path, str(next(step for step in reversed(path) if isinstance(step, str))), data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _texts(item, (*path, index))


RULES: tuple[Rule, ...] = (no_credential_in_parameters, no_credential_in_urls, no_key_material)
