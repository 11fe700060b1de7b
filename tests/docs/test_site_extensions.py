"""The pure parts of the site's extensions; ``tests/site`` builds the site and looks at it."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from tests.docs.pages import MADE, ROOT, pages
from tests.test_public_api import PUBLIC, WITHOUT_ALL

EXTENSIONS = ROOT / "docs" / "_ext"


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(EXTENSIONS)
    return importlib.import_module


@pytest.mark.parametrize("name", ["command_pages", "public_types", "reference_pages", "repository_links", "signatures"])
def test_the_examples_of_the_docstrings_run(extension, name):
    results = doctest.testmod(extension(name))
    assert results.attempted > 0
    assert results.failed == 0


def test_each_command_and_each_rule_has_a_page(extension):
    from oauth1_catalog.catalog.rules import rule_codes
    from oauth1_catalog.cli import COMMANDS

    commands, rules = extension("command_pages").command_pages(), extension("reference_pages").rule_pages()
    assert {f"reference/commands/{name}.md" for name in COMMANDS} < set(commands)
    assert {f"reference/rules/{code}.md" for code in rule_codes()} < set(rules)
    assert all(f"docs/{page}".startswith(MADE) for page in commands | rules)


def test_every_public_name_is_on_a_page_of_the_reference():
    """Some page has it, under one of its modules; ``tests/site`` finds it in the built site."""
    pages_of_names = "".join(page.read_text(encoding="utf-8") for page in ROOT.glob("docs/reference/python/*.md"))
    listed = set(re.findall(r"^\.\. (?:auto\w+|py:data):: oauth1_catalog\.([\w.]+)$", pages_of_names, re.MULTILINE))
    names = {name for public in {**PUBLIC, **WITHOUT_ALL}.values() for name in public}
    assert names - {name.rpartition(".")[2] for name in listed} == set()


def test_pages_that_are_gone_are_removed(extension, tmp_path: Path):
    write = extension("reference_pages").write
    write(tmp_path, {"rules/P001.md": "one", "rules/P002.md": "two"})
    before = (tmp_path / "rules/P001.md").stat().st_mtime_ns
    write(tmp_path, {"rules/P001.md": "one"})
    assert [file.name for file in tmp_path.rglob("*.md")] == ["P001.md"]
    assert (tmp_path / "rules/P001.md").stat().st_mtime_ns == before


def test_what_the_site_makes_is_not_among_the_pages(tmp_path: Path):
    assert ROOT / "docs" / "flask.md" in pages()
    assert not any("_build" in page.parts for page in pages())


def test_a_docstring_names_pages_that_exist(extension):
    """``docs/tokens.md`` in a docstring, or in a message, leads a reader there."""
    named = {
        page
        for path in (ROOT / "oauth1_catalog").rglob("*.py")
        for page in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 5
    assert {page for page in named if not (ROOT / page).is_file()} == set()
