"""Each shape of docs/signing.md, signed by us and judged by each verifier: what it refuses stands in refusals.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from oauth1_catalog.clients.httpx_client import OAuth1Client
from oauth1_catalog.clients.requests_client import OAuth1Session
from tests.foreign.shapes import SHAPES, Shape
from tests.foreign.verifiers import CLIENTS, PRIVATE_KEY, TOKENS, VERIFIERS

REFUSALS = yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text(encoding="utf-8"))
REFUSED = {
    (verifier, shape, library)
    for verifier, groups in REFUSALS.items()
    for group in groups
    for shape in group["shapes"]
    for library in ([group["library"]] if "library" in group else ["requests", "httpx2"])
}
REFUSED_METHODS = {
    (verifier, method)
    for verifier, groups in REFUSALS.items()
    for group in groups
    for method in group.get("methods", [])
}
CREDENTIALS = {"client_id": "key", "client_secret": CLIENTS["key"], "token": "token", "token_secret": TOKENS["token"]}
LIBRARIES = {"requests": OAuth1Session, "httpx2": OAuth1Client}


@pytest.fixture(scope="module")
def send() -> Iterator[Callable[..., Any]]:
    """Sends a shape to a verifier. Httpx2 takes longer to make a client than to send a request: they are kept."""
    clients: dict[Any, Any] = {}

    def send(library: str, address: str, shape: Shape, **signed: Any) -> Any:
        arguments = {**CREDENTIALS, **shape.signed, **signed}
        key = (library, *arguments.items())
        if key not in clients:
            clients[key] = LIBRARIES[library](**arguments)
        return clients[key].request(shape.method, f"{address}/api/{shape.target}", **shape.call)

    yield send
    for client in clients.values():
        client.close()


def accepted(response: Any) -> bool:
    """Whether the verifier took it. What is neither an acceptance nor a refusal is no verdict."""
    assert response.status_code in {200, 400, 401, 403}, (response.status_code, response.text)
    return bool(response.status_code == 200)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_the_verifier_refuses_what_the_table_says_and_nothing_else(
    server: Callable[[str], str], send: Callable[..., Any], verifier: str, name: str, library: str
) -> None:
    address, shape = server(verifier), SHAPES[name]
    response = send(library, address, shape)
    assert accepted(response) == ((verifier, name, library) not in REFUSED), response.text
    if accepted(response):  # It does verify: with another secret the same request is refused.
        assert not accepted(send(library, address, shape, token_secret="another"))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("verifier", "method"), [(one.name, method) for one in VERIFIERS.values() for method in one.methods]
)
def test_each_signature_method(
    server: Callable[[str], str], send: Callable[..., Any], verifier: str, method: str, library: str
) -> None:
    signed: dict[str, Any] = {"signature_method": method}
    if method.startswith("RSA"):
        signed["rsa_key"] = PRIVATE_KEY
    shape = SHAPES["form_and_query"]
    response = send(library, server(verifier), shape, **signed)
    assert accepted(response) == ((verifier, method) not in REFUSED_METHODS), response.text


def test_the_table_names_shapes_and_verifiers_that_are_there() -> None:
    assert set(REFUSALS) <= set(VERIFIERS)
    for verifier, groups in REFUSALS.items():
        named = [shape for group in groups for shape in group["shapes"]]
        assert len(named) == len(set(named)), verifier
        assert set(named) <= set(SHAPES), verifier
        # A verifier that refuses everything would agree with every table.
        assert not {"get", "query", "form", "form_and_query", "json", "in_query", "in_body"} & set(named), verifier
        for group in groups:
            assert set(group) - {"library", "methods"} == {"section", "why", "shapes"}
            assert group.get("library", "requests") in LIBRARIES
            assert re.fullmatch(r"[23](\.[0-9]+)+", group["section"])
            assert group["why"].endswith(".")
