"""The regular expressions of provider files, matched in time that grows with the value alone.

Python's ``re`` goes back and tries again: ``(a+)+b`` takes years for 50 letters. A file and a tenant's value both come
from outside, so patterns run in the engine that pydantic brings along, Rust's ``regex``. It takes no look-around and no
back reference; for the rest its syntax is Python's. What it compiles is bounded here: ``(a{1000}){1000}`` is short and
large.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic import ValidationError
from pydantic_core import SchemaError, SchemaValidator, core_schema

MAX_LENGTH = 255
"""The longest pattern, in characters."""

MAX_STATES = 250
"""How many characters a pattern may stand for, repetitions counted out; a value has at most 255."""

_TOKEN = re.compile(
    r"(?P<property>\\[pP])|(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\()|(?P<close>\))"
    r"|\{(?P<least>[0-9]+)(?:,(?P<most>[0-9]*))?\}|(?P<repeat>[*+?|])|.",
    re.DOTALL,
)
# What Unicode has many of, one letter of a pattern stands for.
_WEIGHTS = {"w": 50, "W": 50, "d": 10, "D": 10, "s": 5, "S": 5, "b": 50, "B": 50}


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern cannot be used; ``None`` where it can.

    >>> pattern_problem("[a-z]+(-[a-z]+)*")
    >>> pattern_problem("(?=a)b")
    'look-around, including look-ahead and look-behind, is not supported'
    >>> pattern_problem("(a{100}){100}")
    'it stands for more than 250 characters'
    """
    if len(pattern) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} characters"
    if _states(pattern) > MAX_STATES:
        return f"it stands for more than {MAX_STATES} characters"
    try:
        _compiled(pattern)
        _whole(pattern)
    except SchemaError as error:
        last = str(error).strip().rpartition("\n")[2]
        return last.removeprefix("error: ") or "it cannot be read"
    return None


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of a value matches a pattern that ``pattern_problem`` has nothing against.

    >>> matches("[a-z]+", "acme"), matches("[a-z]+", "acme!")
    (True, False)
    """
    try:
        _whole(pattern).validate_python(value)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=256)
def _whole(pattern: str) -> SchemaValidator:
    return _compiled(rf"\A(?:{pattern})\z")


def _compiled(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _states(pattern: str) -> int:
    """About how many characters a pattern stands for, each repetition with a number counted out."""
    groups = [[0, 0]]  # of each open group: the sum of its parts, and the last part
    for token in _TOKEN.finditer(pattern):
        here = groups[-1]
        if token["open"]:
            groups.append([0, 0])
        elif token["close"] and len(groups) > 1:
            size = sum(groups.pop())
            groups[-1] = [sum(groups[-1]), size]
        elif token["least"]:
            here[1] *= max(int(token["least"][:6]), int((token["most"] or "1")[:6]), 1)
        elif token["repeat"]:
            continue
        else:
            letter = token["escape"][1] if token["escape"] else ""
            inside = re.findall(r"\\(.)", token["set"] or "", re.DOTALL)
            heavy = MAX_STATES + 1 if token["property"] or {"p", "P"} & set(inside) else 1
            weight = max(heavy, _WEIGHTS.get(letter, 1), *(_WEIGHTS.get(one, 1) for one in inside), 1)
            groups[-1] = [sum(here), weight]
    return sum(sum(group) for group in groups)
