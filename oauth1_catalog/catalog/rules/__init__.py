"""The rules for what the models cannot check: one module for each subject, one function for each rule.

A rule takes a ``Subject`` and yields findings. Each has a page, ``pages/P010.md``: a title with the code, the reason,
and a wrong and a right example in YAML.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.data import Step
from oauth1_catalog.catalog.document import Diagnostic, Entry
from oauth1_catalog.catalog.templates import templates_of

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile

_PAGES = Path(__file__).parent / "pages"
_PAGE = re.compile(
    r"# (?P<code>P[0-9]{3}): (?P<title>.+)\n\n(?P<why>.+?)\n\n## Wrong\n\n```yaml\n(?P<wrong>.*?)```\n\n"
    r"## Right\n\n```yaml\n(?P<right>.*?)```\n",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The provider that a rule examines.

    Args:
        entry: the data with its places.
        file: the model of the data, without invalid fields.
        silenced: paths that need no further findings, at or below them.
        today: the day to compare dates with.
        max_age: the days after which evidence is an error; ``None`` for no limit.
        templates: every text with a brace that can contain variables, from ``templates_of``.
    """

    entry: Entry
    file: ProviderFile
    silenced: frozenset[tuple[Step, ...]] = frozenset()
    today: dt.date = dt.date.max
    max_age: int | None = None
    templates: tuple[tuple[tuple[Step, ...], str, str, bool], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = tuple(item for item in templates_of(self.entry.data) if "{" in item[1])
        object.__setattr__(self, "templates", found)

    def is_silenced(self, path: Sequence[Step]) -> bool:
        """Whether a mistake at ``path``, or around it, is already reported."""
        return any(tuple(path[: len(prefix)]) == prefix for prefix in self.silenced)


Rule = Callable[[Subject], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class RulePage:
    """The page of a rule: ``wrong`` and ``right`` are YAML, ``text`` is the whole page."""

    code: str
    title: str
    why: str
    wrong: str
    right: str
    text: str


def rule_codes() -> tuple[str, ...]:
    """The codes of all rules.

    >>> "P010" in rule_codes()
    True
    """
    return tuple(sorted(path.stem for path in _PAGES.glob("P*.md")))


@cache
def rule_page(code: str) -> RulePage:
    """The page of a rule.

    Raises:
        KeyError: the rule does not exist.

    >>> rule_page("P010").title
    'unknown field'
    """
    path = _PAGES / f"{code}.md"
    if code not in rule_codes():
        raise KeyError(code)
    text = path.read_text(encoding="utf-8")
    page = _PAGE.fullmatch(text)
    if page is None:
        raise ValueError(f"{path} is not the page of a rule")
    return RulePage(page["code"], page["title"], page["why"], page["wrong"], page["right"], text)
