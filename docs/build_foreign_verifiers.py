"""Write ``docs/foreign-verifiers.md`` from the tables of ``tests/foreign``.

Run it after one of them changed: ``python docs/build_foreign_verifiers.py``. A test fails where the page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "foreign-verifiers.md"
sys.path.insert(0, str(ROOT))

from tests.foreign.clients.calls import LIBRARIES  # noqa: E402 - the tests are no installed package
from tests.foreign.shapes import SHAPES  # noqa: E402 - likewise
from tests.foreign.verifiers import VERIFIERS  # noqa: E402 - likewise

INTRODUCTION = f"""# Third-party verifiers and clients

<!-- Written by docs/build_foreign_verifiers.py from tests/foreign; change that. -->

Tests run servers that verify with other people's libraries, and compare our requests with those of other people's
clients. `.ci/run` installs all of them; `make test` skips those that are not installed.

## Verifiers

Each of the {len(VERIFIERS)} verifiers runs in a small server. The tests log in to it through Flask, Django and
Starlette, with each of its signature methods, and send it {len(SHAPES)} shapes of requests with `requests` and httpx2.
The shapes that do not depend on options of a client are sent through `oauth1-catalog proxy` as well.
Each accepted request is sent again with a wrong secret, and must be refused. Scripts (`client()`, `async_client()`,
`sign()` and `from_catalog()`) log in to five of them, one for each language. `ims-lti` (npm) verifies launches of
LTI 1.1.
"""
REFUSED = """## What they refuse

RFC 5849 allows each of these shapes. Avoid them if you can. The table of reasons names the section that a verifier
does not follow. The tests fail if a verifier refuses another shape, or accepts one of these.
"""
CLIENTS = """## Client libraries

With the same nonce and timestamp, a call through the catalog is equal to the call of the client library: the method,
the URL, the parameters, the body, the protocol parameters and the signature. Our calls use Flask (`requests`) and
Starlette (httpx2).
"""


def page() -> str:
    """The page: the verifiers, what each refuses, and the client libraries with what differs."""
    refusals = _read("tests/foreign/refusals.yaml")
    differences = _read("tests/foreign/clients/differences.yaml")
    return "\n".join(
        [
            INTRODUCTION,
            *_verifiers(refusals),
            "",
            REFUSED,
            *_shapes(refusals),
            "",
            "All verifiers accept the other shapes:",
            "",
            *_accepted(refusals),
            "",
            "The reasons:",
            "",
            *_reasons(refusals),
            "",
            CLIENTS,
            *_libraries(differences),
            "",
        ]
    )


def _read(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / path).read_text(encoding="utf-8")))


def _refused(refusals: dict[str, Any], verifier: str) -> list[str]:
    return [shape for group in refusals.get(verifier, []) for shape in group["shapes"]]


def _verifiers(refusals: dict[str, Any]) -> Iterator[str]:
    yield "| verifier | signature methods | refuses |"
    yield "| --- | --- | --- |"
    for verifier in VERIFIERS.values():
        count = len(_refused(refusals, verifier.name))
        yield f"| {verifier.title} | {', '.join(verifier.methods)} | {count or 'none'} of {len(SHAPES)} |"


def _shapes(refusals: dict[str, Any]) -> Iterator[str]:
    yield f"| shape | accepted by, of {len(VERIFIERS)} | refused by |"
    yield "| --- | --- | --- |"
    for name, shape in SHAPES.items():
        by = [verifier.title for verifier in VERIFIERS.values() if name in _refused(refusals, verifier.name)]
        if by:
            yield f"| {_cell(shape.title)} | {len(VERIFIERS) - len(by)} | {', '.join(by)} |"


def _accepted(refusals: dict[str, Any]) -> Iterator[str]:
    refused = {name for verifier in VERIFIERS for name in _refused(refusals, verifier)}
    for name, shape in SHAPES.items():
        if name not in refused:
            yield f"- {shape.title}"


def _reasons(refusals: dict[str, Any]) -> Iterator[str]:
    yield "| verifier | section | what it does | what it refuses |"
    yield "| --- | --- | --- | --- |"
    for verifier in VERIFIERS.values():
        for group in refusals.get(verifier.name, []):
            section = f"[{group['section']}](https://www.rfc-editor.org/rfc/rfc5849#section-{group['section']})"
            names = [*(SHAPES[name].title for name in group["shapes"]), *group.get("methods", [])]
            shapes = ", ".join(_cell(name) for name in names)
            only = f" Seen with {group['library']}." if "library" in group else ""
            yield f"| {verifier.title} | {section} | {_cell(group['why'])}{only} | {shapes} |"


def _libraries(differences: dict[str, Any]) -> Iterator[str]:
    yield "| library | provider | calls | what differs |"
    yield "| --- | --- | --- | --- |"
    for name, library in LIBRARIES.items():
        calls = [*(("request_token", "access_token") if library.redirect_uri else ()), *library.calls]
        reasons: dict[str, list[str]] = {}
        for call, entry in differences.get(name, {}).items():
            reasons.setdefault(f"({', '.join(entry['parts'])}): {entry['why']}", []).append(call)
        text = " ".join(f"{', '.join(found)} {reason}" for reason, found in reasons.items())
        requirement = library.requirements[0].replace("==", " ")
        yield f"| {requirement} | `{library.provider}` | {', '.join(calls)} | {_cell(text) or 'nothing'} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
