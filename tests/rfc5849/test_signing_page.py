"""The examples of docs/signing.md run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.mark.usefixtures("registry")
def test_the_examples_of_the_page():
    page = (Path(__file__).parents[2] / "docs" / "signing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    exec("\n".join(blocks), {})
