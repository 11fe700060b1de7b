"""The page for distributors: its table has every requirement, with the extras and the licence that it has here."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata

import pytest

from tests.docs.conftest import ROOT

PAGE = (ROOT / "docs" / "packaging.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WRITTEN = {"apache 2.0": "Apache-2.0", "bsd license": "BSD-3-Clause"}
"""How some packages write their licence."""


def rows() -> dict[str, tuple[set[str], str]]:
    """Package to extras and licence."""
    found = re.findall(r"^\| ([\w-]+)(?:, [^|]*)? \|(.*)\| (.+) \|$", PAGE, re.MULTILINE)
    return {
        name: (set(re.findall(r"`(\w+)`", extras)), licence)
        for name, extras, licence in found
        if name not in {"package", "---"}
    }


def stated() -> dict[str, set[str]]:
    """Package to the extras that bring it; none if it is always installed."""
    found: dict[str, set[str]] = {}
    extras = PROJECT["optional-dependencies"]
    every = [(None, text) for text in PROJECT["dependencies"]]
    every += [(extra, text) for extra, texts in extras.items() if extra != "bench" for text in texts]
    for extra, text in every:
        name = re.split(r"[<>=;\[ ]", text)[0]
        if name != "oauth1-catalog":
            found.setdefault(name, set()).update({extra} - {None})
    return found


def licence_of(package: str) -> str:
    about = metadata(package)
    text = about.get("License-Expression") or about.get("License") or ""
    classified = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier", []) if one.startswith("License ::")]
    text = text or (classified[0] if classified else "")
    return WRITTEN.get(text.lower(), text)


def test_every_requirement_has_a_row_with_its_extras() -> None:
    assert {name: extras for name, (extras, _) in rows().items()} == stated()


@pytest.mark.parametrize("package", sorted(stated()))
def test_the_licence_is_that_of_the_installed_package(package: str) -> None:
    try:
        found = licence_of(package)
    except PackageNotFoundError:
        assert package == "tzdata", "only Windows needs it"
        return
    assert rows()[package][1] == found


def test_every_marker_of_the_page_exists() -> None:
    markers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"][
        "markers"
    ]
    (left_out,) = re.findall(r'pytest -m "(.*)"$', PAGE, re.MULTILINE)
    names = set(re.findall(r"not (\w+)", left_out))
    assert names == set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE))
    assert names <= {marker.partition(":")[0] for marker in markers}
    for script in ("test-sdist", "test-python"):
        assert f'-m "{left_out}"' in (ROOT / ".ci" / script).read_text(encoding="utf-8"), "the same tests"
