"""P011: a provider file never holds a credential."""

from __future__ import annotations

from collections.abc import Iterator

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.source import Data, Step, is_credential
from oauth1_catalog.catalog.templates import PLACEHOLDER

_HELP = "delete it, revoke the value if it was real, and set it in the framework's configuration"
# These name credentials, and hold none.
_NAMES_ONLY = frozenset({"credential_labels", "userinfo_claims", "quirks", "evidence"})


def no_credential_in_parameters(subject: Subject) -> Iterator[Diagnostic]:
    """A parameter or header of a credential's name may hold a placeholder, never a value; key material nowhere."""
    for path, value in _texts(subject.entry.data, ()):
        if subject.is_silenced(path):
            continue
        key = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
        if "-----BEGIN" in value:
            yield subject.entry.diagnostic("P011", f"`{key}` holds key material", path, key=True, hint=_HELP)
        elif (
            len(path) > 1
            and path[0] not in _NAMES_ONLY
            and path[-2] != "fields"
            and is_credential(key)
            and PLACEHOLDER.sub("", value)
        ):
            message = f"`{key}` is a credential; a provider file never holds one"
            yield subject.entry.diagnostic("P011", message, path, key=True, hint=_HELP)


def _texts(data: Data, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _texts(item, (*path, index))


RULES: tuple[Rule, ...] = (no_credential_in_parameters,)
