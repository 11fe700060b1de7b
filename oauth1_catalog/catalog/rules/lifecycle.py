"""P053, P056, P057: status, sunset and what comes after."""

from __future__ import annotations

from collections.abc import Iterator

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.rules import Rule, Subject


def retired_says_when_and_what_now(subject: Subject) -> Iterator[Diagnostic]:
    """P053, P056: an application whose provider is gone needs the year and the way out."""
    file = subject.file
    if file.status == "retired" and file.sunset is None and not subject.is_silenced(("sunset",)):
        message = "a retired provider needs `sunset`"
        yield subject.entry.diagnostic("P053", message, ("status",), hint="add the year, such as `sunset: 2024`")
    if file.status in {"retired", "deprecated"} and file.replaced_by is None and file.status_note is None:
        hint = "add `replaced_by`, or say in `status_note` that nothing takes its place"
        message = f"a {file.status} provider says what to use instead"
        yield subject.entry.diagnostic("P056", message, ("status",), hint=hint, warning=True)


def sunset_fits_the_status(subject: Subject) -> Iterator[Diagnostic]:
    """P057: what is over is retired, and what is retired is over."""
    file, today = subject.file, subject.today.isoformat()
    if file.sunset is None or subject.today.year == 9999:
        return
    if file.status == "retired" and file.sunset > today[: len(file.sunset)]:
        message = f"OAuth 1.0 ends in {file.sunset}, so it is not retired yet"
        yield subject.entry.diagnostic("P057", message, ("sunset",), hint="write `status: deprecated`")
    elif file.status != "retired" and file.sunset < today[: len(file.sunset)]:
        message = f"OAuth 1.0 ended in {file.sunset}, and the status is {file.status}"
        yield subject.entry.diagnostic("P057", message, ("sunset",), hint="write `status: retired`")


RULES: tuple[Rule, ...] = (retired_says_when_and_what_now, sunset_fits_the_status)
