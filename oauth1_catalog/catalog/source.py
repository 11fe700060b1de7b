"""YAML text to plain data, with the place of each key and value.

Rule 1: a scalar is text, or null; what it means is the model's business. So ``no``, ``007`` and ``1:30`` are what they
look like, and not what YAML 1.1 makes of them.
Rule 2: nothing that a provider file does not need is let in: anchors, aliases, merge keys, tags, directives, several
documents, duplicate keys, invisible characters. Limits of size, depth and number are checked while reading, before
anything is built.
Rule 3: no input whatever raises; what is wrong is told as findings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from oauth1_catalog.catalog.diagnostics import Diagnostic

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 20_000

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
Step: TypeAlias = "str | int"

_LINE_BREAK = re.compile(r"\r\n|\n|\r")
# Control characters, surrogates, direction marks and the zero-width ones that no script needs. U+200C and U+200D stay:
# Persian and Indian scripts are spelled with them.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_CREDENTIAL_KEY = re.compile(
    r"^(?:(?:client|consumer|app|api|token|access_token|oauth|oauth_token)_?(?:secret|key_secret)|secret|password"
    r"|passphrase|passwd|rsa_key(?:_passphrase)?|private_key|api_key|consumer_key|client_id|oauth_consumer_key"
    r"|oauth_token|access_token|token|bearer_token|authorization)$",
    re.IGNORECASE,
)
MASK = "********"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the text: line and column from 1, ``end_column`` after the last character on that line."""

    line: int
    column: int
    end_column: int


class _Mark(Protocol):
    """A place as PyYAML's two parsers tell it, from 0."""

    line: int
    column: int


# The events of PyYAML's two parsers share their attributes and no type.
_Event: TypeAlias = Any


@dataclass(slots=True)
class _Node:
    """The place of one value, and of what is in it; built beside the data."""

    start: _Mark
    end: _Mark
    key: tuple[_Mark, _Mark] | None = None
    items: list[_Node] | dict[str, _Node] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read.

    Args:
        path: the name to show in findings.
        text: the file's text; empty where it was not text at all.
        data: the mapping that the file holds; empty where it holds none.
        findings: what is wrong with the YAML itself.
        broken: paths whose value was not taken over, so that nothing more is to be said about them.
    """

    path: str
    text: str
    data: dict[str, Data]
    findings: tuple[Diagnostic, ...] = ()
    broken: frozenset[tuple[Step, ...]] = frozenset()
    _root: _Node | None = field(default=None, repr=False)

    def has(self, path: Sequence[Step]) -> bool:
        """Whether the file itself holds a value at ``path``."""
        return self._find(path) is not None

    def span(self, path: Sequence[Step], *, key: bool = False) -> Span:
        r"""Where the value at ``path`` is, or its key; where it is not in the file, the nearest thing around it.

        >>> read("name: twitter\n", path="x.yaml").span(["name"])
        Span(line=1, column=7, end_column=14)
        """
        node = self._find(path)
        if node is None and len(path) > 0:
            return self.span(path[:-1], key=True)
        if node is None or not path:
            return Span(1, 1, 2) if node is None else self._mark(node.start, node.start)
        if key and node.key is not None:
            return self._mark(*node.key)
        return self._mark(node.start, node.end)

    def diagnostic(
        self, code: str, message: str, path: Sequence[Step], *, key: bool = False, hint: str = "", warning: bool = False
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
        )

    def lines(self) -> list[str]:
        """The text line by line, with the value of everything that looks like a credential masked."""
        return mask_lines(_LINE_BREAK.split(self.text))

    def _find(self, path: Sequence[Step]) -> _Node | None:
        node = self._root
        for step in path:
            if node is None or node.items is None:
                return None
            if isinstance(node.items, dict):
                node = node.items.get(str(step))
            elif isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                return None
        return node

    def _mark(self, start: _Mark, end: _Mark) -> Span:
        column = start.column + 1
        if end.line == start.line:
            return Span(start.line + 1, column, max(end.column + 1, column + 1))
        lines = _LINE_BREAK.split(self.text)
        length = len(lines[start.line].rstrip()) if start.line < len(lines) else 0
        return Span(start.line + 1, column, max(length + 1, column + 1))


def dotted(path: Sequence[Step]) -> str:
    """A path as people write it.

    >>> dotted(["evidence", 0, "source"])
    'evidence[0].source'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


@lru_cache(maxsize=4096)
def is_credential(key: str) -> bool:
    """Whether a key of that name holds a secret, or something that is nobody else's business.

    >>> is_credential("client_secret"), is_credential("request_token_url")
    (True, False)
    """
    return _CREDENTIAL_KEY.match(key.replace("-", "_").strip("\"' ")) is not None


_KEYED_VALUE = re.compile(
    r"(?P<key>[\"']?[A-Za-z_-]+[\"']?)(?P<gap>\s*[:=]\s*)(?P<value>\"[^\"]*\"?|'[^']*'?|[^,{}\[\]\s\"'][^,}]*)"
)
_OPEN_KEY = re.compile(r"(?P<indent>\s*(?:-\s+)*).*?(?P<key>[\"']?[A-Za-z_-]+[\"']?)\s*:(?P<value>[^{}\[\]:]*)$")
_KEY_MATERIAL = re.compile(r"-----(?:BEGIN|END)[^-]*-----|[A-Za-z0-9+/]{60,}={0,2}")


def mask_line(line: str) -> str:
    """A source line that is safe to show: the values of credential-like keys, and key material, are stars.

    >>> mask_line("client_secret: abc123  # mine")
    'client_secret: ********'
    """

    def masked(match: re.Match[str]) -> str:
        return match["key"] + match["gap"] + MASK if is_credential(match["key"]) else match[0]

    return _KEY_MATERIAL.sub(MASK, _KEYED_VALUE.sub(masked, line))


def mask_lines(lines: Sequence[str]) -> list[str]:
    """The same for lines that follow one another: a credential's value may go on below its key."""
    shown: list[str] = []
    inside: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if inside is not None and (indent > inside or not line.strip()):
            shown.append(" " * indent + (MASK if line.strip() else ""))
            continue
        opened = _OPEN_KEY.match(line)
        inside = len(opened["indent"]) if opened and is_credential(opened["key"]) else None
        shown.append(mask_line(line))
    return shown


def read(source: bytes | str, *, path: str) -> Document:
    r"""Read the text of one provider file.

    Args:
        source: the file's bytes (UTF-8, with or without a byte order mark), or its text.
        path: the name to show in findings.

    >>> read("name: twitter\naliases: [x]\n", path="x.yaml").data
    {'name': 'twitter', 'aliases': ['x']}
    >>> [str(finding) for finding in read("a: 1\na: 2\n", path="x.yaml").findings]
    ['x.yaml:2:1: P002 `a` is given twice: the first is in line 1; remove one of them']
    """
    if len(source) > MAX_BYTES:
        return _refused(
            path, "P009", f"the file is larger than {MAX_BYTES:,} bytes", "a provider file has 30 to 100 lines"
        )
    if isinstance(source, str):
        text = source
    else:
        try:
            text = source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = source[: error.start].decode("utf-8", "replace")
            return _refused(path, "P008", "the file is not UTF-8", "save it as UTF-8", text=before, at=len(before))
    if forbidden := _FORBIDDEN.search(text):
        kind = f"character U+{ord(forbidden[0]):04X} is not allowed in a provider file"
        hint = (
            "save the file as UTF-8"
            if forbidden[0] == "\0"
            else "delete it; it is invisible, and may hide what is written"
        )
        return _refused(path, "P007", kind, hint, text=text, at=forbidden.start())
    return _Reader(text, path).read()


def _refused(path: str, code: str, message: str, hint: str, *, text: str = "", at: int = 0) -> Document:
    """A document of which nothing is read, with its one finding at an offset of the text."""
    before = _LINE_BREAK.split(text[:at])
    finding = Diagnostic(
        code=code,
        message=message,
        help=hint,
        path=path,
        line=len(before),
        column=len(before[-1]) + 1,
        end_column=len(before[-1]) + 2,
    )
    return Document(path, "", {}, (finding,))


class _StopReadingError(Exception):
    """There is no going on after this finding."""


class _Reader:
    """Builds data and places from the parser's events, without recursion."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.findings: list[Diagnostic] = []
        self.broken: set[tuple[Step, ...]] = set()
        self.nodes = 0
        # The open collections from the outside in: the data, its node, and the key that waits for its value.
        self.stack: list[tuple[dict[str, Data] | list[Data], _Node]] = []
        self.keys: list[tuple[str, _Mark, _Mark] | None] = []
        self.documents = 0
        self.root_data: Data = None
        self.root: _Node | None = None

    def read(self) -> Document:
        import yaml

        # The parser in C is ten times as fast; PyYAML's wheels have it, a build without libyaml does not.
        parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            events = parser(self.text)
            try:
                # Asking the parser itself takes half the time of yaml.parse().
                while (event := events.get_event()) is not None:
                    self._take(event)
            finally:
                events.dispose()
        except _StopReadingError:
            pass
        except yaml.MarkedYAMLError as error:
            self._syntax_error(error)
        except yaml.YAMLError:
            self._syntax_error(None)
        data = self.root_data
        if not self.findings and not isinstance(data, dict):
            what = "the file is empty" if self.root is None or data is None else "the file is not a mapping of fields"
            self._add("P005", what, "begin with `schema_version: 1`", self.root.start if self.root else None)
        self.findings.sort(key=lambda finding: finding.sort_key)
        if not isinstance(data, dict):
            return Document(self.path, self.text, {}, tuple(self.findings))
        return Document(self.path, self.text, data, tuple(self.findings), frozenset(self.broken), self.root)

    def _take(self, event: _Event) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self._open(event, {} if kind == "MappingStartEvent" else [])
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._close(event)
        elif kind == "AliasEvent":
            self._add("P003", f"`*{event.anchor}` is an alias", "write the value out", event.start_mark, event.end_mark)
            self._value(None, _Node(event.start_mark, event.end_mark), is_broken=True)
        elif kind == "DocumentStartEvent":
            self.documents += 1
            if event.version or event.tags:
                self._add("P004", "a YAML directive (`%`) is not allowed", "delete the line", event.start_mark)
            if self.documents > 1:
                self._add("P005", "a second document begins here", "one file holds one provider", event.start_mark)
                raise _StopReadingError

    def _scalar(self, event: _Event) -> None:
        self._count(event)
        value: str | None = event.value
        if not event.style and event.value in {"", "~", "null", "Null", "NULL"}:
            value = None
        elif event.style == '"' and (forbidden := _FORBIDDEN.search(event.value)):
            code = f"U+{ord(forbidden[0]):04X}"
            self._add(
                "P007", f"character {code} is not allowed in a provider file", "delete its escape", event.start_mark
            )
            value = _FORBIDDEN.sub("", event.value)
        if self.keys and isinstance(self.stack[-1][0], dict) and self.keys[-1] is None:
            self._key(event, value)
        else:
            self._value(value, _Node(event.start_mark, event.end_mark))

    def _key(self, event: _Event, value: str | None) -> None:
        if value is None:
            self._add("P006", "a key is missing", "write `key: value`", event.start_mark, event.end_mark)
            value = ""
        elif value == "<<" and not event.style:
            self._add(
                "P003",
                "`<<` merges an anchor",
                "write the keys out, or use `extends`",
                event.start_mark,
                event.end_mark,
            )
            self.broken.add((*self._path()[:-1], value))
        items = self.stack[-1][1].items
        if isinstance(items, dict) and (first := items.get(value)) and first.key:
            hint = f"the first is in line {first.key[0].line + 1}; remove one of them"
            self._add("P002", f"`{value}` is given twice", hint, event.start_mark, event.end_mark)
        self.keys[-1] = (value, event.start_mark, event.end_mark)

    def _open(self, event: _Event, data: dict[str, Data] | list[Data]) -> None:
        self._count(event)
        if len(self.stack) >= MAX_DEPTH:
            self._add("P009", f"more than {MAX_DEPTH} levels", "a provider file has at most five", event.start_mark)
            raise _StopReadingError
        if self.stack and isinstance(self.stack[-1][0], dict) and self.keys[-1] is None:
            self._add(
                "P006", "a key must be text", "write `key: value`; quote a text that has brackets", event.start_mark
            )
            raise _StopReadingError
        node = _Node(event.start_mark, event.end_mark, items={} if isinstance(data, dict) else [])
        self._value(data, node)
        self.stack.append((data, node))
        self.keys.append(None)

    def _close(self, event: _Event) -> None:
        _, node = self.stack.pop()
        self.keys.pop()
        node.end = event.end_mark
        if self.stack and isinstance(self.stack[-1][0], dict):
            self.keys[-1] = None

    def _value(self, value: Data, node: _Node, *, is_broken: bool = False) -> None:
        if is_broken:
            self.broken.add(self._path())
        if not self.stack:
            self.root_data, self.root = value, node
            return
        data, parent = self.stack[-1]
        if isinstance(data, list) and isinstance(parent.items, list):
            data.append(value)
            parent.items.append(node)
        elif isinstance(data, dict) and isinstance(parent.items, dict):
            waiting = self.keys[-1]
            if waiting is None:  # an alias as a key
                raise _StopReadingError
            key, start, end = waiting
            node.key = (start, end)
            if key not in data:  # of two equal keys, the first is kept
                data[key] = value
                parent.items[key] = node
            if not isinstance(value, (dict, list)):
                self.keys[-1] = None

    def _count(self, event: _Event) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._add("P009", f"more than {MAX_NODES:,} values", "a provider file has some hundred", event.start_mark)
            raise _StopReadingError
        if event.anchor is not None:
            self._add("P003", f"`&{event.anchor}` is an anchor", "delete it, and write values out", event.start_mark)
        if event.tag is not None:
            self._add("P004", f"`{event.tag}` is a tag", "delete it; each field has its type", event.start_mark)

    def _path(self) -> tuple[Step, ...]:
        """The path of the value that comes next."""
        path: list[Step] = []
        for depth, ((data, _), waiting) in enumerate(zip(self.stack, self.keys, strict=True), start=1):
            is_open = depth < len(self.stack)  # the collection below is already an item of this one
            path.append(len(data) - is_open if isinstance(data, list) else waiting[0] if waiting else "")
        return tuple(path)

    def _add(self, code: str, message: str, hint: str, start: _Mark | None, end: _Mark | None = None) -> None:
        line, column = (start.line, start.column) if start else (0, 0)
        end_column = end.column if end and end.line == line else column + 1
        self.findings.append(
            Diagnostic(
                code=code,
                message=message,
                help=hint,
                path=self.path,
                line=line + 1,
                column=column + 1,
                end_column=max(end_column, column + 1) + 1,
                field=dotted(self._path()),
            )
        )

    def _syntax_error(self, error: Any) -> None:
        mark = (error.problem_mark or error.context_mark) if error else None
        words = " ".join(str(part) for part in (error.problem, error.context) if part) if error else "unreadable"
        self._add("P001", f"this is not YAML ({mask_line(words)})", "", mark)
