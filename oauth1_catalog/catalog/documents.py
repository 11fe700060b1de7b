"""The documents of provider files: each by its name or an alias, with those that it extends.

Rule: text that is not a valid name is not looked up, so a name never leaves its directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.data import Data, texts_of
from oauth1_catalog.catalog.document import Diagnostic, Document, Entry, file_error, inherit
from oauth1_catalog.catalog.files import NAME, package_directories, shipped_directory
from oauth1_catalog.catalog.layers import KEPT, Folder, Layer, Reader, shown_path
from oauth1_catalog.errors import UnknownProviderError
from oauth1_catalog.suggestions import did_you_mean, nearest

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile
    from oauth1_catalog.catalog.pinned import PinnedCatalog
    from oauth1_catalog.catalog.validation import Validated

MAX_EXTENDS = 8


class Documents:
    """The documents of the providers in some directories.

    Args:
        directories: the directories, in the order in which they are searched.
        pinned: the ``catalog.json`` that is searched after them.
        has_packages: whether the directories of installed packages follow.
    """

    def __init__(
        self, directories: tuple[Path, ...], *, pinned: PinnedCatalog | None = None, has_packages: bool
    ) -> None:
        self._directories = directories
        self._has_packages = has_packages
        self._aliases: dict[str, str] | None = None
        self._reader = Reader()
        self._own: tuple[Layer, ...] = tuple(Folder(directory, self._reader) for directory in directories)
        if pinned is not None:
            self._own = (*self._own, pinned)
        self._usable_data = lru_cache(maxsize=KEPT)(self._data_of)

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories, in the order in which they are searched."""
        # Listing packages takes a while, so it is done only when no other directory has the name.
        return (*self._directories, *package_directories()) if self._has_packages else self._directories

    def names(self) -> tuple[str, ...]:
        """The names of all providers, sorted; reads the directories, but no file."""
        return tuple(sorted({name for _, layer in self._layers() for name in layer.names()}))

    def aliases(self) -> Mapping[str, str]:
        """Alias to name, for all directories; reads every file once."""
        if self._aliases is None:
            self._aliases = self._index()
        return dict(self._aliases)

    def entry(self, name: str) -> Entry:
        """The provider's data and the files that it comes from, valid or not."""
        return inherit(self.of(name)[0])

    def findings(self, name: str) -> tuple[Diagnostic, ...]:
        """The findings because of which the provider's file cannot be used."""
        return _validated(*self.of(name)).findings

    def file(self, name: str) -> ProviderFile:
        """The provider's file as a model.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.
        """
        return _usable(name, *self.of(name))[0]

    def data(self, name: str) -> dict[str, Data]:
        """The provider's valid data.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.
        """
        documents, findings = self.of(name)
        return self._usable_data(name, tuple(documents), tuple(findings))

    def _data_of(self, name: str, documents: tuple[Document, ...], findings: tuple[Diagnostic, ...]) -> dict[str, Data]:
        # The files of a wheel were validated when it was built.
        if not findings and all(
            Path(os.path.realpath(document.path)).parent == shipped_directory() for document in documents
        ):
            return inherit(documents).data
        return _usable(name, documents, findings)[1].data

    def of(self, name: str) -> tuple[list[Document], list[Diagnostic]]:
        """The provider's own document and those that it extends, the nearest first, and the findings between them.

        Raises:
            UnknownProviderError: no provider has this name or alias.
        """
        found = self.find(name)
        if found is None:
            raise self._unknown(name)
        documents: list[Document] = []
        findings: list[Diagnostic] = []
        seen: set[tuple[str, int]] = set()
        at: tuple[str, int, Document] | None = found
        while at is not None:
            stem, level, document = at
            documents.append(document)
            seen.add((stem, level))
            findings.extend(self._identity(stem, level, document))
            base = document.data.get("extends")
            if not isinstance(base, str) or not NAME.fullmatch(base):
                break
            # A file that extends its own name extends the one that it hides.
            at = self._open(base, after=level if base == stem else -1) or self._open_alias(base)
            hint = ""
            if at is None:
                message = f"`extends` names `{base}`, which is not in the catalog"
                others = [known for known in self.names() if known != stem]
                hint = "a file cannot extend itself" if base == stem else did_you_mean(nearest(base, others))
            elif at[2].findings and not at[2].data:
                message = f"`extends` names `{base}`, which cannot be read: {at[2].findings[0].message}"
            elif at[:2] == found[:2]:
                # Report it in the requested file, so that each file of a circle has the finding.
                document, base = documents[0], documents[0].data["extends"]
                message = f"`extends: {base}` leads back to this file"
                hint = "remove `extends` from one of the files"
                at = None
            elif at[:2] in seen:
                message = f"`extends: {base}` leads back to a file that extends this one"
                at = None
            elif len(documents) >= MAX_EXTENDS:
                document = documents[0]
                message = f"`extends` goes through more than {MAX_EXTENDS} files"
                hint = "extend a file closer to the last one"
                at = None
            else:
                continue
            findings.append(document.diagnostic("P025", message, ("extends",), hint=hint))
        return documents, findings

    def _identity(self, stem: str, level: int, document: Document) -> Iterator[Diagnostic]:
        """The findings about the file's name, and about a built-in file that it hides."""
        inside = document.data.get("name")
        if isinstance(inside, str) and inside != stem and NAME.fullmatch(inside):
            hint = f"write `name: {stem}`, or rename the file to {inside}.yaml"
            yield document.diagnostic(
                "P020", f"the file is called {stem}.yaml, but its `name` is `{inside}`", ("name",), hint=hint
            )
        is_meant = not document.data or "extends" in document.data or document.data.get("replace") == "true"
        if not is_meant and any(layer.has(stem) for layer in self._own[level + 1 :]):
            hint = f"add `extends: {stem}` to change some of its fields, or `replace: true` to replace it"
            yield document.diagnostic("P027", f"the catalog already has a provider `{stem}`", ("name",), hint=hint)

    def find(self, name: str) -> tuple[str, int, Document] | None:
        """The name, the level of its directory, and the document of a name or an alias; ``None`` if there is none."""
        if not NAME.fullmatch(name):
            return None
        return self._open(name) or self._open_alias(name)

    def _open(self, name: str, *, after: int = -1) -> tuple[str, int, Document] | None:
        """The document with exactly this name in the first directory after the given one."""
        for level, layer in self._layers():
            if level <= after:
                continue
            try:
                return name, level, layer.read(name)
            except FileNotFoundError:
                continue
        return None

    def _layers(self) -> Iterator[tuple[int, Layer]]:
        yield from enumerate(self._own)
        if self._has_packages:
            packages = (Folder(directory, self._reader) for directory in package_directories())
            yield from enumerate(packages, start=len(self._own))

    def _open_alias(self, alias: str) -> tuple[str, int, Document] | None:
        for attempt in range(2):
            if self._aliases is None or attempt:
                self._aliases = self._index()
            name = self._aliases.get(alias)
            found = self._open(name) if name else None
            # The index may be older than the file.
            if found is not None and self._has_alias(alias, *found):
                return found
            if attempt == 0 and name is None and not self._changed():
                return None
        return None

    def _has_alias(self, alias: str, name: str, level: int, document: Document) -> bool:
        """Whether the file, or one that it extends and hides, contains the alias."""
        if alias in texts_of(document.data.get("aliases")):
            return True
        hidden = self._open(name, after=level) if document.data.get("extends") == name else None
        return hidden is not None and self._has_alias(alias, *hidden)

    def _changed(self) -> bool:
        """Whether the files of a directory have changed since the index was built."""
        return self._stamp() != self._indexed

    def _stamp(self) -> tuple[int, ...]:
        return tuple(layer.stamp() for _, layer in self._layers())

    def _index(self) -> dict[str, str]:
        self._indexed = self._stamp()
        layers = [layer for _, layer in self._layers()]
        return {alias: name for layer in reversed(layers) for alias, name in layer.aliases()}

    def _unknown(self, name: str) -> UnknownProviderError:
        shown = str(name)[:80]
        aliases = self.aliases()
        near = nearest(shown, (*self.names(), *aliases))
        suggestions = tuple(
            dict.fromkeys(aliases.get(word, word) if word not in self.names() else word for word in near)
        )
        question = did_you_mean(near, sentence=True)
        own = self._directories[: len(self._own) - 1] if self._has_packages else self._directories
        where = f" (also looked in {', '.join(map(shown_path, own))})" if own and self._has_packages else ""
        return UnknownProviderError(
            f"no provider `{shown}` in the catalog{where}.",
            provider=shown,
            suggestions=suggestions,
            advice=f"{question} `oauth1-catalog list` shows all.".lstrip(),
        )


def _usable(name: str, documents: Sequence[Document], findings: Sequence[Diagnostic]) -> tuple[ProviderFile, Entry]:
    validated = _validated(documents, findings)
    errors = [finding for finding in validated.findings if finding.severity == "error"]
    if errors or validated.file is None:
        advice = next((one.advice for one in documents if one.path == errors[0].path), "") if errors else ""
        raise file_error(errors, provider=name, advice=advice)
    return validated.file, validated.entry


def _validated(documents: Sequence[Document], findings: Sequence[Diagnostic]) -> Validated:
    from oauth1_catalog.catalog.validation import validate

    return validate(inherit(documents), between=findings)
