"""The page on errors: its table holds every code that the package raises, with its class; its example runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import oauth1_catalog.errors as tree
from oauth1_catalog.errors import AuthorizationDeniedError, OAuthError, StateError, TransportError

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "errors.md").read_text()
CLASSES = {
    name: value for name, value in vars(tree).items() if isinstance(value, type) and issubclass(value, OAuthError)
}
STEPS = {"request_token", "authorize", "callback", "access_token", "api", "userinfo", "any"}
STEPS |= {"renew", "revoke", "session_token", "exchange"}


def rows() -> dict[str, tuple[set[str], set[str], str]]:
    """Code to classes, steps and answer."""
    found = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and (code := re.fullmatch(r"`(\w+)`", cells[0])) and cells[1] != "class":
            steps = set(filter(None, cells[2].split(", ")))
            found[code[1]] = (set(re.findall(r"`(\w+)`", cells[1])), steps, cells[4])
    return found


def raised() -> set[tuple[str, str]]:
    """Every (code, class) in the package's source: the code is an exception's first argument, or its class's own."""
    found = {(kind.error, name) for name, kind in CLASSES.items()}
    for path in (ROOT / "oauth1_catalog").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CLASSES:
                continue
            first = node.args[0] if node.args else None
            for code in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                if isinstance(code, ast.Constant) and re.fullmatch(r"[a-z0-9_]+", str(code.value)):
                    found.add((str(code.value), node.func.id))
            if isinstance(first, ast.JoinedStr) and ast.unparse(first) == "f'no_{step}'":
                found |= {(f"no_{step}", node.func.id) for step in ("renew", "revoke")}
    return found


def test_the_table_and_the_package_agree() -> None:
    written = {(code, name) for code, (classes, _, _) in rows().items() for name in classes}
    assert written == raised()


def test_steps_and_answers() -> None:
    assert rows()
    for code, (classes, steps, answer) in rows().items():
        assert steps <= STEPS, code
        if classes == {"ConfigurationNotice"}:
            assert answer == "not raised", code
        else:
            assert re.search(r"\b(400|401|403|500|502|503)\b", answer), code


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AuthorizationDeniedError("no"), 403),
        (StateError(description="old"), 400),
        (TransportError(description="down"), 502),
    ],
)
def test_the_example_of_the_page_answers_each_error(error: OAuthError, status: int) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {"__name__": __name__}
    exec(code.replace("Flask(__name__)", f"Flask(__name__, root_path={str(ROOT)!r})"), names)
    app = names["app"]

    @app.get("/authorize")
    def authorize() -> str:
        raise error

    assert app.test_client().get("/authorize").status_code == status
