"""The page of the last requests: any client's, what was signed, and no secret."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from urllib.parse import quote

import pytest
import requests
from requests_oauthlib import OAuth1Session

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.endpoints import Server
from oauth1_catalog.emulator.explanations import LONGEST
from oauth1_catalog.emulator.recent import CAPACITY, answer_page
from oauth1_catalog.rfc5849.messages import Request, Response

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = "http://127.0.0.1:8080/requests"


def page_of(server: Server, path: str = "", method: str = "GET") -> Response:
    return answer_page(server.recent, Request(method, f"{PAGE}{path}"))


def text_of(response: Response) -> str:
    """The words of a page, as a browser without CSS shows them."""
    body = response.text.partition("</style>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_requests_that_were_accepted_and_refused_have_a_report_each(dance):
    photos = dance()
    assert "no request yet" in text_of(page_of(photos.server))
    issued = photos.access_token()
    token = (issued["oauth_token"], issued["oauth_token_secret"])
    base = photos.provider.api_base_url
    photos.send(f"{base}x?q=a+b", "GET", token=token)
    signed = photos.signed(f"{base}x", "GET", token=token)
    photos.server.handle(replace(signed, url=f"{base}x?a=1"))
    listed = page_of(photos.server).text
    rows = re.findall(r'<tr><th scope="row"><a href="/requests/(\d+)"', listed)
    assert rows == ["6", "5", "4", "3", "2", "1"]  # the login: two requests, and the consent page twice
    accepted, refused = (text_of(page_of(photos.server, f"/{number}")) for number in (5, 6))
    assert "The signature is right for these secrets." in accepted
    assert "q a b query" in accepted
    assert "The parameters of the query are not signed. Sign" in refused
    assert "query-left-out : the client signed GET https%3A%2F%2F127.0.0.1%3A8443" in refused
    login = text_of(page_of(photos.server, "/4"))
    assert "access_token" in login
    assert "The signature is right" in login  # although the temporary token is gone
    assert "not signed" in text_of(page_of(photos.server, "/2"))


def test_two_mistakes_are_named_on_the_page(dance):
    photos = dance()
    issued = photos.access_token()
    request = photos.signed("https://api.photos.example/v1/x", "GET", token=(issued["oauth_token"], ""))
    photos.server.handle(replace(request, url=f"{photos.provider.api_base_url}x"))
    report = text_of(page_of(photos.server, "/5"))
    assert "other-host and token-secret-missing : the client signed" in report


@pytest.mark.parametrize("method", ["HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"])
def test_no_secret_is_on_any_page(dance, method):
    photos = dance(flows=("redirect", "xauth"), client_kwargs={"signature_method": method})
    temporary = photos.request_token()
    location = photos.decide(temporary["oauth_token"]).header("Location")
    verifier = re.search(r"oauth_verifier=([\w-]+)", location)[1]
    photos.exchange(temporary, "wrong-verifier-17")
    issued = photos.exchange(temporary, verifier).text
    for secret in ("other", photos.store.client_of("photos").client_secret):
        body = "x_auth_mode=client_auth&x_auth_username=grace&x_auth_password=hunter2%26+"
        photos.send(photos.provider.access_token_url, body=body, headers=FORM, client_secret=secret)
    leaking = photos.signed(f"{photos.provider.api_base_url}x", "GET")
    photos.server.handle(replace(leaking, url=f"{leaking.url}?api_password=hunter3"))
    json_body = b'{"password": "hunter4", "a": "b=c"}'
    photos.server.handle(
        replace(leaking, method="POST", body=json_body, headers={**leaking.headers, "Content-Type": "application/json"})
    )
    secrets = {
        photos.store.client_of("photos").client_secret,
        temporary["oauth_token_secret"],
        re.search("oauth_token_secret=([^&]+)", issued)[1],
        verifier,
        "wrong-verifier-17",
        "hunter",
    }
    count = len(photos.server.recent.all())
    shown = "".join(page_of(photos.server, f"/{number}").text for number in range(1, count + 1))
    shown += page_of(photos.server).text
    assert "********" in shown
    for secret in secrets:
        for spelled in {secret, quote(secret, safe=""), quote(quote(secret, safe=""), safe="")}:
            assert spelled not in shown


def test_what_a_client_sends_is_escaped(dance):
    photos = dance()
    url = f"{photos.provider.api_base_url}<script>alert(1)</script>?<b>=%3Cimg%20src=x%3E&%ff=%00"
    photos.server.handle(Request("<I>", url, {"Authorization": 'OAuth oauth_nonce="<u>&quot;", realm="<s>"'}))
    for path in ("", "/1"):
        response = page_of(photos.server, path)
        assert not re.search(r"<(?:script|b|img|u|s|I)\b[^>]*>", response.text.partition("</style>")[2])
        assert "script" not in response.header("Content-Security-Policy")
        assert "default-src 'none'" in response.header("Content-Security-Policy")
        assert response.header("X-Frame-Options") == "DENY"
        assert response.header("Cache-Control") == "no-store"


def test_the_memory_is_bounded(dance):
    photos = dance()
    long = photos.signed(photos.provider.request_token_url, callback_uri="oob")
    long = replace(long, body=b"x" * LONGEST, headers={**long.headers, **FORM})
    photos.server.handle(long)
    assert photos.server.recent.all()[0].request is None
    assert "too long" in text_of(page_of(photos.server, "/1"))
    for number in range(CAPACITY + 10):
        photos.server.handle(Request("GET", f"https://127.0.0.1:8443/{number}{'y' * 5000}"))
    kept = photos.server.recent.all()
    assert len(kept) == CAPACITY
    assert max(len(one.path) for one in kept) <= 200
    gone = page_of(photos.server, "/1")
    assert (gone.status, "keeps the last 50" in text_of(gone)) == (404, True)


def test_only_this_machine_reads_it_and_only_with_get(dance):
    photos = dance()
    assert answer_page(photos.server.recent, Request("GET", "http://attacker.example/requests")).status == 421
    assert page_of(photos.server, method="POST").status == 405


def test_over_http_for_a_client_in_any_language():
    with Emulator(Catalog()) as emulator:
        twitter, token = emulator.client("twitter"), emulator.issue_token("twitter")
        base = emulator.catalog.provider("twitter").api_base_url
        secret = token.oauth_token_secret.swapcase()
        session = OAuth1Session(twitter.client_id, twitter.client_secret, token.oauth_token, secret)
        answer = session.get(f"{base}2/users/me", verify=emulator.ca_file, timeout=30)
        assert answer.status_code == 401
        emulator.fail_next("api", status=503)
        session.get(f"{base}2/users/me", verify=emulator.ca_file, timeout=30)
        count = emulator.journal.count()
        listed = requests.get(emulator.requests_url, timeout=30)
        assert listed.status_code == 200
        assert "fail_next()" in listed.text
        assert requests.get(f"{emulator.requests_url}/1", timeout=30).text.count("<h1>") == 1
        assert (
            requests.get(f"{emulator.origins.secure}/requests", verify=emulator.ca_file, timeout=30).status_code == 404
        )
        assert requests.get(emulator.requests_url, headers={"Host": "evil.example"}, timeout=30).status_code == 421
        assert emulator.journal.count() == count + 1  # the pages are not requests to a provider
        emulator.reset()
        assert "no request yet" in requests.get(emulator.requests_url, timeout=30).text
