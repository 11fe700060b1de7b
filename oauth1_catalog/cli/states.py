"""The states of the catalog that ``oauth1-catalog diff`` compares: a folder, a ``catalog.json``, or a git revision.

Rule 1: git runs without a shell, reads no option from an argument, and fetches nothing.
Rule 2: what is read is bounded, and each provider is validated like your own file. One of which a part cannot be
read is not compared, because what is missing would look like what has been removed.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.data import texts_of
from oauth1_catalog.catalog.document import Diagnostic, Document, inherit
from oauth1_catalog.catalog.files import MAX_BYTES, NAME, names_in, version_in
from oauth1_catalog.catalog.pinned import MAX_BYTES as MAX_CATALOG
from oauth1_catalog.catalog.pinned import PinnedCatalog
from oauth1_catalog.catalog.published import provider_json
from oauth1_catalog.catalog.validation import validate
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import one_line
from oauth1_catalog.regular_files import read_regular

_MAX_STATE = 64_000_000
"""The largest total of a revision's files, in bytes."""
_SECONDS = 60
"""The longest time that git may take."""
_FOLDER = "providers"

Documents: TypeAlias = "tuple[Sequence[Document], Sequence[Diagnostic]]"
"""A provider's own document, those that it extends, and findings between them."""


class State(NamedTuple):
    """A state.

    Attributes:
        providers: the providers as in ``catalog.json``.
        version: the version of the data, if it is known.
        unread: what could not be read, for the user.
        left_out: the names and aliases of the providers that could not be read.
    """

    providers: Mapping[str, Mapping[str, Any]]
    version: str | None
    unread: tuple[str, ...]
    left_out: frozenset[str]


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
    """The files of a folder, which can extend providers of the catalog. As in a revision, links are skipped."""
    catalog, shown = Catalog(folder), one_line(shown or str(folder))
    names = [name for name in sorted(names_in(folder)) if not (folder / f"{name}.yaml").is_symlink()]
    if not names:
        raise ConfigurationError(
            description=f"{shown}: there is no provider file (NAME.yaml).",
            advice="Name the folder with the files.",
        )
    return _state(((f"{shown}: {name}.yaml", name, catalog.documents(name)) for name in names), version_in(folder))


def _state(found: Iterable[tuple[str, str, Documents]], version: str | None) -> State:
    """The state of providers: the place of each one for messages, its name, and its documents.

    Rules are not checked: they change.
    """
    providers: dict[str, Mapping[str, Any]] = {}
    unread: list[str] = []
    left_out: set[str] = set()
    for place, name, (documents, between) in found:
        # Its name may be that of a built-in provider here.
        missing = [finding for finding in between if finding.code == "P025"]
        validated = validate(inherit(documents), between=missing, rules=())
        extended = [finding for document in documents[1:] for finding in document.findings]
        errors = [one for one in (*validated.findings, *extended) if one.severity == "error"]
        if errors or validated.file is None:
            unread += [f"{place}: {finding.text}" for finding in errors]
            left_out.update((name, *texts_of(validated.entry.data.get("aliases"))))
        else:
            providers[name] = provider_json(validated.entry.data)
    return State(providers, version, tuple(unread), frozenset(left_out - providers.keys()))


def _of_file(path: Path) -> State:
    shown = one_line(str(path))
    try:
        catalog = PinnedCatalog(str(path), read_regular(path, limit=MAX_CATALOG))
        documents = {name: catalog.read(name) for name in catalog.names()}
    except OSError as error:
        raise ConfigurationError(description=f"{shown} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        cause = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigurationError(
            description=f"{shown} is not a catalog.json of this version: {cause}.",
            advice="`oauth1-catalog export --all --format json` writes one.",
        ) from None
    # A file of another version can lack a field. Its default is what was before.
    return _state(
        ((f"{shown}: {name}", name, ((document,), ())) for name, document in documents.items()), catalog.version
    )


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
            if not length.isdecimal():  # git writes BAD
                raise _no_state(text, f"git has no content for {path}")
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
        raise _no_state(about, f"git: {_cause(said.strip().splitlines())}") from error
    return done.stdout


def _cause(lines: Sequence[str]) -> str:
    """The line in which git names the cause, which can come after warnings."""
    causes = [line for mark in ("fatal:", "error:") for line in lines if line.startswith(mark)]
    return one_line((causes or list(lines) or ["it failed"])[0])


def _no_state(text: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        description=f"{text!r} is neither a folder nor a catalog.json, and no git revision with provider files: "
        f"{reason}.",
        advice=f"Name a revision with the folder `{_FOLDER}`, or REVISION:FOLDER.",
    )
