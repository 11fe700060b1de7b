"""What the headers of an answer ask for: to wait, to set a clock, to go elsewhere, to see a problem."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from oauth1_catalog.clients.limits import check_redirect, without_protocol_parameters
from oauth1_catalog.diagnosis.answers import read_answer
from oauth1_catalog.diagnosis.problems import LIMIT, excerpt, read_problem
from oauth1_catalog.diagnosis.signing import SentRequest
from oauth1_catalog.errors import ProviderError, SigningError
from oauth1_catalog.flow.exchange import MAX_RETRY_AFTER, retry_after
from oauth1_catalog.rfc5849 import parse_authorization_header
from oauth1_catalog.rfc5849.messages import Response
from tests.fuzz.target import SECRET, Target, check_shown, header_lines, joined, parts_of, raw

SIGNATURE = "the+signature+of+the+request"
HERE = f"https://api.example.com/1/me?oauth_signature={SIGNATURE}"
NOW = 1_796_000_000.0


def check(data: bytes) -> None:
    lines, body = parts_of(data, 2)
    headers = header_lines(lines)
    for status in (200, 401, 429, 503):
        response = Response(status, headers, raw(body))
        wait = retry_after(response, NOW)
        assert wait is None or 0 <= wait <= MAX_RETRY_AFTER
        problem = read_problem(response, (SECRET,))
        for text in (problem.next_step(response, NOW), problem.words, problem.code or ""):
            check_shown(f"-{text}", SECRET)
        assert len(problem.words) <= LIMIT
    answer = read_answer(response, SentRequest(None, (), ""), NOW, (SECRET,))  # type: ignore[arg-type] # nothing was signed
    check_shown(f"-{answer.words}{answer.advice}", SECRET)
    shown = excerpt(raw(body).decode("utf-8", "replace"), (SECRET,))
    assert len(shown) <= LIMIT
    try:
        parse_authorization_header(response.header("WWW-Authenticate"))
    except SigningError as error:
        check_shown(error)
    check_location(response.header("Location"))


def check_location(location: str) -> None:
    """An address that a server sends, as it is and as the HTTP libraries join it to that of the request."""
    assert "oauth_signature=" not in without_protocol_parameters(HERE)
    without_protocol_parameters(location)
    try:
        joined_address = urljoin(HERE, location)
    except ValueError:
        joined_address = location
    for there in (location, joined_address):
        for method in ("GET", "POST"):
            try:
                check_redirect(status=302, method="GET", url=HERE, new_method=method, new_url=there)
            except ProviderError as error:
                check_shown(error, SIGNATURE)
                continue
            assert method == "GET"
            assert (urlsplit(there).scheme, urlsplit(there).hostname) == ("https", "api.example.com")
            assert urlsplit(there).port in {None, 443}


def seeds() -> Iterator[bytes]:
    for lines in (
        "Retry-After: 17",
        "Retry-After: Mon, 30 Nov 2026 21:00:00 GMT",
        "Retry-After: Mon, 30 Nov 99999 21:00:00 -9999",
        "Date: Mon, 30 Nov 2026 21:00:00 GMT",
        "Location: https://api.example.com/1/me/",
        "Location: //evil.example/",
        "Location: https://api.example.com:99999/",
        "Location: https://[::1/",
        'WWW-Authenticate: OAuth realm="x", oauth_problem="timestamp_refused", oauth_acceptable_timestamps="1-2"',
        "WWW-Authenticate: OAuth oauth_problem=user_refused, oauth_problem_advice=Ask%20again%0a",
        "X-Rate-Limit-Reset: 1796000000\nX-RateLimit-Remaining: 0",
    ):
        yield joined(lines, "Expired timestamp, yours 1, ours 1796000000")
        yield joined(lines, f'<html><script>x</script><b>{SECRET}</b>&#8203;{{"oauth_token_secret": "x"}}')


TARGET = Target(
    "Retry-After, Date, Location, WWW-Authenticate, and the words beside them",
    check,
    seeds,
    (
        "Retry-After: ", "Date: ", "Location: ", "WWW-Authenticate: OAuth ", "oauth_problem=", "oauth_problem_advice=",
        "GMT", "Mon, 30 Nov 2026 21:00:00 ", "-0000", "+9999", "https://api.example.com", "https://", "//", "@", ":",
        "[", "]", "%0a", SECRET, "oauth_acceptable_timestamps=", "timestamp", "ours 1", "<script>", "</", "&#", "&lt;",
        "\u200b", "\u00ad", "\x1b[31m",
    ),
    longest=600,
)  # fmt: skip
