"""Find a provider by its name, and read only its file.

Rule 1: a name is looked up as ``<directory>/<name>.yaml``, in the application's own directories first; no other file is
opened. A name without a file builds the index of aliases, once.
Rule 2: a name never leaves its directory; text that is not a valid name is not looked up.
Rule 3: your own file does not silently replace a built-in one: it needs ``extends`` or ``replace``.
Rule 4: a file that did not change is read and validated once, also for many tenants.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.access import Access, LocalHosts, given_insecure_transport, given_local_hosts
from oauth1_catalog.catalog.document import Diagnostic, Document, Entry, file_error, inherit, texts_of
from oauth1_catalog.catalog.files import (
    KEPT,
    NAME,
    Reader,
    builtin_directory,
    environment_directories,
    names_in,
    package_directories,
    read_bytes,
    shipped_directory,
    shown_path,
)
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.catalog.resolve import Tree, choices_of, outline, resolve
from oauth1_catalog.catalog.shipped import shipped_data
from oauth1_catalog.catalog.source import read
from oauth1_catalog.errors import ConfigurationError, ResourceError, UnknownProviderError
from oauth1_catalog.suggestions import did_you_mean, nearest

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile
    from oauth1_catalog.catalog.validation import Validated


_ALIASES = rb"(?m)^aliases[ \t]*:.*(?:\r?\n(?:[ \t-].*)?)*"
MAX_EXTENDS = 8


class Catalog:
    """Providers by name, from the application's own directories and the built-in one.

    A name is looked up in the given directories, then in those of the environment variable ``OAUTH1_CATALOG_PATH``,
    then in the built-in catalog, and finally in installed packages with the entry point ``oauth1_catalog.providers``.
    A package adds providers, and never changes a built-in one.

    Args:
        *directories: directories of ``<name>.yaml`` files; a later one takes precedence.
        builtin: ``False`` uses only the given directories.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address: ``True``, a list of
            hosts and networks, or ``False``, which also refuses this machine.
        insecure_transport: whether such a value may begin with ``http://`` and name another host than this machine.
            The environment sets the default of both; see ``docs/self-hosted.md``.

    Raises:
        ConfigurationError: a directory does not exist.

    >>> Catalog().provider("twitter").request_token_url
    'https://api.twitter.com/oauth/request_token'
    >>> Catalog().provider("twiter")
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.UnknownProviderError: unknown_provider: no provider `twiter` in the catalog. Did you mean ...
    """

    def __init__(
        self,
        *directories: str | os.PathLike[str],
        builtin: bool = True,
        allow_local_hosts: bool | str | Iterable[str] | None = None,
        insecure_transport: bool | None = None,
    ) -> None:
        own = [Path(directory) for directory in reversed(directories)]
        for directory in own:
            if not directory.is_dir():
                raise ConfigurationError(description=f"catalog directory {str(directory)!r} does not exist.")
        if builtin:
            own = [*own, *environment_directories(), builtin_directory()]
        once: dict[Path, Path] = {}  # a directory has many spellings: keep the first, as it was given
        for directory in own:
            once.setdefault(directory.resolve(), directory)
        self._directories = tuple(once.values())
        self._has_packages = builtin
        self.allow_local_hosts = allow_local_hosts
        self.insecure_transport = insecure_transport
        self._aliases: dict[str, str] | None = None
        self._read = Reader().read
        self._usable_data = lru_cache(maxsize=KEPT)(self._data_of)

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories, in the order in which they are searched."""
        # Listing packages takes a while, so it is done only when no other directory has the name.
        return (*self._directories, *package_directories()) if self._has_packages else self._directories

    def names(self) -> tuple[str, ...]:
        """The names of all providers, sorted; reads the directories, but no file.

        >>> "twitter" in Catalog().names()
        True
        """
        return tuple(sorted({name for directory in self.directories for name in names_in(directory)}))

    def aliases(self) -> Mapping[str, str]:
        """Alias to name, for the whole catalog; reads every file once."""
        if self._aliases is None:
            self._aliases = self._index()
        return dict(self._aliases)

    def file(self, name: str) -> ProviderFile:
        """The provider's file as a model, merged with the file that it ``extends``.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.
        """
        return self._usable(name, *self.documents(name))[0]

    def findings(self, name: str) -> tuple[Diagnostic, ...]:
        """The findings because of which the provider's file cannot be used.

        Raises:
            UnknownProviderError: no provider has this name or alias.
        """
        return _validated(*self.documents(name)).findings

    def provider(
        self,
        name: str,
        *,
        environment: str | None = None,
        values: Mapping[str, object] | None = None,
        allow_local_hosts: bool | str | Iterable[str] | LocalHosts | None = None,
        insecure_transport: bool | None = None,
    ) -> Provider:
        """The provider, ready for use.

        Args:
            name: its name, or one of its aliases.
            environment: one of its environments, such as ``"sandbox"``.
            values: values of its variables and options.
            allow_local_hosts: overrides the catalog's own setting.
            insecure_transport: overrides the catalog's own setting.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.
            ConfigurationError: the provider has no such environment, variable or option, or does not accept the value.
            MissingSettingError: a variable has neither a default nor a value.

        >>> Catalog().provider("jira", values={"base_url": "https://jira.example.com"}).api_base_url
        'https://jira.example.com/rest/api/2/'
        """
        access = Access(
            given_local_hosts((allow_local_hosts, "allow_local_hosts"), (self.allow_local_hosts, "Catalog()")),
            given_insecure_transport(
                (insecure_transport, "insecure_transport"), (self.insecure_transport, "Catalog()")
            ),
        )
        return resolve(self._data(name), check=_check, environment=environment, values=values, access=access)

    def outline(self, name: str) -> Provider:
        """The provider with the variables as placeholders: for display, not for use.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.

        >>> Catalog().outline("jira").api_base_url
        '{base_url}/rest/api/2/'
        """
        return outline(self._data(name))

    def choices(self, name: str) -> frozenset[str]:
        """The names of the provider's variables and options, which an application can set.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.

        >>> Catalog().choices("jira")
        frozenset({'base_url'})
        """
        data = self._data(name)
        return frozenset((*data.get("variables", ()), *data.get("options", ())))

    def required(self, name: str) -> dict[str, str | None]:
        """The variables that an application must set, each with an example; addresses come first.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.

        >>> Catalog().required("jira")
        {'base_url': 'https://jira.example.com'}
        """
        variables, _ = choices_of(self._data(name))
        wanted = {key: one for key, one in variables.items() if one.source is None and one.default is None}
        return {key: wanted[key].example for key in sorted(wanted, key=lambda key: wanted[key].format is None)}

    def __contains__(self, name: object) -> bool:
        """Whether a provider has this name or alias; its file may be invalid."""
        return isinstance(name, str) and self._find(name) is not None

    def entry(self, name: str) -> Entry:
        """The provider's data and the files that it comes from, valid or not.

        Raises:
            UnknownProviderError: no provider has this name or alias.
        """
        return inherit(self.documents(name)[0])

    def _data(self, name: str) -> Tree:
        """The provider's valid data.

        The files of a wheel were validated and parsed when it was built. Doing that again would load pydantic and
        PyYAML each time an application starts.
        """
        for directory in self._directories:
            if directory == shipped_directory():
                if (data := shipped_data(name)) is not None:
                    return data
                break
            if os.path.lexists(directory / f"{name}.yaml"):
                break
        documents, findings = self.documents(name)
        return self._usable_data(name, tuple(documents), tuple(findings))

    def _data_of(self, name: str, documents: tuple[Document, ...], findings: tuple[Diagnostic, ...]) -> Tree:
        if not findings and all(
            Path(os.path.realpath(document.path)).parent == shipped_directory() for document in documents
        ):
            return inherit(documents).data
        return self._usable(name, documents, findings)[1].data

    def _usable(
        self, name: str, documents: Sequence[Document], findings: Sequence[Diagnostic]
    ) -> tuple[ProviderFile, Entry]:
        validated = _validated(documents, findings)
        errors = [finding for finding in validated.findings if finding.severity == "error"]
        if errors or validated.file is None:
            raise file_error(errors, provider=name)
        return validated.file, validated.entry

    def documents(self, name: str) -> tuple[list[Document], list[Diagnostic]]:
        """The provider's own document and those that it extends, the nearest first, and the findings between them.

        Raises:
            UnknownProviderError: no provider has this name or alias.
        """
        found = self._find(name)
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
        if document.data and "extends" not in document.data and document.data.get("replace") != "true":
            hidden = next((d for d in self._directories[level + 1 :] if (d / f"{stem}.yaml").is_file()), None)
            if hidden is not None:
                hint = f"add `extends: {stem}` to change some of its fields, or `replace: true` to replace it"
                yield document.diagnostic("P027", f"the catalog already has a provider `{stem}`", ("name",), hint=hint)

    def _find(self, name: str) -> tuple[str, int, Document] | None:
        if not NAME.fullmatch(name):
            return None
        return self._open(name) or self._open_alias(name)

    def _open(self, name: str, *, after: int = -1) -> tuple[str, int, Document] | None:
        """The document with exactly this name in the first directory after the given one."""
        for level, directory in self._levels():
            if level <= after:
                continue
            try:
                return name, level, self._read(directory / f"{name}.yaml")
            except FileNotFoundError:
                continue
        return None

    def _levels(self) -> Iterator[tuple[int, Path]]:
        yield from enumerate(self._directories)
        if self._has_packages:
            yield from enumerate(package_directories(), start=len(self._directories))

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
        return tuple(directory.stat().st_mtime_ns if directory.is_dir() else 0 for directory in self.directories)

    def _index(self) -> dict[str, str]:
        self._indexed = self._stamp()
        index: dict[str, str] = {}
        for directory in reversed(self.directories):
            for name in names_in(directory):
                try:
                    content = read_bytes(directory / f"{name}.yaml")
                except OSError as error:
                    ResourceError.check(error, f"{name}.yaml")
                    continue
                if (lines := re.search(_ALIASES, content)) is not None:
                    listed = read(lines[0], path=name).data.get("aliases")
                    index.update((alias, name) for alias in texts_of(listed))
        return index

    def _unknown(self, name: str) -> UnknownProviderError:
        shown = str(name)[:80]
        aliases = self.aliases()
        near = nearest(shown, (*self.names(), *aliases))
        suggestions = tuple(
            dict.fromkeys(aliases.get(word, word) if word not in self.names() else word for word in near)
        )
        question = did_you_mean(near, sentence=True)
        own = self._directories[:-1] if self._has_packages else self._directories
        where = f" (also looked in {', '.join(map(shown_path, own))})" if own and self._has_packages else ""
        return UnknownProviderError(
            f"no provider `{shown}` in the catalog{where}.",
            provider=shown,
            suggestions=suggestions,
            advice=f"{question} `oauth1-catalog list` shows all.".lstrip(),
        )


def _validated(documents: Sequence[Document], findings: Sequence[Diagnostic]) -> Validated:
    from oauth1_catalog.catalog.validation import validate

    return validate(inherit(documents), between=findings)


def _check(data: Tree) -> None:
    from oauth1_catalog.catalog.validation import model_of

    model_of(data)
