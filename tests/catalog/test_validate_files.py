"""Checking many files: no file whatever makes the validator, or what shows its findings, fail."""

from __future__ import annotations

import datetime as dt
import gc
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oauth1_catalog.catalog.fmt import apply_fixes
from oauth1_catalog.catalog.layers import read_file
from oauth1_catalog.catalog.validate_files import CrossFileChecks, check_files, provider_files
from oauth1_catalog.cli.reports import LINE_BY_LINE, REPORTS

TODAY = dt.date(2026, 11, 25)
WHOLE = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "providers").glob("*.yaml"))]
ODD = st.sampled_from(
    [
        "",
        "null",
        "[]",
        "{}",
        "[[]]",
        "{a: {b: []}}",
        "\u00e9",
        "{",
        "'",
        "$..[",
        "{x}",
        "true",
        "1:30",
        "-",
        "*a",
        "!!x y",
    ]
)


@st.composite
def damaged(draw) -> str:
    """A real file with some of its lines gone, doubled, moved, or with another value."""
    lines = draw(st.sampled_from(WHOLE)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "move", "value", "inside"]))
        if kind == "drop" and len(lines) > 1:
            del lines[at]
        elif kind == "double":
            lines.insert(draw(st.integers(0, len(lines))), lines[at])
        elif kind == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        elif kind == "value":
            lines[at] = f"{lines[at].partition(':')[0]}: {draw(ODD)}"
        else:
            cut = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:cut] + draw(st.text(max_size=3)) + lines[at][cut + draw(st.integers(0, 3)) :]
    return "\n".join(lines)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged())
@example("schema_version: 1\nname: acme\ninsecure_transport: []\n")
@example('schema_version: 1\nname: acme\n"[key]": 1\n')
@example("schema_version: 1\nname: acme\nuserinfo_endpoint: me\nuserinfo_format: xml\nuserinfo_claims: {sub: $..[}\n")
def test_no_file_is_too_broken(tmp_path, text):
    path = tmp_path / "acme.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    across = CrossFileChecks()
    (checked,) = check_files([path], today=TODAY)
    across.add(checked)
    findings = [*checked.findings, *across.findings()]
    for finding in findings:
        assert finding.line >= 1
        assert finding.message
        for render in LINE_BY_LINE.values():
            assert render(finding)
    for report in REPORTS.values():
        assert report(findings, [checked.path])
    apply_fixes(read_file(path), findings)


def test_paths_are_files_folders_and_each_once(tmp_path):
    for name in ("b.yaml", "a.yaml", "c.yml", ".hidden.yaml", "d.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    found = [path.name for path in provider_files([tmp_path / "b.yaml", tmp_path])]
    assert found == ["b.yaml", "a.yaml", "c.yml"]


@pytest.mark.parametrize("name", ["gone.yaml", "Gone.yaml"])
def test_a_file_that_is_not_there_is_a_finding(tmp_path, name):
    (tmp_path / name).symlink_to(tmp_path / "nowhere")
    (checked,) = check_files(provider_files([tmp_path]), today=TODAY)
    assert [finding.message for finding in checked.findings] == ["the file does not exist"]


@pytest.mark.long
def test_of_a_file_little_is_kept(tmp_path):
    """So that the memory for 100,000 files is bounded: some hundred bytes each, and nothing of their text."""
    text = (Path(__file__).parents[2] / "providers" / "trello.yaml").read_text(encoding="utf-8")
    for number in range(600):
        own = text.replace("name: trello", f"name: acme_{number}", 1).replace("//", f"//n{number}.")
        (tmp_path / f"acme_{number}.yaml").write_text(own, encoding="utf-8")
        # The reader keeps a few documents of files that are not new: as many at the first measure as at the last.
        os.utime(tmp_path / f"acme_{number}.yaml", (1, 1))
    across, kept = CrossFileChecks(), []
    tracemalloc.start()
    try:
        for checked in check_files(provider_files([tmp_path]), today=TODAY):
            across.add(checked)
            if len(kept) in {200, 599}:
                gc.collect()  # garbage in cycles is not kept, and waits long in a process with many objects
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert list(across.findings()) == []
    assert (kept[-1] - kept[200]) / 399 < 1500
