"""The calendar: when OAuth 1.0 ends or ended, and when new keys did; also as iCalendar (RFC 5545).

"Coming" and "past" are counted from the version of the data, so that the same catalog makes the same page.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from provider_pages.facts import Provider
from provider_pages.index import WRITTEN, linked, replacement
from provider_pages.myst import table, words


class Event(NamedTuple):
    """Something that happens, or happened.

    Attributes:
        date: a day, a month or a year, as in the file.
        provider: whose date it is.
        what: what happens to OAuth 1.0 there, such as ``ends``.
        is_end: whether it is the end of OAuth 1.0.
    """

    date: str
    provider: Provider
    what: str
    is_end: bool

    def is_coming(self, today: dt.date) -> bool:
        """Whether it is still to come. That a provider gives no new keys is known only when it has begun."""
        return (self.last_day if self.is_end else self.first_day) >= today

    @property
    def first_day(self) -> dt.date:
        """The first day of the period."""
        return dt.date.fromisoformat(f"{self.date}-01-01"[:10] if len(self.date) < 10 else self.date)

    @property
    def last_day(self) -> dt.date:
        """The last day of the period, on which it is past."""
        first = self.first_day
        if len(self.date) == 4:
            return first.replace(month=12, day=31)
        if len(self.date) == 7:
            return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
        return first


def events(providers: Mapping[str, Provider]) -> list[Event]:
    """All dates of the catalog, the earliest first."""
    return sorted(_events(providers), key=lambda event: (event.first_day, event.date, event.provider["name"]))


def _events(providers: Mapping[str, Provider]) -> Iterator[Event]:
    for provider in providers.values():
        retired = provider["status"] == "retired"
        if provider["sunset"]:
            what = "ended" if retired else "ends"
            yield Event(provider["sunset"], provider, what, is_end=True)
        access = provider["access"]
        if access and access["since"] and access["state"] == "closed" and not retired:
            yield Event(access["since"], provider, "no new keys", is_end=False)


def version_day(version: str) -> dt.date:
    """The day of a version of the catalog.

    >>> version_day("2026.11.30.2")
    datetime.date(2026, 11, 30)
    """
    year, month, day = map(int, version.split(".")[:3])
    return dt.date(year, month, day)


def calendar(providers: Mapping[str, Provider], version: str) -> str:
    """The Markdown of the calendar, ``docs/calendar.md``.

    Args:
        providers: all providers of the catalog, by name.
        version: the version of the catalog.
    """
    today = version_day(version)
    found = events(providers)
    coming = [event for event in found if event.is_coming(today)]
    past = [event for event in reversed(found) if not event.is_coming(today)]
    undated = [one for one in providers.values() if one["status"] == "deprecated" and not one["sunset"]]
    titles = ["date", "provider", "OAuth 1.0", "instead"]
    lines = [
        "# Calendar",
        "",
        WRITTEN,
        "",
        "When OAuth 1.0 ends or ended at a provider, and since when a provider gives no new keys. A date is as exact",
        f"as its source: a day, a month or a year. The page is made of the catalog's data of {today}. In a calendar",
        'program, open <a href="calendar.ics">calendar.ics</a>. [Leaving OAuth 1.0](leaving-oauth1.md) shows what to',
        "do before a date.",
        "",
        "## Coming",
        "",
        *(table(titles, (_row(event, providers) for event in coming)) if coming else ["No date is known."]),
        "",
    ]
    if undated:
        lines += [
            "At these providers, OAuth 1.0 is going to end, but no source names a date:",
            f"{', '.join(map(linked, undated))}.",
            "",
        ]
    lines += ["## Past", "", *table(titles, (_row(event, providers) for event in past)), ""]
    return "\n".join(lines)


def _row(event: Event, providers: Mapping[str, Provider]) -> list[str]:
    instead = replacement(event.provider, providers) if event.is_end else ""
    return [words(event.date), linked(event.provider), event.what, instead]


def icalendar(providers: Mapping[str, Provider], version: str) -> bytes:
    """The dates as iCalendar. A month or a year is its first day, and the summary names it."""
    stamp = f"{version_day(version):%Y%m%d}T000000Z"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//oauth1-catalog//{version}//EN", "METHOD:PUBLISH"]
    lines += ["X-WR-CALNAME:OAuth 1.0: dates of the providers"]
    for event in events(providers):
        name = event.provider["name"]
        inexact = "" if len(event.date) == 10 else f" ({event.date}, the day is not known)"
        happens = f"OAuth 1.0 {event.what}" if event.is_end else f"{event.what} for OAuth 1.0"
        what = f"{event.provider['display_name']}: {happens}{inexact}"
        instead = event.provider["replaced_by"] if event.is_end else None
        about = f"Use {instead} instead." if instead else ""
        kind = "end" if event.is_end else "keys"
        lines += [
            "BEGIN:VEVENT",
            f"UID:{name}-{kind}@oauth1-catalog",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{event.first_day:%Y%m%d}",
            f"SUMMARY:{_escaped(what)}",
            *([f"DESCRIPTION:{_escaped(about)}"] if about else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return b"".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _escaped(text: str) -> str:
    r"""A value of type TEXT (RFC 5545, section 3.3.11).

    >>> _escaped("a, b; c\nd")
    'a\\, b\\; c d'
    """
    return re.sub(r"([\\,;])", r"\\\1", " ".join(text.split()))


def _folded(line: str) -> bytes:
    """A line in pieces of at most 75 bytes, which do not divide a character (RFC 5545, section 3.1)."""
    pieces, piece = [], b""
    for letter in line:
        encoded = letter.encode()
        if len(piece) + len(encoded) > (75 if not pieces else 74):
            pieces.append(piece)
            piece = b""
        piece += encoded
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
