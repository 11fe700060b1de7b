"""Read YAML text into plain data, with the place of each key and value.

Rule 1: a scalar is text, or null; the models convert it. So ``no``, ``007`` and ``1:30`` stay text, unlike in YAML 1.1.
Rule 2: a provider file cannot contain what it does not need: anchors, aliases, merge keys, tags, directives, several
documents, duplicate keys, invisible characters. Size, depth and number are limited while reading.
Rule 3: no input raises an exception; problems become findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from oauth1_catalog.catalog.data import Data, Step, dotted
from oauth1_catalog.catalog.document import LINE_BREAK, Branch, Diagnostic, Document, Event, Leaf
from oauth1_catalog.catalog.files import MAX_BYTES
from oauth1_catalog.redaction import mask_line

MAX_LINES = 5_000
MAX_DEPTH = 20
MAX_NODES = 5_000
MAX_ITEMS = 250
"""The largest number of entries in one mapping or list, which limits the work of comparing them."""

MAX_TEXT = 2_000
"""The longest key or value, in characters."""

MAX_FINDINGS = 100
"""Reading stops after this number of findings."""

_USUAL_LENGTH = "a provider file has 30 to 100 lines"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
# Control characters, surrogates, direction marks, and zero-width characters that no script needs. U+200C and U+200D are
# allowed, because Persian and Indian scripts need them.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)


def read(source: bytes | str, *, path: str) -> Document:
    r"""Read the text of one provider file.

    Args:
        source: the file's bytes (UTF-8, with or without a byte order mark), or its text.
        path: the name to show in findings.

    >>> read("name: twitter\naliases: [x]\n", path="x.yaml").data
    {'name': 'twitter', 'aliases': ['x']}
    >>> [str(finding) for finding in read("a: 1\na: 2\n", path="x.yaml").findings]
    ['x.yaml:2:1: P002 `a` appears twice: the first is in line 1; remove one of them']
    """
    if len(source) > MAX_BYTES:
        return _refused(path, "P009", f"the file is larger than {MAX_BYTES:,} bytes", _USUAL_LENGTH)
    if isinstance(source, str):
        text = source
    else:
        try:
            text = source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = source[: error.start].decode("utf-8", "replace")
            return _refused(path, "P008", "the file is not UTF-8", "save it as UTF-8", text=before, at=len(before))
    if forbidden := FORBIDDEN.search(text):
        kind = f"character U+{ord(forbidden[0]):04X} is not allowed in a provider file"
        hint = "save the file as UTF-8" if forbidden[0] == "\0" else "delete it; it is invisible, and can hide text"
        return _refused(path, "P007", kind, hint, text=text, at=forbidden.start())
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MAX_LINES:
        return _refused(path, "P009", f"the file has more than {MAX_LINES:,} lines", _USUAL_LENGTH)
    return _Reader(text, path).read()


def _refused(path: str, code: str, message: str, hint: str, *, text: str = "", at: int = 0) -> Document:
    """A document without data, and with one finding at an offset of the text."""
    before = LINE_BREAK.split(text[:at])
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
    """Reading cannot continue after this finding."""


class _Reader:
    """Build data and places from the parser's events, without recursion."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.findings: list[Diagnostic] = []
        self.broken: set[tuple[Step, ...]] = set()
        # The open collections from the outside in, and for each the event of the key whose value comes next.
        self.stack: list[tuple[dict[str, Data] | list[Data], Branch]] = []
        self.keys: list[Event | None] = []
        self.nodes = 0
        self.documents = 0
        self.has_null = False
        self.data: Data = None
        self.root: Leaf | Branch | None = None

    def read(self) -> Document:
        import yaml

        # The C parser is ten times faster; PyYAML's wheels contain it, but a build without libyaml does not.
        parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            events = parser(self.text)
            try:
                self._take_all(events.get_event, yaml.ScalarEvent)
            finally:
                events.dispose()
        except _StopReadingError:
            pass
        except yaml.MarkedYAMLError as error:
            self._syntax_error(error)
        except yaml.YAMLError:
            self._syntax_error(None)
        if not self.findings and not isinstance(self.data, dict):
            what = "the file is empty" if self.data is None else "the file is not a mapping of fields"
            self._add("P005", what, "begin with `schema_version: 1`", None)
        self.findings.sort(key=lambda finding: finding.sort_key)
        if not isinstance(self.data, dict):
            return Document(self.path, self.text, {}, tuple(self.findings))
        findings, broken = tuple(self.findings), frozenset(self.broken)
        return Document(self.path, self.text, self.data, findings, broken, self.has_null, self.root)

    def _take_all(self, next_event: Callable[[], Event], scalar_event: Any) -> None:
        """The loop that takes most of the time: an ordinary scalar needs no further call."""
        keys = self.keys
        while (event := next_event()) is not None:
            if type(event) is not scalar_event:
                self._structure(event)
                continue
            self.nodes += 1
            if event.anchor is not None or event.tag is not None or self.nodes > MAX_NODES:
                self._check_node(event)
            value = event.value
            if len(value) > MAX_TEXT:
                self._too_much(f"a text of more than {MAX_TEXT:,} characters", "shorten it, or link to it", event)
            style = event.style
            if not style:
                if value in _NULL:
                    value = None
                    self.has_null = True
            elif style == '"' and (forbidden := FORBIDDEN.search(value)):
                code = f"U+{ord(forbidden[0]):04X}"
                self._add("P007", f"character {code} is not allowed in a provider file", "delete its escape", event)
                value = FORBIDDEN.sub("", value)
            if not self.stack:
                self._value(value, event)
                continue
            data, branch = self.stack[-1]
            items = branch.items
            if len(items) >= MAX_ITEMS:
                self._check_room(event, branch)
            if type(data) is list:
                data.append(value)
                items.append((None, event))  # type: ignore[union-attr]  # a list's items are a list
            elif (key := keys[-1]) is None:
                if value is None or value in items or value == "<<":
                    self._check_key(event, value, items)  # type: ignore[arg-type]  # a mapping's items are a mapping
                keys[-1] = event
            else:
                name = key.value
                if name not in items:  # the first of two equal keys is kept
                    data[name] = value
                    items[name] = (key, event)
                keys[-1] = None

    def _structure(self, event: Event) -> None:
        """Handle an event that is not a scalar."""
        kind = type(event).__name__
        if kind == "MappingStartEvent":
            self._open(event, {})
        elif kind == "SequenceStartEvent":
            self._open(event, [])
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            _, branch = self.stack.pop()
            self.keys.pop()
            branch.end = event.end_mark
            if self.keys:
                self.keys[-1] = None
        elif kind == "AliasEvent":
            self._add("P003", f"`*{event.anchor}` is an alias", "write out the value", event)
            if self.stack and isinstance(self.stack[-1][0], dict) and self.keys[-1] is None:
                raise _StopReadingError  # an alias as a key
            self.broken.add(self._path())
            self._value(None, event)
            if self.keys:
                self.keys[-1] = None
        elif kind == "DocumentStartEvent":
            self.documents += 1
            if event.version or event.tags:
                self._add("P004", "a YAML directive (`%`) is not allowed", "delete the line", event, mark=False)
            if self.documents > 1:
                self._add("P005", "a second document begins here", "one file describes one provider", event, mark=False)
                raise _StopReadingError

    def _open(self, event: Event, data: dict[str, Data] | list[Data]) -> None:
        self.nodes += 1
        self._check_node(event)
        if len(self.stack) >= MAX_DEPTH:
            self._too_much(f"more than {MAX_DEPTH} levels", "a provider file has at most five", event)
        if self.stack and isinstance(self.stack[-1][0], dict) and self.keys[-1] is None:
            hint = "write `key: value`; quote a text that contains brackets"
            self._add("P006", "a key must be text", hint, event, mark=False)
            raise _StopReadingError
        if self.stack:
            self._check_room(event, self.stack[-1][1])
        branch = Branch(
            self.keys[-1] if self.keys else None, event, {} if isinstance(data, dict) else [], event.end_mark
        )
        self._value(data, branch)
        self.stack.append((data, branch))
        self.keys.append(None)

    def _value(self, value: Data, node: Event | Branch) -> None:
        """Add a value to the open collection, under its key."""
        key = self.keys[-1] if self.keys else None
        place: Leaf | Branch = node if isinstance(node, Branch) else (key, node)
        if not self.stack:
            self.data, self.root = value, place
            return
        data, branch = self.stack[-1]
        if isinstance(data, list) and isinstance(branch.items, list):
            data.append(value)
            branch.items.append(place)
        elif isinstance(data, dict) and isinstance(branch.items, dict) and key is not None and key.value not in data:
            data[key.value] = value
            branch.items[key.value] = place

    def _check_node(self, event: Event) -> None:
        if self.nodes > MAX_NODES:
            self._too_much(f"more than {MAX_NODES:,} values", "a provider file has a few hundred", event)
        if event.anchor is not None:
            self._add(
                "P003", f"`&{event.anchor}` is an anchor", "delete it, and write out the values", event, mark=False
            )
        if event.tag is not None:
            self._add("P004", f"`{event.tag}` is a tag", "delete it; each field has its type", event, mark=False)

    def _check_room(self, event: Event, branch: Branch) -> None:
        """Refuse one entry too many; the value of the last key is not a new entry."""
        if len(branch.items) >= MAX_ITEMS and (isinstance(branch.items, list) or self.keys[-1] is None):
            self._too_much(f"more than {MAX_ITEMS} entries in one mapping or list", "divide the file", event)

    def _too_much(self, message: str, hint: str, event: Event) -> None:
        """Stop reading, because a limit of the format is reached.

        Raises:
            _StopReadingError: always.
        """
        self._add("P009", message, hint, event, mark=False)
        raise _StopReadingError

    def _check_key(self, event: Event, value: str | None, items: dict[str, Leaf | Branch]) -> None:
        if value is None and not event.value:
            self._add("P006", "a key is missing", "write `key: value`", event)
        elif value == "<<" and not event.style:
            self._add("P003", "`<<` merges an anchor", "write out the keys, or use `extends`", event)
            self.broken.add((*self._path()[:-1], value))
        elif event.value in items:
            first = items[event.value]
            key = first.key if isinstance(first, Branch) else first[0]
            line = f"the first is in line {key.start_mark.line + 1}; " if key is not None else ""
            self._add("P002", f"`{event.value}` appears twice", f"{line}remove one of them", event)

    def _path(self) -> tuple[Step, ...]:
        """The path of the next value."""
        path: list[Step] = []
        for depth, ((data, _), key) in enumerate(zip(self.stack, self.keys, strict=True), start=1):
            is_open = depth < len(self.stack)  # the collection below is already an item of this one
            path.append(len(data) - is_open if isinstance(data, list) else key.value if key is not None else "")
        return tuple(path)

    def _add(self, code: str, message: str, hint: str, event: Event | None, *, mark: bool = True) -> None:
        """Add a finding at an event; with ``mark``, its whole text is marked."""
        if event is None:
            self._place(code, message, hint, 0, 0, 1)
            return
        start, end = event.start_mark, event.end_mark
        end_column = end.column if mark and end.line == start.line else start.column + 1
        self._place(code, message, hint, start.line, start.column, end_column)

    def _place(self, code: str, message: str, hint: str, line: int, column: int, end_column: int) -> None:
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
        if len(self.findings) >= MAX_FINDINGS:
            raise _StopReadingError

    def _syntax_error(self, error: Any) -> None:
        mark = (error.problem_mark or error.context_mark) if error else None
        words = " ".join(str(part) for part in (error.problem, error.context) if part) if error else "unreadable"
        line, column = (mark.line, mark.column) if mark else (0, 0)
        self._place("P001", f"the file is not valid YAML ({mask_line(words)})", "", line, column, column + 1)
