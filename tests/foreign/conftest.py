"""The servers of the foreign verifiers, each started once for all tests of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import tests.django_settings  # noqa: F401 - before what needs settings
from tests.foreign.verifiers import VERIFIERS, running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are ``foreign``."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.foreign)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """``server(name)``: the address of that verifier's server."""
    folder = tmp_path_factory.mktemp("foreign")
    started: dict[str, str] = {}
    with ExitStack() as stack:

        def address(name: str) -> str:
            verifier = VERIFIERS[name]
            if missing := verifier.missing():
                pytest.skip(missing)
            if name not in started:
                started[name] = stack.enter_context(running(verifier, folder))
            return started[name]

        yield address
