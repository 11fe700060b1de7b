"""The ``catalog.json`` of a wheel, which ``hatch_build.py`` writes: one of its providers, read without a YAML parser.

Importing PyYAML would take a tenth of the time from a script's start to its first request.

Rule 1: a provider is read without the others: it has a line, and so have the hashes of its files (``published.py``).
Rule 2: it is used only if the YAML files that it was made of have not changed by a byte. Without ``catalog.json``, as
in a checkout, the YAML is read.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from oauth1_catalog.catalog.data import Data, from_published
from oauth1_catalog.catalog.files import NAME, read_bytes, shipped_directory

FILE = "catalog.json"


def shipped_data(name: str) -> dict[str, Data] | None:
    """The data of a provider of the wheel, merged with the file that it ``extends``; ``None`` if there is none.

    The result is shared: do not change it.
    """
    try:
        return _load(name) if NAME.fullmatch(name) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # reading the YAML file shows the cause
        return None


@lru_cache(maxsize=32)
def _load(name: str) -> dict[str, Data] | None:
    directory = shipped_directory()
    content = (directory.parent / FILE).read_bytes()
    for file, checksum in _line(content, f"{name}.yaml").items():
        if hashlib.sha256(read_bytes(directory / file)).hexdigest() != checksum:
            return None
    data = from_published(_line(content, name))
    return data if data["name"] == name else None


def _line(content: bytes, key: str) -> dict[str, Any]:
    """The value of the line that begins with a key.

    Raises:
        ValueError: there is no such line, or it is not JSON.
    """
    beginning = f'\n"{key}":'.encode()
    # The hashes are at the end of the file.
    found = content.rindex(beginning) if key.endswith(".yaml") else content.index(beginning)
    start = found + len(beginning)
    line = content[start : content.index(b"\n", start)]
    value: dict[str, Any] = json.loads(line.removesuffix(b","))
    return value
