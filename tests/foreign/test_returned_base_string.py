"""The base string that a real server returns in its refusal is read, and compared with that of the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import requests
from requests_oauthlib import OAuth1

from oauth1_catalog import explain
from oauth1_catalog.rfc5849 import Request, Response
from tests.foreign.verifiers import CLIENTS, TOKENS


def test_the_answer_of_pecl(server: Callable[[str], str]) -> None:
    auth = OAuth1("key", "other secret", "token", TOKENS["token"])
    sent = requests.Request("GET", f"{server('oauth_provider')}/api/x?a=b%20c", auth=auth).prepare()
    with requests.Session() as session:
        got = session.send(sent, timeout=30)
    assert got.status_code == 401
    response = Response(got.status_code, dict(got.headers), got.content)
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in sent.headers.items()}
    request = Request("GET", str(sent.url), headers)
    keys = {"client_secret": "other secret", "token_secret": TOKENS["token"]}
    explanation = explain(request, response=response, **keys)
    assert explanation.verdict == "right"
    assert explanation.server_base_string == explanation.right.base_string
    assert "its secrets are other ones" in explanation.summary
    keys["client_secret"] = CLIENTS["key"]
    elsewhere = replace(request, url=request.url.replace("http:", "https:"))  # as a client sees it that a proxy hides
    (cause,) = [one for one in explain(elsewhere, response=response, **keys).causes if one.side == "server"]
    assert cause.mistakes[0].code == "other-scheme"
