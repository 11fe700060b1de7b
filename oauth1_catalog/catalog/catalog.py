"""Find a provider by its name, and read only its file.

Rule 1: a name is looked up as ``<directory>/<name>.yaml``, in the application's own directories first; no other file is
opened. A name without a file builds the index of aliases, once.
Rule 2: a name never leaves its directory; text that is not a valid name is not looked up.
Rule 3: your own file does not silently replace a built-in one: it needs ``extends`` or ``replace``.
Rule 4: a file that did not change is read and validated once, also for many tenants.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.access import Access, LocalHosts, given_insecure_transport, given_local_hosts
from oauth1_catalog.application_warnings import warn
from oauth1_catalog.catalog.files import (
    DATA_VARIABLE,
    NAME,
    builtin_directory,
    environment_directories,
    shipped_directory,
    version_in,
)
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.catalog.resolve import Tree, choices_of, outline, resolve
from oauth1_catalog.catalog.shipped import shipped_data
from oauth1_catalog.errors import ConfigurationError, ConfigurationWarning

if TYPE_CHECKING:
    from oauth1_catalog.catalog.document import Diagnostic, Document, Entry
    from oauth1_catalog.catalog.documents import Documents
    from oauth1_catalog.catalog.model import ProviderFile
    from oauth1_catalog.catalog.pinned import PinnedCatalog


class Catalog:
    """Providers by name, from the application's own directories and the built-in one.

    A name is looked up in the given directories, then in those of the environment variable ``OAUTH1_CATALOG_PATH``,
    then in the built-in catalog, and finally in installed packages with the entry point ``oauth1_catalog.providers``.
    A package adds providers, and never changes a built-in one.

    Args:
        *directories: directories of ``<name>.yaml`` files; a later one takes precedence.
        builtin: ``False`` uses only the given directories, and ``data``.
        data: ``PATH#sha256=HASH`` of a ``catalog.json`` that replaces the built-in catalog. The environment variable
            ``OAUTH1_CATALOG_DATA`` sets the default; see ``docs/newer-data.md``.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address: ``True``, a list of
            hosts and networks, or ``False``, which also refuses this machine.
        insecure_transport: whether such a value may begin with ``http://`` and name another host than this machine.
            The environment sets the default of both; see ``docs/self-hosted.md``.

    Raises:
        ConfigurationError: a directory does not exist, or ``data`` is not the file that was pinned.

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
        data: str | None = None,
        allow_local_hosts: bool | str | Iterable[str] | None = None,
        insecure_transport: bool | None = None,
    ) -> None:
        own = [Path(directory) for directory in reversed(directories)]
        for directory in own:
            if not directory.is_dir():
                raise ConfigurationError(description=f"catalog directory {str(directory)!r} does not exist.")
        place = "Catalog(data=)"
        if data is None and builtin:
            data, place = os.environ.get(DATA_VARIABLE) or None, f"{DATA_VARIABLE} in the environment"
        self.data = data
        self._pinned = None if data is None else _load(data, place, builtin=builtin)
        if builtin:
            own.extend(environment_directories())
            if self._pinned is None:
                own.append(builtin_directory())
        once: dict[Path, Path] = {}  # a directory has many spellings: keep the first, as it was given
        for directory in own:
            once.setdefault(directory.resolve(), directory)
        self._directories = tuple(once.values())
        self._has_packages = builtin
        self.allow_local_hosts = allow_local_hosts
        self.insecure_transport = insecure_transport

    def _search_like(self, other: Catalog) -> None:
        """Search where another catalog does."""
        self._directories = other._directories
        self._pinned = other._pinned
        self._has_packages = other._has_packages

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories, in the order in which they are searched."""
        return self._documents.directories

    @property
    def version(self) -> str | None:
        """The version of the data: that of ``data``, or of the built-in catalog; ``None`` if there is neither.

        >>> len(str(Catalog().version)) >= len("2026.11.30")
        True
        """
        if self._pinned is not None:
            return self._pinned.version
        return next(filter(None, map(version_in, reversed(self._directories))), None)

    def names(self) -> tuple[str, ...]:
        """The names of all providers, sorted; reads the directories, but no file.

        >>> "twitter" in Catalog().names()
        True
        """
        return self._documents.names()

    def aliases(self) -> Mapping[str, str]:
        """Alias to name, for the whole catalog; reads every file once."""
        return self._documents.aliases()

    def file(self, name: str) -> ProviderFile:
        """The provider's file as a model, merged with the file that it ``extends``.

        Raises:
            UnknownProviderError: no provider has this name or alias.
            ProviderFileError: the file is not valid.
        """
        return self._documents.file(name)

    def findings(self, name: str) -> tuple[Diagnostic, ...]:
        """The findings because of which the provider's file cannot be used.

        Raises:
            UnknownProviderError: no provider has this name or alias.
        """
        return self._documents.findings(name)

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
        provider = resolve(self._data(name), check=_check, environment=environment, values=values, access=access)
        if self._pinned is not None:
            from oauth1_catalog.catalog.pinned_limits import check

            check(self.documents(name)[0], provider, access.local_hosts)
        return provider

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
        return isinstance(name, str) and self._documents.find(name) is not None

    def entry(self, name: str) -> Entry:
        """The provider's data and the files that it comes from, valid or not.

        Raises:
            UnknownProviderError: no provider has this name or alias.
        """
        return self._documents.entry(name)

    def _data(self, name: str) -> Tree:
        """The provider's valid data.

        The files of a wheel were validated and parsed when it was built. Doing that again would load pydantic and
        PyYAML each time an application starts.
        """
        for directory in self._directories if NAME.fullmatch(name) else ():
            if directory == shipped_directory():
                if (data := shipped_data(name)) is not None:
                    return data
                break
            if os.path.lexists(directory / f"{name}.yaml"):
                break
        return self._documents.data(name)

    def documents(self, name: str) -> tuple[list[Document], list[Diagnostic]]:
        """The provider's own document and those that it extends, the nearest first, and the findings between them.

        Raises:
            UnknownProviderError: no provider has this name or alias.
        """
        return self._documents.of(name)

    @cached_property
    def _documents(self) -> Documents:
        # A provider of the wheel needs no document, whose module reads YAML.
        from oauth1_catalog.catalog.documents import Documents

        return Documents(self._directories, pinned=self._pinned, has_packages=self._has_packages)


def _load(data: str, place: str, *, builtin: bool) -> PinnedCatalog:
    """The ``catalog.json`` of a setting; warns if the built-in catalog is newer."""
    from oauth1_catalog.catalog.pinned import load

    pinned = load(data, place)
    known = version_in(builtin_directory()) if builtin else None
    if known is not None and _as_numbers(pinned.version) < _as_numbers(known):
        cause = f"the data, {pinned.version}, is older than the built-in catalog, {known}"
        warn(f"{place}: {cause}. Remove the setting.", ConfigurationWarning)
    return pinned


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _check(data: Tree) -> None:
    from oauth1_catalog.catalog.validation import check_filled

    check_filled(data)
