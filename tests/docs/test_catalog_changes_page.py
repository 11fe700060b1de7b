"""The changelog of the data has a section for its version, as ``oauth1-catalog diff --changelog`` writes it."""

from __future__ import annotations

import re

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.changes import TITLES
from oauth1_catalog.cli.diff import HEAD
from tests.docs.conftest import ROOT

PAGE = (ROOT / "docs" / "catalog-changes.md").read_text(encoding="utf-8")


def test_the_newest_section_is_that_of_the_data() -> None:
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert sections[0] == Catalog().version
    assert sections == sorted(set(sections), key=lambda one: [int(part) for part in one.split(".")], reverse=True)


def test_it_is_written_by_the_command() -> None:
    assert PAGE.startswith(HEAD)
    assert set(re.findall(r"^### (.+)$", PAGE, re.MULTILINE)) <= set(TITLES.values())


def test_it_names_providers_of_the_catalog() -> None:
    names = set(re.findall(r"^- (?:`|.*?\(`)(\w+)`\)?: ", PAGE, re.MULTILINE))
    assert len(names) > 50
    assert names <= set(Catalog().names())
