"""What is wrong with a provider file, and where: one finding of the loader or of the validator.

Codes are grouped by subject: P00x YAML, P01x fields, P02x names and flows, P03x URLs and variables, P04x claims,
P05x evidence and status, P06x across files, P08x how a file is written, and hosts.

Rule 1: a finding never holds the value of a credential; what makes excerpts of the source masks them (``source.py``).
Rule 2: what a file holds, and its name, is shown on one line: a log of CI takes a line that begins with ``::`` as a
command, and a terminal obeys control characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding. Lines and columns count from 1; ``end_column`` is the column after the last marked character.

    Args:
        code: the rule's code, such as ``"P010"``; stable between versions.
        message: what is wrong, in words.
        help: what would be right; empty where nothing can be said.
        path: the file, as it was given.
        line: where the finding begins.
        column: where the finding begins.
        end_column: where the mark in the excerpt ends, on the same line.
        field: the dotted name of the field, such as ``"callback.verifier"``; empty for the file as a whole.
        severity: an ``error`` makes the file unusable, a ``warning`` does not.
        replacement: what to write in place of the marked text, without its quotes; ``None`` unless there is exactly
            one correction.

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
        """The file's path, to be read by people and machines; a name may hold a line's end."""
        return one_line(self.path)

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Files in order, then from top to bottom."""
        return (self.path, self.line, self.column, self.code, self.field)

    @property
    def text(self) -> str:
        """The message together with its help, as the loader's error shows it."""
        return f"{self.message}: {self.help}" if self.help else self.message

    def __str__(self) -> str:
        return f"{self.shown_path}:{self.line}:{self.column}: {self.code} {self.text}"


def one_line(text: str) -> str:
    r"""The text without what would end a line, and without what a terminal would obey.

    >>> one_line("a\n::stop-commands::x")
    'a�::stop-commands::x'
    """
    if text.isprintable():
        return text
    # By kinds of letters, and not letter by letter: each would be an object of its own, and a line has up to a million.
    hidden = {ord(letter): "\N{REPLACEMENT CHARACTER}" for letter in set(text) if not letter.isprintable()}
    return text.translate(hidden)
