"""The corpus of broken files: each has its findings written by hand beside it.

``broken/<name>.txt`` holds one line for each finding of ``broken/<name>.yaml``: ``line:column code message: help``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.errors import ProviderFileError

BROKEN = Path(__file__).parent / "broken"
NAMES = sorted(path.stem for path in BROKEN.glob("*.yaml"))


@pytest.fixture(scope="module")
def catalog():
    return Catalog(BROKEN)


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_those_that_are_written_down(catalog, name):
    expected = (BROKEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    found = [f"{finding.line}:{finding.column} {finding.code} {finding.text}" for finding in catalog.findings(name)]
    assert found == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_loader_raises_at_the_place_of_a_finding(catalog, name):
    with pytest.raises(ProviderFileError) as caught:
        catalog.provider(name)
    findings = catalog.findings(name)
    error = caught.value
    assert (error.line, error.column) in {(finding.line, finding.column) for finding in findings}
    assert error.description.startswith(f"{error.path}:{error.line}:{error.column}: ")
    assert error.path.endswith(f"{name}.yaml")
    assert bool(re.search(r" \([0-9]+ more findings? in this file\)$", error.description)) == (len(findings) > 1)


def test_every_file_has_its_findings_and_the_other_way_round():
    assert sorted(path.stem for path in BROKEN.glob("*.txt")) == NAMES


def test_no_message_shows_a_credential(catalog):
    with_credentials = [path.stem for path in BROKEN.glob("*.yaml") if b"hunter2" in path.read_bytes()]
    assert with_credentials
    for name in with_credentials:
        findings = catalog.findings(name)
        assert findings
        assert not any("hunter2" in str(finding) for finding in findings)


def test_every_code_of_the_loader_has_a_broken_file(catalog):
    source = Path(__file__).parents[2] / "oauth1_catalog" / "catalog"
    rules = [source / "rules" / f"{name}.py" for name in ("credentials", "flows")]
    modules = [
        *rules,
        *(path for path in source.glob("*.py") if path.name not in {"diagnostics.py", "validate_files.py", "fmt.py"}),
    ]
    used = {code for path in modules for code in re.findall(r'"(P0[0-9]{2})"', path.read_text(encoding="utf-8"))}
    found = {finding.code for name in NAMES for finding in catalog.findings(name)}
    assert used - found == set()
