"""What of a provider's answer may be shown: its words, bounded, with every secret masked."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import quote

LIMIT = 200
"""The longest excerpt, in characters."""

_READ = 4096
_MASK = "********"
_MARKUP = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SECRET_NAME = r"[\w.-]*(?:secret|token|verifier|signature|session_handle|password|authorization|cookie)[\w.-]*"
_SECRET_IN_FORM = re.compile(rf"({_SECRET_NAME}=)([^&\s\"'<>]+)", re.IGNORECASE)
_SECRET_IN_JSON = re.compile(rf"(\"{_SECRET_NAME}\"\s*:\s*\")((?:[^\"\\]|\\.)*)", re.IGNORECASE)
_SECRET_IN_XML = re.compile(rf"(<({_SECRET_NAME})>)([^<]*)", re.IGNORECASE)
_CONTROL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def excerpt(text: str, secrets: Iterable[str] = ()) -> str:
    """The first words of an answer, at most ``LIMIT`` characters, on one line.

    Values of fields whose names speak of a secret or a token are masked, and so is each of ``secrets`` wherever it
    stands. Markup is left out of HTML.

    >>> excerpt("oauth_token=t&oauth_token_secret=s3cr3t&oauth_problem=token_rejected")
    'oauth_token=********&oauth_token_secret=********&oauth_problem=token_rejected'
    >>> excerpt("<html><h1>Sign&nbsp;in</h1>please</html>")
    'Sign in please'
    """
    text = text[:_READ]
    for secret in sorted({s for s in secrets if len(s) > 3}, key=len, reverse=True):
        for form in (secret, quote(secret, safe="~"), quote(quote(secret, safe="~"), safe="~")):
            text = text.replace(form, _MASK)
    text = _SECRET_IN_XML.sub(rf"\g<1>{_MASK}", text)
    text = _SECRET_IN_JSON.sub(rf"\g<1>{_MASK}", text)
    text = _SECRET_IN_FORM.sub(rf"\g<1>{_MASK}", text)
    text = _CONTROL.sub(" ", html.unescape(_MARKUP.sub(" ", text))).strip()
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
