"""The pages on Litestar, Quart and your own framework: each has an application and its tests, which are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.conftest import python_blocks
from tests.docs.test_framework_pages import application, run  # noqa: F401 - a fixture

PAGES = {"docs/litestar.md": 3, "docs/quart.md": 3, "docs/custom-framework.md": 1}
"""How many tests each application has."""


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES)
def test_the_applications_own_tests_pass(page: str, application: Path) -> None:  # noqa: F811 - a fixture
    theirs = ("-W", "ignore:It is recommended to use web.RequestKey") if "custom" in page else ()  # aiohttp_session's
    done = run(application, "-m", "pytest", "-q", "-p", "no:cacheprovider", *theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{PAGES[page]} passed" in done.stdout
    linted = run(application, "-m", "ruff", "check", "--isolated", "--select", "F,PLE", ".")
    assert linted.returncode == 0, linted.stdout


def test_an_integration_has_about_a_hundred_lines() -> None:
    (integration,) = [block for block in python_blocks("docs/custom-framework.md") if "aiohttp_client.py" in block[:25]]
    assert len(integration.splitlines()) <= 100
    integrations = Path(__file__).parents[2] / "oauth1_catalog" / "integrations"
    for name in ("litestar_client", "quart_client"):
        assert len((integrations / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 150, name


def test_the_page_names_each_member_of_the_seam() -> None:
    from oauth1_catalog.integrations import base_client

    page = (Path(__file__).parents[2] / "docs" / "custom-framework.md").read_text(encoding="utf-8")
    assert {name for name in base_client.__all__ if not re.search(rf"\b{name}\b", page)} <= {
        "FetchToken",
        "RegistryOptions",
    }
