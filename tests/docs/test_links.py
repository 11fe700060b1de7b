"""Every relative link of the documentation leads to a file that is there, and to a heading that is in it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import ROOT, pages

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def text_of(page: Path) -> str:
    """The page without its blocks of code."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The headings' anchors, as GitHub makes them."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.+?) *$", text_of(page), re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found[anchor] = found.get(anchor, -1) + 1
    return {f"{name}-{n}" if n else name for name, last in found.items() for n in range(last + 1)}


def problem(page: Path, link: str) -> str | None:
    """What is wrong with a link, or nothing."""
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return f"{link}: no such file"
    if anchor and (target.suffix != ".md" or anchor not in anchors(target)):
        return f"{link}: no such heading"
    return None


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(page))
    relative = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [wrong for link in relative if (wrong := problem(page, link))] == []


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    guides = [*ROOT.glob("docs/tutorials/*.md"), *ROOT.glob("docs/how-to/*.md")]
    names = {page.name for page in ROOT.glob("docs/*.md")} - {"README.md", "index.md"}  # index.md is the site's
    names |= {page.relative_to(ROOT / "docs").as_posix() for page in guides}
    assert {page for page in names if f"({page})" not in index} == set()


def test_the_site_leads_to_every_page() -> None:
    """``make docs`` would fail: each page is in a table of contents of the start page."""
    listed = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").splitlines()
    assert {page.stem for page in ROOT.glob("docs/*.md")} - {"README", "index", *listed} == set()


def test_wrong_links_are_found() -> None:
    readme = ROOT / "README.md"
    assert problem(readme, "docs/nowhere.md") == "docs/nowhere.md: no such file"
    assert problem(readme, "docs/flask.md#nowhere") == "docs/flask.md#nowhere: no such heading"
    assert problem(readme, "docs/flask.md#log-in") is None
