"""Logins of three legs at each verifier, in three frameworks, with each signature method that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.foreign.test_shapes import REFUSED_METHODS
from tests.foreign.verifiers import CLIENTS, PRIVATE_KEY, VERIFIERS
from tests.integrations.applications import FRAMEWORKS


@pytest.fixture
def application() -> Iterator[Callable[..., Any]]:
    made: list[Any] = []

    def make(framework: str, address: str, **client_kwargs: Any) -> Any:
        app = FRAMEWORKS[framework](config={}, register=False)
        made.append(app)
        app.oauth.register(
            "twitter",
            client_id="key",
            client_secret=CLIENTS["key"],
            request_token_url=f"{address}/initiate",
            authorize_url=f"{address}/authorize",
            access_token_url=f"{address}/token",
            api_base_url=f"{address}/api/",
            client_kwargs=client_kwargs,
        )
        return app

    yield make
    for app in made:
        app.close()


def consent(url: str) -> str:
    """The callback to which the provider sends the browser."""
    answer = requests.get(url, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    ("verifier", "method"),
    [
        (one.name, method)
        for one in VERIFIERS.values()
        for method in one.methods
        if (one.name, method) not in REFUSED_METHODS
    ],
)
def test_login_and_a_call(
    server: Callable[[str], str], application: Callable[..., Any], verifier: str, method: str, framework: str
) -> None:
    client_kwargs: dict[str, Any] = {"signature_method": method}
    if method.startswith("RSA"):
        client_kwargs["rsa_key"] = PRIVATE_KEY
    browser = application(framework, server(verifier), **client_kwargs).browser()
    answer = browser.get(consent(browser.get("/login").location))
    assert answer.status == 200, answer.text
    assert answer.json["profile"] == {"user": "ada"}
    assert answer.json["token"]["oauth_token"]
