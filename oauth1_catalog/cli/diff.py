"""``oauth1-catalog diff``: what changed in the catalog for the people who use its providers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from oauth1_catalog.catalog.changes import TITLES, Change, changes
from oauth1_catalog.cli.states import read_state
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.redaction import one_line
from oauth1_catalog.regular_files import open_to_write, read_regular

HEAD = """\
# Changes of the catalog

What changed for the users of the providers, by the version of the data, newest first. `oauth1-catalog diff --changelog`
writes this page.
"""
_MAX_PAGE = 16_000_000
"""The largest page of changes, in bytes."""


class _Trouble(click.ClickException):
    exit_code = 2


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", is_flag=True, help="Print a section of a changelog.")
@click.option(
    "--changelog",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the section into this file, before the others, or in place of the one with the same title.",
)
@click.option("--title", help="The title of the section. [default: the version of NEW]")
def diff(old: str, new: str, as_json: bool, markdown: bool, changelog: Path | None, title: str | None) -> None:
    """Show what changed from OLD to NEW for the users of the catalog, the most important first.

    OLD and NEW are folders of YAML files, files catalog.json, or git revisions. Of a revision, the folder `providers`
    is read, or the one that you name: REVISION:FOLDER. Sources and dates of checks are not compared.

    A provider that cannot be read in OLD or NEW is not compared.

    The exit status is 0 if nothing has changed, 1 if something has, and 2 if OLD, NEW or a provider cannot be read.

    \b
    Examples:
      oauth1-catalog diff v0.1.0 HEAD
      oauth1-catalog diff old/catalog.json new/catalog.json --json
      oauth1-catalog diff HEAD our_providers --markdown
    """  # noqa: D301 - click reads the escape
    if as_json and (markdown or changelog):
        raise click.UsageError("--json and --markdown: choose one of them.")
    try:
        before, after = read_state(old), read_state(new)
        unread = tuple(dict.fromkeys((*before.unread, *after.unread)))
        found = changes(before.providers, after.providers, left_out=before.left_out | after.left_out)
        title = title or after.version or new
        section = _section(title, found, is_whole=not unread)
        if changelog is not None:
            _write(changelog, title, section)
    except OAuthError as error:
        raise _Trouble(error.description) from error
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise _Trouble(f"{what}{error.strerror or error}.") from error
    for problem in unread:
        click.echo(f"Warning: not compared: {one_line(problem)}", err=True)
    try:
        if as_json:
            about = {"from": before.version, "to": after.version, "changes": [_as_data(change) for change in found]}
            click.echo(json.dumps(about, indent=2))
        elif markdown:
            click.echo(section, nl=False)
        elif changelog is None:
            for line in _lines(found):
                click.echo(line)
    except BrokenPipeError:
        raise  # the reader has gone: click exits silently, like other commands
    except OSError as error:
        raise _Trouble(f"{error.strerror or error}.") from error
    sys.exit(2 if unread else 1 if found else 0)


def _as_data(change: Change) -> dict[str, object]:
    return {
        "kind": change.kind,
        "provider": change.provider,
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "text": change.text(),
    }


def _lines(found: Sequence[Change]) -> Iterator[str]:
    for kind, of_kind in groupby(found, key=lambda change: change.kind):
        yield f"{TITLES[kind]}:"
        rows = list(of_kind)
        width = max(len(change.provider) for change in rows)
        for change in rows:
            yield f"  {one_line(change.provider):{width}}  {one_line(change.text())}"


def _section(title: str, found: Sequence[Change], *, is_whole: bool) -> str:
    """A section of the changelog: a list for each kind."""
    parts = [f"## {one_line(title)}\n"]
    if not found:
        rest = "" if is_whole else " in the providers that could be compared"
        parts.append(f"Nothing changed for users{rest}.\n")
    for kind, of_kind in groupby(found, key=lambda change: change.kind):
        items = (f"- {_bold(change)}: {one_line(change.text(_quoted))}" for change in of_kind)
        parts.append(f"### {TITLES[kind]}\n\n" + "\n".join(items) + "\n")
    return "\n".join(parts)


def _bold(change: Change) -> str:
    name = _quoted(one_line(change.provider))
    return name if change.display_name == change.provider else f"{_escaped(change.display_name)} ({name})"


def _quoted(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", one_line(text))


def _write(path: Path, title: str, section: str) -> None:
    """Put the section before the others; one with the same title is replaced."""
    shown = one_line(str(path))
    try:
        text = read_regular(path, limit=_MAX_PAGE).decode("utf-8")
    except FileNotFoundError:
        text = HEAD
    except UnicodeDecodeError:
        raise _Trouble(f"--changelog: {shown} is not UTF-8 text.") from None
    except OSError as error:
        raise _Trouble(f"--changelog: {shown} cannot be read ({error.strerror}).") from error
    start, *sections = re.split(r"(?m)^(?=## )", text)
    kept = [old for old in sections if old.partition("\n")[0] != f"## {one_line(title)}"]
    page = "\n\n".join(part.strip("\n") for part in (start, section, *kept)) + "\n"
    try:
        with open_to_write(path) as file:
            file.write(page)
    except OSError as error:
        raise _Trouble(f"--changelog: {shown} cannot be written ({error.strerror}).") from error
