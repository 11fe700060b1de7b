"""Compares the public names and signatures with ``tests/public_api.txt``. Usage: ``public_api.py [--update]``.

The names are those of ``tests/test_public_api.py``, whose tests show that they are there. griffe reads their signatures
from the source. ``docs/versioning.md`` has what a change of the file means.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parents[1]
SNAPSHOT = ROOT / "tests" / "public_api.txt"
PACKAGE = "oauth1_catalog"
KEYWORDS = {f"{PACKAGE}.registry.api_calls": {"CallOptions", "HttpOptions"}}
"""What public methods take as keywords by ``Unpack``. The names are not public, but their keys are."""
SPECIAL = {"__init__", "__call__", "__enter__", "__aenter__", "__getattr__", "__getitem__", "__iter__"}
"""The special methods that applications call, or whose parameters they pass."""
LITERAL = (
    ast.Expression, ast.Constant, ast.Tuple, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context
)  # fmt: skip
"""What a default consists of that is compared."""
HEAD = """\
Every public name with its signature. `make lint` compares this file with the code. docs/versioning.md has what a change
means.
After a change that is meant: .venv/bin/python .ci/public_api.py --update
"""


def public_names() -> dict[str, set[str]]:
    """The public names of each module, as the tests hold them."""
    specification = importlib.util.spec_from_file_location("public", ROOT / "tests" / "test_public_api.py")
    assert specification is not None
    assert specification.loader is not None
    sys.path.insert(0, str(ROOT))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return {f"{PACKAGE}.{name}".rstrip("."): names for name, names in {**module.PUBLIC, **module.WITHOUT_ALL}.items()}


def snapshot(names: dict[str, set[str]], root: Path = ROOT) -> str:
    """The text of the file for the package below ``root``."""
    package = griffe.load(PACKAGE, search_paths=[root], try_relative_path=False, resolve_aliases=True)
    shown: dict[str, str] = {}
    lines = [HEAD]
    for module, members in sorted(names.items()):
        lines.append(f"{module}:")
        for name in sorted(members):
            found = _member(package, module, name)
            path = found.path
            if path in shown:
                lines.append(f"    {name}: as in {shown[path]}")
                continue
            shown[path] = module
            lines += [f"    {line}" for line in _described(name, found)]
        lines.append("")
    return "\n".join(lines)


def _member(package: griffe.Object, module: str, name: str) -> griffe.Object:
    inside = module.removeprefix(PACKAGE).lstrip(".")
    owner = package[inside] if inside else package
    found = owner[name]
    return found.final_target if found.is_alias else found


def _described(name: str, found: griffe.Object) -> Iterator[str]:
    """The lines of a name; those of a class contain its members, also the inherited ones of this package."""
    if found.is_function:
        yield from _signatures(name, found)
    elif found.is_class:
        bases = ", ".join(str(base) for base in found.bases)
        yield f"class {name}({bases}):" if bases else f"class {name}:"
        members = {**found.inherited_members, **found.members}
        for member, one in sorted(members.items()):
            target = one.final_target if one.is_alias else one
            if member.startswith("_") and member not in SPECIAL:
                continue
            yield from (f"    {line}" for line in _described(member, target) if not line.startswith("        "))
    elif found.is_attribute:
        annotation = f": {found.annotation}" if found.annotation is not None else ""
        yield f"{name}{annotation}"


def _signatures(name: str, found: griffe.Function) -> Iterator[str]:
    prefix = "async def" if "async" in found.labels else "def"
    decorators = [f"@{kind} " for kind in ("classmethod", "staticmethod", "property") if kind in found.labels]
    for one in found.overloads or [found]:
        yield f"{''.join(decorators)}{prefix} {name}({_parameters(one)}) -> {one.returns}"


def _parameters(function: griffe.Function) -> str:
    """The parameters as in the source. A default that is no literal is an ellipsis: there will be one."""
    words, keyword_only = [], False
    for parameter in function.parameters:
        kind = parameter.kind
        stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}.get(kind, "")
        if kind is griffe.ParameterKind.keyword_only and not keyword_only:
            words.append("*")
        keyword_only = keyword_only or kind in {
            griffe.ParameterKind.keyword_only, griffe.ParameterKind.var_positional
        }  # fmt: skip
        word = f"{stars}{parameter.name}"
        if parameter.annotation is not None:
            word += f": {parameter.annotation}"
        if parameter.default is not None and not stars:
            word += f" = {_default(str(parameter.default))}"
        words.append(word)
    return ", ".join(words)


def _default(source: str) -> str:
    """A default of literals as it is: another one, such as that of a switch or of a limit, changes what a program does.

    >>> _default("False"), _default("64 * 1024"), _default("os.environ")
    ('False', '64 * 1024', '...')
    """
    try:
        nodes = [*ast.walk(ast.parse(source, mode="eval"))]
    except SyntaxError:
        return "..."
    return source if all(isinstance(node, LITERAL) for node in nodes) else "..."


def main() -> int:
    """Compare, or write the file.

    Returns:
        The status of the command: 1 if they differ.
    """
    try:
        now = snapshot({**public_names(), **KEYWORDS})
    except (KeyError, griffe.AliasResolutionError) as error:
        print(f"A public name is gone: {error}")
        print("A name that was renamed or removed needs a deprecation first: docs/versioning.md.")
        print("If it may go: take it out of PUBLIC in tests/test_public_api.py, too.")
        return 1
    if sys.argv[1:] == ["--update"]:
        SNAPSHOT.write_text(now, encoding="utf-8")
        return 0
    committed = SNAPSHOT.read_text(encoding="utf-8")
    difference = list(
        difflib.unified_diff(committed.splitlines(), now.splitlines(), "committed", "now", lineterm="", n=2)
    )
    if difference:
        print("The public API has changed:", *difference, sep="\n")
        print("If this is meant: .venv/bin/python .ci/public_api.py --update, and a line in CHANGELOG.md.")
    return bool(difference)


if __name__ == "__main__":
    sys.exit(main())
