"""Write the table of ``docs/leaving-oauth1.md`` from the provider files; the text around it is written by hand.

Run it after a provider file changed: ``python docs/build_leaving_oauth1.py``. A test fails where the page is stale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.model import ProviderFile, Successor

PAGE = Path(__file__).with_name("leaving-oauth1.md")
_TABLE = re.compile(r"(<!-- dates -->\n).*?(<!-- end -->\n)", re.DOTALL)


def filled(text: str, catalog: Catalog) -> str:
    """The page with the table between ``<!-- dates -->`` and ``<!-- end -->`` written anew."""
    files = [file for file in map(catalog.file, catalog.names()) if _is_leaving(file)]
    files.sort(key=lambda file: (file.sunset or "9999", file.name))
    rows = "\n".join(_rows(files))
    return _TABLE.sub(lambda match: f"{match[1]}\n{rows}\n{match[2]}", text)


def _is_leaving(file: ProviderFile) -> bool:
    """Whether OAuth 1.0 still works, and there is an end or an exchange."""
    return file.status != "retired" and (file.status == "deprecated" or bool(file.sunset or file.successor))


def _rows(files: list[ProviderFile]) -> Iterator[str]:
    titles = "provider", "OAuth 1.0 ends", "exchange", "authentication", "a second exchange", "the old token", "limit"
    yield f"| {' | '.join(titles)} |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for file in files:
        link = f"[`{file.name}`](../providers/{file.name}.yaml)"
        cells = _exchange(file.successor) if file.successor else ("no", "", "", "", "")
        yield f"| {link} | {file.sunset or 'no date'} | {' | '.join(cells)} |".replace("  ", " ")


def _exchange(successor: Successor) -> tuple[str, ...]:
    again = {"new_pair": "a new pair; the one before ends", "refused": "refused", None: "unknown"}[successor.again]
    days = successor.old_token_days
    stays = {"stays": "stays valid", "ends": "ends", None: f"ends after {days} days" if days else "unknown"}
    limit = successor.limit
    rate = f"{limit.requests:,} in {limit.seconds // 60} minutes" if limit and limit.seconds % 60 == 0 else ""
    rate = rate or (f"{limit.requests:,} in {limit.seconds} seconds" if limit else "unknown")
    name = f"[yes]({successor.docs_url})" if successor.docs_url else "yes"
    auth = {"signature": "signed with the token", "client": "OAuth 2.0 client"}[successor.auth]
    return name, auth, again, stays[successor.old_token], rate


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), Catalog()), encoding="utf-8")
