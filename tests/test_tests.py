"""What holds of the tests themselves: each can fail, fixtures are shared, and private names have a reason."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from tests.servers import child_process

TESTS = Path(__file__).parent
PUBLIC_BY_DOCUMENTATION = {"_asdict", "_replace", "_exit", "_get_current_object"}
"""Names of the standard library and of Werkzeug that begin with an underscore and are documented."""
EXPECTATIONS = {"raises", "warns", "fail"}
"""What a test may call instead of ``assert``."""


@cache
def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(TESTS.rglob("*.py"))}


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def called(function: ast.AST) -> set[str]:
    """The last part of each name that a function calls."""
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {ast.unparse(func).rpartition(".")[2] for func in calls}


def test_each_test_expects_something() -> None:
    """It asserts, or it expects an error, or it calls a function of the tests that does."""
    calls: dict[str, set[str]] = {}
    expecting = set(EXPECTATIONS)
    for _, function in functions():
        calls[function.name] = calls.get(function.name, set()) | called(function)
        if any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(function)):
            expecting.add(function.name)
    while more := {name for name, names in calls.items() if names & expecting} - expecting:
        expecting |= more
    tests = [(path, test) for path, test in functions() if test.name.startswith("test_")]
    assert len(tests) > 1000
    idle = {
        f"{path.name}::{test.name}"
        for path, test in tests
        if test.name not in expecting and TESTS / "benchmarks" not in path.parents  # these fill the table of a page
    }
    assert idle == set()


def test_no_assertion_is_always_true() -> None:
    """A ``repr`` is never empty, a tuple neither, and a value equals itself."""
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert):
                text = ast.unparse(node.test)
                assert not re.match(r"(repr|str)\([^()]*\)$", text), f"{path}:{node.lineno}"
                assert not isinstance(node.test, ast.Tuple | ast.Constant | ast.List), f"{path}:{node.lineno}"


def test_there_is_one_emulator_and_one_list_of_frameworks() -> None:
    emulators = [path for path, function in functions() if function.name in {"emulator", "new_emulator"}]
    assert emulators == [TESTS / "conftest.py"] * 2
    strings = ["'flask'", "'django'", "'starlette'"]
    classes = ["FlaskApplication", "DjangoApplication", "StarletteApplication"]
    lists = []
    for path, tree in modules().items():
        for node in ast.walk(tree):
            parts = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", [])
            if [ast.unparse(part) for part in parts] in (strings, classes):
                lists.append(path.relative_to(TESTS))
    assert lists == [Path("integrations/applications.py")]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(TESTS)))
def test_a_private_name_of_others_is_used_for_a_reason(path: Path) -> None:
    """Where there is no public way, a comment in the line or the one before it tells why: ``# private: ...``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(modules()[path]):
        if not isinstance(node, ast.Attribute) or not re.match(r"_[a-z]", node.attr):
            continue
        if node.attr in PUBLIC_BY_DOCUMENTATION or ast.unparse(node.value) in {"self", "cls", "super()"}:
            continue
        around = "\n".join(lines[max(node.lineno - 2, 0) : node.end_lineno])
        assert "# private: " in around, f"line {node.lineno}: {ast.unparse(node)}"


def is_popen(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Popen")


def test_no_block_waits_for_a_process_when_it_fails() -> None:
    """``with subprocess.Popen(...)`` does: without a ``finally`` that ends the process, use ``child_process``."""
    waiting = []
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.With) and any(is_popen(item.context_expr) for item in node.items):
                tries = [one for one in node.body if isinstance(one, ast.Try) and one.finalbody]
                rest = [one for one in node.body if one not in tries]
                if not tries or (path.name != "servers.py" and not all(isinstance(one, ast.Assert) for one in rest)):
                    waiting.append(f"{path.name}:{node.lineno}")
    assert waiting == []


def is_running(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
        return not state.stdout.startswith("Z") and bool(state.stdout)
    return False


@pytest.mark.parametrize("fails", ["the test", "the time"])
def test_a_process_and_all_that_it_has_started_end_with_a_test_that_fails(fails: str) -> None:
    program = (
        "import subprocess, sys; slept = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']); "
        "print(slept.pid, flush=True); slept.wait()"
    )
    seconds = 600 if fails == "the test" else 5
    started = []

    def failing_test() -> None:
        command = [sys.executable, "-c", program]
        with child_process(command, seconds=seconds, stdout=subprocess.PIPE, start_new_session=True) as process:
            assert process.stdout is not None
            started.append(int(process.stdout.readline()))
            assert is_running(started[0])
            if fails == "the time":
                assert process.stdout.read() == ""
                assert process.wait(30) == -9
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_test()
    ends = time.monotonic() + 30
    while is_running(started[0]) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not is_running(started[0])


def test_make_battery_runs_all_of_it() -> None:
    """pytest leaves tests/battery/whole out if the command names it beside tests/battery."""
    (arguments,) = re.findall(
        r"-m pytest (tests/battery .*) \$\(ARGS\)", (TESTS.parent / "Makefile").read_text("utf-8")
    )
    command = [sys.executable, "-m", "pytest", *shlex.split(arguments), "--collect-only"]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    files = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    written = {path.relative_to(TESTS.parent).as_posix() for path in (TESTS / "battery").rglob("test_*.py")}
    assert files == written
