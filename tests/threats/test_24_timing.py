"""Threat 24: how long a comparison takes tells how much of a secret was right.

The rule is static: what proves something is compared by ``compare_digest``. A statistical test says little on a shared
machine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "oauth1_catalog"
PROOF = re.compile(r"\b(handle|digest|signature|binding|mac|proof|secret|password|verifier|token)\b")
FINE = {
    # names of methods and of settings, and whether there is a value
    "signature_method",
    "signature_type",
    # a token of the application's own store and the one that the application passes: neither comes from a browser
    "stored['oauth_token']",
    "row.to_token()",
    "model.oauth_token",
    "columns.oauth_token",
    "credentials.oauth_token",
}


def proofs_compared_by_equality(source: str) -> Iterator[str]:
    """Comparisons of two values by ``==`` or ``!=`` of which one is called a proof."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare) or not all(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue  # with a text of the source: nothing secret
        names = [part for side in sides for part in re.split(r"\W+|(?<=[a-z])_(?=[a-z])", ast.unparse(side))]
        if any(PROOF.fullmatch(name) for name in names):
            yield ast.unparse(node)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_proof_is_compared_by_equality(path: Path) -> None:
    found = [text for text in proofs_compared_by_equality(path.read_text()) if not any(name in text for name in FINE)]
    assert found == []


def test_the_rule_finds_what_it_is_for() -> None:
    assert list(proofs_compared_by_equality("if record['binding'] == self._binding: pass"))
    assert list(proofs_compared_by_equality("x = given_signature != wanted"))
    assert list(proofs_compared_by_equality("x = kept.get('oauth_token') != oauth_token"))
    assert not list(proofs_compared_by_equality("x = compare_digest(signature, wanted)"))


def test_the_places_that_compare_proofs_do_it_in_constant_time() -> None:
    places = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if "compare_digest(" in path.read_text()
    }
    assert {"registry/temporary.py", "flow/profiles.py", "emulator/endpoints.py"} <= places
