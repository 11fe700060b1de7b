"""Write what ``docs`` contains of the catalog: the index, the calendar, and a table of ``leaving-oauth1.md``.

Run it after a provider file changed: ``python docs/build_providers.py``. A test fails if a file is stale. ``make docs``
writes the pages of the providers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_ext"))

from provider_pages.dates import calendar, icalendar  # noqa: E402 - the folder has to be in the path
from provider_pages.exchanges import with_table  # noqa: E402 - as above
from provider_pages.index import index  # noqa: E402 - as above

from oauth1_catalog import Catalog  # noqa: E402 - as above
from oauth1_catalog.catalog.published import catalog_json  # noqa: E402 - as above


def files(catalog: bytes) -> dict[str, bytes]:
    """The files by their name in ``docs``.

    Args:
        catalog: the content of ``catalog.json``.
    """
    leaving = (DOCS / "leaving-oauth1.md").read_text(encoding="utf-8")
    data = json.loads(catalog)
    providers, version = data["providers"], data["version"]
    return {
        "providers.md": index(providers).encode(),
        "calendar.md": calendar(providers, version).encode(),
        "calendar.ics": icalendar(providers, version),
        "leaving-oauth1.md": with_table(leaving, providers).encode(),
    }


if __name__ == "__main__":
    for name, content in files(catalog_json(Catalog())).items():
        (DOCS / name).write_bytes(content)
