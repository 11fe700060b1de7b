"""Secrets that no crash report, debugger or log shows: the types that mask themselves, and the names of secrets.

A frame's variables are shown by ``repr`` (``traceback``, Django's debug page), by ``__rich_repr__`` (rich) or by
``__sentry_repr__`` (sentry-sdk, which otherwise walks through mappings). Each public function first gives its secret
arguments back to itself, masked::

    token, kwargs = masked(token), MaskedMapping(kwargs)

Rule 1: that stands in the first line, before anything can fail; what is called from there is handed the masked value.
The masked types are subclasses of ``str``, ``bytes``, ``dict`` and ``list``. They compare, encode and serialize as what
they mask, so the text comes out where it is encoded and nowhere else.

Rule 2: where secrets are put together and taken apart (a signature, a request, an answer), an error leaves without the
frames in between, ours and those of the HTTP libraries: ``raise without_frames(error)``. Their variables are texts that
hold a secret somewhere. Frames of the application stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, TypeVar

MASK = "********"

_SECRET_NAME = re.compile(
    r"secret|token|verifier|signature|session_handle|password|passphrase|authorization|cookie", re.IGNORECASE
)
_CREDENTIAL_KEY = (
    r"(?i)^(?:x_)?(?:auth_)?(?:(?:oauth2_client|client|consumer|app|api|token|access_token|oauth|oauth_token)_?(?:secret|key_secret)"
    r"|secret|password|passphrase|passwd|(?:rsa|encryption)_key(?:_passphrase)?|private_key|api_key|consumer_key|(?:oauth2_)?client_id|oauth_consumer_key"
    r"|oauth_token|access_token|token|bearer_token|authorization)$"
)

_PACKAGES = frozenset(
    {"oauth1_catalog", "requests", "urllib3", "httpx2", "httpcore2", "http", "ssl", "socket", "h11", "h2", "anyio"}
)
"""Whose frames hold what is being sent."""

Value = TypeVar("Value")
Failure = TypeVar("Failure", bound=BaseException)


def is_secret_name(name: str) -> bool:
    """Whether a value of that name is masked where it is shown: in tokens, answers and logs.

    >>> is_secret_name("oauth_token_secret"), is_secret_name("screen_name")
    (True, False)
    """
    return _SECRET_NAME.search(name) is not None


@lru_cache(maxsize=4096)
def is_credential(key: str) -> bool:
    """Whether a key of that name in a provider file holds a credential. Unlike above the whole name counts.

    >>> is_credential("client_secret"), is_credential("X-Api-Key"), is_credential("request_token_url")
    (True, True, False)
    """
    return re.match(_CREDENTIAL_KEY, key.replace("-", "_").strip("\"' ")) is not None


class MaskedText(str):
    """A text whose ``repr`` is masked.

    >>> MaskedText("hush"), MaskedText("hush") == "hush", "/".join([MaskedText("hush")])
    ('********', True, 'hush')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)

    def __rich_repr__(self) -> Iterator[object]:
        yield ...

    def __sentry_repr__(self) -> str:
        return MASK


class MaskedBytes(bytes):
    """Bytes whose ``repr`` is masked.

    >>> MaskedBytes(b"hush"), MaskedBytes(b"hush").decode()
    (b'********', 'hush')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK.encode())

    def __rich_repr__(self) -> Iterator[object]:
        yield ...

    def __sentry_repr__(self) -> str:
        return MASK


class MaskedInteger(int):
    """An integer whose ``repr`` is masked: a private value of Diffie-Hellman.

    >>> MaskedInteger(7), MaskedInteger(7) + 1
    (********, 8)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK

    def __rich_repr__(self) -> Iterator[object]:
        yield ...

    def __sentry_repr__(self) -> str:
        return MASK


class MaskedMapping(dict[str, Any]):
    """A dictionary whose ``repr`` shows only its keys: the keywords of a call, a token, a form.

    >>> MaskedMapping(data={"password": "hush"})
    {'data': ...}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{name!r}: ...' for name in self)}}}"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        for name in self:
            yield str(name), ...

    def __sentry_repr__(self) -> str:
        return repr(self)


class MaskedList(list[Any]):
    """A list whose ``repr`` shows only its length: the pairs of a form.

    >>> MaskedList([("password", "hush")])
    [1 masked]
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"[{len(self)} masked]"

    def __rich_repr__(self) -> Iterator[object]:
        yield len(self)

    def __sentry_repr__(self) -> str:
        return repr(self)


def masked(value: Value) -> Value:
    """``value`` with a masked ``repr``: a text, bytes, a mapping or a list. Other values are returned unchanged.

    >>> masked({"oauth_token": "a", "oauth_token_secret": "b"})
    {'oauth_token': ..., 'oauth_token_secret': ...}
    """
    if value is None or hasattr(type(value), "__sentry_repr__"):
        return value
    for kind, as_masked in _MASKED:
        if isinstance(value, kind):
            return as_masked(value)  # type: ignore[no-any-return] # it is of the same kind as before
    return value


_MASKED: tuple[tuple[type, Any], ...] = (
    (str, MaskedText),
    (bytes, MaskedBytes),
    (dict, MaskedMapping),
    (list, MaskedList),
    (Mapping, MaskedMapping),  # last: a question to an abstract class takes long
)


def type_name(value: object) -> str:
    """The name of a value's type, for a message; of a masked value, the original type.

    >>> type_name(masked(b"hush")), type_name(7)
    ('bytes', 'int')
    """
    kind = type(value)
    return (kind.__base__ or kind).__name__ if kind in _TYPES else kind.__name__


_TYPES = frozenset({MaskedText, MaskedBytes, MaskedMapping, MaskedList})


def causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and everything that it was raised from or carries: in ``args``, in ``reason``, in a group."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def without_frames(error: Failure) -> Failure:
    """``error`` and its causes, without the frames of this package and of the HTTP libraries.

    An exception that the caller was already handling begins in a frame of the caller, and is not changed.
    """
    for one in causes(error):
        if one is error or was_raised_inside(one):
            one.__traceback__ = _outside(one.__traceback__)
    return error


def was_raised_inside(error: BaseException) -> bool:
    """Whether an exception begins in this package or in an HTTP library, and not in the caller's code."""
    return error.__traceback__ is not None and _is_inside(error.__traceback__)


def _is_inside(traceback: TracebackType) -> bool:
    return str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0] in _PACKAGES


def _outside(traceback: TracebackType | None) -> TracebackType | None:
    entries = []
    while traceback is not None:
        if not _is_inside(traceback):
            entries.append(traceback)
        traceback = traceback.tb_next
    kept = None
    for entry in reversed(entries):
        kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept


# Patterns as text: ``re`` keeps those that are used, and an application's start compiles none.
_KEYED_VALUE = (
    r"(?P<key>[\"']?(?<![A-Za-z_-])[A-Za-z_-]{1,64}[\"']?)(?P<gap>\s*[:=]\s*)"
    r"(?P<value>\"[^\"]*\"?|'[^']*'?|[^,{}\[\]\s\"'][^,}]*)"
)
_INDENT = r"\s*(?:-\s+)*"
_LAST_WORD = r"[A-Za-z_-]+[\"']?$"
# What stands under a credential's name there is a word for it, and none: the provider's labels, and its fields' names.
_WORDS = r"(?:\s*(?:#\s*)?credential_labels|.*?\bfields)\s*:\s*\{(?P<words>[^{}]*)\}"
_WORDS_BELOW = r"(?P<indent>\s*)(?:credential_labels|fields)\s*:\s*(?:#.*)?$"
_FIELD_NAME = r"[A-Za-z][A-Za-z_-]{0,39}"
# `callback.secret` says whether the provider sends one; a value that is filled in at run time is in no file.
_NO_CREDENTIAL = r"(?:required|optional|none)\s*(?:#.*)?|(?P<quote>[\"']?)\{\w+\}(?P=quote)\s*"
# A run of base64 that begins where a word may begin, or behind a line's end as JSON writes it.
_KEY_MATERIAL = r"-----(?:BEGIN|END)[^-]*-----|(?:(?<=\\n)|(?<![\w./+\\-]))[A-Za-z0-9+/]{60,}={0,2}"
_URL = r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>,]+"
_USER = r"(?<=://)[^/?#]*@"
QUERY = r"(?<=[?&])(?P<key>[\w.-]+)=(?P<value>[^&#{}]+)"


def mask_text(text: str) -> str:
    """The text with masked key material, and with masked user information and credentials in URLs.

    The path of a URL is not masked, even if it is long.

    >>> mask_text("read at https://me:hush@host.example/a?api_key=hush&page=2")
    'read at https://********@host.example/a?api_key=********&page=2'
    """
    shown, end = [], 0
    for url in re.finditer(_URL, text):
        shown += [re.sub(_KEY_MATERIAL, MASK, text[end : url.start()]), _mask_url(url[0])]
        end = url.end()
    return "".join((*shown, re.sub(_KEY_MATERIAL, MASK, text[end:])))


def _mask_url(url: str) -> str:
    def masked(match: re.Match[str]) -> str:
        return f"{match['key']}={MASK}" if is_credential(match["key"]) else match[0]

    return re.sub(QUERY, masked, re.sub(_USER, f"{MASK}@", url))


def shown_url(url: str) -> str:
    """The beginning of a URL, for a message: one line without the query, and with masked user information.

    >>> shown_url("https://me:hu@sh@host.example/a?token=hush")
    'https://********@host.example/a'
    """
    return one_line(re.sub(_USER, f"{MASK}@", url.partition("?")[0])[:80])


def one_line(text: str) -> str:
    r"""The text without line breaks and without characters that a terminal obeys.

    >>> one_line("a\n::stop-commands::x")
    'a�::stop-commands::x'
    """
    if text.isprintable():
        return text
    # One entry for each kind of character: a line has up to a million characters.
    hidden = {ord(letter): "\N{REPLACEMENT CHARACTER}" for letter in set(text) if not letter.isprintable()}
    return text.translate(hidden)


def mask_line(line: str) -> str:
    """A line of a file, with masked key material and masked values of keys that are named like a credential.

    >>> mask_line("client_secret: abc123  # mine")
    'client_secret: ********'
    >>> mask_line("credential_labels: {client_secret: Consumer Secret}")
    'credential_labels: {client_secret: Consumer Secret}'
    >>> mask_line('params: {token: "{oauth_token}"}')
    'params: {token: "{oauth_token}"}'
    """
    words = re.match(_WORDS, line)
    start, end = words.span("words") if words else (0, 0)
    if words and "credential_labels" not in words[0]:
        inside = re.sub(_KEYED_VALUE, _masked_name, line[start:end])
    else:
        inside = line[start:end]
    before, after = (re.sub(_KEYED_VALUE, _masked, part) for part in (line[:start], line[end:]))
    return mask_text(f"{before}{inside}{after}")


def _masked(match: re.Match[str]) -> str:
    if not is_credential(match["key"]) or re.fullmatch(_NO_CREDENTIAL, match["value"]):
        return match[0]
    return match["key"] + match["gap"] + MASK


def _masked_name(match: re.Match[str]) -> str:
    return match[0] if re.fullmatch(_FIELD_NAME, match["value"].strip("\"' ")) else _masked(match)


def mask_lines(lines: Sequence[str]) -> list[str]:
    """The same for lines that follow one another: a credential's value may go on below its key."""
    shown: list[str] = []
    inside: int | None = None
    words: int | None = None
    are_names = False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if words is not None and (indent > words or not line.strip()):
            shown.append(mask_text(re.sub(_KEYED_VALUE, _masked_name, line) if are_names else line))
            continue
        below = re.match(_WORDS_BELOW, line)
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
    word = re.search(_LAST_WORD, before.rstrip()[-66:]) if colon else None
    if word is None or any(bracket in value for bracket in "{}[]") or not is_credential(word[0]):
        return None
    indent = re.match(_INDENT, line)
    return indent.end() if indent else 0
