"""The README as PyPI shows it: from the built wheel, with links that lead somewhere from there."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
FILES = f"{URLS['Repository']}/blob/main/"


@pytest.fixture(scope="module")
def metadata(tmp_path_factory: pytest.TempPathFactory) -> Message:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_every_link_leads_to_a_page_or_a_file(metadata: Message) -> None:
    text = metadata.get_payload()
    assert isinstance(text, str)
    links = re.findall(r"\]\((.+?)\)", text)
    ours = re.findall(r"\]\((.+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(links) == len(ours) > 20
    for link, written in zip(links, ours, strict=True):
        if re.match("https?:", written):
            assert link == written
        elif written == "docs/README.md":
            assert link == URLS["Documentation"]
        elif page := re.fullmatch(r"docs/(.+)\.md(#.+)?", written):
            assert link == f"{URLS['Documentation']}{page[1]}.html{page[2] or ''}"
        else:
            assert link == FILES + written
            assert (ROOT / written).exists()


def test_pypi_renders_it_without_a_warning(metadata: Message) -> None:
    from readme_renderer import markdown

    assert metadata["Description-Content-Type"] == "text/markdown"
    warnings = io.StringIO()
    text = metadata.get_payload()
    page = markdown.render(text, stream=warnings)
    assert page is not None
    assert warnings.getvalue() == ""
    links = re.findall(r'<a href="(.*?)"', page)
    assert [link for link in links if not re.match("https://|#user-content-", link)] == []  # and to its headings
    assert page.count("<pre") == str(text).count("```") / 2


def test_the_addresses_are_in_the_metadata(metadata: Message) -> None:
    assert {f"{name}, {url}" for name, url in URLS.items()} == set(metadata.get_all("Project-URL") or ())
    assert URLS["Issues"].startswith(URLS["Repository"])
    assert URLS["Changelog"] == f"{FILES}CHANGELOG.md"


def test_it_is_the_short_way_in() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 142
