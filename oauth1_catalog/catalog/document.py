"""One provider file as it was read: its data, and the place of each key and value.

Rule: places are found when somebody asks for one; a file without findings pays nothing for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.redaction import mask_lines

LINE_BREAK = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"[^\r\n]*")

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
Step: TypeAlias = "str | int"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text: line and column from 1, ``end_column`` after the last character on that line.

    ``is_cut`` is true for a value that continues on the next line.
    """

    line: int
    column: int
    end_column: int
    is_cut: bool = field(default=False, repr=False, compare=False)


class Mark(Protocol):
    """A place as PyYAML's two parsers tell it, from 0."""

    index: int
    line: int
    column: int


# The events of PyYAML's two parsers share attributes and no type: start_mark, end_mark, value, style, anchor, tag.
Event: TypeAlias = Any
# A scalar: the event of its key, if it has one, and its own. The events hold the places; nothing else is kept.
Leaf: TypeAlias = "tuple[Event | None, Event]"


@dataclass(slots=True)
class Branch:
    """A mapping or a list: the events of its key and of its beginning, the mark of its end, and what is in it."""

    key: Event | None
    event: Event
    items: dict[str, Leaf | Branch] | list[Leaf | Branch]
    end: Mark


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One file as it was read; two readings are two documents, whatever they hold.

    Args:
        path: the name to show in findings.
        text: the file's text; empty where it was not text at all.
        data: the mapping that the file holds; empty where it holds none.
        findings: what is wrong with the YAML itself.
        broken: paths whose value was not taken over, so that nothing more is to be said about them.
        has_null: whether any value is null.
    """

    path: str
    text: str
    data: dict[str, Data]
    findings: tuple[Diagnostic, ...] = ()
    broken: frozenset[tuple[Step, ...]] = frozenset()
    has_null: bool = False
    _root: Leaf | Branch | None = field(default=None, repr=False)

    def has(self, path: Sequence[Step]) -> bool:
        """Whether the file itself holds a value at ``path``."""
        return self._find(path) is not None

    def span(self, path: Sequence[Step], *, key: bool = False) -> Span:
        r"""Where the value at ``path`` is, or its key; where it is not in the file, the nearest thing around it.

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
        """The text line by line, with the value of everything that looks like a credential masked."""
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


def dotted(path: Sequence[Step]) -> str:
    """A path as people write it.

    >>> dotted(["evidence", 0, "source"])
    'evidence[0].source'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
