"""What is wrong with a provider file, and where: one finding of the loader or of the validator.

Codes are grouped by subject: P00x YAML, P01x fields, P02x names and flows, P03x URLs and variables, P04x claims,
P05x evidence and status, P06x across files, P08x how a file is written, and hosts.

Rule 1: a finding never holds the value of a credential; what makes excerpts of the source masks them (``source.py``).
Rule 2: what a file holds, and its name, is shown on one line: a log of CI takes a line that begins with ``::`` as a
command, and a terminal obeys control characters.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

MAX_WORD = 64
"""The longest word to which others are likened, in characters; names have at most 63."""

_NEAR = 0.6


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


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """A question that names the nearest known words, or ``otherwise`` where none is near.

    >>> did_you_mean("authorise_url", ["authorize_url", "access_token_url"])
    'did you mean `authorize_url`?'
    """
    near = nearest(word, known)
    return f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else otherwise


def nearest(word: str, known: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The known words that look like ``word``, the nearest first; whatever the case.

    >>> nearest("Twiter", ["twitter", "flickr"])
    ('twitter',)
    """
    if len(word) > MAX_WORD:
        return ()  # nobody misspells so much, and comparing takes time
    matcher = difflib.SequenceMatcher(None, "", word.casefold())
    scored = []
    for folded, name in {name.casefold(): name for name in known if len(name) <= MAX_WORD}.items():
        matcher.set_seq1(folded)
        # The quick ratios are upper bounds, and cost a fraction.
        if matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR:
            scored.append((matcher.ratio(), name))
    scored.sort(reverse=True)
    if not scored:
        return ()
    best = scored[0][0]
    return tuple(name for ratio, name in scored[:limit] if ratio >= best - 0.1)
