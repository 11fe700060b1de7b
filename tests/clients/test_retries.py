"""docs/signing.md, "Retries": urllib3's repeats a nonce, and a call that is made again has a new one."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from oauth1_catalog.clients.requests_client import OAuth1Session
from tests.docs.conftest import python_blocks

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}


def busy(answer_with, times: int, seconds: str = "0"):
    answers = iter([answer_with("", "503 Busy", (("Retry-After", seconds),))] * times)
    return lambda _: next(answers, answer_with("done"))


def test_a_mounted_retry_sends_the_same_signature_again(wire, answer_with):
    wire.answer = busy(answer_with, 1)
    with OAuth1Session(**KEYS) as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(3, status_forcelist=[503])))
        assert session.get(wire.url).text == "done"
    first, second = wire.arrived
    assert first.header("Authorization") == second.header("Authorization")


def test_the_function_of_the_page_signs_anew(wire, answer_with, judge):
    names: dict[str, object] = {}
    (code,) = (block for block in python_blocks("docs/signing.md") if "get_patiently" in block)
    exec(compile(code, "docs/signing.md", "exec"), names)
    get_patiently = names["get_patiently"]
    with OAuth1Session(**KEYS) as session:
        wire.answer = busy(answer_with, 2)
        assert get_patiently(session, wire.url, params={"a": "1"}).text == "done"
        assert len(wire.arrived) == 3
        wire.answer = busy(answer_with, 5)
        assert get_patiently(session, wire.url).status_code == requests.codes.service_unavailable
        wire.answer = busy(answer_with, 1, seconds="3600")
        assert get_patiently(session, wire.url).status_code == 503
    assert len(wire.arrived) == 7
    for arrived in wire.arrived:
        judge(arrived)
