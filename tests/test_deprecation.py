"""Deprecated names: each message has the form that the policy promises, and no name outlives its version."""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import oauth1_catalog
from oauth1_catalog import OAuth1CatalogDeprecationWarning
from oauth1_catalog.deprecation import NOTICE, deprecated, warn_deprecated

PACKAGE = Path(oauth1_catalog.__file__).parent
MESSAGE = "client.foo() is deprecated since 0.2, and version 0.4 removes it. Use client.bar()."


def uses(source: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in {"deprecated", "warn_deprecated"}:
                yield name, node


def problems(source: str, version: tuple[int, int]) -> list[str]:
    """What is wrong with the uses of the helper in a module, for a package of this version."""
    found = []
    for name, call in uses(source):
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            found.append(f"line {call.lineno}: type checkers need the text itself")
            continue
        notice = NOTICE.fullmatch(first.value)
        if notice is None:
            found.append(f"line {call.lineno}: another form: {first.value}")
            continue
        since, removal = (tuple(map(int, notice[group].split("."))) for group in ("since", "removal"))
        if removal <= version:
            found.append(f"line {call.lineno}: version {notice['removal']} has come")
        if removal <= since or since > version:
            found.append(f"line {call.lineno}: deprecated since {notice['since']}, removed in {notice['removal']}")
        if removal >= (1, 0) and removal[1]:
            found.append(f"line {call.lineno}: version {notice['removal']} is a minor release, which removes nothing")
        category = {word.arg: ast.unparse(word.value) for word in call.keywords}.get("category", "")
        if name == "deprecated" and category != "OAuth1CatalogDeprecationWarning":
            found.append(f"line {call.lineno}: another category: {category or 'none'}")
    return found


@pytest.mark.parametrize(
    ("since", "removal", "fine"),
    [("1.4", "2.0", True), ("0.2", "0.3", True), ("0.9", "1.0", True), ("1.4", "1.5", False), ("0.9", "1.2", False)],
)
def test_from_1_0_on_only_a_major_release_removes(since: str, removal: str, fine: bool) -> None:
    message = f"f() is deprecated since {since}, and version {removal} removes it. Use g()."
    now = tuple(map(int, since.split(".")))
    assert (problems(f"warn_deprecated({message!r})", (now[0], now[1])) == []) == fine


def test_each_use_in_the_package_keeps_the_policy() -> None:
    version = tuple(map(int, oauth1_catalog.__version__.split(".")[:2]))
    found = {
        str(path.relative_to(PACKAGE)): wrong
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "deprecation.py" and (wrong := problems(path.read_text(encoding="utf-8"), version))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (f"@deprecated({MESSAGE!r}, category=OAuth1CatalogDeprecationWarning)\ndef f(): ...", []),
        (f"warn_deprecated({MESSAGE!r})", []),
        (f"deprecation.warn_deprecated({MESSAGE!r})", []),
        (f"@deprecated({MESSAGE!r})\ndef f(): ...", ["line 1: another category: none"]),
        ("warn_deprecated('foo is old')", ["line 1: another form: foo is old"]),
        ("warn_deprecated(text)", ["line 1: type checkers need the text itself"]),
        (f"warn_deprecated({MESSAGE.replace('0.4', '0.3')!r})", ["line 1: version 0.3 has come"]),
        (f"warn_deprecated({MESSAGE.replace('0.2', '0.5')!r})", ["line 1: deprecated since 0.5, removed in 0.4"]),
    ],
)
def test_problems_are_found(call: str, wrong: list[str]) -> None:
    assert problems(call, (0, 3)) == wrong


def test_a_function_warns_at_the_line_that_calls_it() -> None:
    @deprecated(MESSAGE, category=OAuth1CatalogDeprecationWarning)
    def foo(number: int) -> int:
        return number + 1

    with pytest.warns(OAuth1CatalogDeprecationWarning, match=r"^client\.foo\(\) is deprecated since 0\.2") as caught:
        assert foo(1) == 2
    assert [warning.filename for warning in caught] == [__file__]
    assert foo.__deprecated__ == MESSAGE


def test_a_class_warns_when_it_is_used() -> None:
    @deprecated(MESSAGE, category=OAuth1CatalogDeprecationWarning)
    class Foo:
        pass

    with pytest.warns(OAuth1CatalogDeprecationWarning):
        Foo()


def test_a_parameter_warns_at_the_line_of_the_application() -> None:
    with pytest.warns(OAuth1CatalogDeprecationWarning, match="version 0.4 removes it") as caught:
        warn_deprecated(MESSAGE)
    assert [warning.filename for warning in caught] == [__file__]


def test_it_can_be_made_an_error_by_its_public_name() -> None:
    """As ``filterwarnings`` in pytest's configuration does, which resolves the name."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", oauth1_catalog.OAuth1CatalogDeprecationWarning)
        with pytest.raises(DeprecationWarning):
            warn_deprecated(MESSAGE)


def test_nothing_is_loaded_for_it_by_the_package() -> None:
    code = "import sys, oauth1_catalog; print('typing_extensions' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
