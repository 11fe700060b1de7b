"""The page of each rule: what it says, why, a wrong and a right example.

A page is a Markdown file of this folder, ``P010.md``: a title with the code, the why, and two YAML blocks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_PAGE = re.compile(
    r"# (?P<code>P[0-9]{3}): (?P<title>.+)\n\n(?P<why>.+?)\n\n## Wrong\n\n```yaml\n(?P<wrong>.*?)```\n\n"
    r"## Right\n\n```yaml\n(?P<right>.*?)```\n",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule for people: ``wrong`` and ``right`` are YAML, ``text`` is the whole page."""

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
    return tuple(sorted(path.stem for path in _FOLDER.glob("P*.md")))


@cache
def rule_page(code: str) -> RulePage:
    """The page of a rule.

    Raises:
        KeyError: there is no such rule.

    >>> rule_page("P010").title
    'unknown field'
    """
    path = _FOLDER / f"{code}.md"
    if code not in rule_codes():
        raise KeyError(code)
    text = path.read_text(encoding="utf-8")
    page = _PAGE.fullmatch(text)
    if page is None:
        raise ValueError(f"{path} is not a rule's page")
    return RulePage(page["code"], page["title"], page["why"], page["wrong"], page["right"], text)
