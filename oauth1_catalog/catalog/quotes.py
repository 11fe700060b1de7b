"""One way to quote: double quotes, and none around a word or an address.

Rule: what another reader of YAML would take for something else than text keeps its quotes (``"true"``, ``"1.0"``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from oauth1_catalog.catalog.document import Branch, Event, Leaf
from oauth1_catalog.catalog.source import read

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9._~/:+@%?=&-]*(?<=[A-Za-z0-9/])")
_NO_TEXT = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})


def with_plain_quotes(text: str) -> str:
    r"""The same file, its values quoted in one way; comments stay.

    >>> with_plain_quotes("name: 'acme'\nuserinfo_params: {email: 'true'}\n")
    'name: acme\nuserinfo_params: {email: "true"}\n'
    """
    document = read(text, path="")
    if document.findings or document.root is None:
        return text
    lines = text.splitlines(keepends=True)
    for event in sorted(_quoted(document.root), key=lambda event: -event.start_mark.column):
        start, end = event.start_mark, event.end_mark
        if start.line == end.line and start.line < len(lines) and (better := _written(event)) is not None:
            line = lines[start.line]
            lines[start.line] = line[: start.column] + better + line[end.column :]
    changed = "".join(lines)
    return changed if read(changed, path="").data == document.data else text


def _written(event: Event) -> str | None:
    """How the value is written, if otherwise than it is."""
    value = event.value
    if _WORD.fullmatch(value) and value.lower() not in _NO_TEXT:
        return str(value)
    if event.style == "'" and value.isprintable() and not re.search(r'["\\]', value):
        return f'"{value}"'
    return None


def _quoted(node: Leaf | Branch) -> Iterator[Event]:
    if isinstance(node, Branch):
        for inner in node.items.values() if isinstance(node.items, dict) else node.items:
            yield from _quoted(inner)
    elif node[1].style in {"'", '"'}:
        yield node[1]
