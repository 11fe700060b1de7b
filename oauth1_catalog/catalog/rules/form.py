"""P081, P082: how a file is written, where it makes no difference to what it says."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.rules.base import Rule, Subject

ORDER = {info.alias or name: index for index, (name, info) in enumerate(ProviderFile.model_fields.items())}


def fields_are_in_order(subject: Subject) -> Iterator[Diagnostic]:
    """P081: files that are alike are read faster."""
    known = [field for field in subject.entry.own.data if field in ORDER]
    for before, field in itertools.pairwise(known):
        if ORDER[field] < ORDER[before]:
            message = f"`{field}` comes before `{before}`"
            yield subject.entry.own.diagnostic(
                "P081", message, (field,), key=True, hint="run oauth1-catalog fmt", warning=True
            )
            return


RULES: tuple[Rule, ...] = (fields_are_in_order,)
