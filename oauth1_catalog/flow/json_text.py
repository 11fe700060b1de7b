"""JSON of a provider, read so that what it holds can be stored, sent, and written as JSON again.

Python's reader takes ``NaN``, and half of a surrogate pair, which a name that was cut in the middle of an emoji ends
with: no database and no answer takes such a text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

_ESCAPE = re.compile(
    r"\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|u(?P<half>d[89a-f])[0-9a-f]{2}|.)", re.IGNORECASE | re.DOTALL
)


def read_json(text: str, *, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    r"""What a JSON text holds; half of a surrogate pair is U+FFFD.

    Args:
        text: the text.
        pairs: what becomes of the names and values of an object; by default a dictionary.

    Raises:
        ValueError: it is not JSON (RFC 8259), or has a number that is none.
        RecursionError: it is too deep.

    >>> read_json(r'{"name": "ada \ud83d", "smile": "\ud83d\ude00"}') == {"name": "ada \ufffd", "smile": "\U0001f600"}
    True
    """
    if "\\u" in text:
        text = _ESCAPE.sub(lambda escape: r"\ufffd" if escape["half"] else escape[0], text)
    return json.loads(text, object_pairs_hook=pairs, parse_constant=_finite, parse_float=_finite)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:20]} is not a number")
    return value
