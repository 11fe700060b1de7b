"""Provider files as they were read: their data, the place of each key and value, and findings at these places.

The codes of findings are grouped: P00x YAML, P01x fields, P02x names and flows, P03x URLs and variables, P04x claims,
P05x evidence and status, P06x several files, P08x how a file is written, and hosts.

Rule 1: places are computed only when a finding needs them.
Rule 2: a finding never contains the value of a credential; excerpts of the source are masked.
Rule 3: text from a file, and the file's name, are shown on one line: a CI log takes a line that begins with ``::`` as a
command, and a terminal obeys control characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, Unpack

from oauth1_catalog.catalog.data import OWN_FIELDS, Data, Step, dotted, merge
from oauth1_catalog.errors import ProviderFileError
from oauth1_catalog.redaction import mask_lines, one_line

LINE_BREAK = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"[^\r\n]*")

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text: line and column from 1, and ``end_column`` after the last character on that line.

    ``is_cut`` is true for a value that continues on the next line.
    """

    line: int
    column: int
    end_column: int
    is_cut: bool = field(default=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding. Lines and columns count from 1; ``end_column`` is the column after the last marked character.

    Args:
        code: the rule's code, such as ``"P010"``; stable between versions.
        message: the problem.
        help: the next step; can be empty.
        path: the path of the file, as it was given.
        line: where the finding begins.
        column: the column there.
        end_column: where the mark in the excerpt ends, on the same line.
        field: the dotted name of the field, such as ``"callback.verifier"``; empty for the whole file.
        severity: a file with an ``error`` cannot be used.
        replacement: the correct text for the marked one, without its quotes; ``None`` unless there is exactly one
            correction.

    >>> str(Diagnostic(code="P012", message="no `name`", path="providers/x.yaml", line=1, column=1, end_column=2))
    'providers/x.yaml:1:1: P012 no `name`'
    """

    code: str
    message: str
    help: str = ""
    path: str
    line: int
    column: int
    end_column: int
    field: str = ""
    severity: Severity = "error"
    replacement: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message))
        object.__setattr__(self, "help", one_line(self.help))

    @property
    def shown_path(self) -> str:
        """The file's path on one line, because a name can contain a line break."""
        return one_line(self.path)

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """By file, then from top to bottom."""
        return (self.path, self.line, self.column, self.code, self.field)

    @property
    def text(self) -> str:
        """The message with its help, as in the loader's error."""
        return f"{self.message}: {self.help}" if self.help else self.message

    def __str__(self) -> str:
        return f"{self.shown_path}:{self.line}:{self.column}: {self.code} {self.text}"


class Mark(Protocol):
    """A place as PyYAML's two parsers give it, from 0."""

    index: int
    line: int
    column: int


# The events of PyYAML's two parsers share no type, only attributes: start_mark, end_mark, value, style, anchor, tag.
Event: TypeAlias = Any
# A scalar: the event of its key, if it has one, and its own event. The events contain the places.
Leaf: TypeAlias = "tuple[Event | None, Event]"


@dataclass(slots=True)
class Branch:
    """A mapping or a list: the events of its key and of its beginning, the mark of its end, and its items."""

    key: Event | None
    event: Event
    items: dict[str, Leaf | Branch] | list[Leaf | Branch]
    end: Mark


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One file as it was read. Two readings are never equal, even with the same content.

    Args:
        path: the name to show in findings.
        text: the file's text; empty if the file is not text.
        data: the mapping in the file; empty if there is none.
        findings: the problems of the YAML itself.
        broken: paths whose value was left out, so that no more findings concern them.
        has_null: whether any value is null.
    """

    path: str
    text: str
    data: dict[str, Data]
    findings: tuple[Diagnostic, ...] = ()
    broken: frozenset[tuple[Step, ...]] = frozenset()
    has_null: bool = False
    _root: Leaf | Branch | None = field(default=None, repr=False)

    @property
    def advice(self) -> str:
        """What to do if the file is not valid, beyond correcting it."""
        return ""

    def has(self, path: Sequence[Step]) -> bool:
        """Whether the file itself has a value at ``path``."""
        return self._find(path) is not None

    def span(self, path: Sequence[Step], *, key: bool = False) -> Span:
        r"""The place of the value at ``path``, or of its key; if the file does not contain it, of the nearest section.

        >>> from oauth1_catalog.catalog.source import read
        >>> read("name: twitter\n", path="x.yaml").span(["name"])
        Span(line=1, column=7, end_column=14)
        """
        node = self._find(path)
        if node is None:
            return self.span(path[:-1], key=True) if path else Span(1, 1, 2)
        key_event, event, end = (
            (node.key, node.event, node.end) if isinstance(node, Branch) else (*node, node[1].end_mark)
        )
        if not path:
            return self._mark(event.start_mark, event.start_mark)
        if key and key_event is not None:
            return self._mark(key_event.start_mark, key_event.end_mark)
        return self._mark(event.start_mark, end)

    def diagnostic(
        self,
        code: str,
        message: str,
        path: Sequence[Step],
        *,
        key: bool = False,
        hint: str = "",
        warning: bool = False,
        replacement: str | None = None,
    ) -> Diagnostic:
        """A finding at the value of ``path``, or at its key."""
        span = self.span(path, key=key)
        return Diagnostic(
            code=code,
            message=message,
            help=hint,
            path=self.path,
            line=span.line,
            column=span.column,
            end_column=span.end_column,
            field=dotted(path),
            severity="warning" if warning else "error",
            replacement=None if span.is_cut else replacement,
        )

    def lines(self) -> list[str]:
        """The lines of the text, with the values of credentials masked."""
        return mask_lines(LINE_BREAK.split(self.text))

    def _find(self, path: Sequence[Step]) -> Leaf | Branch | None:
        node = self._root
        for step in path:
            if not isinstance(node, Branch):
                return None
            if isinstance(node.items, dict):
                node = node.items.get(str(step))
            else:
                node = node.items[step] if isinstance(step, int) and step < len(node.items) else None
        return node

    def _mark(self, start: Mark, end: Mark) -> Span:
        column = start.column + 1
        if end.line == start.line:
            return Span(start.line + 1, column, max(end.column + 1, column + 1))
        line = _LINE.match(self.text, max(start.index - start.column, 0))
        length = len(line[0].rstrip()) if line is not None else 0
        return Span(start.line + 1, column, max(length + 1, column + 1), is_cut=True)


class Marking(TypedDict, total=False):
    """The options of ``Document.diagnostic``."""

    key: bool
    hint: str
    warning: bool
    replacement: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider's merged data, and the documents that it was merged from, beginning with its own."""

    documents: tuple[Document, ...]
    data: dict[str, Data]
    findings: tuple[Diagnostic, ...] = ()

    @property
    def own(self) -> Document:
        """The provider's own file."""
        return self.documents[0]

    def origin(self, path: Sequence[Step]) -> Document:
        """The file that the value at ``path`` comes from; the provider's own file if none has it."""
        for document in self.documents:
            if document.has(path):
                return document
        return self.own

    def diagnostic(self, code: str, message: str, path: Sequence[Step], **marking: Unpack[Marking]) -> Diagnostic:
        """A finding at the value of ``path``, or at its key, in the file that it comes from."""
        return self.origin(path).diagnostic(code, message, path, **marking)


def inherit(documents: Sequence[Document]) -> Entry:
    r"""Merge a provider's own document with those that it extends, the nearest first.

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


def _empty(document: Document, data: Data, path: tuple[Step, ...]) -> list[Diagnostic]:
    """Fields without a value: null would remove an inherited field, and this file inherits none."""
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


def file_error(errors: list[Diagnostic], *, provider: str, advice: str = "") -> ProviderFileError:
    """The first finding as an exception, with the number of the others."""
    first = next((error for error in errors if error.field), errors[0])  # a mistake comes before a missing field
    more = len(errors) - 1
    rest = f" ({more} more {'finding' if more == 1 else 'findings'} in this file)" if more else ""
    return ProviderFileError(
        f"{first.message}{rest}." if advice else f"{first.text}{rest}",
        path=first.path,
        line=first.line,
        column=first.column,
        field=first.field,
        provider=provider,
        advice=advice,
    )
