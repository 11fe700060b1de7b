"""The states of the catalog that ``oauth1-catalog diff`` compares: a folder, a ``catalog.json``, or a git revision.

Rule 1: git runs without a shell, reads no option from an argument, and fetches nothing.
Rule 2: what is read is bounded.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.data import merge
from oauth1_catalog.catalog.document import inherit
from oauth1_catalog.catalog.files import MAX_BYTES, NAME, names_in, version_in
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.published import provider_json
from oauth1_catalog.catalog.validation import validate
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.regular_files import read_regular

_MAX_STATE = 64_000_000
"""The largest ``catalog.json``, and the largest total of a revision's files, in bytes."""
_SECONDS = 60
"""The longest time that git may take."""
_FOLDER = "providers"


class State(NamedTuple):
    """The providers as in ``catalog.json``, the version of the data if it is known, and what could not be read."""

    providers: Mapping[str, Mapping[str, Any]]
    version: str | None = None
    unread: tuple[str, ...] = ()


def read_state(text: str) -> State:
    """The state that an argument names.

    Args:
        text: a folder of YAML files, a ``catalog.json``, or a git revision: its folder ``providers``, or
            ``REVISION:FOLDER``.

    Raises:
        ConfigurationError: there is no such state, or it cannot be read.
    """
    path = Path(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))  # no path contains this character
    if path.is_dir():
        return _of_folder(path)
    if path.is_file():
        return _of_file(path)
    with tempfile.TemporaryDirectory(prefix="oauth1-catalog-") as folder:
        for name, content in _of_revision(text):
            Path(folder, name).write_bytes(content)
        return _of_folder(Path(folder), shown=text)


def _of_folder(folder: Path, *, shown: str | None = None) -> State:
    """The files of a folder, which can extend providers of the catalog. Rules are not checked: they change."""
    catalog, providers, unread = Catalog(folder), {}, []
    for name in sorted(names_in(folder)):
        documents, between = catalog.documents(name)
        # Its name may be that of a built-in provider here.
        missing = [finding for finding in between if finding.code == "P025"]
        validated = validate(inherit(documents), between=missing, rules=())
        unread += [
            f"{shown or folder}: {name}.yaml: {finding.text}"
            for finding in validated.findings
            if finding.severity == "error"
        ]
        if validated.file is not None:
            providers[name] = provider_json(_readable(validated.file))
    if not providers:
        raise ConfigurationError(
            description=f"{shown or folder}: there is no provider file (NAME.yaml).",
            advice="Name the folder with the files.",
        )
    return State(providers, version_in(folder), tuple(unread))


def _readable(file: ProviderFile) -> dict[str, Any]:
    """The data of a file, without the fields that could not be read."""
    return {key: _as_data(value) for key, value in file.model_dump(by_alias=True, exclude_unset=True).items()}


def _as_data(value: Any) -> Any:
    """A value as in YAML, where each scalar is text."""
    if isinstance(value, dict):
        return {key: _as_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_data(item) for item in value]
    return value if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _of_file(path: Path) -> State:
    try:
        data = json.loads(read_regular(path, limit=_MAX_STATE))
    except OSError as error:
        raise ConfigurationError(description=f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError):
        data = None
    providers = data.get("providers") if isinstance(data, dict) else None
    if not isinstance(providers, dict) or not all(isinstance(one, dict) for one in providers.values()):
        raise ConfigurationError(
            description=f"{path} is not a catalog.json.",
            advice="`oauth1-catalog export --all --format json` writes one.",
        )
    # A file of another version can lack a field. Its default is what was before.
    defaults = provider_json({"schema_version": "1", "name": "x"})
    return State({name: merge(defaults, one) for name, one in providers.items()}, data.get("version"))


def _of_revision(text: str) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the provider files in a revision."""
    tree = text if ":" in text else f"{text}:{_FOLDER}"
    if text.startswith("-") or not text.isprintable():
        raise _no_state(text, "a revision does not begin with `-`, and is one line of text")
    listed = _git("ls-tree", "-z", "--full-tree", "--long", "--end-of-options", tree, about=text)
    files: dict[str, tuple[str, int]] = {}
    for line in listed.decode("utf-8", "replace").split("\0"):
        about, _, path = line.partition("\t")
        name, dot, suffix = path.rpartition(".")
        is_provider = bool(dot) and suffix == "yaml" and NAME.fullmatch(name) is not None
        if about.startswith("100") and (is_provider or path == "VERSION"):  # a regular file
            _, _, identifier, length = about.split()
            files[path] = (identifier, int(length))
    if sum(size for _, size in files.values()) > _MAX_STATE or any(size > MAX_BYTES for _, size in files.values()):
        raise _no_state(text, "its provider files are too large")
    asked = "".join(f"{identifier}\n" for identifier, _ in files.values()).encode()
    answer = _git("cat-file", "--batch", about=text, given=asked)
    for path, (identifier, size) in files.items():
        head = f"{identifier} blob {size}\n".encode()
        if not answer.startswith(head):
            raise _no_state(text, f"git has no content for {path}")
        yield path, answer[len(head) : len(head) + size]
        answer = answer[len(head) + size + 1 :]


def _git(*arguments: str, about: str, given: bytes = b"") -> bytes:
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", *arguments],  # noqa: S607 - the user's git
            input=given,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            env={**os.environ, **quiet},
        )
    except subprocess.TimeoutExpired:
        raise _no_state(about, f"git did not answer within {_SECONDS} seconds") from None
    except (OSError, subprocess.CalledProcessError) as error:
        said = bytes(getattr(error, "stderr", b"") or b"").decode("utf-8", "replace") or str(error)
        raise _no_state(about, f"git: {said.strip().partition(chr(10))[0]}") from error
    return done.stdout


def _no_state(text: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        description=f"{text!r} is neither a folder nor a catalog.json, and no git revision with provider files: "
        f"{reason}.",
        advice=f"Name a revision with the folder `{_FOLDER}`, or REVISION:FOLDER.",
    )
