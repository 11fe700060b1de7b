"""Read a provider's refusal: ``oauth_problem`` and its variants, and what each usually means for the developer.

Source: the Problem Reporting extension (wiki.oauth.net, 12238543). A provider sends the problem in the body, in the
``WWW-Authenticate`` header (Jira sends it only there), or only in prose.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from oauth1_catalog.redaction import MASK, is_secret_name
from oauth1_catalog.rfc5849.messages import Response

REFUSALS = frozenset({"user_refused", "permission_denied"})
"""Problems that mean that the user declined."""

# Patterns as text: ``re`` keeps those that are used, and an application's start compiles none.
_CHALLENGE_PARAMETER = r'\b(oauth_problem(?:_advice)?)=(?:"([^"]*)"|([^",\s]*))'
_FORM = r"[\w.%\[\]-]+="
_SAID_IN_PROSE = {
    "parameter_absent": r"\bmissing\b.{0,40}\bparameter|\bno oauth parameters\b",
    "timestamp_refused": r"timestamp",
    "nonce_used": r"nonce",
    "signature_method_rejected": r"signature.{0,3} ?method",
    "signature_invalid": r"signature",
    "callback_rejected": r"callback",
    "consumer_key_unknown": r"consumer",
    "token_rejected": r"\btoken\b.{0,20}\bnot\b|\b(?:invalid|no|unknown)\b.{0,60}\btoken\b",
}
_ECHO = re.compile(r"\boauth_\w+\s?(?:=|%3D)\s?\S*", re.IGNORECASE)
"""A parameter of the request that an answer repeats: its name is not what the answer is about."""
_OF_A_CLOCK = frozenset({"timestamp_refused", "nonce_used", "signature_invalid", None})
"""Problems that a wrong clock can cause: some servers refuse a timestamp with another code, or without one."""
_APART = 60
"""The difference of two clocks that is not reported, in seconds."""
_ACCEPTABLE = r'\boauth_acceptable_timestamps="?(\d{1,12})-(\d{1,12})(?!\d)'
_OURS = r"(?i)\btimestamp\b.{0,60}\bours (\d{1,12})(?!\d)"
_ADVICE = {
    "timestamp_refused": "Set this machine's clock right",
    "nonce_used": "Send each signed request once: something between you and the provider repeats it",
    "signature_invalid": "Check client_secret, and that the signature method and the URL are the provider's",
    "signature_method_rejected": "Set client_kwargs={'signature_method': ...} to one that the provider takes",
    "callback_rejected": "Register the redirect URI at the provider exactly as your application sends it",
    "consumer_key_unknown": "Check client_id",
    "consumer_key_rejected": "Check client_id, and that the application is active at the provider",
    "consumer_key_refused": "The provider has blocked this application: ask there",
    "token_used": "Begin the login again",
    "token_expired": "Begin the login again",
    "token_revoked": "Ask the user to log in again",
    "token_rejected": "Begin the login again",
    "parameter_absent": "Look the missing parameter up in the provider's documentation",
}


class Problem(NamedTuple):
    """The problem that a provider reports.

    ``code`` is its ``oauth_problem``, or the closest one to its prose (then ``reported`` is false). ``words`` is its
    text, shortened and masked. ``spoken`` is whether this is a sentence, and not a form, a page or data.
    """

    code: str | None
    words: str
    reported: bool
    spoken: bool = False

    @property
    def refused_by_user(self) -> bool:
        """Whether the user declined."""
        return self.reported and self.code in REFUSALS

    def next_step(self, response: Response, now: float) -> str:
        """Advice for the developer, as a sentence, or an empty string."""
        advice = _ADVICE.get(self.code or "", "")
        apart = _clocks_apart(response, now) if self.code in _OF_A_CLOCK else ""
        if apart and self.code == "timestamp_refused":
            advice += f" (it is {apart} the provider's)"
        elif apart:
            advice += f"{'. ' if advice else ''}This machine's clock is {apart} the provider's: set it right"
        return f"{advice}." if advice else ""


def read_problem(response: Response, secrets: tuple[str, ...] = ()) -> Problem:
    """The problem of a refusal, from its body and its ``WWW-Authenticate`` header."""
    challenge = re.findall(_CHALLENGE_PARAMETER, response.header("WWW-Authenticate"))
    reported = {name: unquote(quoted or bare) for name, quoted, bare in challenge}
    text = response.text.strip()
    if "oauth_problem" in text:
        reported |= {k: v for k, v in parse_qsl(text, keep_blank_values=True) if k.startswith("oauth_problem")}
    code = reported.get("oauth_problem") or None
    message = _message(text)
    shown = excerpt(reported.get("oauth_problem_advice") or message or text, secrets)
    if code is not None:
        return Problem(excerpt(code, secrets), shown, reported=True, spoken=True)
    said = _ECHO.sub(" ", shown)
    guess = next((name for name, pattern in _SAID_IN_PROSE.items() if re.search(pattern, said, re.IGNORECASE)), None)
    return Problem(guess, shown, reported=False, spoken=bool(message and shown))


def _message(text: str) -> str | None:
    """The message of a response for people, from JSON or prose; ``None`` for a page, a form and other data."""
    if text.startswith(("{", "[")):
        try:
            return _find_message(json.loads(text))
        except (ValueError, RecursionError):
            return None
    return None if text.startswith("<") or re.match(_FORM, text) else text


def _find_message(value: object) -> str | None:
    if isinstance(value, list):
        return next((m for m in map(_find_message, value[:5]) if m), None)
    if not isinstance(value, Mapping):
        return None
    for name in ("error_description", "message", "info", "detail", "error", "errors"):
        inner = value.get(name)
        message = inner if isinstance(inner, str) else _find_message(inner)
        if message:
            return message
    return None


def _clocks_apart(response: Response, now: float) -> str:
    """The difference of ``now`` from the provider's time, as "3600 s ahead of"; empty if they agree, or it is unknown.

    MediaWiki sends its time in prose, others in the Date header. The header can come from a proxy with another clock,
    so the accepted range of times is read as well; it only limits the difference.
    """
    ours = re.search(_OURS, response.text)
    theirs = float(ours.group(1)) if ours else _date(response)
    if theirs is not None and abs(now - theirs) > _APART:
        return _difference(now - theirs)
    acceptable = re.search(_ACCEPTABLE, f"{response.header('WWW-Authenticate')}&{response.text}")
    if acceptable is None:
        return ""
    first, last = sorted(map(float, acceptable.groups()))
    nearest = min(max(now, first), last)
    return "" if now == nearest else f"at least {_difference(now - nearest)}"


def _difference(seconds: float) -> str:
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"


def _date(response: Response) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(response.header("Date")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


LIMIT = 200
"""The maximum length of an excerpt, in characters."""

_READ = 4096
"""How much of a response is examined, in characters."""

_MARKUP = r"(?is)<(script|style)\b[^>]*>.*?</\1\s*>|<[^>]*>"
_JWT = r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?"  # its content is readable, and often personal
_QUOTED = r"\"(?:[^\"\\]|\\.)*|'(?:[^'\\]|\\.)*"
# In an Authorization header, in a form, in JSON and in what Python, Ruby and PHP print, in XML. A name has no name
# character before it, which keeps the search linear.
_FIELDS = (
    rf"(?<![\w.%-])([\w.%-]{{1,100}})(\s?=\s?\\{{0,3}})({_QUOTED})",
    r"(?<![\w.%-])([\w.%-]{1,100})(\s?=\s?)([^&\s\"'<>]+)",
    rf"[\"']([\w.-]{{1,100}})([\"']\s{{0,9}}(?::|=>)\s{{0,9}})({_QUOTED}|[\w.+-]+)",
    r"\[([\w.-]{1,100})(\]\s?=>\s?)([^\s<]+)",
    r"<([\w.:-]{1,100})(>)([^<]+)",
)


def excerpt(text: str, secrets: Iterable[str] = ()) -> str:
    """The first words of a response, at most ``LIMIT`` characters, on one line.

    Fields that are named like a secret or a token are masked, and so is each of ``secrets`` anywhere. HTML is shown
    without markup.

    >>> excerpt("oauth_token=t&oauth_token_secret=s3cr3t&oauth_problem=token_rejected")
    'oauth_token=********&oauth_token_secret=********&oauth_problem=token_rejected'
    >>> excerpt("<html><h1>Sign&nbsp;in</h1>please</html>")
    'Sign in please'
    """
    import html  # has a table of all entities

    forms = _forms(secrets)
    text = _without(_visible(text), forms)[:_READ]  # masked before the cut, which could go through a secret
    text = without_secret_fields(text)
    text = html.unescape(re.sub(_MARKUP, " ", text))
    text = " ".join(_visible(re.sub(_MARKUP, " ", text)).split())
    text = without_secret_fields(_without(text, forms))  # markup and entities may have hidden one
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def _visible(text: str) -> str:
    """The text without invisible characters, such as zeros and soft hyphens between the letters of a secret."""
    return "".join(c for c in text if c.isprintable() or c.isspace())


def without_secret_fields(text: str) -> str:
    """The text with masked values of fields that are named like a secret: in a form, a header, JSON or XML.

    >>> without_secret_fields('OAuth oauth_token="hush", oauth_version="1.0"')
    'OAuth oauth_token="********", oauth_version="1.0"'
    >>> without_secret_fields("BadStatusLine('oauth_token_secret=hush&user=ada')")
    "BadStatusLine('oauth_token_secret=********&user=ada')"
    """
    for field in _FIELDS:
        text = re.sub(field, _masked, text)
    return re.sub(_JWT, MASK, text)


def _forms(secrets: Iterable[str]) -> list[str]:
    """The spellings of the secrets in a response, the longest first. Texts of up to three characters are not masked."""
    written: set[str] = set()
    for secret in secrets:
        if len(secret) > 3:
            encoded = quote(secret, safe="~")
            twice = quote(encoded, safe="~")
            written |= {secret, encoded, twice, quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    return sorted(written, key=len, reverse=True)


def _without(text: str, forms: Iterable[str]) -> str:
    for form in forms:
        text = text.replace(form, MASK)
    return text


def _masked(field: re.Match[str]) -> str:
    if not is_secret_name(field[1]):
        return field[0]
    quoted = field[3][0] if field[3][0] in "\"'" else ""
    return f"{field[0][: field.start(3) - field.start()]}{quoted}{MASK}"
