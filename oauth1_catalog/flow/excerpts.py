"""What of a provider's answer may be shown: its words, bounded, with every secret masked."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from oauth1_catalog.redaction import MASK, is_secret_name

LIMIT = 200
"""The longest excerpt, in characters."""

_READ = 4096
"""How much of an answer is looked at, in characters."""

_MARKUP = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")  # what it holds is readable, and often personal
_FIELDS = (  # in a form, in JSON, in XML; a name begins where no name goes on, which keeps the search linear
    re.compile(r"(?<![\w.%-])([\w.%-]{1,100})(\s?=\s?)([^&\s\"'<>]+)"),
    re.compile(r"\"([\w.-]{1,100})(\"\s{0,9}:\s{0,9})(\"(?:[^\"\\]|\\.)*|[\w.+-]+)"),
    re.compile(r"<([\w.:-]{1,100})(>)([^<]+)"),
)


def excerpt(text: str, secrets: Iterable[str] = ()) -> str:
    """The first words of an answer, at most ``LIMIT`` characters, on one line.

    Values of fields whose names speak of a secret or a token are masked, and so is each of ``secrets`` wherever it
    stands. Markup is left out of HTML.

    >>> excerpt("oauth_token=t&oauth_token_secret=s3cr3t&oauth_problem=token_rejected")
    'oauth_token=********&oauth_token_secret=********&oauth_problem=token_rejected'
    >>> excerpt("<html><h1>Sign&nbsp;in</h1>please</html>")
    'Sign in please'
    """
    forms = _forms(secrets)
    text = _without(_visible(text), forms)[:_READ]  # masked before the cut, which could go through a secret
    text = without_secret_fields(text)
    text = html.unescape(_MARKUP.sub(" ", text))
    text = " ".join(_visible(_MARKUP.sub(" ", text)).split())
    text = without_secret_fields(_without(text, forms))  # markup and entities may have hidden one
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def _visible(text: str) -> str:
    """The text without what no reader sees, such as zeros and soft hyphens between the letters of a secret."""
    return "".join(c for c in text if c.isprintable() or c.isspace())


def without_secret_fields(text: str) -> str:
    """The text, with stars for the values of fields whose names speak of a secret: in a form, in JSON, in XML.

    >>> without_secret_fields("BadStatusLine('oauth_token_secret=hush&user=ada')")
    "BadStatusLine('oauth_token_secret=********&user=ada')"
    """
    for field in _FIELDS:
        text = field.sub(_masked, text)
    return _JWT.sub(MASK, text)


def _forms(secrets: Iterable[str]) -> list[str]:
    """How the secrets may be written in an answer, the longest first. A text of three characters hides nothing."""
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
    quoted = '"' if field[3].startswith('"') else ""
    return f"{field[0][: field.start(3) - field.start()]}{quoted}{MASK}"
