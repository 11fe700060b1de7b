"""What the model alone cannot say: one module for each subject, one function for each rule.

A rule takes a ``Subject`` and yields findings. The loader runs those without which a file cannot be used; the
validator runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.inheritance import Entry
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.source import Step


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at. Nothing is to be said of what lies at or below the ``silenced`` paths."""

    entry: Entry
    file: ProviderFile
    silenced: frozenset[tuple[Step, ...]] = frozenset()

    def is_silenced(self, path: Sequence[Step]) -> bool:
        """Whether something at ``path``, or around it, is already known to be wrong."""
        return any(tuple(path[: len(prefix)]) == prefix for prefix in self.silenced)


Rule = Callable[[Subject], Iterator[Diagnostic]]


def usability_rules() -> tuple[Rule, ...]:
    """The rules that the loader holds a file to."""
    from oauth1_catalog.catalog.rules import credentials, flows, variables

    return (*credentials.RULES, *flows.RULES, *variables.RULES)
