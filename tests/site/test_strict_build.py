"""``make docs`` fails on what a reader would stumble over; the same command on a small folder of pages."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX = """\
# The start

{text}

```{{toctree}}
page
```
"""
MISTAKES = {
    "[dead](nowhere.md)": "nowhere.md",
    "[a heading](page.md#nowhere)": "nowhere",
    "{py:class}`oauth1_catalog.Katalog`": "oauth1_catalog.Katalog",
    "![](picture.png)": "the image picture.png has no alternative text",
    "![A picture](absent.png)": "absent.png",
}


def command() -> list[str]:
    """What ``make docs`` runs."""
    shown = subprocess.run(["make", "-n", "docs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in shown.splitlines() if "sphinx-build" in line]
    return shlex.split(line)


def build(folder: Path, text: str, *, orphan: bool = False) -> subprocess.CompletedProcess[str]:
    """Build a folder of pages with the command, the configuration and the extensions of the site."""
    source = folder / "source"
    source.mkdir()
    (source / "index.md").write_text(INDEX.format(text=text), encoding="utf-8")
    (source / "page.md").write_text("# A page\n", encoding="utf-8")
    (source / "picture.png").write_bytes(b"")
    if orphan:
        (source / "orphan.md").write_text("# Nobody links here\n", encoding="utf-8")
    parts = [str(folder / "built") if part == "docs/_build/site" else part for part in command()]
    parts = [str(folder / "doctrees") if part == "docs/_build/doctrees" else part for part in parts]
    parts = [str(source) if part == "docs" else part for part in parts]
    small = ["-c", "docs", "-b", "dummy", "-D", "llms_txt_enabled=0", "-D", "exclude_patterns=reference"]
    return subprocess.run([*parts, *small], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    return build(tmp_path_factory.mktemp("wrong"), "\n\n".join(MISTAKES), orphan=True)


def test_a_mistake_fails(refused):
    assert refused.returncode != 0


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_reported(refused, mistake):
    assert MISTAKES[mistake] in refused.stderr


def test_a_page_that_nothing_leads_to_is_reported(refused):
    assert "orphan.md: WARNING: document isn't included in any toctree" in refused.stderr


def test_pages_without_mistakes_are_built(tmp_path):
    run = build(tmp_path, "[A page](page.md), and ![a picture](picture.png).")
    assert run.returncode == 0, run.stderr
