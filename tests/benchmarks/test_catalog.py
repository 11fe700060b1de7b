"""One provider by its name takes the same time in any catalog; the limit is one of 60 files."""

from __future__ import annotations

from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from tests.benchmarks.conftest import OURS, Row

SMALL = 60
SIZES = (1_000, 10_000, 100_000)
BY_NAME = {size: Row(f"looking up a provider by name, of {size:,} files", slower=1.5) for size in SIZES}
BY_ALIAS = {
    size: Row(f"looking up a provider by alias, of {size:,} files, with the index", slower=1.5) for size in SIZES
}
FILE = (Path(__file__).parents[2] / "providers" / "trello.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def catalog_of(tmp_path_factory):
    """A function that makes a catalog of so many files, once."""
    made: dict[int, Catalog] = {}

    def catalog_of(size: int) -> Catalog:
        if size not in made:
            folder = tmp_path_factory.mktemp(f"catalog_{size}")
            for number in range(size):
                text = FILE.replace("name: trello", f"name: trello_{number}\naliases: [alias_{number}]", 1)
                (folder / f"trello_{number}.yaml").write_text(text, encoding="utf-8")
            made[size] = Catalog(folder, builtin=False)
        return made[size]

    return catalog_of


@pytest.mark.parametrize("contender", BY_NAME[SIZES[0]].contenders)
@pytest.mark.parametrize("size", SIZES)
def test_by_name(turn, size, contender, measure, catalog_of):
    catalog = catalog_of(size if contender == OURS else SMALL)
    measure(BY_NAME[size], contender, lambda: catalog.provider("trello_50"), rounds=60)


@pytest.mark.parametrize("contender", BY_ALIAS[SIZES[0]].contenders)
@pytest.mark.parametrize("size", SIZES)
def test_by_alias(turn, size, contender, measure, catalog_of):
    catalog = catalog_of(size if contender == OURS else SMALL)
    catalog.aliases()
    measure(BY_ALIAS[size], contender, lambda: catalog.provider("alias_50"), rounds=60)
