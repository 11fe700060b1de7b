"""The seeds and the saved inputs of all targets, without atheris; and whether each target finds a fault."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import __main__ as runner
from tests.fuzz.target import INPUTS, NAMES, ROOT, TOGETHER, joined, load, parts_of, saved


@pytest.mark.parametrize("name", NAMES)
def test_seeds_and_saved_inputs(name: str) -> None:
    """Each crash of before is among them."""
    target = load(name)
    inputs = [*target.seeds(), *saved(name)]
    assert len(inputs) >= 5
    for data in inputs:
        try:
            target.check(data)
        except Exception as error:
            pytest.fail(f"{data!r}: {type(error).__name__}: {error}")


def raises(error: type[Exception]) -> Any:
    def broken(*_: Any, **__: Any) -> Any:
        raise error("broken on purpose")

    return broken


FAULTS = {
    "callback": ("oauth1_catalog.flow.callback", "_each_once", lambda provider, wanted, pairs: dict(pairs)),
    "token_answer": ("oauth1_catalog.diagnosis.problems", "excerpt", lambda text, secrets=(): text),
    "base_string": ("oauth1_catalog.rfc5849.base_string", "join_sorted", lambda pairs: "&".join(map("=".join, pairs))),
    "provider_file": ("oauth1_catalog.catalog.source", "_NULL", frozenset({"", "~", "redirect"})),
    "templates": ("oauth1_catalog.catalog.templates", "quote", lambda value, safe="": value),
    "pasted": ("oauth1_catalog.diagnosis.curl", "shown_url", str),
    "curl": ("oauth1_catalog.diagnosis.curl", "_read", lambda kind, text: text.strip("a")),
    "explain": ("oauth1_catalog.diagnosis.signing", "base_string_uri", lambda url: "https://x.example/"),
    "userinfo": ("oauth1_catalog.flow.userinfo", "origin_of", lambda url: "the same"),
    "proxy_call": ("oauth1_catalog.cli.proxy.checks", "read_path", lambda raw: raw.decode("latin-1")),
    "proxy_body": ("oauth1_catalog.cli.proxy.checks", "replaces_call", lambda names: ""),
    "headers": ("oauth1_catalog.flow.exchange", "MAX_RETRY_AFTER", -1.0),
    "pinned": ("oauth1_catalog.catalog.pinned", "_parse", raises(KeyError)),
    "env_file": ("oauth1_catalog.cli.login_targets", "_can_go_on", lambda text: True),
}
"""For each target, a name of the package, and what makes it faulty in its place."""


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = load(name)
    module, attribute, broken = FAULTS[name]
    monkeypatch.setattr(importlib.import_module(module), attribute, broken)
    with pytest.raises(Exception):  # noqa: B017 - an assertion of the target, or what nobody has documented
        list(map(target.check, [*target.seeds(), *saved(name)]))


def test_every_target_is_listed() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in Path(__file__).with_name("targets").glob("*.py"))
    assert {path.stem for path in INPUTS.glob("*.txt")} <= set(NAMES)
    assert set(FAULTS) == set(NAMES)


def test_the_parts_of_an_input() -> None:
    data = joined("a", b"\xff", "é")
    assert parts_of(data, 3) == ["a", "\udcff", "é"]
    assert joined(*parts_of(data, 3)) == data
    assert parts_of(b"a\x1eb\x1ec", 2) == ["a", "b\x1ec"]
    assert parts_of(b"", 2) == ["", ""]


def test_all_targets_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    target = load(TOGETHER)
    assert [data[0] for data in target.seeds()] == sorted(data[0] for data in target.seeds())
    assert {data[0] for data in target.seeds()} == set(range(len(NAMES)))
    target.check(b"")
    monkeypatch.setattr("oauth1_catalog.diagnosis.curl.words_of", raises(KeyError))
    with pytest.raises(KeyError):
        target.check(bytes([NAMES.index("pasted")]) + b"curl https://a.example/")


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_names_every_target(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


class TestRunner:
    def test_an_unknown_target_is_refused(self) -> None:
        command = [sys.executable, "-m", "tests.fuzz", "--only", "callbacks"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2
        assert "unknown target: callbacks" in done.stderr

    def test_without_atheris_it_is_hosted_only(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["tests.fuzz"])
        monkeypatch.setattr(runner.importlib.util, "find_spec", lambda name: None)
        assert runner.main() == runner.HOSTED_ONLY
        assert "atheris has no wheel" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("outcome", "status", "last"),
        [
            (runner.Outcome("pinned", 1.0, 1000, 50, 7), 0, "1,000 executions of 1 targets, 0 with a fault"),
            (runner.Outcome("pinned", failure="it ended with 1"), 1, "0 executions of 1 targets, 1 with a fault"),
        ],
    )
    def test_its_status_is_that_of_the_targets(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        outcome: runner.Outcome,
        status: int,
        last: str,
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["tests.fuzz", "--only", "pinned", "--seconds", "1"])
        monkeypatch.setattr(runner.importlib.util, "find_spec", lambda name: object())
        monkeypatch.setattr(runner, "fuzz", lambda name, seconds, runs: outcome)
        assert runner.main() == status
        assert capsys.readouterr().out.splitlines()[-1] == last
