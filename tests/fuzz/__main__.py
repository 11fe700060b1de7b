"""Fuzzing of everything that reads foreign input: ``make fuzz``, ``make fuzz ARGS="--seconds 600 --only callback"``.

Each target runs in a process of its own, one after the other, and a table of what they did is printed. An input that
makes a target fail, take too long or take too much memory is left in ``build/fuzz``, and printed as a line for
``tests/fuzz/inputs``, so that the tests replay it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.target import INPUTS, NAMES, ROOT, TOGETHER, load, saved

HOSTED_ONLY = 75
"""EX_TEMPFAIL of sysexits.h, with which a step of ``.ci/release_check.py`` ends that cannot run here."""

LONGEST_INPUT = 30
"""The seconds that one input may take: far more than any does, since the machine can be busy."""

LONGEST_RUN = 900
"""The seconds that a number of inputs may take."""

MEMORY = 1024
"""The memory that a process may take, in MB."""

FOUND = ("crash-*", "timeout-*", "oom-*")


@dataclass
class Outcome:
    """What a target did."""

    name: str
    seconds: float = 0.0
    executions: int = 0
    edges: int = 0
    corpus: int = 0
    found: list[Path] = field(default_factory=list)
    failure: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="for each target (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=0, help="instead: this many inputs, from a fixed seed")
    parser.add_argument("--together", action="store_true", help="all in one process, for a short run")
    parser.add_argument("--only", default="", metavar="A,B", help=f"these targets, of: {', '.join(NAMES)}")
    parser.add_argument("--save", action="store_true", help="save the inputs that reach more than the seeds do")
    arguments = parser.parse_args()
    names = [TOGETHER] if arguments.together else list(filter(None, arguments.only.split(","))) or list(NAMES)
    if unknown := set(names) - {*NAMES, TOGETHER}:
        parser.error(f"unknown target: {', '.join(sorted(unknown))}")
    if importlib.util.find_spec("atheris") is None:
        print(f"atheris has no wheel for {platform.platform()}, Python {platform.python_version()}.")
        return HOSTED_ONLY

    length = f"{arguments.runs:,} inputs" if arguments.runs else f"{arguments.seconds} s"
    print(f"{platform.platform()}, Python {platform.python_version()}: {length} for each target")
    print(f"{'target':14} {'seconds':>8} {'executions':>11} {'edges':>6} {'inputs':>7}  found", flush=True)
    outcomes = []
    for name in names:
        outcome = fuzz(name, arguments.seconds, arguments.runs)
        outcomes.append(outcome)
        found = ", ".join(path.name for path in outcome.found) or outcome.failure or "nothing"
        figures = f"{outcome.seconds:8.0f} {outcome.executions:11,} {outcome.edges:6,} {outcome.corpus:7,}"
        print(f"{name:14} {figures}  {found}", flush=True)
        for path in outcome.found:
            print(f"    {path.relative_to(ROOT)}: {path.read_bytes()!r}")
        if arguments.save and name != TOGETHER and not outcome.failure:
            save(name)
    failed = [outcome for outcome in outcomes if outcome.found or outcome.failure]
    executions = sum(outcome.executions for outcome in outcomes)
    print(f"{executions:,} executions of {len(outcomes)} targets, {len(failed)} with a fault")
    return 1 if failed else 0


def fuzz(name: str, seconds: int, runs: int) -> Outcome:
    """Run a target, for a time, or for a number of inputs, which begin from the seeds alone."""
    folder = ROOT / "build" / "fuzz" / name
    if runs:
        shutil.rmtree(folder / "corpus", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in FOUND:
        for path in folder.glob(pattern):
            path.unlink()
    length = [f"-runs={runs}", "-seed=1"] if runs else [f"-max_total_time={seconds}"]
    options = [*length, f"-timeout={LONGEST_INPUT}", f"-rss_limit_mb={MEMORY}", "-print_final_stats=1"]
    longest = LONGEST_RUN if runs else seconds + 4 * LONGEST_INPUT
    started = time.monotonic()
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.fuzz_one", name, str(folder), *options],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )  # fmt: skip
        try:
            status = process.wait(timeout=longest)
        except subprocess.TimeoutExpired:
            status = -1
        finally:
            process.kill()  # libFuzzer can hang where it ends a process that was stopped in C
            process.wait()
    text = log.read_text(encoding="utf-8", errors="replace")
    found = sorted(path for pattern in FOUND for path in folder.glob(pattern))
    failure = "" if status == 0 or found else f"it ended with {status} ({log.relative_to(ROOT)})"
    executions, edges = _last(r"(?:number_of_executed_units: |^#)(\d+)", text), _last(r"cov: (\d+)", text)
    corpus = len(list((folder / "corpus").iterdir())) if (folder / "corpus").exists() else 0
    return Outcome(name, time.monotonic() - started, executions, edges, corpus, found, failure)


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


def save(name: str, most: int = 40, longest: int = 600) -> None:
    """Add the smallest inputs to the saved ones that reached what no input before them did."""
    known = {*load(name).seeds(), *saved(name)}
    kept = sorted(
        {path.read_bytes() for path in (ROOT / "build" / "fuzz" / name / "corpus").iterdir()} - known, key=len
    )
    with (INPUTS / f"{name}.txt").open("a", encoding="ascii") as file:
        file.writelines(f"{data!r}\n" for data in kept[:most] if len(data) <= longest)


if __name__ == "__main__":
    sys.exit(main())
