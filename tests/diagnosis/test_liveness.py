"""What the answer to a made-up key shows: tables of answers, and 54 of real servers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oauth1_catalog.diagnosis.liveness import Finding, api, no_answer, page, token_endpoint, verdict
from oauth1_catalog.rfc5849.messages import Response

ANSWERS = json.loads((Path(__file__).parents[1] / "flow" / "server_answers.json").read_text())["answers"]
URL = "https://api.acme.example/oauth/request_token?x=1"
HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LANDING = (
    b"<!DOCTYPE html>\n<html><head><title>Acme</title></head><body>Our API speaks oauth_consumer_key.</body></html>"
)
CLOUDFLARE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking</body></html>"
AKAMAI = b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>No permission for /oauth/request_token</BODY></HTML>"

# name -> (the answer, the outcome, a part of the reason)
TOKEN_ENDPOINT = {
    "challenge": ((401, {"WWW-Authenticate": 'OAuth realm="https://api.acme.example"'}, b""), "oauth1", "WWW-Auth"),
    "challenge of two schemes": (
        (401, {"WWW-Authenticate": 'Bearer realm="x", OAuth realm="x"'}, b""),
        "oauth1",
        "OAuth",
    ),
    "bare challenge": ((401, {"www-authenticate": "OAuth"}, LANDING), "oauth1", "WWW-Authenticate: OAuth"),
    "problem in the header": (
        (401, {"WWW-Authenticate": 'OAuth realm="x", oauth_problem="consumer_key_unknown"'}, b""),
        "oauth1",
        "OAuth",
    ),
    "problem in the body": (
        (401, FORM, b"oauth_problem=consumer_key_unknown"),
        "oauth1",
        "oauth_problem=consumer_key_un",
    ),
    "problem with status 200": ((200, FORM, b"oauth_problem=timestamp_refused"), "oauth1", "oauth_problem=timestamp"),
    "400 with a form": ((400, FORM, b"oauth_parameters_absent=oauth_signature"), "oauth1", "oauth_parameters_absent"),
    "400 in prose": ((400, {}, b"No OAuth parameters supplied"), "oauth1", "names OAuth"),
    "401 in prose": ((401, {}, b"Failed to validate oauth signature and token"), "oauth1", "signature_invalid"),
    "500 in prose": ((500, {}, b"Invalid consumer key"), "oauth1", "consumer_key_unknown"),
    "a token in a form": (
        (200, FORM, b"oauth_token=hush&oauth_token_secret=hush"),
        "oauth1",
        "a token for a made-up key",
    ),
    "a token in JSON": ((200, JSON, b'{"oauth_token": "hush", "oauth_token_secret": "hush"}'), "oauth1", "made-up key"),
    "a token in XML": ((200, {}, b"<t><oauth_token_secret>hush</oauth_token_secret></t>"), "oauth1", "made-up key"),
    "UTF-16": ((401, {}, "oauth_problem=nonce_used".encode("utf-16")), "oauth1", "nonce_used"),
    "plain 401": ((401, {}, b"Unauthorized"), "unclear", "without a word of OAuth 1.0"),
    "empty 401": ((401, {}, b""), "unclear", "without a word"),
    "401 Basic": ((401, {"WWW-Authenticate": 'Basic realm="oauth"'}, b""), "unclear", "401"),
    "JSON of a gateway": ((401, JSON, b'{"message": "Invalid token"}'), "unclear", "401"),
    "a gateway of AWS": (
        (403, {**JSON, "x-amzn-errortype": "IncompleteSignatureException"}, b'{"message": "bad OAuth signature"}'),
        "unclear",
        "403",
    ),
    "Bearer challenge": ((401, {"WWW-Authenticate": 'Bearer realm="x"'}, b""), "oauth2", "WWW-Authenticate: Bearer"),
    "challenge of a draft of OAuth 2": (
        (400, {"WWW-Authenticate": 'OAuth "Acme Platform" "invalid_token" "Bad"'}, b""),
        "oauth2",
        "draft",
    ),
    "invalid_client": (
        (401, JSON, b'{"error": "invalid_client", "error_description": "oauth?"}'),
        "oauth2",
        "invalid_client",
    ),
    "grant type": (
        (400, JSON, b'{"error": "invalid_request", "hint": "Check the grant_type parameter"}'),
        "oauth2",
        "grant",
    ),
    "OAuth 2.0 in prose": ((400, {}, b"Please use OAuth 2.0"), "oauth2", "OAuth 2.0"),
    "a bearer token": ((200, JSON, b'{"access_token": "hush", "token_type": "bearer"}'), "oauth2", "a bearer token"),
    "301 to the same host": ((301, {"Location": "/v2/oauth/request_token"}, b""), "moved", "to the same host"),
    "308 to the same host": ((308, {"Location": "https://api.acme.example/v2"}, b""), "moved", "to the same host"),
    "301 to another host": (
        (301, {"Location": "https://acme.test/oauth?oauth_token=hush"}, LANDING),
        "moved",
        "another host",
    ),
    "302 to another host": ((302, {"Location": "//acme.test/"}, b""), "moved", "another host: https://acme.test/"),
    "302 to a login": ((302, {"Location": "/login"}, b""), "unclear", "the same host"),
    "a redirect in a circle": ((301, {"Location": URL}, b""), "unclear", "to itself"),
    "a redirect to nowhere": ((301, {}, b""), "unclear", "without a usable address"),
    "a redirect to a script": ((301, {"Location": "javascript:alert(1)"}, b""), "unclear", "without a usable address"),
    "a redirect that cannot be read": ((301, {"Location": "https://["}, b""), "unclear", "without a usable address"),
    "404": ((404, {}, b"Not Found"), "gone", "404"),
    "404 that repeats the path": ((404, HTML, b"<html>Cannot POST /oauth/request_token</html>"), "gone", "404"),
    "404 in JSON": ((404, JSON, b'{"path": "/oauth/request_token", "error": "Not Found"}'), "gone", "404"),
    "404 that repeats the query": ((404, {}, b"no ?oauth_consumer_key=a&oauth_nonce=b here"), "gone", "404"),
    "404 that names a parameter": ((404, {}, b"oauth_consumer_key was not found"), "oauth1", "oauth_consumer_key"),
    "410": ((410, HTML, LANDING), "gone", "410"),
    "a start page": ((200, HTML, LANDING), "gone", "a web page"),
    "a start page without a type": ((200, {}, LANDING), "gone", "a web page"),
    "200 without anything": ((200, {}, b""), "unclear", "neither a token nor a problem"),
    "200 with JSON": ((200, JSON, b'{"ok": true}'), "unclear", "neither"),
    "204": ((204, {}, b""), "unclear", "neither"),
    "a wall of Cloudflare": ((403, HTML, CLOUDFLARE), "blocked", "a wall"),
    "a wall with a header": ((403, {"cf-mitigated": "challenge"}, b""), "blocked", "a wall"),
    "a wall with status 503": ((503, HTML, CLOUDFLARE), "blocked", "a wall"),
    "a wall with status 200": ((200, HTML, CLOUDFLARE), "blocked", "a wall"),
    "a wall of Akamai": ((403, HTML, AKAMAI), "blocked", "a wall"),
    "a challenge in words of a wall": ((401, {"WWW-Authenticate": "OAuth", **HTML}, AKAMAI), "oauth1", "OAuth"),
    "a page with 403": ((403, HTML, b"<html>Forbidden</html>"), "blocked", "403"),
    "403 without a page": ((403, {}, b"Forbidden"), "unclear", "403"),
    "429": ((429, {"Retry-After": "120"}, b"slow down, oauth_token"), "blocked", "asks to wait 120 s"),
    "429 with a date": ((429, {"Retry-After": "Mon, 30 Nov 2026 12:00:00 GMT"}, b""), "blocked", "too many requests"),
    "500": ((500, HTML, b"<html>Oops</html>"), "unclear", "fails with 500"),
    "503": ((503, {}, b"maintenance"), "unreachable", "fails with 503"),
    "521": ((521, HTML, b"<html>Web server is down. Cloudflare</html>"), "unreachable", "521"),
    "405": ((405, {"Allow": "GET"}, b"Method Not Allowed"), "unclear", "405"),
}


@pytest.mark.parametrize("case", TOKEN_ENDPOINT)
def test_a_token_endpoint(case: str) -> None:
    answer, outcome, words = TOKEN_ENDPOINT[case]
    found = token_endpoint(Response(*answer), URL)
    assert (found.outcome, words in found.reason) == (outcome, True), found
    assert found.status == answer[0]
    assert "hush" not in repr(found)
    assert found.reason.isprintable()


PAGE = {
    "200": ((200, HTML, LANDING), "there", "there"),
    "a login elsewhere": ((302, {"Location": "https://login.test/"}, b""), "there", "there"),
    "a slash more": ((301, {"Location": "/oauth/"}, b""), "there", "there"),
    "for good elsewhere": ((301, {"Location": "https://acme.test/new"}, b""), "moved", "moved"),
    "for good elsewhere, 308": ((308, {"Location": "https://acme.test/new"}, b""), "moved", "moved"),
    "400": ((400, {}, b"bad token"), "there", "unclear"),
    "401": ((401, {}, b""), "there", "blocked"),
    "403": ((403, {}, b"no"), "there", "blocked"),
    "404": ((404, {}, b"Not Found"), "gone", "gone"),
    "404 about a token": ((404, {}, b"Unknown token"), "there", "gone"),
    "410": ((410, {}, b""), "gone", "gone"),
    "429": ((429, {}, b""), "blocked", "blocked"),
    "a wall": ((403, HTML, CLOUDFLARE), "blocked", "blocked"),
    "500": ((500, {}, b""), "unclear", "unclear"),
    "503": ((503, {}, b""), "unreachable", "unreachable"),
}


@pytest.mark.parametrize("case", PAGE)
def test_a_page(case: str) -> None:
    answer, consent, documentation = PAGE[case]
    found = [page(Response(*answer), URL, is_consent=is_consent).outcome for is_consent in (True, False)]
    assert found == [consent, documentation]


def test_the_base_of_an_api_need_not_answer() -> None:
    assert [api(Response(status), URL).outcome for status in (404, 410, 401)] == ["unclear", "gone", "unclear"]
    assert api(Response(401, {"WWW-Authenticate": "OAuth"}), URL).outcome == "oauth1"


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a['server'].partition('-')[0]}: {a['case']}")
def test_every_answer_of_a_real_server_speaks_oauth1(answer: dict[str, object]) -> None:
    response = Response(
        int(str(answer["status"])), {"content-type": str(answer["content_type"])}, str(answer["body"]).encode()
    )
    for url in ("https://wiki.example/w/index.php?title=Special:OAuth/initiate", "https://blog.example/oauth1/request"):
        assert token_endpoint(response, url).outcome == "oauth1"


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("a.example: there is no such host. Check the address, and this machine's DNS.", "there is no such host"),
        ("a.example:8080: no answer in time. Try again later, or set timeout= higher.", "no answer in time"),
        (
            "a.example: the answer with status 200 is longer than 9 bytes; not read on.",
            "the answer with status 200 is longer than 9 bytes",
        ),
        ("a.example: its name leads to the local address 127.0.0.1.", "its name leads to the local address 127.0.0.1"),
    ],
)
def test_no_answer(description: str, reason: str) -> None:
    assert no_answer(description) == Finding("unreachable", reason)


REQUEST, ACCESS, CONSENT, DOCS = "request_token_url", "access_token_url", "authorize_url", "docs_url"
VERDICTS = {
    "both speak": ({REQUEST: "oauth1", ACCESS: "oauth1", CONSENT: "there", DOCS: "there"}, "oauth1", REQUEST),
    "one speaks, one shows nothing": ({REQUEST: "unclear", ACCESS: "oauth1"}, "oauth1", ACCESS),
    "one is gone": ({REQUEST: "oauth1", ACCESS: "gone"}, "gone", ACCESS),
    "one has moved": ({REQUEST: "moved", ACCESS: "oauth1"}, "moved", REQUEST),
    "one asks for OAuth 2": ({REQUEST: "unreachable", ACCESS: "oauth2"}, "oauth2", ACCESS),
    "the worst counts": ({REQUEST: "moved", ACCESS: "gone"}, "gone", ACCESS),
    "the documentation does not count": ({REQUEST: "oauth1", DOCS: "gone"}, "oauth1", REQUEST),
    "the consent page counts at last": ({REQUEST: "unclear", CONSENT: "gone"}, "gone", CONSENT),
    "but not against an endpoint": ({REQUEST: "oauth1", CONSENT: "gone"}, "oauth1", REQUEST),
    "nothing is shown": ({REQUEST: "blocked", ACCESS: "unclear", CONSENT: "there"}, "blocked", REQUEST),
    "an API alone": ({"api_base_url": "oauth1", DOCS: "moved"}, "oauth1", "api_base_url"),
    "documentation alone": ({DOCS: "there"}, "unclear", "no endpoint to ask"),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_the_verdict(case: str) -> None:
    outcomes, outcome, decided_by = VERDICTS[case]
    found = verdict({field: Finding(given, "x") for field, given in outcomes.items()})
    assert found.outcome == outcome
    assert found.reason.startswith(decided_by)
