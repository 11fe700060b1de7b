"""The pages that people write: what the site makes of the code, and the site itself, are not among them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = ("docs/_build/", "docs/providers/", "docs/reference/commands/", "docs/reference/rules/")


def pages() -> list[Path]:
    """Every Markdown file of the repository's root and of ``docs``, without those that ``make docs`` writes."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return sorted(page for page in found if not page.relative_to(ROOT).as_posix().startswith(MADE))
