"""What ``docs/build_providers.py`` writes: the index of the providers, the calendar, the table of exchanges."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from icalendar import Calendar
from provider_pages.dates import calendar, events, icalendar
from provider_pages.index import index

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.grade import support_of
from oauth1_catalog.catalog.published import catalog_json

ROOT = Path(__file__).resolve().parents[2]
DATA = catalog_json(Catalog())
PROVIDERS: dict[str, dict[str, Any]] = json.loads(DATA)["providers"]


@pytest.fixture(scope="module")
def build_providers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_providers", ROOT / "docs" / "build_providers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_are_up_to_date(build_providers: ModuleType) -> None:
    written = build_providers.files(DATA)
    assert set(written) == {"providers.md", "calendar.md", "calendar.ics", "leaving-oauth1.md"}
    stale = [name for name, content in written.items() if (ROOT / "docs" / name).read_bytes() != content]
    assert stale == [], "run: python docs/build_providers.py"


def test_the_index_names_every_provider_and_its_way_out() -> None:
    catalog = Catalog()
    in_use, _, retired = index(PROVIDERS).partition("## Retired")
    for name in catalog.names():
        file = catalog.file(name)
        rows = (retired if file.status == "retired" else in_use).splitlines()
        row = next(row for row in rows if row.startswith("| [") and f"](../providers/{name}.yaml) `{name}`" in row)
        assert all(f"`{alias}`" in row for alias in file.aliases)
        assert all(category in row for category in file.categories)
        if file.status == "retired":
            assert f"| {file.sunset} |" in row
        else:
            support = support_of(file)
            assert f"| {file.status} |" in row
            assert f"| {support.grade}<br> {support.oldest} |" in row
        assert row.count("|") == (5 if file.status == "retired" else 7), "a cell holds a bar"


def test_the_calendar_has_every_date() -> None:
    page = calendar(PROVIDERS, "2026.11.30")
    coming, _, past = page.partition("## Past")
    for name, provider in PROVIDERS.items():
        if not (sunset := provider["sunset"]):
            assert (f"(../providers/{name}.yaml)" in coming) == (provider["status"] == "deprecated")
            continue
        wanted = re.compile(rf"^\| {sunset} \| \[[^|]+\]\(\.\./providers/{name}\.yaml\) \|", re.MULTILINE)
        assert wanted.search(past if provider["status"] == "retired" else coming), name


@pytest.mark.parametrize(
    ("date", "version", "part"),
    [
        ("2026", "2026.11.30", "Coming"),
        ("2026-11", "2026.11.30", "Coming"),
        ("2026-11", "2026.12.01", "Past"),
        ("2026-11-30", "2026.11.30.2", "Coming"),
        ("2026-11-29", "2026.11.30", "Past"),
        ("2024-02", "2024.02.29", "Coming"),
        ("2026-12", "2027.01.01", "Past"),
    ],
)
def test_a_date_is_past_when_its_last_day_is(date: str, version: str, part: str) -> None:
    provider = {**PROVIDERS["garmin"], "sunset": date, "access": None}
    coming, _, past = calendar({"garmin": provider}, version).partition("## Past")
    assert [f"| {date} |" in coming, f"| {date} |" in past] == [part == "Coming", part == "Past"]


def test_another_program_reads_the_calendar_s_file() -> None:
    parsed = Calendar.from_ical(icalendar(PROVIDERS, "2026.11.30"))
    found = {str(event["UID"]): event for event in parsed.walk("VEVENT")}
    assert len(found) == len(parsed.walk("VEVENT")) == len(events(PROVIDERS)) > 40
    assert all(event.errors == [] for event in found.values())
    garmin = found["garmin-end@oauth1-catalog"]
    assert garmin.decoded("DTSTART") == dt.date(2026, 12, 31)
    assert str(garmin["SUMMARY"]) == "Garmin Connect Developer Program: OAuth 1.0 ends"
    netsuite = found["netsuite-end@oauth1-catalog"]
    assert netsuite.decoded("DTSTART") == dt.date(2028, 1, 1)
    assert "(2028, the day is not known)" in str(netsuite["SUMMARY"])


def test_a_name_cannot_add_a_line_to_the_calendar_s_file() -> None:
    evil = {**PROVIDERS["garmin"], "display_name": "a\r\nEND:VCALENDAR\\;,é" * 9}
    content = icalendar({"garmin": evil}, "2026.11.30")
    (event, *_) = Calendar.from_ical(content).walk("VEVENT")
    assert str(event["SUMMARY"]).startswith("a END:VCALENDAR\\;,éa END:VCALENDAR")
    assert max(map(len, content.split(b"\r\n"))) <= 75
    assert content.count(b"END:VCALENDAR\r\n") == 1
