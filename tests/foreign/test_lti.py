"""Launches of LTI 1.1, signed by us and verified by ims-lti as a tool does it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from oauth1_catalog.clients.httpx_client import OAuth1Client
from oauth1_catalog.clients.requests_client import OAuth1Session
from oauth1_catalog.rfc5849 import ClientCredentials, Signer
from tests.foreign.environments import node_missing
from tests.foreign.verifiers import ARGUMENTS, CLIENTS, Verifier, running

TOOL = Verifier("ims_lti", "ims-lti (npm)", ("node", "node/ims_lti.mjs", *ARGUMENTS), ("HMAC-SHA1",), node_missing)
LAUNCH = {
    "lti_message_type": "basic-lti-launch-request",
    "lti_version": "LTI-1p0",
    "resource_link_id": "120988f929-274612",
    "resource_link_title": "Café & thé: 100% (50 + 50)",
    "user_id": "292832126",
    "roles": "Instructor,urn:lti:role:ims/lis/Learner",
    "custom_empty": "",
}


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if missing := node_missing():
        pytest.skip(missing)
    with running(TOOL, tmp_path_factory.mktemp("lti")) as address:
        yield address


@pytest.mark.parametrize("library", [OAuth1Session, OAuth1Client])
@pytest.mark.parametrize("query", ["", "?course=1%2B1"])
def test_a_tool_takes_our_launch(tool: str, query: str, library: Any) -> None:
    with library("key", CLIENTS["key"], signature_type="BODY") as client:
        answer = client.post(f"{tool}/launch{query}", data=LAUNCH)
    assert (answer.status_code, answer.text) == (200, '{"user":"292832126"}')


def test_a_tool_takes_the_form_that_a_browser_posts(tool: str) -> None:
    signer = Signer(ClientCredentials("key", CLIENTS["key"]))
    fields = {**LAUNCH, "custom_text": "one\ntwo"}
    signed = signer.signed_form(f"{tool}/launch", fields, parameters={"oauth_callback": "about:blank"})
    answer = requests.post(f"{tool}/launch", data=signed, timeout=10)
    assert (answer.status_code, answer.text) == (200, '{"user":"292832126"}')


@pytest.mark.parametrize("name", ["ext_é", "custom_a[x]"])
def test_names_are_not_encoded_by_it(tool: str, name: str) -> None:
    """Which is theirs (section 3.4.1.3.2): avoid such names in launches."""
    with OAuth1Session("key", CLIENTS["key"], signature_type="BODY") as client:
        assert client.post(f"{tool}/launch", data={**LAUNCH, name: "1"}).status_code == 401


def test_a_wrong_secret_is_refused_by_the_tool(tool: str) -> None:
    with OAuth1Session("key", "another", signature_type="BODY") as client:
        answer = client.post(f"{tool}/launch", data=LAUNCH)
    assert (answer.status_code, answer.text) == (401, "Error: Invalid Signature")
