"""Checking 10,000 files, all different; the limit is reading them with PyYAML's loader in C and pydantic alone.

Ours also keeps the place of each value, refuses what YAML 1.1 would guess, and holds each file to all rules.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
import yaml

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.validate_files import CrossFileChecks, check_files, provider_files
from tests.benchmarks.conftest import OURS, Row

COUNT = 10_000
TODAY = dt.date(2026, 12, 1)
PROVIDERS = Path(__file__).parents[2] / "providers"
# Of the bounds, 5 s on one core and 3 s on two where the limit takes 1.7 s, the ratios.
ROWS = {
    1: Row(f"validating {COUNT:,} files in one process", slower=2.9),
    2: Row(f"validating {COUNT:,} files in two processes", slower=1.76),
}


class TextLoader(yaml.CSafeLoader):
    """Every scalar as text, as the models want it."""


TextLoader.yaml_implicit_resolvers = {}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Our own files over and over, each time under another name and on other hosts."""
    folder = tmp_path_factory.mktemp("many")
    texts = [path.read_text(encoding="utf-8") for path in sorted(PROVIDERS.glob("*.yaml"))]
    whole = [text for text in texts if "\nextends:" not in text and "://{" not in text]
    whole = [re.sub(r"^aliases:.*\n", "", text, flags=re.MULTILINE) for text in whole]
    for number in range(COUNT):
        text = whole[number % len(whole)]
        name = f"{re.search(r'^name: (.*)$', text, re.MULTILINE)[1]}_{number}"
        text = re.sub(r"^name: .*$", f"name: {name}", text, flags=re.MULTILINE)
        text = re.sub(r"((?:url|_endpoint): \W?https?://)", rf"\1n{number}.", text)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("contender", ROWS[1].contenders)
@pytest.mark.parametrize("jobs", ROWS)
def test_checking(turn, jobs, contender, measure, folder):
    files = provider_files([folder])

    def check() -> None:
        across = CrossFileChecks(Catalog().names())
        for checked in check_files(files, today=TODAY, jobs=jobs):
            assert checked.findings == ()
            across.add(checked)
        assert list(across.findings()) == []

    def read() -> None:
        for path in files:
            data = yaml.load(path.read_bytes(), Loader=TextLoader)
            ProviderFile.model_validate(data, context={"insecure_transport": "insecure_transport" in data})

    measure(ROWS[jobs], contender, check if contender == OURS else read, rounds=1)
