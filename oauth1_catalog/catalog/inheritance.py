"""One provider's data out of its file and of the files that it ``extends``.

Rule: mappings are merged deeply, lists and values are replaced, ``null`` removes. Each value keeps the file that it
came from, so that a finding is told at its own place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.document import Data, Document, Step, dotted

# What makes a file this file and no other is not inherited.
OWN_FIELDS = frozenset({"schema_version", "name", "aliases", "extends", "replace"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider's merged data, and the documents that it was merged from, its own first."""

    documents: tuple[Document, ...]
    data: dict[str, Data]
    findings: tuple[Diagnostic, ...] = ()

    @property
    def own(self) -> Document:
        """The provider's own file."""
        return self.documents[0]

    def origin(self, path: Sequence[Step]) -> Document:
        """The file that the value at ``path`` came from; the provider's own where none has it."""
        for document in self.documents:
            if document.has(path):
                return document
        return self.own

    def diagnostic(
        self, code: str, message: str, path: Sequence[Step], *, key: bool = False, hint: str = "", warning: bool = False
    ) -> Diagnostic:
        """A finding at the value of ``path``, or at its key, in the file that it came from."""
        return self.origin(path).diagnostic(code, message, path, key=key, hint=hint, warning=warning)


def inherit(documents: Sequence[Document]) -> Entry:
    r"""Merge a provider's own document over the ones that it extends, the nearest first.

    >>> from oauth1_catalog.catalog.source import read
    >>> own = read("name: x\nextends: twitter\ncallback: {verifier: null}\n", path="x.yaml")
    >>> base = read("name: twitter\ncallback: {verifier: none, confirmed: none}\n", path="twitter.yaml")
    >>> inherit([own, base]).data["callback"]
    {'confirmed': 'none'}
    """
    own = documents[0]
    if len(documents) == 1 and not own.has_null:
        return Entry((own,), own.data)
    data: dict[str, Data] = {}
    for document in reversed(documents):
        inherited = {key: value for key, value in data.items() if key not in OWN_FIELDS}
        data = merge(inherited, document.data)
    findings = () if len(documents) > 1 else tuple(_empty(own, own.data, ()))
    return Entry(tuple(documents), data, findings)


def merge(base: dict[str, Data], over: dict[str, Data]) -> dict[str, Data]:
    """A new mapping: ``over`` laid deeply over ``base``.

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


def _empty(document: Document, data: Data, path: tuple[Step, ...]) -> list[Diagnostic]:
    """Fields without a value: they would remove something, and there is nothing to remove."""
    if not isinstance(data, dict):
        return []
    found = []
    for key, value in data.items():
        below = (*path, key)
        if value is None and below not in document.broken:
            hint = "give it a value, or delete the line; null only removes a field of the file that `extends` names"
            found.append(document.diagnostic("P018", f"`{dotted(below)}` has no value", below, key=True, hint=hint))
        else:
            found.extend(_empty(document, value, below))
    return found
