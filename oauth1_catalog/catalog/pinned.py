"""A ``catalog.json`` from elsewhere, pinned by its hash: newer data under this version of the library.

``OAUTH1_CATALOG_DATA=PATH#sha256=HASH`` or ``Catalog(data=...)`` puts it in the place of the built-in files.

Rule 1: without a hash it is not read. The bytes are read once, and those that were hashed are parsed.
Rule 2: a provider is validated like a file of your own when it is first used. One that this version does not know
completely is refused, and the others load. A field of a later version is ignored where it has its default.
Rule 3: the data cannot do more than a file of the catalog, which needs the application's switches for http and for
logins without a verifier. ``pinned_limits.py`` takes more from it.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oauth1_catalog.catalog.data import FORMAT, LEFT_OUT, Data, Step, dotted, from_published, texts_of
from oauth1_catalog.catalog.document import Diagnostic, Document, Span
from oauth1_catalog.catalog.files import NAME, VERSION
from oauth1_catalog.catalog.layers import shown_path
from oauth1_catalog.catalog.source import FORBIDDEN, MAX_DEPTH, MAX_ITEMS, MAX_NODES, MAX_TEXT
from oauth1_catalog.errors import ConfigurationError, ResourceError
from oauth1_catalog.regular_files import read_regular

if TYPE_CHECKING:
    from pydantic import BaseModel


MAX_BYTES = 8_000_000
"""The largest file, in bytes: about eight times the built-in catalog."""

_MARK = "#sha256="
_FORM = f"Write PATH{_MARK}HASH, with the 64 digits that `sha256sum PATH` prints for the file that you have reviewed."


def load(value: object, place: str) -> PinnedCatalog:
    """The catalog that a setting names.

    Args:
        value: ``PATH#sha256=HASH``.
        place: the setting, for messages.

    Raises:
        ConfigurationError: there is no hash, the file cannot be read, has another hash, or is not a catalog.
    """
    try:
        return _load(*_parts(value))
    except ConfigurationError as error:
        raise ConfigurationError(description=f"{place}: {error.cause}", advice=error.advice) from None


def _parts(value: object) -> tuple[str, str]:
    """The absolute path and the hash.

    Raises:
        ConfigurationError: the value has another form.
    """
    if not isinstance(value, str):
        raise ConfigurationError(description=f"the value cannot be of type {type(value).__name__}.", advice=_FORM)
    path, mark, expected = value.rpartition(_MARK)
    if not mark:
        raise ConfigurationError(description=f"{value[:200]!r} has no hash, so the file is not read.", advice=_FORM)
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", expected):
        raise ConfigurationError(description=f"{expected[:80]!r} is not a SHA-256 hash.", advice=_FORM)
    return str(Path(path).absolute()), expected.lower()


@lru_cache(maxsize=4)
def _load(path: str, expected: str) -> PinnedCatalog:
    try:
        content = read_regular(path, limit=MAX_BYTES)
    except OSError as error:
        ResourceError.check(error, path)
        raise ConfigurationError(
            description=f"{path!r} cannot be read ({error.strerror}).", advice="Correct the path."
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ConfigurationError(
            description=f"{path!r} is not the file that was pinned: its SHA-256 is {found}, and not {expected}.",
            advice="Restore the file, or review the new one and change the hash.",
        )
    try:
        return PinnedCatalog(path, content)
    except (ValueError, RecursionError) as error:
        cause = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigurationError(
            description=f"{path!r} is not a catalog that this version can read: {cause}.",
            advice="Update oauth1-catalog, or pin a catalog.json of this version.",
        ) from None


@dataclass(frozen=True, slots=True, eq=False)
class PinnedDocument(Document):
    """A provider of a ``catalog.json``. Its places are the line on which it begins."""

    line: int = 1
    version: str = ""

    def has(self, path: Sequence[Step]) -> bool:
        """Whether the data has a value at ``path``."""
        here: Data = self.data
        for step in path:
            if isinstance(here, dict) and step in here:
                here = here[str(step)]
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return False
        return True

    def span(self, path: Sequence[Step], *, key: bool = False) -> Span:  # noqa: ARG002 - places are not recorded
        """The beginning of the provider's line."""
        return Span(self.line, 1, 2)

    @property
    def advice(self) -> str:
        """What to do if this version cannot use the provider."""
        from importlib.metadata import version

        known = version("oauth1-catalog")
        return f"Update oauth1-catalog: its version {known} does not know all of the data {self.version}."


class PinnedCatalog:
    """The providers of a ``catalog.json``.

    Args:
        path: the path of the file.
        content: its bytes.

    Raises:
        ValueError: it is not a catalog; the text is the cause.
        RecursionError: it is nested too deeply.
    """

    def __init__(self, path: str, content: bytes) -> None:
        data = _parse(content)
        self.path = path
        self.version: str = data["version"]
        self._providers: dict[str, dict[str, Any]] = data["providers"]
        self._defaults: Any = data.get("defaults")
        self._documents: dict[str, PinnedDocument] = {}
        self._lines: dict[str, int] = {}
        for number, line in enumerate(content.split(b"\n"), start=1):
            if found := re.match(rb'\s*"([a-z][a-z0-9_]*)"\s*:\s*\{', line):
                self._lines.setdefault(found[1].decode(), number)

    def names(self) -> Iterable[str]:
        """The names of all providers."""
        return self._providers

    def has(self, name: str) -> bool:
        """Whether there is a provider of this name."""
        return name in self._providers

    def aliases(self) -> Iterator[tuple[str, str]]:
        """Each alias with the name of its provider."""
        for name, provider in self._providers.items():
            yield from ((alias, name) for alias in texts_of(provider.get("aliases")))

    def stamp(self) -> int:
        """A constant: the content is pinned."""
        return 0

    def read(self, name: str) -> Document:
        """The document of a provider.

        Raises:
            FileNotFoundError: there is none.
        """
        if name not in self._providers:
            raise FileNotFoundError(name)
        if name not in self._documents:
            self._documents[name] = self._document(self._providers[name], self._lines.get(name, 1))
        return self._documents[name]

    def _document(self, provider: dict[str, Any], line: int) -> PinnedDocument:
        path = shown_path(Path(self.path))

        def finding(code: str, message: str, field: Sequence[Step]) -> Diagnostic:
            name = dotted(field)
            return Diagnostic(code=code, message=message, path=path, line=line, column=1, end_column=2, field=name)

        text = json.dumps(provider, indent=2, ensure_ascii=True)
        if (problem := _problem(provider)) is not None:
            return PinnedDocument(path, "", {}, (finding(*problem),), line=line, version=self.version)
        known = _without_unused(provider, self._defaults)
        misplaced = sorted(LEFT_OUT & known.keys())
        findings = [finding("P010", f"unknown field `{name}`", (name,)) for name in misplaced]
        data = from_published({key: value for key, value in known.items() if key not in misplaced})
        return PinnedDocument(path, text, data, tuple(findings), line=line, version=self.version)


def _parse(content: bytes) -> dict[str, Any]:
    """The file's data, of a known format.

    Raises:
        ValueError: the text is the cause.
        RecursionError: it is nested too deeply.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    try:
        data = json.loads(
            text, object_pairs_hook=_mapping, parse_constant=_no_number, parse_float=_no_number, parse_int=_whole_number
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno} is not JSON ({error.msg})") from None
    if not isinstance(data, dict) or "format" not in data:
        raise ValueError("it has no `format`")
    if type(data["format"]) is not int or data["format"] != FORMAT:
        raise ValueError(f"its `format` is {str(data['format'])[:20]!r}, and this version knows {FORMAT}")
    if not isinstance(data.get("version"), str) or not VERSION.fullmatch(data["version"]):
        raise ValueError("its `version` is not a date such as 2026.11.30")
    providers = data.get("providers")
    if not isinstance(providers, dict) or not all(isinstance(about, dict) for about in providers.values()):
        raise ValueError("its `providers` are not a mapping of names to providers")
    for name, about in providers.items():
        if not NAME.fullmatch(name) or about.get("name") != name:
            raise ValueError(f"the provider {name[:80]!r} has another name inside, or none that is allowed")
    return data


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"{name[:80]!r} appears twice in one object")
            seen.add(name)
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text[:20]} is not a whole number")


def _whole_number(text: str) -> int:
    if len(text) > 10:
        raise ValueError(f"the number {text[:20]}... has more than 10 digits")
    return int(text)


def _problem(provider: Mapping[str, Any]) -> tuple[str, str, tuple[Step, ...]] | None:
    """What a provider file cannot contain, as in YAML: too much, or a character that is not allowed."""
    waiting: list[tuple[tuple[Step, ...], Any]] = [((), provider)]
    count = 0
    while waiting:
        path, value = waiting.pop()
        count += 1
        below: list[tuple[Step, Any]] = []
        if isinstance(value, dict):
            below = list(value.items())
        elif isinstance(value, list):
            below = list(enumerate(value))
        if count > MAX_NODES or len(path) > MAX_DEPTH or len(below) > MAX_ITEMS:
            return "P009", "the provider has more values, entries or levels than a provider file can have", path
        for text in (*(key for key, _ in below if isinstance(key, str)), *((value,) if isinstance(value, str) else ())):
            if len(text) > MAX_TEXT:
                return "P009", f"a text of more than {MAX_TEXT:,} characters", path
            if forbidden := FORBIDDEN.search(text):
                return "P007", f"character U+{ord(forbidden[0]):04X} is not allowed in a provider file", path
        waiting.extend(((*path, key), item) for key, item in below)
    return None


def _without_unused(provider: Mapping[str, Any], defaults: Any) -> dict[str, Any]:
    """The provider without the fields of a later version that have their default, which the file itself contains."""
    from oauth1_catalog.catalog.model import ProviderFile
    from oauth1_catalog.catalog.validation import annotations_of, model_in

    declared: Mapping[str, Any] = defaults if isinstance(defaults, dict) else {}

    def section(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
        known = annotations_of(model)
        # In an environment, `successor` is a whole one, although its model is one of overrides.
        unused = declared.get(model.__name__.removesuffix("Overrides"))
        unused = unused if isinstance(unused, dict) else {}
        return {
            key: value_of(known[key], value) if key in known else value
            for key, value in given.items()
            if key in known or key not in unused or json.dumps(unused[key]) != json.dumps(value)
        }

    def value_of(annotation: object, value: Any) -> Any:
        model = model_in(annotation)
        if model is None or not isinstance(value, dict | list):
            return value
        if isinstance(value, list):
            return [section(model, item) if isinstance(item, dict) else item for item in value]
        if typing.get_origin(annotation) is dict:
            return {key: section(model, item) if isinstance(item, dict) else item for key, item in value.items()}
        return section(model, value)

    return section(ProviderFile, provider)
