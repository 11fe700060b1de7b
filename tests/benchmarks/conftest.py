"""Rows of a table of medians: ours, the limit, and the peers, measured in one run, in turns.

pytest-benchmark measures; this file sees to three things that it leaves open. The contenders of a row take turns, five
times, so that whatever else the machine does meets them all alike. The table shows their medians, and the medians of
the ratios within a turn, because a machine can be slower in one turn than in the next. A promised ratio that is not
kept makes the run fail.

``--turns 1`` shows that every benchmark still runs, and holds no row to its bound: ``.ci/run`` does that.

A row is added by a test that takes ``turn`` and a parameter ``contender``, and hands each contender's function to
``measure``; see ``test_signing.py``.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, Literal

import pytest

OURS, LIMIT = "oauth1-catalog", "limit"
TURNS = 5
PACKAGES = ("oauth1-catalog", "Authlib", "requests-oauthlib", "oauthlib", "requests", "httpx2", "cryptography")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        title: what is measured.
        peers: whom ours is compared with.
        faster: ours is to be at least this many times faster than the fastest peer; ``None`` promises nothing.
        slower: ours is to take at most this many times what the limit takes; ``None`` promises nothing.
        unit: ``"s"`` for seconds, ``"B"`` for bytes of memory.
    """

    title: str
    peers: tuple[str, ...] = ()
    faster: float | None = None
    slower: float | None = None
    unit: Literal["s", "B"] = "s"

    @property
    def contenders(self) -> tuple[str, ...]:
        """Everybody in this row."""
        return (OURS, *((LIMIT,) if self.slower else ()), *self.peers)


@dataclass
class Table:
    """What has been measured: for each row and contender, the seconds (or bytes) of one operation in each turn."""

    seconds: dict[Row, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, row: Row, contender: str, seconds: float) -> None:
        self.seconds.setdefault(row, {}).setdefault(contender, []).append(seconds)

    def lines(self) -> Iterable[tuple[str, bool]]:
        """The table in Markdown; each line with whether it keeps what it promises."""
        peers = list(dict.fromkeys(name for row in self.seconds for name in row.peers))
        yield f"| measured | {OURS} | limit | times the limit | {' | '.join(peers)} | times faster |", True
        yield "|---" * (len(peers) + 5) + "|", True
        for row, by_contender in self.seconds.items():
            if OURS not in by_contender:
                continue
            medians = {contender: median(seconds) for contender, seconds in by_contender.items()}
            ratios = {contender: in_turns(seconds, by_contender[OURS]) for contender, seconds in by_contender.items()}
            slower, slower_kept = promise(1 / ratios[LIMIT] if LIMIT in ratios else None, row.slower, "≤")
            fastest = min((ratios[peer] for peer in row.peers if peer in ratios), default=None)
            faster, faster_kept = promise(fastest, row.faster, "≥")
            others = " | ".join(written(medians.get(peer), row.unit) for peer in peers)
            amounts = f"{written(medians[OURS], row.unit)} | {written(medians.get(LIMIT), row.unit)}"
            yield (
                f"| {row.title} | {amounts} | {slower} | {others} | {faster} |",
                slower_kept and faster_kept,
            )


def in_turns(seconds: list[float], ours: list[float]) -> float:
    """How many times ours a contender takes: the median of the turns."""
    return median(other / own for other, own in zip(seconds, ours, strict=True))


def promise(ratio: float | None, bound: float | None, sign: str) -> tuple[str, bool]:
    """A ratio with its bound, and whether it keeps to it."""
    if ratio is None:
        return "", True
    text = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    if bound is None:
        return text, True
    kept = ratio <= bound if sign == "≤" else ratio >= bound
    return f"{text} ({sign} {bound:g}{'' if kept else ', MISSED'})", kept


def written(amount: float | None, unit: str = "s") -> str:
    """An amount in the unit that suits it."""
    if amount is None:
        return ""
    if unit == "B":
        return f"{amount / 1024:.3g} KB"
    seconds = amount
    for name, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds * 1e6:.3g} µs"


TABLE = pytest.StashKey[Table]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--turns", type=int, default=TURNS, help="with fewer than five, no bound is checked")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLE] = Table()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    turns = range(config.getoption("turns"))
    items[:] = [item for item in items if not isinstance(item, pytest.Function) or turn_of(item) in turns]


def turn_of(item: pytest.Function) -> int:
    """The turn that a test is of; the first one where it takes no turns."""
    return item.callspec.params.get("turn", 0) if hasattr(item, "callspec") else 0


@pytest.fixture(params=range(TURNS))
def turn(request: pytest.FixtureRequest) -> int:
    """Which turn it is. Requested before ``contender``, so that all contenders are measured in each."""
    return request.param


@pytest.fixture
def measure(benchmark: Any, request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that measures one contender of one row, once a turn."""

    def measured(
        row: Row,
        contender: str,
        function: Callable[..., object],
        *,
        setup: Callable[[], tuple[tuple[object, ...], dict[str, object]]] | None = None,
        operations: int = 1,
        rounds: int = 40,
    ) -> None:
        """Measure ``function``.

        Args:
            row: which line of the table.
            contender: whose function it is.
            function: what is timed.
            setup: makes its arguments before each round, untimed.
            operations: how many operations one call is.
            rounds: how often it is called.
        """
        benchmark.group = row.title
        benchmark.pedantic(function, setup=setup, rounds=rounds, warmup_rounds=1)
        if not benchmark.disabled:
            request.config.stash[TABLE].add(row, contender, benchmark.stats["median"] / operations)

    return measured


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    table = config.stash[TABLE]
    if not table.seconds:
        return
    terminalreporter.section("medians")
    terminalreporter.line(f"{machine()}; Python {platform.python_version()}; {', '.join(installed())}")
    terminalreporter.line("")
    for line, kept in table.lines():
        terminalreporter.line(line, red=not kept)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    whole = session.config.getoption("turns") >= TURNS
    if whole and session.exitstatus == 0 and not all(kept for _, kept in session.config.stash[TABLE].lines()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def machine() -> str:
    """The processor, as Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor() or platform.machine()


def installed() -> Iterable[str]:
    """The versions of everybody who takes part."""
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
