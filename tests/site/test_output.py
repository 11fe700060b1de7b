"""What is in the built site: no address of another host to load from, every public name, and the text for machines."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

from tests.test_public_api import PUBLIC, WITHOUT_ALL

LOADED = {"script", "img", "iframe", "source", "video", "audio", "embed"}
RELATIONS = {
    "stylesheet",
    "icon",
    "shortcut",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "modulepreload",
    "manifest",
}


class _Loads(HTMLParser):
    """The addresses that a browser loads with a page; those that a reader follows are not among them."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "link" and RELATIONS & set((found.get("rel") or "").lower().split()):
            self.addresses.append(found.get("href") or "")
        if tag in LOADED:
            self.addresses.append(found.get("src") or "")
        self.addresses += re.findall(r"url\(([^)]*)\)", found.get("style") or "")


def foreign(address: str) -> bool:
    return bool(re.match(r"\s*['\"]?(?:[a-z]+:)?//", address, re.IGNORECASE))


def test_no_page_loads_from_another_host(site: Path):
    found = {}
    for page in site.rglob("*.html"):
        loads = _Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert loads.addresses
        if elsewhere := [address for address in loads.addresses if foreign(address)]:
            found[page.name] = elsewhere
    assert found == {}


def test_no_stylesheet_loads_from_another_host(site: Path):
    sheets = [*site.rglob("*.css")]
    assert sheets
    used = [match for sheet in sheets for match in re.findall(r"(?:url\(|@import\s)([^);]*)", sheet.read_text("utf-8"))]
    assert [address for address in used if foreign(address)] == []


def test_a_foreign_address_is_found():
    loads = _Loads()
    loads.feed(
        '<a href="https://a.example"></a><link rel="stylesheet" href="//b.example/x.css"><img src="https://c.example">'
    )
    assert [address for address in loads.addresses if foreign(address)] == ["//b.example/x.css", "https://c.example"]


@pytest.fixture(scope="module")
def documented(site: Path) -> set[str]:
    """The names of the reference, from the inventory that other projects link to."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    return {name for kind in inventory.data if kind.startswith("py:") for name in inventory.data[kind]}


def test_every_public_name_is_in_the_reference(documented: set[str]):
    """Under one of the modules that have it."""
    homes: dict[str, set[str]] = {}
    for module, names in {**PUBLIC, **WITHOUT_ALL}.items():
        for name in names:
            homes.setdefault(name, set()).add(f"oauth1_catalog.{module}.{name}".replace("..", "."))
    own = {"OAuth", "OAuth1Session", "OAuth1Auth", "OAuth1Client", "AsyncOAuth1Client"}
    missing = {name for name, places in homes.items() if not places & documented}
    missing |= {place for name in own for place in homes[name] - documented}
    assert missing == set()


def test_no_private_name_is_in_the_reference(documented: set[str]):
    private = {name for name in documented if re.search(r"\._(?!_version__$)", name)}
    assert private == set()


def test_every_page_is_there_as_markdown(site: Path):
    listed = (site / "llms.txt").read_text(encoding="utf-8")
    whole = (site / "llms-full.txt").read_text(encoding="utf-8")
    for path in (
        "index",
        "tutorials/flask",
        "reference/python/errors",
        "reference/commands/login",
        "reference/rules/P010",
    ):
        page = (site / f"{path}.html.md").read_text(encoding="utf-8")
        assert f"({path}.html.md)" in listed
        assert page.strip().splitlines()[0] in whole
        assert not re.search(r"^(?:```\{|:::|\.\. \w+::)", page, re.MULTILINE), path  # directives are resolved
    assert "oauth1-catalog login [OPTIONS] PROVIDER" in whole
    assert "The callback has no" in whole
