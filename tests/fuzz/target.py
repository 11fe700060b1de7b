"""What a target of the fuzzing is, and how its inputs are read. Nothing here needs atheris.

A target has one function, ``check(data)``. It gives the bytes to a parser of the package, and raises ``AssertionError``
or an exception that nobody has documented if the parser does something wrong. ``__main__.py`` lets atheris look for
such bytes; ``test_targets.py`` replays the seeds and all saved inputs without it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from oauth1_catalog.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]
INPUTS = Path(__file__).with_name("inputs")
"""The saved inputs, a file for each target: a line is the ``repr`` of bytes, or a comment."""

SEPARATOR = "\x1e"
"""Stands between the parts of an input."""

SECRET = "hush-a-secret+of/the client"
"""A secret that no message may show."""

NAMES = (
    "token_answer",
    "callback",
    "proxy_call",
    "proxy_body",
    "provider_file",
    "templates",
    "pasted",
    "curl",
    "explain",
    "userinfo",
    "base_string",
    "headers",
    "pinned",
    "env_file",
)
"""The targets, in the order of the risk: who can write what they read, and what a mistake would cost."""


TOGETHER = "together"


@dataclass(frozen=True)
class Target:
    """One parser, or a few that read the same.

    Attributes:
        reads: what it reads, for the table.
        check: raises an exception if the parser does something wrong.
        seeds: valid and almost valid inputs, from the tests and the vectors of the repository.
        words: what atheris puts into its inputs.
        longest: the longest input, in bytes.
    """

    reads: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[str, ...] = ()
    longest: int = 2048


@cache
def catalog() -> Catalog:
    """The catalog, read once."""
    return Catalog()


def together() -> Target:
    """All targets in one: the first byte of an input chooses. It starts once, for a short run of all of them."""
    targets = [load(name) for name in NAMES]

    def check(data: bytes) -> None:
        if data:
            targets[data[0] % len(targets)].check(data[1:])

    def seeds() -> Iterator[bytes]:
        for place, name in enumerate(NAMES):
            yield from (bytes([place]) + data for data in (*targets[place].seeds(), *saved(name)))

    words = tuple(dict.fromkeys(word for target in targets for word in target.words))
    return Target("what all targets read", check, seeds, words)


def load(name: str) -> Target:
    """The target of a name."""
    if name == TOGETHER:
        return together()
    target = importlib.import_module(f"tests.fuzz.targets.{name}").TARGET
    assert isinstance(target, Target)
    return target


def saved(name: str) -> Iterator[bytes]:
    """The inputs that were saved for a target: crashes of before, and what reaches further than the seeds."""
    path = INPUTS / f"{name}.txt"
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else ():
        if line and not line.startswith("#"):
            yield ast.literal_eval(line)


def joined(*parts: str | bytes) -> bytes:
    """The parts as one input."""
    return SEPARATOR.encode().join(
        part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part for part in parts
    )


def parts_of(data: bytes, number: int) -> list[str]:
    """The parts of an input, as text; bytes that are not UTF-8 become lone surrogates, as in an environment."""
    parts = data.decode("utf-8", "surrogateescape").split(SEPARATOR, number - 1)
    return [*parts, *[""] * (number - len(parts))]


def raw(text: str) -> bytes:
    """The bytes that ``parts_of`` has made a text of."""
    return text.encode("utf-8", "surrogateescape")


def header_lines(text: str) -> dict[str, str]:
    """Headers from lines of ``name: value``."""
    pairs = (line.partition(":") for line in text.split("\n") if line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def check_shown(error: BaseException | str, *secrets: str) -> None:
    """A message is one line that a terminal does not obey, and it shows no secret."""
    text = str(error)
    assert text, "an error without a text"
    assert text.isprintable(), f"a message with control characters: {text!r}"
    for secret in secrets:
        assert secret not in text, f"a secret in a message: {text!r}"
