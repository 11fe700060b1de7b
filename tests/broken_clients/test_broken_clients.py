"""Of other people's clients that are broken on purpose, the mistake is named; for requests that are right, none is.

`.ci/run` runs this folder, which needs the libraries of five languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docs.build_measured import PAGE, filled
from oauth1_catalog import explain
from tests.broken_clients.measure import BREAKS, LIBRARIES, Measured, Played, measure, played, right_jobs, run

RIGHT = 200
"""Right requests of each library."""


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with played(tmp_path_factory.mktemp("providers")) as at:
        yield at


@pytest.fixture(scope="module")
def measured(strangers: Played, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Measured]:
    """``measured(name)``: what was named for each break of a library, measured once."""
    found: dict[str, Measured] = {}

    def of(name: str) -> Measured:
        if missing := LIBRARIES[name].command()[1]:
            pytest.skip(missing)
        if name not in found:
            found[name] = measure(LIBRARIES[name], strangers, tmp_path_factory.mktemp(name))
        return found[name]

    return of


@pytest.mark.parametrize("name", LIBRARIES)
def test_at_least_95_percent_of_the_mistakes_are_named(measured: Callable[[str], Measured], name: str) -> None:
    one = measured(name)
    assert len(one.named) >= 20
    missed = {kind: names for kind, names in one.named.items() if not one.is_right(kind)}
    assert len(one.right) / len(one.named) >= 0.95, missed


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_right_request_has_no_cause(strangers: Played, tmp_path: Path, name: str) -> None:
    library = LIBRARIES[name]
    if missing := library.command()[1]:
        pytest.skip(missing)
    strangers.received.clear()
    answers = run(library, right_jobs(library, RIGHT, seed=len(name)), strangers, tmp_path)
    assert {answer["status"] for answer in answers.values()} == {200}
    assert len(strangers.received) == RIGHT
    for request in strangers.received:
        provider = request.url.split("/")[3]
        keys = strangers.configuration["providers"][provider]
        explanation = explain(
            request,
            client_secret=keys["client_secret"],
            token_secret=keys["token_secret"],
            rsa_key=keys["private_key"],
        )
        assert (explanation.verdict, explanation.causes, explanation.faults) == ("right", (), ()), request


def test_the_page_has_the_figures_that_are_measured(measured: Callable[[str], Measured]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text, [measured(name) for name in LIBRARIES]) == text, "run: python docs/build_measured.py"


def test_each_break_is_made_with_a_library() -> None:
    assert {kind for library in LIBRARIES.values() for kind in library.kinds} == set(BREAKS)
