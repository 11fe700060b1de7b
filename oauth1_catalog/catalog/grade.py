"""How well the facts of a provider file are supported, and how old their evidence is.

Rule: a grade follows from the file alone. Of each required fact its best source counts, and of the provider its weakest
fact.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, get_args

from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.rules.evidence import required_facts

Grade = Literal["gold", "silver", "bronze", "none"]
GRADES: tuple[Grade, ...] = get_args(Grade)
"""The grades, the best first."""

_OF_A_SOURCE: dict[str, Grade] = {
    "live_test": "gold",
    "provider_docs": "silver",
    "provider_response": "silver",
    "library": "bronze",
    "community": "bronze",
}


@dataclass(frozen=True, slots=True)
class Support:
    """The evidence of a provider as a whole.

    Args:
        grade: ``gold`` (a live test), ``silver`` (the provider's documentation or a recorded answer), ``bronze`` (a
            library or a community source) or ``none``.
        fact: the required fact that decides the grade, such as ``authorize_url``.
        kind: the kind of its best source; empty without one.
        oldest: the day of the check that is longest ago; ``None`` without evidence.
        newest: the day of the latest check.
    """

    grade: Grade
    fact: str
    kind: str
    oldest: dt.date | None
    newest: dt.date | None

    @property
    def decided_by(self) -> str:
        """The fact that decides the grade, with its source.

        >>> Support("silver", "authorize_url", "provider_docs", None, None).decided_by
        'authorize_url: provider_docs'
        """
        return f"{self.fact}: {self.kind or 'no source'}"

    @property
    def checked(self) -> str:
        """When the sources were checked, for a sentence.

        >>> Support("none", "", "", dt.date(2026, 11, 25), dt.date(2026, 11, 30)).checked
        'checked 2026-11-25 to 2026-11-30'
        """
        if self.oldest is None or self.newest is None:
            return "never checked"
        days = str(self.oldest) if self.oldest == self.newest else f"{self.oldest} to {self.newest}"
        return f"checked {days}"


def support_of(file: ProviderFile) -> Support:
    """The grade and the age of a file's evidence.

    >>> from oauth1_catalog.catalog.validation import model_of
    >>> source = {"kind": "library", "checked": "2026-11-25", "source": "https://a.example/"}
    >>> data = {"schema_version": "1", "name": "acme", "evidence": [{"fields": ["status"], **source}]}
    >>> support_of(model_of(data)).grade, support_of(model_of(data)).decided_by
    ('bronze', 'status: library')
    """
    dates = [entry.checked for entry in file.evidence]
    oldest, newest = (min(dates), max(dates)) if dates else (None, None)
    weakest: tuple[int, str, str] = (-1, "", "")
    for fact in required_facts(file):
        section = fact.partition(".")[0]
        kinds = [entry.kind for entry in file.evidence if {fact, section} & {*entry.fields}]
        best = min(kinds, key=lambda kind: GRADES.index(_OF_A_SOURCE[kind]), default="")
        rank = GRADES.index(_OF_A_SOURCE[best] if best else "none")
        if rank > weakest[0]:
            weakest = (rank, fact, best)
    rank, fact, kind = weakest
    return Support(GRADES[rank], fact, kind, oldest, newest)
