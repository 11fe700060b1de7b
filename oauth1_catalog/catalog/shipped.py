"""The provider files of a wheel, parsed: ``hatch_build.py`` writes ``catalog.json``, which needs no YAML parser.

Importing PyYAML would take a tenth of the time from a script's start to its first request.

Rule 1: each provider has one line, so that one is loaded without the others. A text in JSON contains no line break, so
the line that begins with a name is that provider's.
Rule 2: an entry is used only if the YAML files that it was made of have not changed by a byte. Without
``catalog.json``, as in a checkout, the YAML is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.data import Data
from oauth1_catalog.catalog.files import NAME, read_bytes, shipped_directory

if TYPE_CHECKING:
    from oauth1_catalog.catalog.document import Entry

FILE = "catalog.json"


def packed(entries: Mapping[str, Entry], directory: Path) -> bytes:
    """The content of ``catalog.json``.

    Args:
        entries: the providers by name.
        directory: the directory of their files.
    """
    lines = []
    for name, entry in sorted(entries.items()):
        sources = {stem: _checksum(directory, stem) for stem in (str(one.data["name"]) for one in entry.documents)}
        lines.append(f"{_as_json(name)}:{_as_json({'sources': sources, 'data': entry.data})}")
    return ('{"providers":{\n' + ",\n".join(lines) + "\n}}\n").encode()


def shipped_data(name: str) -> dict[str, Data] | None:
    """The data of a provider of the wheel, merged with the file that it ``extends``; ``None`` if there is none.

    The result is shared: do not change it.
    """
    try:
        return _load(name) if NAME.fullmatch(name) else None
    except (OSError, ValueError, LookupError):  # reading the YAML file shows the cause
        return None


@lru_cache(maxsize=32)
def _load(name: str) -> dict[str, Data] | None:
    directory = shipped_directory()
    content = (directory.parent / FILE).read_bytes()
    key = f"\n{_as_json(name)}:".encode()
    start = content.find(key)
    if start < 0:
        return None
    line = content[start + len(key) : content.find(b"\n", start + 1)]
    stored = json.loads(line.removesuffix(b","))
    if any(_checksum(directory, stem) != checksum for stem, checksum in stored["sources"].items()):
        return None
    data: dict[str, Data] = stored["data"]
    return data


def _checksum(directory: Path, stem: str) -> str:
    return hashlib.sha256(read_bytes(directory / f"{stem}.yaml")).hexdigest()


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
