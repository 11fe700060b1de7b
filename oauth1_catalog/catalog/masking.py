"""What looks like a credential, and source lines that are safe to show.

Rule 1: whatever shows a line of a provider file shows it through ``mask_lines``.
Rule 2: the time that masking takes grows with the text alone: no expression goes through the rest of a text from each
of its letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from oauth1_catalog import redaction
from oauth1_catalog.redaction import MASK

is_credential = lru_cache(maxsize=4096)(redaction.is_credential)

_KEYED_VALUE = re.compile(
    r"(?P<key>[\"']?(?<![A-Za-z_-])[A-Za-z_-]{1,64}[\"']?)(?P<gap>\s*[:=]\s*)(?P<value>\"[^\"]*\"?|'[^']*'?|[^,{}\[\]\s\"'][^,}]*)"
)
_INDENT = re.compile(r"\s*(?:-\s+)*")
_LAST_WORD = re.compile(r"[A-Za-z_-]+[\"']?$")
# What stands under a credential's name there is a word for it, and none: the provider's labels, and its fields' names.
_WORDS = re.compile(r"(?:\s*(?:#\s*)?credential_labels|.*?\bfields)\s*:\s*\{(?P<words>[^{}]*)\}")
_WORDS_BELOW = re.compile(r"(?P<indent>\s*)(?:credential_labels|fields)\s*:\s*(?:#.*)?$")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")
# `callback.secret` says whether the provider sends one; a value that is filled in at run time is in no file.
_NO_CREDENTIAL = re.compile(r"(?:required|optional|none)\s*(?:#.*)?|(?P<quote>[\"']?)\{\w+\}(?P=quote)\s*")
# A run of base64 that begins where a word may begin, or behind a line's end as JSON writes it.
_KEY_MATERIAL = re.compile(r"-----(?:BEGIN|END)[^-]*-----|(?:(?<=\\n)|(?<![\w./+\\-]))[A-Za-z0-9+/]{60,}={0,2}")
_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>,]+")
_USER = re.compile(r"(?<=://)[^/?#]*@")
QUERY = re.compile(r"(?<=[?&])(?P<key>[\w.-]+)=(?P<value>[^&#{}]+)")


def mask_text(text: str) -> str:
    """A text that is safe to show: key material is stars, and in URLs a user's name and password and a credential.

    A URL itself is none, however long its path.

    >>> mask_text("read at https://me:hush@host.example/a?api_key=hush&page=2")
    'read at https://********@host.example/a?api_key=********&page=2'
    """
    shown, end = [], 0
    for url in _URL.finditer(text):
        shown += [_KEY_MATERIAL.sub(MASK, text[end : url.start()]), _mask_url(url[0])]
        end = url.end()
    return "".join((*shown, _KEY_MATERIAL.sub(MASK, text[end:])))


def _mask_url(url: str) -> str:
    def masked(match: re.Match[str]) -> str:
        return f"{match['key']}={MASK}" if is_credential(match["key"]) else match[0]

    return QUERY.sub(masked, _USER.sub(f"{MASK}@", url))


def shown_url(url: str) -> str:
    """A URL as a message shows it: its beginning, without the query, and stars for a user's name and password.

    >>> shown_url("https://me:hu@sh@host.example/a?token=hush")
    'https://********@host.example/a'
    """
    return _USER.sub(f"{MASK}@", url.partition("?")[0])[:80]


def mask_line(line: str) -> str:
    """A source line that is safe to show: the values of credential-like keys, and key material, are stars.

    >>> mask_line("client_secret: abc123  # mine")
    'client_secret: ********'
    >>> mask_line("credential_labels: {client_secret: Consumer Secret}")
    'credential_labels: {client_secret: Consumer Secret}'
    >>> mask_line('params: {token: "{oauth_token}"}')
    'params: {token: "{oauth_token}"}'
    """
    words = _WORDS.match(line)
    start, end = words.span("words") if words else (0, 0)
    if words and "credential_labels" not in words[0]:
        inside = _KEYED_VALUE.sub(_masked_name, line[start:end])
    else:
        inside = line[start:end]
    before, after = (_KEYED_VALUE.sub(_masked, part) for part in (line[:start], line[end:]))
    return mask_text(f"{before}{inside}{after}")


def _masked(match: re.Match[str]) -> str:
    if not is_credential(match["key"]) or _NO_CREDENTIAL.fullmatch(match["value"]):
        return match[0]
    return match["key"] + match["gap"] + MASK


def _masked_name(match: re.Match[str]) -> str:
    return match[0] if _FIELD_NAME.fullmatch(match["value"].strip("\"' ")) else _masked(match)


def mask_lines(lines: Sequence[str]) -> list[str]:
    """The same for lines that follow one another: a credential's value may go on below its key."""
    shown: list[str] = []
    inside: int | None = None
    words: int | None = None
    are_names = False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if words is not None and (indent > words or not line.strip()):
            shown.append(mask_text(_KEYED_VALUE.sub(_masked_name, line) if are_names else line))
            continue
        below = _WORDS_BELOW.match(line)
        words = len(below["indent"]) if below and inside is None else None
        are_names = "credential_labels" not in line
        if inside is not None and (indent > inside or not line.strip()):
            shown.append(" " * indent + (MASK if line.strip() else ""))
            continue
        inside = _opened_by(line)
        shown.append(mask_line(line))
    return shown


def _opened_by(line: str) -> int | None:
    """The indent of a line whose last key is a credential's, so that its value may go on below."""
    before, colon, value = line.rpartition(":")
    word = _LAST_WORD.search(before.rstrip()[-66:]) if colon else None
    if word is None or any(bracket in value for bracket in "{}[]") or not is_credential(word[0]):
        return None
    indent = _INDENT.match(line)
    return indent.end() if indent else 0
