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
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, TypeVar

MASK = "********"

_SECRET_NAME = re.compile(
    r"secret|token|verifier|signature|session_handle|password|passphrase|authorization|cookie", re.IGNORECASE
)
_CREDENTIAL_KEY = re.compile(
    r"^(?:x_)?(?:auth_)?(?:(?:client|consumer|app|api|token|access_token|oauth|oauth_token)_?(?:secret|key_secret)|secret|password"
    r"|passphrase|passwd|rsa_key(?:_passphrase)?|private_key|api_key|consumer_key|client_id|oauth_consumer_key"
    r"|oauth_token|access_token|token|bearer_token|authorization)$",
    re.IGNORECASE,
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


def is_credential(key: str) -> bool:
    """Whether a key of that name in a provider file holds a credential. Unlike above the whole name counts.

    >>> is_credential("client_secret"), is_credential("X-Api-Key"), is_credential("request_token_url")
    (True, True, False)
    """
    return _CREDENTIAL_KEY.match(key.replace("-", "_").strip("\"' ")) is not None


class MaskedText(str):
    """A text that does not show itself.

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
    """Bytes that do not show themselves.

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


class MaskedMapping(dict[str, Any]):
    """A dictionary that shows its keys alone: a call's keywords, a token, a form.

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
    """A list that shows its length alone: the pairs of a form.

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
    """``value`` as one that does not show itself: a text, bytes, a mapping or a list.

    Anything else is given back as it is: it has its own ``repr``.

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
    (Mapping, MaskedMapping),
    (list, MaskedList),
)


def type_name(value: object) -> str:
    """The name of a value's type, for a message: of what was masked, where it is masked.

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
    """``error``, and what it was raised from, without the frames of this package and of the HTTP libraries.

    An exception that the caller was handling already begins in a frame of the caller's, and is left as it is.
    """
    for one in causes(error):
        if one is error or was_raised_inside(one):
            one.__traceback__ = _outside(one.__traceback__)
    return error


def was_raised_inside(error: BaseException) -> bool:
    """Whether an exception begins in this package or in a library of HTTP, and not in the caller's own code."""
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
