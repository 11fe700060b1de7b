"""Write the table of ``docs/invalid-signature.md`` that shows which mistakes of other people's clients are named.

``python docs/build_measured.py`` breaks each client again, and needs the libraries that ``.ci/run`` installs. A test
that ``.ci/run`` runs fails where the page is stale.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.broken_clients.measure import LIBRARIES, Measured, measure, played, table  # noqa: E402 - no package

PAGE = ROOT / "docs" / "invalid-signature.md"
_TABLE = re.compile(r"(<!-- measured -->\n).*?(<!-- end of measured -->\n)", re.DOTALL)


def filled(text: str, measured: Collection[Measured]) -> str:
    """The page with the table between its two comments written anew."""
    return _TABLE.sub(lambda match: f"{match[1]}\n{table(measured)}\n{match[2]}", text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, played(Path(folder)) as emulator:
        found = [measure(library, emulator, Path(folder)) for library in LIBRARIES.values()]
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
