"""P05x: the evidence for facts, its age, and the status of the provider."""

from __future__ import annotations

import re
from collections.abc import Iterator

from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.provider import ADDRESSES
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.suggestions import did_you_mean, nearest

NEEDS_EVIDENCE = (
    *ADDRESSES,
    "client_kwargs.signature_method",
    "session_token",
    "successor",
)
MAX_AGE_MONTHS = 18
_BRANCH = re.compile(r"https://github\.com/[^/]+/[^/]+/(?:blob|tree|raw)/(?P<ref>[^/]+)")
_LASTING = re.compile(r"[0-9a-f]{7,40}|[A-Za-z_-]*[0-9]+(\.[0-9]+)+[A-Za-z0-9.-]*")  # a commit, or a version's tag
_FIELDS = frozenset(info.alias or name for name, info in ProviderFile.model_fields.items())


def facts_have_evidence(subject: Subject) -> Iterator[Diagnostic]:
    """P050: each endpoint, the signature method, the status and the access have evidence."""
    if subject.is_silenced(("evidence",)):
        return
    confirmed = {field for entry in subject.file.evidence for field in entry.fields}
    for field in required_facts(subject.file):
        section, _, inner = field.partition(".")
        path = (section, inner) if inner else (section,)
        if field not in confirmed and section not in confirmed and not subject.is_silenced(path):
            hint = f"add an `evidence` entry with `{field}` in its `fields`"
            message = f"no evidence for `{field}`"
            yield subject.entry.diagnostic("P050", message, path, key=True, hint=hint, warning=True)


def required_facts(file: ProviderFile) -> Iterator[str]:
    """The facts in a file that need a source: its addresses, how requests are signed, its status, and who gets keys.

    That nobody answers the question who gets keys needs no source.
    """
    for fact in NEEDS_EVIDENCE:
        section, _, inner = fact.partition(".")
        value = getattr(file, section)
        is_given = section in file.model_fields_set and value is not None
        if is_given and (not inner or inner in value.model_fields_set):
            yield fact
    yield "status"
    if file.status != "retired" and file.access is not None and file.access.state != "unknown":
        yield "access"


def evidence_is_dated(subject: Subject) -> Iterator[Diagnostic]:
    """P051, P052: evidence was checked recently, and not in the future. ``--max-age`` makes old evidence an error."""
    today = subject.today
    for index, entry in enumerate(subject.file.evidence):
        path = ("evidence", index, "checked")
        months = (today.year - entry.checked.year) * 12 + today.month - entry.checked.month
        if entry.checked > today:
            message = f"{entry.checked} is in the future"
            yield subject.entry.diagnostic("P052", message, path, hint="write the day on which you checked the source")
        elif subject.max_age is not None and (days := (today - entry.checked).days) > subject.max_age:
            names = ", ".join(f"`{field}`" for field in entry.fields)
            message = f"the evidence for {names} was last checked on {entry.checked}, {days} days ago"
            hint = f"check the source again, and write today's date; --max-age allows {subject.max_age} days"
            yield subject.entry.diagnostic("P051", message, path, hint=hint)
        elif today.year < 9999 and months - (today.day < entry.checked.day) >= MAX_AGE_MONTHS:
            message = f"last checked on {entry.checked}"
            hint = "check the source again, and write today's date"
            yield subject.entry.diagnostic("P051", message, path, hint=hint, warning=True)


def evidence_names_fields(subject: Subject) -> Iterator[Diagnostic]:
    """P054: an entry confirms fields that exist."""
    for index, entry in enumerate(subject.file.evidence):
        for position, field in enumerate(entry.fields):
            first = field.partition(".")[0]
            if first not in _FIELDS:
                hint = did_you_mean(nearest(first, _FIELDS)) or "write a field's name, such as client_kwargs.realm"
                path = ("evidence", index, "fields", position)
                yield subject.entry.diagnostic("P054", f"unknown field `{field}`", path, hint=hint)


def sources_stay(subject: Subject) -> Iterator[Diagnostic]:
    """P055: a link to GitHub names a commit or a version's tag, because a branch changes."""
    for index, entry in enumerate(subject.file.evidence):
        branch = _BRANCH.match(entry.source)
        if branch and not _LASTING.fullmatch(branch["ref"]):
            message = f"the source is the branch `{branch['ref']}`, which changes"
            path = ("evidence", index, "source")
            yield subject.entry.diagnostic("P055", message, path, hint="link to a commit instead", warning=True)


def retired_says_when_and_what_now(subject: Subject) -> Iterator[Diagnostic]:
    """P053, P056: a retired provider has a date and a replacement."""
    file = subject.file
    if file.status == "retired" and file.sunset is None and not subject.is_silenced(("sunset",)):
        message = "a retired provider needs `sunset`"
        yield subject.entry.diagnostic("P053", message, ("status",), hint="add the year, such as `sunset: 2024`")
    if file.status in {"retired", "deprecated"} and file.replaced_by is None and file.status_note is None:
        hint = "add `replaced_by`, or write in `status_note` that nothing replaces it"
        message = f"a {file.status} provider must name its replacement"
        yield subject.entry.diagnostic("P056", message, ("status",), hint=hint, warning=True)


def successors_are_dated(subject: Subject) -> Iterator[Diagnostic]:
    """P058: a file with a successor has the date on which OAuth 1.0 ends, or a note that it is not known."""
    file = subject.file
    if file.successor is None or subject.is_silenced(("sunset",)) or subject.is_silenced(("status_note",)):
        return
    if file.sunset is None and file.status_note is None:
        hint = "add `sunset`, or write in `status_note` that the provider has named no date"
        message = "`successor` without the date on which OAuth 1.0 ends"
        yield subject.entry.diagnostic("P058", message, ("successor",), key=True, hint=hint)


def sunset_fits_the_status(subject: Subject) -> Iterator[Diagnostic]:
    """P057: the status and the date agree."""
    file, today = subject.file, subject.today.isoformat()
    if file.sunset is None or subject.today.year == 9999:
        return
    if file.status == "retired" and file.sunset > today[: len(file.sunset)]:
        message = f"OAuth 1.0 ends in {file.sunset}, so it is not retired yet"
        yield subject.entry.diagnostic("P057", message, ("sunset",), hint="write `status: deprecated`")
    elif file.status != "retired" and file.sunset < today[: len(file.sunset)]:
        message = f"OAuth 1.0 ended in {file.sunset}, but the status is {file.status}"
        yield subject.entry.diagnostic("P057", message, ("sunset",), hint="write `status: retired`")


RULES: tuple[Rule, ...] = (
    facts_have_evidence,
    evidence_is_dated,
    evidence_names_fields,
    sources_stay,
    retired_says_when_and_what_now,
    successors_are_dated,
    sunset_fits_the_status,
)
