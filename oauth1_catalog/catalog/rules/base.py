"""What every rule is given, and what a rule is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.document import Step
from oauth1_catalog.catalog.resolve import Entry
from oauth1_catalog.catalog.templates import templates_of

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at.

    Args:
        entry: the data with its places.
        file: the same as a model, without what is wrong in it.
        silenced: nothing is to be said of what lies at or below these paths.
        today: the day against which dates are held.
        templates: every text with a brace in which variables may stand, as ``templates_of`` tells them.
    """

    entry: Entry
    file: ProviderFile
    silenced: frozenset[tuple[Step, ...]] = frozenset()
    today: dt.date = dt.date.max
    templates: tuple[tuple[tuple[Step, ...], str, str, bool], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = tuple(item for item in templates_of(self.entry.data) if "{" in item[1])
        object.__setattr__(self, "templates", found)

    def is_silenced(self, path: Sequence[Step]) -> bool:
        """Whether something at ``path``, or around it, is already known to be wrong."""
        return any(tuple(path[: len(prefix)]) == prefix for prefix in self.silenced)


Rule = Callable[[Subject], Iterator[Diagnostic]]
