"""The corpus of files that are right alone and wrong together; ``across/findings.txt`` says by hand what is found.

``login.landlord.example`` is shared: ``guest`` and ``successor_of_landlord`` name the landlord, ``relative`` extends
it, and ``lodger`` does neither.

``shop_*`` and ``host_*`` are on servers of their tenants, so that equal paths are no conflict. ``tenant_*`` share a
server, whose tenants have a label each.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from oauth1_catalog.catalog.validate_files import CrossFileChecks, check_files, provider_files

FOLDER = Path(__file__).parent / "across"


def test_findings_are_those_that_are_written_down(monkeypatch):
    monkeypatch.chdir(FOLDER)
    across = CrossFileChecks()
    for checked in check_files(provider_files([Path()]), today=dt.date(2026, 11, 25)):
        assert checked.findings == ()
        across.add(checked)
    found = [f"{one.path}:{one.line}:{one.column} {one.code} {one.text}" for one in across.findings()]
    assert found == (FOLDER / "findings.txt").read_text(encoding="utf-8").splitlines()
