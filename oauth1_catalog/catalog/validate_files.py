"""Check many provider files: each against all rules, and all of them against one another.

Rule: what is kept of a file is its findings, and the little that other files are held against; so that a hundred
thousand files need no more memory than their findings.
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
from oauth1_catalog.catalog.document import Data, Diagnostic, Document, Step, inherit
from oauth1_catalog.catalog.files import NAME, builtin_directory, read_bytes, read_file
from oauth1_catalog.catalog.validation import ALL_RULES, validate
from oauth1_catalog.errors import UnknownProviderError
from oauth1_catalog.suggestions import did_you_mean, nearest

CHUNK = 200
_ENDPOINTS = ("request_token_url", "access_token_url")
# The rest of such an address is a product's habit, and says nothing of whose server it is.
_HOST_OF_A_TENANT = re.compile(r"(https?://)?\{[A-Za-z0-9_]+\}(?![A-Za-z0-9.-])")


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: what is wrong with it, and what other files are held against.

    Args:
        path: the file as it was given.
        findings: what is wrong with it alone.
        name: the provider's name; empty where the file has none.
        aliases: its other names.
        endpoints: the two token endpoints; empty where they are inherited, and where each tenant has a host of its own.
        replaced_by: a provider's name, where the file says one.
    """

    path: str
    findings: tuple[Diagnostic, ...]
    name: str = ""
    aliases: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    replaced_by: str = ""


def provider_files(paths: Iterable[Path]) -> list[Path]:
    """The provider files that paths name: files as they are, folders with what they hold, each once and sorted."""
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


def check_files(paths: Sequence[Path], *, today: dt.date, jobs: int = 1) -> Iterator[FileReport]:
    """Check files one by one, in the order of ``paths``.

    Args:
        paths: the files.
        today: the day against which dates are held.
        jobs: how many processes to use.
    """
    folders = tuple(dict.fromkeys(path.parent for path in paths))
    if jobs <= 1 or len(paths) <= CHUNK:
        yield from _check_each(paths, folders, today)
        return
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        for checked in pool.map(_check_chunk, chunks, itertools.repeat(folders), itertools.repeat(today)):
            yield from checked


def _check_chunk(paths: Sequence[Path], folders: tuple[Path, ...], today: dt.date) -> list[FileReport]:
    """What one process is asked for at a time."""
    return list(_check_each(paths, folders, today))


def _check_each(paths: Sequence[Path], folders: tuple[Path, ...], today: dt.date) -> Iterator[FileReport]:
    catalogs: dict[Path, Catalog] = {}
    for path in paths:
        folder = path.parent
        if folder not in catalogs:
            catalogs[folder] = catalog_of(folder, folders)
        try:
            yield _check(path, catalogs[folder], today)
        except (FileNotFoundError, UnknownProviderError):  # a link to nothing, or deleted a moment ago
            gone = Diagnostic(
                code="P001", message="the file is not there", path=str(path), line=1, column=1, end_column=2
            )
            yield FileReport(str(path), (gone,))


def catalog_of(folder: Path, folders: Sequence[Path]) -> Catalog:
    """The catalog in which a folder's files are the nearest, and those of other folders are found as well.

    The files of a checkout take the place of the built-in ones, from wherever this package was installed.
    """
    others = [other for other in folders if other != folder and other.is_dir()]
    if _is_the_catalog(folder):
        return Catalog(*others, folder, builtin=False)
    return Catalog(*(other for other in others if not _is_the_catalog(other)), folder)


def _is_the_catalog(folder: Path) -> bool:
    """Whether a folder is the built-in catalog itself: this installation's, or a checkout's."""
    if folder.resolve() == builtin_directory().resolve():
        return True
    try:
        project = read_bytes(folder.resolve().parent / "pyproject.toml")
    except OSError:
        return False
    return re.search(rb'^name = "oauth1-catalog"$', project, re.MULTILINE) is not None


def _check(path: Path, catalog: Catalog, today: dt.date) -> FileReport:
    stem = path.stem
    if path.suffix == ".yaml" and NAME.fullmatch(stem):
        documents, findings = catalog.documents(stem)
    else:
        documents, findings = [read_file(path)], []
        findings.append(_misnamed(documents[0], path))
    validated = validate(inherit(documents), between=findings, rules=ALL_RULES, today=today)
    own = documents[0]
    # What is wrong in a file that this one extends is told there.
    told = tuple(finding for finding in validated.findings if finding.path == own.path)
    data = own.data
    endpoints = (_text(data.get(name)) for name in _ENDPOINTS)
    return FileReport(
        path=own.path,
        findings=told,
        name=_text(data.get("name")),
        aliases=_texts(data.get("aliases")),
        endpoints=tuple(url for url in endpoints if url and not _HOST_OF_A_TENANT.match(url)),
        replaced_by=_text(data.get("replaced_by")),
    )


def _misnamed(document: Document, path: Path) -> Diagnostic:
    hint = f"rename it to {path.stem}.yaml" if path.suffix != ".yaml" else "use lower-case letters, digits and `_`"
    return document.diagnostic("P020", f"no provider is found in a file called {path.name}", (), hint=hint)


def _text(data: Data) -> str:
    return data if isinstance(data, str) else ""


def _texts(data: Data) -> tuple[str, ...]:
    return tuple(item for item in data if isinstance(item, str)) if isinstance(data, list) else ()


class CrossFileChecks:
    """What files say of one another; it is told of each file, and asked at the end."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = set(known)
        self._names: dict[str, str] = {}
        self._aliases: dict[str, list[str]] = defaultdict(list)
        self._endpoints: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._replacements: list[tuple[str, str]] = []

    def add(self, checked: FileReport) -> None:
        """Take note of one file."""
        if checked.name:
            self._names.setdefault(checked.name, checked.path)
        for alias in dict.fromkeys(checked.aliases):
            self._aliases[alias].append(checked.path)
        if len(checked.endpoints) == 2:
            self._endpoints[checked.endpoints].append(checked.path)
        if NAME.fullmatch(checked.replaced_by):
            self._replacements.append((checked.path, checked.replaced_by))

    def findings(self) -> Iterator[Diagnostic]:
        """P061 to P063, each at its place."""
        for alias, paths in self._aliases.items():
            holder = self._names.get(alias)
            for index, path in enumerate(paths):
                other = holder or (paths[0] if index else None)
                if other is not None and other != path:
                    what = "the name" if holder else "an alias"
                    yield _at(
                        path, "P061", f"`{alias}` is {what} in {other} already", "aliases", alias, hint="choose another"
                    )
        for paths in self._endpoints.values():
            for path in paths[1:]:
                message = f"the token endpoints are those of {paths[0]}"
                hint = "extend that provider, or make the name an alias of it"
                yield _at(path, "P062", message, "request_token_url", hint=hint, warning=True)
        names = {*self._names, *self._known}
        for path, name in self._replacements:
            if name not in names:
                near = nearest(name, names, limit=1)
                hint = did_you_mean(near) or "name a provider of this catalog, or write it in words"
                yield _at(
                    path,
                    "P063",
                    f"`replaced_by` names `{name}`, which the catalog does not have",
                    "replaced_by",
                    hint=hint,
                )


def _at(
    path: str, code: str, message: str, field: str, item: str | None = None, *, hint: str, warning: bool = False
) -> Diagnostic:
    """The finding at its place; the file is read again, since places are not kept."""
    document = read_file(Path(path))
    place: tuple[Step, ...] = (field,)
    if item is not None and item in (listed := _texts(document.data.get(field))):
        place = (field, listed.index(item))
    return document.diagnostic(code, message, place, hint=hint, warning=warning)
