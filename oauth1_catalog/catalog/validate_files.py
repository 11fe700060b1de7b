"""Validate many provider files: each with all rules, and all of them together.

Rule: only a file's findings and a few of its values are kept, so that a hundred thousand files need little memory.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from oauth1_catalog.catalog.catalog import Catalog
from oauth1_catalog.catalog.data import Data, Step, texts_of
from oauth1_catalog.catalog.document import Diagnostic, Document, inherit
from oauth1_catalog.catalog.files import NAME, builtin_directory, read_bytes
from oauth1_catalog.catalog.layers import read_file
from oauth1_catalog.catalog.provider import ADDRESSES, FLOW_URLS
from oauth1_catalog.catalog.rules.domains import is_tenants_host
from oauth1_catalog.catalog.templates import PLACEHOLDER, host_in
from oauth1_catalog.catalog.validation import ALL_RULES, validate
from oauth1_catalog.errors import UnknownProviderError
from oauth1_catalog.suggestions import did_you_mean, nearest

CHUNK = 200
MAX_FAMILIES = 5
"""The number of unrelated providers of one host that are compared with each other one."""

_ENDS = ("renew", "revoke", "session_token", "successor")


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: its findings, and the values to compare with other files.

    Args:
        path: the file as it was given.
        findings: the findings that concern only this file.
        name: the provider's name; empty if the file has none.
        aliases: its other names.
        endpoints: the two token endpoints; empty if they are inherited, or if each tenant has its own host.
        hosts: the hosts of the file's own addresses, without those of a tenant.
        called_hosts: the hosts of ``api_hosts``.
        extends: the name of the provider that this one extends, if any.
        replaced_by: the name of the provider that replaces this one, if any.
    """

    path: str
    findings: tuple[Diagnostic, ...]
    name: str = ""
    aliases: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    called_hosts: tuple[str, ...] = ()
    extends: str = ""
    replaced_by: str = ""


def provider_files(paths: Iterable[Path]) -> list[Path]:
    """The provider files of paths: files, and the sorted files of directories, each once."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            held = (
                item for item in path.iterdir() if item.suffix in {".yaml", ".yml"} and not item.name.startswith(".")
            )
            found.update(dict.fromkeys(sorted(held)))
        else:
            found[path] = None
    return list(found)


def check_files(
    paths: Sequence[Path], *, today: dt.date, jobs: int = 1, max_age: int | None = None
) -> Iterator[FileReport]:
    """Validate files one by one, in the order of ``paths``.

    Args:
        paths: the files.
        today: the day against which dates are held.
        jobs: the number of processes.
        max_age: the days after which evidence is an error; ``None`` for no limit.
    """
    folders = tuple(dict.fromkeys(path.parent for path in paths))
    if jobs <= 1 or len(paths) <= CHUNK:
        yield from _check_each(paths, folders, today, max_age)
        return
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    same = map(itertools.repeat, (folders, today, max_age))
    with ProcessPoolExecutor(jobs) as pool:
        for checked in pool.map(_check_chunk, chunks, *same):
            yield from checked


def _check_chunk(
    paths: Sequence[Path], folders: tuple[Path, ...], today: dt.date, max_age: int | None
) -> list[FileReport]:
    """The work that one process gets at a time."""
    return list(_check_each(paths, folders, today, max_age))


def _check_each(
    paths: Sequence[Path], folders: tuple[Path, ...], today: dt.date, max_age: int | None
) -> Iterator[FileReport]:
    catalogs: dict[Path, Catalog] = {}
    for path in paths:
        folder = path.parent
        if folder not in catalogs:
            catalogs[folder] = catalog_of(folder, folders)
        try:
            yield _check(path, catalogs[folder], today, max_age)
        except (FileNotFoundError, UnknownProviderError):  # a broken link, or just deleted
            gone = Diagnostic(
                code="P001", message="the file does not exist", path=str(path), line=1, column=1, end_column=2
            )
            yield FileReport(str(path), (gone,))


def catalog_of(folder: Path, folders: Sequence[Path]) -> Catalog:
    """The catalog for validating a directory's files, which can also extend files of the other directories.

    The files of a checkout replace the built-in ones, wherever this package is installed.
    """
    others = [other for other in folders if other != folder and other.is_dir()]
    if _is_the_catalog(folder):
        return Catalog(*others, folder, builtin=False)
    return Catalog(*(other for other in others if not _is_the_catalog(other)), folder)


def _is_the_catalog(folder: Path) -> bool:
    """Whether a directory is the built-in catalog of this installation or of a checkout."""
    if folder.resolve() == builtin_directory().resolve():
        return True
    try:
        project = read_bytes(folder.resolve().parent / "pyproject.toml")
    except OSError:
        return False
    return re.search(rb'^name = "oauth1-catalog"$', project, re.MULTILINE) is not None


def _check(path: Path, catalog: Catalog, today: dt.date, max_age: int | None) -> FileReport:
    stem = path.stem
    if path.suffix == ".yaml" and NAME.fullmatch(stem):
        documents, findings = catalog.documents(stem)
    else:
        documents, findings = [read_file(path)], []
        findings.append(_misnamed(documents[0], path))
    validated = validate(inherit(documents), between=findings, rules=ALL_RULES, today=today, max_age=max_age)
    own = documents[0]
    # The findings of a file that this one extends are reported there.
    own_findings = tuple(finding for finding in validated.findings if finding.path == own.path)
    data = own.data
    endpoints = (_text(data.get(name)) for name in FLOW_URLS["two_legged"])
    called = (_host(host) for host in texts_of(data.get("api_hosts")) if not is_tenants_host(host))
    return FileReport(
        path=own.path,
        findings=own_findings,
        name=_text(data.get("name")),
        aliases=texts_of(data.get("aliases")),
        endpoints=tuple(url for url in endpoints if url and not is_tenants_host(url)),
        hosts=tuple(dict.fromkeys(_host(url) for url in _addresses(data).values())),
        called_hosts=tuple(called),
        extends=_text(data.get("extends")),
        replaced_by=_text(data.get("replaced_by")),
    )


def _addresses(data: dict[str, Data]) -> dict[tuple[Step, ...], str]:
    """The file's own addresses, each with its path, without those on a tenant's host."""
    found: dict[tuple[Step, ...], Data] = {(field,): data.get(field) for field in ADDRESSES}
    for name in _ENDS:
        end = data.get(name)
        found[name, "url"] = end.get("url") if isinstance(end, dict) else None
    texts = {path: _text(url) for path, url in found.items()}
    return {path: url for path, url in texts.items() if url and not is_tenants_host(url)}


def _host(url: str) -> str:
    """The host of an address, in which all variables look alike."""
    return PLACEHOLDER.sub("{}", host_in(url))


def _misnamed(document: Document, path: Path) -> Diagnostic:
    hint = f"rename it to {path.stem}.yaml" if path.suffix != ".yaml" else "use lower-case letters, digits and `_`"
    return document.diagnostic("P020", f"the catalog does not look for a file called {path.name}", (), hint=hint)


def _text(data: Data) -> str:
    return data if isinstance(data, str) else ""


class CrossFileChecks:
    """Collect facts about each file, and report conflicts between files."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = set(known)
        self._names: dict[str, str] = {}
        self._aliases: dict[str, list[str]] = defaultdict(list)
        self._endpoints: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._replacements: list[tuple[str, str]] = []
        self._bases: dict[str, str] = {}
        # By host: the providers that have an endpoint there, and those that only call it.
        self._hosts: dict[str, str | list[str]] = {}
        self._called: dict[str, str | list[str]] = {}

    def add(self, checked: FileReport) -> None:
        """Collect the facts about one file."""
        if checked.name:
            self._names.setdefault(checked.name, checked.path)
        for alias in dict.fromkeys(checked.aliases):
            self._aliases[alias].append(checked.path)
        if len(checked.endpoints) == 2:
            self._endpoints[checked.endpoints].append(checked.path)
        if checked.extends:
            self._bases[checked.name] = checked.extends
        for hosts, users in ((checked.hosts, self._hosts), (checked.called_hosts, self._called)):
            for host in hosts if checked.name else ():
                _add_user(users, host, checked.name)
        if NAME.fullmatch(checked.replaced_by):
            self._replacements.append((checked.path, checked.replaced_by))

    def findings(self) -> Iterator[Diagnostic]:
        """P061 to P064: the conflicts, each at its place."""
        for alias, paths in self._aliases.items():
            holder = self._names.get(alias)
            for index, path in enumerate(paths):
                other = holder or (paths[0] if index else None)
                if other is not None and other != path:
                    what = "the name" if holder else "an alias"
                    yield _at(
                        path, "P061", f"`{alias}` is already {what} in {other}", "aliases", alias, hint="choose another"
                    )
        for paths in self._endpoints.values():
            for path in paths[1:]:
                message = f"the token endpoints are the same as in {paths[0]}"
                hint = "extend that provider, or make the name an alias of it"
                yield _at(path, "P062", message, "request_token_url", hint=hint, warning=True)
        yield from self._shared_hosts()
        names = {*self._names, *self._known}
        for path, name in self._replacements:
            if name not in names:
                near = nearest(name, names, limit=1)
                hint = did_you_mean(near) or "name a provider of the catalog, or describe the replacement in words"
                yield _at(
                    path,
                    "P063",
                    f"`replaced_by` names `{name}`, which is not in the catalog",
                    "replaced_by",
                    hint=hint,
                )

    def _shared_hosts(self) -> Iterator[Diagnostic]:
        """P064: an endpoint on a host of another provider, which neither extends the other nor names it."""
        same = {path for paths in self._endpoints.values() if len(paths) > 1 for path in paths}  # P062
        for host, held in self._hosts.items():
            callers = _users(self._called.get(host)) + _users(self._called.get(f"*.{host.partition('.')[2]}"))
            users = _users(held)
            if len(users) + len(callers) < 2:
                continue
            # The first of two files is right, unless the other one only calls the host.
            before = self._leaders(callers)
            leaders = dict.fromkeys((*before, *self._leaders(users)))
            for name in users:
                if name in leaders:
                    before = [*before, name]
                strangers = [one for one in before if self._family(one) != self._family(name)]
                path = self._names[name]
                if not strangers or path in same or any(self._declares(name, one) for one in strangers):
                    continue
                document = read_file(Path(path))
                field = next(at for at, url in _addresses(document.data).items() if _host(url) == host)
                message = f"{host} is a host of {strangers[0]}"
                hint = f"extend that provider, or name `{strangers[0]}` in the `note` of the address's `evidence`"
                yield document.diagnostic("P064", message, field, hint=hint, warning=True)

    def _leaders(self, users: Iterable[str]) -> list[str]:
        """The first user of each family, for a few families: a host can have thousands of users."""
        found: dict[str, str] = {}
        for name in users:
            found.setdefault(self._family(name), name)
            if len(found) == MAX_FAMILIES:
                break
        return list(found.values())

    def _family(self, name: str) -> str:
        """The provider at the end of ``extends``."""
        seen = {name}
        while (base := self._bases.get(name)) and base not in seen:
            seen.add(name := base)
        return name

    def _declares(self, name: str, other: str) -> bool:
        """Whether one of two families names the other: as its replacement, or in a note about an address."""
        pairs = itertools.product({name, self._family(name)}, {other, self._family(other)})
        known = ((one, another) for pair in pairs for one, another in (pair, pair[::-1]) if one in self._names)
        return any(_names(self._names[one], another) for one, another in known)


def _add_user(users: dict[str, str | list[str]], host: str, name: str) -> None:
    """Most hosts have one user, which needs no list."""
    held = users.setdefault(host, name)
    if isinstance(held, list):
        held.append(name)
    elif held is not name:
        users[host] = [held, name]


def _users(held: str | list[str] | None) -> list[str]:
    return held if isinstance(held, list) else [] if held is None else [held]


def _names(path: str, provider: str) -> bool:
    """Whether a file names another provider as its replacement, or in a note about its addresses."""
    data = read_file(Path(path)).data
    entries = data.get("evidence")
    notes = [
        _text(entry.get("note"))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and not {*ADDRESSES, *_ENDS, "api_hosts"}.isdisjoint(texts_of(entry.get("fields")))
    ]
    return _text(data.get("replaced_by")) == provider or any(
        re.search(rf"\b{re.escape(provider)}\b", note) for note in notes
    )


def _at(
    path: str, code: str, message: str, field: str, item: str | None = None, *, hint: str, warning: bool = False
) -> Diagnostic:
    """The finding at its place; the file is read again, because places are not kept."""
    document = read_file(Path(path))
    place: tuple[Step, ...] = (field,)
    if item is not None and item in (listed := texts_of(document.data.get(field))):
        place = (field, listed.index(item))
    return document.diagnostic(code, message, place, hint=hint, warning=warning)
