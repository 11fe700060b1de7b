"""Arguments that no traceback, debugger or crash reporter shows.

A frame's variables are shown by ``repr`` (``traceback``, Django's error page), by ``__rich_repr__`` (rich) or by
``__sentry_repr__`` (sentry-sdk, which else goes through dictionaries item by item). A function that an application
calls with a secret begins by giving the argument back to itself::

    token, kwargs = hidden(token), Hidden(kwargs)

Rule: that stands in the first line, before anything can fail; what is called from there is handed the hidden value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")


class Hidden(dict[str, Any]):
    """A call's keywords, or a token: a dictionary that shows its keys alone.

    >>> Hidden(data={"password": "hush"})
    {'data': ...}
    """

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{name!r}: ...' for name in self)}}}"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        for name in self:
            yield str(name), ...

    def __sentry_repr__(self) -> str:
        return repr(self)


class HiddenText(str):
    """A password or a verifier: a text that shows nothing of itself.

    >>> HiddenText("hush"), HiddenText("hush") == "hush"
    ('********', True)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"

    def __rich_repr__(self) -> Iterator[object]:
        yield ...

    def __sentry_repr__(self) -> str:
        return "********"


def hidden(value: Value) -> Value:
    """``value`` as one that does not show itself: a text, or a mapping; anything else has its own ``repr``.

    >>> hidden({"oauth_token": "a", "oauth_token_secret": "b"})
    {'oauth_token': ..., 'oauth_token_secret': ...}
    """
    if hasattr(type(value), "__sentry_repr__"):
        return value
    if isinstance(value, str):
        return HiddenText(value)  # type: ignore[return-value] # it is a text as before
    if isinstance(value, Mapping):
        return Hidden(value)  # type: ignore[return-value] # it is a mapping as before
    return value
