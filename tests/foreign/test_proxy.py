"""Calls through ``oauth1-catalog proxy`` at servers that verify with other people's libraries.

``tests/proxy`` has other people's programs, which call through the proxy.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests

from tests.cli.proxies import FILE, RunningProxy, refused, running
from tests.foreign.shapes import SHAPES
from tests.foreign.test_shapes import REFUSED
from tests.foreign.verifiers import CLIENTS, TOKENS, VERIFIERS

KEYS = {"ACME_CLIENT_ID": "key", "ACME_CLIENT_SECRET": CLIENTS["key"], "ACME_TOKEN": "token"}
BY_THE_PROXY = {
    "options": (403, "not_allowed"),
    "form_get": (400, "form"),
    "slash_path": (403, "ambiguous_path"),
    "double_slash": (403, "ambiguous_path"),
}
"""What the proxy refuses itself, as docs/proxy.md tells."""
PASSED_ON = [name for name, shape in SHAPES.items() if not shape.signed and name not in BY_THE_PROXY]
"""The shapes whose ``signed`` is not empty are about options of a client, and not about calls."""


def send(proxy: RunningProxy, name: str) -> tuple[int, dict[str, str], bytes]:
    """Send a shape as it stands: an HTTP library would change some paths and queries."""
    shape = SHAPES[name]
    made = requests.Request(shape.method, "http://localhost/", **shape.call).prepare()
    body = made.body or b""
    assert isinstance(body, bytes)
    headers = [f"Content-Type: {made.headers['Content-Type']}"] if body else []
    if body or shape.method == "POST":
        headers.append(f"Content-Length: {len(body)}")
    return proxy.raw(f"{shape.method} /{proxy.token}/api/{shape.target} HTTP/1.1", *headers, body=body)


def is_accepted(answer: tuple[int, dict[str, str], bytes]) -> bool:
    """Whether the verifier took it. What is neither an acceptance nor a refusal is no verdict, nor is the proxy's."""
    status, headers, body = answer
    assert "oauth1-proxy-error" not in headers, body
    assert status in {200, 400, 401, 403}, (status, body)
    return status == 200


@pytest.mark.long
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_the_verifier_accepts_through_the_proxy_what_it_accepts_without(
    server: Callable[[str], str], verifier: str, tmp_path: Path
) -> None:
    """The proxy sends with httpx2."""
    file = FILE.format(origin=server(verifier), more="").replace("/1/", "/api/")
    (tmp_path / "acme.yaml").write_text(file, encoding="utf-8")

    def proxy(token_secret: str) -> AbstractContextManager[RunningProxy]:
        env = {**KEYS, "ACME_TOKEN_SECRET": token_secret}
        return running(tmp_path, env, "acme", "--directory", tmp_path, "--allow", "* */*")

    with proxy(TOKENS["token"]) as through:
        accepted = [name for name in PASSED_ON if is_accepted(send(through, name))]
        for name, answer in BY_THE_PROXY.items():
            refused(send(through, name), *answer)
    assert accepted == [name for name in PASSED_ON if (verifier, name, "httpx2") not in REFUSED]
    assert {"get", "query", "space", "form", "form_and_query", "json", "multipart"} <= {*accepted}
    with proxy("another") as through:  # It does verify: with another secret the same calls are refused.
        assert [name for name in accepted if is_accepted(send(through, name))] == []
