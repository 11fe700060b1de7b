"""What the model alone cannot say: one module for each subject, one function for each rule.

A rule takes a ``Subject`` and yields findings. The loader runs those without which a file cannot be used; the
validator runs them all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.document import Step
from oauth1_catalog.catalog.inheritance import Entry

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
        from oauth1_catalog.catalog.rules.variables import templates_of

        found = tuple(item for item in templates_of(self.entry.data) if "{" in item[1])
        object.__setattr__(self, "templates", found)

    def is_silenced(self, path: Sequence[Step]) -> bool:
        """Whether something at ``path``, or around it, is already known to be wrong."""
        return any(tuple(path[: len(prefix)]) == prefix for prefix in self.silenced)


Rule = Callable[[Subject], Iterator[Diagnostic]]


def usability_rules() -> tuple[Rule, ...]:
    """The rules that the loader holds a file to: all but the one about http, which an application may allow."""
    from oauth1_catalog.catalog.rules.endpoints import plaintext_goes_over_https

    return tuple(rule for rule in all_rules() if rule is not plaintext_goes_over_https)


def all_rules() -> tuple[Rule, ...]:
    """The rules that the validator holds a file to; what takes several files is in ``across.py``."""
    from oauth1_catalog.catalog.rules import (
        claims,
        credentials,
        endpoints,
        evidence,
        flows,
        form,
        hosts,
        lifecycle,
        variables,
    )

    modules = (credentials, flows, variables, hosts, endpoints, claims, evidence, lifecycle, form)
    return tuple(rule for module in modules for rule in module.RULES)
