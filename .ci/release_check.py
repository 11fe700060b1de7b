"""Runs all that can be checked before a release, and prints one table; ``make release-check`` runs it.

A step that cannot run here ends with status 75, and its row reads "hosted only": a hosted run has to show it.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOSTED_ONLY = 75
"""EX_TEMPFAIL of sysexits.h, with which a script of ``.ci`` ends that cannot run here."""


@dataclass(frozen=True)
class Step:
    """A row of the table."""

    name: str
    shows: str
    command: str = ""
    """What runs here, in a shell, in the root of the repository; empty if nothing here can show it."""
    why: str = ""
    """Why a step is hosted only."""


OWN_PYTHON = f"python-{sys.version_info.major}.{sys.version_info.minor}"
"""The step for the Python that this script runs on: the step "everything" runs its tests, and more."""


def python(version: str) -> Step:
    return Step(f"python-{version}", f"tests on Python {version}", f".ci/test-python {version}")


STEPS = [
    Step("lint", "style, types, import contracts, workflows, public API", "make lint"),
    Step("build", "sdist and wheel, inspected", ".ci/build dist"),
    Step("reproducible", "three builds, the same bytes", ".ci/reproducible dist"),
    Step("data", "the release of the data, used as newer data", ".ci/build-data build/data"),
    Step("audit", "known vulnerabilities of the pinned versions", ".ci/audit"),
    Step("oldest", "tests on the oldest versions of all dependencies", ".ci/test-versions oldest"),
    Step("newest", "tests on today's versions of all dependencies", ".ci/test-versions newest"),
    python("3.11"),
    python("3.12"),
    python("3.13"),
    python("3.14"),
    python("3.14t"),
    Step("sdist", "tests of the sdist: no network, no Git, read-only", ".ci/test-sdist dist"),
    Step("everything", "all tests, as for a change", "bash .ci/run"),
    Step("battery", "faults of networks and servers, many logins", "make battery"),
    Step("fuzz", "fuzzing of everything that parses", "make fuzz"),
    Step("windows", "tests on Windows", why="needs Windows"),
    Step("macos", "tests on macOS", why="needs macOS"),
    Step("codeql", "CodeQL", why="runs on GitHub"),
    Step("publish", "trusted publishing, attestations", why="needs a hosted identity"),
    Step("updates", "dependency updates with a cool-down", why="runs on GitHub"),
]


def result_of(step: Step, log: Path) -> tuple[str, str]:
    """The result of a step, and a remark."""
    if not step.command:
        return "hosted only", step.why
    if target := re.fullmatch(r"make (\w+)", step.command):
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        if not re.search(rf"^{target[1]}:", makefile, re.MULTILINE):
            return "not written", f"the Makefile has no target {target[1]}"
    with log.open("wb") as output:
        done = subprocess.run(
            ["bash", "-c", step.command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            check=False,
        )  # fmt: skip
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.strip("= ") for line in lines if line.strip("= ") and not re.match(r"make(\[\d+\])?: ", line)]
    last = said[-1] if said else ""
    if done.returncode == HOSTED_ONLY:
        return "hosted only", last
    return ("passed", last) if done.returncode == 0 else ("FAILED", f"{last} ({log})")


def table(rows: list[tuple[str, str, str, str]]) -> str:
    """The rows in columns.

    >>> print(table([("lint", "passed", "3", ""), ("macos", "hosted only", "", "needs macOS")]))
    lint   passed       3
    macos  hosted only     needs macOS
    """
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (
        f"{name:{widths[0]}}  {result:{widths[1]}}  {seconds:>{widths[2]}}  {remark}"
        for name, result, seconds, remark in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    """Run the steps.

    Returns:
        The status of the command: 1 if a step has failed.
    """
    names = [step.name for step in STEPS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="A,B", help=f"these steps, of: {', '.join(names)}")
    parser.add_argument("--skip", default="", metavar="A,B", help="all steps but these")
    arguments = parser.parse_args()
    only, skipped = (set(filter(None, text.split(","))) for text in (arguments.only, arguments.skip))
    if unknown := (only | skipped) - set(names):
        parser.error(f"unknown step: {', '.join(sorted(unknown))}")

    logs = ROOT / "build" / "release-check"
    logs.mkdir(parents=True, exist_ok=True)
    rows = [("step", "result", "seconds", "")]
    for step in STEPS:
        if step.name in skipped or (only and step.name not in only):
            rows.append((step.name, "left out", "", step.shows))
            continue
        if step.name == OWN_PYTHON and not only and "everything" not in skipped:
            rows.append((step.name, "left out", "", f"{step.shows}: a part of the step everything"))
            continue
        print(f"== {step.name}: {step.shows}", flush=True)
        started = time.monotonic()
        result, remark = result_of(step, logs / f"{step.name}.txt")
        seconds = time.monotonic() - started
        print(f"   {result}: {remark}", flush=True)
        ran = result in {"passed", "FAILED"}
        rows.append((step.name, result, f"{seconds:.0f}" if ran else "", remark or step.shows))
    print(f"\n{platform.platform()}, Python {platform.python_version()}\n\n{table(rows)}")
    return any(result == "FAILED" for _, result, _, _ in rows)


if __name__ == "__main__":
    sys.exit(main())
