"""A ``catalog.json`` from elsewhere, pinned by its hash: newer data under this version of the library.

``OAUTH1_CATALOG_DATA=PATH#sha256=HASH`` or ``Catalog(data=...)`` puts it in the place of the built-in files.

Rule 1: without a hash it is not read. The bytes are read once, and those that were hashed are parsed.
Rule 2: a provider is validated like a file of your own when it is first used. One that this version does not know
completely is refused, and the others load. A field of a later version is ignored where it has its default.
Rule 3: the data cannot do more than a file of the catalog, which needs the application's switches for http and for
logins without a verifier. In addition, it cannot name a local host, and cannot send a token or a secret itself where
the built-in catalog signs.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oauth1_catalog.access import LocalHosts
from oauth1_catalog.catalog.data import FORMAT, LEFT_OUT, Data, Step, dotted, from_published, texts_of
from oauth1_catalog.catalog.document import Diagnostic, Document, Span
from oauth1_catalog.catalog.files import NAME, VERSION, builtin_directory
from oauth1_catalog.catalog.layers import shown_path
from oauth1_catalog.catalog.source import FORBIDDEN, MAX_DEPTH, MAX_ITEMS, MAX_NODES, MAX_TEXT
from oauth1_catalog.catalog.templates import PLACEHOLDER, host_in, kind_of_text, templates_of
from oauth1_catalog.errors import ConfigurationError, ResourceError, UnknownProviderError
from oauth1_catalog.hosts import host_of
from oauth1_catalog.regular_files import read_regular

if TYPE_CHECKING:
    from pydantic import BaseModel

    from oauth1_catalog.catalog.provider import Provider

MAX_BYTES = 8_000_000
"""The largest file, in bytes: about eight times the built-in catalog."""

_MARK = "#sha256="
_WHOLE_HOST = re.compile(rf"(https?://)?{PLACEHOLDER.pattern}(:|/|$)")
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


def check(documents: Sequence[Document], provider: Provider, local_hosts: LocalHosts) -> None:
    """Refuse what pinned data cannot decide without the application.

    Args:
        documents: the provider's own document and those that it extends.
        provider: the provider that was made of them.
        local_hosts: the local hosts that the application allows.

    Raises:
        ConfigurationError: an address of the data has a local host that is not allowed, or the data would send a secret
            itself where the built-in catalog signs.
    """
    for pinned in documents:
        if not isinstance(pinned, PinnedDocument):
            continue
        _check_hosts(pinned, provider.name, local_hosts)
        base = str(pinned.data["name"])
        for path, value, sends in _secrets_sent(provider):
            is_own = any(one.has(path) for one in documents if one is not pinned)
            if not is_own and value not in _builtin_values(base, path):
                field = dotted(path)
                raise ConfigurationError(
                    description=f"{provider.name}: {pinned.path} would send {sends} (`{field}: {value}`), which the "
                    "built-in catalog does not.",
                    provider=provider.name,
                    advice=f"Update oauth1-catalog, or write `{field}` into a file of your own with `extends: {base}`.",
                )


def _secrets_sent(provider: Provider) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    """The fields with which a provider gets a secret itself and not a signature, with their values."""
    if provider.api_auth != "signature":
        yield ("api_auth",), provider.api_auth, "the user's token itself with each call"
    if provider.client_kwargs.get("signature_method") == "PLAINTEXT":
        yield ("client_kwargs", "signature_method"), "PLAINTEXT", "the secrets themselves with each request"
    successor = provider.successor
    if successor is not None and any("{oauth_token_secret}" in text for text in successor.params.values()):
        yield ("successor", "url"), successor.url, "the secret of the token to another address"


def _builtin_values(name: str, path: tuple[Step, ...]) -> set[Data]:
    """The values of a field in the built-in provider, its environments and its options; none without that provider."""
    from oauth1_catalog.catalog.documents import Documents

    try:
        data = Documents((builtin_directory(),), has_packages=False).entry(name).data
    except UnknownProviderError:
        return set()
    parts: list[Any] = [data]
    for section, inner in (("environments", None), ("options", "sets")):
        if isinstance(found := data.get(section), dict):
            parts += [one.get(inner) if inner else one for one in found.values() if isinstance(one, dict)]
    for step in path:
        parts = [part.get(step) for part in parts if isinstance(part, dict)]
    return {part for part in parts if isinstance(part, str)}


def _check_hosts(pinned: PinnedDocument, name: str, local_hosts: LocalHosts) -> None:
    # This machine is allowed to a value of the application's own without a switch, but not to the data.
    allowed = replace(local_hosts, loopback=local_hosts.private)
    for path, host in _hosts(pinned.data):
        if not allowed.allows(host):
            raise ConfigurationError(
                "forbidden_local_host",
                f"{name}: `{dotted(path)}` of {pinned.path} has the host {host!r}, which is local or private.",
                provider=name,
                advice=f"If this is right, pass allow_local_hosts=[{host!r}].",
            )


def _hosts(data: dict[str, Data]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Each host in the addresses of the data. A label that an application sets is replaced by a letter."""
    for path, text, _, _ in templates_of(data):
        # A whole host that an application sets is checked there.
        if kind_of_text(path, text) in {"url", "host"} and not _WHOLE_HOST.match(text):
            yield path, _host(text)
    variables = data.get("variables")
    for name, about in variables.items() if isinstance(variables, dict) else ():
        if isinstance(about, dict) and about.get("format") in {"uri", "hostname"}:
            if isinstance(value := about.get("default"), str):
                yield ("variables", name, "default"), _host(value)
            choices = texts_of(about.get("enum"))
            yield from ((("variables", name, "enum"), _host(value)) for value in choices)


def _host(text: str) -> str:
    host = PLACEHOLDER.sub("x", host_in(text))
    return host_of(f"https://{host.removeprefix('*.')}")
