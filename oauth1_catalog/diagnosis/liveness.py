"""What the answer to a dummy request shows: an endpoint speaks OAuth 1.0, or it has moved, ended or changed.

The request has a made-up key and a made-up signature, so a server of OAuth 1.0 refuses it. How it does so is the sign.

Rule 1: only an answer's own words count for OAuth 1.0: a challenge, a problem, a parameter, a token. A status shows
nothing by itself, because gateways, walls against programs and start pages send all of them. What an answer repeats of
the request does not count, either.
Rule 2: a reason contains a status, a name or a problem's code, and where a redirect leads, without its query. Other
text of an answer is not shown, because it could contain a token.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from oauth1_catalog.diagnosis.problems import excerpt, read_problem
from oauth1_catalog.hosts import read_url
from oauth1_catalog.redaction import shown_url
from oauth1_catalog.rfc5849.messages import Response

Outcome = Literal["oauth1", "there", "moved", "gone", "oauth2", "blocked", "unclear", "unreachable"]
"""``there`` is for pages; each other outcome can be that of a provider as well."""

CHANGES: tuple[Outcome, ...] = ("gone", "moved", "oauth2")
"""The outcomes that a maintainer has to look at, the worst first."""

ENDPOINTS = ("request_token_url", "access_token_url", "api_base_url")
"""The fields whose answers decide about a provider; pages do only if these show nothing."""

_READ = 16_384
"""How much of an answer is examined, in characters."""

_GATEWAY_ERRORS = frozenset({502, 503, 504, *range(520, 531)})
_MISSING = frozenset({404, 405, 410, 501})

_OAUTH_CHALLENGE = re.compile(r"(?i)(?:^|,)\s*OAuth(?=[\s,]|$)")
_BEARER_CHALLENGE = re.compile(r"(?i)(?:^|,)\s*(Bearer|DPoP)(?=[\s,]|$)")
# Facebook and others challenge with the scheme OAuth of an early draft of OAuth 2.0.
_DRAFT_OF_OAUTH2 = re.compile(r'(?i)\berror="?[a-z_]+|"(?:invalid_token|invalid_request|insufficient_scope)"')
_OAUTH2_ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_response_type",
        "invalid_scope",
    }
)
_OAUTH2_WORDS = re.compile(r"(?i)\bgrant_type\b|\boauth[\s_-]?2(?:\.0)?\b|\bOAuthException\b")
_PARAMETER = re.compile(
    r"\boauth_(?:consumer_key|signature_method|signature|timestamp|nonce|callback_confirmed|callback|verifier|version"
    r"|token_secret|token|parameters_absent|acceptable_timestamps|acceptable_versions)\b"
)
_REPEATED = re.compile(r"(?i)\boauth_(?!problem|parameters_|acceptable_)\w+\s?(?:=|%3D)\s?[^&\s]*&?")
_TOKEN = re.compile(r"\boauth_token_secret\b[\"']?\s*[=:>]")
_OAUTH = re.compile(r"(?i)oauth(?![\s_-]?2)")
# What read_problem finds in prose. Each of the second group is also said by servers without OAuth.
_PROBLEMS = frozenset(
    {"timestamp_refused", "nonce_used", "signature_method_rejected", "signature_invalid", "consumer_key_unknown"}
)
_WEAK_PROBLEMS = frozenset({"callback_rejected", "token_rejected"})

_WALL_HEADERS = ("cf-mitigated", "x-datadome", "x-amzn-waf-action")
_WALL = re.compile(
    r"(?i)just a moment\.\.\.|_incapsula_resource|enable javascript and cookies to continue|px-captcha|ddos-guard"
)
_WALL_OF_A_REFUSAL = re.compile(
    r"(?i)captcha|attention required|access denied|are you (?:a )?(?:human|robot)|unusual traffic|security check"
    r"|request (?:was )?(?:blocked|rejected|unsuccessful)|requested url was rejected|incapsula|imperva|cloudflare"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What an answer shows.

    Args:
        outcome: its class.
        reason: why, as a part of a sentence.
        status: the HTTP status, if there was an answer.
        location: where a redirect leads, without its query.
    """

    outcome: Outcome
    reason: str
    status: int | None = None
    location: str = ""


def token_endpoint(response: Response, url: str) -> Finding:
    """What a token endpoint, or an API, answers to a request with a made-up key.

    Args:
        response: the answer.
        url: what was asked, which the answer may repeat.

    >>> token_endpoint(Response(401, {"WWW-Authenticate": 'OAuth realm="x"'}), "https://a.example/token").outcome
    'oauth1'
    >>> token_endpoint(Response(301, {"Location": "https://b.example/token?x=1"}), "https://a.example/token")
    Finding(outcome='moved', reason='301 to another host: https://b.example/token', status=301, \
location='https://b.example/token')
    """
    status = response.status
    for read in (_wall, _oauth1, _oauth2):
        if (found := read(response, url)) is not None:
            return found
    if 300 <= status < 400:
        return _redirect(response, url)
    if status in {404, 410}:
        return Finding("gone", f"{status}", status)
    if status in _GATEWAY_ERRORS:
        return Finding("unreachable", f"the server fails with {status}", status)
    if status >= 500:
        return Finding("unclear", f"the server fails with {status}", status)
    if 200 <= status < 300:
        if _is_page(response):
            return Finding("gone", f"{status}, a web page instead of an answer of OAuth 1.0", status)
        return Finding("unclear", f"{status}, but neither a token nor a problem of OAuth 1.0", status)
    return Finding("unclear", f"refused with {status}, without a word of OAuth 1.0", status)


def api(response: Response, url: str) -> Finding:
    """As ``token_endpoint``, for the base of an API: it need not be an address that answers.

    >>> api(Response(404), "https://api.example.com/1/").outcome
    'unclear'
    """
    found = token_endpoint(response, url)
    if found.outcome == "gone" and found.status != 410:
        return Finding("unclear", f"{found.reason}; the base of an API need not answer", found.status)
    return found


def page(response: Response, url: str, *, is_consent: bool) -> Finding:
    """What a page for people answers.

    Args:
        response: the answer.
        url: what was asked.
        is_consent: whether it is the consent page of a login, which may refuse the made-up token, or ask for a login,
            instead of the documentation.

    >>> page(Response(302, {"Location": "https://b.example/login"}), "https://a.example/", is_consent=True).outcome
    'there'
    >>> page(Response(404), "https://a.example/docs", is_consent=False).outcome
    'gone'
    """
    status = response.status
    if (found := _wall(response, url)) is not None:
        return found
    if 200 <= status < 300:
        return Finding("there", f"{status}", status)
    if 300 <= status < 400:
        found = _redirect(response, url)
        is_permanent = status in {301, 308}
        if found.location and not (is_permanent and "another host" in found.reason):
            return Finding("there", found.reason, status, found.location)
        return found
    if is_consent and status in {404, *range(400, 404), 422} and (status != 404 or _names_token(response, url)):
        return Finding("there", f"it refuses the made-up token with {status}", status)
    if status in {404, 410}:
        return Finding("gone", f"{status}", status)
    if status in _GATEWAY_ERRORS:
        return Finding("unreachable", f"the server fails with {status}", status)
    if status in {401, 403}:
        return Finding("blocked", f"{status}", status)
    return Finding("unclear", f"{status}", status)


def no_answer(reason: str) -> Finding:
    """For an endpoint from which no answer came.

    Args:
        reason: the cause, as the client's error describes it: the host, a colon, the cause, and advice.

    >>> no_answer("api.example.com: the connection was refused. Is the address right, and is the provider up?").reason
    'the connection was refused'
    """
    cause = reason.partition(": ")[2] or reason
    return Finding("unreachable", excerpt(re.split(r"[.?;] |\.$", cause, maxsplit=1)[0]))


def verdict(findings: Mapping[str, Finding]) -> Finding:
    """What the answers show about a provider.

    A token endpoint that has ended, moved or changed outweighs another one that works, because a login needs both.
    The consent page decides only if the endpoints show nothing. The documentation never does.

    Args:
        findings: by field of the provider's file.

    >>> found = {"request_token_url": Finding("oauth1", "x"), "docs_url": Finding("gone", "404")}
    >>> verdict(found).outcome
    'oauth1'
    """
    endpoints = [(field, findings[field]) for field in ENDPOINTS if field in findings]
    consent = [(field, found) for field, found in findings.items() if field == "authorize_url"]
    for among, outcomes in ((endpoints, (*CHANGES, "oauth1")), (consent, CHANGES)):
        for outcome in outcomes:
            for field, found in among:
                if found.outcome == outcome:
                    return _of(field, found)
    if endpoints:
        return _of(*endpoints[0])
    return Finding("unclear", "no endpoint to ask")


def _of(field: str, found: Finding) -> Finding:
    return Finding(found.outcome, f"{field}: {found.reason}", found.status, found.location)


def _wall(response: Response, url: str) -> Finding | None:  # noqa: ARG001 - one signature for all
    """Whether something in front of the server refuses programs, or asks to wait."""
    status = response.status
    if status == 429:
        wait = response.header("Retry-After").strip()
        asks = f", and asks to wait {wait} s" if wait.isascii() and wait.isdecimal() and len(wait) < 9 else ""
        return Finding("blocked", f"429: too many requests{asks}", status)
    if _OAUTH_CHALLENGE.search(response.header("WWW-Authenticate")):
        return None
    text = response.text[:_READ]
    is_refusal = status >= 400 and _is_page(response)
    if (
        any(response.header(name) for name in _WALL_HEADERS)
        or (_is_page(response) and _WALL.search(text))
        or (is_refusal and status in {401, 403, 405, 406, 418, 503} and _WALL_OF_A_REFUSAL.search(text))
    ):
        return Finding("blocked", f"{status}, a wall against programs", status)
    if is_refusal and status in {403, 406, 418}:
        return Finding("blocked", f"{status}, a web page", status)
    return None


def _oauth1(response: Response, url: str) -> Finding | None:
    """The sign of OAuth 1.0 in an answer."""
    status, challenge = response.status, response.header("WWW-Authenticate")
    text = _own_text(response, url)
    if _OAUTH_CHALLENGE.search(challenge) and not _DRAFT_OF_OAUTH2.search(challenge):
        return Finding("oauth1", f"{status}, WWW-Authenticate: OAuth", status)
    problem = read_problem(response)
    if problem.reported:
        return Finding("oauth1", f"{status}, oauth_problem={str(problem.code)[:60]}", status)
    if 200 <= status < 300 and not _is_page(response) and _TOKEN.search(response.text[:_READ]):
        return Finding("oauth1", f"{status}, a token for a made-up key", status)
    if 300 <= status < 400 or (_is_page(response) and (status < 400 or status in _MISSING)):
        return None
    if (parameter := _PARAMETER.search(text)) is not None:
        return Finding("oauth1", f"{status}, names {parameter[0]}", status)
    if _is_page(response) or status in _MISSING or response.header("x-amzn-errortype") or _is_oauth2(response):
        return None
    is_json = text.startswith(("{", "["))
    code = read_problem(Response(status, {}, text.encode())).code
    names_oauth = _OAUTH.search(text) is not None
    if names_oauth or code in _PROBLEMS or (code in _WEAK_PROBLEMS and not is_json):
        words = " and ".join(filter(None, ("names OAuth" if names_oauth else "", f"reports {code}" if code else "")))
        return Finding("oauth1", f"{status}, {words}", status)
    return None


def _oauth2(response: Response, url: str) -> Finding | None:
    """The sign of OAuth 2.0 in an answer that has none of OAuth 1.0."""
    status, challenge = response.status, response.header("WWW-Authenticate")
    if (bearer := _BEARER_CHALLENGE.search(challenge)) is not None:
        return Finding("oauth2", f"{status}, WWW-Authenticate: {bearer[1].title()}", status)
    if _OAUTH_CHALLENGE.search(challenge):
        return Finding("oauth2", f"{status}, WWW-Authenticate: OAuth, of a draft of OAuth 2.0", status)
    if 300 <= status < 400 or _is_page(response):
        return None
    if (code := _oauth2_code(response)) is not None:
        return Finding("oauth2", f"{status}, {code}", status)
    if (words := _OAUTH2_WORDS.search(_own_text(response, url))) is not None:
        return Finding("oauth2", f"{status}, names {words[0]}", status)
    return None


def _is_oauth2(response: Response) -> bool:
    return _oauth2_code(response) is not None or _OAUTH2_WORDS.search(response.text[:_READ]) is not None


def _oauth2_code(response: Response) -> str | None:
    """An error of RFC 6749, section 5.2, or the name of a bearer token."""
    try:
        document = json.loads(response.text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    code = document.get("error")
    if isinstance(code, str) and code in _OAUTH2_ERRORS:
        return f"error={code}"
    return "a bearer token" if {"access_token", "token_type"} <= document.keys() else None


def _redirect(response: Response, url: str) -> Finding:
    status = response.status
    place = response.header("Location").strip()
    try:
        target = urljoin(url, place)
        there, here = read_url(target), urlsplit(url)
    except ValueError:
        place = ""
    if not place or there.scheme not in {"http", "https"} or not there.hostname:
        return Finding("unclear", f"{status}, a redirect without a usable address", status)
    shown = excerpt(shown_url(target.partition("#")[0]))
    is_elsewhere = there.hostname != here.hostname
    where = "another host" if is_elsewhere else "the same host"
    if there[:4] == here[:4]:  # but for a fragment
        return Finding("unclear", f"{status} to itself", status)
    reason = f"{status} to {where}: {shown}"
    if status in {301, 308} or is_elsewhere:
        return Finding("moved", reason, status, shown)
    return Finding("unclear", reason, status, shown)


def _is_page(response: Response) -> bool:
    """Whether the answer is a page in HTML. Servers label texts wrongly, so the beginning counts as well."""
    beginning = response.text[:1000].lstrip().lower()
    return beginning.startswith(("<!doctype html", "<html")) or (
        response.header("Content-Type").lower().startswith("text/html")
        and beginning.startswith("<")
        and "<?xml" not in beginning[:5]
    )


def _own_text(response: Response, url: str) -> str:
    """The beginning of the answer, without what it repeats of the request."""
    text = html.unescape(response.text[:_READ])
    parts = urlsplit(url)
    inner = parts.path.strip("/")
    for repeated in (url, parts.path, inner if "/" in inner else "", parts.netloc):
        if len(repeated) > 1:
            text = text.replace(repeated, " ")
    return _REPEATED.sub(" ", text).strip()


def _names_token(response: Response, url: str) -> bool:
    return re.search(r"(?i)\btoken\b|oauth", _own_text(response, url)) is not None
