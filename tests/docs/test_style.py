"""The style section of CONTRIBUTING.md: phrases that the pages, the docstrings and the messages do not use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.pages import ROOT, pages

PHRASES = {
    "is no x": r"(?<!there )\bis no (?!longer\b|more\b)\w+",
    "is none": r"(?<!there )\b(?:is|are) (?-i:none)\b",
    "files do not speak": r"\b(?:says|tells)\b",
    "of its own": r"\bof (?:its|his|their|your|our) own[.,;:]",
    "that is what": r"\bthat is what\b",
    "whatever": r"\bwhatever\b",
    "all else": r"\ball else\b",
    "belongs into": r"\bbelongs? into\b",
    "once more": r"\bonce more\b",
    "somebody": r"\b(?:some|any)body\b",
    "begun": r"\bbegun\b",
    "anew": r"\banew\b",
}
RULES = ROOT / "oauth1_catalog" / "catalog" / "rules" / "pages"
PAGES = [page for page in [*pages(), *RULES.glob("*.md")] if page.name != "CONTRIBUTING.md"]  # it quotes them


def found(text: str) -> list[str]:
    """The phrases in a text, outside of code.

    >>> found("The file says `whatever`."), found("A token is no longer valid.")
    (['says'], [])
    """
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return [hit[0] for phrase in PHRASES.values() for hit in re.finditer(phrase, prose, re.IGNORECASE)]


def texts(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and messages of a module, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: str(page.relative_to(ROOT)))
def test_pages(page):
    assert found(page.read_text(encoding="utf-8")) == []


def test_docstrings_and_messages():
    hits = {}
    for path in sorted((ROOT / "oauth1_catalog").rglob("*.py")):
        for line, text in texts(path.read_text(encoding="utf-8")):
            if phrases := found(text):
                hits[f"{path.relative_to(ROOT)}:{line}"] = phrases
    assert hits == {}


@pytest.mark.parametrize(
    "phrase",
    [
        "is no name",
        "is none",
        "says",
        "of its own.",
        "that is what",
        "whatever",
        "once more",
        "anybody",
        "begun",
        "anew",
    ],
)
def test_each_phrase_is_found(phrase):
    assert found(f"A text, {phrase}") != []
