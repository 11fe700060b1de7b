"""What holds for all tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import freezegun
import hypothesis
import pytest

if TYPE_CHECKING:
    from oauth1_catalog.emulator import Emulator

# A shell in the background leaves Ctrl+C and Ctrl+\ ignored, and what it starts inherits that, the servers that a test
# stops too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32" and signal.getsignal(signal.SIGQUIT) is signal.SIG_IGN:
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)

# Keys and files that the developer's shell exports are not those of the tests.
for name in [*os.environ]:
    if re.fullmatch(r"[A-Z0-9_]+_(CLIENT_ID|CLIENT_SECRET|TOKEN|TOKEN_SECRET)|OAUTH1_CATALOG_(PATH|DATA)", name):
        del os.environ[name]

# A deadline is a statement about the machine, not about the code. A database would be a folder in the repository, where
# a distributor's tests may not write.
hypothesis.settings.register_profile("tests", deadline=None, database=None)
hypothesis.settings.load_profile("tests")

# freezegun looks at each module's attributes, which makes pydantic import its parts: with the frozen date, for good.
freezegun.configure(extend_ignore_list=["pydantic"])


REQUIRED = "OAUTH1_CATALOG_REQUIRE_FOREIGN"
"""The environment variable with which a test fails whose program is not installed. `.ci/run` sets it."""


SERVERS = {"redis", "redis_server", "running_redis", "postgresql", "mariadb"}
"""The fixtures of servers, and the parameters that stand for them. Their tests have the marker ``server``."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks the tests of real servers, so that a packager can leave them out; see docs/packaging.md."""
    for item in items:
        call = getattr(item, "callspec", None)
        parameters = {value for value in call.params.values() if isinstance(value, str)} if call else set()
        if SERVERS & {*getattr(item, "fixturenames", ()), *parameters}:
            item.add_marker(pytest.mark.server)
    if config.getoption("--more-frameworks"):
        return
    left_out = [item for item in items if runs_elsewhere(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


MORE_FRAMEWORKS = ("litestar", "quart")
"""Where the tests of every framework run only with ``--more-frameworks``, but for those marked ``every_framework``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    others = " and ".join(MORE_FRAMEWORKS)
    parser.addoption("--more-frameworks", action="store_true", help=f"run every framework's tests in {others}, too")


def runs_elsewhere(item: pytest.Item) -> bool:
    """Whether a test is one of many that every framework has, in one of those that come after the first three."""
    parameters = getattr(item, "callspec", None)
    return (
        parameters is not None
        and any(parameters.params.get(name) in MORE_FRAMEWORKS for name in ("framework", "face"))
        and item.get_closest_marker("every_framework") is None
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything has to run, ``... is not installed`` is a failure and no reason to skip."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and os.environ.get(REQUIRED):
        reason = report.longrepr[2]
        if re.search(r"\b(is|are) not installed\b", reason):
            report.outcome = "failed"
            report.longrepr = f"{reason}\n{REQUIRED} is set, so that this test may not be skipped."
    return report


@pytest.fixture(autouse=True)
def no_context_is_left() -> Iterator[None]:
    """A test that leaves an application of Flask active makes the next ones use it."""
    yield
    if flask := sys.modules.get("flask"):
        assert not flask.has_app_context()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A long value is known by its number: it may be random, and every worker must call a test the same."""
    return argname if isinstance(val, str | bytes) and len(val) > 30 else None


@pytest.fixture
def git_program() -> None:
    """For a test that makes a repository: a distributor builds without Git."""
    if not shutil.which("git"):
        pytest.skip("git is not installed (Debian: apt-get install git)")


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """The emulator of this process: it plays the whole catalog, and ``_reset`` undoes what a test changed in it."""
    yield from _running_emulator()


@pytest.fixture
def new_emulator() -> Iterator[Emulator]:
    """Another emulator, for a test that counts its tokens or connections, or changes an application's keys."""
    yield from _running_emulator()


def _running_emulator() -> Iterator[Emulator]:
    from oauth1_catalog import Catalog  # most tests need neither, and an import takes time
    from oauth1_catalog.emulator import Emulator

    with Emulator(Catalog()) as running:
        yield running


@pytest.fixture(autouse=True)
def _reset(request: pytest.FixtureRequest) -> None:
    if "emulator" in request.fixturenames:
        request.getfixturevalue("emulator").reset()
