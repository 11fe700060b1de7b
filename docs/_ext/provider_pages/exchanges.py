"""The table of ``docs/leaving-oauth1.md``; the text around it is written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provider_pages.facts import Provider, is_retired, period
from provider_pages.index import linked
from provider_pages.myst import link, table

AUTHENTICATION = {"signature": "signed with the token", "client": "OAuth 2.0 client"}
AGAIN = {"new_pair": "a new pair; the one before ends", "refused": "refused", None: "unknown"}
OLD_TOKEN = {"stays": "stays valid", "ends": "ends", None: "unknown"}
_TABLE = re.compile(r"(<!-- exchanges -->\n).*?(<!-- end -->\n)", re.DOTALL)


def with_table(page: str, providers: Mapping[str, Provider]) -> str:
    """The page with the table between its two comments.

    Args:
        page: the Markdown of the page.
        providers: all providers of the catalog, by name.
    """
    titles = ["provider", "authentication", "a second exchange", "the old token", "limit", "documentation"]
    rows = [_row(one, one["successor"]) for one in providers.values() if one["successor"] and not is_retired(one)]
    lines = "\n".join(table(titles, rows))
    return _TABLE.sub(lambda found: f"{found[1]}\n{lines}\n\n{found[2]}", page)


def _row(provider: Provider, about: Mapping[str, Any]) -> list[str]:
    days, limit = about["old_token_days"], about["limit"]
    return [
        linked(provider),
        AUTHENTICATION[about["auth"]],
        AGAIN[about["again"]],
        f"ends after {days} days" if days and not about["old_token"] else OLD_TOKEN[about["old_token"]],
        f"{limit['requests']:,} in {period(limit['seconds'])}" if limit else "unknown",
        link("documentation", about["docs_url"]) if about["docs_url"] else "",
    ]
