"""The catalog in other languages: programs in Node and PHP, and Bruno.

`.ci/run` runs these tests; `make test` does not, because they take three minutes.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are ``foreign``."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.foreign)
