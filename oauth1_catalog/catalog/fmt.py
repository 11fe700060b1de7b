"""The order of a provider file's fields: its rule, and edits of a file: sorting, simple fixes, and one more field.

Rule 1: comments, quotes and blank lines stay as they are: the text is edited, not generated.
Rule 2: sorting does not change the data. The result is read again, and discarded if the data differs.
Rule 3: a URL is never changed, except for the slash at the end of ``api_base_url``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from oauth1_catalog.catalog.document import Diagnostic, Document, Span
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.rules import Subject
from oauth1_catalog.catalog.source import read

ORDER = {info.alias or name: index for index, (name, info) in enumerate(ProviderFile.model_fields.items())}


def fields_are_in_order(subject: Subject) -> Iterator[Diagnostic]:
    """P081: the fields are in the order of the format, so that files are easy to compare."""
    known = [field for field in subject.entry.own.data if field in ORDER]
    for before, field in itertools.pairwise(known):
        if ORDER[field] < ORDER[before]:
            message = f"`{field}` comes before `{before}`"
            yield subject.entry.own.diagnostic(
                "P081", message, (field,), key=True, hint="run oauth1-catalog fmt", warning=True
            )
            return


def sort_fields(text: str) -> str:
    r"""The same file with its fields in the order of the format; comments go with the field below them.

    >>> sort_fields("schema_version: 1\n# the name for people\ndisplay_name: Acme\nname: acme\n")
    'schema_version: 1\nname: acme\n# the name for people\ndisplay_name: Acme\n'
    """
    document = read(text, path="")
    if document.findings or not document.data:
        return text
    if (starts := _starts(document)) is None:
        return text
    head, blocks, tail = _blocks(text.splitlines(keepends=True), starts)
    ordered = sorted(blocks, key=lambda block: ORDER.get(block[0], len(ORDER)))
    lines = [line if line.endswith("\n") else f"{line}\n" for _, block in ordered for line in block]
    changed = "".join((*head, *lines, *tail))
    return changed if read(changed, path="").data == document.data else text


def set_field(text: str, field: str, values: Mapping[str, str]) -> str | None:
    r"""The same file with a mapping in one of its fields; the other lines stay as they are.

    Args:
        text: the file.
        field: a field of the format.
        values: plain scalars by key.

    Returns:
        The text, or ``None`` if the file is not valid YAML, or has no line of its own for the field.

    >>> set_field("schema_version: 1\nname: acme  # short\n", "callback", {"verifier": "none"})
    'schema_version: 1\nname: acme  # short\ncallback: {verifier: none}\n'
    """
    document = read(text, path="")
    if document.findings or not document.data:
        return None
    present = document.data.get(field)
    if all(document.has((field, key)) for key in values):
        changed = _with_scalars(text, {document.span((field, key)): value for key, value in values.items()})
    elif present is None and (starts := _starts(document)) is not None:
        changed = _with_line(text, starts, field, ", ".join(f"{key}: {value}" for key, value in values.items()))
    else:
        return None
    wanted = {**document.data, field: {**(present if isinstance(present, dict) else {}), **values}}
    return changed if read(changed, path="").data == wanted else None


def _with_scalars(text: str, values: Mapping[Span, str]) -> str:
    lines = text.splitlines(keepends=True)
    for span, value in sorted(values.items(), key=lambda item: (item[0].line, item[0].column), reverse=True):
        line = lines[span.line - 1]
        lines[span.line - 1] = f"{line[: span.column - 1]}{value}{line[span.end_column - 1 :]}"
    return "".join(lines)


def _with_line(text: str, starts: dict[int, str], field: str, values: str) -> str:
    """The text with a new field, before the first one that follows in the order of the format."""
    head, blocks, tail = _blocks(text.splitlines(keepends=True), starts)
    later = (index for index, (name, _) in enumerate(blocks) if ORDER.get(name, -1) > ORDER[field])
    end = "\r\n" if "\r\n" in text else "\n"
    blocks.insert(next(later, len(blocks)), (field, [f"{field}: {{{values}}}{end}"]))
    lines = [line if line.endswith(("\n", "\r")) else f"{line}{end}" for _, block in blocks for line in block]
    return "".join((*head, *lines, *tail))


def _starts(document: Document) -> dict[int, str] | None:
    """The line of each field; ``None`` if one is in braces, or on the line of another, and so cannot be moved."""
    starts = {document.span((field,), key=True).line - 1: field for field in document.data}
    is_block = all(document.span((field,), key=True).column == 1 for field in document.data)
    return starts if is_block and len(starts) == len(document.data) else None


def _blocks(lines: list[str], starts: dict[int, str]) -> tuple[list[str], list[tuple[str, list[str]]], list[str]]:
    """The lines before the first field, each field with the comments above it, and the lines after the last one."""
    order = sorted(starts)
    begins = []
    for start, previous in zip(order, [-1, *order], strict=False):
        begin = start
        while begin - 1 > previous and lines[begin - 1].lstrip().startswith("#"):
            begin -= 1
        # Comments at the top belong to the file.
        begins.append(start if previous < 0 else begin)
    ends = [*begins[1:], len(lines)]
    while ends[-1] - 1 > order[-1] and re.match(r"#|\s*$", lines[ends[-1] - 1]):
        ends[-1] -= 1
    blocks = [(starts[start], lines[begin:end]) for start, begin, end in zip(order, begins, ends, strict=True)]
    return lines[: begins[0]], blocks, lines[ends[-1] :]


def apply_fixes(document: Document, findings: Iterable[Diagnostic]) -> str:
    """The file's text with the replacement of each finding that has one, and with sorted fields."""
    lines = document.text.splitlines(keepends=True)
    for finding in sorted(findings, key=lambda finding: (finding.line, finding.column), reverse=True):
        if finding.replacement is None or finding.path != document.path or finding.line > len(lines):
            continue
        line = lines[finding.line - 1]
        before, marked = line[: finding.column - 1], line[finding.column - 1 : finding.end_column - 1]
        quote = marked[-1] if marked[-1:] in {'"', "'"} else ""
        lines[finding.line - 1] = f"{before}{quote}{finding.replacement}{quote}{line[finding.end_column - 1 :]}"
    text = "".join(lines)
    # A field can have another place after its name was corrected.
    return sort_fields(text) if not read(text, path="").findings else document.text
